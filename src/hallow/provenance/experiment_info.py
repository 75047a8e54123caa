"""What a record says about the experiment itself."""

# os.path, because this runs at every start and pathlib costs several times as much.

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from hallow.provenance.git import entries, look_up
from hallow.provenance.packages import PackageDependency, find_packages
from hallow.provenance.sources import Source, find_sources, main_file, relative_path
from hallow.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hallow.provenance.git import Repository

__all__ = ["experiment_info", "gather_sources_and_dependencies"]


def experiment_info(
    name: str,
    base_dir: str | os.PathLike[str],
    mainfile: Source | str | None,
    sources: Iterable[Source],
    dependencies: Iterable[PackageDependency],
    save_git_info: bool = True,
    repositories: Iterable[Repository] | None = None,
) -> dict[str, Any]:
    """The facts about an experiment that observers are given as ``ex_info``.

    Args:
        name: the experiment's name.
        base_dir: its folder; paths are given relative to it.
        mainfile: the file it is defined in.
        sources: of the experiment and all ingredients; repeated ones count once.
        dependencies: likewise; missing versions are looked up.
        save_git_info: whether version control is asked at all.
        repositories: those of the sources, if they were looked up already (see :func:`look_up`).

    Returns:
        ``name``, ``base_dir``, ``sources`` (pairs of path and MD5, in order of absolute path),
        ``dependencies`` (``name==version``, in order of name), ``repositories`` (``url``, ``commit``,
        ``dirty``, each once), ``mainfile`` (or ``None``).
    """
    files = sorted(set(sources))
    base = os.path.realpath(base_dir)
    if repositories is None:
        repositories = look_up(source.filename for source in files) if save_git_info else ()
    main = mainfile.filename if isinstance(mainfile, Source) else os.path.realpath(mainfile) if mainfile else None
    return {
        "name": name,
        "base_dir": os.path.abspath(base_dir),
        "sources": [(relative_path(source.filename, base), source.digest) for source in files],
        "dependencies": _listed(dependencies),
        "repositories": entries(repositories),
        "mainfile": relative_path(main, base) if main else None,
    }


def _listed(dependencies: Iterable[PackageDependency]) -> list[str]:
    unique = sorted(set(dependencies), key=lambda dependency: dependency.name.lower())
    for dependency in unique:
        dependency.fill_missing_version()
    return [dependency.to_json() for dependency in unique]


def gather_sources_and_dependencies(
    globs: Mapping[str, Any], save_git_info: bool, base_dir: str | os.PathLike[str] | None = None
) -> tuple[Source | None, set[Source], set[PackageDependency]]:
    """The main file, the sources and the packages of a module's globals, by ``SETTINGS.DISCOVER_*``."""
    path = main_file(globs)
    main = Source.create(path, save_git_info) if path and os.path.isfile(path) else None
    folder = base_dir or (os.path.dirname(path) if path else os.getcwd())
    sources = find_sources(SETTINGS.DISCOVER_SOURCES, path, folder, globs)
    return main, sources, find_packages(SETTINGS.DISCOVER_DEPENDENCIES, globs)
