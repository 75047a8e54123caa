"""Programs as users print them: declaring, configuring, calling. The same lines and command lines, in both ways."""

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


@pytest.mark.parametrize(
    ("words", "message"),
    [((), "Hello world!"), (("with", "recipient=that is cool"), "Hello that is cool!")],
    ids=["as it is", "with another recipient"],
)
def test_hello(way, words, message):
    done = way.run(HELLO, *words, name="first_config.py", flags=OLD)
    assert done.out == f"{message}\n"
    folder = done.folder / "my_runs" / "1"
    stored = (folder / "cout.txt").read_text()
    assert f"{message}\n" in stored
    assert "INFO - some_function - Custom Info message!\n" in stored
    assert json.loads((folder / "config.json").read_text())["message"] == message


def test_hello_prints_its_configuration_with_changing_seeds(way):
    shown = [way.run(HELLO, "print_config", flags=OLD).out for _ in range(3)]
    assert len({re.search(r"seed = (\d+)", text)[1] for text in shown}) == 3


def test_hello_imported(way):
    way.write(HELLO, "first_config.py")
    done = way.run(
        """
        from first_config import ex

        r = ex.run(config_updates={'recipient': 'awesome'})
        print(r.config['message'], r.status)
        """,
        flags=OLD,
    )
    assert done.out == "Hello awesome!\nHello awesome! COMPLETED\n"


def test_hello_below_a_log_level(way):
    assert "INFO" in way.run(HELLO, flags=OLD).err
    quiet = way.again("demo.py", "-l", "ERROR", flags=OLD)
    assert (quiet.out, quiet.err) == ("Hello world!\n", "")


@pytest.mark.parametrize(
    "ending",
    [
        "@ex.main\ndef main():\n    print('Main executed.')\n\nex.run_commandline()",
        "@ex.main\ndef main():\n    print('Main executed.')\n\nex.run()",
        "@ex.automain\ndef main():\n    print('Main executed.')",
    ],
    ids=["run_commandline", "run", "automain"],
)
def test_three_ways_to_run(way, ending):
    done = way.run("from sacred import Experiment\nex = Experiment('run demo')\n\n" + ending)
    assert done.out == "Main executed.\n"


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


# ------------------------------------------------------------------------------------ values on the command line

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
        print(f'c: {type(c)}, {c}')
