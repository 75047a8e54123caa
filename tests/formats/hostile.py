"""Damage for readers of stored documents: what power cuts, foreign programs and bad people leave on a disk.

Plain functions give every variant with a label, for loops and ``pytest.mark.parametrize``; :func:`damage` and
:func:`values` give the same and random mixtures as hypothesis strategies. Three promises are to be tested with it:

- a reader ends with a value or with one of its own errors, never with another exception, a hang or a full memory;
- what is readable beside the damage is still read;
- nothing in a document is executed, imported, opened or allocated because the document says so. Every bomb makes the
  file ``marker`` if it goes off: see :func:`bombs`.

The folder ``hostile`` holds whole damaged stores.
"""

from __future__ import annotations

import base64
import json
import pickle
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = [
    "PAYLOAD",
    "STORES",
    "Bang",
    "bombs",
    "damage",
    "damaged",
    "escapes",
    "floods",
    "nested",
    "texts",
    "truncated",
    "values",
    "write_payload",
    "wrong_types",
]

#: Whole damaged stores, one per folder. A bomb in them makes the file ``went_off`` in the working directory.
STORES = Path(__file__).resolve().parent / "hostile"
#: A module that no process has imported: :func:`write_payload` makes it importable.
PAYLOAD = "hostile_payload"
DEEP = 200_000

Labelled = Iterator[tuple[str, Any]]


# ------------------------------------------------------------------------------------------------ torn and odd texts


def truncated(document: bytes, every: int = 400) -> Iterator[bytes]:
    """``document`` cut off: everywhere if it is at most ``every`` bytes long, else where something begins or ends.

    Interesting places are next to structure and quotes, behind a backslash, and inside characters of several bytes.
    The empty document is the first; the last lacks its last byte.
    """
    places = set(range(len(document))) if len(document) <= every else _edges(document)
    for place in sorted(places):
        yield document[:place]


def _edges(document: bytes) -> set[int]:
    found = {0, 1, len(document) - 1}
    for place, byte in enumerate(document):
        if byte in b'{}[],:"\\' or byte >= 0x80:
            found |= {place, place + 1}
    return {place for place in found if place < len(document)}


def texts() -> dict[str, bytes]:
    """Documents that are no JSON, hardly JSON, or JSON that few programs understand alike."""
    large = b"9" * 25
    return {
        "empty": b"",
        "blank": b" \n\t ",
        "zeros": b"\0" * 64,
        "text": b"no JSON at all",
        "two documents": b'{"a": 1}{"a": 2}',
        "trailing comma": b'{"a": [1, 2,],}',
        "comment": b'{"a": 1} // one',
        "single quotes": b"{'a': 1}",
        "byte order mark": b'\xef\xbb\xbf{"a": 1}',
        "utf-16": '{"a": 1}'.encode("utf-16"),
        "latin-1": '{"a": "größe"}'.encode("latin-1"),
        "half a character": '{"a": "☃'.encode()[:-1] + b'"}',
        "overlong": b'{"a": "\xc0\xaf"}',
        "encoded surrogate": b'{"a": "\xed\xa0\x80"}',
        "lone surrogate": b'{"a": "\\ud800", "\\udfff": 1}',
        "surrogates swapped": b'{"a": "\\udc00\\ud800"}',
        "nul": b'{"a\\u0000": "\\u0000"}',
        "raw control characters": b'{"a": "\x01\x1f\n"}',
        "bare nan": b'{"a": NaN, "b": [Infinity, -Infinity]}',
        "beyond float": b'{"a": 1e999, "b": -1e999, "c": 1e-999}',
        "beyond 64 bits": b'{"a": ' + large + b', "b": -' + large + b', "c": 18446744073709551616}',
        "thousands of digits": b'{"a": ' + b"7" * 5000 + b"}",
        "duplicate keys": b'{"a": 1, "a": {"b": 2}, "a": []}',
        "minus zero": b'{"a": -0, "b": -0.0}',
        "long key": b'{"' + b"k" * 100_000 + b'": 1}',
        "no object": b'["a"]',
        "a number": b"1",
        "null": b"null",
    }


