"""The JSON form of values and its restoration."""

from __future__ import annotations

import datetime as dt
import enum
import json
import math
import os
import subprocess
import sys
import threading
import uuid
import zoneinfo
from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from records_json import through_json

from hallow.errors import HallowWarning
from hallow.records.encoding import Described, flatten, restore, tag_nonfinite, untag_nonfinite
from hallow.records.updates import Word
from properties import examples


class Color(enum.Enum):
    RED = 1


@dataclass
class Point:
    x: int = 1
    y: tuple = (1, 2)


class Thing:
    def __init__(self):
        self.a = 1


Pair = namedtuple("Pair", "a b")

FORMS = [
    ((1, 2), {"py/tuple": [1, 2]}),
    ({1, 2}, {"py/set": [1, 2]}),
    (frozenset({1}), {"py/reduce": [{"py/type": "builtins.frozenset"}, {"py/tuple": [[1]]}]}),
    (b"abc", {"py/b64": "YWJj"}),
    (1 + 2j, {"py/object": "builtins.complex", "py/newargs": {"py/tuple": [1.0, 2.0]}}),
    (range(1, 5, 2), {"py/reduce": [{"py/type": "builtins.range"}, {"py/tuple": [1, 5, 2]}]}),
    (Decimal("1.5"), {"py/reduce": [{"py/type": "decimal.Decimal"}, {"py/tuple": ["1.5"]}]}),
    (dt.timedelta(1, 2, 3), {"py/reduce": [{"py/type": "datetime.timedelta"}, {"py/tuple": [1, 2, 3]}]}),
    (
        dt.datetime(2020, 1, 2, 3, 4, 5, 6),
        {
            "py/object": "datetime.datetime",
            "__reduce__": [{"py/type": "datetime.datetime"}, ["B+QBAgMEBQAABg=="]],
        },
    ),
    (
        dt.date(2020, 1, 2),
        {"py/object": "datetime.date", "__reduce__": [{"py/type": "datetime.date"}, ["B+QBAg=="]]},
    ),
    (uuid.UUID(int=5), {"py/object": "uuid.UUID", "hex": "00000000000000000000000000000005"}),
    ({3: 1, None: 2, (1, 2): 3}, {"json://3": 1, "json://null": 2, 'json://{"py/tuple": [1, 2]}': 3}),
    (Pair(1, 2), {"py/object": f"{__name__}.Pair", "py/newargs": {"py/tuple": [1, 2]}, "py/seq": [1, 2]}),
]


@pytest.mark.parametrize(("value", "form"), FORMS)
def test_forms_of_the_table(value, form):
    assert flatten(value) == form
    assert through_json(value) == value


@pytest.mark.parametrize("value", [12, 3.14, "x", None, True, [], {}, [1, [2]], {"a": {"b": [None]}}])
def test_json_values_are_unchanged(value):
    assert flatten(value) == value
    assert restore(value) == value


@pytest.mark.parametrize(
    "value",
    [
        Path("/a/b"),
        Path(),
        PureWindowsPath("c:/x"),
        dt.time(1, 2, 3),
        dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc),
        dt.datetime(2020, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=2))),
        dt.datetime(2020, 7, 1, tzinfo=zoneinfo.ZoneInfo("UTC")),
        bytearray(b"x"),
        Fraction(1, 3),
        slice(1, 2),
        ...,
        {"py/tuple": [1], "json://1": 2, "hallow/unstorable": 3},
    ],
)
def test_round_trip(value):
    result = through_json(value)
    assert result == value
    assert type(result) is type(value)


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.dates()
    | st.datetimes()
    | st.timedeltas()
    | st.decimals(allow_nan=False)
    | st.complex_numbers(allow_nan=False)
    | st.uuids()
    | st.fractions(),
    lambda children: (
        st.lists(children, max_size=4)
        | st.tuples(children, children)
        | st.dictionaries(
            st.text() | st.integers() | st.booleans() | st.none() | st.tuples(st.integers(), st.text()),
            children,
            max_size=4,
        )
        | st.sets(st.integers() | st.text(), max_size=3)
        | st.frozensets(st.integers(), max_size=3)
    ),
    max_leaves=12,
)


@examples(150)
@given(plain)
def test_everything_plain_comes_back(value):
    result = through_json(value)
    assert result == value
    assert type(result) is type(value)
    # Once more: what is stored can be stored.
    assert restore(restore(flatten(flatten(value)))) == value


