"""The error about an id in use, for code that catches SQLAlchemy's."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError

from hallow import errors

__all__ = ["RunExistsError"]


class RunExistsError(errors.RunExistsError, IntegrityError):
    """The id that was asked for is taken in an SQL database.

    Args:
        message: what was wrong and what to do.
    """

    def __init__(self, message: str) -> None:
        IntegrityError.__init__(self, None, None, FileExistsError(message))
        errors.RunExistsError.__init__(self, message)
