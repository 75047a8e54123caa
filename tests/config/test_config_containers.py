"""Read-only and dogmatic containers, normal form and comparison of values, keys, origins."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from collections import OrderedDict, namedtuple
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hallow.config
from hallow.config.containers import (
    DogmaticDict,
    DogmaticList,
    ReadOnlyContainer,
    ReadOnlyDict,
    ReadOnlyList,
    dogmatize,
    fallback_dict,
    make_read_only,
    recursive_fill_in,
    undogmatize,
)
from hallow.config.keys import check_key, check_keys
from hallow.config.origins import Origin
from hallow.config.values import is_different, normalise, plain_copy, type_changed
from hallow.errors import ConfigKeyError, ReadOnlyConfigError, SacredError
from hallow.records.updates import Append, Word
from hallow.settings import SETTINGS

CONTENT = {"a": [1, {"b": 2}], "d": {"x": 1}, "t": ([1], 2)}

WRITES = {
    "set item": lambda d, l: d.__setitem__("x", 1),
    "del item": lambda d, l: d.__delitem__("a"),
    "clear": lambda d, l: d.clear(),
    "pop": lambda d, l: d.pop("a"),
    "pop default": lambda d, l: d.pop("none", 1),
    "popitem": lambda d, l: d.popitem(),
    "setdefault": lambda d, l: d.setdefault("a", 1),
    "update": lambda d, l: d.update(x=1),
    "dict ior": lambda d, l: d.__ior__({"x": 1}),
    "list set": lambda d, l: l.__setitem__(0, 1),
    "list set slice": lambda d, l: l.__setitem__(slice(None), [1]),
    "list del": lambda d, l: l.__delitem__(0),
    "append": lambda d, l: l.append(1),
    "extend": lambda d, l: l.extend([1]),
    "insert": lambda d, l: l.insert(0, 1),
    "remove": lambda d, l: l.remove(1),
    "reverse": lambda d, l: l.reverse(),
    "sort": lambda d, l: l.sort(),
    "list pop": lambda d, l: l.pop(),
    "list clear": lambda d, l: l.clear(),
}


@pytest.mark.parametrize("write", WRITES)
def test_read_only(write):
    config = make_read_only(CONTENT)
    with pytest.raises(SacredError, match="The configuration is read-only in a captured function!") as caught:
        WRITES[write](config, config["a"])
    assert caught.value.filter_traceback == "always"
    assert isinstance(caught.value, ReadOnlyConfigError)
    assert config == CONTENT


def test_C27_augmented_assignments():
    """They raise without changing anything, also for lists inside of dicts."""
    config = make_read_only(CONTENT)
    with pytest.raises(ReadOnlyConfigError):
        config |= {"x": 1}
    with pytest.raises(ReadOnlyConfigError):
        config["a"] += [1]
    with pytest.raises(ReadOnlyConfigError):
        config["a"] *= 2
    assert config == CONTENT
    assert type(config["a"]) is ReadOnlyList


def test_read_only_names_path_and_setting():
    config = make_read_only(CONTENT)
    with pytest.raises(ReadOnlyConfigError, match=r'entry "a\[1\]".*READ_ONLY_CONFIG'):
        config["a"][1]["b"] = 3
    with pytest.raises(ReadOnlyConfigError, match='entry "opt.d"'):
        make_read_only(CONTENT, "opt")["d"].clear()


def test_read_only_types():
    config = make_read_only(CONTENT)
    assert isinstance(config, ReadOnlyDict)
    assert isinstance(config, ReadOnlyContainer)
    assert isinstance(config, dict)
    assert type(config["t"]) is tuple
    assert type(config["t"][0]) is ReadOnlyList
    assert repr(config) == repr(CONTENT)
    own = OrderedDict(a=1)
    assert make_read_only(own) is own


def test_read_only_copies():
    config = make_read_only(CONTENT)
    for copied in (copy.copy(config), config.copy(), dict(config), {**config}, config | {}):
        assert type(copied) is dict
        assert type(copied["a"]) is ReadOnlyList
    for copied in (copy.copy(config["a"]), config["a"].copy(), list(config["a"]), config["a"] + [1], config["a"][:]):
        assert type(copied) is list
        assert type(copied[1]) is ReadOnlyDict
    deep = copy.deepcopy(config)
    deep["a"][1]["b"] = deep["t"][0][0] = 9
    assert type(deep["d"]) is dict
    assert config == CONTENT


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_read_only_pickles(protocol):
    config = make_read_only(CONTENT)
    again = pickle.loads(pickle.dumps(config, protocol))
    assert again == CONTENT
    assert type(again) is ReadOnlyDict
    with pytest.raises(ReadOnlyConfigError, match=r'entry "a"'):
        again["a"].append(1)


def test_read_only_dumps():
    config = make_read_only({**CONTENT, "t": [1]})
    assert json.loads(json.dumps(config)) == config
    yaml = pytest.importorskip("yaml")
    assert yaml.safe_load(yaml.safe_dump(config)) == config
    assert yaml.dump(config) == yaml.dump(copy.deepcopy(config))


# ------------------------------------------------------------------------------------------------------ dogmatic


def test_dogmatic_dict():
    d = DogmaticDict({"a": 1, "n": dogmatize({"x": 5}), "l": [1, {"y": 2}]}, {"fb": 7})
    assert "a" not in d
    assert (list(d), len(d)) == ([], 0)
    assert "fb" in d
    assert (d["fb"], d.get("fb")) == (7, 7)
    with pytest.raises(KeyError):
        d["a"]
    d["a"] = 2
    d["n"] = {"x": 1, "z": 2}
    d["b"] = 3
    assert d == {"a": 1, "n": {"x": 5, "z": 2}, "b": 3}
    assert d.fixed["a"] == 1
    assert d.fallback == {"fb": 7}
    assert d.modified == {"a", "n.x"}
    assert d.typechanges == {}
    assert d.revelation() == {"l"}
    assert d["l"] == [1, {"y": 2}]
    d["n"] = "text"
    assert d["n"] == {"x": 5}
    assert d.typechanges == {"n": (str, dict)}
    assert d.revelation() == {"n.x", "l"}


def test_plain_containers_are_fixed_as_a_whole():
    """Only what was made dogmatic is merged."""
    d = DogmaticDict({"n": {"x": 5}, "empty": {}, "l": [1], "m": {"deep": {"y": 1}}})
    d["n"] = {"x": 1, "z": 2}
    d["empty"] = {"x": 1}
    d["l"] = [2, 3]
    assert (d["n"], d["empty"], d["l"]) == ({"x": 5}, {}, [1])
    assert d.modified == {"n", "empty", "l"}
    d["n"]["new"] = 3
    d["l"].append(4)
    assert (d["n"], d["l"]) == ({"x": 5, "new": 3}, [1, 4])
    assert d.revelation() == {"m"}
    assert type(d["m"]["deep"]) is dict


def test_dogmatized_containers_are_merged():
    d = dogmatize({"n": {"x": 5, "deep": {"y": 1, "z": {}}}, "other": {"k": 1}})
    d["n"] = {"x": 1, "new": 2, "deep": {"y": 3, "q": 4}}
    assert d["n"] == {"x": 5, "new": 2, "deep": {"y": 1, "q": 4}}
    assert d.modified == {"n.x", "n.deep.y"}
    assert d.revelation() == {"n.deep.z", "other", "other.k"}
    assert d["other"] == {"k": 1}
    assert undogmatize(d) == {"n": {"x": 5, "new": 2, "deep": {"y": 1, "q": 4, "z": {}}}, "other": {"k": 1}}


def test_dogmatic_copies_are_plain():
    d = DogmaticDict({"a": 1, "n": dogmatize({"x": 5})})
    d.update(a=2, n={})
    d["n"]["x"] = 1
    for copied in (d.copy(), dict(d), copy.copy(d), copy.deepcopy(d), pickle.loads(pickle.dumps(d)), d | {}):
        assert type(copied) is dict
        assert copied == {"a": 1, "n": {"x": 5}}
    assert type(copy.deepcopy(d)["n"]) is dict
    assert json.loads(json.dumps(d)) == d


def test_C37_removing():
    d = DogmaticDict({"a": 1})
    d.update(a=2, b=3, c=4)
    assert d.pop("c") == 4
    assert d.popitem() == ("b", 3)
    with pytest.raises(KeyError):
        d.popitem()
    assert d.pop("a") == 1
    with pytest.raises(KeyError):
        d.pop("zz")
    with pytest.raises(KeyError):
        del d["zz"]
    d.clear()
    assert d == {"a": 1}


def test_C10_dogmatic_list():
    l = dogmatize([1, {"a": 2}])
    assert type(l) is DogmaticList
    assert l.pop() is l[1]
    assert l.pop(0) == 1
    l.append(3)
    l += [4]
    l *= 2
    l[0] = 9
    del l[0]
    assert len(l) == 2
    assert l.revelation() == set()
    assert type(copy.deepcopy(l)) is list
    assert type(pickle.loads(pickle.dumps(l))) is list


def test_dogmatize_and_back():
    value = {"a": 1, "l": [1, {"b": 2}], "t": (1, [2])}
    dogmatic = dogmatize(value)
    assert type(dogmatic) is DogmaticDict
    assert set(dogmatic.fixed) == set(value)
    assert dogmatic == {}
    assert dogmatic.revelation() == {"a", "l", "t"}
    plain = undogmatize(dogmatic)
    assert plain == value
    assert type(plain) is dict
    assert type(plain["l"]) is list


def test_filling_in():
    config, preset = {"a": 1, "d": {"x": 1}}, {"a": 2, "b": 3, "d": {"y": [1]}}
    assert recursive_fill_in(config, preset) is None
    assert config == {"a": 1, "b": 3, "d": {"x": 1, "y": [1]}}
    assert config["d"]["y"] is not preset["d"]["y"]
    assert fallback_dict({"a": 1}, b=2) == {"a": 1, "b": 2}


def test_public_names_are_loaded_on_first_use():
    for name in hallow.config.__all__:
        assert getattr(hallow.config, name).__name__ == name
    with pytest.raises(AttributeError):
        hallow.config.nope
    code = (
        "import sys, hallow.config; print([n for n in sys.modules if n.startswith('hallow.')], 'numpy' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "['hallow.config'] False\n"


# -------------------------------------------------------------------------------------------------------- values

Point = namedtuple("Point", "x y")


def test_normal_form():
    value = OrderedDict(a=(1, [Word("w")]), b=make_read_only({"c": [1]}), p=Point([1], 2), s={1}, l=Append([1]))
    result = normalise(value)
    assert result == {"a": (1, ["w"]), "b": {"c": [1]}, "p": Point([1], 2), "s": {1}, "l": [1]}
    assert type(result) is type(result["b"]) is dict
    assert type(result["b"]["c"]) is list
    assert type(result["a"][1][0]) is str
    assert type(result["p"]) is Point
    SETTINGS.use_profile("sacred")
    assert normalise(value)["p"] == [[1], 2]


def test_normal_form_of_a_container_that_holds_itself():
    value = {"a": []}
    value["a"].append(value)
    with pytest.raises(ValueError, match="contains itself"):
        normalise(value)
    twice = [1]
    assert normalise([twice, twice]) == [[1], [1]]


def test_plain_copy():
    shared = object()
    value = {"a": [1, (2, [shared])], "p": Point([1], 2), "r": make_read_only({"x": [1]})}
    copied = plain_copy(value)
    assert copied == value
    copied["a"][1][1].append(3)
    copied["p"].x.append(3)
    copied["r"]["x"].append(3)
    assert value == {"a": [1, (2, [shared])], "p": Point([1], 2), "r": {"x": [1]}}
    assert copied["a"][1][1][0] is shared
    assert type(copied["r"]) is dict


class Raising:
    def __eq__(self, other):
        raise RuntimeError("no comparison")

    __hash__ = None


class Tensor:
    """Compares element by element, like arrays of libraries that are not known here."""

    def __eq__(self, other):
        return self

    def __bool__(self):
        raise RuntimeError("the truth value is ambiguous")

    __hash__ = None


NAN = float("nan")


@pytest.mark.parametrize(
    ("old", "new", "different"),
    [
        (1, 1, False),
        (1, 2, True),
        (1, 1.0, False),
        (NAN, float("nan"), False),
        (NAN, 1.0, True),
        ([NAN], [float("nan")], False),
        ([1, 2], [1, 3], True),
        ([], [], False),
        ([1], (1,), False),
        ([1], [1, 2], True),
        ({"a": [1]}, {"a": [1]}, False),
        ({"a": 1}, {"b": 1}, True),
        ({1, 2}, {2, 1}, False),
        ("a", "a", False),
        (None, None, False),
        (None, 0, True),
        (Raising(), Raising(), True),
        (Raising(), 1, True),
        (Tensor(), Tensor(), True),
        ([Tensor()], [1], True),
        (Decimal(1), Decimal(1), False),
        (b"a", b"a", False),
        (int, int, False),
        (Word("a"), "a", False),
    ],
)
def test_is_different(old, new, different):
    assert is_different(old, new) is different
    assert is_different(new, old) is different
    assert not is_different(old, old)


def test_numpy_config():
    """Change detection never raises, and never asks for the truth of an array."""
    numpy = pytest.importorskip("numpy")
    pandas = pytest.importorskip("pandas")
    SETTINGS.CONFIG.LIST_UPDATES = False
    array, frame = numpy.array([1.0, NAN]), pandas.DataFrame({"x": [1, 2]})
    values = [
        array,
        array + 1,
        numpy.zeros((2, 2)),
        numpy.array(["a"]),
        numpy.array([{}]),
        frame,
        frame + 1,
        frame["x"],
    ]
    values += [numpy.float32("nan"), numpy.int64(3), Raising(), Tensor(), NAN, None, 1, "a", [1, 2], {"a": array}]
    for number, old in enumerate(values):
        for other, new in enumerate(map(copy.deepcopy, values)):
            if not isinstance(old, Raising | Tensor) and number == other:
                assert is_different(old, new) is False, (old, new)
            elif {number, other} != {8, 12}:  # both are nan
                assert is_different(old, new) is True, (old, new)
            for source in (hallow.config.ConfigDict({"v": old}), hallow.config.ConfigScope(_says(old))):
                assert source({"v": new})["v"] is new or isinstance(new, dict | list)
    assert not is_different(numpy.array([1, 2]), [1, 2])
    assert not type_changed(numpy.float64(1), 1.0)
    assert not type_changed(numpy.int32(1), 1)
    assert not type_changed(numpy.bool_(True), False)
    assert type_changed(numpy.array([1]), [1])


def _says(value):
    def cfg():
        v = value

    return cfg


def test_type_changes():
    assert type_changed(1, 1.0)
    assert type_changed(1, True)
    assert type_changed(1, None)
    assert not type_changed(None, 1)
    assert not type_changed((1,), [1])
    assert not type_changed({}, make_read_only({}))
    assert not type_changed([], dogmatize([]))


NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(NESTED, st.booleans())
def test_normalising_twice_changes_nothing(value, keep):
    SETTINGS.CONFIG.KEEP_TYPES = keep
    once = normalise(value)
    assert repr(normalise(once)) == repr(once)
    assert not is_different(once, normalise(once))
    assert not is_different(value, once)
    assert repr(plain_copy(value)) == repr(value)
    assert repr(copy.deepcopy(make_read_only(value))) == repr(value)


# ---------------------------------------------------------------------------------------------------------- keys


@pytest.mark.parametrize(
    ("key", "setting"),
    [
        ("a.b", "ENFORCE_KEYS_MONGO_COMPATIBLE"),
        ("$a", "ENFORCE_KEYS_MONGO_COMPATIBLE"),
        ("py/object", "ENFORCE_KEYS_JSONPICKLE_COMPATIBLE"),
        ("json://1", "ENFORCE_KEYS_JSONPICKLE_COMPATIBLE"),
        ("a b", "ENFORCE_VALID_PYTHON_IDENTIFIER_KEYS"),
        ("ä", "ENFORCE_VALID_PYTHON_IDENTIFIER_KEYS"),
        (1, "ENFORCE_STRING_KEYS"),
        ("a=b", "ENFORCE_KEYS_NO_EQUALS"),
    ],
)
def test_keys(key, setting):
    for name in ("MONGO_COMPATIBLE", "JSONPICKLE_COMPATIBLE"):
        SETTINGS.CONFIG[f"ENFORCE_KEYS_{name}"] = False
    SETTINGS.CONFIG.ENFORCE_KEYS_NO_EQUALS = False
    check_keys({"d": [{key: 1}]})
    SETTINGS.CONFIG[setting] = True
    with pytest.raises(ConfigKeyError, match=setting) as caught:
        check_keys({"d": [{key: 1}]})
    assert repr(key) in str(caught.value)
    assert 'in "d[0]"' in str(caught.value)
    with pytest.raises(KeyError):
        check_key(key)


def test_keys_of_a_container_that_holds_itself():
    """It is gone through once."""
    value = {}
    value["a"] = value
    check_keys(value)
    value["b"] = [{"": 1}]
    with pytest.raises(ConfigKeyError, match=r'in "b\[0\]"'):
        check_keys(value)


# ------------------------------------------------------------------------------------------------------- origins


def test_origins():
    assert Origin("scope", "/x/exp.py", 12, "cfg").describe() == "exp.py:12 (scope cfg)"
    assert Origin("file", "conf.json").describe() == "file conf.json"
    assert Origin("named config", name="big").describe() == "named config big"
    assert Origin("command line").describe() == "command line"
    origin = Origin("update", before=1, before_at=Origin("dict"))
    assert pickle.loads(pickle.dumps(origin)) == origin
