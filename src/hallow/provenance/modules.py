"""Walking through imported modules without running any of their code."""

# os.path, because this runs at every start and pathlib costs several times as much.

from __future__ import annotations

import os
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    ModulesState = tuple[tuple[str, ...], tuple[int, ...]]

__all__ = [
    "convert_path_to_module_parts",
    "get_py_file_if_possible",
    "is_local_source",
    "iterate_all_python_files",
    "iterate_imported_modules",
    "iterate_sys_modules",
    "module_file",
    "modules_state",
]


def module_file(module: Any) -> str | None:
    """The file a module was loaded from, or ``None``; runs no code of the module, not even a lazy import."""
    try:
        namespace = object.__getattribute__(module, "__dict__")
        file = namespace.get("__file__")
    except Exception:
        return None
    return file if type(file) is str and file else None


def iterate_sys_modules() -> Iterator[tuple[str, ModuleType]]:
    """``(name, module)`` for everything imported."""
    # A copy, because other threads import; in one step, which a list of the items is not.
    for name, module in sys.modules.copy().items():
        if type(name) is str and module is not None:
            yield name, module


def modules_state() -> ModulesState:
    """Differs from an earlier answer if a module was imported, removed or replaced since.

    It takes a fraction of looking at each of the modules.
    """
    modules = sys.modules.copy()
    return tuple(modules), tuple(map(id, modules.values()))


def iterate_imported_modules(globs: Mapping[str, Any]) -> Iterator[tuple[str, ModuleType]]:
    """``(name, module)`` of the modules that ``globs`` binds or whose functions, classes, objects it binds.

    The packages above each module are included.
    """
    seen: set[str] = set()
    for value in list(globs.values()):
        for name in _prefixes(_module_name(value)):
            if name not in seen:
                seen.add(name)
                module = sys.modules.get(name)
                if module is not None:
                    yield name, module


def _module_name(value: Any) -> str:
    try:
        name = value.__name__ if isinstance(value, ModuleType) else value.__module__
    except Exception:  # whatever a global of the user's does when it is asked
        return ""
    return name if isinstance(name, str) else ""


def _prefixes(name: str) -> Iterator[str]:
    end = name.find(".")
    while end > 0:
        yield name[:end]
        end = name.find(".", end + 1)
    if name:
        yield name


def iterate_all_python_files(base_path: str | os.PathLike[str]) -> Iterator[str]:
    """Every ``.py`` file below a folder, except in ``__pycache__``."""
    for folder, folders, files in os.walk(base_path):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        yield from (os.path.join(folder, name) for name in sorted(files) if name.endswith(".py"))


def convert_path_to_module_parts(path: str | os.PathLike[str]) -> list[str]:
    """``pkg/sub/__init__.py`` gives ``["pkg", "sub"]``."""
    drive, rest = os.path.splitdrive(os.path.splitext(os.fspath(path))[0])
    del drive
    parts = [part for part in rest.replace(os.sep, "/").split("/") if part and part != "."]
    if parts and parts[-1] == "__init__":
        parts.pop()
    return parts


def is_local_source(filename: str | os.PathLike[str], modname: str, experiment_path: str | os.PathLike[str]) -> bool:
    """Whether a module's file lies below the experiment's folder and under the module's own name."""
    path = os.path.realpath(filename)
    base = os.path.realpath(experiment_path)
    if not path.startswith(base.rstrip(os.sep) + os.sep):
        return False
    module_parts = modname.split(".")
    parts = convert_path_to_module_parts(os.path.relpath(path, base))
    if parts == module_parts:
        return True
    absolute = convert_path_to_module_parts(path)
    return len(parts) <= len(module_parts) and absolute[-len(module_parts) :] == module_parts


def get_py_file_if_possible(pyc_name: str) -> str:
    """The ``.py`` file beside a compiled one; the argument if there is none."""
    stem, extension = os.path.splitext(pyc_name)
    if extension in (".py", ".so", ".pyd", ".ipynb", "") or not os.path.exists(stem + ".py"):
        return pyc_name
    return stem + ".py"
