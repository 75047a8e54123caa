"""Names and encoding in an object store.

::

    ROOT/                            of the URL, such as s3://bucket/folder
      <id>/                          one "directory" per run
        run.json config.json info.json metrics.json cout.txt   as Sacred writes them
        <artifacts>
        .hallow/                     what hallow adds
          layout.json                {"version": 1, "token": ...}; whoever makes it has the id
          started.json               {"version": 1, "token": ...}; whoever makes it starts a queued run
          details/<name>.json        owner, tags, notes, origins, git, ...: one object each
          metrics/<piece>.jsonl      points as they were logged
          output/<piece>             the captured output, UTF-8
          files/<piece>.jsonl        artifacts and resources as they were added
      _sources/<stem>_<md5><ext>
      _resources/<stem>_<md5><ext>
      .hallow/layout.json            {"version": 1, "exclusive": ...}, see below
      .hallow/last_id                the highest number so far, or one before it: a hint that saves listing ROOT

Objects cannot be appended to, so what grows is kept in pieces. A piece is called ``<start>-<end>``, 15 digits each: it
holds what comes after ``start`` and before ``end``, in points, bytes, or files. Reading begins at 0; of the pieces that
begin at the same place the longest counts, pieces that lie within what was read already do not, and a gap is the end.
Each event writes what is new as a piece of its own; 16 small neighbours are merged into one, the merged piece being
written before the others are removed, until a piece has 32 KiB. So every byte is sent a few times at most, one event
never sends more than 512 KiB again, and 10,000 events leave some hundred objects.

``metrics.json`` and ``cout.txt`` are made from the pieces at the end, and before that whenever the run has doubled
since the last time (as long as they have less than a KiB, at every beat). ``run.json`` is written at every event while
it has less than 64 KiB, then as often as that amounts to; ``files`` has what is missing in it until the end.

``exclusive`` says how ids are given away: if true, by creating an object under the condition that there is none
(``If-None-Match: *`` and its like), which the store was seen to observe; otherwise whoever wants to create one
announces that beside it first, and steps back if anybody else has done so. While that is being found out, it is null.

All JSON is strict: numbers that are not finite are ``{"py/float": "nan"}``; in ``metrics.json`` they are bare ``NaN``
and ``Infinity``, which is what readers of Sacred's stores parse. A line of ``metrics`` is ``{"name", "steps", "values",
"times"}`` with times in seconds since 1970; one of ``files`` is ``{"field", "entry"}``, what is listed in ``run.json``
where, and for artifacts ``given``, ``path``, ``md5``, ``metadata`` and ``content_type``.
"""

from __future__ import annotations

import json
import os
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote
from uuid import uuid4

from hallow.errors import ArtifactNameError, StoreError
from hallow.records.encoding import flatten
from hallow.records.jsonfile import dump_json, load_json

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "HINT",
    "LAYOUT_VERSION",
    "OWN",
    "STORE_MARKER",
    "check_artifact_name",
    "check_version",
    "checked_id",
    "detail_name",
    "detail_of",
    "entry_json",
    "id_of",
    "in_json",
    "json_bytes",
    "marker",
    "md5_in",
    "number_of",
    "parsed",
    "stored_name",
]

LAYOUT_VERSION = 1
OWN = ".hallow"
STORE_MARKER = f"{OWN}/layout.json"
HINT = f"{OWN}/last_id"
JSON_TYPE, TEXT_TYPE = "text/json", "text/plain"
RUN_FILES = ("run.json", "config.json", "cout.txt", "metrics.json", "info.json")

# What the document has in other objects than run.json.
_ELSEWHERE = frozenset({"format", "config", "info", "captured_out"})
_DIGEST = re.compile(r"_([0-9a-f]{32})(?:\.[^/]*)?$")
_LONGEST_KEY = 1024  # bytes, in S3 and Google Cloud Storage


def stored_name(filename: str, digest: str) -> str:
    """The name of a content-addressed copy: ``data.csv`` gives ``data_<md5>.csv``."""
    stem, extension = os.path.splitext(os.path.basename(filename))
    return f"{stem}_{digest}{extension}"


def md5_in(stored: Any) -> str | None:
    """The MD5 in the name of a content-addressed copy."""
    found = _DIGEST.search(stored) if isinstance(stored, str) else None
    return found[1] if found else None


