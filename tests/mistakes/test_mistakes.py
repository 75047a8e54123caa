"""Mistakes that users make: each is answered by one of our exceptions that says what, where and what to do instead."""

from __future__ import annotations

import builtins
import dataclasses
import json
import sys
import typing
from pathlib import Path

import pytest

from hallow import SETTINGS, Experiment, Ingredient, Slot, cli_option, errors, host_info_gatherer
from hallow.records.described import Described
from hallow.observers import FileStorageObserver

FILES = {
    "broken.json": '{"lr": }',
    "list.json": "[1]",
    "extra.json": '{"lrr": 3}',
    "type.json": '{"lr": "fast"}',
    "latin.json": b'{"name": "\xff"}',
    "broken.yaml": "lr: [1,",
    "config.toml": "lr = 1",
    "afile": "in the way",
}
RUNS = Path("runs")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Config files with mistakes in the current folder."""
    monkeypatch.chdir(tmp_path)
    for name, content in FILES.items():
        Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return tmp_path


def training():
    """An experiment with one of everything, that records into ``runs``."""
    data = Ingredient("data")
    model = Slot("model", [Ingredient("small"), Ingredient("large")], default="small")
    ex = Experiment("training", ingredients=[data, model])
    ex.observers.append(FileStorageObserver("runs"))

    @data.config
    def data_cfg():
        rows = 10

    @data.command
    def stats(rows):
        return rows

    @data.named_config
    def big():
        rows = 1000

    @ex.config
    def cfg():
        lr: float = 0.1
        steps: int = 3
        kind: typing.Literal["a", "b"] = "a"
        flag = True
        name = "x"
        layers = [1, 2, 3]
        opt = {"name": "adam", "eps": 1e-8}

    @ex.named_config
    def fast():
        lr = 1.0

    @ex.command
    def evaluate(checkpoint, lr):
        return checkpoint

    @ex.main
    def main(lr):
        return lr

    return ex


# ------------------------------------------------------------------------------------------- the command line

WORDS = [
    # commands
    ("mian", errors.CommandNotFoundError, ['"mian"', 'Did you mean "main"?', "Available commands"]),
    ("data.stat", errors.CommandNotFoundError, ['"stat"', 'ingredient "data"', '"data.stats"']),
    ("dta.stats", errors.CommandNotFoundError, ['"dta.stats"', '"data.stats"']),
    ("help mian", errors.CommandNotFoundError, ['"mian"', '"main"']),
    ("evaluate", errors.MissingConfigError, ["evaluate", "checkpoint"]),
    ("lr=3", errors.UsageError, ['"lr=3"', "with lr=3"]),
    ("main lr=3", errors.UsageError, ['"lr=3"', "main with lr=3"]),
    ("with", errors.UsageError, ['"with"', "key=value"]),
    # options
    ("--foo 3", errors.OptionError, ["--foo"]),
    ("--forse", errors.OptionError, ["--forse", "--force"]),
    ("-z", errors.OptionError, ["-z", "after --"]),
    ("-F", errors.OptionError, ["--file_storage", "--file_storage=VALUE"]),
    ("-l loud", errors.OptionError, ["--loglevel", "'loud'", "DEBUG"]),
    ("-b often", errors.OptionError, ["--beat-interval", "number", "'often'"]),
    ("-C all", errors.OptionError, ["--capture", "'all'", "no, sys, fd"]),
    ("-P high", errors.OptionError, ["--priority", "'high'"]),
    ("-i 1 -i 2", errors.OptionError, ["--id", "twice"]),
    ("--s3 bucket", errors.OptionError, ["--s3", "s3://bucket/folder"]),
    # names of entries
    ("with lrr=3", errors.ConfigAddedError, ["lrr=3", 'Did you mean "lr"', "--force"]),
    ("with opt.nam=3", errors.ConfigAddedError, ["opt.nam=3", '"opt.name"']),
    ("with data.row=3", errors.ConfigAddedError, ["data.row=3", '"data.rows"']),
    ("with dat.rows=3", errors.ConfigAddedError, ["dat.rows=3", '"data.rows"']),
    ("print_config with lrr=3", errors.ConfigAddedError, ["lrr=3", '"lr"']),
    ("with =3", errors.UpdateError, ["no name before it", "key=3"]),
    ("with lr = 3", errors.UpdateError, ["without spaces", "lr=3"]),
    ("with lr =3", errors.UpdateError, ["without spaces", "lr=3"]),
    ("with lr= 3", errors.UpdateError, ["without spaces", "lr=3"]),
    ("with lr 3", errors.UpdateError, ['"3" is no name of a named config', "lr=3"]),
    ("--lr=3", errors.OptionError, ["no option --lr", "with lr=3"]),
    ("--lr 3", errors.OptionError, ["no option --lr", "with lr=3"]),
    ("wiht lr=3", errors.UsageError, ['"wiht" is not a command', '"with lr=3"']),
    ("with opt..eps=3", errors.UpdateError, ['"opt..eps=3"', "a.b=value"]),
    ("with py/object=3", errors.ConfigKeyError, ["py/object", "ENFORCE_KEYS_JSONPICKLE_COMPATIBLE"]),
    # values
    ("with lr=fast", errors.ConfigTypeError, ["lr", "'fast'", "float"]),
    ("with steps=1.5", errors.ConfigTypeError, ["steps", "1.5", "whole number"]),
    ("with kind=c", errors.ConfigTypeError, ["kind", "'c'", "'a', 'b'"]),
    ("with flag=maybe", errors.ConfigTypeError, ["flag", "'maybe'", "bool", "quote it twice"]),
    ("with data.rows=lots", errors.ConfigTypeError, ["rows", "'lots'", "int"]),
    ("with seed=abc", errors.SeedError, ["seed", "'abc'", "4294967295"]),
    ("with seed=-1", errors.SeedError, ["seed", "-1", "leave seed out"]),
    ("with layers.9=1", errors.UpdateError, ['"layers"', "3 elements", "9", "layers+=[VALUE]"]),
    ("with layers.x=1", errors.UpdateError, ['"layers"', "'x'", "layers.0=VALUE"]),
    ("with layers+=5", errors.UpdateError, ['"layers+=5"', "layers+=[5]"]),
    ("with name+=[1]", errors.UpdateError, ['"name"', "name=VALUE"]),
    ("with layers=[1,2", errors.UpdateError, ['"layers=[1,2"', "single quotes"]),
    ("with opt.eps=1 opt=3", errors.UpdateError, ['"opt.eps"', '"opt"', "Leave out one"]),
    ("with data=3", errors.UpdateError, ['"data"', "ingredient", "data.ENTRY=VALUE"]),
    ("with model=lrge", errors.UpdateError, ['"lrge"', '"large"', "small, large"]),
    # named configs and files
    ("with fats", errors.NamedConfigNotFoundError, ['"fats"', '"fast"']),
    ("with data.bgi", errors.NamedConfigNotFoundError, ['"data.bgi"', '"data.big"']),
    ("with typ.json", errors.ConfigFileNotFoundError, ["typ.json"]),
    ("with broken.json", errors.ConfigFileError, ["broken.json", "line 1, column 8"]),
    ("with broken.yaml", errors.ConfigFileError, ["broken.yaml", "line 1"]),
    ("with list.json", errors.ConfigFileError, ["list.json", "mapping", "list"]),
    ("with latin.json", errors.ConfigFileError, ["latin.json", "UTF-8"]),
    ("with config.toml", errors.ConfigFileError, ["config.toml", ".toml", ".json"]),
    ("with extra.json", errors.ConfigAddedError, ["lrr=3", "extra.json", '"lr"']),
    ("with type.json", errors.ConfigTypeError, ["lr", "'fast'", "float"]),
]


@pytest.mark.parametrize(("line", "error", "texts"), WORDS, ids=[line for line, _, _ in WORDS])
def test_error_messages(line, error, texts, capsys):
    """On the command line: exit code 2, a report without a traceback, and no store is touched."""
    with pytest.raises(SystemExit) as left:
        training().run_commandline(["training.py", *line.split()])
    report = capsys.readouterr().err
    assert left.value.code == 2, report
    assert f"{error.__name__}: " in report
    assert [text for text in texts if text not in report] == []
    assert "Traceback" not in report
    assert not RUNS.exists()


def test_error_messages_of_a_failed_run(capsys):
    """A mistake inside of a run ends it with exit code 1 and shows the user's lines only."""
    ex = training()

    @ex.capture
    def needy(nowhere):
        return nowhere

    @ex.main
    def main():
        return needy()

    with pytest.raises(SystemExit) as left:
        ex.run_commandline("training.py")
    report = capsys.readouterr().err
    assert left.value.code == 1
    assert "MissingConfigError: needy is missing value(s): ['nowhere']" in report
    assert json.loads((RUNS / "1" / "run.json").read_text())["status"] == "FAILED"


