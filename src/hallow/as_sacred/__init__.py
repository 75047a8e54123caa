"""Sacred's names for code that was written for Sacred; importing this module is all it takes.

``import hallow.as_sacred`` before the first ``import sacred``, ``python -m hallow.as_sacred script.py ...`` or
``pytest -p hallow.as_sacred``: ``sacred`` and its modules can be imported then, are backed by hallow, and the settings
have the values that such code expects (``SETTINGS.use_profile("sacred")``). The modules are the files in the folder
``sacred`` beside this one: what is where is read off there. Nothing else in hallow depends on them.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from types import ModuleType
from typing import Any

from hallow.errors import AliasError
from hallow.settings import SETTINGS

__all__ = ["VERSION", "activate"]

#: The release of Sacred whose behaviour the names stand for.
VERSION = "0.8.7"

_FOLDER = os.path.dirname(os.path.abspath(__file__))
_FILE = os.path.join(_FOLDER, "sacred", "__init__.py")
_IMPORTABLE = os.path.join(_FOLDER, "importable")


class _Finder:
    """Finds ``sacred`` here, also where the real one is installed; its submodules are found in its folder."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:  # noqa: ARG004
        if name != "sacred":
            return None
        return spec_from_file_location(name, _FILE, submodule_search_locations=[os.path.dirname(_FILE)])

    @staticmethod
    def find_distributions(context: Any) -> list[Any]:
        """Programs ask ``importlib.metadata`` which version of Sacred there is."""
        if context.name != "sacred":
            return []
        from hallow.as_sacred.metadata import Facts

        return [Facts()]


def activate() -> None:
    """Make ``sacred`` importable and choose its profile of settings; does nothing more when called again.

    Raises:
        AliasError: if the real Sacred is imported already.
    """
    present = sys.modules.get("sacred")
    if present is not None and not _is_ours(present):
        raise AliasError(
            f"Sacred itself is imported already, from {getattr(present, '__file__', None) or 'an unknown place'}: "
            "one process cannot have both. Import hallow.as_sacred before anything that imports sacred, or start the "
            "program with `python -m hallow.as_sacred`."
        )
    if _Finder not in sys.meta_path:
        sys.meta_path.insert(0, _Finder)
        if _IMPORTABLE not in sys.path:  # of all this, processes that are started afresh inherit the path only
            sys.path.insert(1, _IMPORTABLE)
        SETTINGS.use_profile("sacred")


def _is_ours(module: ModuleType) -> bool:
    file = getattr(module, "__file__", None)
    return file is not None and os.path.abspath(file) == _FILE


activate()
