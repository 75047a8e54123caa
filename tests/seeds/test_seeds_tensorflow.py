"""``LogFileWriter`` with the writers of TensorFlow's first interface: which folders end up with which experiment."""

from __future__ import annotations

import json

import pytest

# One process for all cases; each prints what the experiment knows afterwards. `tf` stands in for TensorFlow, whose
# import takes seconds; it has the one class that matters, and a subclass as libraries have them.
SCRIPT = """
    import json
    from types import SimpleNamespace

    import sacred.stflow.method_interception as interception
    from sacred import Experiment

    class FileWriter:
        made = []

        def __init__(self, logdir, graph=None):
            if logdir is None:
                raise ValueError("no folder")
            self.given = logdir
            self.made.append(logdir)

    class OwnWriter(FileWriter):
        def __init__(self, name):
            super().__init__(logdir=f"own/{name}")

    interception.tf = tf = SimpleNamespace(summary=SimpleNamespace(FileWriter=FileWriter))
    from sacred.stflow import LogFileWriter

    original = FileWriter.__init__
    found = {}

    def experiment(name):
        ex = Experiment(name, save_git_info=False)
        return ex

    def case(function):
        ex = experiment(function.__name__)
        ex.main(lambda _run: function(ex, _run))
        run = ex.run()
        found[function.__name__] = run.info.get("tensorflow", {}).get("logdirs")
        assert FileWriter.__init__ is original, function.__name__
        return run

    @case
    def block(ex, run):
        tf.summary.FileWriter("before")
        with LogFileWriter(ex):
            writer = tf.summary.FileWriter("first", graph=None)
            tf.summary.FileWriter(logdir="second")
            assert writer.given == "first" and isinstance(writer, FileWriter)
        tf.summary.FileWriter("after")

    @case
    def of_a_run(ex, run):
        with LogFileWriter(run):
            tf.summary.FileWriter("run")

    @case
    def decorated_function(ex, run):
        @LogFileWriter(ex)
        def train(name, *, suffix="x"):
            'trains'
            return tf.summary.FileWriter(name + suffix)

        assert train.__name__ == "train" and train.__doc__ == "trains"
        assert train("a").given == "ax"
        assert train("b", suffix="y").given == "by"
        tf.summary.FileWriter("after")

    @case
    def decorated_method(ex, run):
        class Trainer:
            folder = "of the trainer"

            @LogFileWriter(ex)
            def train(self, suffix):
                tf.summary.FileWriter(self.folder + suffix)

        Trainer().train("!")

    @case
    def nested(ex, run):
        with LogFileWriter(ex):
            tf.summary.FileWriter("outer")
            with LogFileWriter(ex):
                tf.summary.FileWriter("inner")
            tf.summary.FileWriter("outer again")

    @case
    def entered_again(ex, run):
        writer = LogFileWriter(ex)
        with writer:
            tf.summary.FileWriter("one")
            with writer:
                tf.summary.FileWriter("two")
            tf.summary.FileWriter("three")
        tf.summary.FileWriter("outside")
        with writer:
            tf.summary.FileWriter("four")

    @case
    def recursive(ex, run):
        @LogFileWriter(ex)
        def train(depth):
            tf.summary.FileWriter(str(depth))
            if depth:
                train(depth - 1)

        train(2)

    @case
    def exception_within(ex, run):
        try:
            with LogFileWriter(ex):
                tf.summary.FileWriter("kept")
                raise KeyError("from the block")
        except KeyError:
            tf.summary.FileWriter("after")

    @case
    def exception_of_the_writer(ex, run):
        with LogFileWriter(ex):
            try:
                tf.summary.FileWriter(None)
            except ValueError:
                pass
            tf.summary.FileWriter("made")

    @case
    def subclass(ex, run):
        with LogFileWriter(ex):
            OwnWriter("name")

    @case
    def beside_other_info(ex, run):
        run.info["tensorflow"] = {"version": "1.15"}
        with LogFileWriter(ex):
            tf.summary.FileWriter("logs")
        assert run.info["tensorflow"]["version"] == "1.15"

    @case
    def two_experiments(ex, run):
        other = experiment("other")

        @other.main
        @LogFileWriter(other)
        def inner():
            tf.summary.FileWriter("both")

        with LogFileWriter(ex):
            tf.summary.FileWriter("mine")
            found["the other experiment"] = other.run().info["tensorflow"]["logdirs"]

    @case
    def two_runs(ex, run):
        other = experiment("again")

        @other.main
        @LogFileWriter(other)
        def inner(_seed):
            tf.summary.FileWriter(str(_seed > 0))

        found["runs of one experiment"] = [other.run().info["tensorflow"]["logdirs"] for _ in range(2)]

    print(json.dumps(found))
"""


