"""What projects that were written for Sacred do with it, line by line."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import textwrap
from datetime import datetime

import pytest

pytestmark = pytest.mark.usefixtures("alias")


@pytest.fixture
def ex():
    from sacred import Experiment

    return Experiment("usage")


@pytest.fixture
def script(tmp_path, run_script):
    """Runs a script with Sacred's names: what it printed, what it complained of, its exit code."""

    def run(source, *arguments, name="train.py", **more):
        # From the file of the runner, so that the experiment's source is the script.
        return run_script(source, *arguments, name=name, flags=("-m", "hallow.as_sacred"), **more)

    return run


def texts(folder):
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


# ------------------------------------------------------------------------------------------------- config functions


def test_what_stands_in_config_functions(ex):
    """Nested in a function, therefore indented."""
    from sacred.utils import InvalidConfigError, MissingConfigError

    @ex.config
    def cfg():
        """What it is all about."""
        import os.path
        import re

        mode = "fast"  # how it goes
        if mode == "fast":
            lr = 0.1
            steps = 10
        else:
            lr = 0.01
            steps = 1000
        opt = {"name": "sgd"}
        opt["lr"] = lr * 2
        opt["nested"] = {}
        opt["nested"]["decay"] = 1e-4
        layers = [1]
        layers.append(steps)
        opt.update(momentum=0.9)
        label = f"{mode}-{lr}-{opt['lr']}"
        place = os.path.join("out", label)
        number = int(re.sub(r"\D", "", "a12b"))
        squares = [i * i for i in layers]
        total = sum(x for x in squares)
        scaled = {k: v * lr for k, v in enumerate(layers)}
        best = max(layers, key=lambda x: -x)
        for i in range(3):
            layers.append(i)
        first, (second, *rest) = 1, (2, 3, 4)
        typed: int = 3
        a = b = 7
        assert steps > 1, "too few"
        if steps > 10**6:
            raise InvalidConfigError("too many", "steps")
        if lr is None:
            raise MissingConfigError("no lr")
        _hidden = locals()
        del _hidden
        print("evaluated")

    @ex.main
    def main(_config):
        return dict(_config)

    run = ex.run()
    config = run.config
    assert config["layers"] == [1, 10, 0, 1, 2]
    assert config["opt"] == {"name": "sgd", "lr": 0.2, "nested": {"decay": 1e-4}, "momentum": 0.9}
    assert (config["label"], config["number"], config["squares"], config["total"]) == (
        "fast-0.1-0.2",
        12,
        [1, 100],
        101,
    )
    assert (config["first"], config["second"], config["rest"], config["typed"]) == (1, 2, [3, 4], 3)
    assert (config["a"], config["b"], config["best"]) == (7, 7, 1)
    assert config["__doc__"] == "What it is all about."
    assert "_hidden" not in config

    changed = ex.run(config_updates={"mode": "slow", "opt": {"lr": 5}, "opt.nested.decay": 1}).config
    assert (changed["lr"], changed["steps"], changed["label"]) == (0.01, 1000, "slow-0.01-5")
    assert changed["opt"] == {"name": "sgd", "lr": 5, "nested": {"decay": 1}, "momentum": 0.9}

    with pytest.raises(InvalidConfigError, match="too many"):
        ex.run(config_updates={"steps": 10**7})
    with pytest.raises(AssertionError, match="too few"):
        ex.run(config_updates={"steps": 0})


def test_print_config_shows_docs_and_comments(ex, capsys):
    @ex.config
    def cfg():
        """What it is all about."""
        lr = 0.1  # the learning rate
        # above
        steps = 3

    @ex.main
    def main():
        pass

    ex.run("print_config", config_updates={"lr": 0.5})
    out = capsys.readouterr().out
    assert "What it is all about." in out
    assert "the learning rate" in out
    assert "above" in out


def test_names_with_an_underscore_are_not_configuration_once_deleted(ex):
    @ex.config
    def cfg():
        _ = locals()
        a = 1
        del _

    @ex.config
    def other(a):
        b = a + 1
        _ = locals()
        del _

    @ex.main
    def main():
        pass

    assert set(ex.run().config) == {"a", "b", "seed"}
    assert cfg() == {"a": 1}


def test_named_configs_that_only_print(ex, capsys):
    @ex.config
    def cfg():
        a = 1

    @ex.named_config
    def loud():
        print("loud indeed")

    @ex.main
    def main(a):
        return a

    assert ex.run(named_configs=["loud"]).result == 1
    assert "loud indeed" in capsys.readouterr().out


def test_a_config_function_changes_what_an_ingredient_gives_it():
    """Other entries can be made from it; the ingredient keeps its own."""
    from sacred import Experiment, Ingredient

    data = Ingredient("data")
    ex = Experiment("usage", ingredients=[data])

    @data.config
    def data_cfg():
        size = 2
        opt = {"a": 1}

    @ex.config
    def cfg(data):
        data["extra"] = data["size"] + 1
        seen = data["extra"]
        size = data["size"]

    @ex.main
    def main(data, seen, size):
        return seen, size, sorted(data)

    run = ex.run()
    assert run.result == (3, 2, ["opt", "size"])
    assert ex.run(config_updates={"data.size": 5}).result[:2] == (6, 5)


def test_an_entry_that_is_a_dict_here_and_none_there(ex):
    @ex.config
    def cfg():
        opt = None
        d = {"x": 1}

    @ex.named_config
    def with_opt():
        opt = {"lr": 1}
        d = None

    @ex.main
    def main(opt, d):
        return opt, d

    assert ex.run().result == (None, {"x": 1})
    assert ex.run(named_configs=["with_opt"]).result == ({"lr": 1}, None)
    assert ex.run(config_updates={"opt": {"lr": 2}, "d": None}).result == ({"lr": 2}, None)


def test_values_of_all_kinds(ex, tmp_path, capsys):
    import numpy as np
    from sacred.commands import print_config
    from sacred.observers import FileStorageObserver

    class Model:
        pass

    def activation(x):
        return x

    from pathlib import Path

    ex.add_config(
        shape=(1, (2, 3)),
        model=Model,
        activation=activation,
        where=Path("some/where"),
        number=np.float32(0.5),
        count=np.int64(3),
        flag=np.bool_(True),
        array=np.arange(3),
        when=datetime(2020, 1, 2),
        names={"a", "b"},
        raw=b"bytes",
        nothing=None,
    )

    @ex.main
    def main(_run, shape, model, activation, where, number, array):
        print_config(_run)
        return isinstance(shape, list), model is Model, activation(3), str(where), float(number), int(array.sum())

    ex.observers.append(FileStorageObserver(tmp_path / "runs"))
    run = ex.run()
    assert run.result == (True, True, 3, os.path.join("some", "where"), 0.5, 3)
    assert (type(run.config["count"]), type(run.config["flag"])) == (int, bool)
    out = capsys.readouterr().out
    for name in ("shape", "model", "activation", "where", "array", "nothing"):
        assert f"  {name} = " in out
    stored = json.loads((tmp_path / "runs/1/config.json").read_text())
    assert (stored["shape"], stored["number"], stored["nothing"]) == ([1, [2, 3]], 0.5, None)
    assert stored["array"]["values"] == [0, 1, 2]