def nested(depth: int = DEEP) -> dict[str, bytes]:
    """Documents nested ``depth`` levels, closed and cut off in the middle."""
    levels = {
        "lists": (b"[", b"]"),
        "dicts": (b'{"a":', b"}"),
        "tuples": (b'{"py/tuple":[', b"]}"),
        "objects": (b'{"py/object":"a.B","c":', b"}"),
        "reduced": (b'{"py/reduce":[{"py/type":"builtins.list"},', b"]}"),
    }
    found = {name: start * depth + b"1" + end * depth for name, (start, end) in levels.items()}
    return {**found, "never closed": b"[" * depth}


# ------------------------------------------------------------------------------------------------ wrong kinds


def wrong_types(document: dict[str, Any]) -> Labelled:
    """``document`` with each top-level entry missing or of another kind, and things that are no such document."""
    others: list[Any] = [None, True, 0, -1, 2**80, 1.5, float("nan"), "", "text", "2020-02-30T25:61:61", [], {}]
    others += [[[]], [None], ["text"], [[1, 2, 3, 4, 5]], {"a": {}}, {"": None}, {"py/object": "a.B"}, {"$date": "x"}]
    for key in document:
        yield f"no {key}", {name: value for name, value in document.items() if name != key}
        for other in others:
            yield f"{key} is {other!r}", {**document, key: other}
    for other in others:
        yield f"all is {other!r}", other
    yield "every entry is null", dict.fromkeys(document)
    yield "every entry is text", dict.fromkeys(document, "text")
    yield "more entries", {**document, "": 1, "$set": {"a": 1}, "a.b": 2, "__class__": 3, "py/object": "os.system"}


def escapes() -> list[str]:
    """Names that lead out of the folder they are in, or nowhere; for artifacts, sources, resources and ids."""
    return [
        "../../../../etc/passwd",
        "a/../../b",
        "/etc/passwd",
        "//etc/passwd",
        "..",
        ".",
        "",
        "/",
        "a\0b",
        "a\nb",
        "C:\\Windows\\win.ini",
        "..\\..\\b",
        "file:///etc/passwd",
        "~/.bashrc",
        "$HOME/x",
        "a" * 5000,
        "\udc80",
        "run.json",
        ".hallow",
    ]


# ------------------------------------------------------------------------------------------------ bombs


class Bang:
    """Unpickling an instance makes the file it was given."""

    def __init__(self, marker: str) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (self.marker, "w")


def write_payload(folder: Path, marker: str | Path) -> None:
    """Make the module :data:`PAYLOAD` in ``folder``: importing it, or using its class, makes the file ``marker``."""
    source = f"""
        def bang(*args, **kwargs):
            open({str(marker)!r}, "w").close()

        class Bomb(dict):
            def __new__(cls, *args):
                bang()
                return dict.__new__(cls)
            __init__ = __setstate__ = __setattr__ = __setitem__ = bang

        bang()
    """
    lines = [line.removeprefix(" " * 8) for line in source.splitlines()]
    (folder / f"{PAYLOAD}.py").write_text("\n".join(lines).lstrip() + "\n", encoding="utf-8")