"""


def values(done):
    """What COMMAND_DEMO prints, without the modules of the types."""
    return re.sub(r"<class '(?:\w+\.)*(\w+)'>", r"\1", done.out).splitlines()


def logger(way):
    """Who warns of changes: natively the root logger is left alone."""
    return way.expect(native="cmd demo", alias="root")


@pytest.mark.parametrize(
    ("word", "native", "sacreds"),
    [
        ("c=1", "int, 1", "int, 1"),
        ("c='1'", "str, 1", "str, 1"),
        ("c=[1,2,3]", "list, [1, 2, 3]", "ReadOnlyList, [1, 2, 3]"),
        ('c=["hello", "world"]', "list, ['hello', 'world']", "ReadOnlyList, ['hello', 'world']"),
        ("c=[hello, world]", "list, ['hello', 'world']", "str, [hello, world]"),
    ],
)
def test_values(way, word, native, sacreds):
    done = way.run(COMMAND_DEMO, "with", word)
    assert values(done) == ["a: int, 1", "b: str, abc", f"c: {way.expect(native=native, alias=sacreds)}"]
    assert f'WARNING - {logger(way)} - Added new config entry: "c"' in done.err


def test_a_text_over_a_number(way):
    """Under the alias the type of the entry decides nothing; natively it does."""
    done = way.run(COMMAND_DEMO, "with", "a=x", "b=2", "c=0", code=way.expect(native=2, alias=0))
    assert values(done)[:2] == way.expect(native=[], alias=["a: str, x", "b: int, 2"])
    warned = 'WARNING - root - Changed type of config entry "a" from int to str'
    assert way.expect(native="a=x: 'x' cannot be read as int", alias=warned) in done.err


def test_a_number_over_a_text(way):
    done = way.run(COMMAND_DEMO, "with", "b=2", "c=0")
    assert values(done)[1] == "b: int, 2"
    assert f'WARNING - {logger(way)} - Changed type of config entry "b" from str to int' in done.err


def test_colours_tell_what_changed(way):
    way.write(COMMAND_DEMO)
    shown = way.again("demo.py", "print_config", "with", "a=3", "b=2", "c=0", FORCE_COLOR="1").out
    assert re.search(r"\x1b\[34m  a = 3", shown), "blue: modified"
    assert re.search(r"\x1b\[32m  c = 0", shown), "green: added"
    assert re.search(r"\x1b\[31m  b = 2", shown), "red: of another type"


def test_built_in_commands(way):
    way.run(COMMAND_DEMO, "save_config", "with", "c=3")
    assert values(way.again("demo.py", "with", "config.json"))[2] == "c: int, 3"
    shown = way.again("demo.py", "print_dependencies").out
    assert re.search(r"^  demo\.py +[0-9a-f]{32}$", shown, re.MULTILINE)
    assert "No named configs" in way.again("demo.py", "print_named_configs").out


# ------------------------------------------------------------------------------------------ files and variants


def test_an_array_in_the_configuration_in_another_file(way):
    pytest.importorskip("numpy")
    way.write(
        """
        from sacred import Experiment
        import numpy as np
        ex = Experiment('cfg demo')

        @ex.config
        def cfg():
            a = 1
            b = 2.3
            c = np.array([4,5,6])
        """,
        "cfg_demo_cfg.py",
    )
    program = """
        from cfg_demo_cfg import ex

        @ex.automain
        def main(a, b, c):
            result = (c + a) * b
            print(result)
    """
    assert way.run(program, name="cfg_demo_run.py").out == "[11.5 13.8 16.1]\n"
    done = way.again("cfg_demo_run.py", "with", "a=2", "-F", "runs")
    assert done.out == "[13.8 16.1 18.4]\n"
    names = [name for name, _ in json.loads((done.folder / "runs/1/run.json").read_text())["experiment"]["sources"]]
    # Sacred's rule: what the file that makes the experiment imports.
    assert names == way.expect(native=["cfg_demo_cfg.py", "cfg_demo_run.py"], alias=["cfg_demo_cfg.py"])


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


def test_added_configurations(way, tmp_path):
    pytest.importorskip("yaml")
    (tmp_path / "conf.json").write_text('{"a": 1, "c": "foo"}')
    (tmp_path / "conf.yaml").write_text("d: [1, 2]\n")
    assert way.run(ADDED + SHOWN).out == "a=1 bar=baz c=foo d=[1, 2] foo=43\n"
    assert way.again("demo.py", "with", "variant1").out == "a=100 bar=baz c=bar d=[1, 2] foo=43\n"
    (tmp_path / "variant1.json").write_text('{"a": 200}')
    assert way.again("demo.py", "with", "variant1.json").out == "a=200 bar=baz c=foo d=[1, 2] foo=43\n"


def test_a_pickled_configuration_is_loaded_if_it_is_data_or_the_user_vouches_for_it(way, tmp_path):
    pytest.importorskip("yaml")
    (tmp_path / "conf.json").write_text("{}")
    (tmp_path / "conf.yaml").write_text("{}")
    (tmp_path / "conf.pickle").write_bytes(pickle.dumps({"a": (1, 2)}))
    kept = way.expect(native="(1, 2)", alias="[1, 2]")
    assert way.run(ADDED + PICKLED + SHOWN).out == f"a={kept} bar=baz foo=43\n"
    (tmp_path / "conf.pickle").write_bytes(pickle.dumps({"a": PurePosixPath("1/2")}))
    refused = way.run(ADDED + PICKLED + SHOWN, code=1)
    assert "SETTINGS.CONFIG.PICKLE_FILES_MAY_RUN_CODE = True" in refused.err
    allowed = "    SETTINGS.CONFIG.PICKLE_FILES_MAY_RUN_CODE = True\n"
    assert way.run(ADDED + allowed + PICKLED + SHOWN).out == "a=1/2 bar=baz foo=43\n"


def test_variants_and_saved_variants(way):
    done = way.run(
        """
        from sacred import Experiment
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
        """,
        *("with", "variant1"),
    )
    assert done.out == "100 bar 43\n"
    way.again("demo.py", "save_config", "with", "variant1", "config_filename=variant1.json")
    assert way.again("demo.py", "with", "variant1.json").out == "100 bar 43\n"


def test_configuration_files(way, tmp_path):
    """A default and an experiment configuration, the later one wins; a folder is named by the run's id."""
    (tmp_path / "default.json").write_text('{"batch_size": 32, "learning_rate": 0.1, "steps": 3}')
    (tmp_path / "experiment.json").write_text('{"learning_rate": 0.5}')
    done = way.run(
        """
        from sacred import Experiment
        from sacred.observers import FileStorageObserver
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
    assert done.out == "logs/1 32 0.5\n"
    metrics = json.loads((done.folder / "runs/1/metrics.json").read_text())
    assert metrics["training.loss"]["steps"] == [0, 1, 2]


def test_a_name_of_a_scope_within_a_comprehension(way):
    """What they could not write in a config scope."""
    done = way.run(
        """
        import random
        from sacred import Experiment
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
    assert done.out == "5 True\n"
