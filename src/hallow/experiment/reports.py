"""What the command line shows of an exception: only the user's part of the traceback."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator

from hallow.errors import FilterTraceback, HallowError
from hallow.settings import SETTINGS

_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_FILTERED = "Traceback (most recent calls WITHOUT {} internals):\n"
_INTERNAL = "Exception originated from within {}.\nTraceback (most recent calls):\n"
_USUAL = "Traceback (most recent call last):\n"


def format_filtered_stacktrace(
    filter_traceback: FilterTraceback = "default", error: BaseException | None = None
) -> str:
    """The traceback of an exception without hallow's own frames; the exception is not changed.

    Args:
        filter_traceback: ``"always"`` removes hallow's frames, also in causes and contexts; ``"default"`` the same,
            unless the innermost frame is hallow's: then it alone is shown, with a remark; ``"never"`` removes nothing.
        error: the exception; default: the one being handled.

    Raises:
        ValueError: for another mode.
    """
    if filter_traceback not in ("always", "default", "never"):
        raise ValueError(f"filter_traceback must be 'always', 'default' or 'never', not {filter_traceback!r}")
    error = error or sys.exc_info()[1]
    if error is None:
        return ""
    shown = traceback.TracebackException.from_exception(error)
    if filter_traceback == "never":
        return "".join(shown.format())
    if filter_traceback == "default" and _is_our_fault(error):
        shown.stack = traceback.StackSummary.from_list(shown.stack[-1:])
        shown.__cause__ = shown.__context__ = None
        return _with_heading(shown, _INTERNAL)
    for part in _chain(shown):
        part.stack = traceback.StackSummary.from_list([frame for frame in part.stack if not _is_ours(frame.filename)])
    return _with_heading(shown, _FILTERED)


def print_filtered_stacktrace(filter_traceback: FilterTraceback = "default") -> None:
    """Write to standard error what :func:`format_filtered_stacktrace` gives."""
    sys.stderr.write(format_filtered_stacktrace(filter_traceback))


def format_hallow_error(error: HallowError, short_usage: str) -> str:
    """The report of one of our own errors, by its attributes."""
    parts = []
    if error.print_usage:
        parts.append(short_usage)
    if error.print_traceback and not _explains_itself(error):
        parts.append(format_filtered_stacktrace(error.filter_traceback, error))
    else:
        parts.append("".join(traceback.format_exception_only(type(error), error)))
    return "\n".join(part.rstrip("\n") for part in parts)


def _explains_itself(error: HallowError) -> bool:
    """Whether it is a mistake in the input that hallow found: where in hallow that was helps nobody."""
    return error.is_usage and _is_our_fault(error)


def format_report(error: BaseException, short_usage: str) -> str:
    """The report of any exception that ended a command line."""
    if isinstance(error, HallowError):
        return format_hallow_error(error, short_usage)
    return format_filtered_stacktrace("default", error).rstrip("\n")


def _is_our_fault(error: BaseException) -> bool:
    """Whether it was raised in hallow, and not on behalf of an object that hallow only stands for."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return (
        last is not None
        and _is_ours(last.tb_frame.f_code.co_filename)
        and not last.tb_frame.f_locals.get("__tracebackhide__")
    )


def _is_ours(filename: str) -> bool:
    return os.path.abspath(filename).startswith(_HERE)


def _chain(shown: traceback.TracebackException) -> Iterator[traceback.TracebackException]:
    part: traceback.TracebackException | None = shown
    while part is not None:
        yield part
        part = part.__cause__ or (None if part.__suppress_context__ else part.__context__)


def _with_heading(shown: traceback.TracebackException, heading: str) -> str:
    heading = heading.format(SETTINGS.COMMAND_LINE.LIBRARY_NAME)
    return "".join(heading if line == _USUAL else line for line in shown.format())


#: Sacred's name of it.
format_sacred_error = format_hallow_error
