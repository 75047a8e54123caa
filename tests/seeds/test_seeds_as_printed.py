"""The short snippets that users show, as they print them: the same lines, the same command lines."""

from __future__ import annotations

import json
import pickle
import re
from pathlib import PurePosixPath

import pytest

HELLO = """
    from sacred import Experiment
    from sacred.observers import FileStorageObserver
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

# `create` is old; it works, and says that it is deprecated.
OLD = ("-W", "ignore::DeprecationWarning")


def test_hello_with_an_old_observer(printed, alias):
    assert printed(HELLO, name="first_config.py", flags=OLD).out == "Hello world!\n"
    done = alias("first_config.py", "with", "recipient=that is cool", flags=OLD)
    assert done.out == "Hello that is cool!\n"
    stored = (done.folder / "my_runs/2/cout.txt").read_text()
    assert "INFO - some_function - Custom Info message!\n" in stored
    assert json.loads((done.folder / "my_runs/2/config.json").read_text())["message"] == "Hello that is cool!"
    quiet = alias("first_config.py", "-l", "ERROR", flags=OLD)
    assert (quiet.out, quiet.err) == ("Hello world!\n", "")


def test_hello_imported(printed, tmp_path):
    (tmp_path / "first_config.py").write_text("\n".join(line[4:] for line in HELLO.splitlines()))
    done = printed(
        """
        from first_config import ex

        r = ex.run(config_updates={'recipient': 'awesome'})
        """,
        flags=OLD,
    )
    assert done.out == "Hello awesome!\n"


@pytest.mark.parametrize(
    "ending",
    [
        "@ex.main\ndef main():\n    print('Main executed.')\n\nex.run_commandline()",
        "@ex.main\ndef main():\n    print('Main executed.')\n\nex.run()",
        "@ex.automain\ndef main():\n    print('Main executed.')",
    ],
    ids=["run_commandline", "run", "automain"],
)
def test_three_ways_to_run(printed, ending):
    done = printed("from sacred import Experiment\nex = Experiment('run demo')\n\n" + ending)
    assert done.out == "Main executed.\n"


COMMAND_DEMO = """
    from sacred import Experiment
    ex = Experiment('cmd demo')

    @ex.config
    def cfg():
        a = 1      # int
        b = 'abc'  # str

    @ex.automain
    def main(a, b, c):
        print(f'a: {type(a)}, {a}')
        print(f'b: {type(b)}, {b}')
        print(f'c: {type(c).__name__}, {c}')
