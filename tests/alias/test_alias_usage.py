"""Configurations and command lines of projects that were written for Sacred, line by line."""

from __future__ import annotations

import json
import os
import textwrap
from datetime import datetime

import pytest

pytestmark = pytest.mark.usefixtures("alias")


# ------------------------------------------------------------------------------------------------- config functions


@pytest.fixture
def everything(ex):
    """Whatever stands in config functions; nested in a function, therefore indented."""
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

    return ex


def test_what_stands_in_config_functions(everything):
    config = everything.run().config
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


def test_an_update_goes_through_what_stands_in_config_functions(everything):
    changed = everything.run(config_updates={"mode": "slow", "opt": {"lr": 5}, "opt.nested.decay": 1}).config
    assert (changed["lr"], changed["steps"], changed["label"]) == (0.01, 1000, "slow-0.01-5")
    assert changed["opt"] == {"name": "sgd", "lr": 5, "nested": {"decay": 1}, "momentum": 0.9}


def test_a_config_function_refuses_what_makes_no_sense(everything):
    from sacred.utils import InvalidConfigError

    with pytest.raises(InvalidConfigError, match="too many"):
        everything.run(config_updates={"steps": 10**7})
    with pytest.raises(AssertionError, match="too few"):
        everything.run(config_updates={"steps": 0})


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
