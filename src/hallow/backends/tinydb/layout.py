"""What a TinyDB store looks like on disk.

The folder is one that Sacred's observer and reader, TinyDB and HashFS know::

    ROOT/metadata.json                the document of each run, in the table "runs" of TinyDB 4
    ROOT/hashfs/ab/cd/ef/REST         contents of sources, resources and artifacts, each once, by MD5
    ROOT/.hallow/                     what hallow keeps beside them
        lock                          held by whoever writes to what several runs share
        state.json                    how metadata.json was left, see hallow.backends.tinydb.metadata
        foreign.json                  what others wrote there: ids of their runs, fields that they added to ours
        started.jsonl                 {"number": 3, "id": "..."} of each run, in the order of their starts
        runs/NAME/                    one run; NAME is its id, with %XX for what file names cannot hold
            document.json             {"layout": 1, "number": 3, "id": "...", "log": "changes-XXXX.jsonl" | null,
                                      "document": {...}}
            changes-XXXX.jsonl           changes since, one per line: {"set": {...}, "removed": [...]} or
                                      {"add": "artifacts", "entry": [...]}
            marks.json                the details that lists show: owner, tags, notes
            details.jsonl             all other details, {name: value} per line; the last one counts
            metrics.jsonl             points as they were logged, {"first": 0, "points": [[name, steps, values, times]]}
                                      per line; "first" is the number of the first point within the run
            output.txt                what the run printed

The truth about a run that hallow recorded is in its folder, where a beat costs what is new. ``metadata.json`` is for
other programs: a run is written there when it starts, when it ends, and in between at intervals that double each time
(30 seconds, a minute, two minutes and so on). It keeps neither metrics nor details, because Sacred's format has no
place for them, and of an output beyond a megabyte it has the end.

``document`` has the keys of Sacred's document with values in the form of :func:`~hallow.records.encoding.flatten`; all
files of hallow's own are strict JSON. Entries of files are lists: ``[path, md5, tag]`` of sources and resources,
``[name, path, md5, tag, {"given", "metadata", "content_type"}]`` of artifacts.
"""

from __future__ import annotations

import json
from datetime import datetime
from hashlib import md5
from typing import Any
from urllib.parse import quote, unquote

import hallow
from hallow.backends.tinydb.tags import ARRAY, DATE, FILE, FRAME, SERIES, tagged, untouched, written_date
from hallow.records.encoding import flatten, restore, tag_nonfinite, untag_nonfinite
from hallow.records.jsonfile import strict_json

#: What each run calls its format.
VERSION = f"TinyDbObserver-{hallow.__version__}"

__all__ = [
    "LAYOUT",
    "LISTS",
    "MARKS",
    "METADATA",
    "OWN",
    "TIMES",
    "VERSION",
    "exported",
    "file_tag",
    "from_json",
    "id_of",
    "name_of",
    "to_json",
]

OWN = ".hallow"
METADATA = "metadata.json"
LAYOUT = 1
#: Details that lists of runs show.
MARKS = ("owner", "tags", "notes")
#: Fields of a document that are times.
TIMES = ("start_time", "heartbeat", "stop_time")
#: Fields of a document that grow.
LISTS = ("resources", "artifacts")
_LONGEST_NAME = 180


# ------------------------------------------------------------------------------------------------- names


def name_of(run_id: Any) -> str:
    """The folder name of a run."""
    name = quote(str(run_id), safe=" -_.~()+=,@", errors="surrogatepass")
    if not name or name.startswith("."):
        name = f"%2E{name[1:]}" if name else "%"
    if len(name) > _LONGEST_NAME:
        name = f"{name[:_LONGEST_NAME]}%{md5(name.encode('ascii'), usedforsecurity=False).hexdigest()}"
    return name


def id_of(name: str) -> str:
    """The id in a folder name, for runs that do not say it themselves."""
    return "" if name == "%" else unquote(name, errors="surrogatepass")


def file_tag(content: str) -> str:
    """How an entry refers to a content."""
    return tagged(FILE, json.dumps(content))


# -------------------------------------------------------------------------------------------------- JSON


def to_json(data: Any) -> str:
    """Compact strict JSON in ASCII; times are in ISO format, other objects in that of ``flatten``."""
    return strict_json(data, default=_other)


def _other(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else tag_nonfinite(flatten(value))


def from_json(text: str | bytes) -> Any:
    """The data of :func:`to_json`.

    Raises:
        ValueError: if it is no JSON.
        RecursionError: if it is nested too deeply.
    """
    data = json.loads(text)
    mark = b'"py/float"' if isinstance(text, bytes) else '"py/float"'
    return untag_nonfinite(data) if mark in text else data  # type: ignore[operator]


# ------------------------------------------------------------------------------- the form of other programs


def exported(document: dict[str, Any], captured_out: str) -> dict[str, Any]:
    """A document as ``metadata.json`` has it: plain values, tuples as lists, arrays and times as tagged texts."""
    found = {key: _plain(value) for key, value in document.items() if key not in (*LISTS, "experiment")}
    experiment = document.get("experiment") or {}
    found["experiment"] = {key: _plain(value) for key, value in experiment.items() if key != "sources"}
    found["experiment"]["sources"] = experiment.get("sources", [])
    for key in TIMES:
        if document.get(key) is not None:
            found[key] = _date(document[key])
    found["captured_out"] = untouched(captured_out)
    found["resources"] = document.get("resources", [])
    found["artifacts"] = [entry[:4] for entry in document.get("artifacts", [])]
    return found


def _date(value: Any) -> Any:
    """A time, which may come from a file of ours."""
    try:
        when = datetime.fromisoformat(value) if isinstance(value, str) else value
        return tagged(DATE, written_date(when.replace(tzinfo=None)))
    except (ValueError, AttributeError):
        return value


def _plain(flat: Any) -> Any:
    if isinstance(flat, str):
        return untouched(flat)
    if isinstance(flat, list):
        return [_plain(item) for item in flat]
    if isinstance(flat, datetime):
        return _date(flat)
    if not isinstance(flat, dict):
        return flat
    if any(key.startswith("py/") for key in flat):
        return _untagged(flat)
    return {_plain_key(key): _plain(value) for key, value in flat.items()}


def _plain_key(key: str) -> str:
    """As JSON writes keys that are no text; a tuple has no such form."""
    if not key.startswith("json://"):
        return key
    found = json.loads(key[7:])
    return found if isinstance(found, str) else key if isinstance(found, dict | list) else json.dumps(found)


def _untagged(flat: dict[str, Any]) -> Any:
    """A tagged value in the form that Sacred's serializers give it, if they have one."""
    for tag in ("py/tuple", "py/set"):
        if isinstance(flat.get(tag), list):
            return [_plain(item) for item in flat[tag]]
    try:
        return _serialized(restore(flat), flat)
    except Exception:  # an array of objects, a frame whose index is not unique: they have their other form
        return flat


def _serialized(value: Any, flat: dict[str, Any]) -> Any:
    kind = f"{type(value).__module__.partition('.')[0]}.{type(value).__name__}"
    if isinstance(value, datetime) and value.tzinfo is None:
        return _date(value)
    if kind == "numpy.ndarray":
        return tagged(ARRAY, json.dumps(value.tolist()))
    if kind in ("pandas.DataFrame", "pandas.Series"):
        return tagged(FRAME if kind.endswith("Frame") else SERIES, value.to_json())
    if kind.startswith("pathlib."):
        return str(value)
    return flat