def test_an_experiment_run_by_runpy(tmp_path):
    """The experiment comes in with the globals; the file is no module of anybody's."""
    import runpy

    from sacred import Experiment

    ex = Experiment("usage")
    (tmp_path / "configs.py").write_text(
        textwrap.dedent(
            """
            @ex.config
            def cfg():
                a = 3  # from afar
                b = [a] * 2

            @ex.named_config
            def big():
                a = 30
            """
        )
    )
    runpy.run_path(str(tmp_path / "configs.py"), init_globals={"ex": ex})

    @ex.main
    def main(a, b):
        return a, b

    assert ex.run().result == (3, [3, 3])
    assert ex.run(named_configs=["big"]).result == (30, [30, 30])
    assert ex.configurations[0].docs["a"] == "from afar"


# ------------------------------------------------------------------------------------------------------- experiment


def test_observers_are_a_plain_list_until_the_run_starts(ex, tmp_path):
    from sacred.observers import FileStorageObserver, RunObserver

    class Counting(RunObserver):
        started = 0

        def started_event(self, ex_info, command, host_info, start_time, config, meta_info, _id):
            self.started += 1

    first, second, third = Counting(), Counting(), Counting()

    @ex.config
    def cfg():
        folder = str(tmp_path / "runs")
        ex.observers.append(FileStorageObserver(folder))
        ex.observers.append(second)

    @ex.config_hook
    def hook(config, command_name, logger):
        ex.observers.append(third)
        return {}

    @ex.main
    def main(_run):
        return [type(observer).__name__ for observer in _run.observers]

    ex.observers.extend([first])
    assert sorted(ex.run().result) == ["Counting", "Counting", "Counting", "FileStorageObserver"]
    assert (first.started, second.started, third.started) == (1, 1, 1)
    assert (tmp_path / "runs/1/run.json").exists()
    ex.observers.clear()
    ex.observers[:] = [first]
    ex.observers = []
    ex.run(config_updates={"folder": str(tmp_path / "others")})
    assert (first.started, second.started) == (1, 2)
    assert (tmp_path / "others/1/run.json").exists()


def test_configurations_take_any_callable(ex):
    from sacred.config.config_summary import ConfigSummary

    seen = []

    class Foreign:
        def __call__(self, fixed=None, preset=None, fallback=None):
            seen.append((dict(fixed or {}), dict(preset or {}), sorted(fallback or {})))
            summary = ConfigSummary()
            summary.update({"a": 1, "made": (preset or {}).get("earlier"), **(fixed or {})})
            return summary

    ex.add_config({"earlier": 5})
    ex.configurations.append(Foreign())

    @ex.main
    def main(a, made):
        return a, made

    assert ex.run().result == (1, 5)
    assert ex.run(config_updates={"a": 2}).result == (2, 5)
    assert seen[-1] == ({"a": 2}, {"earlier": 5, "a": 2}, ["_log"])
    assert ex.configurations[0]._conf == {"earlier": 5}


def test_configurations_of_files_have_their_content(ex, tmp_path):
    (tmp_path / "conf.yaml").write_text("a: 1\nb: {c: [1, 2]}\n")
    ex.add_config(str(tmp_path / "conf.yaml"))
    assert ex.configurations[0]._conf == {"a": 1, "b": {"c": [1, 2]}}
    ex.add_named_config("other", str(tmp_path / "conf.yaml"))
    assert ex.named_configs["other"]._conf == {"a": 1, "b": {"c": [1, 2]}}


def test_subclasses_of_experiment():
    from sacred import Experiment

    class Project(Experiment):
        def __init__(self, name=None, **kwargs):
            super().__init__(name=name, **kwargs)
            self.calls = []

        def run(
            self, command_name=None, config_updates=None, named_configs=(), info=None, meta_info=None, options=None
        ):
            self.calls.append((command_name, config_updates))
            return super().run(command_name, config_updates, named_configs, info, meta_info, options)

    ex = Project(save_git_info=False, base_dir="..")
    assert ex.path == "test_alias_usage"

    @ex.main
    def main(_run, a=1):
        return a

    run = ex.run("main", {"a": 3}, (), {"note": 1}, {"comment": "mine"}, {"--loglevel": "ERROR"})
    assert (run.result, run.info, run.meta_info["comment"]) == (3, {"note": 1}, "mine")
    assert ex.calls == [("main", {"a": 3})]
    assert ex.run(options={"--name": "renamed"}).experiment_info["name"] == "renamed"
    # The command line goes through the overridden method as well, where Sacred does.
    run = ex.run_commandline(["prog", "with", "a=5"])
    assert run.result == 5


def test_options_from_docopt(ex):
    from docopt import docopt
    from sacred.arg_parser import get_config_updates

    @ex.config
    def cfg():
        a = 1

    @ex.named_config
    def big():
        a = 100

    @ex.main
    def main(a):
        return a

    short, whole, grammar = ex.get_usage("prog")
    assert "Usage" in short
    assert short in whole or "prog" in whole
    args = docopt(grammar, ["main", "with", "big", "b.c=[1, 2]", "-l", "ERROR", "--force"], default_help=False)
    assert args["COMMAND"] == "main"
    updates, named = get_config_updates(args["UPDATE"])
    assert (updates, named) == ({"b": {"c": [1, 2]}}, ["big"])
    run = ex.run(args["COMMAND"], config_updates=updates, named_configs=named, options=args)
    assert run.config == {"a": 100, "b": {"c": [1, 2]}, "seed": run.config["seed"]}
    assert run.force


def test_get_config_updates_of_the_command_line():
    from sacred.arg_parser import get_config_updates

    assert get_config_updates(None) == get_config_updates([]) == ({}, [])
    assert get_config_updates(["a=1", "named", "b.c='x'", "d=x=y"]) == (
        {"a": 1, "b": {"c": "x"}, "d": "x=y"},
        ["named"],
    )


