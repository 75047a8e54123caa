"""Config scopes and dicts: fixed values, parameters, several sources, summaries."""

from __future__ import annotations

import copy
import logging
import pickle
import sys
from enum import Enum
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config_making import sources_of
from hallow.config import ConfigDict, ConfigScope, ConfigSummary, Replace, chain_evaluate_config_scopes
from hallow.config.chain import evaluate_sources
from hallow.errors import (
    ConfigKeyError,
)
from hallow.settings import SETTINGS


# ------------------------------------------------------------------------------------------------ fixed values

DEFAULTS = {"a": 5, "d": {"k": 1, "n": {"x": 1}}, "l": [1, 2], "none": None}


@pytest.mark.parametrize(
    ("fixed", "changed", "added", "modified", "typechanged"),
    [
        ({}, {}, set(), set(), {}),
        ({"a": 6}, {"a": 6}, set(), {"a"}, {}),
        ({"a": 5}, {}, set(), set(), {}),
        ({"a": 5.0}, {"a": 5.0}, set(), set(), {"a": (int, float)}),
        ({"a": None}, {"a": None}, set(), set(), {"a": (int, type(None))}),
        ({"none": 3}, {"none": 3}, set(), {"none"}, {}),
        ({"new": 1}, {"new": 1}, {"new"}, set(), {}),
        ({"z": {"q": 1}}, {"z": {"q": 1}}, {"z.q"}, {"z"}, {}),
        ({"d": {"k": 2}}, {"d": {"k": 2, "n": {"x": 1}}}, set(), {"d", "d.k"}, {}),
        ({"d": {"n": {"x": "t"}}}, {"d": {"k": 1, "n": {"x": "t"}}}, set(), {"d", "d.n"}, {"d.n.x": (int, str)}),
        ({"d": {"new": 3}}, {"d": {"k": 1, "n": {"x": 1}, "new": 3}}, {"d.new"}, {"d"}, {}),
        ({"d": {}}, {}, set(), set(), {}),
        ({"d": 4}, {"d": 4}, set(), set(), {"d": (dict, int)}),
        ({"a": {"b": 1}}, {"a": {"b": 1}}, {"a.b"}, set(), {"a": (int, dict)}),
        ({"l": (1, 2)}, {"l": (1, 2)}, set(), set(), {}),
        ({"l": [1, 3]}, {"l": [1, 3]}, set(), {"l"}, {}),
        ({"l": {"0": 9}}, {"l": [9, 2]}, set(), {"l", "l.0"}, {}),
    ],
)
def test_fixed_values(fixed, changed, added, modified, typechanged):
    for source in sources_of(DEFAULTS):
        before = copy.deepcopy(fixed)
        summary = source(fixed)
        assert summary == {**DEFAULTS, **changed}
        assert (summary.added, summary.modified, summary.typechanged) == (added, modified, typechanged)
        assert fixed == before


def test_typechanges_name_the_types_that_were_written():
    summary = ConfigDict({"t": (1,), "d": {}, "l": [1], "w": 1.5})({"t": 1, "d": [1], "l": "x", "w": None})
    assert summary.typechanged == {"t": (tuple, int), "d": (dict, list), "l": (list, str), "w": (float, type(None))}


def test_before_and_origins(make):
    scope = make("a = 1\nd = {'x': 2}\nb = a")
    summary = scope({"a": 5, "d": {"x": 7}, "new": 1})
    assert summary.before == {"a": 1, "d.x": 2}
    assert summary.origins["b"].line == 4
    assert summary.origins["b"].kind == "scope"
    assert summary.origins["d.x"] == summary.origins["d"]
    assert summary.origins["a"].describe().endswith(":2 (scope cfg)") or not make.has_source
    assert "new" not in summary.origins


def test_the_last_assignment_counts(make):
    scope = make("a = None\na = 5\nd = {'k': 1}\nd = {}")
    assert scope({"a": 5}).modified == set()
    assert scope({"d": {"k": 3}}).added == {"d.k"}


def test_nothing_is_shared(make):
    fixed, preset = {"l": [1, {"x": 1}]}, {"p": {"q": [1]}, "given": [1]}
    scope = make("l = 1\ngiven.append(2)", "given")
    summary = scope(fixed, preset)
    assert summary["given"] == [1, 2]
    summary["l"][1]["x"] = summary["p"]["q"][0] = 9
    assert fixed == {"l": [1, {"x": 1}]}
    assert preset == {"p": {"q": [1]}, "given": [1]}


