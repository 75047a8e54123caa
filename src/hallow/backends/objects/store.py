"""Reading an object store: what hallow and Sacred wrote, whatever state it is in."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from hallow.backends.objects.access import Objects
from hallow.backends.objects.contents import RunObjects, noted_files
from hallow.backends.objects.layout import OWN, checked_id, detail_name, id_of, number_of
from hallow.backends.objects.local import open_objects
from hallow.backends.objects.pieces import chain
from hallow.errors import StoreError
from hallow.stores.base import Store
from hallow.stores.documents import read_record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hallow.backends.objects.observer import ObjectStoreObserver
    from hallow.records.record import RunRecord

__all__ = ["ObjectStore"]

_BATCH = 32  # runs that are read together
# What of a run is in one object each.
_PARTS = ("run.json", "config.json", "info.json", detail_name("tags"), detail_name("notes"))
_SHARED = ("_sources/", "_resources/")


class ObjectStore(Store):
    """The runs below a URL, one "directory" each; see :mod:`hallow.backends.objects.layout`.

    Object stores do not know empty directories: a URL below which there is nothing is a store without runs.

    Args:
        url: as fsspec takes it (``s3://bucket/folder``, ``gs://...``, ``file:///folder``); also of a store that Sacred
            wrote. A path means a folder, like ``file://``.
        storage_options: of the file system, such as ``endpoint_url``.

    Raises:
        StoreError: if there is no file system for the URL.
        MissingExtraError: (an ImportError) if the package that it needs is missing.
    """

    def __init__(self, url: str | Objects, **storage_options: Any) -> None:
        # An observer's store shares its connection, and leaves it open.
        self._own = not isinstance(url, Objects)
        self._objects = url if isinstance(url, Objects) else open_objects(url, storage_options)
        self.url = self._objects.url

    def observer(self) -> ObjectStoreObserver:
        """An observer that keeps runs here."""
        from hallow.backends.objects.observer import ObjectStoreObserver

        return ObjectStoreObserver(self._objects)

    def close(self) -> None:
        """Let the connection go."""
        if self._own:
            self._objects.close()

    # --------------------------------------------------------------------------------------------------- ids

    def ids(self) -> Iterator[Any]:
        """Numbers first, in their order; then other names."""
        return map(id_of, self._names())

    def _names(self) -> list[str]:
        """The "directories" of all runs; others may stand beside them, but those with numbers were made for a run."""
        names = [name for name in self._objects.folders() if name and name[0] not in "._"]
        documents = {name: f"{name}/run.json" for name in names if number_of(name) is None}
        present = self._objects.present(documents.values())
        runs = (name for name in names if name not in documents or documents[name] in present)
        return sorted(runs, key=_order)

    # --------------------------------------------------------------------------------------------------- runs

    def get(self, run_id: Any) -> RunRecord:
        """One run; see :meth:`hallow.stores.base.Store.get`."""
        try:
            name = checked_id(run_id)
        except StoreError:
            raise self.not_found(run_id) from None
        record = next(self._records([name]))
        if not self._is_there(record):
            raise self.not_found(run_id)
        return record

    def _is_there(self, record: RunRecord) -> bool:
        """Whether there is a document, or what is left of a run with a number."""
        name = str(record.run_id)
        whole = f"{name}/run.json" if number_of(name) is None else name
        return bool(record.stored_status) or self._objects.exists(whole)

    def runs(self) -> Iterator[RunRecord]:
        """All runs, in the order of :meth:`ids`; several are read at once."""
        names = iter(self._names())
        while batch := list(islice(names, _BATCH)):
            yield from filter(self._is_there, self._records(batch))  # one may have been deleted meanwhile

    def _records(self, names: Sequence[str]) -> Iterator[RunRecord]:
        found = self._objects.read_many(f"{name}/{part}" for name in names for part in _PARTS)
        runs = {name: RunObjects(self._objects, name) for name in names}
        documents = {name: run.document(found) for name, run in runs.items()}
        with_files = [name for name, (document, _) in documents.items() if _has_files(document)]
        rows = self._noted(with_files)
        folders = [name for name in with_files if not rows[name] and documents[name][0].get("artifacts")]
        listings = self._objects.below(*folders)
        running = [name for name, (document, _) in documents.items() if document.get("status") == "RUNNING"]
        owners = self._objects.read_many(f"{name}/{detail_name('owner')}" for name in running)
        for name, run in runs.items():
            document, problem = documents[name]
            yield read_record(
                document,
                run,
                run_id=id_of(name),
                store=self.url,
                marks=run.marks({**_of(name, found), **_of(name, owners)}),
                files=run.files(document, rows.get(name, []), _of(name, listings)),
                problem=problem,
                ordered=False,
            )

    def _noted(self, names: Sequence[str]) -> dict[str, list[Any]]:
        """What hallow noted of the files of each run."""
        if not names:
            return {}
        listing = self._objects.below(*(f"{name}/{OWN}/files" for name in names))
        pieces = {name: [piece.name for piece in chain(_of(name, listing))[0]] for name in names}
        found = self._objects.read_many(piece for some in pieces.values() for piece in some)
        return {name: noted_files({piece: found.get(piece, b"") for piece in some}) for name, some in pieces.items()}

    # ----------------------------------------------------------------------------------------------- deleting

    def delete(self, run_id: Any) -> None:
        """Remove the objects of a run, and the sources and resources that no other run refers to.

        If that is interrupted, the run is still there, without a part of what it had; it can be deleted again.
        """
        record = self.get(run_id)
        own = self._shared_by(record)
        delete_run(self._objects, str(record.run_id))
        for record in self.runs() if own else ():
            if record.problem:
                return  # nobody knows what it refers to
            own -= self._shared_by(record)
        self._objects.remove(sorted(own))

    def _shared_by(self, record: RunRecord) -> set[str]:
        """The content-addressed copies in the store that a run refers to."""
        files = (*record.sources, *record.resources)
        return {name for file in files for name in file.key or () if name.startswith(_SHARED)}


def delete_run(objects: Objects, name: str) -> None:
    """Remove the objects of a run; ``run.json``, by which it is known, is the last."""
    last = f"{name}/run.json"
    objects.remove(other for other in objects.below(name) if other != last)
    objects.remove([last])
    objects.remove_folders(name)


def _order(name: str) -> tuple[float, str]:
    number = number_of(name)
    return (float("inf"), name) if number is None else (number, "")


def _has_files(document: Mapping[str, Any]) -> bool:
    """Whether a run has artifacts or resources, or may have some that its document does not tell of yet."""
    return bool(document.get("artifacts") or document.get("resources") or document.get("status") == "RUNNING")


def _of(name: str, found: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if key.startswith(f"{name}/")}
