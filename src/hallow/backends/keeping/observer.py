"""The observer of a store: what each event means there, over the few operations that a back-end supplies."""

from __future__ import annotations

import json
import os
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hallow.backends.keeping.again import Reopening
from hallow.backends.keeping.files import ArtifactFile, SourceFile
from hallow.errors import RunExistsError
from hallow.journal.owner import describe_owner
from hallow.provenance.sources import get_digest
from hallow.records.contenttypes import content_type_of
from hallow.records.encoding import flatten
from hallow.records.names import artifact_name, files_below, versions
from hallow.records.points import points_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hallow.records.points import Points

__all__ = ["StoreObserver"]


class StoreObserver(Reopening):
    """Base of observers that keep runs in a store.

    The document of a run has the keys that Sacred's MongoObserver gives it, with values in the form of
    :func:`~hallow.records.encoding.flatten` and naive datetimes in UTC; what a back-end makes of it is its own affair.

    Attributes:
        priority: see :class:`~hallow.observers.base.RunObserver`.
        run_entry: the document of the run that this observer records or recorded last, or ``None``.
        run_id: its id.
    """

    __hash__ = Reopening.__hash__

    # ------------------------------------------------------------------------------------------ beginning

    def queued_event(
        self,
        ex_info: dict[str, Any],
        command: str,
        host_info: dict[str, Any],
        queue_time: datetime,
        config: dict[str, Any],
        meta_info: dict[str, Any],
        _id: Any,
    ) -> Any:
        """Keep a run for later.

        Returns:
            the id: ``_id`` if that is given.

        Raises:
            RunExistsError: if a run of that id exists.
        """
        with self._beginning():
            document = self._document(ex_info, command, host_info, config, meta_info, status="QUEUED")
            document["meta"].setdefault("queue_time", queue_time)
            self._took(self._new_run(_id, document), document, config)
        self._taken = False
        return self.run_id

    def started_event(
        self,
        ex_info: dict[str, Any],
        command: str,
        host_info: dict[str, Any],
        start_time: datetime,
        config: dict[str, Any],
        meta_info: dict[str, Any],
        _id: Any,
    ) -> Any:
        """Store a new run, or take over a queued one.

        Returns:
            the id: ``_id`` if that is given.

        Raises:
            RunExistsError: (a ``FileExistsError``) if a run of that id exists and is not queued.
        """
        with self._beginning():
            times = {"start_time": start_time, "heartbeat": None}
            document = self._document(ex_info, command, host_info, config, meta_info, status="RUNNING", **times)
            self._took(self._new_or_queued(_id, document), document, config)
            self._set_details({"owner": describe_owner()})
        return self.run_id

    def _document(
        self,
        ex_info: Mapping[str, Any],
        command: str,
        host_info: Mapping[str, Any],
        config: Any,
        meta_info: Mapping[str, Any],
        **fields: Any,
    ) -> dict[str, Any]:
        self._base_dir = os.path.abspath(ex_info.get("base_dir") or os.curdir)
        sources = self._keep_sources(self._source_files(ex_info.get("sources", ())))
        facts = {name: value for name, value in ex_info.items() if name != "sources"}
        return {
            "format": self.VERSION,
            "command": command,
            "config": flatten(config, path="config"),
            "meta": _with_times(meta_info, "meta"),
            "experiment": {**flatten(facts, path="experiment"), "sources": sources},
            "host": flatten(dict(host_info), path="host"),
            "info": {},
            "captured_out": "",
            "resources": [],
            "artifacts": [],
            **fields,
        }

    def _source_files(self, sources: Iterable[tuple[str, str]]) -> list[SourceFile]:
        return [
            SourceFile(path, self.copies.get(path) or os.path.join(self._base_dir, path), md5) for path, md5 in sources
        ]

    def _new_or_queued(self, run_id: Any, document: dict[str, Any]) -> Any:
        try:
            return self._new_run(run_id, document)
        except RunExistsError:
            found = self._take_queued(run_id, document)
            if found is None:
                raise
            return found

    # --------------------------------------------------------------------------------------- during a run

    def heartbeat_event(self, info: dict[str, Any], captured_out: str | None, beat_time: datetime, result: Any) -> None:
        """Store what is new; the output is in ``captured_out`` if it does not come by :meth:`output_event`."""
        self._entry()
        if captured_out is not None:
            self._take_text(captured_out)
        changes = {"heartbeat": beat_time, "result": flatten(result, path="result"), **self._changed_info(info)}
        self._save(changes)

    def _changed_info(self, info: dict[str, Any]) -> dict[str, Any]:
        self.info = info
        flat = flatten(info, path="info")
        text = json.dumps(flat)
        if text == self._info_text:
            return {}
        self._info_text = text
        return {"info": flat}

    def _take_text(self, captured_out: str) -> None:
        """The whole output, of which a part may be stored already."""
        known, data = self._text, captured_out.encode("utf-8", "backslashreplace")
        common = len(known.encode("utf-8", "backslashreplace")) if captured_out.startswith(known) else 0
        if len(data) > common or common < self._output:
            self._write_output(common, data[common:])
        self._text, self._output = captured_out, len(data)

    def output_event(self, text: str, position: int) -> None:
        """Store new output."""
        self._entry()
        data = text.encode("utf-8", "backslashreplace")
        self._write_output(position, data)
        self._output = position + len(data)

    def points_event(self, points: list[Points]) -> None:
        """Store new points of metrics."""
        self._entry()
        self._write_points(self._points, points)
        self._points += sum(map(len, points))

    def log_metrics(self, metrics_by_name: Mapping[str, Mapping[str, Any]], info: dict[str, Any]) -> None:
        """Store new points of metrics."""
        del info
        if metrics_by_name:
            self.points_event(points_of(metrics_by_name))

    def resource_event(self, filename: str) -> None:
        """Keep a file that the run read."""
        md5 = get_digest(self.copies.get(filename, filename))
        self._listed("resources", self._keep_resource(filename, md5))

    def artifact_event(
        self,
        name: str | None,
        filename: str,
        metadata: dict[str, Any] | None = None,
        content_type: str | None = None,
    ) -> str | None:
        """Keep a file, or the files of a folder, that the run made.

        If there is one of that name with another content already, it becomes a further version: ``m.2.txt``.

        Returns:
            where it is kept, for stores that have paths.

        Raises:
            ArtifactNameError: (a ``FileExistsError``) if the name leads out of the run.
        """
        self._entry()
        wanted = artifact_name(name or os.path.basename(filename.rstrip("/\\")))
        place = None
        for given, path in files_below(filename, wanted):
            kind = content_type or content_type_of(given)
            place = self._keep_version(given, path, None if metadata is None else flatten(metadata), kind)
        return place

    def _keep_version(self, given: str, path: str, metadata: Any, content_type: str | None) -> str | None:
        md5 = get_digest(path)
        for version in versions(given):
            known = self._artifact_md5s.get(version)
            if known is None:
                artifact = ArtifactFile(version, given, path, md5, metadata, content_type)
                self._listed("artifacts", self._keep_artifact(artifact))
                self._artifact_md5s[version] = md5
            if known in (None, md5):
                return self._place_of(version)
        raise AssertionError("unreachable")

    def _place_of(self, artifact: str) -> str | None:
        """Where an artifact is kept."""
        del artifact
        return None

    def _listed(self, field: str, entry: Any) -> None:
        entries = self._entry()[field]
        entries.append(entry)
        try:
            self._add(field, entry)
        except BaseException:
            entries.pop()
            raise

    def detail_event(self, name: str, detail: Any) -> None:
        """Keep further facts beside the record; ``late_sources`` are added to the sources."""
        self.details_event([(name, detail)])

    def details_event(self, details: Sequence[tuple[str, Any]]) -> None:
        """Keep several of them, in one step; see :meth:`detail_event`."""
        self._entry()
        kept = {name: flatten(detail, path=name) for name, detail in details if name != "late_sources"}
        if kept:
            self._set_details(kept)
        for name, detail in details:
            if name == "late_sources":
                self._add_late_sources(detail)

    def _add_late_sources(self, sources: Iterable[tuple[str, str]]) -> None:
        experiment = self._entry()["experiment"]
        known = {self._source_path(entry) for entry in experiment["sources"]}
        new = self._source_files((path, md5) for path, md5 in sources if path not in known)
        if new:
            kept = [*experiment["sources"], *self._keep_sources(new)]
            self._save({"experiment": {**experiment, "sources": kept}})

    def _source_path(self, entry: Any) -> str:
        """The path in an entry of :meth:`_keep_sources`."""
        return str(entry[0])

    # ------------------------------------------------------------------------------------------------ end

    def completed_event(self, stop_time: datetime, result: Any) -> None:
        """The run ended well."""
        self._finish(stop_time, status="COMPLETED", result=flatten(result, path="result"))

    def interrupted_event(self, interrupt_time: datetime, status: str) -> None:
        """The run was stopped."""
        self._finish(interrupt_time, status=status)

    def failed_event(self, fail_time: datetime, fail_trace: list[str]) -> None:
        """The run raised."""
        self._finish(fail_time, status="FAILED", fail_trace=list(fail_trace))

    def _finish(self, when: datetime, **facts: Any) -> None:
        try:
            self._save({"stop_time": when, **facts})
        finally:
            self._taken = False

    def discard(self) -> None:
        """Remove the run that has just ended; its sources and resources may be those of others, too."""
        self._entry()
        run_id = self.run_id
        self._reset()
        with self.store() as store:
            store.delete(run_id)


def _with_times(mapping: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Flattened, but for datetimes at the top, which stores have a form of their own for."""
    times = {key: value for key, value in mapping.items() if isinstance(value, datetime)}
    return {**flatten({k: v for k, v in mapping.items() if k not in times}, path=path), **times}
