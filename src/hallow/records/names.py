"""Names of artifacts, as users choose them and as stores keep them."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING

from hallow.errors import ArtifactNameError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["artifact_name", "files_below", "versions"]


def versions(name: str) -> Iterator[str]:
    """Names for files that ask for the same one: ``m.txt``, ``m.2.txt``, ``m.3.txt`` and so on."""
    yield name
    stem, extension = os.path.splitext(name)
    number = 2
    while True:
        yield f"{stem}.{number}{extension}"
        number += 1


def artifact_name(name: str) -> str:
    """The name of an artifact: a relative path with ``/``, without detours.

    Raises:
        ArtifactNameError: (a ``FileExistsError``) if it leads out of the run.
    """
    inside = posixpath.normpath(name.replace(os.sep, "/"))
    if inside in (".", "..") or inside.startswith(("../", "/")) or "\0" in inside:
        raise ArtifactNameError(
            f"the artifact name {name!r} leads out of the run's artifacts; give a name or a relative path"
        )
    return inside


def files_below(path: str, name: str) -> Iterator[tuple[str, str]]:
    """The files of an artifact, each with its name: ``path`` itself, or everything below it if it is a folder."""
    if not os.path.isdir(path):
        yield name, path
        return
    for folder, folders, files in os.walk(path):
        folders.sort()
        for file in sorted(files):
            full = os.path.join(folder, file)
            if os.path.isfile(full):
                yield posixpath.join(name, os.path.relpath(full, path).replace(os.sep, "/")), full
