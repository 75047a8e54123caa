"""Config files: data only, saved files load back equal, errors that name place and next move."""

from __future__ import annotations

import datetime as dt
import enum
import os
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallow.config import files
from hallow.config.files import get_handler, load_config_file, save_config_file
from hallow.errors import ConfigFileError, ConfigFileNotFoundError
from hallow.records.described import Described
from hallow.settings import SETTINGS
from properties import examples


class Color(enum.Enum):
    RED = 1


CONFIG = {
    "a": 1,
    "t": (1, (2, [3])),
    "s": {1, 2},
    "b": b"x",
    "d": {1: 2, None: 3, (1, 2): 4, "1": 5, False: 0, 1.5: 2},
    "p": Path("/x"),
    "dt": dt.datetime(2020, 1, 2, 3),
    "da": dt.date(2020, 1, 1),
    "n": [float("inf"), {"x": float("-inf")}],
    "dec": Decimal("1.5"),
    "c": 1 + 2j,
    "fs": frozenset([1]),
    "ss": {frozenset([1])},
    "k": {frozenset([1]): 2, "py/x": (1, 2)},
    "e": {},
    "l": [],
    "u": "\u00e9 1e3 no",
    "yes": "yes",
    "z": "1.5",
    "tup": (Path("/y"),),
    "nl": "a\nb\x85\u2028 ",
}

FORMATS = ["conf.json", "conf.yaml", "CONF.YML", "conf.pickle"]


@pytest.fixture(autouse=True)
def _in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", FORMATS)
def test_C35_a_saved_file_loads_back_equal(name):
    SETTINGS.CONFIG.PICKLE_FILES_MAY_RUN_CODE = True
    save_config_file(CONFIG, name)
    loaded = load_config_file(name)
    assert loaded == CONFIG
    assert all(type(loaded[key]) is type(value) for key, value in CONFIG.items())
    assert os.listdir() == [name]


def test_tuples_come_back_from_a_file():
    save_config_file({"t": (1, [(2,)])}, "a.json")
    assert load_config_file("a.json") == {"t": (1, [(2,)])}


@pytest.mark.parametrize("name", ["a.json", "a.yaml"])
def test_C35_arrays(name):
    import numpy as np

    save_config_file({"a": np.arange(3, dtype="float32"), "n": np.float64(0.5)}, name)
    loaded = load_config_file(name)
    assert loaded["a"].tolist() == [0, 1, 2]
    assert loaded["a"].dtype == "float32"
    assert loaded["n"] == 0.5


text = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | text
    | st.binary()
    | st.dates()
    | st.datetimes(timezones=st.none() | st.just(dt.timezone.utc))
    | st.decimals(allow_nan=False),
    lambda c: (
        st.lists(c, max_size=3)
        | st.tuples(c, c)
        | st.dictionaries(
            text | st.integers() | st.booleans() | st.none() | st.tuples(st.integers(), text), c, max_size=3
        )
        | st.sets(st.integers() | text, max_size=3)
        | st.frozensets(text, max_size=2)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize("name", ["a.json", "a.yaml"])
@examples(60)
@given(config=st.dictionaries(text, values, max_size=4))
def test_C35_any_config_comes_back(name, config):
    save_config_file(config, name)
    assert load_config_file(name) == config


def test_json_layout():
    save_config_file({"b": (1,), "a": 2}, "a.json")
    assert Path("a.json").read_text() == '{\n  "a": 2,\n  "b": {\n    "py/tuple": [\n      1\n    ]\n  }\n}'


def test_nan_json_in_a_config_file():
    save_config_file({"a": float("nan")}, "a.json")
    assert '"py/float": "nan"' in Path("a.json").read_text()
    assert load_config_file("a.json")["a"] != load_config_file("a.json")["a"]


def test_files_of_sacred():
    Path("a.json").write_text('{"a": {"py/tuple": [1, 2]}, "b": NaN, "json://3": {"py/set": [1]}}')
    loaded = load_config_file("a.json")
    assert loaded["a"] == (1, 2)
    assert loaded[3] == {1}
    assert loaded["b"] != loaded["b"]


def test_C12_paths_and_upper_case(tmp_path):
    Path("A.JSON").write_text('{"a": 1}')
    assert load_config_file(Path("A.JSON")) == {"a": 1}
    assert load_config_file(tmp_path / "A.JSON") == {"a": 1}


HOSTILE = {
    "a.json": '{"a": {"py/reduce": [{"py/function": "os.system"}, {"py/tuple": ["touch pwned"]}]}}',
    "b.json": '{"a": {"py/object": "antigravity.X", "py/state": [1]}, "json://{\\"py/type\\": \\"antigravity.X\\"}": 1}',
    "c.yaml": "a: !!python/object/apply:os.system ['touch pwned']",
    "d.yaml": "a: !!python/object/new:os.system ['touch pwned']",
    "e.yaml": "a: !!python/name:antigravity.X",
    "f.yaml": "a: !!python/module:antigravity",
    "g.yaml": "a:\n  py/reduce: [{py/function: os.system}, {py/tuple: [touch pwned]}]",
    "h.yaml": "a: !custom 3",
    "l.json": '{"a": {"b": [{"py/set": [{"py/reduce": [{"py/function": "os.system"}, {"py/tuple": ["touch pwned"]}]}]}]}}',
    "m.json": '{"json://{\\"py/reduce\\": [{\\"py/function\\": \\"os.system\\"}, [\\"touch pwned\\"]]}": 1}',
    "n.json": '{"a": {"py/object": "x.Y", "py/state": {"z": {"py/reduce": [{"py/function": "os.system"}, ["x"]]}}}}',
    "i.pickle": "cos\nsystem\n(S'touch pwned'\ntR.",
    "j.pickle": "(S'touch pwned'\nios\nsystem\n.",
    "k.pickle": "cbuiltins\neval\n(S'1'\ntR.",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_config_code_exec(name):
    """No file is able to run code or import a module: it is refused, and an object at most described."""
    Path(name).write_text(HOSTILE[name])
    if name == "b.json":
        assert isinstance(load_config_file(name)["a"], Described)
    else:
        with pytest.raises(ConfigFileError, match=name):
            load_config_file(name)
    assert not Path("pwned").exists()
    assert "antigravity" not in sys.modules


test_C13_config_files_are_data = test_config_code_exec


def test_C13_pickled_objects_need_the_setting():
    plain = {"a": 1, "b": [(1.5, None), {"c": {"d"}}], "e": 2j, "f": b"g"}
    save_config_file(plain, "plain.pickle")
    assert load_config_file("plain.pickle") == plain
    save_config_file({"a": Color.RED}, "a.pickle")
    with pytest.raises(ConfigFileError) as caught:
        load_config_file("a.pickle")
    assert "SETTINGS.CONFIG.PICKLE_FILES_MAY_RUN_CODE" in str(caught.value)
    assert "any code" in str(caught.value)
    SETTINGS.CONFIG.PICKLE_FILES_MAY_RUN_CODE = True
    assert load_config_file("a.pickle") == {"a": Color.RED}
    Path("b.pickle").write_bytes(b"garbage")
    with pytest.raises(ConfigFileError, match="cannot be unpickled"):
        load_config_file("b.pickle")


@pytest.mark.parametrize("name", ["a.json", "a.yaml"])
def test_C14_top_level(name):
    Path(name).write_text("")
    assert load_config_file(name) == {}
    Path(name).write_text("[1]")
    with pytest.raises(ConfigFileError, match=f'"{name}": the top level must be a mapping'):
        load_config_file(name)


def _load(text):
    Path("given.json").write_text(text)
    return load_config_file("given.json")


def test_python_objects():
    """Objects are saved as readable descriptions."""
    save_config_file({"c": Color.RED, "f": os.path.join, "k": Color}, "a.json")
    loaded = load_config_file("a.json")
    assert repr(loaded["c"]).endswith("Color(1)")
    assert loaded["k"].kind == "class"
    with pytest.raises(ConfigFileError, match=r"the entry 'lr' asks for os\.system\('echo'\).*Nothing was run"):
        _load('{"lr": {"py/reduce": [{"py/function": "os.system"}, {"py/tuple": ["echo"]}]}}')
    # A description that is saved again stays what it was.
    save_config_file(loaded, "b.json")
    assert Path("a.json").read_text() == Path("b.json").read_text()


def test_yaml_numbers_and_dates():
    Path("a.yaml").write_text("a: 1e-3\nb: 1.0e-3\nc: 2020-01-01\nd: !!python/tuple [1, 2]\ne: &x [1]\nf: *x\n")
    assert load_config_file("a.yaml") == {
        "a": "1e-3",
        "b": 0.001,
        "c": dt.date(2020, 1, 1),
        "d": (1, 2),
        "e": [1],
        "f": [1],
    }


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.json", b"{\n 'a': 1}", ['"a.json", line 2, column 2', "not JSON"]),
        ("a.yaml", b"b: 1\na: [1", ['"a.yaml", line 2']),
        ("a.json", b'{"a": "\xff"}', ["not UTF-8"]),
        ("a.toml", b"", ['"a.toml"', '".toml"', ".json"]),
        ("a.jsn", b"", ["Did you mean .json?"]),
    ],
)
def test_errors_name_the_place(name, content, words):
    Path(name).write_bytes(content)
    with pytest.raises(ConfigFileError) as caught:
        load_config_file(name)
    assert isinstance(caught.value, ValueError)
    assert all(word in str(caught.value) for word in words)


def test_a_missing_file():
    Path("config.json").write_text("{}")
    with pytest.raises(ConfigFileNotFoundError, match=r'Did you mean "confg\.json"|Did you mean "config\.json"'):
        load_config_file("confg.json")
    with pytest.raises(OSError, match="no folder"):
        save_config_file({}, "nowhere/a.json")
    Path("folder.json").mkdir()
    with pytest.raises(ConfigFileError, match="folder"):
        load_config_file("folder.json")


def test_without_pyyaml(monkeypatch):
    monkeypatch.setattr(files, "_has_yaml", lambda: False)
    assert list(files.HANDLER_BY_EXT) == [".json", ".pickle"]
    with pytest.raises(KeyError, match="PyYAML"):
        get_handler("a.yaml")


def test_handlers(tmp_path):
    assert list(files.HANDLER_BY_EXT) == [".json", ".pickle", ".yaml", ".yml"]
    assert [handler.mode for handler in files.HANDLER_BY_EXT.values()] == ["", "b", "", ""]
    with open("x", "w") as fp:
        get_handler("a.json").dump({"a": (1,)}, fp)
    with open("x") as fp:
        assert get_handler("a.json").load(fp) == {"a": (1,)}