def test_a_run_is_made_given_an_id_and_called(ex, tmp_path):
    from sacred.observers import FileStorageObserver

    @ex.main
    def main(_run, a=1):
        return _run._id, a

    ex.observers.append(FileStorageObserver(tmp_path / "runs"))
    run = ex._create_run("main", {"a": 2})
    run._id = "mine"
    assert run() == ("mine", 2)
    assert (run._id, run.status) == ("mine", "COMPLETED")
    assert (tmp_path / "runs/mine/run.json").exists()


def test_inner_ways_of_experiments(ex, capsys):
    @ex.command
    def other():
        """Another one."""

    @ex.main
    def main():
        pass

    assert ex.default_command == "main"
    names = [function.__name__ for function in ex.captured_functions]
    assert names[-2:] == ["other", "main"]
    assert ex.ingredients == []
    _, whole, _ = ex.get_usage()
    assert ex._check_command("other") is ex._check_command(None) is None
    assert ex._check_command("nothing").startswith('Error: Command "nothing" not found')
    assert "other, main" in ex._check_command("nothing")
    assert ex._handle_help({"help": False, "--help": False, "COMMAND": "main"}, whole) is False
    assert ex._handle_help({"help": True, "--help": False, "COMMAND": "other"}, whole) is True
    assert "Another one." in capsys.readouterr().out
    assert ex._handle_help({"help": True, "--help": False, "COMMAND": None}, whole) is True
    assert capsys.readouterr().out.strip() == whole.strip()
    with pytest.raises(KeyError):
        ex._handle_help({"help": True, "--help": False, "COMMAND": "nothing"}, whole)
    done = []
    ex.post_run_hook(lambda: done.append(1))
    ex.pre_run_hook(lambda: done.append(0))
    ex.run()
    assert done == [0, 1]


def test_run_commandline_returns_the_run(ex):
    @ex.config
    def cfg():
        a = 1

    @ex.main
    def main(a):
        return a

    run = ex.run_commandline("prog with a=3")
    assert (run.config["a"], run.result) == (3, 3)


def test_one_script_runs_a_prologue_and_its_command_line(script):
    done = script(
        """
        from sacred import Experiment

        ex = Experiment()

        @ex.config
        def cfg():
            a = 1

        @ex.command
        def prologue(a):
            print("prologue", a)

        @ex.main
        def main(a):
            print("main", a)

        if __name__ == "__main__":
            ex.run("prologue", config_updates={"a": 7})
            run = ex.run_commandline()
            print(run.config["a"], ex.current_run is run)
        """,
        "with",
        "a=3",
    )
    assert (done.code, done.out.splitlines()) == (0, ["prologue 7", "main 3", "3 True"])


def test_many_runs_in_one_process(ex):
    @ex.config
    def cfg():
        a = 1

    @ex.main
    def main(a, _seed):
        return a

    assert [ex.run(config_updates={"a": number}).result for number in range(40)] == list(range(40))


def test_captured_functions_of_every_origin(ex):
    @ex.config
    def cfg():
        a = 1
        opt = {"lr": 0.5, "k": 2}

    class Net:
        @ex.capture
        def __init__(self, a, x=0):
            self.a, self.x = a, x

        @ex.capture(prefix="opt")
        def rate(self, lr, k):
            return lr * k

    def elsewhere(a, b):
        return a, b

    captured = ex.capture(elsewhere)

    @ex.main
    def main():
        net = Net(x=5)
        return net.a, net.x, net.rate(), net.rate(k=4), captured(b=2), captured(7, 8)

    assert ex.run().result == (1, 5, 1.0, 2.0, (1, 2), (7, 8))
    assert Net.rate.prefix == "opt"
    assert captured.signature.arguments == ["a", "b"]
    assert captured.signature.construct_arguments([1], {}, {"b": 5}, False) == ((1,), {"b": 5})
    assert Net.rate.signature.construct_arguments([], {"k": 1}, {"lr": 5}, bound=True) == ((), {"k": 1, "lr": 5})


def test_an_experiment_as_ingredient():
    from sacred import Experiment, Ingredient

    inner = Experiment("inner")

    @inner.config
    def inner_cfg():
        x = 2

    @inner.main
    def inner_main(x):
        return x

    deep = Ingredient("inner2.deep")

    @deep.config
    def deep_cfg():
        y = 1

    middle = Ingredient("inner2", ingredients=[deep])
    outer = Experiment("outer", ingredients=[inner, middle])

    @outer.main
    def main(inner, inner2):
        return inner_main(), inner["x"], inner2["deep"]["y"]

    assert outer.run(config_updates={"inner.x": 5, "inner2.deep.y": 7}).result == (5, 5, 7)
    assert inner.run().result == 2
    assert outer.run("inner.inner_main").result == 2


def test_loggers(ex):
    import logging

    records = []

    class Keeping(logging.Handler):
        def emit(self, record):
            records.append((record.name, record.getMessage()))

    ex.logger = logging.getLogger("project")
    ex.logger.setLevel("INFO")
    ex.logger.addHandler(handler := Keeping())

    @ex.capture
    def helper(_log):
        _log.info("from the helper")

    @ex.main
    def main(_log):
        helper()
        _log.warning("from main")

    try:
        ex.run()
    finally:
        ex.logger.removeHandler(handler)
    assert ("project.helper", "from the helper") in records
    assert ("project.main", "from main") in records
    assert ("project.usage", "Started") in records


def test_option_hooks_and_own_options(script):
    done = script(
        """
        from sacred import Experiment, cli_option
        from sacred.commandline_options import CommandLineOption

        @cli_option("-o", "--own-flag", is_flag=True)
        def own(args, run):
            run.info["own"] = args

        @cli_option("-w", "--word")
        def word(args, run):
            run.info["word"] = args

        class ShoutOption(CommandLineOption):
            "Speak up."
            short_flag = "z"
            arg = "TEXT"
            arg_description = "what to shout"

            @classmethod
            def apply(cls, args, run):
                run.info["shout"] = args.upper()

        ex = Experiment(additional_cli_options=[own, word])

        @ex.option_hook
        def hook(options):
            options["--file_storage"] = "kept"
            ex.add_config({"hooked": options["UPDATE"]})

        @ex.config
        def cfg():
            a = 1

        @ex.automain
        def main(_run, a, hooked):
            return [a, hooked, _run.info, type(_run.observers[0]).__name__]
        """,
        "-o",
        "--word=x",
        "--shout",
        "hey",
        "with",
        "a=2",
    )
    assert done.code == 0, done.err
    stored = json.loads((done.folder / "kept/1/run.json").read_text())
    assert stored["result"][0] == 2
    assert stored["result"][1] == ["a=2"]
    assert stored["result"][2] == {"own": True, "word": "x", "shout": "HEY"}


