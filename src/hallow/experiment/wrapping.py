"""wrapt, without the modules that only parts of it need which are not used here.

Its recent releases import asyncio and importlib.metadata, which takes longer than all of hallow; both are imported when
something of them is asked for.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

__all__ = ["FunctionWrapper"]


class _Later(ModuleType):
    """Stands for a module until something of it is asked for."""

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module(self.__name__), name)


@contextmanager
def _later(*names: str) -> Iterator[None]:
    """Whoever imports these modules in the block gets stand-ins, which are nowhere to be found after it."""
    # Another thread might import them at this moment, and it wants the real ones.
    standins = {name: _Later(name) for name in names if name not in sys.modules and threading.active_count() == 1}
    sys.modules.update(standins)
    try:
        yield
    finally:
        for name, standin in standins.items():
            if sys.modules.get(name) is standin:
                del sys.modules[name]
            package, _, last = name.rpartition(".")
            if package and not hasattr(sys.modules[package], last):
                setattr(sys.modules[package], last, standin)


with _later("asyncio", "importlib.metadata"):
    from wrapt import FunctionWrapper