def bombs(marker: str | Path) -> dict[str, Any]:
    """Stored values that make the file ``marker`` once a reader calls or imports what they name.

    With jsonpickle most of them go off. Put the payload module on the path (:func:`write_payload`) so that the ones
    that only import have something to import.
    """
    path = str(marker)
    # Without a slash, which parts a module from an expression in one of the tags.
    code = f"open(bytes.fromhex('{path.encode().hex()}').decode(), 'w').close()"
    opened = _reduce("builtins.open", path, "w")
    key = "json://" + json.dumps(opened)
    pickled = base64.b64encode(pickle.dumps(Bang(path))).decode()
    moment = {"py/object": "datetime.datetime", "__reduce__": [{"py/type": "builtins.open"}, [path, "w"]]}
    return {
        "reduce os.system": _reduce("os.system", f"echo > '{path}'"),
        "reduce builtins.open": opened,
        "reduce builtins.exec": _reduce("builtins.exec", code),
        "reduce builtins.eval": _reduce("builtins.eval", code),
        "reduce subprocess.call": _reduce("subprocess.call", ["touch", path]),
        "reduce os.open": _reduce("os.open", path, 0o101),
        "reduce function": {"py/reduce": [{"py/function": "builtins.open"}, {"py/tuple": [path, "w"]}]},
        "reduce shutil.copy": _reduce("shutil.copyfile", "/dev/null", path),
        "reduce pickle.loads": _reduce("pickle.loads", {"py/b64": pickled}),
        "reduce codecs": _reduce("codecs.decode", {"py/b64": "eA=="}, {"py/reduce": opened["py/reduce"]}),
        "reduce in state": {"py/object": "decimal.Decimal", "py/state": opened},
        "reduce in tuple": {"py/tuple": [1, opened]},
        "reduce in set": {"py/set": [opened]},
        "reduce in key": {key: 1},
        "reduce of datetime": moment,
        "newargs": {"py/object": f"{PAYLOAD}.Bomb", "py/newargs": {"py/tuple": [1]}},
        "newargsex": {"py/object": f"{PAYLOAD}.Bomb", "py/newargsex": [[1], {"a": 2}]},
        "initargs": {"py/object": "io.FileIO", "py/initargs": {"py/tuple": [path, "w"]}},
        "object of payload": {"py/object": f"{PAYLOAD}.Bomb", "py/state": {"a": 1}, "b": 2},
        "type of payload": {"py/type": f"{PAYLOAD}.Bomb"},
        "function of payload": {"py/function": f"{PAYLOAD}.bang"},
        "module of payload": {"py/mod": f"{PAYLOAD}/{PAYLOAD}"},
        "repr": {"py/repr": f"builtins/{code}"},
        "iterator": {"py/iterator": [opened]},
        "bytes of pickle": {"py/object": "numpy.ndarray", "dtype": "object", "values": {"py/b64": pickled}},
        "array of pickle": {"py/object": "numpy.ndarray", "dtype": "object", "values": pickled, "shape": [1]},
        "scalar": {"py/object": "numpy.float64", "dtype": "float64", "value": opened},
        "dtype": {"py/object": "numpy.ndarray", "dtype": opened, "values": [1]},
        "frame of reduce": {"py/object": "pandas.DataFrame", "txt": True, "values": json.dumps(opened), "meta": opened},
        "index of reduce": _frame(path, index=json.dumps(opened)),
        "path for url": _frame(path, values=f"file://{path}"),
        "tinydb frame": "{TinyDataFrame}:" + json.dumps(opened),
        "tinydb file": "{TinyFile}:" + json.dumps(path),
        "pickle protocol 0": pickle.dumps(Bang(path), protocol=0).decode("latin-1"),
    }


def _reduce(name: str, *arguments: Any) -> dict[str, Any]:
    return {"py/reduce": [{"py/type": name}, {"py/tuple": list(arguments)}]}


def _frame(path: str, values: str = "a\n1\n", index: str = "[0]") -> dict[str, Any]:
    meta = {"dtypes": {"a": "int64"}, "index": index, "column_level_names": [None], "header": [0]}
    return {"py/object": "pandas.core.frame.DataFrame", "txt": True, "values": values, "meta": meta}


@cache  # a third of a second, for each test module that asks
def _inflating() -> tuple[str, str]:
    """Texts for the values of an array: zeros packed twice, and ones that take a thousand times the room."""
    zeros = zlib.compress(zlib.compress(bytes(20_000_000), 9), 9)
    return base64.b64encode(zeros).decode(), base64.b64encode(zlib.compress(bytes(60_000_000), 9)).decode()