def test_results_are_plain(make):
    scope = make(
        "d = {'k': {}}\nl = [d, {'x': 1}]\nd['k']['z'] = l[1]\nown = OrderedDict(a=1)",
        OrderedDict=__import__("collections").OrderedDict,
    )

    def plain(value):
        assert type(value) in (dict, list, int, ConfigSummary)
        for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            plain(item)

    plain(scope({"d": {"k": {"z": {"x": 5}}, "new": [{"y": [1]}]}, "l": {"1": {"x": 4}}}))


def test_a_name_is_unknown_before_its_assignment(make):
    with pytest.raises(NameError):
        make("b = a\na = 1")({"a": 5})


# --------------------------------------------------------------------------------------------------- parameters


def test_parameters(make):
    scope = make("b = a + sum(ing.values())\na += 1", "a, ing, _log")
    summary = scope({}, {"a": 1, "other": 2}, {"ing": {"x": 10}, "_log": logging.getLogger()})
    assert summary == {"a": 2, "b": 11, "other": 2}
    assert summary.ignored_fallbacks == set()


def test_C5_a_parameter_that_is_only_an_update(make):
    scope = make("double = size * 2\nd = opt['lr']", "size, seed, opt")
    summary = scope({"size": 4, "seed": 1, "opt": {"lr": 2}})
    assert summary == {"size": 4, "seed": 1, "double": 8, "d": 2, "opt": {"lr": 2}}
    assert summary.added == set()


def test_a_missing_parameter(make):
    with pytest.raises(KeyError, match="'sise' not in preset for ConfigScope.*Did you mean \"size\"") as caught:
        make("pass", "sise")({}, {"size": 1}, {"ing": {}})
    assert "ing, size" in str(caught.value)


def test_a_parameter_with_fixed_parts(make):
    scope = make("opt['lr'] = 1\nopt['new'] = 2\nopt.pop('old')\nhalf = opt['lr'] / 2", "opt")
    summary = scope({"opt": {"lr": 4}}, {"opt": {"lr": 4, "old": 1}})
    assert summary == {"opt": {"lr": 4, "new": 2}, "half": 2}


def test_ingredients_are_protected(make):
    scope = make("ing['known'] = 5\ning['new'] = 6\ncopied = dict(ing)", "ing")
    fallback = {"ing": {"known": 1}}
    assert scope(fallback=fallback) == {"copied": {"known": 1, "new": 6}}
    assert fallback == {"ing": {"known": 1}}


def test_assigning_an_ingredient_is_noted(make):
    summary = make("ing = 7", "ing")(fallback={"ing": {"known": 1}})
    assert (dict(summary), summary.ignored_fallbacks) == ({}, {"ing"})
    assert make("ing = 7")(fallback={"ing": {"known": 1}}).ignored_fallbacks == {"ing"}
    assert make("ing = {'x': 7}")(fallback={"ing": {}}).ignored_fallbacks == set()


# ------------------------------------------------------------------------------------------- several sources


def test_C10_fixed_lists(make):
    scope = make(
        "l = [1, 2]\npopped = l.pop()\nl.append(9)\nl += [1]\nl.sort()\nl[0] = 4\nl.clear()\nl.remove(77)\nlast = l[-1]\ndel l[0]"
    )
    assert scope({"l": [7, 8]}) == {"l": [7, 8], "popped": 8, "last": 8}
    with pytest.raises(IndexError):
        make("l = []\nl.pop(5)")({"l": [1]})


def test_C11_dicts_of_several_sources_are_merged():
    def first():
        d = {"x": 1, "n": {"a": 1}}
        r = {"x": 1}

    def second():
        d = {"y": 2, "n": {"b": 2}}
        r = Replace(y=2)

    for source in (ConfigScope(second), ConfigDict({"d": {"y": 2, "n": {"b": 2}}, "r": Replace(y=2)})):
        config, summaries = chain_evaluate_config_scopes([ConfigScope(first), source])
        assert config == {"d": {"x": 1, "y": 2, "n": {"a": 1, "b": 2}}, "r": {"y": 2}}
        assert type(config["r"]) is dict
        assert summaries[0] == {"d": {"x": 1, "n": {"a": 1}}, "r": {"x": 1}}
        config, _ = chain_evaluate_config_scopes([ConfigScope(first), source], {"r": {"y": 5}, "d": {"x": 7}})
        assert config == {"d": {"x": 7, "y": 2, "n": {"a": 1, "b": 2}}, "r": {"y": 5}}


