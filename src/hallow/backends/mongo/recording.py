"""What is written of one run, beside the fields of its document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hallow.backends.mongo.curves import Curves
from hallow.backends.mongo.large import references_in
from hallow.backends.mongo.layout import KEPT
from hallow.backends.mongo.metrics import linked_ids, read_metric_documents
from hallow.backends.mongo.output import OutputLog, ShownOutput, output_size, read_output
from hallow.backends.mongo.points import PointsLog, has_points

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hallow.backends.mongo.database import Database
    from hallow.records.points import Points

__all__ = ["Recording"]

# Wrong type, unknown expression, not implemented, not supported: what servers that only resemble MongoDB say to an
# update with stages of an aggregation.
_NO_STAGES = frozenset({9, 14, 59, 115, 168, 238, 303, 40324})


class Recording:
    """Points and output of one run, and changes of its document.

    Args:
        database: the store.
        run_id: of the run.
        links: of a run that was recorded earlier, what its document says of metric documents; ``None`` for a new run.

    Attributes:
        run_id: of the run, as its document has it.
        shown: what the document shows of the output.
    """

    def __init__(self, database: Database, run_id: Any, links: list[dict[str, Any]] | None = None) -> None:
        self._database = database
        self.run_id = run_id
        self._links = links
        self._log = PointsLog(database, run_id, is_new=links is None)
        self._curves = None
        if database.metrics is not None:
            self._curves = Curves(database, run_id, links is None, linked_ids(links or []))
        self._has_points = self._has_output = links is None
        self._output = OutputLog(database, run_id, is_new=links is None)
        self.shown = ShownOutput()
        # By field of the document: what it refers to that is elsewhere.
        self._large: dict[str, list[Any]] = {}

    @property
    def links(self) -> list[dict[str, str]]:
        """What the document has to say of metric documents."""
        return [] if self._curves is None else self._curves.links()

    def write_points(self, first: int, points: list[Points]) -> None:
        """Replace all points from number ``first`` on."""
        if not self._has_points:
            self._take_over_points()
        replaced = self._log.write(first, points)
        if self._curves is not None:
            self._curves.add(first, points, replaced)

    def _take_over_points(self) -> None:
        """Of a run that Sacred has recorded, the points are in the metric documents only, which are to have fewer."""
        if not has_points(self._database, self.run_id):
            earlier = list(read_metric_documents(self._database, self.run_id, self._links or []))
            if earlier:
                self._log.write(0, earlier)
        self._has_points = True

    def heal(self) -> None:
        """Before a run that was taken up again ends: bring the metric documents up to what its points are."""
        if self._links is not None and self._curves is not None:
            self._curves.heal()

    def write_output(self, position: int, data: bytes) -> None:
        """Replace everything after ``position`` bytes of the output."""
        if not self._has_output:
            self._take_over_output()
        self._output.write(position, data)
        self.shown.write(position, data)

    def _take_over_output(self) -> None:
        """Of a run that Sacred has recorded, the output is in the document only, which is to show less."""
        document = self._database.runs.find_one({"_id": self.run_id}, {"captured_out": 1}) or {}
        text = document.get("captured_out")
        shown = text.encode("utf-8", "backslashreplace") if isinstance(text, str) else b""
        size = output_size(self._database, self.run_id)
        if size is None:
            if shown:
                self._output.write(0, shown)
            self.shown = ShownOutput(shown)
        elif size == len(shown):
            self.shown = ShownOutput(shown)
        else:
            start = max(0, size - KEPT)
            end = read_output(self._database, self.run_id, start, size) or b""
            self.shown = ShownOutput(end, start, is_stored=False)
        self._has_output = True

    def replaced(self, fields: Mapping[str, Any]) -> list[Any]:
        """Now that these fields of the document are stored: what they referred to before."""
        gone = []
        for key, value in fields.items():
            gone += self._large.pop(key, [])
            new = references_in(value)
            if new:
                self._large[key] = new
        return gone

    def update(self, fields: dict[str, Any], removed: Sequence[str] = ()) -> bool:
        """Change the document, also what it shows of the output, in one command; whether it is there."""
        from pymongo.errors import BulkWriteError

        try:
            found = self._sent(fields, removed)
        except BulkWriteError as error:
            codes = {one.get("code") for one in error.details.get("writeErrors", ())}
            if not self.shown.can_append or not codes & _NO_STAGES:
                raise
            self.shown.can_append = False
            found = self._sent(fields, removed)
        self.shown.stored()
        return found

    def _sent(self, fields: dict[str, Any], removed: Sequence[str]) -> bool:
        from pymongo import UpdateOne

        chosen = {"_id": self.run_id}
        stages, text = self.shown.changes()
        change: dict[str, Any] = {"$set": {**fields, **text}}
        if removed:
            change["$unset"] = dict.fromkeys(removed, "")
        # The text comes first: who sees the status sees everything.
        updates = [*([UpdateOne(chosen, stages)] if stages else []), UpdateOne(chosen, change)]
        return self._database.runs.bulk_write(updates).matched_count > 0