def test_error_messages_of_a_store(capsys):
    """A store that cannot be used ends the command line before main runs."""
    ran = []
    for folder in ("afile", "afile/below"):
        ex = training()
        ex.observers[:] = [FileStorageObserver(folder)]
        ex.main(lambda: ran.append(1))
        with pytest.raises(SystemExit) as left:
            ex.run_commandline("training.py")
        report = capsys.readouterr().err
        assert left.value.code == 1
        assert "StoreError: the file store" in report
        assert folder in report
    assert not ran


# -------------------------------------------------------------------------------------------------- in Python

CASES = []


def mistake(error, *texts):
    """Mark a function as a mistake with the answer that it should get."""

    def mark(function):
        CASES.append(pytest.param(function, error, texts, id=function.__name__))
        return function

    return mark


def runnable(**arguments):
    ex = Experiment("exp", **arguments)
    ex.observers.append(FileStorageObserver("runs"))
    ex.add_config(lr=0.1, opt={"eps": 1})
    ex.main(main)
    return ex


def main():
    return 1


@mistake(errors.ExperimentError, "needs a name", "Experiment('name', interactive=True)")
def interactive_without_a_name():
    Experiment(interactive=True)


@mistake(errors.IngredientPathError, "non-empty", "''")
def empty_path():
    Ingredient("")


