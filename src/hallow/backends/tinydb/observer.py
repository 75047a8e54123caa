"""The observer that keeps runs in a folder that TinyDB and Sacred's readers open as well."""

from __future__ import annotations

import logging
import os
import warnings
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hallow.backends.keeping import ArtifactFile, SourceFile, StoreObserver
from hallow.backends.tinydb.hashed import HashedFiles
from hallow.backends.tinydb.layout import OWN, VERSION, file_tag, to_json
from hallow.backends.tinydb.lock import PATIENCE, StoreLock, reaching
from hallow.backends.tinydb.metadata import Metadata, read_state
from hallow.backends.tinydb.pointsfile import PointsFile
from hallow.backends.tinydb.runfolder import RunDocument, RunFolder
from hallow.backends.tinydb.store import TinyDbStore
from hallow.errors import MissingExtraError, RunExistsError, StoreError
from hallow.journal.owner import describe_owner
from hallow.stores.documents import moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Self

    from hallow.records.points import Points

__all__ = ["TinyDbObserver"]

_log = logging.getLogger("hallow.store")
# Bytes of changes that are noted before the document is written anew; more if the document is large itself.
_LONGEST_LOG = 1 << 16
# Seconds after the start when metadata.json is brought up to date first; the intervals double from there on.
_FIRST_REFRESH = 30.0