def test_settings_that_projects_change(tmp_path):
    """Before the experiment exists, as they do it."""
    import numpy as np
    from sacred import SETTINGS, Experiment, host_info_gatherer

    SETTINGS.CONFIG.READ_ONLY_CONFIG = False
    SETTINGS["CAPTURE_MODE"] = "sys"
    SETTINGS.DISCOVER_SOURCES = "none"
    SETTINGS.DISCOVER_DEPENDENCIES = "none"
    SETTINGS.CONFIG.NUMPY_RANDOM_LEGACY_API = True
    SETTINGS.HOST_INFO.INCLUDE_GPU_INFO = False
    SETTINGS.HOST_INFO.CAPTURED_ENV.append("HALLOW_STATE_DIR")

    @host_info_gatherer("planet")
    def planet():
        return "earth"

    ex = Experiment("usage", interactive=True, additional_host_info=[planet], save_git_info=False)
    ex.add_config(d={"x": 1})

    @ex.main
    def main(d, _rnd, _run):
        d["x"] = 2
        return type(d), isinstance(_rnd, np.random.RandomState), _run.host_info

    kind, legacy, host = ex.run().result
    assert (kind, legacy, host["planet"]) == (dict, True, "earth")
    assert host["ENV"] == {"HALLOW_STATE_DIR": os.environ["HALLOW_STATE_DIR"]}
    assert [os.path.basename(source.filename) for source in ex.sources] == [os.path.basename(__file__)]
    SETTINGS.HOST_INFO.CAPTURED_ENV.remove("HALLOW_STATE_DIR")


# ------------------------------------------------------------------------------------------------------ command line


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a=[2, 3]", [2, 3]),
        ('a=["a"]', ["a"]),
        ("a=[0, 1]", [0, 1]),
        ("a=1e-5", 1e-5),
        ("a=None", None),
        ("a=True", True),
        ("a=some/where/x.txt", "some/where/x.txt"),
        ("a=/abs/[x]/y", "/abs/[x]/y"),
        ("a=x[0]", "x[0]"),
        ("a=k=v", "k=v"),
        ('a="a b"', "a b"),
        ("a=a b", "a b"),
        ("a=(1, 2)", [1, 2]),
        ("a={'k': 1}", {"k": 1}),
        ("a=''", ""),
        ("a=-3", -3),
        ("d.deep.x=5", {"x": 5}),
    ],
)
def test_values_of_command_lines(ex, text, value):
    @ex.main
    def main(a=None, d=None):
        return d["deep"] if d else a

    assert ex.run_commandline(["prog", "main", "with", text]).result == value


def test_command_lines_with_names_and_files(script, tmp_path):
    (tmp_path / "more.yaml").write_text("lr: 0.25\n")
    source = """
        from sacred import Experiment, Ingredient

        data = Ingredient("dataset")

        @data.config
        def data_cfg():
            size = 10

        @data.named_config
        def small():
            size = 1

        ex = Experiment(ingredients=[data])

        @ex.config
        def cfg():
            lr = 0.1
            name = "x"

        @ex.named_config
        def quick():
            lr = 1.0

        @ex.command
        def show(lr, name, dataset):
            print("show", lr, name, dataset["size"])

        @ex.automain
        def main(lr, name, dataset):
            print("main", lr, name, dataset["size"])
        """
    for words, line in (
        ("with quick dataset.small name=it's", "main 1.0 it's 1"),
        ("show with more.yaml dataset.size=3", "show 0.25 x 3"),
        ("with quick more.yaml", "main 0.25 x 10"),
        ("-l ERROR show with name='a=b'", "show 0.1 a=b 10"),
    ):
        done = script(source, *words.split())
        assert (done.code, done.out.strip()) == (0, line), done.err


# --------------------------------------------------------------------------------------------------------------- run


def test_what_main_functions_do_with_their_run(ex, tmp_path):
    from sacred.observers import FileStorageObserver

    ex.observers.append(FileStorageObserver(tmp_path / "runs"))
    (tmp_path / "data.txt").write_text("data")

    @ex.main
    def main(_run, _config):
        _run.info["list"] = []
        _run.info["list"].append(1)
        _run.info.setdefault("more", {})["x"] = 1
        ex.info["through"] = "ex"
        with _run.open_resource(str(tmp_path / "data.txt")) as file:
            text = file.read()
        (tmp_path / "model.pt").write_text("model")
        _run.add_artifact(str(tmp_path / "model.pt"))
        _run.add_artifact(str(tmp_path / "model.pt"), name="other.pt", metadata={"epoch": 1})
        ex.add_artifact(filename=str(tmp_path / "model.pt"), name="third.pt")
        _run.log_scalar("loss", 0.5)
        _run.log_scalar("loss", 0.25, 7)
        ex.log_scalar("acc", 1, step=2)
        _run.result = 42
        assert ex.current_run is _run
        assert _run.experiment_info["sources"][0][0] == "test_alias_usage.py"
        assert len(_run.experiment_info["sources"][0][1]) == 32
        assert isinstance(_run.start_time, datetime)
        return (text, _run.beat_interval, _run.unobserved, _run.main_function.__name__)

    ex.captured_out_filter = lambda text: text.upper()
    run = ex.run(info={"before": 1})
    assert run.result == ("data", 10.0, False, "main")
    folder = tmp_path / "runs" / "1"
    info = json.loads((folder / "info.json").read_text())
    assert {key: info[key] for key in ("before", "list", "more", "through")} == {
        "before": 1,
        "list": [1],
        "more": {"x": 1},
        "through": "ex",
    }
    metrics = json.loads((folder / "metrics.json").read_text())
    assert (metrics["loss"]["steps"], metrics["loss"]["values"], metrics["acc"]["steps"]) == ([0, 7], [0.5, 0.25], [2])
    assert sorted(json.loads((folder / "run.json").read_text())["artifacts"]) == ["model.pt", "other.pt", "third.pt"]
    stored = json.loads((folder / "run.json").read_text())
    assert datetime.strptime(stored["start_time"], "%Y-%m-%dT%H:%M:%S.%f").tzinfo is None  # noqa: DTZ007
    assert (folder / "other.pt").read_text() == "model"


def test_a_result_and_an_info_that_are_assigned(ex):
    class Interrupted(__import__("sacred.utils", fromlist=["utils"]).SacredInterrupt):
        STATUS = "ABORTED"

    @ex.main
    def main(_run, stop=True):
        _run.info = {"new": 1}
        _run.result = 5
        _run.config = {**_run.config, "more": 1}
        if stop:
            raise Interrupted

    with pytest.raises(Interrupted):
        ex.run()
    run = ex.current_run
    assert (run.status, run.info, run.result, run.config["more"]) == ("ABORTED", {"new": 1}, 5, 1)


