"""Experiments and ingredients as objects: names, structure, hooks, errors, notebooks."""

from __future__ import annotations

import asyncio
import logging
import sys
import types

import pytest

from hallow import Experiment, Ingredient
from hallow.errors import CircularDependencyError, ExperimentError, NotRunningError, SignatureError
from hallow.experiment.reports import format_filtered_stacktrace
from hallow.testing import RecordingObserver


def experiment(**keywords):
    ex = Experiment("exp", interactive=True, **keywords)
    ex.main(lambda: 7)
    ex.default_command = "<lambda>"
    return ex


def test_E1_a_cycle_is_found_each_time_and_forgotten_when_it_is_gone():
    a, b = Ingredient("a", interactive=True), Ingredient("b", interactive=True)
    ex = experiment(ingredients=[a])
    a.ingredients.append(b)
    b.ingredients.append(a)
    next(ex.traverse_ingredients())
    for _ in range(2):
        with pytest.raises(CircularDependencyError, match=r"exp->a->b->a$"):
            ex.run()
    b.ingredients.clear()
    assert ex.run(loglevel="ERROR").result == 7


def test_E2_automain_in_a_notebook_advises_main(run_script):
    done = run_script(
        """
        code = '''
        from hallow import Experiment
        ex = Experiment("demo", interactive=True)
        @ex.automain
        def main():
            pass
        '''
        import textwrap
        exec(compile(textwrap.dedent(code), "/tmp/ipykernel_123/456.py", "exec"), {"__name__": "__main__"})
        """
    )
    assert done.code == 1
    assert "use @ex.main" in done.err.replace("\n", " ")


def test_E3_only_during_a_run(tmp_path):
    ex = experiment()
    calls = [
        lambda: ex.log_scalar("a", 1),
        lambda: ex.add_artifact("x"),
        lambda: ex.add_resource("x"),
        lambda: ex.open_resource("x"),
    ]
    for call in [*calls, lambda: ex.info]:
        with pytest.raises(NotRunningError, match="during a run"):
            call()
    run = ex.run(info={"kept": 1}, loglevel="ERROR")
    for call in calls:
        with pytest.raises(AssertionError, match="has ended"):
            call()
    assert ex.info == {"kept": 1}
    assert ex.current_run is run


def test_E5_async_main_is_awaited():
    ex = Experiment("exp", interactive=True)
    order = []

    @ex.pre_run_hook
    async def before():
        order.append("before")

    @ex.main
    async def main():
        await asyncio.sleep(0)
        order.append("main")
        return 3

    assert ex.run(loglevel="ERROR").result == 3
    assert order == ["before", "main"]

    async def inside_a_loop():
        return ex.run(loglevel="ERROR").result

    assert asyncio.run(inside_a_loop()) == 3


def test_E7_redefinition_in_an_interactive_session():
    ex = Experiment("notebook", interactive=True)
    for value in (1, 2):
        namespace = {"ex": ex}
        exec(
            "@ex.config\n"
            "def cfg():\n"
            f"    a = {value}\n"
            "@ex.named_config\n"
            "def variant():\n"
            f"    a = {value * 10}\n"
            "@ex.capture\n"
            "def f(a):\n"
            "    return a\n"
            "@ex.main\n"
            "def main():\n"
            "    return f()\n",
            namespace,
        )
        assert ex.run(loglevel="ERROR").result == value
        assert ex.run(named_configs=["variant"], loglevel="ERROR").result == value * 10
    assert len(ex.configurations) == 1
    assert len(ex.captured_functions) == 4 + 2


def test_E8_late_imports_are_recorded(run_script):
    done = run_script(
        """
        import sys, pathlib
        pathlib.Path("late.py").write_text("x = 1\\n")
        pathlib.Path("data.py").write_text("x = 1\\n")
        from hallow import Experiment
        ex = Experiment("demo")
        @ex.main
        def main():
            import late
        import data
        ex.run(options={"-l": "ERROR"}, file_storage="runs")
        import json
        print(sorted(name for name, _ in json.load(open("runs/1/run.json"))["experiment"]["sources"]))
        """
    )
    assert done.out.strip() == "['data.py', 'exp.py', 'late.py']", done.err


def test_E9_never_fails_because_of_version_control(run_script, tmp_path):
    import subprocess

    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    done = run_script(
        """
        from hallow import Experiment
        ex = Experiment("demo")
        @ex.main
        def main(_run):
            return _run.experiment_info["repositories"]
        print(ex.run(unobserved=True).status)
        """
    )
    assert done.out.strip() == "COMPLETED", done.err


