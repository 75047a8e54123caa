"""What belongs to a project, as opposed to what it uses."""

# os.path, because this runs at every start and pathlib costs several times as much.

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING

from hallow.provenance.modules import get_py_file_if_possible, iterate_sys_modules, module_file, modules_state

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hallow.provenance.modules import ModulesState

__all__ = ["Project", "project_of", "project_root"]

_ROOT_MARKS = ("pyproject.toml", ".git", "setup.py")
_INSTALLED = ("site-packages", "dist-packages")


def project_root(base_dir: str | os.PathLike[str]) -> str:
    """The nearest folder upwards with a pyproject.toml, .git or setup.py, else ``base_dir`` itself."""
    base = folder = os.path.realpath(base_dir)
    while os.path.basename(folder) not in _INSTALLED:
        if any(os.path.exists(os.path.join(folder, mark)) for mark in _ROOT_MARKS):
            return folder
        parent = os.path.dirname(folder)
        if parent == folder:
            break
        folder = parent
    return base


class Project:
    """Decides which modules are a project's own code, and remembers it."""

    def __init__(self, roots: tuple[str, ...]) -> None:
        self.roots = roots
        self.verdicts: dict[tuple[str, str], str | None] = {}
        self._seen: tuple[ModulesState, list[str]] | None = None

    def sources(self) -> list[str]:
        """The real paths of the sources of all imported modules that are the project's."""
        state = modules_state()
        if self._seen is None or self._seen[0] != state:
            files = ((name, module_file(module)) for name, module in iterate_sys_modules())
            paths = [self.source_of(name, file) for name, file in files if file is not None]
            self._seen = state, [path for path in paths if path is not None]
        return self._seen[1]

    def source_of(self, name: str, file: str) -> str | None:
        """The real path of a module's source, or ``None`` if it is not the project's."""
        key = (name, file)
        try:
            return self.verdicts[key]
        except KeyError:
            verdict = self.verdicts[key] = self._judge(name, file)
            return verdict

    def _judge(self, name: str, file: str) -> str | None:
        if name.partition(".")[0] == "hallow" and file.startswith(_own_folder()):
            return None  # the tool, not the work
        # Nine of ten modules are settled here, without asking the file system about links.
        if _is_library(file) and not file.startswith(self.roots):
            return None
        path = get_py_file_if_possible(os.path.realpath(file))
        if not os.path.isfile(path):
            return None
        if self._owned(self.roots, path):
            return path
        from hallow.provenance.packages import editable_folders  # looks at everything that is installed

        return path if self._owned(editable_folders(), path) else None

    def _owned(self, roots: Iterable[str], path: str) -> bool:
        return any(self._owns(root, path) for root in roots)

    @staticmethod
    def _owns(root: str, path: str) -> bool:
        # A virtual environment may lie inside the folder of an editable package.
        if not path.startswith(root.rstrip(os.sep) + os.sep):
            return False
        folders = path[len(root) :].strip(os.sep).split(os.sep)[:-1]
        if any(folder in _INSTALLED for folder in folders):
            return False
        if path.startswith(_standard_library()) and not root.startswith(_standard_library()):
            return False
        return not any(
            os.path.exists(os.path.join(root, *folders[: depth + 1], "pyvenv.cfg")) for depth in range(len(folders))
        )


def project_of(base_dir: str | os.PathLike[str]) -> Project:
    """The project that an experiment in ``base_dir`` belongs to; it is looked for once in a process."""
    return _project_of(os.path.abspath(base_dir))


@lru_cache(maxsize=64)
def _project_of(base_dir: str) -> Project:
    return _project(tuple(dict.fromkeys((project_root(base_dir), os.path.realpath(base_dir)))))


@lru_cache(maxsize=64)
def _project(roots: tuple[str, ...]) -> Project:
    return Project(roots)


def _own_folder() -> str:
    return os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


@lru_cache(maxsize=1)
def _standard_library() -> tuple[str, ...]:
    folder = os.path.dirname(os.__file__)
    return tuple({folder + os.sep, os.path.realpath(folder) + os.sep})


def _is_library(file: str) -> bool:
    installed = any(f"{os.sep}{folder}{os.sep}" in file for folder in _INSTALLED)
    return installed or file.startswith(_standard_library())