def floods() -> dict[str, Any]:
    """Small stored values that claim to be large, refer to each other in circles, or make no sense."""
    zeros, inflated = _inflating()
    array = {"py/object": "numpy.ndarray", "dtype": "float64"}
    return {
        "shape beyond memory": {**array, "shape": [2**40, 2**20], "byteorder": "<", "values": zeros},
        "inflates": {**array, "shape": [1], "byteorder": "<", "values": inflated},
        "negative shape": {**array, "shape": [-1, -1], "values": []},
        "shape of texts": {**array, "shape": ["a"], "values": [1]},
        "no base64": {**array, "shape": [2], "values": "ä!"},
        "no zlib": {**array, "shape": [2], "values": "AAAA"},
        "wide dtype": {**array, "dtype": "S2000000000", "values": ["a"]},
        "no dtype": {**array, "dtype": "list[int]; import os", "values": [1]},
        "ragged": {**array, "values": [[1], [2, 3], 4]},
        "range": _reduce("builtins.range", 0, 2**62),
        "power": _reduce("decimal.Decimal", "1e999999999"),
        "repeated": _reduce("itertools.repeat", 1),
        "bytearray": _reduce("builtins.bytearray", 2**50),
        "id of itself": {"py/id": 0},
        "id in a circle": {"a": [{"py/id": 1}], "b": {"py/id": 2}},
        "id of none": {"py/id": 10**30},
        "negative id": {"py/id": -1},
        "id of text": {"py/id": "a"},
        "tuple of text": {"py/tuple": "abc"},
        "set of dicts": {"py/set": [{}, []]},
        "bytes of number": {"py/b64": 5},
        "no base64 bytes": {"py/b64": "ä"},
        "empty reduce": {"py/reduce": []},
        "reduce of null": {"py/reduce": None},
        "object of number": {"py/object": 5},
        "object without name": {"py/object": ""},
        "type of list": {"py/type": []},
        "unknown tag": {"py/nothing": 1},
        "key of nothing": {"json://": 1, "json://{": 2, "json://[1]": 3, "json://{}": 4},
        "date out of range": {
            "py/object": "datetime.datetime",
            "__reduce__": [{"py/type": "datetime.datetime"}, ["/////////////w=="]],
        },
        "frame without columns": _frame("", values=""),
        "frame of text": {"py/object": "pandas.DataFrame", "txt": True, "values": "{", "meta": None},
    }


# ------------------------------------------------------------------------------------------------ all together


def damaged(document: dict[str, Any], marker: str | Path) -> Iterator[tuple[str, bytes]]:
    """Every variant of a valid ``document``, as bytes: torn, of wrong kinds, with bombs and floods at every key."""
    good = json.dumps(document, indent=2, sort_keys=True).encode()
    for number, torn in enumerate(truncated(good)):
        yield f"cut {number}", torn
    for label, other in wrong_types(document):
        yield label, json.dumps(other).encode()
    for label, text in {**texts(), **nested()}.items():
        yield label, text
    for label, bad in {**bombs(marker), **floods()}.items():
        yield f"all is {label}", json.dumps(bad).encode()
        for key in document:
            yield f"{key} is {label}", json.dumps({**document, key: bad}).encode()
    yield "every key twice", good[:-1].rstrip() + b", " + json.dumps(dict.fromkeys(document)).encode()[1:]
    yield "line ends", good.replace(b"\n", b"\r\n")
    yield "overwritten by less", b"{}" + good[2:]
    yield "zeros at the end", good + bytes(4096)
    yield "zeros instead", bytes(len(good))
    yield "hole", good[: len(good) // 3] + bytes(len(good) // 3) + good[2 * len(good) // 3 :]


def damage(document: dict[str, Any], marker: str | Path) -> SearchStrategy[bytes]:
    """Strategy: one of the variants of :func:`damaged`, or ``document`` with some bytes changed at random."""
    from hypothesis import strategies as st

    good = json.dumps(document, sort_keys=True).encode()
    variants = [text for _, text in damaged(document, marker) if len(text) < 100_000]
    places = st.integers(0, len(good) - 1)
    changes = st.lists(st.tuples(places, st.integers(0, 3), st.binary(max_size=3)), min_size=1, max_size=4)
    return st.one_of(st.sampled_from(variants), changes.map(lambda some: _changed(good, some)))


def _changed(text: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    for place, removed, added in changes:
        text = text[:place] + added + text[place + removed :]
    return text


def values(marker: str | Path) -> SearchStrategy[Any]:
    """Strategy: stored values of all kinds, harmless and hostile, inside one another; ``json.dumps`` takes them."""
    from hypothesis import strategies as st

    hostile = [*bombs(marker).values(), *(value for value in floods().values() if len(json.dumps(value)) < 10_000)]
    numbers = st.one_of(st.integers(), st.floats(), st.sampled_from([2**63, -(2**63) - 1, 2**64, 10**400]))
    texts_ = st.one_of(st.text(), st.sampled_from(escapes()), st.sampled_from(["{TinyDate}:x", "json://1", "\ud800"]))
    leaves = st.one_of(st.none(), st.booleans(), numbers, texts_, st.sampled_from(hostile))
    tags = ["py/tuple", "py/set", "py/b64", "py/id", "py/object", "py/type", "py/function", "py/reduce", "py/state"]
    keys = st.one_of(st.text(max_size=5), st.sampled_from([*tags, "json://1", "json://[", "dtype", "values", "shape"]))
    return st.recursive(
        leaves, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=4))
    )
