"""Config scopes and dicts: fixed values, parameters, documentation, errors."""

from __future__ import annotations

import copy
import logging
import pickle
import sys
import textwrap
import traceback
from enum import Enum
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallow.config import ConfigDict, ConfigScope, ConfigSummary, Replace, chain_evaluate_config_scopes
from hallow.config.chain import evaluate_sources
from hallow.errors import (
    ConfigError,
    ConfigKeyError,
    ConfigTypeError,
    MissingValueError,
    ScopeError,
    ScopeSignatureError,
    ScopeSourceError,
    UpdateError,
)
from hallow.records.updates import Append, Word
from hallow.settings import SETTINGS

SEED_DOC = {"seed": "the random seed for this experiment"}


@pytest.fixture(params=["source", "no source"])
def make(request, tmp_path):
    """Make a scope from text: ``make("a = 1")``, in each way of evaluation."""
    count = iter(range(1000))

    def make(body, signature="", **names):
        lines = "".join(f"    {line}\n" for line in body.split("\n"))
        text = f"def cfg({signature}):\n{lines}"
        file = "<nowhere>"
        if request.param == "source":
            file = tmp_path / f"made_{next(count)}.py"
            file.write_text(text)
        exec(compile(text, str(file), "exec"), names)
        scope = ConfigScope(names["cfg"])
        assert (scope._source is None) == (request.param == "no source")
        return scope

    make.has_source = request.param == "source"
    return make


def sources_of(entries):
    """The same entries as a dict and as a scope."""
    yield ConfigDict(entries)
    body = "\n".join(f"    {name} = {value!r}" for name, value in entries.items())
    names = {}
    exec(f"def cfg():\n{body}\n", names)
    yield ConfigScope(names["cfg"])


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


# ----------------------------------------------------------------------------------------------------- upstream


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("a = 1\nreturn a", "return a"),
        ("if 1:\n    yield 5", "yield 5"),
        ("x = yield", "yield"),
        ("with open('x'):\n    return {'a': 1}", "return {'a': 1}"),
    ],
)
def test_C1_statements_that_a_scope_cannot_hold(tmp_path, body, text):
    file = tmp_path / "exp.py"
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    file.write_text(f"def cfg():\n{lines}")
    names = {}
    exec(compile(file.read_text(), str(file), "exec"), names)
    with pytest.raises(SyntaxError, match="config scope") as caught:
        ConfigScope(names["cfg"])
    line = 1 + next(n for n, row in enumerate(f"\n{body}".split("\n")) if text in row)
    assert f"{file}:{line}" in str(caught.value)
    assert f"`{text}`" in str(caught.value)
    assert isinstance(caught.value, ScopeError)
    assert isinstance(caught.value, ConfigError)


def test_C1_without_source():
    names = {}
    exec(
        "def gen():\n    a = 1\n    yield a\ndef ret():\n    a = 1\n    return a\nasync def wait():\n    await other()",
        names,
    )
    with pytest.raises(ScopeError, match="yield"):
        ConfigScope(names["gen"])
    with pytest.raises(ScopeError, match="returns a value"):
        ConfigScope(names["ret"])()


def test_scope_source(tmp_path):
    """What is no scope is refused when it is made, with file, line and reason."""
    file = tmp_path / "exp.py"
    file.write_text("async def cfg():\n    a = 1\n    await a\nasync def gen():\n    x = [i async for i in y]\n")
    names = {}
    exec(compile(file.read_text(), str(file), "exec"), names)
    with pytest.raises(ScopeError, match=r"exp.py:3: .*`await a`"):
        ConfigScope(names["cfg"])
    with pytest.raises(ScopeError, match=r"exp.py:5: "):
        ConfigScope(names["gen"])
    with pytest.raises(ScopeError, match="lambda"):
        ConfigScope(lambda: 1)
    for wrong in (print, 5, None, "x", dict):
        with pytest.raises(ScopeSourceError, match="add_config"):
            ConfigScope(wrong)
    for signature, text in (
        ("a=1", "default values"),
        ("*a", r"\*args"),
        ("**a", r"\*\*kwargs"),
        ("*, a=1", "default values"),
    ):
        exec(f"def cfg({signature}): pass", names)
        with pytest.raises(AssertionError, match=f"{text} are not allowed for ConfigScope functions.*cfg"):
            ConfigScope(names["cfg"])
    assert issubclass(ScopeSignatureError, ConfigError)


def test_a_scope_of_a_scope_and_of_wrappers():
    import functools

    def cfg():
        a = 1

    @functools.wraps(cfg)
    def wrapped(*args, **kwargs):
        return cfg(*args, **kwargs)

    assert ConfigScope(ConfigScope(cfg))() == ConfigScope(wrapped)() == {"a": 1}


def test_C2_code_without_source():
    names = {}
    exec("def cfg():\n    a = 1  # doc\n    b = a + 1", names)
    scope = ConfigScope(names["cfg"])
    assert scope({"a": 3}) == {"a": 3, "b": 4}
    assert scope.docs == SEED_DOC