@mistake(errors.IngredientPathError, "'a..b'", "double dots")
def path_with_two_dots():
    Ingredient("a..b")


@mistake(errors.IngredientPathError, "'a=b'", "equals sign")
def path_with_an_equals_sign():
    Ingredient("a=b")


@mistake(errors.ExperimentError, "'exp'", "ingredients=[data]")
def one_ingredient_without_a_list():
    Experiment("exp", ingredients=Ingredient("data"))


@mistake(errors.ExperimentError, "str ('data')", "Ingredient('path')")
def ingredient_by_name():
    Experiment("exp", ingredients=["data"])


@mistake(errors.CircularDependencyError, "exp->a->b->a")
def circle():
    a = Ingredient("a")
    a.ingredients.append(Ingredient("b", ingredients=[a]))
    runnable(ingredients=[a]).run()


@mistake(errors.IngredientPathError, '"a"', "another path")
def two_ingredients_of_one_path():
    runnable(ingredients=[Ingredient("a"), Ingredient("a")]).run()


@mistake(errors.ExperimentError, "@ex.main")
def no_main():
    Experiment("exp").run()


@mistake(errors.CommandNotFoundError, '"mian"', '"main"')
def unknown_command():
    runnable().run("mian")


@mistake(errors.ExperimentError, "name of a command", "{'lr': 3}", "config_updates={...}")
def updates_in_place_of_the_command():
    runnable().run({"lr": 3})


@mistake(errors.UpdateError, "config_updates", "list (['lr=3'])", "{'lr': 0.1}")
def updates_as_words():
    runnable().run(config_updates=["lr=3"])


@mistake(errors.OptionError, "options", "['--force']", "'--loglevel'")
def options_as_words():
    runnable().run(options=["--force"])


@mistake(errors.OptionError, "--beat-intervall", "--beat-interval")
def unknown_option():
    runnable().run(options={"--beat-intervall": 1})


@mistake(errors.OptionError, "--capture", "'all'", "no, sys, fd")
def wrong_value_of_an_option():
    runnable().run(capture="all")


@mistake(errors.NamedConfigNotFoundError, '"3"', "names")
def named_config_that_is_no_name():
    runnable().run(named_configs=[3])


@mistake(errors.ConfigAddedError, "opt.esp=3", '"opt.eps"')
def unknown_entry():
    runnable().run(config_updates={"opt": {"esp": 3}})


@mistake(errors.UsageError, "'", "No closing quotation")
def unclosed_quote():
    runnable().run_commandline("exp.py with name='x")