# ------------------------------------------------------------------------------------------------------ names


def number_of(name: str) -> int | None:
    """The number that is the name of a run's "directory"; ``None`` for other names."""
    is_number = name.isascii() and name.isdigit() and len(name) < 19 and (name[0] != "0" or name == "0")
    return int(name) if is_number else None


def id_of(name: str) -> Any:
    """The id of the run in a "directory": a number where it is one."""
    number = number_of(name)
    return name if number is None else number


def checked_id(run_id: Any) -> str:
    """The "directory" for an id.

    Raises:
        StoreError: if there can be none of that name.
    """
    name = str(run_id)
    if not name or name[0] in "._" or "/" in name or "\\" in name or not name.isprintable():
        raise StoreError(
            f"a run in an object store cannot have the id {name!r}: the id is part of the names of its objects; use "
            "letters, digits, dashes and underscores, a letter or digit first"
        )
    return name


def check_artifact_name(name: str, key: str) -> None:
    """Refuse a name that an artifact cannot have.

    Args:
        name: within the run.
        key: the whole name of the object.

    Raises:
        ArtifactNameError: (a ``FileExistsError``) naming those that are taken.
    """
    if name in RUN_FILES or name.split("/", maxsplit=1)[0] == OWN:
        raise ArtifactNameError(
            f"an artifact cannot be called {name!r}: the store needs that name itself. Its objects are "
            f"{', '.join(RUN_FILES)}, {OWN}; give the artifact another name"
        )
    if len(key.encode("utf-8", "replace")) > _LONGEST_KEY or "?versionId=" in name:
        raise ArtifactNameError(f"an object store cannot keep an artifact called {name[:80]!r}; give it a short name")


def detail_name(name: str) -> str:
    """The object of a detail, within the run."""
    return f"{OWN}/details/{quote(name, safe='')}.json"


def detail_of(name: str) -> str:
    """The detail that an object holds: the reverse of :func:`detail_name`."""
    return unquote(os.path.basename(name).removesuffix(".json"))


# ----------------------------------------------------------------------------------------------------- encoding


def json_bytes(data: Any) -> bytes:
    """A JSON object of the store."""
    return dump_json(data).encode("ascii")


def parsed(content: bytes | None) -> Any:
    """The data of a JSON object of the store.

    Raises:
        ValueError: if it is damaged.
        RecursionError: if it is nested too deeply.
    """
    return None if content is None else load_json(content.decode("utf-8"))


def in_json(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a document as ``run.json`` has them: times in ISO format, those in ``meta`` flattened."""
    found: dict[str, Any] = {
        key: value.isoformat() if isinstance(value, datetime) else value for key, value in fields.items()
    }
    if isinstance(found.get("meta"), dict):
        found["meta"] = {key: _flat_time(value) for key, value in found["meta"].items()}
    return found


def _flat_time(value: Any) -> Any:
    return flatten(value) if isinstance(value, datetime) else value


def entry_json(document: Mapping[str, Any]) -> bytes:
    """The content of ``run.json``; of a queued run it says neither resources nor artifacts."""
    left_out = _ELSEWHERE | ({"resources", "artifacts"} if document.get("status") == "QUEUED" else set())
    return json_bytes(in_json({key: value for key, value in document.items() if key not in left_out}))


def marker(**facts: Any) -> bytes:
    """The content of an object that says who made it; no other one is equal to it."""
    return json.dumps({"version": LAYOUT_VERSION, **facts, "token": uuid4().hex}).encode("ascii")


def check_version(content: bytes | None, where: str) -> dict[str, Any]:
    """What a marker says.

    Args:
        content: of the marker; ``None`` if there is none, as in what Sacred wrote.
        where: whose marker it is, for the message.

    Raises:
        StoreError: if it is of a newer version, so that nothing may be written.
    """
    try:
        found = parsed(content)
    except (ValueError, RecursionError):
        return {}
    version = found.get("version") if isinstance(found, dict) else None
    if isinstance(version, int) and version > LAYOUT_VERSION:
        raise StoreError(
            f"{where} was written by a newer hallow (layout {version}; this one writes layout {LAYOUT_VERSION}); "
            "update hallow, or record into another store"
        )
    return found if isinstance(found, dict) else {}
