"""Programs as users print them: what runs leave behind, in files and in MongoDB. In both ways."""

from __future__ import annotations

import json
import re

import pytest


def test_a_mongo_observer_as_it_was_made_once(way, mongo_server, mongo_database):
    """``create``, and an address without ``mongodb://``."""
    host, port = mongo_server.address
    done = way.run(
        f"""
        from sacred import Experiment
        from sacred.observers import MongoObserver

        ex = Experiment('hello_config')
        ex.observers.append(MongoObserver.create(url='{host}:{port}',
                                                 db_name='{mongo_database}'))

        @ex.config
        def my_config():
            recipient = "world"
            message = "Hello %s!" % recipient

        @ex.automain
        def my_main(message):
            print(message)
        """,
        flags=("-W", "ignore::DeprecationWarning"),
    )
    assert done.record(mongo_server.uri_of(mongo_database)).output.count("Hello world!\n") == 1


def test_metrics_in_a_file(way):
    done = way.run(
        """
        from sacred import Experiment
        from sacred.observers import FileStorageObserver

        ex = Experiment('metrics demo')
        ex.observers.append(FileStorageObserver('my_runs_demo'))

        @ex.config
        def cfg():
            a = list(range(10))

        @ex.capture
        def linear(a, _run):
            for i in a:
                _run.log_scalar('data.x', i)
                _run.log_scalar('data.y', i*2)
                _run.log_scalar('data,z', i, 2)

        @ex.automain
        def main():
            linear()
        """
    )
    metrics = json.loads((done.folder / "my_runs_demo/1/metrics.json").read_text())
    assert metrics["data.x"]["steps"] == metrics["data.x"]["values"] == list(range(10))
    assert metrics["data.y"]["values"] == list(range(0, 20, 2))
    assert metrics["data,z"]["steps"] == [2] * 10
    moments = metrics["data,z"]["timestamps"]
    assert len(moments) == 10
    assert all(re.fullmatch(r"[-\d]+T[:\d]+\.\d{6}", moment) for moment in moments)


def test_a_resource_and_an_artifact(way, tmp_path):
    pytest.importorskip("numpy")
    (tmp_path / "input.txt").write_text("1 2\n3 4\n")
    done = way.run(
        """
        from sacred import Experiment
        from sacred.observers import FileStorageObserver
        import numpy as np

        ex = Experiment('resource demo')
        ex.observers.append(FileStorageObserver('my_runs_demo'))

        @ex.config
        def cfg():
            input_name = 'input.txt'
            output_name = 'output.npz'

        @ex.capture
        def to_npz(input_name, output_name, _run):
            array = []
            with _run.open_resource(input_name) as f:
                for line in f.readlines():
                    array.append(list(map(float, line.strip().split(' '))))
            array = np.array(array)
            np.savez(output_name, array)
            _run.add_artifact(output_name)

        @ex.automain
        def main():
            to_npz()
        """
    )
    entry = json.loads((done.folder / "my_runs_demo/1/run.json").read_text())
    assert entry["artifacts"] == ["output.npz"]
    ((path, stored),) = entry["resources"]
    assert path == str(done.folder / "input.txt")
    assert re.fullmatch(r"my_runs_demo/_resources/input_[0-9a-f]{32}\.txt", stored)
    assert (done.folder / stored).read_text() == "1 2\n3 4\n"
    assert (done.folder / "my_runs_demo/1/output.npz").read_bytes() == (done.folder / "output.npz").read_bytes()


def test_a_progress_bar_and_a_repeated_run(way):
    """Of a progress bar one line is kept; ``with logs/1/config.json`` repeats a run."""
    way.run(
        """
        from sacred import Experiment, utils

        ex = Experiment('a-nice-experiment')
        ex.captured_out_filter = utils.apply_backspaces_and_linefeeds

        @ex.config
        def my_config():
          data_dir = '/datasets/imagenet/train/'
          classes = None
          batch_size = 32

        @ex.automain
        def main(data_dir, classes, batch_size, _seed):
          for n in range(10):
              print(f'{n}/9', end='\\r')
          print('\\n', data_dir, classes, batch_size, _seed)
        """,
        *("with", "batch_size=256", "-F", "./logs/"),
        name="ex.py",
    )
    done = way.again("ex.py", "-F", "./logs/", "with", "./logs/1/config.json")
    first, second = ((done.folder / f"logs/{number}/cout.txt").read_text() for number in (1, 2))
    assert "9/9\n /datasets/imagenet/train/ None 256 " in first
    assert "\r" not in first
    assert "1/9" not in first
    shown = [re.search(r" 256 \d+$", text, re.MULTILINE)[0] for text in (first, second)]
    assert shown[0] == shown[1]
    assert {"run.json", "config.json", "cout.txt"} <= {path.name for path in (done.folder / "logs/1").iterdir()}
    assert [path.name[:3] for path in (done.folder / "logs/_sources").iterdir()] == ["ex_"]


TRAINING = """
    from sacred import Experiment

    ex = Experiment("fashion_mnist")

    @ex.config
    def cfg():
        batch_size = 64
        num_epochs = 10
        learning_rate = 0.01

    class MetricsLoggerCallback:
        def __init__(self, _run):
            super().__init__()
            self._run = _run

        def on_epoch_end(self, _, logs):
            self._run.log_scalar("training.loss", logs.get('loss'))
            self._run.log_scalar("training.acc", logs.get('accuracy'))

    @ex.automain
    def run(_run, batch_size, num_epochs, learning_rate):
        callback = MetricsLoggerCallback(_run)
        for epoch in range(num_epochs):
            callback.on_epoch_end(epoch, {'loss': learning_rate / (1 + epoch), 'accuracy': epoch / num_epochs})
        return learning_rate
"""


def check_training(record):
    assert record.result == 0.003
    losses, accuracies = record.metrics["training.loss"], record.metrics["training.acc"]
    assert losses.steps == accuracies.steps == list(range(20))
    assert losses.values == [0.003 / (1 + epoch) for epoch in range(20)]
    assert accuracies.values[-1] == 0.95


def test_a_callback_with_the_run(way):
    """Values come first, and where the run is recorded last."""
    done = way.run(TRAINING, "with", "learning_rate=0.003", "num_epochs=20", "-F", "runs")
    check_training(done.record())
    assert json.loads((done.folder / "runs/1/run.json").read_text())["result"] == 0.003
    assert len(json.loads((done.folder / "runs/1/metrics.json").read_text())["training.acc"]["values"]) == 20


def test_a_callback_with_the_run_into_mongodb(way, mongo_server, mongo_database):
    host, port = mongo_server.address
    words = ("with", "learning_rate=0.003", "num_epochs=20", "-m", f"{host}:{port}:{mongo_database}")
    check_training(way.run(TRAINING, *words).record(mongo_server.uri_of(mongo_database)))