def test_C2_a_file_that_was_changed_meanwhile(tmp_path):
    file = tmp_path / "exp.py"
    file.write_text("def cfg():\n    a = 1\n")
    names = {}
    exec(compile(file.read_text(), str(file), "exec"), names)
    file.write_text("def cfg():\n    a = 2  # another\n")
    scope = ConfigScope(names["cfg"])
    assert scope() == {"a": 1}
    assert scope.docs == SEED_DOC


def test_C2_scopes_of_test_modules_with_assertions():
    def cfg():
        a: int = 1  # documented
        assert a < 10, "too much"

    scope = ConfigScope(cfg)
    assert scope.docs["a"] == "documented"
    assert scope.annotations == {"a": int}
    with pytest.raises(AssertionError, match="too much"):
        scope({"a": 11})


def test_C3_line_numbers(make):
    scope = make("a = 1\n\nb = 2\nc = 1 / 0")
    with pytest.raises(ZeroDivisionError) as caught:
        scope({"b": 3})
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert last.lineno == 5
    if make.has_source:
        assert last.line == "c = 1 / 0"


FACTOR = 3


def test_comprehension(make):
    """Every name that a function body sees resolves, with updates in force."""
    spellings = {
        "[a * i for i in l]": lambda a: [a * 1, a * 2],
        "{k: a for k in 'x'}": lambda a: {"x": a},
        "sum(a for _ in l)": lambda a: 2 * a,
        "(lambda: a)()": lambda a: a,
        "f()": lambda a: a + 1,
        "C.v": lambda a: a,
        "[[a for _ in l] for _ in l]": lambda a: [[a, a], [a, a]],
        "a * FACTOR": lambda a: a * FACTOR,
    }
    for spelling, expected in spellings.items():
        scope = make(
            f"a = 2\nl = [1, 2]\ndef f():\n    return a + 1\nclass C:\n    v = a\nb = {spelling}", FACTOR=FACTOR
        )
        assert scope()["b"] == expected(2)
        assert scope({"a": 10})["b"] == expected(10)


def test_C4_closures_and_locals():
    outer = 5

    def cfg():
        a = outer
        seen = sorted(locals())
        b = [a + outer for _ in range(2)]

    assert ConfigScope(cfg)({"a": 1}) == {"a": 1, "b": [6, 6], "seen": ["a", "outer"]}


def test_C4_a_container_that_holds_itself_is_dropped(make, caplog):
    caplog.set_level("DEBUG", "hallow.config")
    assert make("a = 1\nl = []\nl.append(l)")() == {"a": 1}
    assert "contains itself" in caplog.text


def test_C6_modules_are_no_entries(make):
    SETTINGS.CONFIG.SCOPE_ENTRIES = "all"
    assert make("import math\nm = math\na = math.floor(1.5)")() == {"a": 1}


def test_C7_no_entry_for_annotations(make):
    SETTINGS.CONFIG.SCOPE_ENTRIES = "all"
    assert set(make("a: int = 1")()) == {"a"}


def documented():
    # above first
    first = 1
    second = 2  # inline  # with more
    third: int = 3  # annotated
    text = "# no comment"
    # far above

    fourth, (fifth, [sixth]) = 4, (5, [6])  # tuple
    seventh = eighth = 7  # both
    if first:
        for _ in range(1):
            with open(__file__) as file:
                deep = 1  # deep one

    def inner():
        hidden = 1  # not an entry

    class Hidden:
        attribute = 1  # not one either

    # pylint: disable=all
    ignored = 1  # noinspection PyUnusedLocal
    # block, line 1
    # block, line 2
    block = 1
    second = 3  # repeated
    plain = 5
    multi = [  # opening
        1,  # inside
    ]


def test_C8_docs():
    docs = ConfigScope(documented).docs
    assert docs == {
        **SEED_DOC,
        "first": "above first",
        "second": "inline  # with more",
        "third": "annotated",
        "fourth": "tuple",
        "fifth": "tuple",
        "sixth": "tuple",
        "seventh": "both",
        "eighth": "both",
        "deep": "deep one",
        "block": "block, line 2",
        "multi": "opening",
    }
    SETTINGS.CONFIG.IGNORED_COMMENTS = ["^deep"]
    assert "deep" not in ConfigScope(documented).docs
    assert ConfigScope(documented).docs["ignored"] == "noinspection PyUnusedLocal"


# A comment in every kind of line, next to what only looks like one.
COMMENTED = {
    "plain strings": """
        a = "# no"  # yes
        b = 'it\\'s # no' + "\\"#"  # too
        # above
        c = 1
        """,
    "strings in strings": """
        a = f"{'#'} # no"  # yes
        b = rF'# no {1}'  # too
        # above
        c = 1
        """,
    "strings of several lines": """
        text = '''
        # no comment
        a = 5  # not this one
        '''
        a = 1  # yes
        b = "# no \\
        # nor this"  # too late
        # too
        b = 2
        # above
        c = 1
        """,
    "brackets": """
        a = [  # yes
            "#",
            1,  # one
        ]
        b = dict(  # too
            k=1,
        )
        # above
        c = 1
        """,
    "a docstring": """
        \"\"\"What it is. # no
        a = 1  # no
        # no\"\"\"

        a = 1  # yes
        b = 1  # too
        # above

        c = 1
        # not part of anything
        """,
}


