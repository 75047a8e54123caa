"""Typed configuration: conversion of values, declared structures, typed objects."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal, NewType, Optional, TypedDict, Union

import pytest

try:
    from typing import NotRequired
except ImportError:  # Python 3.10
    from typing_extensions import NotRequired
import pydantic

from hallow.config.schema import REQUIRED, Range, Schema, convert, describe, is_config_class
from hallow.errors import ConfigError, ConfigKeyError, ConfigTypeError
from hallow.records.encoding import flatten, restore
from hallow.records.updates import Append, Word


class Color(enum.Enum):
    RED = 1
    BLUE = "b"


@dataclass
class Opt:
    lr: float = 0.1  # step size
    name: Literal["adam", "sgd"] = "adam"


@dataclass
class Train:
    path: Path  # where the data is
    epochs: int = 10
    opt: Opt = field(default_factory=Opt)
    layers: list[int] = field(default_factory=lambda: [1, 2])
    extra: dict[str, Any] = field(default_factory=dict)
    second: Optional[Opt] = None
    """A second optimiser."""


class Paths(TypedDict):
    root: Path
    cache: NotRequired[str]


class Model(pydantic.BaseModel):
    lr: float = pydantic.Field(0.1, gt=0, description="step size")
    opt: Opt = Opt()
    names: list[str] = []
    needed: int

    @pydantic.model_validator(mode="after")
    def _check(self):
        if self.needed == 13:
            raise ValueError("thirteen is unlucky")
        return self


UserId = NewType("UserId", int)

FITS = [
    (True, bool, True),
    (Word("true"), bool, True),
    (Word("No"), bool, False),
    (5, int, 5),
    (5.0, int, 5),
    (Word("007"), int, 7),
    (5, float, 5.0),
    (Word("nan"), float, "nan"),
    (Word("1e-3"), float, 1e-3),
    ("x", str, "x"),
    (Word("x"), str, "x"),
    (None, None, None),
    (Word("null"), Optional[int], None),
    (None, Optional[int], None),
    (3, Optional[float], 3.0),
    (Word("none"), Optional[str], None),
    (Word("abc"), Union[int, str], "abc"),
    ("a", int | str, "a"),
    ("5", int | str, "5"),
    (Word("adam"), Literal["adam", "sgd"], "adam"),
    (Word("true"), Literal[True, "x"], True),
    (1, Literal[1, 2], 1),
    (Color.RED, Color, Color.RED),
    (Word("RED"), Color, Color.RED),
    ("b", Color, Color.BLUE),
    (1, Color, Color.RED),
    ("/a/b", Path, Path("/a/b")),
    (Path("x"), Path, Path("x")),
    ([1, 2.0], list[int], [1, 2]),
    ((1, 2), list[float], [1.0, 2.0]),
    (Word("a,b"), list[str], ["a", "b"]),
    (Word("1,x"), list[Any], [1, "x"]),
    (Word("a,1if,{[]:1}"), list[str], ["a", "1if", "{[]:1}"]),
    (["a"], list[Path], [Path("a")]),
    ([1, "a"], tuple[int, str], (1, "a")),
    ([1, 2, 3], tuple[int, ...], (1, 2, 3)),
    ([1, 1], set[int], {1}),
    ({"1": 2.0}, dict[int, int], {1: 2}),
    ({"a": "x"}, dict[str, Path], {"a": Path("x")}),
    ({1: 2}, dict, {1: 2}),
    (3, UserId, 3),
    (3, Annotated[int, Range(ge=3)], 3),
    ("1/3", Fraction, Fraction(1, 3)),
    (Append([1.0]), list[int], Append([1])),
    ({"0": 5.0, "-1": 3}, list[int], {"0": 5, "-1": 3}),
    ({"lr": 1}, Opt, {"lr": 1.0}),
    (Opt(lr=2), Opt, {"lr": 2, "name": "adam"}),
    ([{"lr": 1}], list[Opt], [{"lr": 1.0}]),
    (object, Any, object),
    (len, "unresolved", len),
]


@pytest.mark.parametrize(("value", "annotation", "expected"), FITS)
def test_values_that_fit(value, annotation, expected):
    result = convert(value, annotation, "x")
    if expected == "nan":
        assert result != result
        return
    assert result == expected
    assert type(result) is type(expected)


REFUSED = [
    (1, bool, "True or False"),
    ("true", bool, "True or False"),
    (True, int, "a whole number"),
    (1.5, int, "a whole number"),
    ("5", int, "a whole number"),
    (Word("abc"), float, "a number"),
    (True, float, "a number"),
    (float("inf"), int, "a whole number"),
    (5, str, "a text"),
    ("x", None, "None"),
    (Word("adm"), Literal["adam", "sgd"], "Did you mean 'adam'"),
    (True, Literal[1], "one of 1"),
    ("REDD", Color, "Did you mean 'RED'"),
    (5, Path, "a path"),
    ([1, "a"], list[int], "x[1]: 'a' is not a whole number"),
    (5, list[int], "a list whose members are each a whole number"),
    ("abc", list[str], "a list"),
    ([1], tuple[int, int], "It has 1 members, not 2"),
    ([[1]], set[Any], "cannot be members"),
    (5, dict[str, int], "a dict whose values"),
    ({"a": "b"}, dict[str, int], "x.a: 'b'"),
    (2, Annotated[int, Range(ge=3)], "a whole number (int) >= 3"),
    (1.0, Annotated[float, Range(gt=0, lt=1)], "> 0 and < 1"),
    (float("nan"), Annotated[float, Range(gt=0)], "> 0"),
    ("a", int | None, "a whole number (int) or None"),
    (5, Opt, "entries of Opt"),
    ({"lr": "a"}, Opt, "x.lr: 'a' is not a number"),
    ({"lr": "a"}, Optional[Opt], "x.lr: 'a' is not a number"),
    (5, Fraction | None, None),
]


@pytest.mark.parametrize(("value", "annotation", "expected"), REFUSED)
def test_values_that_do_not_fit(value, annotation, expected):
    if expected is None:
        assert convert(value, annotation) == value
        return
    with pytest.raises(ConfigTypeError) as caught:
        convert(value, annotation, "x")
    assert expected in str(caught.value)
    assert str(caught.value).startswith("x")


def test_numpy_numbers_are_numbers():
    import numpy as np

    assert type(convert(np.float64(0.5), float)) is float
    assert type(convert(np.int32(3), int)) is int
    assert convert(np.bool_(True), bool) is True
    for wrong in (np.bool_(True), np.zeros(3)):
        with pytest.raises(ConfigTypeError):
            convert(wrong, float, "x")


def test_config_types():
    """Types, choices and required values are enforced; the message names key, value and what is expected."""
    schema = Schema.of(Train)
    assert schema.defaults() == {
        "epochs": 10,
        "opt": {"lr": 0.1, "name": "adam"},
        "layers": [1, 2],
        "extra": {},
        "second": None,
    }
    assert schema.fields["path"].default is REQUIRED
    assert schema.missing(schema.defaults()) == ["path"]
    assert schema.convert({"opt": {"lr": 1}, "path": "d"}) == {"opt": {"lr": 1.0}, "path": Path("d")}
    for values, words in [
        ({"opt": {"lr": Word("abc")}}, ["opt.lr", "'abc'", "a number"]),
        ({"opt": {"name": Word("sdg")}}, ["opt.name", "'sdg'", "'adam', 'sgd'", "Did you mean 'sgd'"]),
        ({"layers": [1, "x"]}, ["layers[1]", "'x'", "whole number"]),
    ]:
        with pytest.raises(ConfigTypeError) as caught:
            schema.convert(values)
        assert all(word in str(caught.value) for word in words)
        assert isinstance(caught.value, TypeError)
    with pytest.raises(ConfigKeyError) as unknown:
        schema.convert({"opt": {"lrr": 3}})
    assert '"opt.lrr"' in str(unknown.value)
    assert 'Did you mean "opt.lr"?' in str(unknown.value)


def test_undeclared_keys_at_the_top_are_left_to_others():
    assert Schema.of(Opt).convert({"seed": 5}) == {"seed": 5}
    with pytest.raises(ConfigKeyError):
        Schema.of(Opt).convert({"seed": 5}, closed=True)


def test_docs_paths_and_places():
    schema = Schema.of(Train)
    assert schema.docs() == {
        "path": "where the data is",
        "opt.lr": "step size",
        "second": "A second optimiser.",
        "second.lr": "step size",
    }
    assert schema.paths()[:5] == ["path", "epochs", "opt", "opt.lr", "opt.name"]
    assert schema.file.endswith("test_config_schema.py")
    lines = Path(schema.file).read_text().splitlines()
    assert lines[schema.fields["epochs"].line - 1].strip() == "epochs: int = 10"


def test_open_dicts():
    schema = Schema.of(Train)
    assert schema.is_open("extra")
    assert schema.is_open("extra.anything.below")
    assert not schema.is_open("opt")
    assert not schema.is_open("opt.lr")
    assert not schema.is_open("unknown")


def test_defaults_are_not_shared():
    instance = Train(Path("x"))
    schema = Schema.of(instance)
    schema.defaults()["layers"].append(3)
    schema.defaults()["opt"]["lr"] = 9
    assert instance.layers == [1, 2]
    assert schema.defaults()["opt"]["lr"] == 0.1
    assert schema.missing({}) == []


def test_an_optional_structure_is_filled_up():
    schema = Schema.of(Train)
    assert schema.convert({"second": {"lr": 1}})["second"] == {"lr": 1.0, "name": "adam"}
    assert schema.convert({"second": Word("none")}) == {"second": None}


def test_build_gives_the_typed_object():
    schema = Schema.of(Train)
    values = schema.convert({**schema.defaults(), "path": "d", "second": {"lr": 3}})
    built = schema.build(values)
    assert built == Train(Path("d"), second=Opt(3.0))
    assert isinstance(built.opt, Opt)


def test_build_reports_what_the_class_refuses():
    @dataclass
    class Picky:
        a: int = 1

        def __post_init__(self):
            if self.a < 0:
                raise ValueError("a must not be negative")

    with pytest.raises(ConfigError, match="Picky refuses its values: a must not be negative"):
        Schema.of(Picky).build({"a": -1})


def test_typed_arguments():
    schema = Schema.of(Train)
    config = {**schema.convert({**schema.defaults(), "path": "d"}), "seed": 1}

    def main(cfg: Train, opt: Opt, second: Opt | None, seed: int, layers: list[int], other) -> None: ...

    found = schema.typed_arguments(main, config)
    assert found == {"cfg": Train(Path("d")), "opt": Opt(), "second": None}
    assert schema.typed_arguments(lambda a: 1, config) == {}


def test_typeddict():
    schema = Schema.of(Paths)
    assert is_config_class(Paths)
    assert not is_config_class({})
    assert schema.missing({}) == ["root"]
    assert schema.convert({"root": "x"}) == {"root": Path("x")}
    assert schema.build({"root": Path("x")}) == {"root": Path("x")}


def test_pydantic():
    schema = Schema.of(Model)
    assert is_config_class(Model)
    assert is_config_class(Model(needed=1))
    assert schema.defaults() == {"lr": 0.1, "opt": {"lr": 0.1, "name": "adam"}, "names": []}
    assert schema.docs()["lr"] == "step size"
    assert schema.missing(schema.defaults()) == ["needed"]
    assert schema.convert({"lr": 1, "needed": Word("3")}) == {"lr": 1.0, "needed": 3}
    with pytest.raises(ConfigTypeError, match=r"train\.lr: -1 is refused"):
        schema.convert({"lr": -1}, "train")
    with pytest.raises(ConfigTypeError, match="names.1"):
        schema.convert({"names": ["a", 5]})
    with pytest.raises(ConfigKeyError, match="opt.lrr"):
        schema.convert({"opt": {"lrr": 5}})
    with pytest.raises(ConfigTypeError, match="thirteen is unlucky"):
        schema.convert({**schema.defaults(), "needed": 13})
    assert schema.build({**schema.defaults(), "needed": 1}) == Model(needed=1)


def test_annotations_of_a_scope():
    schema = Schema.from_annotations(
        {"lr": float, "opt": Opt, "d": dict}, ["path"], file="exp.py", lines={"lr": 3, "path": 5}
    )
    assert schema.defaults() == {}
    assert schema.missing({}) == ["path"]
    assert schema.fields["lr"].line == 3
    assert schema.convert({"lr": 1, "free": "x"}) == {"lr": 1.0, "free": "x"}
    assert schema.convert({"opt": Opt()}) == {"opt": {"lr": 0.1, "name": "adam"}}
    assert schema.is_open("d.x")


def test_merging():
    merged = Schema.merged([Schema.of(Opt), Schema.from_annotations({"lr": int}), Schema.of(Paths)])
    assert merged.convert({"lr": 3.0})["lr"] == 3
    assert merged.classes == (Opt, Paths)
    assert merged.missing({}) == ["root"]
    assert merged.build({"lr": 1, "name": "adam"}, Opt) == Opt(1)
    assert Schema.merged([]) is None


def test_a_structure_that_holds_itself():
    schema = Schema.of(Node)
    assert schema.paths() == ["value", "next"]
    assert schema.convert({"next": {"next": {"value": 1.0}}}) == {
        "next": {"value": 0, "next": {"value": 1, "next": None}}
    }


@dataclass
class Node:
    value: int = 0
    next: Optional[Node] = None


def test_saved_objects_fit_their_types_again():
    """An enum member or dataclass instance that was stored is described; a declared type knows what is meant."""
    assert convert(restore(flatten(Color.BLUE)), Color) is Color.BLUE
    assert convert(restore(flatten(Opt(lr=3))), Opt) == {"lr": 3, "name": "adam"}


def test_what_is_no_declaration():
    with pytest.raises(TypeError):
        Schema.of(5)
    assert not is_config_class(5)
    assert not is_config_class(int)


def test_descriptions():
    assert describe(Optional[int]) == "a whole number (int) or None"
    assert describe(Annotated[float, Range(gt=0)]) == "a number (float) > 0"
    assert describe(dict[str, list[Path]]) == "a dict whose values are each a list whose members are each a path (Path)"
