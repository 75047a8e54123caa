"""Where everything of a run goes in a file store."""

# os.path, because this runs at every start and pathlib costs several times as much.

from __future__ import annotations

import logging
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from hallow.backends.file import folders
from hallow.backends.file.copies import copy_file, keep_content
from hallow.backends.file.facts import FactsFile, read_facts
from hallow.backends.file.layout import OWN, artifact_path, checked_id
from hallow.backends.file.metrics import MetricsFiles
from hallow.errors import RunExistsError, RunStateError
from hallow.observers.perrun import RecordPerRun
from hallow.provenance.sources import relative_path
from hallow.records.appending import replace_tail
from hallow.records.encoding import flatten
from hallow.records.jsonfile import read_json, write_json
from hallow.records.points import epoch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from typing_extensions import Self

    from hallow.backends.file.layout import FolderTemplate

__all__ = ["DEFAULT_FILE_STORAGE_PRIORITY", "RunFolderWriter"]

DEFAULT_FILE_STORAGE_PRIORITY = 20
_log = logging.getLogger("hallow.store")


class RunFolderWriter(RecordPerRun):
    """The part of the observer that writes; the part that says when is in ``observer.py``."""

    _folder: FolderTemplate | None = None

    def initialize(
        self,
        basedir: str | os.PathLike[str],
        resource_dir: str | os.PathLike[str] | None,
        source_dir: str | os.PathLike[str] | None,
        template: str | os.PathLike[str] | None,
        priority: float = DEFAULT_FILE_STORAGE_PRIORITY,
        copy_artifacts: bool = True,
        copy_sources: bool = True,
    ) -> None:
        """Set everything up; shared by the constructor and :meth:`create_from`."""
        self.basedir = os.fspath(basedir)
        self._resource_dir = os.fspath(resource_dir or os.path.join(self.basedir, "_resources"))
        self._source_dir = os.fspath(source_dir or os.path.join(self.basedir, "_sources"))
        self.template = _template(template, self.basedir)
        self.priority = priority
        self.copy_artifacts = copy_artifacts
        self.copy_sources = copy_sources
        #: Path of a source or resource -> the file to read it from, when the original may have changed since.
        self.copies: dict[str, str] = {}
        self._reset()

    @property
    def resource_dir(self) -> Path:
        """Where resources are kept."""
        from pathlib import Path

        return Path(self._resource_dir)

    @resource_dir.setter
    def resource_dir(self, folder: str | os.PathLike[str]) -> None:
        self._resource_dir = os.fspath(folder)

    @property
    def source_dir(self) -> Path:
        """Where source files are kept."""
        from pathlib import Path

        return Path(self._source_dir)

    @source_dir.setter
    def source_dir(self, folder: str | os.PathLike[str]) -> None:
        self._source_dir = os.fspath(folder)

    @classmethod
    def create(cls, *args: Any, **kwargs: Any) -> Self:
        """Deprecated: call the class."""
        import warnings

        warnings.warn(
            f"{cls.__name__}.create(...) is deprecated; call {cls.__name__}(...)",
            DeprecationWarning,
            stacklevel=2,
        )
        return cls(*args, **kwargs)

    @classmethod
    def create_from(cls, *args: Any, **kwargs: Any) -> Self:
        """An observer made without the constructor; the arguments are those of :meth:`initialize`."""
        self = cls.__new__(cls)
        self.initialize(*args, **kwargs)
        return self

    def __eq__(self, other: object) -> bool:
        return self.basedir == other.basedir if isinstance(other, RunFolderWriter) else False

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.basedir!r})"

    # ---------------------------------------------------------------------- state of a run

    def _reset(self) -> None:
        self.dir: str | None = None
        self.run_entry: dict[str, Any] | None = None
        self.config: Any = None
        self.info: Any = None
        self._info_text = ""
        self._cout: str | None = ""
        self.cout_write_cursor = 0
        self._metrics: MetricsFiles | None = None
        self._host: Mapping[str, Any] = {}
        # Paths may be given relative to where the run starts, and the run may go elsewhere.
        self._home = os.getcwd()
        self._facts: FactsFile | None = None
        self._times: dict[str, float] = {}

    def _absolute(self, path: str | os.PathLike[str]) -> str:
        return os.path.normpath(os.path.join(self._home, path))

    def _running(self) -> tuple[str, dict[str, Any]]:
        """The folder and the entry of the run.

        Raises:
            RunStateError: if none was started; so that nothing is ever written to somebody else's run.
        """
        if self.dir is None or self.run_entry is None:
            raise RunStateError(f"{type(self).__name__}({self.basedir!r}) records no run: none was started")
        return self.dir, self.run_entry

    # ---------------------------------------------------------------------- the folder

    @contextmanager
    def _beginning(
        self, ex_info: Mapping[str, Any], command: str, when: datetime, config: Mapping[str, Any], _id: Any
    ) -> Iterator[None]:
        """Make the folder; whatever fails in the body leaves nothing that later events could write to."""
        self._reset()
        try:
            if _id is None and self._folder is not None:
                self._make_named_dir(str(ex_info.get("name", "")), command, when, config)
            else:
                self._make_run_dir(_id)
            folder = os.fspath(self.dir or "")
            self._metrics = MetricsFiles(folder)
            self._facts = FactsFile(folder)
            yield
        except BaseException:
            self._reset()
            self._taken = False
            raise

    def _make_run_dir(self, _id: Any) -> None:
        """Make the folder for an id, or for the next number; sets ``dir``."""
        basedir = self._absolute(self.basedir)
        if _id is None:
            path = folders.make_first_free(basedir, self._maximum_existing_run_id() + 1)
        else:
            path = self._make_given_dir(basedir, checked_id(_id))
        self.dir = path
        name = os.path.basename(path)
        if _id is None:
            folders.remember_id(basedir, int(name))

    def _make_given_dir(self, basedir: str, name: str) -> str:
        try:
            return folders.make_run_folder(basedir, name)
        except RunExistsError:
            path = os.path.join(basedir, name)
            if not _take_over(path):
                raise
            self._times = read_facts(path).get("times", {})
            return path

    def _make_named_dir(self, experiment: str, command: str, start: datetime, config: Mapping[str, Any]) -> None:
        template = self._folder
        assert template is not None
        basedir = self._absolute(self.basedir)
        number = folders.maximum_leading_number(basedir) + 1 if template.numbered else 0
        first = template.name(number, start, experiment, command, config)
        self.dir = folders.make_named(basedir, first)

    def _maximum_existing_run_id(self) -> int:
        """The highest number among the run folders, 0 if there is none."""
        return folders.maximum_id(self._absolute(self.basedir))

    # ---------------------------------------------------------------------- sources

    def save_sources(self, ex_info: Mapping[str, Any]) -> list[list[str]]:
        """Keep the source files; gives ``[path, path of the copy relative to basedir]`` for each."""
        return [[path, stored] for path, _, stored in self._keep_sources(ex_info) if stored is not None]

    def _keep_sources(self, ex_info: Mapping[str, Any]) -> list[tuple[str, str, str | None]]:
        """Path, MD5 and place of each source; ``None`` for one that cannot be had any more."""
        base = base_dir_of(ex_info)
        kept = [self._keep_source(base, path, digest) for path, digest in ex_info.get("sources", ())]
        self._say(*(("source", {"path": path, "md5": md5, "stored": stored}) for path, md5, stored in kept))
        return kept

    def _keep_source(self, base: str, path: str, digest: str) -> tuple[str, str, str | None]:
        source = self.copies.get(path) or os.path.join(base, path)
        basedir = self._absolute(self.basedir)
        if not self.copy_sources:
            return path, digest, relative_path(source, basedir)
        try:
            stored, actual = keep_content(source, self._absolute(self._source_dir), digest)
        except OSError as error:
            _log.warning("the source file %s cannot be kept: %s", source, error.strerror or error)
            return path, digest, None
        if digest and actual != digest:
            _log.warning("the source file %s was changed since it was found; the new content is kept", source)
        return path, actual, relative_path(stored, basedir)

    # ---------------------------------------------------------------------- helpers to write

    def save_json(self, obj: Any, filename: str) -> None:
        """Write a JSON file into the run's folder, in one step."""
        folder, _ = self._running()
        write_json(os.path.join(folder, filename), flatten(obj, path=filename.partition(".")[0]))

    def save_file(self, filename: str, target_name: str | None = None) -> None:
        """Copy a file into the run's folder, over an older copy; ``target_name`` may lead to a sub-folder.

        Raises:
            ArtifactNameError: (a ``FileExistsError``) if the store needs the name itself.
        """
        folder, _ = self._running()
        name = artifact_path(folder, target_name or os.path.basename(filename), self._reserved())
        copy_file(filename, os.path.join(folder, name))

    def find_or_save(self, filename: str | os.PathLike[str], store_dir: str | os.PathLike[str]) -> Path:
        """The copy of a file in a content-addressed folder; it is made if there is none.

        With ``copy_artifacts=False`` a file in the store stands for itself.
        """
        from pathlib import Path

        source = os.fspath(filename)
        basedir = os.path.realpath(self._absolute(self.basedir))
        if not self.copy_artifacts and os.path.realpath(source).startswith(basedir + os.sep):
            return Path(source)
        kept, _ = keep_content(source, self._absolute(store_dir))
        return Path(store_dir, os.path.basename(kept))

    def _say(self, *facts: tuple[str, Any]) -> None:
        """Add to the facts of the run."""
        if facts and self._facts is not None:
            self._facts.add(*facts)

    def _say_time(self, name: str, when: datetime) -> None:
        self._times = {**self._times, name: epoch(when)}
        self._say(("times", self._times))

    def _save_entry(self) -> None:
        _, entry = self._running()
        # Facts about the machine that came since the start, from the background.
        came = {key: value for key, value in dict(self._host).items() if entry["host"].get(key) is None}
        # Whole dicts are exchanged and copied, because a heartbeat and the run itself may be here at once.
        entry["host"] = {**entry["host"], **came}
        self.save_json(dict(entry), "run.json")

    @property
    def cout(self) -> str:
        """The output of the run, as of the last heartbeat."""
        if self._cout is not None or self.dir is None:
            return self._cout or ""
        with suppress(OSError), open(os.path.join(self.dir, "cout.txt"), encoding="utf-8", errors="replace") as file:
            return file.read()
        return ""

    @cout.setter
    def cout(self, text: str) -> None:
        self._cout = text

    def _write_output(self, data: bytes, position: int) -> None:
        """Replace everything after ``position`` bytes of the output."""
        folder, _ = self._running()
        self._cout = None
        replace_tail(os.path.join(folder, "cout.txt"), position, data)

    def _take_output(self, captured_out: str) -> None:
        written = self.cout[: self.cout_write_cursor]
        if not captured_out.startswith(written):
            # A filter changed what is written already.
            self.cout_write_cursor = 0
            with suppress(OSError):
                os.unlink(os.path.join(self._running()[0], "cout.txt"))
        self.cout = captured_out

    def save_cout(self) -> None:
        """Append what is new in ``cout`` to ``cout.txt``."""
        folder, _ = self._running()
        new = self.cout[self.cout_write_cursor :].encode("utf-8", "backslashreplace")
        with open(os.path.join(folder, "cout.txt"), "ab") as file:
            file.write(new)
        self.cout_write_cursor = len(self.cout)

    def render_template(self) -> None:
        """Write ``report<suffix>`` if there is a template and Mako to render it; a failure is only logged."""
        if self.template is None or self.dir is None:
            return
        try:
            from mako.template import Template

            template = Template(filename=os.fspath(self.template))  # noqa: S702 - the user's own file
            text = template.render(
                run=self.run_entry, config=self.config, info=self.info, cout=self.cout, savedir=self.dir
            )
            with open(os.path.join(self.dir, self._report()), "w", encoding="utf-8") as file:
                file.write(text)
        except Exception as error:
            _log.warning("no report from the template %s: %s: %s", self.template, type(error).__name__, error)

    def _report(self) -> str:
        return "report" + os.path.splitext(os.fspath(self.template or ""))[1]

    def _reserved(self) -> tuple[str, ...]:
        return (self._report(),) if self.template is not None else ()


def _template(template: str | os.PathLike[str] | None, basedir: str) -> Path | None:
    if template is None:
        template = os.path.join(basedir, "template.html")
        if not os.path.exists(template):
            return None
    elif not os.path.exists(template):
        raise FileNotFoundError(f"Couldn't find template file '{os.fspath(template)}'")
    from pathlib import Path

    return Path(template)


def base_dir_of(ex_info: Mapping[str, Any]) -> str:
    return os.path.abspath(ex_info.get("base_dir") or os.curdir)


def _take_over(folder: str) -> bool:
    """Whether the run in a folder is queued and nobody else starts it; then it is ours."""
    try:
        if read_json(os.path.join(folder, "run.json")).get("status") != "QUEUED":
            return False
        os.makedirs(os.path.join(folder, OWN), exist_ok=True)
        os.mkdir(os.path.join(folder, OWN, "started"))
        return True
    except (OSError, ValueError, AttributeError):
        return False