@mistake(errors.ScopeSourceError, "int (3)", "add_config")
def scope_of_a_number():
    Experiment("exp").config(3)


@mistake(errors.ScopeError, "lambda", "write a def")
def scope_of_a_lambda():
    Experiment("exp").config(lambda: 3)


@mistake(errors.ScopeError, "test_mistakes.py", "return lr", "local variables")
def scope_that_returns():
    @Experiment("exp").config
    def cfg():
        lr = 1
        return lr


@mistake(errors.ScopeError, "test_mistakes.py", "yield 1", "generator")
def scope_that_yields():
    @Experiment("exp").config
    def cfg():
        yield 1


@mistake(errors.ScopeSignatureError, "*args", "cfg", "test_mistakes.py")
def scope_with_varargs():
    @Experiment("exp").config
    def cfg(*args):
        lr = 1


@mistake(errors.ScopeSignatureError, "default values", "cfg")
def scope_with_a_default():
    @Experiment("exp").config
    def cfg(lr=1):
        rate = lr


@mistake(errors.ConfigKeyError, "'lrr'", "cfg", "test_mistakes.py")
def scope_asks_for_an_unknown_entry():
    ex = runnable()

    @ex.config
    def cfg(lrr):
        rate = lrr

    ex.run()


@mistake(errors.ConfigTypeError, "rate", "'fast'", "float")
def scope_breaks_its_own_annotation():
    ex = runnable()

    @ex.config
    def cfg():
        rate: float = "fast"

    ex.run()


@mistake(errors.MissingValueError, "path", "path=VALUE")
def required_entry_of_a_scope():
    ex = runnable()

    @ex.config
    def cfg():
        path: str

    ex.run()


@mistake(errors.MissingValueError, "path", "path=VALUE")
def required_field_of_a_dataclass():
    ex = runnable()
    ex.config(dataclasses.make_dataclass("Config", [("path", str)]))
    ex.run()


@mistake(errors.ConfigKeyError, "'a=b'", "ENFORCE_KEYS_NO_EQUALS")
def key_with_an_equals_sign():
    ex = runnable()
    ex.add_config({"a=b": 1})
    ex.run()


@mistake(errors.ConfigFileNotFoundError, "typ.json", '"type.json"')
def missing_config_file():
    Experiment("exp").add_config("typ.json")


@mistake(errors.ConfigFileError, "config.toml", ".json")
def config_file_of_another_kind():
    Experiment("exp").add_config("config.toml")


@mistake(errors.NameInUseError, '"fast"', "another name")
def two_named_configs_of_one_name():
    ex = Experiment("exp")
    ex.add_named_config("fast", lr=1)
    ex.add_named_config("fast", lr=2)


@mistake(errors.CaptureError, "'opt'", "@capture(prefix='opt')")
def prefix_by_position():
    Experiment("exp").capture("opt")


@mistake(errors.CaptureError, "callables", "int (3)")
def capture_of_a_number():
    Experiment("exp").capture(3)


@mistake(errors.NameInUseError, '"help"', "rename")
def command_called_help():
    @Experiment("exp").command
    def help():
        pass


@mistake(errors.MissingConfigError, "train", "lrr")
def main_without_its_value():
    ex = runnable()

    @ex.main
    def train(lrr):
        pass

    ex.run()


@mistake(errors.SignatureError, "train", "(2,)")
def surplus_argument():
    @Experiment("exp").capture
    def train(lr):
        pass

    train(1, 2)


@mistake(errors.SignatureError, "['lrr']")
def unknown_argument():
    ex = Experiment("exp")
    f = ex.capture(lambda lr: lr)
    f(lrr=2)


@mistake(errors.HookSignatureError, "(config, command_name, logger)")
def config_hook_with_other_arguments():
    @Experiment("exp").config_hook
    def hook(config):
        pass


@mistake(errors.HookSignatureError, "options")
def option_hook_without_options():
    Experiment("exp").option_hook(lambda: None)


@mistake(errors.ConfigError, "hook", "list ([1])", "mapping")
def config_hook_that_returns_a_list():
    ex = runnable()

    @ex.config_hook
    def hook(config, command_name, logger):
        return [1]

    ex.run()


