"""Reading ``metadata.json``, whatever state it is in."""

from __future__ import annotations

import json
import os
import re
import time
from dataclasses import dataclass, field
from typing import Any

from hallow.backends.tinydb.layout import METADATA, OWN

__all__ = ["CLOSING", "REWRITE", "Parsed", "read_metadata"]

#: How the file ends, but for blanks.
CLOSING = b"\n}}"
#: The whole new content, as long as the file is given it; in hallow's own folder.
REWRITE = "metadata.rewrite.json"
#: Seconds; a write takes much less.
_PAUSE = 0.002
_TABLE = "runs"
_ENTRY = re.compile(r'"(\d{1,18})"\s*:\s*(?={)')
# A hostile file could make each try a long one.
_MOST_FAILURES = 1000


@dataclass
class Parsed:
    """The content of the file.

    Attributes:
        runs: documents by their key, as stored.
        others: tables that are none of ours, by name.
        problem: what is wrong with the file; ``runs`` then has what could be found.
        data: the bytes of a file with a problem.
    """

    runs: dict[str, Any] = field(default_factory=dict)
    others: dict[str, Any] = field(default_factory=dict)
    problem: str = ""
    data: bytes = field(default=b"", repr=False)


def read_metadata(root: str, last_end: int = 0) -> Parsed:
    """The content of ``metadata.json``, as far as it can be found; somebody may be writing it.

    Args:
        root: folder of the store.
        last_end: where its JSON ended before what was appended last, of which a kill may have left a part.

    Raises:
        OSError: if it cannot be read.
    """
    path = os.path.join(root, METADATA)
    data, before = _content(path), None
    while data != before:
        parsed = _sound(data)
        if parsed is not None:
            return parsed
        time.sleep(_PAUSE)
        before, data = data, _content(path)
    return _repaired(data, last_end, _content(os.path.join(root, OWN, REWRITE)))


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


def _repaired(data: bytes, last_end: int, rewritten: bytes) -> Parsed:
    """The content of a file that nobody is writing, and that is not as it should be."""
    parsed = _sound(rewritten) if rewritten else None
    if parsed is None and last_end > len(CLOSING):
        parsed = _sound(data[: last_end - len(CLOSING)] + CLOSING)
    return _salvaged(data) if parsed is None else parsed


def _sound(data: bytes) -> Parsed | None:
    """The content of a file that is as it should be."""
    if not data.strip():
        return Parsed()
    try:
        tables = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(tables, dict) or not isinstance(tables.get(_TABLE, {}), dict):
        return None
    return Parsed(tables.get(_TABLE, {}), {name: table for name, table in tables.items() if name != _TABLE})


def _salvaged(data: bytes) -> Parsed:
    """The documents that are whole, in a file that is not."""
    text = data.decode("utf-8", "replace")
    decoder = json.JSONDecoder()
    runs: dict[str, Any] = {}
    position = failures = 0
    while failures < _MOST_FAILURES and (match := _ENTRY.search(text, position)):
        try:
            document, position = decoder.raw_decode(text, match.end())
        except (ValueError, RecursionError):
            position = match.end()
            failures += 1
            continue
        if isinstance(document, dict) and "status" in document and ("_id" in document or "experiment" in document):
            runs[match[1]] = document
    problem = f"{METADATA} is damaged: {_complaint(data)}; {len(runs)} runs in it could be read"
    return Parsed(runs, problem=problem, data=data)


def _complaint(data: bytes) -> str:
    try:
        found = json.loads(data)
    except RecursionError:
        return "it is nested too deeply"
    except ValueError as error:
        return str(error)
    return f"it holds a {type(found).__name__} in place of tables"
