"""Errors that code written for Sacred catches, and words of theirs that it looks for."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.usefixtures("alias")


@pytest.fixture
def ex(ex):
    """An experiment with an entry."""

    @ex.config
    def cfg():
        a = 1

    @ex.main
    def main(a):
        return a

    return ex


def wrong(ex, client):
    """What is done wrongly, what it raises, and words of the message."""
    from sacred import Experiment, Ingredient
    from sacred.config import ConfigScope
    from sacred.observers import MongoObserver
    from sacred.utils import (
        CircularDependencyError,
        ConfigAddedError,
        MissingConfigError,
        NamedConfigNotFoundError,
        SacredError,
    )

    def needs(unknown):
        pass

    @ex.command
    def writes(_config):
        _config["a"] = 2

    @ex.command
    def lacks(unknown):
        pass

    @ex.named_config
    def small():
        a = 0

    run = ex.run()
    a = Ingredient("a")
    b = Ingredient("b", ingredients=[a])
    a.ingredients.append(b)
    circle = Experiment("circle", ingredients=[a])
    circle.main(lambda: None)
    return [
        (lambda: ex.add_config(), ValueError, "."),
        (lambda: ex.add_config({"a": 1}, b=2), ValueError, "."),
        (lambda: ex.add_config(12), TypeError, "."),
        (lambda: ex.add_config(True), TypeError, "."),
        (lambda: ex.add_config("missing.json"), OSError, "missing.json"),
        (lambda: ex.add_named_config("small", a=3), KeyError, "small"),
        (lambda: ex.config_hook(lambda config: None), ValueError, "."),
        (lambda: ex.option_hook(lambda: None), KeyError, "."),
        (lambda: ex.add_source_file("missing.py"), ValueError, "missing.py"),
        (lambda: ex.add_package_dependency("numpy", "no version"), ValueError, "no version"),
        (lambda: ConfigScope(needs)(), KeyError, "not in preset for ConfigScope"),
        (lambda: ex.run(config_updates={"z": 1}), ConfigAddedError, "Added new config entry that is not used anywhere"),
        (lambda: ex.run(config_updates={"z": 1}), ConfigAddedError, "z=1"),
        (
            lambda: ex.run(named_configs=["large"]),
            NamedConfigNotFoundError,
            'Named config not found: "large". .*Available config values are: .*small',
        ),
        (lambda: ex.run("lacks"), MissingConfigError, "missing value.*unknown"),
        (lambda: circle.run(), CircularDependencyError, "a->b->a"),
        (lambda: ex.run("writes"), SacredError, "The configuration is read-only in a captured function!"),
        (run, RuntimeError, "."),
        (lambda: MongoObserver("mongodb://h", client=client), ValueError, "Cannot pass both"),
        (lambda: MongoObserver(collection="x", collection_prefix="y"), ValueError, "Cannot pass both"),
        (lambda: MongoObserver(client=object()), ValueError, "."),
    ]


@pytest.mark.parametrize("number", range(21))
def test_errors_that_code_catches(ex, number, tmp_path, monkeypatch):
    MongoClient = pytest.importorskip("pymongo").MongoClient
    monkeypatch.chdir(tmp_path)
    with MongoClient(connect=False) as client:
        mistakes = wrong(ex, client)
        assert len(mistakes) == 21
        call, error, words = mistakes[number]
        with pytest.raises(error, match=words):
            call()


def test_errors_of_arguments():
    from sacred.config.signature import Signature
    from sacred.utils import MissingConfigError

    def f(a, b, c=3):
        pass

    signature = Signature(f)
    assert signature.construct_arguments((1,), {}, {"b": 2}) == ((1,), {"b": 2})
    with pytest.raises(TypeError, match="unexpected"):
        signature.construct_arguments((1, 2, 3, 4), {}, {})
    with pytest.raises(TypeError, match="multiple values"):
        signature.construct_arguments((1,), {"a": 2}, {})
    with pytest.raises(MissingConfigError, match="missing"):
        signature.construct_arguments((1,), {}, {})
