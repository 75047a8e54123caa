"""Every name that code for Sacred imports is there, is of the right kind and takes the same arguments."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import re
import subprocess
import sys

import pytest

import surface

NAMES = [line.split(" ", 4) for line in surface.NAMES.strip().splitlines()]
MODULES = sorted({module for _, module, *_ in NAMES})

pytestmark = pytest.mark.usefixtures("alias")


#: Modules that are about a package and cannot be had without it.
NEEDED = {"sacred.observers.sql_bases": "sqlalchemy", "sacred.observers.tinydb_hashfs.bases": "tinydb"}


def imported(module):
    if module in NEEDED:
        pytest.importorskip(NEEDED[module])
    return importlib.import_module(module)


def found(module, name):
    value = imported(module)
    for part in name.split("."):
        value = getattr(value, part)
    return value


def kind_of(value):
    if inspect.isclass(value):
        return "class"
    if inspect.ismodule(value):
        return "module"
    return "callable" if callable(value) else "value"


@pytest.mark.parametrize("row", NAMES, ids=lambda row: f"{row[1]}-{row[2]}")
def test_a_name_is_there_and_of_its_kind(row):
    _, module, name, kind, *_ = row
    assert kind in (kind_of(found(module, name)), "any")


def arguments(text):
    """What a signature says, as Python reads it."""
    names = {}
    exec(f"def stated{text}: pass", names)
    return inspect.signature(names["stated"]).parameters.values()


@pytest.mark.parametrize("row", [row for row in NAMES if len(row) == 5], ids=lambda row: f"{row[1]}-{row[2]}")
def test_arguments_have_their_names_order_and_defaults(row):
    """There may be further ones behind them, which nobody has to give."""
    _, module, name, _, text = row
    stated = [a for a in arguments(text) if a.kind not in (a.VAR_POSITIONAL, a.VAR_KEYWORD)]
    taken = list(inspect.signature(found(module, name)).parameters.values())
    named = [a for a in taken if a.kind in (a.POSITIONAL_ONLY, a.POSITIONAL_OR_KEYWORD)]
    assert [a.name for a in named[: len(stated)]] == [a.name for a in stated]
    for ours, theirs in zip(named, stated, strict=False):
        if theirs.default is not theirs.empty:
            assert ours.default == theirs.default, ours.name
    further = [a for a in taken if a not in named[: len(stated)]]
    assert all(a.default is not a.empty or a.kind in (a.VAR_POSITIONAL, a.VAR_KEYWORD) for a in further)


@pytest.mark.parametrize("text", [row[4] for row in NAMES if len(row) == 5 and "**" in row[4]])
def test_arguments_that_are_passed_on(text):
    row = next(row for row in NAMES if row[4:] == [text])
    assert any(a.kind is a.VAR_KEYWORD for a in inspect.signature(found(*row[1:3])).parameters.values())


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_found_by_every_way_of_importing(name):
    names = {}
    module = imported(name)
    exec(f"import {name}", names)
    assert module is sys.modules[name]
    assert os.path.isfile(module.__file__)
    assert module.__spec__.name == name
    assert eval(name, names) is module
    parent, _, last = name.rpartition(".")
    if parent:
        exec(f"from {parent} import {last} as got", names)
        assert names["got"] is module
        assert getattr(sys.modules[parent], last) is module


@pytest.mark.parametrize("name", MODULES)
def test_a_module_survives_being_loaded_again(name):
    module = imported(name)
    public = set(getattr(module, "__all__", ()))
    before = {key: getattr(module, key) for key in public}
    assert importlib.reload(module) is module
    for key in public:
        value = getattr(module, key)
        # What is made in the module itself is made anew; everything else is what it was.
        assert value is before[key] or getattr(value, "__module__", None) == name or value == before[key], key


@pytest.mark.parametrize("name", MODULES)
def test_what_is_announced_is_there(name):
    module = imported(name)
    assert all(hasattr(module, key) for key in getattr(module, "__all__", ()))
    assert set(getattr(module, "__all__", ())) <= set(dir(module))


def test_same_things_under_several_names():
    import sacred
    from sacred.experiment import Experiment, Ingredient, Run
    from sacred.observers import FileStorageObserver, file_storage

    assert sacred.Experiment is Experiment
    assert sacred.Ingredient is Ingredient is found("sacred.ingredient", "Ingredient")
    assert sacred.SETTINGS is found("sacred.settings", "SETTINGS")
    assert Run is found("sacred.run", "Run")
    assert FileStorageObserver is file_storage.FileStorageObserver
    assert sacred.cli_option is found("sacred.commandline_options", "cli_option")
    assert found("sacred.config", "ConfigScope") is found("sacred.config.config_scope", "ConfigScope")
    assert found("sacred.optional", "modules_exist") is found("sacred.utils", "modules_exist")


def test_what_code_compares():
    import sacred
    from sacred.observers.base import RunObserver
    from sacred.utils import SacredError, SacredInterrupt, SignatureError, TimeoutInterrupt, parse_version

    assert parse_version("0.8.4") < parse_version(sacred.__version__) < parse_version("0.9")
    assert found("sacred.__about__", "__version__") == sacred.__version__
    assert issubclass(SignatureError, TypeError)
    assert issubclass(found("sacred.settings", "SettingError"), SacredError)
    assert (SacredInterrupt.STATUS, TimeoutInterrupt.STATUS) == ("INTERRUPTED", "TIMEOUT")
    assert RunObserver.priority == 0
    assert found("sacred.observers.file_storage", "DEFAULT_FILE_STORAGE_PRIORITY") == 20
    assert found("sacred.observers.mongo", "DEFAULT_MONGO_PRIORITY") == 30
    assert found("sacred.observers.sql", "DEFAULT_SQL_PRIORITY") == 40
    assert found("sacred.dependencies", "MB") == 1048576
    assert found("sacred.randomness", "SEEDRANGE")[1] == 10**9
    handlers = found("sacred.config.config_files", "HANDLER_BY_EXT")
    assert list(handlers)[:4] == [".json", ".pickle", ".yaml", ".yml"]
    assert [handlers[ending].mode for ending in (".json", ".pickle")] == ["", "b"]
    error = SacredError("text")
    assert (error.print_traceback, error.filter_traceback, error.print_usage) == (True, "default", False)
    for name in ("ConfigError", "MissingConfigError", "NamedConfigNotFoundError", "CircularDependencyError"):
        assert issubclass(found("sacred.utils", name), SacredError)
    assert {"_log", "_config", "_seed", "__doc__", "config_filename", "_run"} <= found(
        "sacred.utils", "ConfigAddedError"
    ).SPECIAL_ARGS


def test_an_unknown_name_is_an_error():
    import sacred

    with pytest.raises(AttributeError, match="nothing"):
        sacred.nothing
    with pytest.raises(ImportError, match="nothing"):
        from sacred.utils import nothing  # noqa: F401
    with pytest.raises(ModuleNotFoundError, match=re.escape("No module named 'sacred.nothing'")):
        import sacred.nothing


LIGHT = """
import json, sys
import hallow.as_sacred
STATEMENT
heavy = {"numpy", "pandas", "pymongo", "bson", "sqlalchemy", "tinydb", "hashfs", "git", "tensorflow", "torch", "yaml"}
print(json.dumps(sorted(heavy & set(sys.modules))))
"""


@pytest.mark.parametrize(
    "statement",
    [
        "import sacred",
        "from sacred import Experiment, Ingredient, SETTINGS, cli_option",
        "import sacred.observers, sacred.utils, sacred.commands, sacred.config, sacred.run, sacred.serializer",
        "import sacred.optional, sacred.stflow, sacred.dependencies, sacred.host_info, sacred.initialize",
        "from sacred.observers import FileStorageObserver, MongoObserver, SqlObserver, TinyDbObserver, S3Observer",
    ],
)
def test_importing_loads_no_optional_package(statement):
    done = subprocess.run(
        [sys.executable, "-c", LIGHT.replace("STATEMENT", statement)], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == []


# --------------------------------------------------------------------------------------------------- attributes


def lacking(kind, thing):
    """Attributes that are not there; what they raise before any run counts as being there."""
    return [name for name in surface.ATTRIBUTES[kind].split() if not hasattr(thing, name)]


@pytest.fixture
def ex():
    from sacred import Experiment, Ingredient

    ex = Experiment("surface", ingredients=[Ingredient("data")])

    @ex.config
    def cfg():
        a = 1

    @ex.capture
    def draw(a, _rnd):
        return a

    @ex.command(unobserved=True)
    def show(a):
        return a

    @ex.main
    def main(a):
        draw()
        return a

    return ex


def test_attributes_of_experiments_and_their_functions(ex):
    ex.run()
    assert lacking("ingredient", ex) == lacking("experiment", ex) == []
    assert lacking("ingredient", ex.ingredients[0]) == []
    for captured in ex.captured_functions:
        assert lacking("captured", captured) == []
        assert lacking("signature", captured.signature) == []
    assert [name for name, command in ex.commands.items() if not command.unobserved] == ["main"]
    draw = next(f for f in ex.captured_functions if f.__name__ == "draw")
    assert (draw.uses_randomness, ex.commands["show"].uses_randomness) == (True, False)
    assert {type(source).__name__ for source in ex.sources} == {"Source"}
    assert {type(package).__name__ for package in ex.dependencies} == {"PackageDependency"}
    assert ex.mainfile.filename == os.path.abspath(__file__)


def test_attributes_of_experiments_can_be_set(ex):
    import logging

    for name in ("path", "doc", "base_dir", "logger", "ingredients", "configurations", "named_configs", "config_hooks"):
        setattr(ex, name, getattr(ex, name))
    for name in ("observers", "default_command", "captured_out_filter", "option_hooks", "additional_host_info"):
        setattr(ex, name, getattr(ex, name))
    ex.logger = logging.getLogger("mine")
    ex.path = "renamed"
    run = ex.run()
    assert run.experiment_info["name"] == "renamed"
    assert run.run_logger.name == "mine.renamed"


def test_attributes_of_a_run(ex):
    run = ex.run()
    assert lacking("run", run) == []
    assert lacking("summary", run.config_modifications) == []
    built = ex._create_run()
    for name in surface.ATTRIBUTES["run"].split():
        setattr(built, name, getattr(built, name))
    built.info = {"mine": 1}
    built.beat_interval = 0.5
    assert built() == 1
    assert (built.info, built.status) == ({"mine": 1}, "COMPLETED")


def test_attributes_of_a_captured_function_are_settable():
    from sacred.config import create_captured_function

    def free(a, _seed, _log, _run):
        return a, _seed, _log, _run

    captured = create_captured_function(free)
    import logging
    import random

    captured.config, captured.logger, captured.run = {"a": 3}, logging.getLogger("x"), "run"
    captured.rnd = random.Random(3)
    captured.prefix = None
    assert captured()[::3] == (3, "run")
    assert captured.config == {"a": 3}
    assert captured.signature.arguments == ["a", "_seed", "_log", "_run"]


def test_attributes_of_the_file_observer(ex, tmp_path):
    from sacred.observers import FileStorageObserver

    observer = FileStorageObserver(tmp_path / "runs")
    assert lacking("file", observer) == []
    assert observer.dir is None
    ex.observers.append(observer)
    ex.run()
    assert observer.dir == str(tmp_path / "runs" / "1")
    assert os.fspath(observer.basedir) == str(tmp_path / "runs")
    assert observer.config["a"] == 1
    assert observer.run_entry["status"] == "COMPLETED"


def test_attributes_of_cloud_observers():
    pytest.importorskip("fsspec")
    from sacred.observers import GoogleCloudStorageObserver, S3Observer

    s3 = S3Observer("bucket", "runs", region="eu-west-1")
    assert lacking("s3", s3) == []
    assert (s3.bucket, s3.basedir, s3.region, s3.dir) == ("bucket", "runs", "eu-west-1", None)
    gcs = GoogleCloudStorageObserver("bucket", "runs", token="anon")
    assert lacking("gcs", gcs) == []
    assert (gcs.bucket, gcs.basedir, gcs.dir) == ("bucket", "runs", None)


def test_attributes_of_the_sql_observer(ex, tmp_path):
    pytest.importorskip("sqlalchemy")
    from sacred.observers import SqlObserver
    from sacred.observers.sql_bases import Run

    ex.observers.append(SqlObserver(f"sqlite:///{tmp_path / 'runs.db'}"))
    ex.run()
    (observer,) = ex.observers
    assert lacking("sql", observer) == []
    try:
        assert observer.session.query(Run).one().to_json()["status"] == "COMPLETED"
    finally:
        observer.session.remove()
        observer.engine.dispose()


def test_attributes_of_the_tinydb_observer(ex, tmp_path):
    pytest.importorskip("tinydb")
    from sacred.observers import TinyDbObserver, TinyDbReader

    ex.observers.append(TinyDbObserver(str(tmp_path / "db")))
    ex.run()
    (observer,) = ex.observers
    assert lacking("tinydb", observer) == []
    reader = TinyDbReader(str(tmp_path / "db"))
    assert lacking("tinydb_reader", reader) == []
    (entry,) = reader.fetch_metadata(exp_name="surface")
    assert entry["format"] == observer.VERSION
    with pytest.raises(ValueError):
        reader.fetch_metadata()
    with pytest.raises(OSError):
        TinyDbReader(str(tmp_path / "missing"))


def test_attributes_of_the_mongo_observer(ex, mongo_server, mongo_database):
    from sacred.observers import MongoObserver

    with mongo_server.client() as client:
        ex.observers.append(MongoObserver(client=client, db_name=mongo_database))
        ex.run()
        (observer,) = ex.observers
        assert lacking("mongo", observer) == []
        assert observer.runs.find_one()["format"] == observer.VERSION
        assert observer.run_entry["status"] == "COMPLETED"


# ------------------------------------------------------------------------------------------------ small behaviour


def test_older_ways_of_making_observers(tmp_path):
    pytest.importorskip("sqlalchemy")
    pytest.importorskip("tinydb")
    from sacred.observers import FileStorageObserver, SqlObserver, TinyDbObserver

    for cls, argument in (
        (FileStorageObserver, str(tmp_path / "files")),
        (SqlObserver, f"sqlite:///{tmp_path / 'a.db'}"),
        (TinyDbObserver, str(tmp_path / "tiny")),
    ):
        with pytest.warns(DeprecationWarning):
            made = cls.create(argument)
        assert type(made) is cls
        # Equal to those with the same folder, engine and session, or (here none) runs.
        assert (made == cls(argument)) is (cls is not SqlObserver)
        assert (made != cls(f"{argument}2")) is (cls is not TinyDbObserver)


def test_the_older_host_info_getter():
    import sacred
    from sacred.host_info import host_info_gatherers

    with pytest.warns(DeprecationWarning):

        @sacred.host_info_getter(name="planet")
        def earth():
            return "earth"

    try:
        assert host_info_gatherers["planet"]() == "earth"
    finally:
        del host_info_gatherers["planet"]


def test_settings_are_written_by_attribute_and_by_item():
    import sacred
    from sacred.settings import SettingError

    sacred.SETTINGS.CONFIG.READ_ONLY_CONFIG = False
    sacred.SETTINGS["CAPTURE_MODE"] = "sys"
    sacred.SETTINGS["CONFIG"]["READ_ONLY_CONFIG"] = True
    assert (sacred.SETTINGS.CAPTURE_MODE, sacred.SETTINGS.CONFIG["READ_ONLY_CONFIG"]) == ("sys", True)
    with pytest.raises(SettingError):
        sacred.SETTINGS.UNKNOWN = 1
    with pytest.raises(SettingError):
        sacred.SETTINGS.CONFIG = {}
