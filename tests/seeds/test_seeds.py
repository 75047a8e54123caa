"""How users describe the system they want: the examples of their texts, written anew, run with our imports."""

from __future__ import annotations

import json

import pytest

FIRST_CONFIG = """
    from hallow import Experiment
    from hallow.observers import FileStorageObserver

    ex = Experiment('hello_config')
    ex.observers.append(FileStorageObserver.create('my_runs'))

    @ex.config
    def my_config():
        recipient = "world"
        message = "Hello %s!" % recipient

    @ex.capture
    def some_function(_log):
        _log.info('Custom Info message!')

    @ex.automain
    def my_main(message):
        some_function()
        print(message)
"""


@pytest.mark.parametrize(
    ("words", "text"),
    [((), "Hello world!"), (("with", "recipient=that is cool"), "Hello that is cool!")],
)
def test_hello_config(run_script, words, text):
    done = run_script(FIRST_CONFIG, *words, name="first_config.py", flags=("-W", "ignore::DeprecationWarning"))
    assert done.code == 0, done.err
    assert text in done.out
    folder = done.folder / "my_runs" / "1"
    assert text in (folder / "cout.txt").read_text()
    assert "INFO - some_function - Custom Info message!" in (folder / "cout.txt").read_text()


def test_hello_config_prints_its_configuration_with_changing_seeds(run_script):
    seeds = {
        next(line for line in run_script(FIRST_CONFIG, "print_config").out.splitlines() if "seed" in line)
        for _ in range(3)
    }
    assert len(seeds) == 3


def test_hello_config_imported(run_script):
    run_script(FIRST_CONFIG, "print_config", name="first_config.py")
    done = run_script(
        """
        from first_config import ex
        r = ex.run(config_updates={'recipient': 'awesome'})
        print(r.config['message'], r.status)
        """,
        flags=("-W", "ignore::DeprecationWarning"),
    )
    assert "Hello awesome! COMPLETED" in done.out


def test_log_level(run_script):
    assert run_script(FIRST_CONFIG, "-l", "ERROR").err.count("INFO") == 0
    assert "INFO" in run_script(FIRST_CONFIG).err


def test_captured_functions(run_script):
    done = run_script(
        """
        from hallow import Experiment
        ex = Experiment('my_experiment')

        @ex.config
        def my_config():
            foo = 42
            bar = 'baz'

        @ex.capture
        def some_function(a, foo, bar=10):
            print(a, foo, bar)

        @ex.automain
        def my_main():
            some_function(1, 2, 3)
            some_function(1)
            some_function(1, bar=12)
            some_function()
        """
    )
    assert done.out.splitlines() == ["1 2 3", "1 42 baz", "1 42 12"]
    assert done.code == 1
    assert "some_function is missing value(s): ['a']" in done.err


def test_random_stuff(run_script):
    script = """
        from hallow import Experiment
        ex = Experiment('random')

        @ex.capture
        def do_random_stuff(_rnd, _seed):
            print(_seed)
            print(_rnd.randint(1, 100))

        @ex.automain
        def main():
            do_random_stuff()
            do_random_stuff()
    """
    outputs = {run_script(script, "with", "seed=123").out for _ in range(2)}
    assert len(outputs) == 1
    numbers = [int(line) for line in outputs.pop().split()]
    assert len(set(numbers[::2])) == 2
    assert all(1 <= number <= 100 for number in numbers[1::2])


def test_custom_logger(run_script):
    done = run_script(
        """
        import logging
        from hallow import Experiment

        ex = Experiment('log_example')
        logger = logging.getLogger('mylogger')
        logger.handlers = []
        ch = logging.StreamHandler()
        ch.setFormatter(logging.Formatter('[%(levelname).1s] %(name)s >> "%(message)s"'))
        logger.addHandler(ch)
        logger.setLevel('INFO')
        ex.logger = logger

        @ex.config
        def my_config():
            message = "Hello %s!" % "world"

        @ex.capture
        def some_function(_log):
            _log.info('Custom Info message!')

        @ex.automain
        def my_main(message):
            some_function()
            print(message)
        """
    )
    assert '[I] mylogger.some_function >> "Custom Info message!"' in done.err
    assert "[I] mylogger.log_example >> \"Running command 'my_main'\"" in done.err


