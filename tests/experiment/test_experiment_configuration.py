"""How an experiment's configuration comes about: sources, named configs, updates, hooks, ingredients."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Literal

import pytest

from experiment_running import config_of
from hallow import SETTINGS, Experiment, Ingredient
from hallow.errors import (
    ConfigAddedError,
    ConfigError,
    ConfigKeyError,
    ConfigTypeError,
    NamedConfigNotFoundError,
    SeedError,
)


def test_sources_in_order(ex):
    @ex.config
    def first():
        a = 1
        b = a * 2

    @ex.config
    def second(a):
        c = a + 10
        b = "later wins"

    ex.add_config({"d": {"x": 1}})
    ex.add_config(d={"y": 2})
    assert config_of(ex) == {"a": 1, "b": "later wins", "c": 11, "d": {"x": 1, "y": 2}}


def test_an_update_is_seen_by_what_is_derived_from_it(ex):
    @ex.config
    def cfg():
        a = 1
        b = a * 2

    assert config_of(ex, {"a": 10}) == {"a": 10, "b": 20}


def test_named_config_is_fixed_for_the_defaults(ex):
    @ex.config
    def cfg():
        a = 1
        b = a * 2

    @ex.named_config
    def big():
        a = 100

    assert config_of(ex, named=["big"]) == {"a": 100, "b": 200}
    assert config_of(ex, {"a": 3}, ["big"]) == {"a": 3, "b": 6}


def test_later_named_config_wins_and_sees_the_earlier(ex):
    @ex.config
    def cfg():
        a, b = 0, 0

    @ex.named_config
    def one():
        a = 1

    @ex.named_config
    def two(a):
        b = a + 1

    assert config_of(ex, named=["one", "two"]) == {"a": 1, "b": 2}


def test_C5_a_parameter_given_as_update_satisfies_the_scope(ex):
    @ex.config
    def cfg(size, seed):
        double = size * 2
        derived = seed + 1

    run = ex.run(config_updates={"size": 4, "seed": 3}, force=True, loglevel="ERROR")
    assert run.config["double"] == 8
    assert run.config["derived"] == 4


def test_C9_docs_of_a_named_config_are_shown_where_the_entry_has_none(ex, capsys):
    @ex.config
    def cfg():
        a = 1

    @ex.named_config
    def variant():
        a = 2  # from the variant

    ex.run("print_config", named_configs=["variant"], loglevel="ERROR")
    assert "from the variant" in capsys.readouterr().out


def test_C15_a_named_config_may_ask_for_default_entries(ex):
    @ex.config
    def cfg():
        a = 5
        b = a + 1

    @ex.named_config
    def variant(b):
        c = b * 10
        a = 7

    assert config_of(ex, named=["variant"], force=True) == {"a": 7, "b": 8, "c": 60}


def test_C16_unknown_named_config_lists_all_names_nearest_first():
    data = Ingredient("dataset", interactive=True)
    data.add_named_config("small", n=1)
    ex = Experiment("exp", ingredients=[data], interactive=True)
    ex.add_named_config("quick", n=1)
    ex.main(lambda: None)
    with pytest.raises(NamedConfigNotFoundError) as caught:
        ex.run(named_configs=["dataset.smal"])
    text = str(caught.value)
    assert 'Did you mean "dataset.small"?' in text
    assert '"quick"' in text


def test_a_missing_config_file_is_reported_with_the_nearest_one(ex, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quick.json").write_text("{}")
    with pytest.raises(FileNotFoundError, match=r'no config file "quik\.json" .*Did you mean "quick\.json"\?'):
        ex.run(named_configs="quik.json")


def test_C18_updates_are_checked_like_everything_else(ex):
    with pytest.raises(ConfigKeyError, match="a=b"):
        ex.run(config_updates={"d": {"a=b": 1}}, force=True)
    SETTINGS.CONFIG.ENFORCE_KEYS_MONGO_COMPATIBLE = True
    with pytest.raises(ConfigKeyError, match=r"\$x"):
        ex.run(config_updates={"d": {"$x": 1}}, force=True)


def test_C26_only_arguments_that_users_see_count(ex):
    for name in ("config_filename", "_run", "_log", "_config"):
        with pytest.raises(ConfigAddedError):
            ex.run(config_updates={name: 1})


def test_C28_an_automatic_seed_does_not_follow_the_last_run(ex):
    ex.run(config_updates={"seed": 42}, loglevel="ERROR")
    first = ex.run(loglevel="ERROR").config["seed"]
    ex.run(config_updates={"seed": 42}, loglevel="ERROR")
    assert ex.run(loglevel="ERROR").config["seed"] != first


@pytest.mark.parametrize("seed", ["x", -1, 2**32, 1.5])
def test_C29_a_wrong_seed_is_a_configuration_error(ex, seed):
    with pytest.raises(SeedError, match="seed"):
        ex.run(config_updates={"seed": seed})
    assert ex.current_run is None


def test_C29_integral_numbers_are_seeds(ex):
    numpy = pytest.importorskip("numpy")
    assert ex.run(config_updates={"seed": numpy.int64(3)}, loglevel="ERROR").config["seed"] == 3
    assert ex.run(config_updates={"seed": 4.0}, loglevel="ERROR").config["seed"] == 4


def test_C31_settings_are_checked():
    with pytest.raises(AttributeError, match="'no' or 'sys' or 'fd'"):
        SETTINGS.CAPTURE_MODE = "bogus"
    with pytest.raises(AttributeError, match="Did you mean CAPTURE_MODE"):
        SETTINGS.CAPTURE_MOD = "no"
    with pytest.raises(AttributeError, match="deleted"):
        del SETTINGS.CONFIG["KEEP_TYPES"]
    with pytest.raises(AttributeError, match="group"):
        SETTINGS.CONFIG = {"KEEP_TYPES": True}
    with pytest.raises((AttributeError, KeyError)):
        SETTINGS["NOPE"]


@pytest.mark.parametrize("profile", ["hallow", "sacred"])
def test_C32_unknown_updates_are_found_whatever_the_sources(ex, profile):
    SETTINGS.use_profile(profile)

    @ex.config
    def cfg():
        a = 1

    ex.add_config({"b": 2})
    with pytest.raises(ConfigAddedError, match="zzz=1"):
        ex.run(config_updates={"zzz": 1})


def test_dict_keys(ex):
    values = {False: 1, True: 4, 1.5: 2, (1, 2): 3, "a.b": 5}

    @ex.config
    def cfg():
        d = {}

    @ex.command
    def show(d):
        return d

    assert ex.run("show", config_updates={"d": values}, loglevel="ERROR").result == values


def test_unknown_nested(ex, run_script):
    @ex.config
    def cfg():
        opt = {"lr": 1, "deep": {"x": 1}}
        open_one = {}
        declared: dict = {"k": 1}

    for path in ("opt.lrr", "opt.deep.y", "nothing.at.all"):
        with pytest.raises(ConfigAddedError):
            ex.run(config_updates={path: 3})
    with pytest.raises(ConfigAddedError, match=r'Did you mean "opt.lr"'):
        ex.run(config_updates={"opt.lrr": 3})
    assert config_of(ex, {"open_one.new": 1, "declared.new": 2})["open_one"] == {"new": 1}
    assert config_of(ex, {"opt.lrr": 3}, force=True)["opt"]["lrr"] == 3


def test_extra_file_keys(ex, tmp_path):
    ex.add_config(batch_size=1)
    file = tmp_path / "conf.json"
    file.write_text('{"batch_size": 2, "batchsize": 3, "other": 4}')
    with pytest.raises(ConfigAddedError) as caught:
        ex.run(named_configs=[str(file)])
    text = str(caught.value)
    for part in (str(file), "batchsize=3", "other=4", 'Did you mean "batch_size"', "--force", "declare it"):
        assert part in text


def test_derived_values(ex, caplog):
    @ex.config
    def first():
        x = 1
        y = x + 1

    @ex.config
    def second():
        x = 10

    ex.logger = logging.getLogger("derived")
    with caplog.at_level("INFO"):
        run = ex.run()
    assert run.config["y"] == 2
    assert '"y"' in caplog.text
    assert '"x" is set again' in caplog.text
    assert config_of(ex, {"x": 5})["y"] == 6


@dataclass
class Optimiser:
    name: Literal["sgd", "adam"] = "sgd"
    momentum: float = 0.9


@dataclass
class Settings:
    path: str
    lr: float = 0.1  # learning rate
    layers: list[int] = field(default_factory=lambda: [1, 2])
    opt: Optimiser = field(default_factory=Optimiser)


def test_config_types_of_a_dataclass():
    ex = Experiment("exp", interactive=True)
    ex.config(Settings)

    @ex.main
    def main(settings: Settings, lr):
        return settings

    def run(**updates):
        return ex.run(config_updates=updates, loglevel="ERROR").result

    assert run(path="x", lr=1) == Settings("x", 1.0)
    assert isinstance(run(path="x", lr=1).lr, float)
    assert run(path="x", **{"opt.name": "adam"}).opt == Optimiser("adam")
    with pytest.raises(ConfigError, match="path"):
        run()
    with pytest.raises(ConfigTypeError, match=r"lr.*float"):
        run(path="x", lr="abc")
    with pytest.raises(ConfigTypeError, match="adam"):
        run(path="x", **{"opt.name": "adm"})
    with pytest.raises((ConfigKeyError, ConfigAddedError), match=r"opt.name"):
        run(path="x", **{"opt.nam": "adam"})


def test_config_types_of_annotations_in_a_scope(ex):
    @ex.config
    def cfg():
        lr: float = 1
        mode: Literal["a", "b"] = "a"
        path: str

    config = config_of(ex, {"path": "p", "lr": 2})
    assert config == {"lr": 2.0, "mode": "a", "path": "p"}
    assert isinstance(config["lr"], float)
    for updates, text in (
        ({"path": "p", "mode": "c"}, "mode"),
        ({}, "path"),
        ({"path": "p", "lr": "x"}, "lr"),
    ):
        with pytest.raises(ConfigError, match=text):
            ex.run(config_updates=updates)
        assert ex.current_run is None or ex.current_run.status == "COMPLETED"


def test_origins_are_known(ex, capsys, tmp_path):
    @ex.config
    def cfg():
        a = 1
        b = 2
        d = {"x": 1, "y": 2}

    ex.run("print_config", config_updates={"a": 5, "d.x": 9}, origins=True, loglevel="ERROR")
    out = capsys.readouterr().out
    lines = out.splitlines()
    after = {line.split(" =")[0].strip(): lines[number + 1] for number, line in enumerate(lines) if " = " in line}
    assert "test_experiment_configuration.py" in after["b"]
    assert "scope cfg" in after["b"]
    assert "update" in after["a"]
    assert "before: 1" in after["a"]
    assert "test_experiment_configuration.py" in after["a"]
    assert "before: 1" in after["x"]


def test_resolving_twice_changes_nothing(ex):
    @ex.config
    def cfg():
        a = [1, {"b": 2}]
        c = {"d": a}

    assert config_of(ex, {"c.d": [3]}) == config_of(ex, {"c.d": [3]})


def test_a_config_function_may_change_the_observers(ex, tmp_path):
    from hallow.testing import RecordingObserver

    seen = RecordingObserver()

    @ex.config
    def cfg():
        a = 1
        ex.observers.append(seen)

    ex.run(loglevel="ERROR")
    assert seen.names[0] == "started_event"


def test_foreign_callables_are_config_sources(ex):
    from hallow.config.summary import ConfigSummary

    def foreign(fixed=None, preset=None, fallback=None):
        summary = ConfigSummary()
        summary.update({**preset, "foreign": 1, **fixed})
        return summary

    ex.configurations.append(foreign)
    assert config_of(ex) == {"foreign": 1}


def test_C11_a_dict_can_be_replaced_as_a_whole(ex):
    from hallow import Replace

    ex.add_config({"opt": {"a": 1, "b": 2}})

    @ex.config
    def cfg():
        opt = Replace(c=3)

    assert config_of(ex) == {"opt": {"c": 3}}
    assert config_of(ex, {"opt.c": 5}) == {"opt": {"c": 5}}


def test_list_index_appending_to_the_list_of_a_named_config(ex):
    from hallow.records.updates import Append

    ex.add_config(items=[1])
    ex.add_named_config("more", items=[5, 6])
    assert config_of(ex, {"items": Append([7])}, ["more"]) == {"items": [5, 6, 7]}
    assert config_of(ex, {"items": Append([7])}) == {"items": [1, 7]}


def test_an_update_of_the_seed_is_a_modification(ex):
    run = ex.run(config_updates={"seed": 3}, loglevel="ERROR")
    assert run.config_modifications.modified == {"seed"}
    assert run.config_modifications.added == set()


def test_unknown_nested_entries_do_not_change_their_structure(ex):
    ex.add_config(name="text", opt={"a": 1}, nothing=None)
    for updates, text in (({"name.x": 1}, '"name" is str'), ({"opt": 3}, '"opt" is a dict')):
        with pytest.raises(ConfigTypeError, match=text):
            ex.run(config_updates=updates)
        assert ex.run(config_updates=updates, force=True, loglevel="ERROR").status == "COMPLETED"
    assert config_of(ex, {"nothing": {"x": 1}, "opt": None})["nothing"] == {"x": 1}


def test_errors_of_scopes_show_the_values(ex):
    from hallow.errors import InvalidConfigError

    @ex.config
    def cfg():
        a = 5
        raise InvalidConfigError("do not go together", conflicting_configs="a")

    with pytest.raises(InvalidConfigError, match="a=5"):
        ex.run()


def test_hooks_that_lack_a_value_are_found_before_the_start(ex):
    from hallow.errors import MissingConfigError

    @ex.pre_run_hook
    def hook(missing):
        pass

    with pytest.raises(MissingConfigError, match="hook is missing"):
        ex.run()
    assert ex.current_run.status is None


@pytest.mark.parametrize(("setting", "name"), [("untouched", "exp"), ("configure", "root")])
def test_who_warns_of_updates(caplog, setting, name):
    """The experiment, like all its other messages; Python's root logger where the root logger is configured."""
    SETTINGS.LOGGING.ROOT_LOGGER = setting
    part = Ingredient("part", interactive=True)
    part.add_config(k=1)
    ex = Experiment("exp", ingredients=[part], interactive=True)

    @ex.config
    def cfg(_log):
        _log.warning("of the scope")
        a = 1

    @ex.main
    def main(_log, a, part):
        return _log.name

    run = ex.run(config_updates={"a": "x", "part": {"k": "y"}})
    assert run.result == "main"
    assert [(r.name, r.getMessage()) for r in caplog.records if "Changed" in r.msg or "scope" in r.msg] == [
        (name, "of the scope"),
        ("part", 'Changed type of config entry "part.k" from int to str'),
        (name, 'Changed type of config entry "a" from int to str'),
    ]
