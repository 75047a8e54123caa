"""Making run folders: ``mkdir`` is the lock, so that no two runs ever share one."""

# os.path, because this runs at every start and pathlib costs several times as much.

from __future__ import annotations

import os
from contextlib import suppress

from hallow.backends.file.layout import OWN
from hallow.errors import RunExistsError, StoreError

__all__ = ["make_basedir", "make_first_free", "make_run_folder", "maximum_id", "remember_id"]

_TRIES = 100_000


def make_basedir(basedir: str) -> None:
    """Make the folder of the store and its parents.

    Raises:
        StoreError: if that is not possible.
    """
    try:
        os.makedirs(basedir, exist_ok=True)
    except OSError as error:
        raise _unusable(basedir, error) from error


def _unusable(basedir: str, error: OSError) -> StoreError:
    if os.path.exists(basedir) and not os.path.isdir(basedir):
        return StoreError(f"the file store {basedir!r} cannot be used: it is a file; give the name of a folder")
    reason = error.strerror or str(error)
    return StoreError(
        f"the file store {basedir!r} cannot be written: {reason} ({error.filename}); "
        "choose another folder, change its permissions, or "
        "record in the journal for now: --journal-only"
    )


def make_run_folder(basedir: str, name: str) -> str:
    """Make the folder of one run; returns its path.

    Raises:
        RunExistsError: (a ``FileExistsError``) if it exists.
        StoreError: if it cannot be made.
    """
    path = os.path.join(basedir, name)
    for retry in (False, True):
        try:
            os.mkdir(path)
            return path
        except FileExistsError:  # noqa: PERF203 - at most two rounds
            raise RunExistsError(
                f"there is a run {name!r} in {basedir!r} already; choose another id, or none to get the next"
            ) from None
        except FileNotFoundError as error:
            if retry:
                raise _unusable(basedir, error) from error
            make_basedir(basedir)
        except OSError as error:
            raise _unusable(basedir, error) from error
    raise AssertionError("unreachable")


def make_first_free(basedir: str, number: int) -> str:
    """Make the folder for ``number`` or, where others were quicker, for the first higher one that is free."""
    for candidate in range(number, number + _TRIES):
        with suppress(RunExistsError):
            return make_run_folder(basedir, str(candidate))
    raise StoreError(f"no free id from {number} on in {basedir!r}; are its permissions right?")


# --------------------------------------------------------------------------------------- the last number


def maximum_id(basedir: str) -> int:
    """The highest number that is the name of a folder; 0 without any.

    The store is looked through only if something changed in it since the number was remembered. The answer
    may be old by the time it is used, as every listing is; ``mkdir`` decides.
    """
    known = _remembered(basedir)
    return _scanned(basedir) if known is None else known


def _remembered(basedir: str) -> int | None:
    try:
        with open(os.path.join(basedir, OWN, "last_id"), encoding="ascii") as file:
            number, mtime = file.read().split()
        return int(number) if int(mtime) == os.stat(basedir).st_mtime_ns else None
    except (OSError, ValueError):
        return None


def _scanned(basedir: str) -> int:
    try:
        with os.scandir(basedir) as entries:
            numbers = [int(entry.name) for entry in entries if _is_number(entry.name) and entry.is_dir()]
    except OSError:
        return 0
    return max(numbers, default=0)


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdigit()


def remember_id(basedir: str, number: int) -> None:
    """Leave a hint for the next start. It may be lost or wrong without harm."""
    folder = os.path.join(basedir, OWN)
    with suppress(OSError):
        try:
            file = _opened(folder)
        except FileNotFoundError:
            os.mkdir(folder)
            file = _opened(folder)
        try:
            # Always of the same length, so that it is written over in one step.
            os.write(file, f"{number:<19} {os.stat(basedir).st_mtime_ns:<19}\n".encode("ascii"))
        finally:
            os.close(file)


def _opened(folder: str) -> int:
    return os.open(os.path.join(folder, "last_id"), os.O_WRONLY | os.O_CREAT, 0o666)


# ------------------------------------------------------------------------------------------ named folders


def make_named(basedir: str, name: str) -> str:
    """Make the folder ``name``, or the first of ``name_2``, ``name_3`` ... that is free."""
    for number in range(1, _TRIES):
        with suppress(RunExistsError):
            return make_run_folder(basedir, name if number == 1 else f"{name}_{number}")
    raise StoreError(f"no free name like {name!r} in {basedir!r}")


def maximum_leading_number(basedir: str) -> int:
    """The highest number with which the name of a folder begins; 0 without any."""
    highest = 0
    with suppress(OSError), os.scandir(basedir) as entries:
        for entry in entries:
            digits = len(entry.name) - len(entry.name.lstrip("0123456789"))
            if digits and entry.is_dir():
                highest = max(highest, int(entry.name[:digits]))
    return highest