def test_options_replace_the_observers_of_a_run(ex, tmp_path):
    from sacred import Experiment, cli_option
    from sacred.observers import FileStorageObserver

    @cli_option("-y", "--only")
    def only(args, run):
        run.observers = [FileStorageObserver(str(tmp_path / args))]

    ex = Experiment("usage", additional_cli_options=[only])
    ex.observers.append(FileStorageObserver(tmp_path / "first"))

    @ex.main
    def main():
        pass

    run = ex.run(options={"--only": "second"})
    assert [observer.dir for observer in run.observers] == [str(tmp_path / "second" / "1")]
    assert not (tmp_path / "first").exists()


def test_the_process_ends_inside_the_main_function(script):
    done = script(
        """
        import os
        from sacred import Experiment
        from sacred.observers import FileStorageObserver

        ex = Experiment("usage")
        ex.observers.append(FileStorageObserver("runs"))

        @ex.automain
        def main(_run):
            for step in range(3):
                _run.log_scalar("loss", step / 2, step)
            print("printed", flush=True)
            os._exit(3)
        """
    )
    assert done.code == 3
    folder = done.folder / "runs" / "1"
    assert json.loads((folder / "config.json").read_text())["seed"] > 0
    assert json.loads((folder / "run.json").read_text())["status"] == "RUNNING"
    # What had not been passed on yet is delivered afterwards.
    subprocess.run([sys.executable, "-m", "hallow", "recover", str(done.folder / "runs")], check=True)
    assert json.loads((folder / "run.json").read_text())["status"] == "DIED"
    assert json.loads((folder / "metrics.json").read_text())["loss"]["values"] == [0.0, 0.5, 1.0]
    assert "printed\n" in (folder / "cout.txt").read_text()


# --------------------------------------------------------------------------------------------------------- observers


def test_the_first_observer_chooses_the_id(ex, tmp_path):
    from sacred.observers import FileStorageObserver, RunObserver

    class Naming(RunObserver):
        priority = 100

        def started_event(self, ex_info, command, host_info, start_time, config, meta_info, _id):
            assert _id is None
            return "chosen"

    class Following(RunObserver):
        priority = 1

        def started_event(self, ex_info, command, host_info, start_time, config, meta_info, _id):
            self.told = _id

    following = Following()
    ex.observers = [following, FileStorageObserver(tmp_path / "runs"), Naming()]

    @ex.main
    def main(_run):
        return _run._id

    run = ex.run()
    assert run.result == run._id == following.told == "chosen"
    assert (tmp_path / "runs/chosen").is_dir()


def test_the_file_observer_as_it_is_used(ex, tmp_path):
    from sacred.observers import FileStorageObserver

    observer = FileStorageObserver(str(tmp_path / "runs"), str(tmp_path / "res"), str(tmp_path / "src"), None, 25)
    assert (observer.dir, observer.template, observer.priority) == (None, None, 25)
    assert (str(observer.resource_dir), str(observer.source_dir)) == (str(tmp_path / "res"), str(tmp_path / "src"))
    ex.observers.append(observer)
    (tmp_path / "weights").write_text("w")

    @ex.main
    def main():
        folder = ex.observers[0].dir
        with open(os.path.join(folder, "own.txt"), "w") as file:
            file.write("own")
        ex.observers[0].save_file(str(tmp_path / "weights"), "renamed")
        for found in ex.observers:
            if "FileStorageObserver" in str(type(found)):
                return found.basedir, folder

    basedir, folder = ex.run().result
    assert os.fspath(basedir) == str(tmp_path / "runs")
    assert folder == str(tmp_path / "runs" / "1")
    assert (tmp_path / "runs/1/own.txt").read_text() == "own"
    assert (tmp_path / "runs/1/renamed").read_text() == "w"
    with pytest.raises(FileExistsError):
        observer.save_file(str(tmp_path / "weights"), "run.json")


def test_a_subclass_of_the_file_observer(ex, tmp_path):
    from sacred.observers import FileStorageObserver

    class Dated(FileStorageObserver):
        def started_event(self, ex_info, command, host_info, start_time, config, meta_info, _id):
            return super().started_event(
                ex_info, command, host_info, start_time, config, meta_info, f"run-{config['tag']}"
            )

        def queued_event(self, ex_info, command, queue_time, config, meta_info, _id):
            raise AssertionError("is never called")

    ex.observers.append(Dated(str(tmp_path / "runs")))

    @ex.main
    def main(_run, tag="x"):
        return _run._id

    assert ex.run(config_updates={"tag": "seven"}).result == "run-seven"
    assert (tmp_path / "runs/run-seven/run.json").exists()


def test_the_folder_of_sources_is_deleted_during_the_run(ex, tmp_path):
    import shutil

    from sacred.observers import FileStorageObserver

    ex.observers.append(FileStorageObserver(tmp_path / "runs"))

    @ex.main
    def main():
        shutil.rmtree(os.path.join(ex.observers[0].basedir, "_sources"))
        return "went on"

    run = ex.run()
    assert (run.result, run.status) == ("went on", "COMPLETED")
    assert json.loads((tmp_path / "runs/1/run.json").read_text())["status"] == "COMPLETED"


def test_older_observers_lack_newer_parameters(ex, tmp_path):
    from sacred.observers import RunObserver

    told = []

    class Old(RunObserver):
        def heartbeat_event(self, info, captured_out, beat_time):
            told.append(("heartbeat", captured_out))

        def artifact_event(self, name, filename):
            told.append(("artifact", name))

        def completed_event(self, stop_time, result):
            told.append(("completed", result))

    class Stranger:
        """Nobody's subclass, with some of the events."""

        priority = 5

        def started_event(self, **facts):
            told.append(("started", sorted(facts)))

        def completed_event(self, stop_time, result):
            told.append(("stranger completed", result))

        def __getattr__(self, name):
            if name.endswith("_event") or name in ("log_metrics", "join"):
                return lambda **facts: None
            raise AttributeError(name)

    ex.observers = [Old(), Stranger()]
    (tmp_path / "a.txt").write_text("a")

    @ex.main
    def main(_run):
        print("text")
        _run.add_artifact(str(tmp_path / "a.txt"))
        return 3

    assert ex.run(options={"--capture": "sys"}).status == "COMPLETED"
    kinds = dict(told)
    assert kinds["artifact"] == "a.txt"
    assert "text" in kinds["heartbeat"]
    assert (kinds["completed"], kinds["stranger completed"]) == (3, 3)
    assert kinds["started"] == ["_id", "command", "config", "ex_info", "host_info", "meta_info", "start_time"]


