"""Reading a TinyDB store: what hallow and Sacred wrote, whatever state it is in."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO

from hallow.backends.tinydb.hashed import HashedFiles, is_digest
from hallow.backends.tinydb.layout import METADATA, OWN, id_of, name_of
from hallow.backends.tinydb.lock import StoreLock, reaching
from hallow.backends.tinydb.metadata import Metadata, read_state
from hallow.backends.tinydb.parsing import Parsed, read_metadata
from hallow.backends.tinydb.pointsfile import PointsFile
from hallow.backends.tinydb.runfolder import RunFolder
from hallow.backends.tinydb.started import StartedRuns
from hallow.backends.tinydb.tags import read_tags
from hallow.errors import StoreError
from hallow.records.contents import Contents
from hallow.records.encoding import flatten
from hallow.records.record import RecordedFile
from hallow.records.urls import missing_folder
from hallow.stores.base import Store
from hallow.stores.documents import Files, damaged, read_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hallow.backends.tinydb.observer import TinyDbObserver
    from hallow.records.points import Points
    from hallow.records.record import RunRecord

__all__ = ["TinyDbStore"]

_DAMAGE = (OSError, ValueError, RecursionError)


class TinyDbStore(Store):
    """The runs in a folder with a ``metadata.json`` of TinyDB; see :mod:`hallow.backends.tinydb.layout`.

    Args:
        path: the folder, also one that Sacred wrote, or ``tinydb:`` and the folder.
        contents: where the contents of files are, by default in the folder.

    Raises:
        StoreError: if it is no folder, or cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str], contents: HashedFiles | None = None) -> None:
        self.root = os.path.abspath(os.path.expanduser(_path_in(os.fspath(path))))
        self.url = f"tinydb:{self.root}"
        self.files = contents or HashedFiles(os.path.join(self.root, "hashfs"))
        self._foreign_of: tuple[Any, dict[str, tuple[int, Any]], str] = (None, {}, "")
        self._check()

    def _check(self) -> None:
        try:
            os.listdir(self.root)
        except OSError as error:
            raise missing_folder("TinyDB", self.root, error) from error

    def observer(self) -> TinyDbObserver:
        """An observer that records into this folder."""
        from hallow.backends.tinydb.observer import TinyDbObserver

        return TinyDbObserver(self.root)

    # --------------------------------------------------------------------------------------------- reading

    def ids(self) -> Iterator[Any]:
        """The ids of all runs, in the order of their numbers in ``metadata.json``."""
        foreign, problem = self._foreign()
        found = [*self._own(), *((number, run_id) for run_id, (number, _) in foreign.items())]
        yield from (run_id for _, run_id in sorted(found, key=lambda pair: pair[0]))
        if problem:
            yield METADATA

    def _own(self) -> list[tuple[int, Any]]:
        """Numbers and ids of the runs that hallow recorded."""
        try:
            names = {name for name in os.listdir(os.path.join(self.root, OWN, "runs")) if name[0] != "."}
        except OSError:
            return []
        started = StartedRuns(self.root).runs()
        last = max((number for number, _ in started.values()), default=0)
        others = [RunFolder(self.root, name) for name in sorted(names - started.keys())]
        unnoted = [(last + 1, _id_in(folder)) for folder in others if folder.has_document()]
        return [*(started[name] for name in names & started.keys()), *unnoted]

    def _foreign(self) -> tuple[dict[str, tuple[int, Any]], str]:
        """Number and document of the runs that others recorded, by id; and what is wrong with ``metadata.json``."""
        try:
            found = os.stat(os.path.join(self.root, METADATA))
        except OSError:
            return {}, ""
        state = None
        with suppress(StoreError):  # a newer layout can be read
            state = read_state(self.root)
        if state is not None and state.is_of(found) and not state.foreign:
            return {}, ""
        signature = (found.st_ino, found.st_size, found.st_mtime_ns)
        if self._foreign_of[0] != signature:
            with reaching(self.root, "read"):
                parsed = read_metadata(self.root, state.end if state else 0)
            self._foreign_of = (signature, self._sorted_out(parsed), parsed.problem)
        return self._foreign_of[1:]

    def _sorted_out(self, parsed: Parsed) -> dict[str, tuple[int, Any]]:
        """Those of the documents that have no folder of ours, under ids that are unique."""
        found: dict[str, tuple[int, Any]] = {}
        for key, document in parsed.runs.items():
            stored = document.get("_id") if isinstance(document, dict) else None
            if stored is not None and RunFolder.of(self.root, stored).has_document():
                continue
            run_id = f"number {key}" if stored is None else str(stored)
            if run_id in found:
                run_id = f"{run_id} number {key}"
            found[run_id] = (int(key) if key.isdecimal() and len(key) < 19 else 0, document)
        return found

    def get(self, run_id: Any) -> RunRecord:
        """One run; see :meth:`hallow.stores.base.Store.get`."""
        folder = RunFolder.of(self.root, run_id)
        if os.path.isdir(folder.path) and (folder.has_document() or folder.name in StartedRuns(self.root).numbers()):
            return self._own_record(folder)
        foreign, problem = self._foreign()
        if str(run_id) in foreign:
            return self._foreign_record(str(run_id), foreign[str(run_id)][1])
        if problem and run_id == METADATA:
            return damaged(METADATA, self.url, _Foreign(self, folder, ""), problem)
        raise self.not_found(run_id)

    def _own_record(self, folder: RunFolder) -> RunRecord:
        contents = _Own(self, folder)
        try:
            run = folder.read()
        except _DAMAGE as error:
            return self._damaged_record(folder, contents, error)
        run_id = id_of(folder.name) if run.run_id is None else run.run_id
        return self._record(run.document, contents, folder, run_id, run.problem)

    def _damaged_record(self, folder: RunFolder, contents: Contents, error: BaseException) -> RunRecord:
        """What ``metadata.json`` has of a run whose own document cannot be read."""
        problem = f"document.json cannot be read: {type(error).__name__}: {error}"
        run_id = id_of(folder.name)
        document = self._exported(folder.name)
        if document is None:
            return damaged(run_id, self.url, contents, problem)
        return self._record(
            read_tags(document), contents, folder, run_id, f"{problem}; this is what {METADATA} has of it"
        )

    def _exported(self, name: str) -> dict[str, Any] | None:
        """The document of a run of ours in ``metadata.json``."""
        with suppress(OSError):
            for document in read_metadata(self.root).runs.values():
                if isinstance(document, dict) and name_of(document.get("_id")) == name:
                    return document
        return None

    def _foreign_record(self, run_id: str, document: Any) -> RunRecord:
        folder = RunFolder.of(self.root, run_id)
        text = document.get("captured_out") if isinstance(document, dict) else ""
        contents = _Foreign(self, folder, text if isinstance(text, str) else "")
        try:
            return self._record(read_tags(document), contents, folder, run_id)
        except RecursionError as error:
            return damaged(run_id, self.url, contents, error)

    def _record(
        self, document: Any, contents: Contents, folder: RunFolder, run_id: Any, problem: str = ""
    ) -> RunRecord:
        return read_record(
            document,
            contents,
            run_id=run_id,
            store=self.url,
            marks=folder.marks(),
            files=_files_of(document, contents),
            problem=problem,
        )

    def foreign_document(self, run_id: Any) -> tuple[int, dict[str, Any]]:
        """Number and document, in the form of ``flatten``, of a run that another program recorded.

        Raises:
            RunNotFoundError: if there is none of that id.
        """
        foreign, _ = self._foreign()
        if str(run_id) not in foreign:
            raise self.not_found(run_id)
        number, document = foreign[str(run_id)]
        return number, _flat(read_tags(document))

    # -------------------------------------------------------------------------------------------- deleting

    def delete(self, run_id: Any) -> None:
        """Remove a run, and the contents that no other run refers to."""
        record = self.get(run_id)
        folder = RunFolder.of(self.root, run_id)
        with StoreLock.of(self.root).held(), reaching(self.root):
            self._remove(record, folder)
            for content in self._unused(_contents_of(record)):
                self.files.delete(content)

    def _unused(self, contents: set[str]) -> set[str]:
        """Those of some contents that no run refers to, those that cannot be read included."""
        for run_id in reversed(list(self.ids())):  # those of recent runs have most in common
            if not contents:
                return contents
            record = self.get(run_id)
            contents = contents - _contents_of(record)
            if record.problem:
                contents -= _digests_in(RunFolder.of(self.root, run_id).file("document.json"))
        for name in os.listdir(self.root) if contents else ():
            if name.startswith(f"{METADATA}.damaged-"):
                contents -= _digests_in(os.path.join(self.root, name))
        return contents

    def _remove(self, record: RunRecord, folder: RunFolder) -> None:
        metadata = Metadata(self.root)
        if record.run_id == METADATA and record.problem:
            metadata.settle()  # which keeps what cannot be read under another name
            return
        foreign = self._foreign()[0].get(str(record.run_id))
        number = metadata.number_of(foreign[1]) if foreign else StartedRuns(self.root).numbers().get(folder.name)
        if os.path.isdir(folder.path):
            # In one step for whoever lists the store meanwhile.
            leaving = RunFolder(self.root, f".deleted-{os.urandom(4).hex()}")
            os.rename(folder.path, leaving.path)
        _sweep(os.path.dirname(folder.path))
        if number is not None:
            metadata.remove(number)