def test_C11_no_aliasing_between_sources():
    def first():
        d = {"x": [1], "gone": 1}

    def second(d):
        d["x"].append(2)
        del d["gone"]

    config, summaries = chain_evaluate_config_scopes([ConfigScope(first), ConfigScope(second)])
    assert config == {"d": {"x": [1, 2]}}
    assert summaries[0] == {"d": {"x": [1], "gone": 1}}


def test_C18_keys_that_are_no_strings():
    """They survive, and where they were set is known by their path."""
    sources = [ConfigDict({1: 2, "d": {3: 4}}), ConfigDict({1: 5, "d": {3: 6, 7: 8}})]
    config, summary = evaluate_sources(sources, {"d": {3: 9}}, {}, logging.getLogger("test"))
    assert config == {1: 5, "d": {3: 9, 7: 8}}
    assert set(summary.origins) == {"1", "d", "d.3"}
    whole = ConfigSummary()
    whole.update_add(summary)
    assert whole.origins == summary.origins
    whole.update_add(summary, "below")
    assert {"below.1", "below.d.3"} <= set(whole.origins)


def test_C22_the_empty_key(make):
    for source in (lambda: ConfigDict({"d": {"": 1}}), lambda: make("d = {'': 1}")()):
        with pytest.raises(KeyError, match="empty string ''"):
            source()
    with pytest.raises(ConfigKeyError, match=r"'a=b'.*in \"d\""):
        ConfigDict({"d": {"a=b": 1}})


@pytest.mark.parametrize("keep", [True, False])
def test_C23_updates_are_normalised_like_everything_else(make, keep):
    numpy = pytest.importorskip("numpy")
    SETTINGS.CONFIG.KEEP_TYPES = keep
    value = (1, numpy.int64(2))
    for result in (
        make("t = value", value=value)(),
        make("t = None")({"t": value}),
        make("pass")({"t": value}),
        ConfigDict({"t": value})(),
    ):
        assert type(result["t"]) is (tuple if keep else list)
        assert type(result["t"][1]) is (numpy.int64 if keep else int)


def test_tuples(make):
    """Values keep the type that was written."""

    class Colour(Enum):
        RED = 1

    value = {"t": (1, (2, [3])), "s": {1, 2}, "p": Path("x"), "e": Colour.RED, "b": b"x"}
    for result in (make("v = value", value=value)()["v"], make("v = None")({"v": value})["v"], ConfigDict(value)()):
        assert result == value
        assert type(result["t"]) is tuple
        assert type(result["t"][1]) is tuple
        assert type(result["t"][1][1]) is list
    SETTINGS.use_profile("sacred")
    assert make("v = value", value=value)()["v"]["t"] == [1, [2, [3]]]


def test_C25_changes_of_lists_and_of_keys_assigned_later(make):
    scope = make("l = [1, 2]\nempty = []\nd = {}\nd['k'] = 1")
    assert scope({"l": [1, 3]}).modified == {"l"}
    assert scope({"empty": []}).modified == set()
    summary = scope({"d": {"k": 2}})
    assert (summary.modified, summary.added) == ({"d", "d.k"}, set())


def test_entries_stand_in_the_order_in_which_they_were_bound():
    def cfg():
        kind = "adam"
        if kind == "sgd":
            momentum = 0.9
            lr = 0.1
        else:
            beta = 0.99
            lr = 0.001
        kind = kind.upper()
        gone = 1
        last = 2
        del gone
        gone = 3

    assert list(ConfigScope(cfg)()) == ["kind", "beta", "lr", "last", "gone"]


def test_C32_unknown_updates_are_seen_behind_every_source():
    def cfg():
        a = 1

    for later in (ConfigDict({"b": 2}), ConfigScope(cfg)):
        _, summaries = chain_evaluate_config_scopes([ConfigScope(cfg), later], {"zzz": 1})
        whole = summaries[0]
        whole.update_from(summaries[1])
        assert whole.added == {"zzz"}


