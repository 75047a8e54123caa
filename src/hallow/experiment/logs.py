"""The loggers of a run."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hallow.settings import SETTINGS

_FORMAT = "%(levelname)s - %(name)s - %(message)s"


class _StderrHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to whatever ``sys.stderr`` is at that moment, so that captured output holds the log lines."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)
        self.setFormatter(logging.Formatter(_FORMAT))

    @property
    def stream(self) -> Any:
        return sys.stderr

    @stream.setter
    def stream(self, value: Any) -> None:
        pass


def root_logger(own: logging.Logger | None) -> logging.Logger:
    """The logger that a run's loggers descend from.

    Args:
        own: what the user set as ``ex.logger``, or ``None``.

    With ``SETTINGS.LOGGING.ROOT_LOGGER == "untouched"`` this is the root of a hierarchy of the run's own: its level
    and handlers concern nobody else. If the program has configured logging itself, records go to its handlers, else to
    standard error.
    """
    if own is not None:
        return own
    if SETTINGS.LOGGING.ROOT_LOGGER == "configure":
        return create_basic_stream_logger()
    return _private_root()


def create_basic_stream_logger() -> logging.Logger:
    """Python's root logger, with level INFO and a handler to standard error if it has none."""
    logging.basicConfig(level=logging.INFO, format=_FORMAT)
    return logging.getLogger()


def _private_root() -> logging.Logger:
    root = logging.RootLogger(logging.INFO)
    root.manager = logging.Manager(root)  # children are made by this manager
    root.root = root  # type: ignore[misc] # getChild() leaves the root's name out
    if logging.getLogger().handlers:
        root.parent = logging.getLogger()
    else:
        root.addHandler(_StderrHandler())
    return root


@contextmanager
def restored_level(own: logging.Logger | None) -> Iterator[None]:
    """Undo what ``--loglevel`` does to a logger that outlives the run."""
    if own is None and SETTINGS.LOGGING.ROOT_LOGGER == "untouched":
        yield
        return
    shared = root_logger(own)
    level = shared.level
    try:
        yield
    finally:
        shared.setLevel(level)