INGREDIENTS = """
    from hallow import Ingredient, Experiment

    data_ingredient = Ingredient('dataset')

    @data_ingredient.config
    def cfg1():
        filename = 'my_dataset.npy'
        normalize = True

    @data_ingredient.capture
    def load_data(filename, normalize):
        print("loading dataset from '{}'".format(filename))
        if normalize:
            print("normalizing dataset")
            return 1
        return 42

    @data_ingredient.command
    def stats(filename, foo=12):
        print('Statistics for dataset "{}":'.format(filename))
        print('mean = 42.23')
        print('foo=', foo)

    @data_ingredient.config
    def cfg2():
        filename = 'foo.npy'

    ex = Experiment('my_experiment', ingredients=[data_ingredient])

    @ex.config
    def cfg3():
        a = 12
        b = 42

    @ex.named_config
    def fbb():
        a = 22
        dataset = {"filename": "AwwwJiss.py"}

    @ex.automain
    def run():
        data = load_data()
        print('data={}'.format(data))
"""


def test_ingredients(run_script):
    assert run_script(INGREDIENTS).out.splitlines() == [
        "loading dataset from 'foo.npy'",
        "normalizing dataset",
        "data=1",
    ]
    assert run_script(INGREDIENTS, "with", "fbb").out.splitlines()[0] == "loading dataset from 'AwwwJiss.py'"
    assert run_script(INGREDIENTS, "dataset.stats").out.splitlines()[0] == 'Statistics for dataset "foo.npy":'
    done = run_script(INGREDIENTS, "with", "dataset.normalize=False")
    assert done.out.splitlines() == ["loading dataset from 'foo.npy'", "data=42"]


def test_custom_commands(run_script):
    script = """
        from hallow import Experiment
        ex = Experiment('my_commands')

        @ex.config
        def cfg():
            name = 'kyle'

        @ex.command
        def greet(name):
            print('Hello {}! Nice to greet you!'.format(name))

        @ex.command
        def shout():
            print('WHAZZZUUUUUUUUUUP!!!????')

        @ex.automain
        def main():
            print('This is just the main command. Try greet or shout.')
    """
    assert run_script(script, "greet").out == "Hello kyle! Nice to greet you!\n"
    assert run_script(script, "shout").out == "WHAZZZUUUUUUUUUUP!!!????\n"
    assert run_script(script).out.startswith("This is just the main command.")


def test_array_in_the_configuration(run_script):
    """Configuration and main function in two files; an entry is an array."""
    pytest.importorskip("numpy")
    run_script(
        """
        from hallow import Experiment
        import numpy as np
        ex = Experiment('cfg demo')

        @ex.config
        def cfg():
            a = 1
            b = 2.3
            c = np.array([4, 5, 6])
        """,
        name="cfg_demo_cfg.py",
    )
    done = run_script(
        """
        from cfg_demo_cfg import ex

        @ex.automain
        def main(a, b, c):
            result = (c + a) * b
            print(result)
        """,
        "with",
        "a=2",
        "-F",
        "runs",
        name="cfg_demo_run.py",
    )
    assert done.code == 0, done.err
    assert done.out == "[13.8 16.1 18.4]\n"
    names = [name for name, _ in json.loads((done.folder / "runs/1/run.json").read_text())["experiment"]["sources"]]
    assert names == ["cfg_demo_cfg.py", "cfg_demo_run.py"]


