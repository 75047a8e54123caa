"""Source files: which files are the user's own code, and what they contain."""

# os.path, because this runs at every start and pathlib costs several times as much.

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hallow.errors import ProvenanceError
from hallow.provenance.modules import (
    convert_path_to_module_parts,
    get_py_file_if_possible,
    is_local_source,
    iterate_all_python_files,
    iterate_imported_modules,
    iterate_sys_modules,
    module_file,
)
from hallow.provenance.project import project_of, project_root

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import ModuleType

__all__ = [
    "MB",
    "STRATEGIES",
    "Source",
    "convert_path_to_module_parts",
    "find_sources",
    "get_digest",
    "get_py_file_if_possible",
    "is_local_source",
    "iterate_all_python_files",
    "iterate_imported_modules",
    "iterate_sys_modules",
    "main_file",
    "module_file",
    "project_root",
]

MB = 1048576

# A file that was written a moment ago can be written again without a change of size or time stamp.
_SETTLED_NS = 2_000_000_000


# --------------------------------------------------------------------------------------------- digests

_digests: dict[str, tuple[tuple[int, int, int], str]] = {}


def get_digest(filename: str | os.PathLike[str]) -> str:
    """The MD5 of a file's content as 32 hex digits; known files are read again only if they changed.

    Raises:
        OSError: if the file cannot be read.
    """
    path = os.path.abspath(filename)
    stat = os.stat(path)
    state = (stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size)
    known = _digests.get(path)
    if known is not None and known[0] == state:
        return known[1]
    digest = _md5(path, stat.st_size)
    if time.time_ns() - max(state[:2]) > _SETTLED_NS:
        _digests[path] = (state, digest)
    return digest


def _md5(path: str, size: int) -> str:
    digest = _new_md5(size)
    with open(path, "rb") as file:
        while block := file.read(MB):
            digest.update(block)
    return str(digest.hexdigest())


def _new_md5(size: int) -> Any:
    """For a small file from Python's own module, where it has one: to load OpenSSL takes longer than the digest."""
    if size <= MB and "hashlib" not in sys.modules:
        with suppress(ImportError):
            from _md5 import md5 as own_md5  # type: ignore[import-not-found]

            return own_md5(usedforsecurity=False)
    from hashlib import md5

    return md5(usedforsecurity=False)


# ---------------------------------------------------------------------------------------------- Source


class Source:
    """One source file of an experiment. Equal to another of the same file, and to that file's name.

    Attributes:
        filename: absolute path without symbolic links.
        digest: MD5 of the content, 32 hex digits; empty if the file could not be read.
        repo: URL of the repository it is kept in, or ``None``.
        commit: the commit checked out there, or ``None``.
        is_dirty: whether that repository has uncommitted changes, or ``None``.
    """

    __slots__ = ("commit", "digest", "filename", "is_dirty", "repo")

    def __init__(
        self,
        filename: str | os.PathLike[str],
        digest: str,
        repo: str | None = None,
        commit: str | None = None,
        isdirty: bool | None = None,
    ) -> None:
        self.filename = os.path.realpath(filename)
        self.digest = digest
        self._say(repo, commit, isdirty)

    def _say(self, repo: str | None = None, commit: str | None = None, is_dirty: bool | None = None) -> None:
        self.repo, self.commit, self.is_dirty = repo, commit, is_dirty

    @classmethod
    def create(cls, filename: str | os.PathLike[str] | None, save_git_info: bool = True) -> Source:
        """The source for a file of any kind; the ``.py`` beside it for a ``.pyc``.

        Raises:
            ProvenanceError: (a ``ValueError``) if there is no such file.
        """
        if not filename or not os.path.isfile(filename):
            raise ProvenanceError(
                f"there is no source file {os.fspath(filename or '')!r} (looked for in {os.getcwd()}); "
                "give the path of an existing file"
            )
        path = get_py_file_if_possible(os.path.realpath(filename))
        return cls._of_real(path, get_digest(path), *(_git_state(path) if save_git_info else ()))

    @classmethod
    def _of_real(cls, path: str, digest: str, *state: Any) -> Source:
        """The source for a path that needs no resolving; ``state`` is what git says."""
        self = cls.__new__(cls)
        self.filename, self.digest = path, digest
        self._say(*state)
        return self

    def to_json(self, base_dir: str | os.PathLike[str] | None = None) -> tuple[str, str]:
        """``(path, digest)``; the path relative to ``base_dir`` if that is given."""
        if base_dir is None:
            return self.filename, self.digest
        return relative_path(self.filename, os.path.realpath(base_dir)), self.digest

    def __hash__(self) -> int:
        return hash(self.filename)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Source):
            return self.filename == other.filename
        if isinstance(other, str):
            return self.filename == other
        return NotImplemented

    def __lt__(self, other: Source) -> bool:
        return self.filename < other.filename

    def __repr__(self) -> str:
        return f"<Source: {self.filename}>"


