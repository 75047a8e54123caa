"""Writing ``metadata.json``: one run at a time, at a cost that does not depend on how many there are.

Every document is a line of its own::

    {"runs": {
    "1": {...},
    "2": {...}
    }}

A document is appended in place of the closing brackets, by one call of the system. One that is written anew is
appended as well: of equal keys in an object, every reader takes the last. When what is superseded outweighs the rest,
the file is written afresh. Behind the JSON there are blanks, so that the file does not change its size as long as a
document fits in there, and who reads it meanwhile finds it as it was or as it is then.

How the file was left is noted in ``.hallow/state.json``. If it is not as it was left, somebody else has written it, or
was killed while doing so: then it is read as a whole, repaired, and written afresh. Nothing of it is dropped; a file
that is damaged is kept under another name.

A file that is written afresh takes the place of the old one in one step. Only where other programs write as well, the
old one gets the new content: a process of Sacred has it open for as long as its run goes on.
"""

from __future__ import annotations

import json
import logging
import os
import re
from contextlib import suppress
from dataclasses import asdict, dataclass
from errno import ENOSPC
from typing import TYPE_CHECKING, Any

from hallow.backends.tinydb.arranging import Arranged, arranged
from hallow.backends.tinydb.layout import LAYOUT, METADATA, OWN, to_json
from hallow.backends.tinydb.parsing import CLOSING, REWRITE, Parsed, read_metadata
from hallow.backends.tinydb.started import StartedRuns
from hallow.errors import StoreError
from hallow.records.jsonfile import read_json, replace_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Metadata", "State", "read_state"]

_log = logging.getLogger("hallow.store")
_HEAD = b'{"runs": {'
_LINE = re.compile(rb'"(\d+)": ')
#: Bytes of blanks behind the JSON.
_ROOM = 1 << 14
#: Bytes of ``state.json``, so that a longer state leaves nothing of itself behind a shorter one.
_STATE_SIZE = 300
#: Bytes of superseded documents that are never worth writing the file afresh.
_TOLERATED = 1 << 20


@dataclass
class State:
    """How the file was left.

    Attributes:
        inode: of the file.
        size: in bytes, with the blanks.
        mtime_ns: when it was changed last.
        end: where the JSON ends.
        entries: how many lines of documents there are.
        superseded: how many bytes of them do not count any more.
        next: the next number that is free.
        foreign: whether ``foreign.json`` says anything.
        layout: version of the layout.
    """

    inode: int
    size: int
    mtime_ns: int
    end: int
    entries: int
    superseded: int
    next: int
    foreign: bool = False
    layout: int = LAYOUT

    def is_of(self, found: os.stat_result) -> bool:
        """Whether nobody has written the file since."""
        return (self.inode, self.size, self.mtime_ns) == (found.st_ino, found.st_size, found.st_mtime_ns)


def read_state(root: str) -> State | None:
    """How the file was left; ``None`` if that is not known.

    Raises:
        StoreError: if the store has a newer layout than this version knows.
    """
    try:
        stored = read_json(os.path.join(root, OWN, "state.json"))
        state = State(**stored) if stored["layout"] <= LAYOUT else None
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    if state is None:
        raise StoreError(
            f"the TinyDB store {root!r} was written by a newer version of hallow (layout {stored['layout']}, this "
            f"version knows {LAYOUT}); install that version to write to it",
            print_traceback=False,
        )
    return state if all(isinstance(value, int) for value in asdict(state).values()) else None