def test_variants_and_saved_variants(run_script):
    script = """
        from hallow import Experiment
        ex = Experiment('named')
        ex.add_config({'foo': 42, 'bar': 'baz'})
        ex.add_config(foo=43, bar='baz')

        @ex.config
        def cfg():
            a = 1
            c = "foo"

        @ex.named_config
        def variant1():
            a = 100
            c = "bar"

        @ex.automain
        def main(a, c, foo):
            print(a, c, foo)
    """
    assert run_script(script, "with", "variant1").out == "100 bar 43\n"
    run_script(script, "save_config", "with", "variant1", "config_filename=variant1.json")
    assert run_script(script, "with", "variant1.json").out == "100 bar 43\n"


COMMAND_DEMO = """
    from hallow import Experiment
    ex = Experiment('cmd demo')

    @ex.config
    def cfg():
        a = 1
        b = 'abc'

    @ex.automain
    def main(a, b, c):
        print(f'c: {type(c)}, {c}')
"""


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("c=1", "<class 'int'>, 1"),
        ("c='1'", "<class 'str'>, 1"),
        ("c=[1,2,3]", "<class 'list'>, [1, 2, 3]"),
        ('c=["hello", "world"]', "<class 'list'>, ['hello', 'world']"),
        ("c=[hello, world]", "<class 'list'>, ['hello', 'world']"),
    ],
)
def test_values_on_the_command_line(run_script, word, shown):
    done = run_script(COMMAND_DEMO, "with", word)
    assert done.out == f"c: {shown}\n", done.err


def test_defaults_of_captured_functions(run_script):
    done = run_script(
        """
        from hallow import Experiment
        ex = Experiment('cmd demo')

        @ex.config
        def cfg():
            a = 1
            b = 'abc'
            c = 1.2

        @ex.capture
        def print_param(a, b, c=2.3):
            print(f'a={a}, b={b}, c={c}')

        @ex.automain
        def main():
            print_param()
            print_param(2, 'def')
            print_param(b=2, c=10.5)
        """
    )
    assert done.out.splitlines() == ["a=1, b=abc, c=1.2", "a=2, b=def, c=1.2", "a=1, b=2, c=10.5"]


def test_metrics(run_script):
    done = run_script(
        """
        from hallow import Experiment
        from hallow.observers import FileStorageObserver

        ex = Experiment('metrics demo')
        ex.observers.append(FileStorageObserver('my_runs_demo'))

        @ex.config
        def cfg():
            a = list(range(10))

        @ex.capture
        def linear(a, _run):
            for i in a:
                _run.log_scalar('data.x', i)
                _run.log_scalar('data.y', i * 2)
                _run.log_scalar('data,z', i, 2)

        @ex.automain
        def main():
            linear()
        """
    )
    assert done.code == 0, done.err
    metrics = json.loads((done.folder / "my_runs_demo/1/metrics.json").read_text())
    assert metrics["data.x"]["steps"] == metrics["data.x"]["values"] == list(range(10))
    assert metrics["data.y"]["values"] == list(range(0, 20, 2))
    assert metrics["data,z"]["steps"] == [2] * 10
    assert len(metrics["data,z"]["timestamps"]) == 10


def test_resources_and_artifacts(run_script, tmp_path):
    (tmp_path / "input.txt").write_text("1 2\n3 4\n")
    done = run_script(
        """
        from hallow import Experiment
        from hallow.observers import FileStorageObserver
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
            np.savez(output_name, np.array(array))
            _run.add_artifact(output_name)

        @ex.automain
        def main():
            to_npz()
        """
    )
    assert done.code == 0, done.err
    record = json.loads((done.folder / "my_runs_demo/1/run.json").read_text())
    assert record["artifacts"] == ["output.npz"]
    ((path, stored),) = record["resources"]
    assert path == str(done.folder / "input.txt")
    assert (done.folder / stored).read_text() == "1 2\n3 4\n"
    assert (done.folder / "my_runs_demo/1/output.npz").read_bytes() == (done.folder / "output.npz").read_bytes()


def test_the_set_difference_that_fails_in_a_scope(run_script):
    done = run_script(
        """
        import random
        from hallow import Experiment
        ex = Experiment('difference')

        @ex.config
        def cfg():
            video_indices = random.sample(list(range(45)), 40)
            train_index = random.sample(video_indices, 35)
            val_index = [i for i in video_indices if i not in train_index]

        @ex.automain
        def main(video_indices, train_index, val_index):
            print(len(val_index), set(val_index) == set(video_indices) - set(train_index))
        """
    )
    assert done.out == "5 True\n", done.err


