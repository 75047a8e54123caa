"""What projects that were written for Sacred do with experiments and ingredients, line by line."""

from __future__ import annotations

import json
import os

import pytest

pytestmark = pytest.mark.usefixtures("alias")


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
    assert ex.path == "test_alias_experiments"

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


def test_options_of_a_program_come_before_those_that_sacred_does_not_have(script):
    done = script(
        """
        from sacred import Experiment, cli_option
        from sacred.commandline_options import CommandLineOption

        @cli_option("-R", "--resume")
        def resume(args, run):
            run.info["resume"] = args

        class NotifyOption(CommandLineOption):
            "Send a mail."
            short_flag = "G"

            @classmethod
            def apply(cls, args, run):
                run.info["notify"] = args

        ex = Experiment("usage", additional_cli_options=[resume])

        @ex.automain
        def main(_run):
            return _run.info
        """,
        "--resume=last.pt",
        "-G",
        "-F",
        "kept",
    )
    assert done.code == 0, done.err
    stored = json.loads((done.folder / "kept/1/run.json").read_text())
    assert stored["result"] == {"resume": "last.pt", "notify": True}
    assert stored["meta"]["options"]["--gcs"] is None


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