def test_E11_filtering_a_cause_that_was_never_raised():
    try:
        raise ValueError("x") from KeyError("never raised")
    except ValueError as error:
        before = error.__traceback__, error.__cause__
        text = format_filtered_stacktrace("always")
        assert (error.__traceback__, error.__cause__) == before
    assert "KeyError: 'never raised'" in text
    assert "ValueError: x" in text
    with pytest.raises(ValueError, match="'always'"):
        format_filtered_stacktrace("sometimes")


def test_E11_a_missing_attribute_of_a_generator_is_the_callers_mistake():
    ex = Experiment("exp", interactive=True)

    @ex.main
    def main(_rnd):
        _rnd.nothing

    try:
        ex.run(loglevel="CRITICAL")
    except AttributeError:
        text = format_filtered_stacktrace()
    assert "WITHOUT" in text
    assert "_rnd.nothing" in text


def test_E11_internal_frames_are_hidden_in_causes_too():
    ex = Experiment("exp", interactive=True)

    @ex.capture
    def inner(nothing=1):
        raise KeyError("inner")

    @ex.main
    def main():
        try:
            inner()
        except KeyError as error:
            raise ValueError("outer") from error

    try:
        ex.run(loglevel="CRITICAL")
    except ValueError:
        text = format_filtered_stacktrace("default")
    assert "hallow/experiment" not in text
    assert text.count("WITHOUT hallow internals") == 2


def test_E11_errors_from_within():
    ex = Experiment("exp", interactive=True)

    @ex.main
    def main():
        ex.capture(lambda a: a)(1, 2, 3)

    try:
        ex.run(loglevel="CRITICAL")
    except SignatureError as error:
        assert "WITHOUT hallow internals" in format_filtered_stacktrace(error.filter_traceback)
        assert "from within hallow" in format_filtered_stacktrace("default")


def test_E13_the_option_or_hook_is_named():
    ex = experiment()

    @ex.option_hook
    def my_hook(options):
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError) as caught:
        ex.run()
    assert any("my_hook" in note for note in caught.value.__notes__)


def test_option_hooks_change_options():
    ex = experiment()

    @ex.option_hook
    def quiet(options):
        options["--comment"] = "from the hook"

    run = ex.run(loglevel="ERROR")
    assert run.meta_info["options"]["--comment"] == "from the hook"
    with pytest.raises(KeyError, match="options"):
        ex.option_hook(lambda: None)


def test_E14_name_and_folder_come_from_the_users_module(run_script, tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "mylib.py").write_text(
        "from hallow import Experiment\n"
        "class Mine(Experiment):\n"
        "    def __init__(self, *args, **kwargs):\n"
        "        super().__init__(*args, **kwargs)\n"
    )
    done = run_script(
        """
        '''The script.'''
        import sys
        sys.path.insert(0, "lib")
        from mylib import Mine
        ex = Mine()
        print(ex.path, ex.doc, ex.mainfile.filename.endswith("exp.py"))
        """
    )
    assert done.out.strip() == "exp The script. True", done.err


def test_E15_any_file_is_a_source(tmp_path):
    ex = experiment()
    file = tmp_path / "model.yaml"
    file.write_text("a: 1")
    ex.add_source_file(file)
    assert any(source.filename.endswith("model.yaml") for source in ex.sources)
    with pytest.raises(ValueError, match=r"missing.py"):
        ex.add_source_file("missing.py")
    ex.add_package_dependency("mine", "1.0+cpu")
    assert "mine==1.0+cpu" in ex.get_experiment_info()["dependencies"]
    with pytest.raises(ValueError, match="version 4"):
        ex.add_package_dependency("mine", "version 4")


def test_E16_large_results_are_shortened_in_the_log(caplog):
    ex = Experiment("exp", interactive=True)
    ex.main(lambda: list(range(100000)))
    ex.logger = logging.getLogger("large")
    with caplog.at_level("INFO"):
        run = ex.run("<lambda>")
    assert len(run.result) == 100000
    assert max(len(record.getMessage()) for record in caplog.records) < 2000


def test_construction_without_a_file():
    module = types.ModuleType("typed_in")
    for code, text in (
        ("Experiment('x')", "interactive=True"),
        ("Experiment(interactive=True)", "name"),
        ("Experiment()", "name"),
        ("Ingredient('x')", "interactive=True"),
    ):
        namespace = {"Experiment": Experiment, "Ingredient": Ingredient, "__name__": module.__name__}
        with pytest.raises(ExperimentError, match=text):
            exec(code, namespace)