@pytest.mark.parametrize(
    "statement",
    [
        "d.setdefault('k', 1)",
        "d.update(k=1)",
        "d |= {'k': 1}",
        "d['k'] = 1",
        "d['k'] = 1; d.pop('k')",
        "d['k'] = 1; del d['k']",
        "d['k'] = 1; d.clear()",
        "d = {'k': 1}; d.popitem() if len(d) > 1 else None",
        "d.update([('k', 1)])",
    ],
)
def test_C37_fixed_entries_stay_fixed(make, statement):
    body = "d = {}\n" + statement.replace("; ", "\n") + "\nb = d['k']"
    summary = make(body)({"d": {"k": 5}})
    assert summary == {"d": {"k": 5}, "b": 5}
    assert summary.added == set()
    assert "d.k" in summary.modified


def test_C37_absent_until_assigned(make):
    scope = make(
        "d = {}\nbefore = 'k' in d, d.get('k', 0), d.pop('k', 3), len(d)\nd['k'] = 1\nafter = 'k' in d, d.get('k')"
    )
    assert scope({"d": {"k": 5}}) == {"d": {"k": 5}, "before": (False, 0, 3, 0), "after": (True, 5)}


# ----------------------------------------------------------------------------------------------------- summaries


def test_summary_invariants():
    summary = ConfigSummary({"a.b", "c"}, {"x.y", "c"}, {"t.u": (int, str), "x.y": (int, str)}, {"i"}, {"d": "doc"})
    assert summary.added == {"a.b", "c"}
    assert summary.modified == {"a", "x", "t"}
    other = ConfigSummary({"c"}, {"m"}, {"a": (int, float)}, {"j"}, {"d": "other", "e": "E"})
    summary.update_from(other)
    assert summary.added == {"c"}
    assert summary.modified == {"x", "t", "m"}
    assert summary.ignored_fallbacks == {"i", "j"}
    assert summary.docs == {"d": "doc", "e": "E"}
    summary.update_add(other, "pre")
    assert summary.added == {"c", "pre.c"}
    assert summary.modified == {"x", "t", "m", "pre", "pre.m"}
    assert summary.typechanged["pre.a"] == (int, float)
    assert summary.docs["pre.d"] == "other"
    assert summary == {}


def test_summary_pickles():
    summary = ConfigDict({"a": 1, "d": {"k": 1}})({"d": {"k": 2}})
    again = pickle.loads(pickle.dumps(summary))
    assert again == summary
    assert vars(again) == vars(summary)
    assert vars(copy.deepcopy(summary)) == vars(summary)


def test_chain_without_sources():
    assert chain_evaluate_config_scopes([], {"a": 1}, {"a": 2, "b": 3}) == ({"a": 1, "b": 3}, [])


# ---------------------------------------------------------------------------------------------------- properties

NAMES = st.sampled_from(["a", "b", "c", "d"])
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3))
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)
TREES = st.dictionaries(NAMES, VALUES, max_size=4)


def same(one, other):
    return repr(one) == repr(other)


def wins(result, fixed):
    for name, value in fixed.items():
        if isinstance(value, dict) and value and isinstance(result[name], dict):
            wins(result[name], value)
        elif not (value == {} and isinstance(result[name], dict)):
            assert same(result[name], value)


@given(TREES, TREES)
def test_an_update_always_wins(entries, fixed):
    SETTINGS.CONFIG.LIST_UPDATES = False
    for source in (ConfigDict(entries), _scope_saying(entries)):
        wins(source(fixed), fixed)


def _scope_saying(entries):
    def cfg():
        a = 1
        if "a" in entries:
            a = entries["a"]
        else:
            del a
        b = entries.get("b")
        c = entries.get("c", {})
        d = {}
        for key, value in (entries.get("d") or {}).items() if isinstance(entries.get("d"), dict) else ():
            if isinstance(d, dict):
                d[key] = value
        if isinstance(d, dict):
            d.pop("a", None)
            d.setdefault("b", 3)

    return ConfigScope(cfg)


@given(TREES, TREES)
def test_evaluating_twice_changes_nothing(entries, fixed):
    SETTINGS.CONFIG.LIST_UPDATES = False
    for source in (ConfigDict(entries), _scope_saying(entries)):
        first, second = source(fixed), source(fixed)
        assert same(dict(first), dict(second))
        assert (first.added, first.modified, first.typechanged) == (second.added, second.modified, second.typechanged)
        once, _ = chain_evaluate_config_scopes([source], fixed)
        twice, _ = chain_evaluate_config_scopes([source, source], fixed)
        assert set(once) == set(twice)
        wins(twice, fixed)


def test_tracing_is_off_afterwards(make):
    before = sys.gettrace()
    make("a = 1")({"a": 2})
    assert sys.gettrace() is before
