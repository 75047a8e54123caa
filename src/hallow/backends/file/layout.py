"""Names in a file store.

::

    BASEDIR/
      <id>/                    one folder per run
        run.json config.json cout.txt metrics.json info.json   as Sacred writes them
        <artifacts>
        .hallow/               what hallow adds
          facts.jsonl          sources, resources, artifacts, times, origins, git, ...: one fact a line, appended
          metrics.jsonl        every point of every metric, appended at each beat; only if there are any
      _sources/<stem>_<md5><ext>
      _resources/<stem>_<md5><ext>
      .hallow/last_id          a hint that saves looking through BASEDIR
"""

# os.path, because this runs at every start and pathlib costs several times as much.

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from hallow.errors import ArtifactNameError, StoreError
from hallow.utils import closest, did_you_mean, get_by_dotted_path, iterate_flattened

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

__all__ = [
    "LAYOUT_VERSION",
    "OWN",
    "SHARED_FOLDERS",
    "FolderTemplate",
    "artifact_path",
    "checked_id",
    "stored_name",
]

LAYOUT_VERSION = 1
OWN = ".hallow"
RUN_FILES = ("run.json", "config.json", "cout.txt", "metrics.json", "info.json")
SHARED_FOLDERS = ("_sources", "_resources")


def stored_name(filename: str, digest: str) -> str:
    """The name of a content-addressed copy: ``data.csv`` gives ``data_<md5>.csv``."""
    stem, extension = os.path.splitext(os.path.basename(filename))
    return f"{stem}_{digest}{extension}"


def artifact_path(run_folder: str, name: str, reserved: tuple[str, ...] = ()) -> str:
    """The path, relative to the run's folder, of an artifact.

    Raises:
        ArtifactNameError: (a ``FileExistsError``) if the name leads out of the folder or to a file of the
        store.
    """
    inside = os.path.relpath(os.path.join(run_folder, name), run_folder)
    first = inside.split(os.sep)[0]
    if first in (os.pardir, os.curdir) or os.path.isabs(inside):
        raise ArtifactNameError(
            f"the artifact name {name!r} leads out of the run's folder; give a name or a relative path"
        )
    taken = (*RUN_FILES, *reserved, OWN)
    if inside in taken or first == OWN:
        raise ArtifactNameError(
            f"an artifact cannot be called {name!r}: the store needs that name itself. Its files are "
            f"{', '.join(taken)}; give the artifact another name"
        )
    return inside


def checked_id(run_id: Any) -> str:
    """The folder name for an id that was given from outside.

    Raises:
        StoreError: if there can be no folder of that name.
    """
    name = str(run_id)
    outside = not name or name.startswith(".") or os.path.basename(name) != name or "\0" in name
    if outside or name in SHARED_FOLDERS:
        raise StoreError(
            f"a run in a file store cannot have the id {name!r}: the id is the name of its folder; "
            "use letters, digits, dashes and underscores"
        )
    return name


# ------------------------------------------------------------------------------------ names of run folders


class FolderTemplate:
    """Names run folders after their runs: ``"{time}_{config.lr}"``.

    Fields are ``time`` (the start, UTC; ``{time:%Y}`` chooses a format), ``name`` of the experiment,
    ``command``, ``hash`` (eight hex digits of the configuration), ``id`` (the next number), and
    ``config.<path>``.

    Raises:
        StoreError: for a broken template or an unknown field.
    """

    _FIELDS = ("time", "name", "command", "hash", "id")

    def __init__(self, template: str) -> None:
        from string import Formatter

        self.template = template
        try:
            self._pieces = list(Formatter().parse(template))
        except ValueError as error:
            raise StoreError(f"the folder template {template!r} is broken: {error}") from None
        for field in self._named():
            if field not in self._FIELDS and not field.startswith("config."):
                hint = did_you_mean(field, self._FIELDS, "{{{}}}")
                raise StoreError(
                    f"the folder template {template!r} has an unknown field {{{field}}}.{hint} Fields are "
                    f"{', '.join(self._FIELDS)} and config.<path>"
                )

    def _named(self) -> Iterator[str]:
        return (field for _, field, _, _ in self._pieces if field is not None)

    @property
    def numbered(self) -> bool:
        """Whether the names hold the next number."""
        return "id" in self._named()

    def name(self, number: int, start: datetime, experiment: str, command: str, config: Mapping[str, Any]) -> str:
        """The folder name of one run; characters that do not belong into names become dashes.

        Raises:
            StoreError: if the configuration has no entry of a path.
        """
        known = {"id": number, "name": experiment, "command": command}
        text = ""
        for literal, field, spec, _ in self._pieces:
            text += literal
            if field == "time":
                text += format(start, spec or "%Y%m%d-%H%M%S")
            elif field == "hash":
                text += _config_hash(config)
            elif field is not None:
                value = known[field] if field in known else self._entry(config, field)
                text += format(value, spec) if spec else str(value)
        return _harmless(text)

    def _entry(self, config: Mapping[str, Any], field: str) -> Any:
        path = field.partition(".")[2]
        missing = object()
        value = get_by_dotted_path(config, path, missing)
        if value is missing:
            near = closest(path, (known for known, _ in iterate_flattened(config)))
            hint = f"; the nearest is {near[0]}" if near else ""
            raise StoreError(f"the folder template {self.template!r} needs the entry {path}, but there is none{hint}")
        return value


def _harmless(text: str) -> str:
    safe = "".join(char if char.isalnum() or char in "-_.=+," else "-" for char in text)
    return safe.strip("-. ").lstrip("_")[:120] or "run"


def _no_matter(path: str, problem: str) -> None:
    """What cannot be stored is reported when it is stored."""
    del path, problem


def _config_hash(config: Mapping[str, Any]) -> str:
    import json
    from hashlib import md5

    from hallow.records.encoding import flatten

    text = json.dumps(flatten(config, _no_matter), sort_keys=True)
    return md5(text.encode(), usedforsecurity=False).hexdigest()[:8]