def test_observers_are_called_by_hand_too(tmp_path):
    from sacred.observers import FileStorageObserver

    observer = FileStorageObserver(tmp_path / "runs")
    now = datetime(2026, 1, 2, 3, 4, 5)
    info = {"name": "by hand", "base_dir": str(tmp_path), "sources": [], "dependencies": [], "repositories": []}
    assert observer.started_event(info, "main", {"hostname": "h"}, now, {"a": 1}, {"comment": "c"}, None) == "1"
    observer.heartbeat_event({"x": 1}, "printed\n", now, None)
    (tmp_path / "a.txt").write_text("a")
    observer.artifact_event("a.txt", str(tmp_path / "a.txt"))
    observer.resource_event(str(tmp_path / "a.txt"))
    observer.completed_event(stop_time=now, result=3)
    observer.join()
    found = texts(tmp_path / "runs" / "1")
    assert json.loads(found["run.json"])["result"] == 3
    assert json.loads(found["info.json"]) == {"x": 1}
    assert (found["cout.txt"], found["a.txt"]) == ("printed\n", "a")


def test_the_mongo_observer_as_it_is_used(ex, mongo_server, mongo_database):
    import gridfs
    import numpy as np
    from sacred.observers import MongoObserver
    from sacred.observers.mongo import force_bson_encodeable

    assert force_bson_encodeable({"a.b": 1, "$c": [1]}) == {"a,b": 1, "@c": [1]}

    class Annotating(MongoObserver):
        def started_event(self, *args, **kwargs):
            _id = super().started_event(*args, **kwargs)
            self.run_entry["annotation"] = "mine"
            return _id

    with mongo_server.client() as client:
        ex.observers.append(Annotating(client=client, db_name=mongo_database, overwrite=None))

        @ex.main
        def main(_run):
            _run.log_scalar("loss", 0.5, 1)
            _run.info["array"] = np.arange(3)
            _run.info["pair"] = (1, 2)
            _run.add_artifact(__file__, name="code.py")

        ex.run()
        entry = client[mongo_database].runs.find_one()
        (metric,) = client[mongo_database].metrics.find()
        assert entry["annotation"] == "mine"
        assert entry["info"]["metrics"] == [{"name": "loss", "id": str(metric["_id"])}]
        assert entry["info"]["pair"] == {"py/tuple": [1, 2]}
        assert entry["info"]["array"]["py/object"] == "numpy.ndarray"
        assert (entry["info"]["array"]["values"], entry["info"]["array"]["dtype"]) == ([0, 1, 2], "int64")
        (artifact,) = entry["artifacts"]
        kept = gridfs.GridFS(client[mongo_database]).get(artifact["file_id"])
        assert kept.filename == f"artifact://runs/{entry['_id']}/code.py"


# --------------------------------------------------------------------------------------------- modules and helpers


def test_records_and_checkpoints_of_old(tmp_path):
    """Pickles name the classes by Sacred's paths; nothing of the kind is made by reading JSON."""
    from sacred import serializer
    from sacred.config.config_summary import ConfigSummary
    from sacred.config.custom_containers import DogmaticDict, DogmaticList, ReadOnlyDict, ReadOnlyList

    def written(module, name, content):
        """As `pickle` writes an object of a class, protocol 2."""
        return pickle.PROTO + b"\x02c" + f"{module}\n{name}\n".encode() + content + b"."

    custom = "sacred.config.custom_containers"
    made = b")\x81"  # the class's __new__ is called
    called = b"\x85R"  # the class is called with what comes before
    entries = b"(X\x01\x00\x00\x00aK\x01X\x01\x00\x00\x00bK\x02u"
    some = b"c__builtin__\nset\n](X\x01\x00\x00\x00be\x85R"
    none = b"c__builtin__\nset\n]\x85R"
    state = (
        b"}(X\x05\x00\x00\x00added"
        + some
        + b"X\x08\x00\x00\x00modified"
        + none
        + b"X\x0b\x00\x00\x00typechanged}X\x11\x00\x00\x00ignored_fallbacks"
        + none
        + b"X\x04\x00\x00\x00docs}ub"
    )
    summary = pickle.loads(written("sacred.config.config_summary", "ConfigSummary", made + entries + state))
    assert (type(summary), summary) == (ConfigSummary, {"a": 1, "b": 2})
    assert (summary.added, summary.modified, summary.docs) == ({"b"}, set(), {})
    summary.update_add(ConfigSummary(added={"c"}), "d")
    assert summary.added == {"b", "d.c"}
    read_only = pickle.loads(written(custom, "ReadOnlyDict", b"}" + entries + called))
    assert (type(read_only), read_only) == (ReadOnlyDict, {"a": 1, "b": 2})
    read_only = pickle.loads(written(custom, "ReadOnlyList", b"](K\x01K\x02e" + called))
    assert (type(read_only), read_only) == (ReadOnlyList, [1, 2])
    dogmatic = pickle.loads(
        written(custom, "DogmaticDict", made + entries + b"}(X\x05\x00\x00\x00fixed}X\x01\x00\x00\x00aK\x01sub")
    )
    assert (type(dogmatic), dict(dogmatic), dogmatic.fixed) == (DogmaticDict, {"a": 1, "b": 2}, {"a": 1})
    dogmatic["a"] = 5
    assert dogmatic["a"] == 1
    assert type(pickle.loads(written(custom, "DogmaticList", made))) is DogmaticList

    text = serializer.json.encode({"t": (1, 2), "s": {3}, 5: "number"})
    assert serializer.restore(json.loads(text)) == {"t": (1, 2), "s": {3}, 5: "number"}
    evil = {"py/object": "sacred.config.config_summary.ConfigSummary", "py/state": {"a": 1}}
    assert type(serializer.restore(evil)) is not ConfigSummary


def test_pickles_of_today_are_read_again(ex):
    """A checkpoint holds the configuration as the function has it."""
    from sacred.config.custom_containers import ReadOnlyDict

    @ex.config
    def cfg():
        d = {"x": [1, {"y": 2}]}

    @ex.main
    def main(_config, d):
        return type(d).__name__, pickle.loads(pickle.dumps(_config)), pickle.loads(pickle.dumps(d, 2))

    kind, config, d = ex.run().result
    assert kind == "ReadOnlyDict"
    assert isinstance(config, ReadOnlyDict)
    assert d == {"x": [1, {"y": 2}]}
    with pytest.raises(Exception, match="read-only"):
        d["z"] = 1