@mistake(errors.SettingError, "CAPTURE_MOD", "CAPTURE_MODE")
def unknown_setting():
    SETTINGS.CAPTURE_MOD = "sys"


@mistake(errors.SettingError, "SETTINGS.CAPTURE_MODE", "'all'", "'sys'")
def wrong_value_of_a_setting():
    SETTINGS.CAPTURE_MODE = "all"


@mistake(errors.SettingError, "COMMANDLINE", "COMMAND_LINE")
def unknown_group_of_settings():
    SETTINGS.COMMANDLINE.STRICT_PARSING = True


@mistake(errors.SettingError, "group of settings")
def group_of_settings_overwritten():
    SETTINGS.CONFIG = {}


@mistake(errors.SettingError, "'scared'", "'sacred'")
def unknown_profile():
    SETTINGS.use_profile("scared")


@mistake(errors.OptionError, "-F", "file_storage_option", "another flag")
def option_with_a_flag_that_is_taken():
    @cli_option("-F", "--folds")
    def folds(args, run):
        pass

    Experiment("exp", additional_cli_options=[folds])


@mistake(errors.OptionError, "@cli_option")
def option_that_is_a_plain_function():
    Experiment("exp", additional_cli_options=[main])


@mistake(errors.ExperimentError, "@host_info_gatherer")
def gatherer_that_is_a_plain_function():
    Experiment("exp", additional_host_info=[main])


@mistake(errors.NameInUseError, "'os'", "another name")
def gatherer_with_a_name_that_is_taken():
    Experiment("exp", additional_host_info=[host_info_gatherer("os")(main)])


@mistake(errors.IngredientPathError, '"model"', "at least one")
def slot_without_choices():
    Slot("model", [])


@mistake(errors.IngredientPathError, '"large"', "small")
def slot_with_an_unknown_default():
    Slot("model", [Ingredient("small")], default="large")


@mistake(errors.ExperimentError, "'model'", "str ('small')")
def slot_with_names():
    Slot("model", ["small", "large"])


@mistake(errors.MissingValueError, '"model"', "small, large")
def slot_without_a_choice():
    runnable(ingredients=[Slot("model", [Ingredient("small"), Ingredient("large")])]).run()


@mistake(errors.ExperimentError, "'runs'", "FileStorageObserver('runs')")
def observer_by_folder():
    ex = runnable()
    ex.observers[:] = ["runs"]
    ex.run()


@mistake(errors.ExperimentError, "class FileStorageObserver", "append FileStorageObserver(...)")
def observer_by_class():
    ex = runnable()
    ex.observers.append(FileStorageObserver)
    ex.run()


@mistake(errors.ExperimentError, "must be a list", "ex.observers.append")
def one_observer_without_a_list():
    ex = runnable()
    ex.observers = FileStorageObserver("runs")
    ex.run()


@mistake(errors.ExperimentError, "no observer", "hallow.observers.RunObserver")
def observer_without_events():
    ex = runnable()
    ex.observers.append(object())
    ex.run()


@mistake(errors.StoreError, "{tme}", "{time}")
def unknown_field_of_a_folder_template():
    FileStorageObserver("runs", folder="{tme}")


@mistake(errors.NotRunningError, "log_scalar", "during a run")
def metric_outside_of_a_run():
    Experiment("exp").log_scalar("loss", 1)


@mistake(errors.ProvenanceError, "'nothing.txt'", "existing file")
def missing_source_file():
    Experiment("exp").add_source_file("nothing.txt")


@mistake(errors.ProvenanceError, "not a version", "1.2.3")
def package_version_that_is_none():
    Experiment("exp").add_package_dependency("package", "not a version")


@pytest.mark.parametrize(("wrong", "error", "texts"), CASES)
def test_error_messages_in_python(wrong, error, texts):
    """In Python: our exception with what, where and the next move; no store is touched."""
    with pytest.raises(error) as raised:
        wrong()
    assert isinstance(raised.value, errors.HallowError)
    assert [text for text in texts if text not in str(raised.value)] == []
    assert not RUNS.exists()


# ------------------------------------------------------------------------------------------------------- code

