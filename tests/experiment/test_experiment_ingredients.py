"""The configuration of experiments with ingredients and slots: whose entries they are, and who sees them."""

from __future__ import annotations

import json
import logging

import pytest

from experiment_running import config_of
from hallow import SETTINGS, Experiment, Ingredient, Slot
from hallow.errors import (
    ConfigAddedError,
    ConfigError,
    ConfigTypeError,
    IngredientPathError,
    SeedError,
    UpdateError,
)


def test_C19_a_hook_of_the_experiment_reaches_ingredients():
    data = Ingredient("data", interactive=True)
    data.add_config(n=1, m=2)
    ex = Experiment("exp", ingredients=[data], interactive=True)

    @ex.config_hook
    def hook(config, command_name, logger):
        assert command_name == "main"
        return {"data": {"n": config["data"]["m"] * 10}, "own": 1}

    @ex.main
    def main():
        pass

    assert config_of(ex) == {"data": {"n": 20, "m": 2}, "own": 1}
    assert config_of(ex, {"data.n": 5})["data"]["n"] == 5

    @ex.config_hook
    def wrong(config, command_name, logger):
        return 5

    with pytest.raises(ConfigError, match="wrong of exp must return a mapping"):
        ex.run()


def test_C20_scopes_see_all_ingredients_below():
    paths = Ingredient("paths", interactive=True)
    paths.add_config(root="/data")
    data = Ingredient("data", ingredients=[paths], interactive=True)
    ex = Experiment("exp", ingredients=[data], interactive=True)

    @ex.config
    def cfg(paths):
        target = paths["root"] + "/out"

    ex.main(lambda: None)
    assert ex.run("<lambda>", loglevel="ERROR").config["target"] == "/data/out"


def test_C21_a_dict_that_names_an_ingredient_overrides_its_defaults(ex, tmp_path):
    data = Ingredient("data", interactive=True)

    @data.config
    def cfg():
        n = 1
        double = n * 2

    ex.ingredients.append(data)
    ex.add_config({"data": {"n": 5}})
    assert config_of(ex) == {"data": {"n": 5, "double": 2}}
    assert config_of(ex, {"data.n": 7})["data"] == {"n": 7, "double": 14}


def test_C21_a_scope_that_assigns_an_ingredient_says_so(ex, caplog):
    data = Ingredient("data", interactive=True)
    data.add_config(n=1)
    ex.ingredients.append(data)

    @ex.config
    def cfg(data):
        data = 5

    logger = logging.getLogger("user")
    ex.logger = logger
    with caplog.at_level("INFO"):
        config = ex.run().config
    assert config["data"] == {"n": 1}
    assert 'Ignored attempt to set value of "data"' in caplog.text


@pytest.mark.parametrize("profile", ["hallow", "sacred"])
def test_C30_every_ingredient_is_seeded_from_the_root(profile):
    SETTINGS.use_profile(profile)

    def seeds():
        deep = Ingredient("deep", interactive=True)
        middle = Ingredient("middle", ingredients=[deep], interactive=True)
        ex = Experiment("exp", ingredients=[middle], interactive=True)
        deep_seed = deep.capture(lambda _seed: _seed)
        middle_seed = middle.capture(lambda _seed: _seed)

        @ex.main
        def main(_seed):
            return _seed, middle_seed(), deep_seed()

        return ex.run(config_updates={"seed": 11}, options={"--loglevel": "ERROR"}).result

    assert seeds() == seeds()
    assert len(set(seeds())) == 3


def test_C33_an_unknown_entry_of_an_ingredient_is_shown_with_its_value(ex):
    data = Ingredient("data", interactive=True)
    data.add_config(filename="x")
    ex.ingredients.append(data)
    with pytest.raises(ConfigAddedError) as caught:
        ex.run(config_updates={"data": {"filenam": "y"}})
    text = str(caught.value)
    assert "data.filenam=y" in text
    assert 'Did you mean "data.filename"' in text
    assert "Possible config keys are: {data.filename}" in text


def test_C34_ingredients_are_not_values(ex):
    data = Ingredient("data", interactive=True)
    data.add_config(n=1)
    ex.ingredients.append(data)
    assert config_of(ex, {"data": {}}) == {"data": {"n": 1}}
    with pytest.raises(UpdateError, match='"data" is an ingredient'):
        ex.run(config_updates={"data": 5})