def _sweep(runs: str) -> None:
    """Remove what is being deleted, also by processes that were killed meanwhile, or while they made a run."""
    from shutil import rmtree

    with suppress(FileNotFoundError):
        for name in os.listdir(runs):
            if name.startswith((".deleted-", ".new-")):
                rmtree(os.path.join(runs, name), ignore_errors=True)


class _Parts(Contents):
    """What a run of either kind has in a folder of ours."""

    def __init__(self, store: TinyDbStore, folder: RunFolder) -> None:
        self._store = store
        self._folder = folder

    def details(self) -> dict[str, Any]:
        return self._folder.details()

    def annotate(self, name: str, value: Any) -> None:
        root = self._store.root
        with StoreLock.of(root).held(), reaching(root):
            self._folder.set_details({name: value})

    def open(self, file: RecordedFile) -> BinaryIO:
        if file.key is None:
            raise FileNotFoundError(f"the content of {file.name} is not in the store")
        return self._store.files.open(file.key)


class _Own(_Parts):
    """A run that hallow recorded."""

    def output_size(self) -> int:
        return self._folder.output_size()

    def read_output(self, start: int, stop: int) -> bytes:
        try:
            return self._folder.read_output(start, stop)
        except OSError as error:
            raise StoreError(f"the output in {self._folder.path!r} cannot be read: {error}") from error

    def read_points(self, wanted: Callable[[str], bool] | None = None) -> Iterator[Points]:
        try:
            for points in PointsFile(self._folder.file("metrics.jsonl")).read():
                if wanted is None or wanted(points.name):
                    yield points
        except OSError as error:
            raise StoreError(f"the metrics in {self._folder.path!r} cannot be read: {error}") from error