@pytest.fixture
def found(printed):
    return json.loads(printed(SCRIPT, "-l", "ERROR").out.splitlines()[-1])


def test_folders_of_file_writers(found):
    assert found == {
        "block": ["first", "second"],
        "of_a_run": ["run"],
        "decorated_function": ["ax", "by"],
        "decorated_method": ["of the trainer!"],
        "nested": ["outer", "inner", "outer again"],
        "entered_again": ["one", "two", "three", "four"],
        "recursive": ["2", "1", "0"],
        "exception_within": ["kept"],
        "exception_of_the_writer": ["made"],
        "subclass": ["own/name"],
        "beside_other_info": ["logs"],
        "two_experiments": ["mine", "both"],
        "the other experiment": ["both"],
        "two_runs": None,
        "runs of one experiment": [["True"], ["True"]],
    }


LATE = """
    import sys
    from sacred import Experiment
    from sacred.stflow import LogFileWriter

    ex = Experiment("late")

    @ex.automain
    def main(_run):
        with LogFileWriter(ex), LogFileWriter(ex):
            print(sys.modules.get("tensorboardX"))
            from tensorboardX import SummaryWriter
            SummaryWriter("a")
        SummaryWriter("b")
        with LogFileWriter(ex):
            SummaryWriter("c")
        print(_run.info["tensorflow"]["logdirs"])
"""


def test_a_library_that_is_imported_within_the_block(printed, tmp_path):
    """As it is done in scripts that shall be quick to answer to `print_config`."""
    stand_in = "class SummaryWriter:\n    def __init__(self, logdir):\n        self.logdir = logdir\n"
    (tmp_path / "tensorboardX.py").write_text(stand_in)
    assert printed(LATE).out == "None\n['a', 'c']\n"


AS_PRINTED = """
    import sys
    import types

    # What the seed imports from TensorFlow, as far as it uses it.
    tf = types.ModuleType("tensorflow")

    class FileWriter:
        def __init__(self, logdir):
            self.lines = []

        def add_summary(self, summary, step):
            self.lines.append((summary, step))

        def flush(self):
            print(len(self.lines), "summaries")

    tf.summary = types.SimpleNamespace(FileWriter=FileWriter)
    tf.__spec__ = types.SimpleNamespace(name="tensorflow", origin=None, loader=None, submodule_search_locations=None)
    sys.modules["tensorflow"] = tf

    import tensorflow as tf
    from sacred import Experiment
    from sacred.observers import FileStorageObserver
    from sacred.stflow import LogFileWriter

    ex = Experiment("experiment_name")
    ex.observers.append(FileStorageObserver("runs"))
    ex.add_config("default.json")
    ex.add_config("experiment.json")

    @ex.automain
    @LogFileWriter(ex)
    def main(batch_size, learning_rate, steps, _run):
        logdir = f"logs/{_run._id}"
        writer = tf.summary.FileWriter(logdir)
        for step in range(steps):
            ex.log_scalar("training.loss", learning_rate / (1 + step), step)
            writer.add_summary("summary", step)
        writer.flush()
"""


def test_the_training_script_of_the_seed(printed, tmp_path):
    """``automain`` over ``LogFileWriter`` over a function whose arguments are injected; configuration in two files."""
    (tmp_path / "default.json").write_text('{"batch_size": 32, "learning_rate": 0.1, "steps": 100}')
    (tmp_path / "experiment.json").write_text('{"steps": 4}')
    done = printed(AS_PRINTED, "with", "learning_rate=0.5")
    assert done.out == "4 summaries\n"
    record = done.record()
    assert record.info["tensorflow"]["logdirs"] == ["logs/1"]
    assert record.metrics["training.loss"].values == pytest.approx([1 / 2, 1 / 4, 1 / 6, 1 / 8])
    assert record.config["steps"] == 4
