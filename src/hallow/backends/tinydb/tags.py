"""Texts that stand for values in ``metadata.json``, such as ``{TinyDate}:2024-02-03T04:05:06.000007``.

Reading them is data only, and a text that makes no sense after its tag stays a text.
"""

from __future__ import annotations

import json
from datetime import datetime
from io import StringIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["ARRAY", "DATE", "FILE", "FRAME", "SERIES", "VALUES", "read_tags", "tagged", "untouched", "written_date"]

DATE, FILE, ARRAY, FRAME, SERIES = "TinyDate", "TinyFile", "TinyArray", "TinyDataFrame", "TinySeries"
_STARTS = tuple(f"{{{tag}}}:" for tag in (DATE, FILE, ARRAY, FRAME, SERIES))


def tagged(tag: str, text: str) -> str:
    """The text that is stored."""
    return f"{{{tag}}}:{text}"


def untouched(text: str) -> str:
    """A text of the user's; one that looks like a tag gets a blank in front, for a reader would fail on it."""
    return f" {text}" if text.startswith(_STARTS) else text


def written_date(when: datetime) -> str:
    """What follows the tag of a time, which is naive and in UTC."""
    # Not strftime: that writes years before 1000 with fewer digits on some systems.
    return when.isoformat(timespec="microseconds")


def read_date(text: str) -> datetime:
    """The time that :func:`written_date` wrote."""
    return datetime.fromisoformat(text)


def read_array(text: str) -> Any:
    """A numpy array of nested lists."""
    import numpy as np

    return np.array(json.loads(text))


def read_frame(text: str) -> Any:
    """A data frame; the text is JSON, never a path or a URL."""
    import pandas as pd

    return pd.read_json(StringIO(text))


def read_series(text: str) -> Any:
    """A Series; see :func:`read_frame`."""
    import pandas as pd

    return pd.read_json(StringIO(text), typ="series")


#: How a value is read that stands behind a tag; files are not among them.
VALUES: Mapping[str, Callable[[str], Any]] = {
    DATE: read_date,
    ARRAY: read_array,
    FRAME: read_frame,
    SERIES: read_series,
}


def read_tags(stored: Any, readers: Mapping[str, Callable[[str], Any]] = VALUES) -> Any:
    """A copy of stored data with values in place of tagged texts.

    Args:
        stored: JSON data.
        readers: by tag; a text with another tag, or whose reader fails, stays as it is.
    """
    if isinstance(stored, dict):
        return {key: read_tags(value, readers) for key, value in stored.items()}
    if isinstance(stored, list):
        return [read_tags(value, readers) for value in stored]
    if isinstance(stored, str) and stored.startswith(_STARTS):
        tag, _, text = stored[1:].partition("}:")
        if tag in readers:
            return _read(readers[tag], stored, text)
    return stored


def _read(reader: Callable[[str], Any], stored: str, text: str) -> Any:
    try:
        return reader(text)
    except Exception:  # whatever a package makes of a hostile text, or that it is not installed
        return stored