class TinyDbObserver(StoreObserver):
    """Keeps runs in a folder that TinyDB, HashFS and Sacred's reader know; see :mod:`hallow.backends.tinydb.layout`.

    Any number of processes may record into one folder at the same time, if all of them are hallow's.

    Args:
        path: of the folder; it is made with its parents.
        overwrite: is not used.

    Attributes:
        root: absolute path of the folder.
        url: of the store.
        db: the TinyDB of ``metadata.json``, made when it is first asked for; with the latest state of this run.
        runs: its table ``"runs"``.
        fs: the contents of files, see :class:`~hallow.backends.tinydb.hashed.HashedFiles`.
        db_run_id: the number of the run in that table, or ``None``.
        run_entry: the document of the run that this observer records or recorded last, or ``None``.
        overwrite: as it was given.

    Raises:
        MissingExtraError: (an ImportError) without TinyDB; names the extra.
        StoreError: (an OSError) if the folder cannot be made.
    """

    VERSION = VERSION
    #: Equal to all others of its class with the same runs, and yet each a key of its own.
    __hash__ = StoreObserver.__hash__

    def __init__(self, path: str | os.PathLike[str] = "./runs_db", overwrite: Any = None) -> None:
        _check_tinydb()
        self._open(os.fspath(path), overwrite)

    @classmethod
    def create(cls, path: str | os.PathLike[str] = "./runs_db", overwrite: Any = None) -> Self:
        """Make an observer; deprecated, call the class."""
        message = f"{cls.__name__}.create(...) is deprecated; call {cls.__name__}(...)"
        warnings.warn(message, DeprecationWarning, stacklevel=2)
        return cls(path, overwrite)

    @classmethod
    def create_from(cls, db: Any, fs: Any, overwrite: Any = None, root: str | os.PathLike[str] | None = None) -> Self:
        """An observer with a TinyDB and a HashFS of one's own.

        Args:
            db: the TinyDB; documents are written by way of it, unless it is ``metadata.json`` in the folder.
            fs: a HashFS by MD5; contents go where it has them.
            overwrite: is not used.
            root: the folder for everything else, by default the one that the folder of ``fs`` is in.
        """
        _check_tinydb()
        observer = cls.__new__(cls)
        contents = HashedFiles(os.fspath(fs.root), getattr(fs, "depth", 3), getattr(fs, "width", 2))
        observer._open(
            os.path.dirname(contents.root) if root is None else os.fspath(root), overwrite, (db, fs), contents
        )
        return observer

    def _open(
        self,
        path: str,
        overwrite: Any,
        given: tuple[Any, Any] | None = None,
        contents: HashedFiles | None = None,
    ) -> None:
        self.root = os.path.abspath(os.path.expanduser(path))
        self.overwrite = overwrite
        _make_root(self.root)
        self._given = given
        self._contents = contents or HashedFiles(os.path.join(self.root, "hashfs"))
        self._lock = StoreLock(self.root)
        self._metadata = Metadata(self.root)
        super().__init__(0)

    def __repr__(self) -> str:
        return f"TinyDbObserver({self.root!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TinyDbObserver):
            return False
        return os.path.realpath(self.root) == os.path.realpath(other.root) or self._all_runs() == other._all_runs()

    def _all_runs(self) -> str:
        """All runs as they are stored."""
        from hallow.backends.tinydb.serializers import written

        return to_json(written([dict(document) for document in self.runs.all()], self.fs))

    def _reset(self) -> None:
        super()._reset()
        self.db_run_id: int | None = None
        self._db: Any = None
        self._folder: RunFolder | None = None
        # The run as Sacred recorded it, before anything is added to it.
        self._foreign: tuple[int, dict[str, Any]] | None = None
        self._points_file: PointsFile | None = None
        # The log that changes are noted in; without one, the document is written anew.
        self._log_name: str | None = None
        self._log_size = self._document_size = 0
        # Whether metadata.json has everything, how large the document is there, when it is written next.
        self._is_exported = True
        self._exported_size = 0
        self._has_owner = False
        self._next_refresh = _FIRST_REFRESH

    # ---------------------------------------------------------------------------------------- other programs

    @property
    def fs(self) -> Any:
        """The contents of sources, resources and artifacts."""
        return self._contents if self._given is None else self._given[1]

    @property
    def db(self) -> Any:
        """The TinyDB of ``metadata.json``."""
        if self._given is not None:
            self._bring_up_to_date()
            return self._given[0]
        if self._db is None:
            from hallow.backends.tinydb.database import open_database

            self._db = open_database(self.root, self._contents, self._lock, self._bring_up_to_date)
        return self._db

    @property
    def runs(self) -> Any:
        """The table of all runs."""
        return self.db.table("runs")

    def _bring_up_to_date(self) -> None:
        if self.run_entry is not None and not self._is_exported:
            self._export()

    @property
    def url(self) -> str:
        """Of the store."""
        return f"tinydb:{self.root}"

    def store(self) -> TinyDbStore:
        """The store, for reading."""
        return TinyDbStore(self.root, self._contents)

    def recovery(self) -> dict[str, Any]:
        """How another process makes this observer again."""
        own = type(self)
        return {"class": f"{own.__module__}:{own.__qualname__}", "arguments": {"path": self.root}}

    # --------------------------------------------------------------------------------------------- beginning

    def _new_run(self, run_id: Any, document: dict[str, Any]) -> Any:
        wanted = _free_id() if run_id is None else run_id
        document["_id"] = wanted
        folder = RunFolder.of(self.root, wanted)
        self._check_store()
        with self._lock.held(), reaching(self.root):
            if os.path.isdir(folder.path) or (run_id is not None and self._metadata.has_foreign(wanted)):
                raise RunExistsError(
                    f"run {wanted} exists in {self.root!r} already; choose another id, or let it be chosen"
                )
            self._keep_again(document)
            run = RunDocument(self._metadata.new_number(), wanted, document, _new_log(document))
            self._metadata.started.add(run.number, wanted)
            folder.create(run, _marks_of(document))
            self._follow(folder, run, is_new=True)
            try:
                self._write_metadata(document)
            except BaseException:
                folder.remove()
                raise
        return wanted

    def _check_store(self) -> None:
        """Make what is missing in the folder, and refuse one that cannot be written.

        Raises:
            StoreError: if it is not there (any more), or was written by a newer version.
        """
        with reaching(self.root):
            with suppress(FileExistsError):
                os.mkdir(os.path.join(self.root, OWN))
            read_state(self.root)

    def _take_queued(self, run_id: Any, document: dict[str, Any]) -> Any:
        folder = RunFolder.of(self.root, run_id)
        with self._lock.held(), reaching(self.root):
            try:
                run = folder.read()
            except (OSError, ValueError, RecursionError):  # another program's run, or a damaged one
                return None
            if run.document.get("status") != "QUEUED":
                return None
            document["_id"] = run.run_id
            run.document, run.log = document, _new_log(document)
            self._keep_again(document)
            folder.set_details(_marks_of(document))
            self._follow(folder, run, is_new=True)
            self._document_size = folder.write(run)
            self._write_metadata(document)
        return run.run_id

    def _follow(self, folder: RunFolder, run: RunDocument, is_new: bool) -> None:
        """What comes from now on belongs to this run."""
        self._folder, self.db_run_id = folder, run.number
        # The last line in the log of an earlier process may be cut off.
        self._log_name = run.log if is_new else None
        self._points_file = PointsFile(folder.file("metrics.jsonl"), 0 if is_new else None)
        self._has_owner = is_new and run.document["status"] == "RUNNING"

    def _load(self, run_id: Any) -> dict[str, Any]:
        folder = RunFolder.of(self.root, run_id)
        if folder.has_document():
            run = folder.read()
        else:
            number, stored = self._foreign = self.store().foreign_document(run_id)
            run = RunDocument(number, run_id, {key: value for key, value in stored.items() if key != "captured_out"})
        self._follow(folder, run, is_new=False)
        document = {"resources": [], "artifacts": [], "experiment": {}, **run.document}
        document["experiment"].setdefault("sources", [])
        return document

    def _adopt(self, folder: RunFolder, number: int, document: dict[str, Any]) -> None:
        """Make a run of Sacred's one of ours, because something is added to it."""
        run_id, output = document.get("_id", self.run_id), str(document.pop("captured_out", ""))
        details = folder.details()
        with self._lock.held(), reaching(self.root):
            folder.remove()
            folder.create(RunDocument(number, run_id, document), {})
            folder.set_details(details)
            folder.write_output(0, output.encode("utf-8", "backslashreplace"))
            self._metadata.started.add(number, run_id)
            self._metadata.settle()

    # ---------------------------------------------------------------------------------------------- document

    def _update(self, changes: dict[str, Any], removed: Sequence[str] = ()) -> None:
        if "status" in changes:
            self._write_document()
            self._export()
        else:
            self._note({"set": changes, "removed": list(removed)} if removed else {"set": changes})
            self._refresh(changes.get("heartbeat"))

    def _note(self, change: dict[str, Any]) -> None:
        """Store a change of the document, at the cost of the change."""
        self._is_exported = False
        longest = max(_LONGEST_LOG, 2 * self._document_size)
        if self._log_name is None or self._log_size > longest:
            self._write_document()
            return
        with reaching(self.root):
            self._log_size += self._run_folder().change(self._log_name, change)

    def _write_document(self) -> None:
        """Store the whole document, and begin a new log if the run goes on."""
        entry, folder = self._entry(), self._run_folder()
        self._is_exported = False
        with reaching(self.root):
            log = _new_log(entry)
            self._document_size = folder.write(RunDocument(self.db_run_id or 0, self.run_id, entry, log))
        self._log_name, self._log_size = log, 0

    def _run_folder(self) -> RunFolder:
        if self._folder is None:
            raise StoreError(f"{self} has no folder for the run {self.run_id}")
        if self._foreign is not None:
            self._adopt(self._folder, *self._foreign)
            self._foreign = None
        return self._folder

    def _refresh(self, beat: Any) -> None:
        """Bring ``metadata.json`` up to date, at intervals that double each time."""
        start, now = moment(self._entry().get("start_time")), moment(beat)
        if start is None or now is None or (now - start).total_seconds() < self._next_refresh:
            return
        self._next_refresh = 2 * (now - start).total_seconds()
        with suppress(StoreError):  # others will try it, too
            self._export(patience=0)

    def _export(self, patience: float = PATIENCE) -> None:
        with self._lock.held(patience), reaching(self.root):
            self._write_metadata(self._entry())

    def _write_metadata(self, document: dict[str, Any]) -> None:
        run = RunDocument(self.db_run_id or 0, self.run_id, document)
        exported = self._run_folder().export(run)
        if self._given is not None and not self._is_own_database():
            from hallow.backends.tinydb.database import put_document

            put_document(self._given[0], exported)
        else:
            self._exported_size = self._metadata.put(run.number, exported, self._exported_size)
        self._is_exported = True

    def _is_own_database(self) -> bool:
        from hallow.backends.tinydb.database import path_of

        path = path_of(self._given[0]) if self._given else None
        return path is not None and os.path.realpath(path) == os.path.realpath(self._metadata.path)

    # ------------------------------------------------------------------------------------------------- files

    def _keep_sources(self, sources: Sequence[SourceFile]) -> list[Any]:
        kept = []
        for source in sources:
            try:
                content = self._contents.keep(source.filename, source.md5)
            except StoreError:  # noqa: PERF203 - the other files are kept
                raise
            except OSError as error:
                _log.warning("the source file %s cannot be kept: %s", source.filename, error.strerror or error)
            else:
                kept.append([source.path, content, file_tag(content)])
        return kept

    def _keep_resource(self, filename: str, md5: str) -> Any:
        content = self._contents.keep(self.copies.get(filename, filename), md5)
        return [filename, content, file_tag(content)]

    def _keep_artifact(self, artifact: ArtifactFile) -> Any:
        content = self._contents.keep(artifact.filename, artifact.md5)
        facts = {"given": artifact.given, "metadata": artifact.metadata, "content_type": artifact.content_type}
        return [artifact.name, artifact.filename, content, file_tag(content), facts]

    def _keep_again(self, document: dict[str, Any]) -> None:
        """Keep sources whose content somebody has removed, with the last run that had it, since it was kept."""
        for path, content, _ in document["experiment"]["sources"]:
            if not self._contents.exists(content):
                with suppress(OSError):
                    self._contents.put(self.copies.get(path) or os.path.join(self._base_dir, path))

    def _add(self, field: str, entry: Any) -> None:
        entries = self._entry()[field]
        if field == "resources" and entry in entries[:-1]:  # a resource that is opened again
            entries.pop()
            return
        place, content = entry[1:3] if field == "artifacts" else entry[:2]
        with self._lock.held():
            if not self._contents.exists(content):  # see _keep_again
                self._contents.put(self.copies.get(place, place))
            self._note({"add": field, "entry": entry})

    # ----------------------------------------------------------------------------------------- what grows

    def _write_points(self, first: int, points: list[Points]) -> None:
        self._run_folder()
        with reaching(self.root):
            if self._points_file is not None:
                self._points_file.write(first, points)

    def _write_output(self, position: int, data: bytes) -> None:
        self._is_exported = False
        with reaching(self.root):
            self._run_folder().write_output(position, data)

    def _set_details(self, details: dict[str, Any]) -> None:
        if self._has_owner and details.keys() == {"owner"}:
            return  # the folder was made with it, so that no run is going on without an owner
        with self._lock.held(), reaching(self.root):
            self._run_folder().set_details(details)

    # --------------------------------------------------------------------------------------------------- end

    def join(self) -> None:
        """Everything is stored when an event returns; but for ``metadata.json``, if the run had ended before."""
        if self.run_entry is not None and "stop_time" in self.run_entry:
            self._bring_up_to_date()


def _check_tinydb() -> None:
    from importlib.util import find_spec

    if find_spec("tinydb") is None:
        raise MissingExtraError(
            'TinyDbObserver needs TinyDB; install it with: pip install "hallow[tinydb]"', print_traceback=False
        )


def _make_root(root: str) -> None:
    try:
        os.makedirs(root, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise StoreError(f"{root!r} is a file, or lies in one; a TinyDB store is a folder, give one") from None
    except OSError as error:
        raise StoreError(
            f"the folder {root!r} for a TinyDB store cannot be made: {error.strerror or error}; give one that you may "
            "write to"
        ) from error


def _free_id() -> str:
    from uuid import uuid4

    return uuid4().hex


def _marks_of(document: dict[str, Any]) -> dict[str, Any]:
    """Whose process the run is in, to be known before the run is said to be going on."""
    return {"owner": describe_owner()} if document["status"] == "RUNNING" else {}


def _new_log(document: dict[str, Any]) -> str | None:
    """The name of a log of changes that never was; a run that does not go on has none."""
    if "stop_time" in document or "start_time" not in document:
        return None
    return f"changes-{os.urandom(4).hex()}.jsonl"
