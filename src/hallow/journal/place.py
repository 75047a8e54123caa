"""Where journals lie when the store has no folder on this machine."""

from __future__ import annotations

import os
import time
from errno import EACCES
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["journals_dir", "new_folder", "state_dir"]


def state_dir() -> str:
    """The folder for what hallow keeps about this user's runs; made if it does not exist.

    The first of these that can be written: ``HALLOW_STATE_DIR``; ``hallow`` in ``XDG_STATE_HOME``, by default
    ``~/.local/state``; ``hallow-<user id>`` among the temporary files.

    Raises:
        OSError: if none of them can.
    """
    problem: OSError | None = None
    for folder in _candidates():
        try:
            _make_usable(folder)
            return folder
        except OSError as error:  # noqa: PERF203 - at most three rounds
            problem = problem or error
    raise problem or OSError("no folder for journals")


def journals_dir() -> str:
    """The folder in :func:`state_dir` that the journals are in; made if it does not exist.

    Raises:
        OSError: if it cannot be made.
    """
    folder = os.path.join(state_dir(), "journals")
    _make_usable(folder)
    return folder


def new_folder() -> str:
    """A path in :func:`journals_dir` that nobody else is given; whoever uses it makes the folder.

    Raises:
        OSError: if there is no place for journals.
    """
    now = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    return os.path.join(journals_dir(), f"{now}-{os.getpid()}-{os.urandom(4).hex()}")


def _candidates() -> Iterator[str]:
    own = os.environ.get("HALLOW_STATE_DIR")
    if own:
        yield os.path.abspath(own)
    states = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    yield os.path.join(os.path.abspath(states), "hallow")
    folder = _temporary()
    # Anybody may make folders there, also under our name.
    if not os.path.lexists(folder) or not hasattr(os, "getuid") or os.lstat(folder).st_uid == os.getuid():
        yield folder


def _temporary() -> str:
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    places = (os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP"))
    place = next(filter(None, places), "/tmp")  # noqa: S108 - the folder in it is ours alone
    return os.path.join(os.path.abspath(place), f"hallow-{user}")


def _make_usable(folder: str) -> None:
    if os.access(folder, os.W_OK | os.X_OK):
        return
    os.makedirs(folder, mode=0o700, exist_ok=True)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(EACCES, "the folder cannot be written", folder)