class Metadata:
    """``metadata.json`` for those who write it. Every method is for the one who has the lock of the store.

    Args:
        root: folder of the store.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self.path = os.path.join(root, METADATA)
        self.started = StartedRuns(root)

    def new_number(self) -> int:
        """A number that no run has or had.

        Raises:
            OSError: if the store cannot be written.
        """
        return max(self._state().next, self.started.last() + 1)

    def has_foreign(self, run_id: Any) -> bool:
        """Whether a run of this id was recorded by another program."""
        return self._state().foreign and str(run_id) in self._foreign().get("ids", [])

    def put(self, number: int, document: dict[str, Any], superseded: int = 0) -> int:
        """Write the document of a run, in place of an earlier one.

        Args:
            number: of the run.
            document: in the form of :func:`~hallow.backends.tinydb.layout.exported`.
            superseded: size of the earlier one, as this method gave it.

        Returns:
            the size in bytes.

        Raises:
            OSError: if it cannot be written.
        """
        state = self._state()
        if state.foreign:
            document = {**self._foreign().get("extras", {}).get(str(number), {}), **document}
        line = _line(number, document)
        with open(self.path, "r+b", buffering=0) as file:
            self._append(file, state, (b"," if state.entries else b"") + b"\n" + line + CLOSING)
            state.entries += 1
            state.superseded += superseded
            state.next = max(state.next, number + 1)
            self._leave(state, os.fstat(file.fileno()))
        if state.superseded > max(_TOLERATED, state.end - state.superseded):
            self._rewrite(state, self._lines(without=None))
        return len(line)

    def number_of(self, document: Any) -> int | None:
        """The number of a document of another program, as it was read; it may have had none that TinyDB takes.

        Raises:
            OSError: if the file cannot be read.
        """
        self._state()
        wanted = json.dumps(document)  # in which, other than in Python, NaN is equal to itself
        runs = read_metadata(self.root).runs.items()
        return next((int(key) for key, stored in runs if json.dumps(stored) == wanted), None)

    def remove(self, number: int) -> None:
        """Remove the document of a run; one that is not there is none to remove.

        Raises:
            OSError: if the file cannot be written.
        """
        state = self._state()
        self._rewrite(state, self._lines(without=number))

    def settle(self) -> State:
        """Read the whole file, repair it if need be, and write it afresh.

        Raises:
            OSError: if that is not possible.
        """
        known = read_state(self.root)
        parsed = read_metadata(self.root, known.end if known else 0)
        if parsed.problem:
            self._set_aside(parsed)
        found = arranged(self.root, parsed.runs, self.started.numbers())
        self._write_foreign(found)
        lines = [_line(number, found.entries[number]) for number in sorted(found.entries)]
        head = b"".join(f"{json.dumps(name)}: {json.dumps(table)}, ".encode() for name, table in parsed.others.items())
        state = State(0, 0, 0, 0, 0, 0, max(found.next, known.next if known else 1), found.has_foreign)
        return self._rewrite(state, lines, b"{" + head + _HEAD[1:])

    # ------------------------------------------------------------------------------------------------- state

    def _state(self) -> State:
        """How the file is; it is repaired first if that is not known."""
        state = read_state(self.root)
        with suppress(FileNotFoundError):
            if state is not None and state.is_of(os.stat(self.path)):
                return state
        return self.settle()

    def _leave(self, state: State, found: os.stat_result) -> State:
        state.inode, state.size, state.mtime_ns = found.st_ino, found.st_size, found.st_mtime_ns
        path = os.path.join(self.root, OWN, "state.json")
        text = to_json(asdict(state)).encode("ascii").ljust(_STATE_SIZE)
        try:
            # In place, which costs a tenth. If it is cut off, the file is read as a whole.
            with open(path, "r+b", buffering=0) as file:
                file.write(text)
        except FileNotFoundError:
            replace_file(path, text)
        return state

    def _foreign(self) -> dict[str, Any]:
        try:
            found = read_json(os.path.join(self.root, OWN, "foreign.json"))
        except (OSError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def _write_foreign(self, found: Arranged) -> None:
        path = os.path.join(self.root, OWN, "foreign.json")
        if found.has_foreign:
            replace_file(path, to_json({"ids": found.foreign, "extras": found.extras}).encode("ascii"))
        else:
            with suppress(FileNotFoundError):
                os.unlink(path)

    # ------------------------------------------------------------------------------------------------ writing

    def _append(self, file: Any, state: State, text: bytes) -> None:
        """Put ``text`` in place of the closing brackets, and as many blanks behind as it took."""
        position = state.end - len(CLOSING)
        added = len(text) - len(CLOSING)
        fits = position + len(text) <= state.size
        if not fits:
            self._add_blanks(file, state, added)
        try:
            self._write_at(file, position, text)
        except OSError:
            self._write_at(file, position, CLOSING + b" " * added)
            raise
        state.end = position + len(text)
        if fits:
            with suppress(OSError):  # the document is there; the next one has less room
                self._add_blanks(file, state, added)

    def _add_blanks(self, file: Any, state: State, count: int) -> None:
        try:
            self._write_at(file, state.size, b" " * count)
        except OSError:
            file.truncate(state.size)
            raise
        state.size += count

    def _write_at(self, file: Any, position: int, data: bytes) -> None:
        file.seek(position)
        if file.write(data) != len(data):
            raise OSError(ENOSPC, "only a part could be written", self.path)

    def _lines(self, without: int | None) -> Iterator[bytes]:
        """The lines that count, without their ends."""
        places: dict[int, tuple[int, int]] = {}
        with open(self.path, "rb") as file:
            start = 0
            for line in file:
                match = _LINE.match(line)
                if match:
                    places[int(match[1])] = (start, len(line.rstrip(b",\n")))
                start += len(line)
            places.pop(without, None)  # type: ignore[arg-type]
            for start, size in places.values():
                file.seek(start)
                yield file.read(size)

    def _head(self) -> bytes:
        with open(self.path, "rb") as file:
            return file.readline().rstrip(b"\n")

    def _rewrite(self, state: State, lines: Iterable[bytes], head: bytes | None = None) -> State:
        """Write the file afresh."""
        text = self._head() if head is None else head
        making = os.path.join(self.root, OWN, REWRITE)
        temporary = f"{making}.tmp"
        state.entries = state.superseded = 0
        try:
            with open(temporary, "wb") as file:
                file.write(text)
                for line in lines:
                    file.write((b"," if state.entries else b"") + b"\n" + line)
                    state.entries += 1
                file.write(CLOSING)
                state.end = file.tell()
                file.write(b" " * _ROOM)
            if state.foreign or _is_empty(self.path):
                self._fill(temporary, making)
            else:
                self._take_the_place(temporary)
        finally:
            with suppress(OSError):
                os.unlink(temporary)
        return self._leave(state, os.stat(self.path))

    def _take_the_place(self, temporary: str) -> None:
        with suppress(FileNotFoundError):
            os.chmod(temporary, os.stat(self.path).st_mode & 0o777)
        os.replace(temporary, self.path)
        with suppress(FileNotFoundError):  # of a process that was killed while it filled the file
            os.unlink(os.path.join(self.root, OWN, REWRITE))

    def _fill(self, temporary: str, making: str) -> None:
        """Give the old file the new content; if that is cut short, readers find it in :data:`REWRITE`."""
        os.replace(temporary, making)
        with open(making, "rb") as new:
            data = new.read()
        with open(self.path, "r+b", buffering=0) as file:
            self._write_at(file, 0, data)
            file.truncate(len(data))
        os.unlink(making)

    def _set_aside(self, parsed: Parsed) -> None:
        """Keep a damaged file."""
        number = 1
        while os.path.exists(place := f"{self.path}.damaged-{number}"):
            number += 1
        replace_file(place, parsed.data)
        _log.warning("%s. The file as it was is kept as %s", parsed.problem, place)


def _is_empty(path: str) -> bool:
    """Whether somebody has only opened it, and may have it open still."""
    try:
        return os.path.getsize(path) == 0
    except FileNotFoundError:
        return False


def _line(number: int, document: Any) -> bytes:
    # Not strict: TinyDB reads and writes numbers that are not finite like this, and old readers expect floats.
    return b'"%d": %s' % (number, json.dumps(document).encode("ascii"))
