"""Modules and helpers that projects import from Sacred, and the configuration step in its parts."""

from __future__ import annotations

import json
import pickle

import pytest

pytestmark = pytest.mark.usefixtures("alias")


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