@pytest.mark.parametrize("kind", COMMENTED)
def test_comments_among_strings(make, kind):
    scope = make(textwrap.dedent(COMMENTED[kind]).strip("\n"))
    if make.has_source:
        assert scope.docs == {**SEED_DOC, "a": "yes", "b": "too", "c": "above"}


@pytest.mark.parametrize("end", ['text = """\nless\n"""', "l = [\n1,\n2,\n]", "n: int\n# comment\nm: int"])
def test_the_end_of_a_scope(tmp_path, end):
    """Lines of strings and brackets may have less indentation than the scope; comments count for nothing."""
    lines = end.split("\n")
    body = "\n".join([f"        {lines[0]}", *(line if ":" not in line else f"        {line}" for line in lines[1:])])
    text = f"if True:\n    def cfg():\n        a = 1  # doc\n{body}\n    # outside\n    other = 1\nlast = 2\n"
    (tmp_path / "ending.py").write_text(text)
    names = {}
    exec(compile(text, str(tmp_path / "ending.py"), "exec"), names)
    scope = ConfigScope(names["cfg"])
    assert scope._source is not None
    assert scope.docs["a"] == "doc"
    assert scope.lines["a"] == 3
    assert set(scope({"n": 1, "m": 2})) >= {"a"}
    if "m:" in end:
        assert scope.required == {"n", "m"}
        assert (scope.lines["n"], scope.lines["m"]) == (4, 6)


def test_C9_docs_are_part_of_the_summary():
    assert ConfigScope(documented)().docs["third"] == "annotated"


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


# --------------------------------------------------------------------------------------------------- declarations


def annotated():
    lr: float = 0.1
    mode: Literal["a", "b"] = "a"
    path: str
    out = path + "/out"
    later: NotDefined = 1
    quoted: "int" = 1

    def inner():
        hidden: int = 1


def test_annotations_and_required():
    scope = ConfigScope(annotated)
    assert scope.annotations == {"lr": float, "mode": Literal["a", "b"], "path": str, "quoted": int}
    assert scope.required == {"path"}
    assert scope.lines["lr"] == annotated.__code__.co_firstlineno + 1
    summary = scope({"path": "x"})
    assert summary["out"] == "x/out"
    assert summary.added == set()
    assert ConfigScope(annotated)({}, {"path": "y"})["out"] == "y/out"
    with pytest.raises(MissingValueError, match="path"):
        scope()


def test_required_only_where_nothing_gives_a_value():
    def cfg():
        a: int
        if True:
            a = 1
            b: int

    scope = ConfigScope(cfg)
    assert scope.required == set()
    assert scope() == {"a": 1}
    assert scope({"b": 3}) == {"a": 1, "b": 3}


def test_reads():
    def cfg(given):
        x = 1
        y = x + given
        z = [y for _ in range(2)]
        d = {}
        d["k"] = z
        if x > 0:
            branch = 1
        for i in z:
            total = i
        l = []
        l.append(y)
        lone = 5

    reads = ConfigScope(cfg).reads
    assert reads["y"] == {"x", "given"}
    assert reads["z"] == {"x", "given", "y"}
    assert reads["d"] == {"x", "given", "y", "z"}
    assert reads["branch"] == {"x"}
    assert reads["total"] >= {"z", "y"}
    assert reads["l"] >= {"y"}
    assert reads["lone"] == set()


def test_reads_of_a_long_chain(tmp_path):
    """Each entry computed from the one before: no more work than there are answers."""
    text = "def cfg():\n    k0 = 1\n" + "".join(f"    k{n + 1} = k{n} + 1\n" for n in range(300))
    (tmp_path / "chain.py").write_text(text)
    names = {}
    exec(compile(text, str(tmp_path / "chain.py"), "exec"), names)
    scope = ConfigScope(names["cfg"])
    reads = scope.reads
    assert reads["k300"] == {f"k{n}" for n in range(300)}
    assert scope()["k300"] == 301


def test_attributes():
    def cfg(a, *, b):
        """Text.

        More.
        """
        c = 1

    scope = ConfigScope(cfg)
    assert scope.args == ["a", "b"]
    assert scope.__name__ == "cfg"
    assert scope.__doc__ == cfg.__doc__
    assert scope.file == __file__
    assert scope({}, {"a": 1, "b": 2})["__doc__"] == "Text.\n\nMore.\n"


def test_globals_are_a_copy(make):
    scope = make("global LEVEL\nLEVEL = 5\na = LEVEL", LEVEL=1)
    assert scope() == {"a": 5}
    assert scope.func.__globals__["LEVEL"] == 1


def test_errors_pass(make):
    with pytest.raises(RuntimeError, match="mine"):
        make("a = 1\nraise RuntimeError('mine')")()


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
