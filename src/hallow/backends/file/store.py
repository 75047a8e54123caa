"""Reading a file store: what hallow and Sacred wrote, whatever state it is in."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO

from hallow.backends.file.facts import LISTED, FactsFile, read_facts
from hallow.backends.file.layout import OWN, SHARED_FOLDERS
from hallow.backends.file.reading import read_metrics, read_run_points
from hallow.errors import RecordError, StoreError
from hallow.records.contents import Contents
from hallow.records.jsonfile import read_json
from hallow.records.names import files_below
from hallow.records.record import RecordedFile
from hallow.records.urls import missing_folder
from hallow.stores.base import Store
from hallow.stores.documents import Files, read_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from hallow.backends.file.observer import FileStorageObserver
    from hallow.records.points import Points
    from hallow.records.record import RunRecord
    from hallow.stores.metrics import RunPoints

__all__ = ["FileStore"]

_DAMAGE = (OSError, ValueError, RecursionError)


class FileStore(Store):
    """The runs in a folder, one folder each; see :mod:`hallow.backends.file.layout`.

    Args:
        basedir: the folder of the store; also one that Sacred wrote.

    Raises:
        StoreError: if it is no folder, or cannot be read.
    """

    def __init__(self, basedir: str | os.PathLike[str]) -> None:
        self.basedir = os.path.abspath(os.path.expanduser(os.fspath(basedir)))
        self.url = f"file:{self.basedir}"
        self._listed()

    def _listed(self) -> list[str]:
        """Names of the folders in it.

        Raises:
            StoreError: if it cannot be listed.
        """
        try:
            with os.scandir(self.basedir) as entries:
                return [entry.name for entry in entries if entry.name[0] not in "._" and entry.is_dir()]
        except OSError as error:
            raise missing_folder("file", self.basedir, error) from error

    def observer(self) -> FileStorageObserver:
        """An observer that records into this folder."""
        from hallow.backends.file.observer import FileStorageObserver

        return FileStorageObserver(self.basedir)

    def ids(self) -> Iterator[str]:
        """The names of the run folders, numbers first."""
        names = [name for name in self._listed() if self._is_run(name)]
        return iter(sorted(names, key=lambda name: (int(name), "") if name.isdecimal() else (1 << 62, name)))

    def _is_run(self, name: str) -> bool:
        # Folders of users stand beside runs; those with numbers were made for a run.
        return name.isdecimal() or os.path.exists(os.path.join(self.basedir, name, "run.json"))

    def _folder(self, run_id: Any) -> str:
        name = str(run_id)
        inside = name and os.path.basename(name) == name and name[0] not in "._"
        folder = os.path.join(self.basedir, name)
        if not inside or not os.path.isdir(folder) or not self._is_run(name):
            raise self.not_found(run_id)
        return folder

    def get(self, run_id: Any) -> RunRecord:
        """One run; see :meth:`hallow.stores.base.Store.get`."""
        folder = self._folder(run_id)
        contents = _RunFolder(self.basedir, folder)
        document, problem = contents.document()
        facts = contents.facts()
        return read_record(
            document,
            contents,
            run_id=str(run_id),
            store=self.url,
            marks=facts,
            files=contents.files(document, facts),
            problem=problem,
            ordered=False,
        )

    def read_metrics(
        self, runs: Iterable[Any] | None, wanted: Callable[[str], bool] | None, at_most: int | None
    ) -> Iterator[RunPoints]:
        """The metrics of each run; only their files are read."""
        names = None if runs is None else [os.path.basename(self._folder(run)) for run in runs]
        return read_metrics(self.basedir, self.ids() if names is None else names, wanted, at_most)

    def delete(self, run_id: Any) -> None:
        """Remove the folder of a run, and the sources and resources that no other run refers to."""
        from shutil import rmtree

        folder = self._folder(run_id)
        own = self._shared_files(folder)
        # In one step for whoever lists the store meanwhile; a dot-folder is no run.
        leaving = os.path.join(self.basedir, OWN, f"deleted-{os.path.basename(folder)}-{os.urandom(4).hex()}")
        try:
            os.makedirs(os.path.dirname(leaving), exist_ok=True)
            os.rename(folder, leaving)
        except OSError as error:
            raise StoreError(f"run {run_id} cannot be removed from {self.basedir!r}: {error}") from error
        rmtree(leaving, ignore_errors=True)
        for name in self.ids() if own else ():
            own -= self._shared_files(os.path.join(self.basedir, name))
        for path in own:
            with suppress(OSError):
                os.unlink(path)

    def _shared_files(self, folder: str) -> set[str]:
        """The content-addressed copies that a run refers to."""
        contents = _RunFolder(self.basedir, folder)
        document, _ = contents.document()
        files = contents.files(document, contents.facts())
        places = tuple(os.path.join(self.basedir, name) + os.sep for name in SHARED_FOLDERS)
        paths = (file.key for file in (*files.sources, *files.resources))
        return {path for path in paths if path and path.startswith(places)}


class _RunFolder(Contents):
    """The folder of one run."""

    def __init__(self, basedir: str, folder: str) -> None:
        self._basedir = basedir
        self._folder = folder

    def document(self) -> tuple[dict[str, Any], str]:
        """The JSON files together, and what is wrong with them."""
        problems: list[str] = []
        entry = self._json("run.json", problems)
        document = dict(entry) if isinstance(entry, dict) else {}
        if entry is not None and not isinstance(entry, dict):
            problems.append(f"run.json holds a {type(entry).__name__}, not an object")
        document["config"] = self._json("config.json", problems)
        if os.path.exists(os.path.join(self._folder, "info.json")):
            document["info"] = self._json("info.json", problems)
        return document, "; ".join(problems)

    def _json(self, name: str, problems: list[str]) -> Any:
        try:
            return read_json(os.path.join(self._folder, name))
        except FileNotFoundError:
            problems.append(f"there is no {name}")
        except _DAMAGE as error:
            problems.append(f"{name} cannot be read: {type(error).__name__}: {error}")
        return None

    def facts(self) -> dict[str, Any]:
        """What hallow keeps beside the JSON files."""
        try:
            return read_facts(self._folder)
        except _DAMAGE:
            return {}

    # ------------------------------------------------------------------------------------------------- files

    def files(self, document: Mapping[str, Any], facts: Mapping[str, Any]) -> Files:
        """The files of the run; those that Sacred wrote are known by the document only."""
        experiment = document.get("experiment")
        listed = experiment.get("sources") if isinstance(experiment, dict) else None
        return Files(
            [self._source(*pair) for pair in _pairs(listed, facts.get("source"))],
            [self._resource(*pair) for pair in _pairs(document.get("resources"), facts.get("resource"))],
            list(self._artifacts(document.get("artifacts"), facts.get("artifact"))),
        )

    def _source(self, path: str, stored: Any) -> RecordedFile:
        if not isinstance(stored, str):
            return RecordedFile(path, contents=self)
        if _is_md5(stored):  # of a queued run of Sacred, the copies lie flat beside the document
            return RecordedFile(path, md5=stored, key=os.path.join(self._folder, os.path.basename(path)), contents=self)
        key = os.path.normpath(os.path.join(self._basedir, stored))
        return RecordedFile(path, md5=_md5_in(stored), key=key, contents=self)

    def _resource(self, path: str, stored: Any) -> RecordedFile:
        key = self._found(stored) if isinstance(stored, str) else None
        return RecordedFile(path, md5=_md5_in(stored), path=path, key=key, contents=self)

    def _found(self, stored: str) -> str:
        """The copy of a resource. Sacred gives it relative to the folder where the run was started."""
        inside = os.path.join(self._basedir, "_resources", os.path.basename(stored))
        direct = os.path.normpath(os.path.join(self._basedir, stored))
        return inside if os.path.exists(inside) else direct

    def _artifacts(self, listed: Any, facts: Any) -> Iterator[RecordedFile]:
        known = {fact.get("stored"): fact for fact in facts or () if isinstance(fact, dict)}
        names = listed if isinstance(listed, list) else list(known)
        for name in names:
            if isinstance(name, str):
                yield from self._artifact(name, known.get(name, {}))

    def _artifact(self, name: str, fact: Mapping[str, Any]) -> Iterator[RecordedFile]:
        path = os.path.normpath(os.path.join(self._folder, name))
        if not path.startswith(self._folder + os.sep):
            return  # a hostile name
        given = fact.get("name") or name
        for inside, file in files_below(path, name):
            yield RecordedFile(
                inside,
                given=given + inside[len(name) :],
                metadata=fact.get("metadata"),
                content_type=fact.get("content_type"),
                path=fact.get("path"),
                key=file,
                contents=self,
            )

    def open(self, file: RecordedFile) -> BinaryIO:
        if file.key is None or not os.path.isfile(file.key):
            raise FileNotFoundError(f"the content of {file.name} is not in the store")
        return open(file.key, "rb")

    # ------------------------------------------------------------------------------------------- other parts

    def details(self) -> dict[str, Any]:
        return {name: value for name, value in self.facts().items() if name not in LISTED and name != "layout"}

    def annotate(self, name: str, value: Any) -> None:
        try:
            os.makedirs(os.path.join(self._folder, OWN), exist_ok=True)
            FactsFile(self._folder).add((name, value))
        except OSError as error:
            raise StoreError(f"{name} of {self._folder!r} cannot be written: {error}") from error

    def output_size(self) -> int:
        try:
            return os.path.getsize(os.path.join(self._folder, "cout.txt"))
        except OSError:
            return 0

    def read_output(self, start: int, stop: int) -> bytes:
        try:
            with open(os.path.join(self._folder, "cout.txt"), "rb") as file:
                file.seek(start)
                return file.read(max(0, stop - start))
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise StoreError(f"the output in {self._folder!r} cannot be read: {error}") from error

    def read_points(self, wanted: Callable[[str], bool] | None = None) -> Iterator[Points]:
        try:
            yield from read_run_points(self._folder, wanted)
        except (ValueError, RecursionError) as error:
            raise RecordError(f"the metrics in {self._folder!r} cannot be read: {error}") from error


def _pairs(listed: Any, facts: Any) -> Iterator[tuple[str, Any]]:
    """Path and place of files, by the facts if there are any."""
    if isinstance(facts, list) and facts:
        yield from ((fact["path"], fact.get("stored")) for fact in facts if isinstance(fact, dict) and "path" in fact)
        return
    for pair in listed if isinstance(listed, list) else ():
        # A queued run of Sacred has them in the form of tuples.
        pair = pair.get("py/tuple") if isinstance(pair, dict) else pair
        if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str):
            yield pair[0], pair[1]


def _md5_in(stored: Any) -> str | None:
    """The MD5 in the name of a content-addressed copy."""
    stem = os.path.splitext(os.path.basename(stored))[0] if isinstance(stored, str) else ""
    return stem[-32:] if _is_md5(stem[-32:]) else None


def _is_md5(text: str) -> bool:
    return len(text) == 32 and all(char in "0123456789abcdef" for char in text)