def test_configuration_files(run_script, tmp_path):
    """A default and an experiment configuration, the later one wins; a folder is named by the run's id."""
    (tmp_path / "default.json").write_text('{"batch_size": 32, "learning_rate": 0.1, "steps": 3}')
    (tmp_path / "experiment.json").write_text('{"learning_rate": 0.5}')
    done = run_script(
        """
        from hallow import Experiment
        from hallow.observers import FileStorageObserver
        ex = Experiment("experiment_name")
        ex.observers.append(FileStorageObserver("runs"))
        ex.add_config("default.json")
        ex.add_config("experiment.json")

        @ex.automain
        def main(batch_size, learning_rate, steps, _run):
            logdir = f"logs/{_run._id}"
            for step in range(steps):
                ex.log_scalar("training.loss", 1 / (step + 1), step)
            print(logdir, batch_size, learning_rate)
        """
    )
    assert done.out == "logs/1 32 0.5\n", done.err
    metrics = json.loads((done.folder / "runs/1/metrics.json").read_text())
    assert metrics["training.loss"]["steps"] == [0, 1, 2]


def test_reproducing_from_a_record(run_script):
    """`with runs/1/config.json` repeats a run, and progress bars leave one line in the log."""
    script = """
        from hallow import Experiment, utils

        ex = Experiment('1-check-dataset')
        ex.captured_out_filter = utils.apply_backspaces_and_linefeeds

        @ex.config
        def my_config():
            data_dir = '/datasets/imagenet/train/'
            classes = None
            batch_size = 32

        @ex.automain
        def main(data_dir, classes, batch_size, _seed):
            for n in range(10):
                print(f"{n}/9", end="\\r")
            print()
            print(data_dir, classes, batch_size, _seed)
            return _seed
    """
    done = run_script(script, "with", "batch_size=256", "-F", "./logs/", name="ex.py")
    assert done.code == 0, done.err
    folder = done.folder / "logs" / "1"
    assert {"run.json", "config.json", "cout.txt"} <= {path.name for path in folder.iterdir()}
    assert [path.name.startswith("ex_") for path in (done.folder / "logs/_sources").iterdir()] == [True]
    log = (folder / "cout.txt").read_text()
    assert "9/9\n" in log
    assert "1/9" not in log
    again = run_script(script, "with", "./logs/1/config.json", name="ex.py")
    assert again.out.splitlines()[-1] == done.out.splitlines()[-1]


def test_training_loop_with_a_callback(run_script):
    """Metrics logged from a callback object that holds the run; the result is the run's result."""
    done = run_script(
        """
        from hallow import Experiment
        ex = Experiment("fashion_mnist")

        class MetricsLoggerCallback:
            def __init__(self, _run):
                self._run = _run

            def on_epoch_end(self, _, logs):
                self._run.log_scalar("training.loss", logs.get('loss'))
                self._run.log_scalar("training.acc", logs.get('accuracy'))

        @ex.config
        def cfg():
            batch_size = 64
            num_epochs = 10
            learning_rate = 0.01

        @ex.automain
        def run(_run, batch_size, num_epochs, learning_rate):
            callback = MetricsLoggerCallback(_run)
            for epoch in range(num_epochs):
                callback.on_epoch_end(epoch, {"loss": 1 / (1 + epoch), "accuracy": epoch / num_epochs})
            return epoch / num_epochs
        """,
        "with",
        "learning_rate=0.003",
        "num_epochs=20",
        "-F",
        "runs",
    )
    assert done.code == 0, done.err
    folder = done.folder / "runs" / "1"
    assert json.loads((folder / "run.json").read_text())["result"] == 0.95
    assert len(json.loads((folder / "metrics.json").read_text())["training.acc"]["values"]) == 20