def test_hooks_in_order():
    order = []
    deep = Ingredient("deep", interactive=True)
    middle = Ingredient("middle", ingredients=[deep], interactive=True)
    ex = Experiment("exp", ingredients=[middle], interactive=True)
    for ingredient in (ex, middle, deep):
        ingredient.add_config(who=ingredient.path)

        @ingredient.pre_run_hook
        def before(who, _run):
            order.append(("pre", who, _run.status))

        @ingredient.post_run_hook(prefix=None)
        def after(who, _run):
            order.append(("post", who, _run.result))

    @ex.main
    def main():
        order.append("main")
        return 5

    ex.run(loglevel="ERROR")
    names = ["deep", "middle", "exp"]
    assert order == [*(("pre", n, "RUNNING") for n in names), "main", *(("post", n, 5) for n in names)]


def test_commands_and_named_configs_are_gathered():
    data = Ingredient("data", interactive=True)
    data.command(lambda: None)
    data.add_named_config("small", n=1)
    ex = experiment(ingredients=[data])
    names = [name for name, _ in ex.gather_commands()]
    assert names == [
        "print_config",
        "print_dependencies",
        "save_config",
        "print_named_configs",
        "<lambda>",
        "data.<lambda>",
    ]
    assert [name for name, _ in ex.gather_named_configs()] == ["data.small"]


def test_an_experiment_as_ingredient():
    inner = Experiment("inner", interactive=True)
    inner.add_config(a=1)

    @inner.main
    def work(a):
        return a

    outer = Experiment("outer", ingredients=[inner], interactive=True)
    assert outer.run("inner.work", config_updates={"inner.a": 5}, loglevel="ERROR").result == 5
    assert "inner.print_config" in dict(outer.gather_commands())


def test_ingredients_see_what_is_below_them():
    paths = Ingredient("dataset.paths", interactive=True)
    paths.add_config(root="/r")
    data = Ingredient("dataset", ingredients=[paths], interactive=True)
    data.add_config(n=1)
    ex = Experiment("exp", ingredients=[data], interactive=True)

    @data.capture
    def load(paths, n):
        return paths["root"], n

    @ex.main
    def main(dataset):
        return load(), dataset

    run = ex.run(loglevel="ERROR")
    assert run.result == (("/r", 1), {"n": 1, "paths": {"root": "/r"}})
    assert run.config["dataset"] == {"n": 1, "paths": {"root": "/r"}}


def test_run_is_started_once_and_create_run_does_not_start():
    ex = experiment()
    run = ex._create_run(options={"-l": "ERROR"})
    assert run.status is None
    run._id = "mine"
    assert run() == 7
    with pytest.raises(RuntimeError, match="only be started once"):
        run()


def test_subclasses_pass_all_arguments_on():
    class Mine(Experiment):
        def run(
            self,
            command_name=None,
            config_updates=None,
            named_configs=(),
            info=None,
            meta_info=None,
            options=None,
        ):
            return super().run(command_name, config_updates, named_configs, info, meta_info, options)

    ex = Mine("mine", interactive=True)
    ex.main(lambda: 1)
    assert ex.run("<lambda>", {}, (), {"i": 1}, {"m": 2}, {"-l": "ERROR"}).info == {"i": 1}


def test_observers_see_the_run(tmp_path):
    ex = experiment()
    seen = RecordingObserver()
    ex.observers.append(seen)
    run = ex.run(meta_info={"who": "me"}, config_updates={}, loglevel="ERROR")
    started = dict(seen.events)["started_event"]
    assert started["command"] == "<lambda>"
    assert started["config"] == run.config
    assert started["meta_info"]["who"] == "me"
    assert set(started["ex_info"]) == {
        "name",
        "base_dir",
        "sources",
        "dependencies",
        "repositories",
        "mainfile",
    }
    assert {"hostname", "os", "python_version", "cpu", "ENV"} <= set(started["host_info"])


def test_host_info_of_the_user():
    from hallow import host_info_gatherer

    @host_info_gatherer("site")
    def site():
        return "lab-3"

    ex = experiment(additional_host_info=[site])
    assert ex.run(loglevel="ERROR").host_info["site"] == "lab-3"

    @host_info_gatherer("cpu")
    def cpu():
        return "mine"

    with pytest.raises(KeyError, match="cpu"):
        experiment(additional_host_info=[cpu])


def test_chdir(monkeypatch, tmp_path):
    """A run changes nothing of the process beside the documented seeding."""
    import os
    import signal
    import threading
    import warnings

    def snapshot():
        return (
            os.getcwd(),
            dict(os.environ),
            list(sys.argv),
            list(warnings.filters),
            signal.getsignal(signal.SIGTERM),
            signal.getsignal(signal.SIGINT),
            sys.stdout,
            sys.stderr,
            os.fstat(1).st_ino,
            logging.getLogger().handlers[:],
            logging.getLogger().level,
            threading.Thread.start,
            sys.gettrace(),
        )

    ex = experiment()
    before = snapshot()
    ex.run(loglevel="ERROR", file_storage=str(tmp_path / "runs"))
    assert snapshot() == before
