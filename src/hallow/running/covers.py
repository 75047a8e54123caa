"""Python's own streams, with functions of ours in place of those that write.

The streams stay the objects they are, so that nothing changes for who has a reference to one, asks it for its encoding
or replaces ``sys.stdout``: attributes of an object come before the functions of its class, for Python and for the
classes in C alike.
"""

from __future__ import annotations

import io
import sys
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from hallow.journal.staged import Half

__all__ = ["Cover", "Doors", "doors_for", "is_block_buffered"]


class Doors(NamedTuple):
    """Doors to the half in use.

    Attributes:
        bytes_for: the function that writes bytes in place of that of a buffer.
        text_for: the function that writes text in place of that of a stream.
        turn: ``turn(half)`` takes another one into use, in one step.
        current: the half in use.
    """

    bytes_for: Callable[[io.BufferedWriter], Callable[[Any], int]]
    text_for: Callable[[io.TextIOWrapper], Callable[[str], int]]
    turn: Callable[[Half | None], None]
    current: Callable[[], Half | None]


def doors_for(slow: Callable[[io.BufferedWriter, Any], int], compiled: bool) -> Doors:
    """Make the functions that run for each printed piece: closures, because local variables are fastest.

    No lock is taken. Other threads get a turn only after calls, and between the looking up of ``put`` and its call
    there is none: who has looked it up has written before the half is changed. Where threads run at the same time,
    everything goes through ``slow``.

    Args:
        slow: makes room in the half and writes there, or does without; it takes a lock.
        compiled: whether the halves are, which then encode text themselves.
    """
    put: Callable[[Any], int] = _no_room
    put_text: Callable[[str], int] = _no_room
    half_in_use: Half | None = None
    encode = str.encode
    plain = io.TextIOWrapper.write

    def bytes_for(buffer: io.BufferedWriter) -> Callable[[Any], int]:
        def write(data: Any) -> int:
            try:
                return put(data)
            except ValueError:
                pass
            return slow(buffer, data)

        return write if _has_threads_in_turn() else partial(slow, buffer)

    def text_for(stream: io.TextIOWrapper) -> Callable[[str], int]:
        def write(text: str) -> int:
            try:
                return put_text(text)
            except (ValueError, TypeError):  # no room; no text; or one for which the stream has rules of its own
                pass
            return plain(stream, text)

        def write_encoded(text: str) -> int:
            try:
                size = len(text)  # before, because a class of the user's may do anything in it
                data = encode(text)
                put(data)
                return size
            except (ValueError, TypeError):
                pass
            return plain(stream, text)

        return write if compiled else write_encoded

    def turn(half: Half | None) -> None:
        nonlocal put, put_text, half_in_use
        write = _no_room if half is None else half.write
        write_text = getattr(half, "write_text", _no_room)
        put, put_text, half_in_use = write, write_text, half

    def current() -> Half | None:
        return half_in_use

    return Doors(bytes_for, text_for, turn, current)


def _no_room(_data: Any) -> int:
    raise ValueError("not staged")


# ----------------------------------------------------------------------------------------------------- streams


class Cover:
    """Attributes of a stream and of its buffer that are laid over the functions of their classes.

    Args:
        stream: one that :func:`is_block_buffered`.
        flush: writes out what was given to the functions of the doors; whether it could do so at once.
        drain: does so, however long it takes.
    """

    def __init__(self, stream: io.TextIOWrapper, flush: Callable[[], bool], drain: Callable[[], None]) -> None:
        self.stream = stream
        self._flush = flush
        self._buffer: Any = stream.buffer
        self._drain = drain
        self._laid: list[tuple[Any, str, Any]] = []
        # Whether the stream is to hand everything to the buffer afterwards too.
        self._through = False

    def put_on(self, doors: Doors) -> None:
        """Lay over."""
        stream, buffer = self.stream, self._buffer
        stream.flush()
        write = doors.bytes_for(buffer)
        for name in ("close", "detach"):
            self._lay(buffer, name, self._first_uncovered(buffer, name))
        self._lay(buffer, "flush", self._flush_for())
        self._lay(buffer, "write", write)
        stream.reconfigure(write_through=True)
        for name in ("detach", "reconfigure"):
            self._lay(stream, name, self._first_uncovered(stream, name))
        if _has_threads_in_turn() and _is_utf8(stream) and self._keeps_newlines(write):
            self._lay(stream, "write", doors.text_for(stream))

    def _lay(self, place: Any, name: str, function: Any) -> None:
        setattr(place, name, function)
        self._laid.append((place, name, function))

    def _flush_for(self) -> Callable[[], None]:
        """The function in place of that of the buffer; a closure, because programs flush each line."""
        at_once, drain, plain, buffer = self._flush, self._drain, io.BufferedWriter.flush, self._buffer

        def flush() -> None:
            if not at_once():
                drain()
                plain(buffer)

        return flush

    def _keeps_newlines(self, write: Callable[[Any], int]) -> bool:
        """Whether the stream passes the end of a line on as it is, which it does not tell."""
        seen: list[Any] = []

        def see(data: Any) -> int:
            if seen or bytes(data) not in (b"\n", b"\r\n", b"\r"):
                return write(data)
            seen.append(data)
            return len(data)

        self._buffer.write = see
        try:
            io.TextIOWrapper.write(self.stream, "\n")
        finally:
            self._buffer.write = write
        return seen == [b"\n"]

    def _first_uncovered(self, place: Any, name: str) -> Callable[..., Any]:
        """What may end the stream or make it another one: the functions that write are its own again before."""
        function = getattr(type(place), name)

        def call(*args: Any, **options: Any) -> Any:
            for covered, other, laid in self._laid:
                if other == "write" and (covered is self.stream or covered is place):
                    _take_off(covered, other, laid)
            if options.get("write_through") is not None:
                self._through = bool(options["write_through"])
                options["write_through"] = True
            return function(place, *args, **options)

        return call

    def take_off(self) -> None:
        """Make the stream what it was, but for what the user has changed meanwhile."""
        for place, name, function in reversed(self._laid):
            _take_off(place, name, function)
        self._laid = []
        with suppress(Exception):  # closed, detached, or what it holds cannot be written
            io.TextIOWrapper.reconfigure(self.stream, write_through=self._through)


def _take_off(place: Any, name: str, function: Any) -> None:
    if place.__dict__.get(name) == function:
        delattr(place, name)


def is_block_buffered(stream: Any, number: int) -> bool:
    """Whether a stream is as Python makes it for a descriptor that leads to no terminal."""
    if type(stream) is not io.TextIOWrapper:
        return False
    try:
        buffer: Any = stream.buffer
        return (
            type(buffer) is io.BufferedWriter
            and type(buffer.raw) is io.FileIO
            and not stream.closed
            and stream.fileno() == number
            and not (stream.line_buffering or stream.write_through)
            and not {"write", "flush"}.intersection((*stream.__dict__, *buffer.__dict__))
        )
    except (ValueError, OSError, AttributeError):  # detached, or closed in another way
        return False


def _is_utf8(stream: io.TextIOWrapper) -> bool:
    return stream.encoding.lower().replace("_", "-") in ("utf-8", "utf8")


def _has_threads_in_turn() -> bool:
    """Whether only one thread runs at a time, as all but special builds of Python have it."""
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())
