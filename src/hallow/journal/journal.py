"""The folder of a journal as a whole."""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any

from hallow.journal.events import EventLog
from hallow.journal.layout import (
    EVENTS,
    FILES,
    FORMAT,
    HEADER,
    METRICS,
    OUTPUT,
    OUTPUT_PARTS,
    RECORD_SIZE,
    STATE,
    TEXT,
    VERSION,
)
from hallow.journal.lines import line_of
from hallow.journal.metrics import MetricsLog
from hallow.journal.owner import describe_owner
from hallow.journal.rawfile import read_range, size_of, write_all
from hallow.journal.state import StateFile
from hallow.records.jsonfile import load_json

if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping

__all__ = ["Journal"]


class Journal:
    """What one run logged, printed and did, in a folder on the local disk.

    Made by :meth:`create` for a run that begins, or by :meth:`open` for one that is there.

    Attributes:
        folder: absolute path.
        header: JSON data as :meth:`create` was given it, with ``format``, ``version`` and ``owner``.
        metrics: the points.
        events: everything that has no file of its own.
        state: how far things were at the last beat.
        problems: a sentence for each part of an opened journal that is damaged.
    """

    def __init__(self, folder: str, header: dict[str, Any], logger: logging.Logger | None = None) -> None:
        self.folder = folder
        self.header = header
        self.problems: list[str] = []
        self.metrics = MetricsLog(folder, logger)
        self.events = EventLog(self.path(EVENTS))
        self.state = StateFile(self.path(STATE))
        self._detached = False
        self._numbers = count(1)

    @classmethod
    def create(cls, folder: str, header: Mapping[str, Any], logger: logging.Logger | None = None) -> Journal:
        """Make the folder and the header; everything else is made when it is needed.

        Args:
            folder: must not exist; its parent is made.
            header: about the run and who observes it; values of any kind. An ``owner`` is added, this process.
            logger: see :class:`~hallow.journal.metrics.MetricsLog`.

        Raises:
            OSError: if that is not possible; ``FileExistsError`` if there is such a folder.
        """
        folder = os.path.abspath(folder)
        try:
            os.mkdir(folder)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(folder), exist_ok=True)
            os.mkdir(folder)
        full = {"format": FORMAT, "version": VERSION, "owner": None, **header}
        full["owner"] = full["owner"] or describe_owner()
        line = line_of(full)
        try:
            _write_new(os.path.join(folder, HEADER), line)
        except OSError:
            with suppress(OSError):
                os.rmdir(folder)
            raise
        return cls(folder, load_json(line.decode("ascii")), logger)

    @classmethod
    def open(cls, folder: str, logger: logging.Logger | None = None) -> Journal:
        """A journal that is there, also one that is damaged: see :attr:`problems`. Nothing is written by this.

        The header of a journal without a readable one is empty.
        """
        folder = os.path.abspath(folder)
        header, problems = _header_in(folder)
        journal = cls(folder, header, logger)
        journal.problems = problems
        journal._check_metrics()
        return journal

    def _check_metrics(self) -> None:
        size = size_of(self.path(METRICS))
        spare = read_range(self.path(METRICS), size - size % RECORD_SIZE, RECORD_SIZE)
        if any(spare):  # zeros are space for later records, which a kill may have cut anywhere
            self.problems.append(f"{METRICS} ends with {len(spare)} bytes that are no record")

    def path(self, name: str) -> str:
        """The path of a file in the journal."""
        return os.path.join(self.folder, name)

    def stash(self, filename: str | os.PathLike[str]) -> str:
        """Copy a file or folder into the journal; gives the path of the copy, which has the same base name.

        Whatever the user does with the original later, the copy stays as it is.

        Raises:
            OSError: if it cannot be copied, or after :meth:`detach`.
        """
        from hallow.journal.copying import copied

        if self._detached:
            raise OSError("the journal belongs to another process")
        source = os.path.abspath(os.fspath(filename))
        own = self._folder_of_its_own()
        target = os.path.join(own, os.path.basename(source) or "file")
        try:
            copied(source, target, without=self.folder)
        except BaseException:
            with suppress(OSError):
                os.rmdir(own)
            raise
        return target

    def _folder_of_its_own(self) -> str:
        files = self.path(FILES)
        os.makedirs(files, exist_ok=True)
        for number in self._numbers:
            path = os.path.join(files, str(number))
            with suppress(FileExistsError):
                os.mkdir(path)
                return path
        raise AssertionError("unreachable")

    def last_sign(self) -> float:
        """When the run gave its last sign of life, in seconds since 1970: a beat, a point, something printed."""
        state = self.state.read() or {}
        total = self.metrics.count
        times = [time for points in self.metrics.read(max(0, total - 1), total) for time in points.times]
        signs = [state.get("beat"), (self.header.get("owner") or {}).get("started"), *times]
        for name in (HEADER, EVENTS, OUTPUT, *OUTPUT_PARTS, TEXT):
            with suppress(OSError):
                signs.append(os.stat(self.path(name)).st_mtime)
        return max((float(sign) for sign in signs if isinstance(sign, int | float)), default=0.0)

    def close(self) -> None:
        """No more points; give back space that was reserved for them. The journal stays."""
        self.metrics.close()

    def remove(self) -> None:
        """Delete the folder; parts that are gone already do not matter.

        Raises:
            OSError: if something cannot be deleted.
        """
        if self._detached:
            return
        self.metrics.discard()
        try:
            for name in os.listdir(self.folder):
                os.unlink(os.path.join(self.folder, name))
            os.rmdir(self.folder)
        except FileNotFoundError:
            if not os.path.lexists(self.folder):
                return
            self._remove_all()
        except OSError:  # folders inside, such as copies of artifacts
            self._remove_all()

    def _remove_all(self) -> None:
        from shutil import rmtree

        with suppress(FileNotFoundError):
            rmtree(self.folder)

    def detach(self) -> None:
        """After a fork, in the child: never touch the files again."""
        self._detached = True
        self.metrics.detach()
        self.events.detach()
        self.state.detach()


def _write_new(path: str, data: bytes) -> None:
    """In one write: nobody knows of the folder yet, and who dies here has not logged anything."""
    with open(path, "xb", buffering=0) as file:
        write_all(file.fileno(), data)


def _header_in(folder: str) -> tuple[dict[str, Any], list[str]]:
    """The header of the journal in a folder, and what is wrong with it."""
    path = os.path.join(folder, HEADER)
    try:
        with open(path, encoding="utf-8") as file:
            header = load_json(file.read())
    except OSError as error:
        return {}, [f"the header {HEADER} cannot be read: {error.strerror or error}"]
    except (ValueError, RecursionError) as error:
        return {}, [f"the header {HEADER} is damaged: {error}"]
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        return {}, [f"{HEADER} is not the header of a journal"]
    version = header.get("version")
    if not isinstance(version, int) or version > VERSION:
        return header, [f"the journal has version {version}; this hallow reads versions up to {VERSION}"]
    return header, []