def _git_state(path: str) -> tuple[str | None, str | None, bool | None]:
    from hallow.provenance.git import repositories

    for entry in repositories([path]):
        return entry["url"], entry["commit"], entry["dirty"]
    return None, None, None


def relative_path(path: str, base: str) -> str:
    """``path`` as seen from ``base`` (both absolute); ``path`` itself if there is no way between them."""
    if path.startswith(base + os.sep):
        return path[len(base) + 1 :]
    try:
        return os.path.relpath(path, base)
    except ValueError:
        return path


# ------------------------------------------------------------------------------------------ strategies


def _no_sources(base_dir: str, globs: Mapping[str, Any]) -> Iterable[str]:
    del base_dir, globs
    return ()


def _imported_sources(base_dir: str, globs: Mapping[str, Any]) -> Iterable[str]:
    return _local(iterate_imported_modules(globs), base_dir)


def _sys_sources(base_dir: str, globs: Mapping[str, Any]) -> Iterable[str]:
    del globs
    return _local(iterate_sys_modules(), base_dir)


def _local(modules: Iterable[tuple[str, ModuleType]], base_dir: str) -> Iterator[str]:
    for name, module in modules:
        file = module_file(module)
        if file is not None and is_local_source(file, name, base_dir):
            yield get_py_file_if_possible(os.path.realpath(file))


def _dir_sources(base_dir: str, globs: Mapping[str, Any]) -> Iterable[str]:
    del globs
    return map(os.path.realpath, iterate_all_python_files(base_dir))


def _project_sources(base_dir: str, globs: Mapping[str, Any]) -> Iterable[str]:
    del globs
    return project_of(base_dir).sources()


STRATEGIES: dict[str, Callable[[str, Mapping[str, Any]], Iterable[str]]] = {
    "project": _project_sources,
    "none": _no_sources,
    "imported": _imported_sources,
    "sys": _sys_sources,
    "dir": _dir_sources,
}


def main_file(globs: Mapping[str, Any]) -> str | None:
    """The real path of the file whose globals these are; ``None`` in an interactive session."""
    file = globs.get("__file__")
    if not isinstance(file, str):
        return None
    return get_py_file_if_possible(os.path.realpath(file))


def find_sources(
    strategy: str,
    mainfile: str | os.PathLike[str] | None,
    base_dir: str | os.PathLike[str],
    globs: Mapping[str, Any] | None = None,
) -> set[Source]:
    """The source files of an experiment, without git information.

    Args:
        strategy: a value of ``SETTINGS.DISCOVER_SOURCES``.
        mainfile: always among the sources, if it exists.
        base_dir: the experiment's folder.
        globs: the globals of the defining module, for the strategy ``"imported"``.

    Raises:
        KeyError: for an unknown strategy.
    """
    paths = set(STRATEGIES[strategy](os.fspath(base_dir), globs or {}))
    if mainfile:
        paths.add(get_py_file_if_possible(os.path.realpath(mainfile)))
    found = (_source(path) for path in paths)
    return {source for source in found if source is not None}


def _source(path: str) -> Source | None:
    try:
        return Source._of_real(path, get_digest(path))
    except OSError:  # gone or unreadable since it was imported
        return None