json_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda c: (
        st.lists(c, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "py/object",
                    "py/reduce",
                    "py/tuple",
                    "py/set",
                    "py/id",
                    "py/b64",
                    "py/type",
                    "py/float",
                    "py/state",
                    "__reduce__",
                    "a",
                    "values",
                    "dtype",
                    "shape",
                    "meta",
                    "json://[1]",
                ]
            ),
            c
            | st.sampled_from(
                [
                    "numpy.ndarray",
                    "pandas.DataFrame",
                    "os.system",
                    "float64",
                    "datetime.datetime",
                    "builtins.range",
                ]
            ),
            max_size=4,
        )
    ),
    max_leaves=10,
)


@examples(200)
@given(json_data)
def test_restoring_never_fails(data):
    """What comes back can be stored again, and compared."""
    found = restore(data)
    json.dumps(flatten(found, lambda path, problem: None))
    assert repr(restore(data)) == repr(found)


def test_S1_numbers_that_are_not_finite():
    flat = tag_nonfinite({"a": [math.nan, math.inf, -math.inf, 1.0]})
    assert flat == {"a": [{"py/float": "nan"}, {"py/float": "inf"}, {"py/float": "-inf"}, 1.0]}
    back = restore(flat)["a"]
    assert math.isnan(back[0])
    assert back[1:] == [math.inf, -math.inf, 1.0]
    assert untag_nonfinite(flat)["a"][1:] == [math.inf, -math.inf, 1.0]


def test_S3_shared_containers_are_written_again():
    shared = [1]
    assert flatten({"a": shared, "b": shared, "c": (shared,)}) == {
        "a": [1],
        "b": [1],
        "c": {"py/tuple": [[1]]},
    }


def test_a_value_that_contains_itself():
    loop: list = [1]
    loop.append(loop)
    problems = []
    assert flatten({"l": loop}, lambda path, text: problems.append(path)) == {
        "l": [1, {"hallow/unstorable": "[1, [...]]"}]
    }
    assert problems == ["l[1]"]


def test_S6_restoring_runs_nothing(tmp_path):
    """Records that name code give descriptions; no module is imported, nothing is called."""
    target = tmp_path / "pwned"
    command = f"touch {target}"
    hostile = [
        {"py/reduce": [{"py/function": "os.system"}, {"py/tuple": [command]}]},
        {"py/reduce": [{"py/type": "subprocess.Popen"}, {"py/tuple": [["touch", str(target)]]}]},
        {"py/object": "subprocess.Popen", "args": ["touch", str(target)]},
        {"py/object": "antigravity.X"},
        {"py/type": "antigravity.X"},
        {"py/function": "this.x"},
        {"py/mod": "this/this"},
        {"py/repr": "os/os.system('" + command + "')"},
        {'json://{"py/object": "antigravity.X"}': 1},
        {"py/object": "numpy.ndarray", "dtype": "O", "shape": [1], "values": "gASVIQAAAAAAAACM"},
    ]
    before = set(sys.modules)
    found = [restore(item) for item in hostile]
    assert not target.exists()
    assert not {"antigravity", "this"} & (set(sys.modules) - before)
    assert all(isinstance(item, Described | dict) for item in found)
    assert repr(found[0]) == f"os.system({command!r})"


test_config_code_exec = test_S6_restoring_runs_nothing


def test_python_objects():
    """Enum, path, dataclass instance, function and class have a readable form that needs no class to be read."""
    config = {
        "color": Color.RED,
        "path": Path("x"),
        "point": Point(3),
        "function": os.path.join,
        "cls": Point,
        "thing": Thing(),
    }
    stored = json.dumps(flatten(config))
    script = (
        "import sys, json; from hallow.records.encoding import restore, flatten; text = sys.stdin.read(); "
        "c = restore(json.loads(text)); print(c); assert json.dumps(flatten(c)) == text; "
        "print(c['point'].fields, c['point'].name)"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", script],
        input=stored,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(p for p in sys.path if p.endswith("src")) or os.environ.get("PYTHONPATH", ""),
        },
    )
    assert done.returncode == 0, done.stderr
    assert f"{__name__}.Color(1)" in done.stdout
    assert f"{__name__}.Point(x=3, y=(1, 2))" in done.stdout
    assert "<function posixpath.join>" in done.stdout or "<function ntpath.join>" in done.stdout
    assert f"<class {__name__}.Point>" in done.stdout
    assert "{'x': 3, 'y': (1, 2)}" in done.stdout


