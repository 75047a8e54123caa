"""JSON that every reader takes, and files of it that are complete at every moment."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from itertools import count
from typing import Any

from hallow.records.encoding import tag_nonfinite, untag_nonfinite

__all__ = ["create_file", "dump_json", "load_json", "read_json", "replace_file", "strict_json", "write_json"]

_NUMBERS = count()


def strict_json(data: Any, **options: Any) -> str:
    """Strict JSON in ASCII, in one line: numbers that are not finite are ``{"py/float": "nan"}`` and the like.

    Args:
        data: JSON data, as :func:`~hallow.records.encoding.flatten` gives it.
        options: further ones of ``json.dumps``.
    """
    try:
        return json.dumps(data, allow_nan=False, **options)
    except ValueError:  # a search for such numbers costs more than all the rest, and there are seldom any
        return json.dumps(tag_nonfinite(data), allow_nan=False, **options)


def dump_json(data: Any, strict: bool = True) -> str:
    """The text of a JSON file: sorted keys, indent 2, ASCII, no final newline.

    Args:
        data: JSON data, as :func:`~hallow.records.encoding.flatten` gives it.
        strict: write numbers that are not finite as ``{"py/float": "nan"}``; otherwise as bare ``NaN`` and
            ``Infinity``, which Python reads but which is no JSON.
    """
    return (strict_json if strict else json.dumps)(data, sort_keys=True, indent=2)


def load_json(text: str) -> Any:
    """The data of :func:`dump_json` or :func:`strict_json`; both forms of numbers that are not finite are read.

    Raises:
        ValueError: if the text is not JSON.
    """
    data = json.loads(text)
    return untag_nonfinite(data) if '"py/float"' in text else data


def write_json(path: str | os.PathLike[str], data: Any, strict: bool = True) -> None:
    """Write a JSON file so that readers find the old content or the new, never a part of it.

    The data goes to a temporary file in the same folder, which is then renamed. What was written survives the
    death of the process; a power failure may lose it.

    Raises:
        TypeError: if ``data`` is not JSON data; the file is left as it was.
        OSError: if the file cannot be written.
    """
    replace_file(path, dump_json(data, strict).encode("ascii"))


def replace_file(path: str | os.PathLike[str], data: bytes) -> None:
    """Give a file new content in one step; a failure leaves the old content.

    Raises:
        OSError: if the file cannot be written.
    """
    target = os.fspath(path)
    temporary = _beside(target)
    try:
        with open(temporary, "wb") as file:
            file.write(data)
        os.replace(temporary, target)
    except BaseException:
        _remove(temporary)
        raise


def create_file(path: str | os.PathLike[str], data: bytes) -> None:
    """Make a file in one step, complete from its first moment; of several who try, one succeeds.

    Raises:
        FileExistsError: if there is one.
        OSError: if it cannot be written.
    """
    target = os.fspath(path)
    temporary = _beside(target)
    try:
        with open(temporary, "xb") as file:
            file.write(data)
        _link(temporary, target)
    finally:
        _remove(temporary)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except (OSError, AttributeError, NotImplementedError):  # not every file system has links
        from shutil import copyfileobj

        with open(source, "rb") as complete, open(target, "xb") as file:
            copyfileobj(complete, file)


def _beside(target: str) -> str:
    """A name for a temporary file in the folder of another one."""
    folder, name = os.path.split(target)
    # A leading dot hides it from programs that list a run's folder; process and number keep writers apart.
    return os.path.join(folder, f".{name}.{os.getpid()}-{next(_NUMBERS)}.tmp")


def _remove(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)


def read_json(path: str | os.PathLike[str]) -> Any:
    """The data of a JSON file; numbers that are not finite come back as floats, other tags are left alone.

    Raises:
        OSError: if the file cannot be read.
        ValueError: if it is not JSON.
    """
    with open(path, encoding="utf-8") as file:
        return load_json(file.read())