"""


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("c=1", "int, 1"),
        ("c='1'", "str, 1"),
        ("c=[1,2,3]", "ReadOnlyList, [1, 2, 3]"),
        ('c=["hello", "world"]', "ReadOnlyList, ['hello', 'world']"),
    ],
)
def test_values(printed, word, shown):
    done = printed(COMMAND_DEMO, "with", word)
    assert done.out.splitlines() == ["a: <class 'int'>, 1", "b: <class 'str'>, abc", f"c: {shown}"]
    assert 'WARNING - root - Added new config entry: "c"' in done.err


def test_bare_words_in_brackets_are_a_text(printed):
    assert printed(COMMAND_DEMO, "with", "c=[hello, world]").out.splitlines()[2] == "c: str, [hello, world]"


def test_types_follow_the_command_line(printed, alias):
    """The type of the entry decides nothing; a change of the type is a warning, and colours tell what changed."""
    done = printed(COMMAND_DEMO, "with", "a=x", "b=2", "c=0")
    assert done.out.splitlines()[:2] == ["a: <class 'str'>, x", "b: <class 'int'>, 2"]
    assert 'WARNING - root - Changed type of config entry "a" from int to str' in done.err
    shown = alias("demo.py", "print_config", "with", "b=new", "a=x", "c=0", FORCE_COLOR="1").out
    assert re.search(r"\x1b\[34m  b = 'new'", shown), "blue: modified"
    assert re.search(r"\x1b\[32m  c = 0", shown), "green: added"
    assert re.search(r"\x1b\[31m  a = 'x'", shown), "red: of another type"


def test_built_in_commands(printed, alias):
    printed(COMMAND_DEMO, "save_config", "with", "c=3")
    assert alias("demo.py", "with", "config.json").out.splitlines()[2] == "c: int, 3"
    shown = alias("demo.py", "print_dependencies").out
    assert re.search(r"^  demo\.py +[0-9a-f]{32}$", shown, re.MULTILINE)
    assert "No named configs" in alias("demo.py", "print_named_configs").out


def test_arguments_come_before_entries_and_entries_before_defaults(printed):
    done = printed(
        """
        from sacred import Experiment
        ex = Experiment('cmd demo')

        @ex.config
        def cfg():
            a = 1      # int
            b = 'abc'  # str
            c = 1.2    # float

        @ex.capture
        def print_param(a, b, c=2.3):
            print(f'a={a}, b={b}, c={c}')

        @ex.automain
        def main():
            print_param()             # a=1, b=abc, c=1.2
            print_param(2, 'def')     # a=2, b=def, c=1.2
            print_param(b=2, c=10.5)  # a=1, b=2, c=10.5
        """
    )
    assert done.out.splitlines() == ["a=1, b=abc, c=1.2", "a=2, b=def, c=1.2", "a=1, b=2, c=10.5"]


def test_an_array_in_the_configuration_in_another_file(printed, tmp_path):
    pytest.importorskip("numpy")
    (tmp_path / "cfg_demo_cfg.py").write_text(
        "from sacred import Experiment\n"
        "import numpy as np\n"
        "ex = Experiment('cfg demo')\n\n"
        "@ex.config\n"
        "def cfg():\n"
        "    a = 1\n"
        "    b = 2.3\n"
        "    c = np.array([4,5,6])\n"
    )
    done = printed(
        """
        from cfg_demo_cfg import ex

        @ex.automain
        def main(a, b, c):
            result = (c + a) * b
            print(result)
        """
    )
    assert done.out == "[11.5 13.8 16.1]\n"


ADDED = """
    from sacred import Experiment, SETTINGS
    ex = Experiment('added')

    ex.add_config({
        'foo': 42,
        'bar': 'baz'
    })
    ex.add_config(foo=43, bar='baz')
    ex.add_config('conf.json')
    ex.add_config('conf.yaml')
"""
PICKLED = "    ex.add_config('conf.pickle')\n"
SHOWN = """
    @ex.named_config
    def variant1():
        a = 100
        c = "bar"

    @ex.automain
    def main(_config):
        print(*(f'{key}={value}' for key, value in sorted(_config.items()) if key != 'seed'))
"""


def test_added_configurations(printed, alias, tmp_path):
    pytest.importorskip("yaml")
    (tmp_path / "conf.json").write_text('{"a": 1, "c": "foo"}')
    (tmp_path / "conf.yaml").write_text("d: [1, 2]\n")
    assert printed(ADDED + SHOWN).out == "a=1 bar=baz c=foo d=[1, 2] foo=43\n"
    assert alias("demo.py", "with", "variant1").out == "a=100 bar=baz c=bar d=[1, 2] foo=43\n"
    (tmp_path / "variant1.json").write_text('{"a": 200}')
    assert alias("demo.py", "with", "variant1.json").out == "a=200 bar=baz c=foo d=[1, 2] foo=43\n"


def test_a_pickled_configuration_is_loaded_if_it_is_data_or_the_user_vouches_for_it(printed, tmp_path):
    pytest.importorskip("yaml")
    (tmp_path / "conf.json").write_text("{}")
    (tmp_path / "conf.yaml").write_text("{}")
    (tmp_path / "conf.pickle").write_bytes(pickle.dumps({"a": (1, 2)}))
    assert printed(ADDED + PICKLED + SHOWN).out == "a=[1, 2] bar=baz foo=43\n"
    (tmp_path / "conf.pickle").write_bytes(pickle.dumps({"a": PurePosixPath("1/2")}))
    refused = printed(ADDED + PICKLED + SHOWN, code=1)
    assert "SETTINGS.CONFIG.PICKLE_FILES_MAY_RUN_CODE = True" in refused.err
    allowed = "    SETTINGS.CONFIG.PICKLE_FILES_MAY_RUN_CODE = True\n"
    assert printed(ADDED + allowed + PICKLED + SHOWN).out == "a=1/2 bar=baz foo=43\n"


def test_an_error_of_the_script_is_reported_as_python_does(printed):
    """None of the frames that run the script are in the traceback."""
    done = printed("from sacred import Experiment\n\n1 / 0\n", code=1)
    kept = [line for line in done.err.splitlines() if not set(line) <= set(" ~^")]
    assert kept == [
        "Traceback (most recent call last):",
        f'  File "{done.folder / "demo.py"}", line 3, in <module>',
        "    1 / 0",
        "ZeroDivisionError: division by zero",
    ]
    assert printed("def\n", code=1).err.endswith("SyntaxError: invalid syntax\n")


def test_a_command_beside_the_main_function(printed, alias):
    printed(
        """
        from sacred import Experiment
        ex = Experiment('demo')

        @ex.config
        def cfg():
            gpus = [0]

        @ex.command
        def train(_run, _config):
            \"\"\"
            Training a deep neural network.
            \"\"\"
            print('training on', _config['gpus'], 'as', _run._id)

        @ex.automain
        def main():
            pass
        """
    )
    done = alias("demo.py", "train", "--file_storage=my_runs_demo", "with", "gpus=[1,2,3,4]")
    assert done.out == "training on [1, 2, 3, 4] as 1\n"
    assert alias("demo.py", "help", "train").out == "train(_run, _config)\n    Training a deep neural network.\n"


def test_a_mongo_observer_as_it_was_made_once(printed, mongo_server, mongo_database):
    """``create``, and an address without ``mongodb://``."""
    host, port = mongo_server.address
    done = printed(
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
        flags=OLD,
    )
    assert done.record(mongo_server.uri_of(mongo_database)).output.count("Hello world!\n") == 1