def test_lambdas_and_modules_are_named():
    assert flatten(lambda: 1)["py/function"].endswith("<lambda>")
    assert flatten(json) == {"py/mod": "json/json"}
    assert flatten(len) == {"py/function": "builtins.len"}
    assert repr(restore(flatten(json))) == "<module json>"


def test_info_poison():
    """What cannot be stored is replaced by its repr, with one message that names the path."""
    problems = []
    info = {"ok": 1, "bad": threading.Lock(), "nested": {"bad": object(), "$x.y": [2]}}
    flat = flatten(info, lambda path, text: problems.append((path, text)))
    assert flat["ok"] == 1
    assert flat["nested"]["$x.y"] == [2]
    assert "lock" in flat["bad"]["hallow/unstorable"]
    assert [path for path, _ in problems] == ["bad", "nested.bad"]
    assert restore(flat)["bad"].kind == "unstorable"
    with pytest.warns(HallowWarning, match=r"info\.bad: "):
        flatten({"bad": threading.Lock()}, path="info")


class Nasty:
    def __reduce__(self):
        raise RuntimeError("no")

    def __repr__(self):
        raise RuntimeError("no")


def test_values_whose_own_code_fails():
    problems = []
    flat = flatten([Nasty(), 1], lambda path, text: problems.append(text))
    assert flat == [{"hallow/unstorable": f"<{__name__}.Nasty object>"}, 1]
    assert "RuntimeError: no" in problems[0]


def test_deep_nesting_does_not_crash():
    deep: list = []
    for _ in range(5000):
        deep = [deep]
    problems = []
    flatten(deep, lambda path, text: problems.append(text))
    assert problems


def test_R13_iterators_and_files_are_not_consumed(tmp_path):
    numbers = (n for n in [1, 2])
    path = tmp_path / "f"
    path.write_text("abc")
    problems = []
    with path.open() as file:
        flat = flatten({"g": numbers, "f": file, "i": iter([1])}, lambda p, t: problems.append(p))
        assert file.read() == "abc"
    assert list(numbers) == [1, 2]
    assert set(flat) == {"g", "f", "i"}
    assert problems == ["g", "f", "i"]


def test_references_of_old_records():
    assert restore({"a": [1], "b": {"py/id": 1}}) == {"a": [1], "b": [1]}
    assert restore({"a": {"py/tuple": [[5]]}, "b": {"py/id": 1}}) == {"a": ([5],), "b": [5]}
    stamp = {
        "py/object": "datetime.datetime",
        "__reduce__": [{"py/type": "datetime.datetime"}, ["B+QBAgMEBQAABg=="]],
    }
    assert restore({"a": stamp, "b": [1], "c": {"py/id": 2}})["c"] == [1]
    assert restore({"b": {"py/id": 7}})["b"].kind == "reference"


def test_containers_of_other_kinds():
    from types import MappingProxyType

    class MyDict(dict):
        pass

    assert flatten(OrderedDict(a=1)) == {"a": 1}
    assert flatten(MyDict(a=[MyDict()])) == {"a": [{}]}
    assert flatten(MappingProxyType({"a": 1})) == {"a": 1}
    assert type(flatten(Word("x"))) is str
    old = {
        "py/reduce": [
            {"py/type": "collections.OrderedDict"},
            {"py/tuple": []},
            None,
            None,
            {"py/tuple": [{"py/tuple": ["a", 1]}]},
        ]
    }
    assert restore(old) == {"a": 1}


def test_the_result_shares_nothing():
    value = {"a": [1, {"b": 2}]}
    flat = flatten(value)
    value["a"][1]["b"] = 3
    assert flat == {"a": [1, {"b": 2}]}


def test_reading_and_writing_import_little():
    script = (
        "import sys; from hallow.records.encoding import flatten, restore; import hallow.records.jsonfile; "
        "restore(flatten({'a': (1, {2}, b'x')})); print(sorted({'numpy', 'pandas', 'jsonpickle', 'datetime', 'decimal', "
        "'pathlib', 'hallow.records.arrays'} & set(sys.modules)))"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    out = subprocess.check_output([sys.executable, "-S", "-c", script], text=True, env=env)
    assert out.strip() == "[]"
