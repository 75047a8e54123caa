"""Python's own streams, teed: what is written to ``sys.stdout`` and ``sys.stderr`` is also captured."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

from hallow.running.context import current_run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hallow.running.capture import CapturedStdout


class TeeingStreamProxy:
    """Stands for a stream: the same attributes, and what is written is captured too.

    Args:
        stream: the stream; its attributes are those of the proxy.
        tee: receives the text.
    """

    def __init__(self, stream: Any, tee: Tee) -> None:
        self.__dict__["_stream"] = stream
        self.__dict__["_tee"] = tee

    def write(self, text: str) -> Any:
        """Write to the stream, then to the captures that want it."""
        written = self._stream.write(text)
        self._tee.put(text)
        return written

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each of them."""
        for line in lines:
            self.write(line)

    @property
    def buffer(self) -> Any:
        """The stream of bytes below, teed as well."""
        return _BytesProxy(self._stream.buffer, self._tee)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._stream, name, value)

    def __iter__(self) -> Any:
        return iter(self._stream)

    def __enter__(self) -> Any:
        self._stream.__enter__()
        return self

    def __exit__(self, *exc_info: object) -> Any:
        return self._stream.__exit__(*exc_info)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return type(self._stream)


class _BytesProxy:
    def __init__(self, stream: Any, tee: Tee) -> None:
        self._stream = stream
        self._tee = tee

    def write(self, data: Any) -> Any:
        written = self._stream.write(data)
        self._tee.put_bytes(bytes(data))
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Tee:
    """Gives what one stream is written to the captures of the run that writes."""

    def __init__(self) -> None:
        self.captures: tuple[CapturedStdout, ...] = ()

    def put(self, text: str) -> None:
        """Append ``text`` to the captures, as UTF-8, whatever it holds."""
        try:
            data = text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            data = text.encode("utf-8", "backslashreplace")
        self.put_bytes(data)

    def put_bytes(self, data: bytes) -> None:
        """Append to the captures of the current run and the runs around it.

        A thread that belongs to no run, and a capture without one, are not told apart: better twice than
        never.
        """
        run = current_run()
        around = []
        while run is not None:
            around.append(run)
            run = run.parent
        for capture in self.captures:
            if not around or capture.owner is None or any(capture.owner is one for one in around):
                capture.append(data)


class _Installed:
    """The proxy in place of one of the streams."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.tee = Tee()
        self.original = getattr(sys, name)
        self.proxy = TeeingStreamProxy(self.original, self.tee)
        setattr(sys, name, self.proxy)

    def remove(self) -> None:
        if getattr(sys, self.name) is self.proxy:
            setattr(sys, self.name, self.original)


_DESCRIPTORS = {"stdout": 1, "stderr": 2}

# Guards which streams have a proxy, and the captures of each.
_INSTALLED_LOCK = Lock()
_INSTALLED: dict[str, _Installed] = {}


def streams_to_tee(wanted: set[int], besides_descriptors: bool = False) -> list[str]:
    """The names of the streams that a capture has to tee.

    Args:
        wanted: the descriptors that the streams stand for.
        besides_descriptors: leave out streams that lead to these descriptors, which are captured anyway.
    """
    return [
        name
        for name, number in _DESCRIPTORS.items()
        if number in wanted and getattr(sys, name) is not None and not (besides_descriptors and _leads_to(name, number))
    ]


@contextmanager
def streams_teed(capture: CapturedStdout, names: list[str]) -> Iterator[None]:
    """Add what is written to these streams of Python's to ``capture``."""
    for name in names:
        _attach(name, capture)
    try:
        yield
    finally:
        for name in names:
            _detach(name, capture)


def _leads_to(name: str, number: int) -> bool:
    try:
        return bool(getattr(sys, name).fileno() == number)
    except Exception:  # not every replacement of a stream has a descriptor
        return False


def _attach(name: str, capture: CapturedStdout) -> None:
    with _INSTALLED_LOCK:
        installed = _INSTALLED.get(name)
        if installed is None:
            installed = _INSTALLED[name] = _Installed(name)
        installed.tee.captures += (capture,)


def _detach(name: str, capture: CapturedStdout) -> None:
    with _INSTALLED_LOCK:
        installed = _INSTALLED[name]
        installed.tee.captures = tuple(one for one in installed.tee.captures if one is not capture)
        if not installed.tee.captures:
            del _INSTALLED[name]
            installed.remove()
