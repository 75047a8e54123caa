"""The error about an id in use, for code that catches the driver's; imported when it is needed, as it needs pymongo."""

from __future__ import annotations

from typing import Any

from pymongo.errors import DuplicateKeyError

from hallow import errors

__all__ = ["RunExistsError"]

_DUPLICATE_KEY = 11000


class RunExistsError(errors.RunExistsError, DuplicateKeyError):
    """The id that was asked for is taken in MongoDB.

    Args:
        message: what was wrong and what to do.
        run_id: of the run that is there.
    """

    def __init__(self, message: str, run_id: Any = None) -> None:
        details = {"code": _DUPLICATE_KEY, "keyPattern": {"_id": 1}, "keyValue": {"_id": run_id}}
        DuplicateKeyError.__init__(self, message, _DUPLICATE_KEY, details)
        errors.RunExistsError.__init__(self, message)
