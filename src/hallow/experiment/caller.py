"""Who calls: the module in which an experiment is created, a debugger, a pickler."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from types import FrameType
from typing import Any

from hallow.errors import ExperimentError


def defining_globals(created: object) -> dict[str, Any]:
    """Globals of the first frame that is neither hallow's nor an ``__init__`` of a subclass of ``created``'s class."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_back is not None:
        module = frame.f_globals.get("__name__", "")
        if not _is_ours(module) and not _initialises(frame, created):
            break
        frame = frame.f_back
    return frame.f_globals if frame is not None else {}


def _is_ours(module: str) -> bool:
    return module == "hallow" or module.startswith("hallow.")


def _initialises(frame: FrameType, created: object) -> bool:
    """Whether the frame is a method running on the object that is being created."""
    code = frame.f_code
    return code.co_argcount > 0 and frame.f_locals.get(code.co_varnames[0]) is created


def defines_in_notebook_cell(filename: str) -> bool:
    """Whether code of this file name was typed into a notebook, a REPL or standard input."""
    return filename.startswith("<") or "ipykernel_" in filename or "ipython-input" in filename


def runs_in_debugger() -> bool:
    """Whether a debugger called this program: ``python -m pdb``, or that of an IDE.

    Told by the frames on the stack: a debugger that was told to continue traces nothing.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module in ("bdb", "pdb") or module.startswith(("pydevd", "_pydevd")):
            return True
        frame = frame.f_back
    return False


def asked_by_cloudpickle() -> bool:
    """Whether the caller of the calling function is cloudpickle, which judges functions by their class."""
    return _is_cloudpickle(sys._getframe(2))


def under_cloudpickle() -> bool:
    """Whether what is being pickled is pickled by cloudpickle: it sends what ``__main__`` defines by value."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if _is_cloudpickle(frame):
            return True
        frame = frame.f_back
    return False


def _is_cloudpickle(frame: FrameType) -> bool:
    # joblib and ray have copies of their own.
    return str(frame.f_globals.get("__name__", "")).endswith("cloudpickle.cloudpickle")


def experiment_name(name: str | None, interactive: bool, found: Mapping[str, Any]) -> str:
    """The name of an experiment: as given, else that of the file which defines it.

    Raises:
        ExperimentError: if there is neither.
    """
    if name is not None:
        return name
    if interactive:
        raise ExperimentError(
            "an experiment in an interactive session needs a name: Experiment('name', interactive=True)"
        )
    filename: str | None = found.get("__file__")
    if filename is None:
        raise ExperimentError("an experiment without a source file needs a name: Experiment('name', interactive=True)")
    stem, ending = os.path.splitext(os.path.basename(filename))
    return stem if ending in (".py", ".pyc") else stem + ending