def test_metrics_in_a_file(printed):
    done = printed(
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
    assert all(re.fullmatch(r"[-\d]+T[:\d]+\.\d{6}", moment) for moment in metrics["data,z"]["timestamps"])


def test_a_resource_and_an_artifact(printed, tmp_path):
    pytest.importorskip("numpy")
    (tmp_path / "input.txt").write_text("1 2\n3 4\n")
    done = printed(
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


def test_a_name_of_a_scope_within_a_comprehension(printed):
    """What they could not write in a config scope."""
    done = printed(
        """
        import random
        from sacred import Experiment
        ex = Experiment('indices')

        @ex.config
        def cfg():
            video_indices = random.sample(list(range(45)), 40)
            train_index = random.sample(video_indices, 35)
            val_index = [i for i in video_indices if i not in train_index]

        @ex.automain
        def main(val_index):
            print(len(val_index))
        """
    )
    assert done.out == "5\n"


def test_a_progress_bar_and_a_repeated_run(printed, alias):
    printed(
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
              print(n, end='\\r')
          print('\\n', data_dir, classes, batch_size, _seed)
        """,
        *("-F", "./logs/", "with", "batch_size=256"),
        name="ex.py",
    )
    done = alias("ex.py", "-F", "./logs/", "with", "./logs/1/config.json")
    first, second = ((done.folder / f"logs/{number}/cout.txt").read_text() for number in (1, 2))
    assert "9\n /datasets/imagenet/train/ None 256 " in first
    assert "0\r" not in first
    shown = [re.search(r" 256 \d+$", text, re.MULTILINE)[0] for text in (first, second)]
    assert shown[0] == shown[1]
    assert {"run.json", "config.json", "cout.txt"} <= {path.name for path in (done.folder / "logs/1").iterdir()}
    assert [path.name[:3] for path in (done.folder / "logs/_sources").iterdir()] == ["ex_"]


def test_a_callback_with_the_run_into_mongodb(printed, mongo_server, mongo_database):
    """``-m`` at the end of the line, and values before it."""
    host, port = mongo_server.address
    done = printed(
        """
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

        @ex.automain
        def run(_run, batch_size, num_epochs, learning_rate):
            callback = MetricsLoggerCallback(_run)
            for epoch in range(num_epochs):
                callback.on_epoch_end(epoch, {'loss': learning_rate / (1 + epoch)})
            return learning_rate
        """,
        *("with", "learning_rate=0.003", "num_epochs=20", "-m", f"{host}:{port}:{mongo_database}"),
    )
    record = done.record(mongo_server.uri_of(mongo_database))
    assert record.result == 0.003
    assert record.metrics["training.loss"].steps == list(range(20))
