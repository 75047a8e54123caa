"""Whose documents those in ``metadata.json`` are, after somebody else has written the file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hallow.backends.tinydb.layout import LISTS, TIMES, name_of
from hallow.backends.tinydb.runfolder import RunFolder

__all__ = ["Arranged", "arranged"]

#: Keys of a document of ours.
_KNOWN = {
    *("_id", "format", "command", "config", "meta", "experiment", "host", "status", "result", "fail_trace"),
    *("info", "captured_out", *LISTS, *TIMES),
}
_GOING_ON = ("RUNNING", "QUEUED")


@dataclass
class Arranged:
    """The documents under their numbers.

    Attributes:
        entries: all of them.
        foreign: ids of those that are not ours.
        extras: fields that others have added to ours, by number.
        next: the next number that is free.
    """

    entries: dict[int, Any] = field(default_factory=dict)
    foreign: list[str] = field(default_factory=list)
    extras: dict[str, dict[str, Any]] = field(default_factory=dict)
    next: int = 1

    @property
    def has_foreign(self) -> bool:
        """Whether others have written anything that must stay."""
        return bool(self.foreign or self.extras)


def arranged(root: str, runs: dict[str, Any], numbers: dict[str, int]) -> Arranged:
    """Give ours back their numbers, whatever a program has done to them, and add those that are missing.

    Args:
        root: folder of the store.
        runs: documents by key, as they were found.
        numbers: of our runs, by the name of the folder.
    """
    found = Arranged()
    own = {name: number for name, number in numbers.items() if RunFolder(root, name).has_document()}
    strays: list[tuple[str, Any]] = []
    for key, document in runs.items():
        number = own.get(name_of(document["_id"])) if isinstance(document, dict) and "_id" in document else None
        if number is None:
            strays.append((key, document))
            continue
        found.entries[number] = document
        extras = {name: value for name, value in document.items() if name not in _KNOWN}
        if extras:
            found.extras[str(number)] = extras
    _place(strays, found, set(own.values()))
    for name, number in own.items():
        _refresh(RunFolder(root, name), number, found)
    return found


def _place(strays: list[tuple[str, Any]], found: Arranged, taken: set[int]) -> None:
    """Documents of others keep their numbers, too, if those are free."""
    whole = [int(key) for key, _ in strays if key.isdecimal() and len(key) < 19]
    found.next = max([*taken, *found.entries, *whole, 0]) + 1
    for key, document in strays:
        number = int(key) if key.isdecimal() and len(key) < 19 else 0
        if number < 1 or number in taken or number in found.entries:
            number, found.next = found.next, found.next + 1
        found.entries[number] = document
        if isinstance(document, dict) and "_id" in document:
            found.foreign.append(str(document["_id"]))


def _refresh(folder: RunFolder, number: int, found: Arranged) -> None:
    """Write a run of ours anew that is missing, or that the file takes for going on."""
    document = found.entries.get(number)
    if isinstance(document, dict) and document.get("status") not in _GOING_ON:
        return
    try:
        exported = folder.export(folder.read())
    except (OSError, ValueError, RecursionError):  # the folder is damaged; what the file has is all there is
        return
    found.entries[number] = {**(document or {}), **exported}