PAYLOADS = {
    "object": {"py/object": "antigravity.Thing", "x": 1},
    "reduce": {"py/reduce": [{"py/function": "builtins.breakpoint"}, {"py/tuple": []}]},
    "function": {"py/function": "antigravity.geohash"},
    "type": {"py/type": "antigravity.Thing"},
    "newargs": {"py/object": "subprocess.Popen", "py/newargs": {"py/tuple": [["false"]]}},
    "repr": {"py/repr": "antigravity/antigravity.Thing()"},
}


@pytest.fixture
def nothing_runs(monkeypatch):
    """Fail if anything is executed, and afterwards if anything was imported."""

    def refuse(*args, **kwargs):
        raise AssertionError("code of a configuration was executed")

    monkeypatch.setattr(builtins, "breakpoint", refuse)
    monkeypatch.setattr("subprocess.Popen.__init__", refuse)
    monkeypatch.delitem(sys.modules, "antigravity", raising=False)
    yield
    assert "antigravity" not in sys.modules


def hostile():
    """An experiment with an open dict, so that nothing is refused because it is unknown."""
    ex = Experiment("hostile")
    ex.add_config(value=None, open={})
    ex.main(lambda value, open: (value, open))
    return ex


def outcome(words, capsys):
    """What main got, or the report of the refusal."""
    try:
        run = hostile().run_commandline(["hostile.py", *words, "-C", "no"])
    except SystemExit as left:
        report = capsys.readouterr().err
        assert left.code == 2, report
        assert "Traceback" not in report
        return report
    return run.result


@pytest.mark.parametrize("where", ["value", "open"])
@pytest.mark.parametrize("name", PAYLOADS)
@pytest.mark.parametrize("kind", ["json", "yaml", "word"])
def test_config_code_exec_in_a_run(kind, name, where, nothing_runs, capsys):
    """Tags of stored objects in files and updates are data: described or refused, never imported or called."""
    config = {where: PAYLOADS[name]} if where == "value" else {where: {"entry": PAYLOADS[name]}}
    if kind == "word":
        words = ["with", f"{where}={config[where]!r}"]
    else:
        Path(f"bad.{kind}").write_text(json.dumps(config))
        words = ["with", f"bad.{kind}"]
    result = outcome(words, capsys)
    if not isinstance(result, str):
        value = result[0] if where == "value" else result[1]["entry"]
        assert isinstance(value, dict | Described)


@pytest.mark.parametrize(
    "tag",
    [
        "!!python/object/apply:builtins.breakpoint []",
        "!!python/object/new:subprocess.Popen [['false']]",
        "!!python/object:antigravity.Thing {}",
        "!!python/name:antigravity.geohash",
        "!!python/module:antigravity",
    ],
)
def test_config_code_exec_yaml_tags(tag, nothing_runs, capsys):
    """Tags that make PyYAML's unsafe loaders run code are refused, naming the file."""
    Path("bad.yaml").write_text(f"value: {tag}\n")
    result = outcome(["with", "bad.yaml"], capsys)
    assert isinstance(result, str)
    assert "bad.yaml" in result


@pytest.mark.parametrize(
    "text", ["__import__('antigravity')", "breakpoint()", "(lambda: breakpoint())()", "f'{breakpoint()}'"]
)
def test_config_code_exec_words(text, nothing_runs, capsys):
    """A value on the command line is a literal or a text, not an expression."""
    result = outcome(["with", f"value={text}"], capsys)
    assert isinstance(result, str) or result[0] == text


def test_config_code_exec_of_a_script(run_script, folder):
    """A whole process with hostile files: they are refused, nothing is created, nothing imported."""
    (folder / "bad.json").write_text(
        '{"value": {"py/reduce": [{"py/function": "os.mkdir"}, {"py/tuple": ["pwned"]}]}}', encoding="utf-8"
    )
    (folder / "bad.yaml").write_text("value: !!python/object/apply:os.mkdir ['pwned']", encoding="utf-8")
    script = """
        import sys
        from hallow import Experiment

        ex = Experiment("hostile")
        ex.add_config(value=None)

        @ex.automain
        def main(value):
            print("GOT", type(value).__name__)
        """
    for name in ("bad.json", "bad.yaml"):
        refused = run_script(script, "with", name)
        assert refused.code == 2
        assert name in refused.err
        assert "GOT" not in refused.out
    assert not (folder / "pwned").exists()
