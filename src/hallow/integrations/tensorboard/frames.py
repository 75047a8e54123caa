"""The frames of event files: what stands around each message.

A frame is the length of the message (8 bytes, little endian), a checksum of the length, the message, and a checksum of
the message; a checksum is a masked CRC-32C in 4 bytes.
"""

from __future__ import annotations

import struct
from functools import cache
from typing import TYPE_CHECKING, Any, BinaryIO

from hallow.records.optional import imported

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Frames", "framed", "messages"]

_HEADER = struct.Struct("<QI")
_CHECKSUM = struct.Struct("<I")


@cache
def messages(name: str) -> Any:
    """A module of tensorboard with messages, such as ``"event_pb2"``.

    Raises:
        MissingExtraError: (an ImportError) without tensorboard.
    """
    from importlib import import_module

    imported("tensorboard", who="event files need")
    return import_module(f"tensorboard.compat.proto.{name}")


def checksum() -> Callable[[bytes], int]:
    """The masked CRC-32C of bytes: by compiled code where that is installed, else by tensorboard's own."""
    try:
        from google_crc32c import value as crc
    except ImportError:
        imported("tensorboard", who="event files need")
        from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import crc32c as crc

    def masked(data: bytes) -> int:
        plain = crc(data)
        return int(((plain >> 15 | plain << 17) + 0xA282EAD8) & 0xFFFFFFFF)

    return masked


def framed(message: bytes, masked: Callable[[bytes], int]) -> bytes:
    """A message with its frame."""
    length = struct.pack("<Q", len(message))
    return length + _CHECKSUM.pack(masked(length)) + message + _CHECKSUM.pack(masked(message))


class Frames:
    """The messages in an event file, one after the other.

    A message whose checksum is wrong is left out. Reading ends at a length that is wrong, because nobody knows where
    the next message begins, and where a frame is not whole.

    Args:
        file: opened for reading, where a frame begins.
        position: of that place in the file.

    Attributes:
        position: behind the last whole frame.
        damaged: how many messages were left out.
        lost: whether a length is wrong.
        torn: whether the last frame is not whole; its rest may still be on its way.
    """

    def __init__(self, file: BinaryIO, position: int = 0) -> None:
        self.position = position
        self.damaged = 0
        self.lost = self.torn = False
        self._file = file
        self._masked = checksum()

    def __iter__(self) -> Iterator[bytes]:
        while header := self._file.read(_HEADER.size):
            if len(header) < _HEADER.size:
                self.torn = True
                return
            length, check = _HEADER.unpack(header)
            if self._masked(header[:8]) != check:
                self.lost = True
                return
            message = self._file.read(length)
            end = self._file.read(_CHECKSUM.size)
            if len(message) < length or len(end) < _CHECKSUM.size:
                self.torn = True
                return
            self.position += len(header) + length + len(end)
            if self._masked(message) == _CHECKSUM.unpack(end)[0]:
                yield message
            else:
                self.damaged += 1

    def problems(self, whole: bool = True) -> str:
        """What is wrong with the file, empty if nothing is.

        Args:
            whole: whether the file is complete, so that a torn end is a fault.
        """
        found = [f"{self.damaged} damaged message(s) left out"] if self.damaged else []
        if self.lost:
            found.append(f"unreadable from byte {self.position} on")
        elif self.torn and whole:
            found.append(f"cut off after byte {self.position}")
        return ", ".join(found)