def test_ingredient_overrides(tmp_path):
    """Any path shown by print_config can be set in four ways, at every depth."""
    c = Ingredient("a.b.c", interactive=True)
    c.add_config(leaf=1, d={"x": 1})
    b = Ingredient("a.b", ingredients=[c], interactive=True)
    b.add_config(leaf=1)
    a = Ingredient("a", ingredients=[b], interactive=True)
    a.add_config(leaf=1)
    ex = Experiment("exp", ingredients=[a], interactive=True)
    ex.add_config(leaf=1)
    ex.main(lambda: None)
    default = ex.run("<lambda>", config_updates={"seed": 1}, loglevel="ERROR").config
    for number, path in enumerate(["leaf", "a.leaf", "a.b.leaf", "a.b.c.leaf", "a.b.c.d.x"]):
        nested = value = {}
        *parents, last = path.split(".")
        for part in parents:
            value = value.setdefault(part, {})
        value[last] = 99
        (tmp_path / "c.json").write_text(json.dumps(nested))
        ex.add_named_config(f"named{number}", nested)
        ways = [
            {"config_updates": {path: 99, "seed": 1}},
            {"config_updates": {**nested, "seed": 1}},
            {"named_configs": [f"named{number}"], "config_updates": {"seed": 1}},
            {"named_configs": [str(tmp_path / "c.json")], "config_updates": {"seed": 1}},
        ]
        results = [ex.run("<lambda>", loglevel="ERROR", **way).config for way in ways]
        found = results[0]
        for part in path.split("."):
            found = found[part]
        assert found == 99
        assert all(result == results[0] for result in results)
        assert results[0] != default
    ex.add_named_config("nothing", {})
    b.add_named_config("nothing", {})
    for name in ("nothing", "a.b.nothing"):
        assert ex.run("<lambda>", named_configs=[name], config_updates={"seed": 1}, loglevel="ERROR").config == default
    saved = tmp_path / "saved.json"
    ex.run(
        "save_config",
        config_updates={"config_filename": str(saved), "a.b.leaf": 5, "seed": 1},
        loglevel="ERROR",
    )
    again = ex.run("<lambda>", named_configs=[str(saved)], loglevel="ERROR").config
    assert again == {**default, "a": {**default["a"], "b": {**default["a"]["b"], "leaf": 5}}}


def test_dynamic_ingredients():
    def model(name, depth):
        ingredient = Ingredient(name, interactive=True)
        ingredient.add_config(depth=depth)
        ingredient.add_named_config("tiny", depth=1)

        @ingredient.capture
        def build(depth):
            return f"{name} of depth {depth}"

        return ingredient

    slot = Slot("model", [model("resnet", 50), model("vgg", 16)], default="vgg")
    ex = Experiment("exp", ingredients=[slot], interactive=True)

    @ex.main
    def main(model):
        return slot.build(), model

    assert ex.run(loglevel="ERROR").result == ("vgg of depth 16", {"choice": "vgg", "depth": 16})
    run = ex.run(config_updates={"model": "resnet"}, loglevel="ERROR")
    assert run.result == ("resnet of depth 50", {"choice": "resnet", "depth": 50})
    run = ex.run(config_updates={"model.choice": "resnet", "model.depth": 7}, loglevel="ERROR")
    assert run.result[0] == "resnet of depth 7"
    run = ex.run(config_updates={"model": "resnet"}, named_configs=["model.tiny"], loglevel="ERROR")
    assert run.result[0] == "resnet of depth 1"
    with pytest.raises(UpdateError, match=r'Did you mean "resnet"\? The choices are: resnet, vgg'):
        ex.run(config_updates={"model": "resnt"})


def test_two_ingredients_with_one_path():
    ex = Experiment(
        "exp",
        ingredients=[Ingredient("a", interactive=True), Ingredient("a", interactive=True)],
        interactive=True,
    )
    ex.main(lambda: None)
    with pytest.raises(IngredientPathError, match='path "a"'):
        ex.run("<lambda>")


def test_C29_a_wrong_seed_of_an_ingredient_is_found_before_the_start(ex):
    data = Ingredient("data", interactive=True)
    data.add_config(n=1)
    ex.ingredients.append(data)
    with pytest.raises(SeedError, match="data.seed"):
        ex.run(config_updates={"data.seed": "foo"})
    with pytest.raises(ConfigTypeError, match='in the ingredient "data"'):
        from hallow.records.updates import Word

        ex.run(config_updates={"data.n": Word("lots")})
