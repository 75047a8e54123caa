"""Updates that ask for more than a value: elements of lists, and text without quotes."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

import pytest

from config_making import sources_of
from hallow.config import ConfigDict, chain_evaluate_config_scopes
from hallow.errors import (
    ConfigTypeError,
    UpdateError,
)
from hallow.records.updates import Append, Word
from hallow.settings import SETTINGS


LISTS = {"l": [{"size": 1, "n": [1, 2]}, {"size": 2}], "flat": [1, 2, 3], "pair": (1, 2)}


@pytest.mark.parametrize(
    ("fixed", "path", "expected"),
    [
        ({"flat": {"0": 9}}, "flat", [9, 2, 3]),
        ({"flat": {"-1": 9}}, "flat", [1, 2, 9]),
        ({"flat": {"0": 7, "2": 8}}, "flat", [7, 2, 8]),
        ({"flat": {1: 9}}, "flat", [1, 9, 3]),
        ({"l": {"0": {"size": 9}}}, "l", [{"size": 9, "n": [1, 2]}, {"size": 2}]),
        ({"l": {"-2": {"n": {"1": 9}}}}, "l", [{"size": 1, "n": [1, 9]}, {"size": 2}]),
        ({"l": {"1": {"new": 9}}}, "l", [LISTS["l"][0], {"size": 2, "new": 9}]),
        ({"l": {"1": 5}}, "l", [LISTS["l"][0], 5]),
        ({"pair": {"0": 9}}, "pair", (9, 2)),
        ({"flat": Append([4])}, "flat", [1, 2, 3, 4]),
        ({"pair": Append([4])}, "pair", (1, 2, 4)),
        ({"l": {"0": {"n": Append([3])}}}, "l", [{"size": 1, "n": [1, 2, 3]}, {"size": 2}]),
        ({"new": Append([4])}, "new", [4]),
    ],
)
def test_list_index(fixed, path, expected):
    for source in sources_of(LISTS):
        result = source(fixed)
        assert result[path] == expected
        assert type(result[path]) is type(expected)
        again, _ = chain_evaluate_config_scopes([source, ConfigDict({"other": 1})], fixed)
        assert again[path] == expected


@pytest.mark.parametrize(
    ("fixed", "text"),
    [
        ({"flat": {"3": 9}}, r'"flat" has 3 elements and none with the number 3'),
        ({"flat": {"-4": 9}}, r"none with the number -4"),
        ({"flat": {"x": 9}}, r"\"flat\" is a list of 3 and has no entry 'x'"),
        ({"pair": {"2": 9}}, r'"pair" has 2 elements'),
        ({"a": Append([1])}, r'"a" is no list but int'),
        ({"l": {"5": {"size": 1}}}, r'"l" has 2 elements'),
    ],
)
def test_C38_elements_that_are_not_there(fixed, text):
    for source in sources_of({**LISTS, "a": 1}):
        with pytest.raises(UpdateError, match=text):
            source(fixed)


def test_C38_a_list_becomes_a_dict_only_by_setting():
    SETTINGS.CONFIG.LIST_UPDATES = False
    for source in sources_of(LISTS):
        summary = source({"flat": {"0": 9}})
        assert summary["flat"] == {"0": 9}
        assert summary.typechanged == {"flat": (list, dict)}


def test_list_index_with_later_changes(make):
    assert make("l = []\nl.append(1)\nl.append(2)\nl[0] = 5")({"l": {"0": 9}}) == {"l": [9, 2]}
    assert make("l = [1, 2]\nl.append(3)\nl += [4]")({"l": {"-1": 9}}) == {"l": [1, 9, 3, 4]}
    assert make("l = [1]\nl += [2]\nb = len(l)")({"l": Append([9])}) == {"l": [1, 9, 2], "b": 3}


# -------------------------------------------------------------------------------------------------------- words


class Optimiser(Enum):
    SGD = "sgd"
    ADAM = "adam"


@pytest.mark.parametrize(
    ("word", "existing", "expected"),
    [
        ("false", True, False),
        ("Yes", False, True),
        ("off", True, False),
        ("nan", 0.1, "nan"),
        ("inf", 1, float("inf")),
        ("-inf", 1.0, float("-inf")),
        ("1e5", 0.1, 1e5),
        ("12", 3, 12),
        ("null", None, None),
        ("None", None, None),
        ("true", None, True),
        ("text", None, "text"),
        ("a,b", ["x"], ["a", "b"]),
        ("a, 1.5,", ("x",), ("a", 1.5)),
        ("a,b", {"x"}, {"a", "b"}),
        ("a,1if,{[]:1}", ["x"], ["a", "1if", "{[]:1}"]),  # Python warns of the second, and cannot evaluate the third
        ("true", "s", "true"),
        ("x/y", Path("z"), Path("x/y")),
        ("ADAM", Optimiser.SGD, Optimiser.ADAM),
        ("adam", Optimiser.SGD, Optimiser.ADAM),
    ],
)
def test_words_take_the_type_of_what_they_replace(word, existing, expected):
    result = ConfigDict({"d": {"k": existing}})({"d": {"k": Word(word)}})["d"]["k"]
    assert type(result) is (float if expected == "nan" else type(expected))
    assert result == expected or expected == "nan"


@pytest.mark.parametrize("existing", [True, 1, 0.1, [1], (1,), {"k": 1}, Optimiser.SGD, b"x", print])
def test_words_that_do_not_fit(existing):
    with pytest.raises(ConfigTypeError, match=r"""opt\.lr=abc: 'abc' cannot be read as \w+.*'opt\.lr="abc"'"""):
        ConfigDict({"opt": {"lr": existing}})({"opt": {"lr": Word("abc")}})


def test_words_with_members_that_a_set_cannot_hold():
    with pytest.raises(ConfigTypeError, match=r"s=a,\[\]: 'a,\[\]' cannot be read as set"):
        ConfigDict({"s": {"x"}})({"s": Word("a,[]")})


def test_words_without_conversion():
    for source in (ConfigDict({"a": "x"}), ConfigDict({})):
        result = source({"a": Word("abc"), "l": [Word("x")]})
        assert type(result["a"]) is str
        assert type(result["l"][0]) is str
    SETTINGS.use_profile("sacred")
    summary = ConfigDict({"a": 1})({"a": Word("abc")})
    assert (summary["a"], summary.typechanged) == ("abc", {"a": (int, str)})


def test_words_name_the_choices():
    with pytest.raises(ConfigTypeError, match='Did you mean "ADAM"\\? The choices are: SGD, ADAM'):
        ConfigDict({"o": Optimiser.SGD})({"o": Word("ADAMM")})