class _Foreign(_Parts):
    """A run that Sacred recorded: it has no metrics, and its output is in its document."""

    def __init__(self, store: TinyDbStore, folder: RunFolder, output: str) -> None:
        super().__init__(store, folder)
        self._output = output.encode("utf-8", "backslashreplace")

    def annotate(self, name: str, value: Any) -> None:
        with reaching(self._store.root):
            os.makedirs(self._folder.path, exist_ok=True)
        super().annotate(name, value)

    def output_size(self) -> int:
        return len(self._output)

    def read_output(self, start: int, stop: int) -> bytes:
        return self._output[start:stop]

    def read_points(self, wanted: Callable[[str], bool] | None = None) -> Iterator[Points]:
        del wanted
        return iter(())


# ------------------------------------------------------------------------------------------------------- files


def _id_in(folder: RunFolder) -> Any:
    """The id of a run whose start is not noted (any more)."""
    try:
        found = folder.read().run_id
    except _DAMAGE:
        found = None
    return id_of(folder.name) if found is None else found


def _contents_of(record: RunRecord) -> set[str]:
    return {file.key for file in (*record.sources, *record.resources, *record.artifacts) if file.key}


def _digests_in(path: str) -> set[str]:
    """Whatever may be a reference to a content, in a file that cannot be read otherwise."""
    try:
        with open(path, "rb") as file:
            return {digest.decode("ascii") for digest in re.findall(rb"[0-9a-f]{32}", file.read())}
    except OSError:
        return set()


def _files_of(document: Any, contents: Contents) -> Files:
    """The files that a document lists; entries that make no sense are left out."""
    if not isinstance(document, dict):
        return Files([], [], [])
    experiment = document.get("experiment")
    sources = experiment.get("sources") if isinstance(experiment, dict) else None
    return Files(
        [_file(entry, entry[0], contents) for entry in _entries(sources, 3)],
        [_file(entry, entry[0], contents) for entry in _entries(document.get("resources"), 3)],
        [_artifact(entry, contents) for entry in _entries(document.get("artifacts"), 4)],
    )


def _entries(listed: Any, length: int) -> list[list[Any]]:
    found = listed if isinstance(listed, list) else []
    return [entry for entry in found if isinstance(entry, list) and len(entry) >= length and isinstance(entry[0], str)]


def _file(entry: list[Any], path: str, contents: Contents) -> RecordedFile:
    content = entry[1] if is_digest(entry[1]) else None
    return RecordedFile(entry[0], md5=content, path=path, key=content, contents=contents)


def _artifact(entry: list[Any], contents: Contents) -> RecordedFile:
    name, path, content = entry[:3]
    facts: Mapping[str, Any] = entry[4] if len(entry) > 4 and isinstance(entry[4], dict) else {}
    content = content if is_digest(content) else None
    given, metadata, kind = facts.get("given"), facts.get("metadata"), facts.get("content_type")
    return RecordedFile(
        name,
        given=given if isinstance(given, str) else name,
        md5=content,
        metadata=metadata if isinstance(metadata, dict) else None,
        content_type=kind if isinstance(kind, str) else None,
        path=path if isinstance(path, str) else None,
        key=content,
        contents=contents,
    )


def _flat(document: dict[str, Any]) -> dict[str, Any]:
    """A document of Sacred's with its values in the form of ``flatten``, and its times as texts."""
    times = {key: value.isoformat() for key, value in document.items() if hasattr(value, "isoformat")}
    return {**flatten({key: value for key, value in document.items() if key not in times}), **times}


def _path_in(text: str) -> str:
    """The path in a URL such as ``tinydb:runs_db`` or ``tinydb:///data/runs_db``."""
    scheme, colon, rest = text.partition(":")
    if not colon or scheme.lower() != "tinydb":
        return text
    return rest.removeprefix("//")