def test_helpers_that_are_imported_by_name(tmp_path):
    from sacred import utils
    from sacred.config.utils import recursive_fill_in
    from sacred.dependencies import get_digest
    from sacred.observers.base import td_format
    from sacred.randomness import create_rnd, get_seed

    assert utils.apply_backspaces_and_linefeeds("10%\r20%\rab\bc") == "ac%"
    d = {"a": {"b": 1}}
    assert utils.recursive_update(d, {"a": {"c": 2}}) is d
    assert list(utils.iterate_flattened(d)) == [("a.b", 1), ("a.c", 2)]
    assert list(utils.iter_prefixes("a.b.c")) == ["a", "a.b", "a.b.c"]
    utils.set_by_dotted_path(d, "x.y", 3)
    assert (utils.get_by_dotted_path(d, "x.y"), utils.get_by_dotted_path(d, "x.q", 0)) == (3, 0)
    assert utils.join_paths("a", "", "b.") == "a.b"
    assert utils.convert_to_nested_dict({"a.b": 1, "c": {"d.e": 2}}) == {"a": {"b": 1}, "c": {"d": {"e": 2}}}
    assert utils.ensure_wellformed_argv("prog with a=1") == ["prog", "with", "a=1"]

    @utils.optional_kwargs_decorator
    def marked(function, note=None):
        function.note = note
        return function

    assert marked(lambda: 1).note is None
    assert marked(note=2)(lambda: 1).note == 2
    (tmp_path / "a").write_bytes(b"a")
    assert get_digest(str(tmp_path / "a")) == "0cc175b9c0f1b6a831c399e269772661"
    assert 1 <= get_seed() <= 10**9
    assert get_seed(create_rnd(7)) == get_seed(create_rnd(7))
    from datetime import timedelta

    assert td_format(timedelta(seconds=3661)) == "1 hour, 1 minute, 1 second"
    config = {"a": 1}
    recursive_fill_in(config, {"a": 2, "b": {"c": 3}})
    assert config == {"a": 1, "b": {"c": 3}}


def test_the_containers_of_the_configuration():
    from sacred.config import ConfigScope, dogmatize, undogmatize
    from sacred.config.custom_containers import DogmaticDict

    d = DogmaticDict({"a": 1, "n": dogmatize({"x": 5}), "plain": {"x": 5}})
    d["a"] = 2
    d["b"] = 3
    d["n"] = {"x": 0, "y": 1}
    assert (d["a"], d["b"], d["n"]["x"], d["n"]["y"]) == (1, 3, 5, 1)
    d["plain"] = {"x": 0, "y": 1}
    assert d["plain"] == {"x": 5}
    assert {"a", "n.x", "plain"} <= d.modified
    assert d.typechanges == {}
    assert d.revelation() == set()
    assert DogmaticDict({"q": 1}, {"f": 2})["f"] == 2
    assert undogmatize(dogmatize([1, (2, 3)])) == [1, (2, 3)]

    def cfg(a):
        b = a * 2
        c = [b]

    scope = ConfigScope(cfg)
    summary = scope(fixed={"b": 7}, preset={"a": 1}, fallback={"other": 3})
    assert summary == {"a": 1, "b": 7, "c": [7]}
    assert summary.modified == {"b"}


# ---------------------------------------------------------------------------- taking the configuration step apart


@pytest.fixture
def family():
    from sacred import Experiment, Ingredient

    deep = Ingredient("data.deep")
    data = Ingredient("data", ingredients=[deep])
    flat = Ingredient("flat")
    ex = Experiment("family", ingredients=[data, flat])

    @deep.config
    def deep_cfg():
        k = 1

    @data.config
    def data_cfg(deep):
        a = 1
        b = a * 2
        d = {"p": deep["k"]}

    @data.named_config
    def seven():
        a = 7

    @ex.config
    def cfg(data):
        x = 3
        y = data["a"]

    @ex.named_config
    def big():
        x = 30
        data = {"a": 70}

    @data.config_hook
    def hook(config, command_name, logger):
        return {"h": config["data"]["a"] + 100}

    @deep.command
    def dig(k, _seed):
        return k, _seed

    @ex.main
    def main(x, y, data, _seed):
        return x, y, data, _seed

    return ex


#: What is put back before each configuration.
STATE = (
    "config_updates named_configs_to_use config fallback presets fixture logger seed rnd config_mods summaries"
).split()


def managed(ex, updates, named=()):
    """How a manager of experiments finds out what the configuration would be."""
    from copy import deepcopy

    from sacred import initialize
    from sacred.utils import convert_to_nested_dict, join_paths, recursive_update, set_by_dotted_path

    scaffolding = initialize.create_scaffolding(ex, initialize.gather_ingredients_topological(ex))
    kept = {path: {name: getattr(scaffold, name) for name in STATE} for path, scaffold in scaffolding.items()}
    kept = {
        path: {name: value if name == "logger" else deepcopy(value) for name, value in state.items()}
        for path, state in kept.items()
    }
    for path, scaffold in scaffolding.items():
        for name, value in kept[path].items():
            setattr(scaffold, name, value)
    prefixes = sorted((path.split(".") for path in scaffolding if path), key=lambda parts: -len(parts))
    updates = convert_to_nested_dict(updates)
    initialize.distribute_config_updates(prefixes, scaffolding, updates)
    for name in named:
        scaffold, own = initialize.get_scaffolding_and_config_name(name, scaffolding)
        scaffold.gather_fallbacks()
        said = scaffold.run_named_config(own)
        initialize.distribute_presets(scaffold.path, prefixes, scaffolding, said)
        for path, value in said.items():
            set_by_dotted_path(updates, join_paths(scaffold.path, path), value)
    initialize.distribute_config_updates(prefixes, scaffolding, updates)
    for scaffold in scaffolding.values():
        scaffold.gather_fallbacks()
        scaffold.set_up_config()
        config = initialize.get_configuration(scaffolding)
        changes = scaffold.run_config_hooks(config, ex.default_command, None)
        recursive_update(scaffold.config, changes)
    for scaffold in reversed(list(scaffolding.values())):
        scaffold.set_up_seed()
    return scaffolding, initialize.get_configuration(scaffolding)


@pytest.mark.parametrize(
    ("updates", "named"),
    [
        ({"seed": 5}, []),
        ({"seed": 5, "x": 9, "data": {"a": 4, "deep": {"k": 3}}}, []),
        ({"seed": 5, "data.deep.k": 3}, ["big"]),
        ({"seed": 5, "x": 1}, ["big", "data.seven"]),
        ({"seed": 5}, ["data.seven", "big"]),
        ({"seed": 5, "data.seed": 8, "y": None}, ["data.seven"]),
    ],
)
def test_the_configuration_that_a_manager_finds_is_that_of_the_run(family, updates, named):
    scaffolding, config = managed(family, updates, named)
    run = family.run(config_updates=updates, named_configs=named)
    assert config == run.config
    assert {path: scaffold.seed for path, scaffold in scaffolding.items() if path} == {
        ingredient.path: run.views[ingredient].seed for ingredient in run.views if ingredient is not family
    }
    # What it found is what it starts the run with afterwards.
    assert family.run(config_updates=config).config == run.config


