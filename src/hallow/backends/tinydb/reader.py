"""Sacred's way to look at the runs of a TinyDB store: documents, files and reports."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from hallow.backends.tinydb.layout import VERSION
from hallow.errors import MissingExtraError, StoreError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

__all__ = ["TinyDbReader"]

_RULE = "-" * 49


class TinyDbReader:
    """Looks up runs in a TinyDB store, as their documents are in ``metadata.json``.

    Its methods select runs by one of

    - ``query``: a query of TinyDB;
    - ``exp_name``: a regular expression, searched in the name of the experiment;
    - ``indices``: positions in the order of the starts, a number or several; negative ones count from the end.

    If several are given, the first of them in this list counts.

    Args:
        path: folder of the store.

    Attributes:
        db: its TinyDB.
        runs: the table of all runs.
        fs: the contents of files.
        root: the folder.

    Raises:
        StoreError: (an OSError) if there is no such folder.
        MissingExtraError: (an ImportError) without TinyDB; names the extra.
    """

    VERSION = VERSION

    def __init__(self, path: str | os.PathLike[str]) -> None:
        if not os.path.exists(path):
            raise StoreError(f"Path does not exist: {os.fspath(path)}; give the folder of a TinyDB store")
        try:
            from hallow.backends.tinydb.database import get_db_file_manager
        except ImportError as error:
            raise MissingExtraError(
                f'TinyDbReader needs TinyDB ({error}); install it with: pip install "hallow[tinydb]"',
                print_traceback=False,
            ) from error
        self.root = os.fspath(path)
        self.db, self.fs = get_db_file_manager(path)
        self.runs = self.db.table("runs")

    def search(self, query: Any) -> list[Any]:
        """The documents that a query of TinyDB finds."""
        return self.runs.search(query)

    def fetch_metadata(
        self, exp_name: str | None = None, query: Any = None, indices: int | Sequence[int] | None = None
    ) -> list[Any]:
        """The documents of the selected runs.

        Raises:
            ValueError: if nothing selects, or a position is too large.
        """
        if query is not None:
            return self.search(query)
        if exp_name:
            from tinydb import Query

            return self.search(Query().experiment.name.search(exp_name))
        if indices is not None:
            positions = [indices] if isinstance(indices, int) else list(indices)
            return _at(self.runs.all(), positions)
        raise UsageError("say which runs: exp_name, query or indices is needed", print_usage=False)

    def fetch_files(
        self, exp_name: str | None = None, query: Any = None, indices: int | Sequence[int] | None = None
    ) -> list[dict[str, Any]]:
        """The files of the selected runs.

        Returns:
            dicts with ``exp_name``, ``exp_id``, ``date`` and, where there are any, ``sources``, ``resources`` and
            ``artifacts``: name to a file opened for reading in binary mode.

        Raises:
            ValueError: as :meth:`fetch_metadata`.
        """
        return [_files(document) for document in self.fetch_metadata(exp_name, query, indices)]

    def fetch_report(
        self, exp_name: str | None = None, query: Any = None, indices: int | Sequence[int] | None = None
    ) -> list[str]:
        """A text about each of the selected runs.

        Raises:
            ValueError: as :meth:`fetch_metadata`.
        """
        return [_report(document) for document in self.fetch_metadata(exp_name, query, indices)]


def _at(documents: list[Any], positions: list[int]) -> list[Any]:
    count = len(documents)
    for position in positions:
        if not -count <= position < count:
            raise UsageError(
                f"Index value ({position}) must be less than number of records ({count})", print_usage=False
            )
    return [documents[position] for position in positions]


def _files(document: Mapping[str, Any]) -> dict[str, Any]:
    experiment = document.get("experiment") or {}
    found = {"exp_name": experiment.get("name"), "exp_id": document.get("_id"), "date": document.get("start_time")}
    lists = {
        "sources": experiment.get("sources"),
        "resources": document.get("resources"),
        "artifacts": document.get("artifacts"),
    }
    files = {kind: {entry[0]: entry[-1] for entry in entries or ()} for kind, entries in lists.items()}
    return {**found, **{kind: by_name for kind, by_name in files.items() if by_name}}


# ------------------------------------------------------------------------------------------------------ report


def _report(document: Mapping[str, Any]) -> str:
    experiment = document.get("experiment") or {}
    config = document.get("config") or {}
    result = document.get("result")
    parts = {
        "Parameters": [f"{key}: {config[key]}" for key in sorted(config)],
        "Result": [] if result is None else [repr(result)],
        "Dependencies": experiment.get("dependencies") or [],
        "Resources": _names(document.get("resources")),
        "Source Files": _names(experiment.get("sources")),
        "Outputs": _names(document.get("artifacts")),
    }
    head = ["", _RULE, f"Experiment: {experiment.get('name')}", _RULE, f"ID: {document.get('_id')}", _times(document)]
    return "\n".join([*head, *(_part(title, lines) for title, lines in parts.items())]) + "\n"


def _part(title: str, lines: Iterable[str]) -> str:
    text = "\n".join(map(str, lines)) or "None"
    return f"\n{title}:\n" + "\n".join(f"    {line}" for line in text.split("\n"))


def _names(entries: Any) -> list[str]:
    return [entry[0] for entry in entries or ()]


def _times(document: Mapping[str, Any]) -> str:
    """Date and duration; of a run that goes on, until it was last heard of."""
    start = document.get("start_time")
    if start is None:
        return "Date: None    Duration: None"
    stop = document.get("stop_time") or document.get("heartbeat")
    return f"Date: {start:%a %d %b %Y}    Duration: {_duration(start, stop)}"


def _duration(start: datetime, stop: datetime | None) -> str:
    if stop is None:
        return "None"
    tenths = round((stop - start).total_seconds() * 10)
    minutes, tenths = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{tenths / 10:04.1f}"