def test_a_manager_sees_what_a_dict_says_about_an_ingredient(family):
    family.add_config({"data": {"a": 50}, "z": 1})
    _, config = managed(family, {"seed": 5})
    assert config == family.run(config_updates={"seed": 5}).config
    assert config["data"]["a"] == 50


def test_a_manager_hands_the_configuration_to_functions(family):
    from sacred import initialize

    scaffolding, config = managed(family, {"seed": 5, "data.a": 9})
    run = initialize.create_run(family, "main", {"seed": 5})
    for scaffold in scaffolding.values():
        scaffold.get_config_modifications()
        scaffold.finalize_initialization(run)
    main = initialize.get_command(scaffolding, "main")
    assert main.config["data"]["a"] == 9
    assert main()[1:3] == (9, config["data"])
    mods = initialize.get_config_modifications(scaffolding)
    assert (mods.added, mods.modified) == (set(), {"data", "data.a", "seed"})
    assert mods.docs == {"seed": "the random seed for this experiment"}
    assert initialize.get_command(scaffolding, "data.deep.dig")()[0] == 1
    for name in ("dig", "data.dig", "nothing.dig"):
        with pytest.raises(KeyError):
            initialize.get_command(scaffolding, name)


def test_runs_made_without_options(family):
    from sacred.initialize import create_run
    from sacred.utils import ConfigAddedError

    run = create_run(family, "main", {"x": 8, "seed": 1}, ["data.seven"], log_level="ERROR")
    assert (run.config["x"], run.config["data"]["a"], run.meta_info, run.info) == (8, 7, {}, {})
    assert run()[0] == 8
    with pytest.raises(ConfigAddedError):
        create_run(family, "main", {"nothing": 1})
    assert create_run(family, "main", {"nothing": 1}, force=True).config["nothing"] == 1
    with pytest.raises(KeyError):
        create_run(family, "missing")


def test_the_parts_of_the_scaffolding(family, tmp_path):
    from sacred import initialize
    from sacred.utils import NamedConfigNotFoundError

    ingredients = initialize.gather_ingredients_topological(family)
    assert [ingredient.path for ingredient in ingredients] == ["data.deep", "data", "flat", "family"]
    scaffolding = initialize.create_scaffolding(family, ingredients)
    assert list(scaffolding) == ["data.deep", "data", "flat", ""]
    assert list(scaffolding[""].subrunners) == ["data", "flat"]
    assert (scaffolding[""].generate_seed, scaffolding["data"].generate_seed) == (True, False)
    prefixes = [["data", "deep"], ["data"], ["flat"]]
    best = [initialize.find_best_match(path, prefixes) for path in ("data.deep.k", "data.x", "data", "flatter", "")]
    assert best == [("data.deep", "k"), ("data", "x"), ("data", ""), ("", "flatter"), ("", "")]
    root, own = initialize.initialize_logging(family, scaffolding, "INFO")
    assert (own.name, scaffolding["data"].logger.name, scaffolding[""].logger) == ("family", "data", root)

    updates = {"x": 9, "data": {"a": 4, "new": {"u": 1, "e": {}}, "deep": {"k": 3}}}
    initialize.distribute_config_updates(prefixes, scaffolding, updates)
    assert scaffolding["data.deep"].config_updates == {"k": 3}
    assert scaffolding["data"].config_updates == {"a": 4, "new": {"u": 1, "e": {}}}
    assert scaffolding[""].get_config_updates_recursive() == updates
    assert scaffolding["data"].get_config_updates_recursive() == updates["data"]
    initialize.distribute_named_configs(scaffolding, ["big", "data.seven"])
    assert (scaffolding[""].named_configs_to_use, scaffolding["data"].named_configs_to_use) == (["big"], ["seven"])
    with pytest.raises(KeyError, match=r"nothing\.at"):
        initialize.get_scaffolding_and_config_name("nothing.at", scaffolding)
    with pytest.raises(NamedConfigNotFoundError, match="seven"):
        scaffolding["data"].run_named_config("eight")
    (tmp_path / "own.json").write_text('{"a": 44}')
    file = str(tmp_path / "own.json")
    assert initialize.get_scaffolding_and_config_name(file, scaffolding) == (scaffolding[""], file)
    scaffolding[""].gather_fallbacks()
    assert scaffolding[""].run_named_config(file)["a"] == 44
    assert repr(scaffolding["data"]) == "<Scaffold: 'data'>"


@pytest.fixture
def scaffold_class(monkeypatch):
    from sacred.initialize import Scaffold

    with monkeypatch.context() as patched:
        yield Scaffold, lambda new: patched.setattr(Scaffold, "_warn_about_suspicious_changes", new)


def test_another_check_of_suspicious_changes_takes_its_place(family, scaffold_class):
    from sacred.utils import ConfigAddedError

    scaffold, replace = scaffold_class
    own = scaffold._warn_about_suspicious_changes
    seen = {}

    def noting(self):
        seen[self.path] = (sorted(self.config_mods.added), dict(self.config_mods.typechanged), self.captured_args)
        own(self)

    replace(noting)
    family.run(config_updates={"x": "text"})
    assert set(seen) == {"data.deep", "data", "flat", ""}
    assert seen[""] == ([], {"x": (int, str)}, {"x", "y", "data", "__doc__"})
    with pytest.raises(ConfigAddedError, match=r"data\.nothing=1"):
        family.run(config_updates={"data.nothing": 1})
    assert seen["data"][0] == ["nothing"]

    replace(lambda self: None)
    assert family.run(config_updates={"data.nothing": 1}).config["data"]["nothing"] == 1

    def strict(self):
        if self.config_mods.typechanged:
            raise TypeError(f"{self.path}: {sorted(self.config_mods.typechanged)}")

    replace(strict)
    with pytest.raises(TypeError, match=r"data: \['a'\]"):
        family.run(config_updates={"data.a": 1.5})
    family.run(config_updates={"data.a": 1.5}, options={"--force": True})


def test_seml_finds_the_configurations(family):
    """The manager itself, where it is installed."""
    config = pytest.importorskip("seml.experiment.config")
    found = config._sacred_create_configs(family, [{"seed": 5, "x": 1}, {"data.a": 5}], [["big"], []])
    assert found[0]["data"]["a"] == 70
    assert (found[0]["x"], found[0]["seed"]) == (1, 5)
    assert (found[1]["x"], found[1]["y"]) == (3, 5)
