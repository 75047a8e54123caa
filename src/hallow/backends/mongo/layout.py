"""Names and form of what a MongoDB store keeps, version 1.

What Sacred's own tools read is exactly as Sacred writes it: the collections ``runs`` and ``metrics`` (``P_runs`` and
``P_metrics`` with the prefix ``P``), and the GridFS bucket ``fs``. What hallow adds is beside them, in collections of
its own, called ``hallow_*`` for ``runs``, ``P_hallow_*`` for ``P_runs`` and ``NAME_hallow_*`` for runs in ``NAME``.

Run documents have Sacred's keys. ``captured_out`` is the whole output up to :data:`SHOWN` bytes; of a longer one it is
the end, behind a line that says so. ``info.metrics`` lists ``{"name", "id"}`` of metric documents.

Metric documents hold every point up to :data:`CAPACITY`. Of more points they hold every 2nd, 4th, 8th ... and the
last, so that one document of bounded size shows the whole curve. Values that are no numbers are cut to
:data:`LONGEST_TEXT` bytes there.

GridFS files of sources and resources are kept once for each content: ``md5`` says which it is. Files of artifacts have
no ``md5``, but ``hallow``: ``{"md5", "given", "path"}``, where ``given`` is the name that the run gave.

``hallow_points`` is what is true about metrics::

    {"_id": {"run", "first", "part"}, "run_id", "first", "part", "parts", "count", "format": 1, "data": binary}

A batch of ``count`` points has one document for each of its ``parts``; ``first`` is the number of its first point
within the run. It counts if all parts are there, and up to the ``first`` of the next one; where a number is missing,
the points of the run end. ``data`` of all parts together is described in :mod:`hallow.backends.mongo.packing`.

``hallow_output`` is the captured output::

    {"_id": {"run", "start"}, "run_id", "start", "size", "data": binary}

``data`` are ``size`` bytes of UTF-8 (whole characters, at most :data:`CHUNK`) from the byte ``start`` of the output on;
what the next chunk begins at is cut off.

``hallow_details`` has what stands beside a run, one document for each name: tags, notes, where configuration values
come from, the process that the run belongs to (``owner``, with ``began``: the ``start_time`` of the run; another one
says that all this belongs to a run of the same id that was deleted since)::

    {"_id": {"run", "name"}, "run_id", "name", "value"}

``hallow_large`` has JSON texts that are too long for other documents, compressed with zlib, in parts::

    {"_id": {"key", "part"}, "run_id", "data": binary}

``hallow_meta`` has one document, ``{"_id": "layout", "version": 1}``, made with the indexes.

Values are in the form of :func:`hallow.records.encoding.flatten`. BSON cannot hold all of that, so
:mod:`hallow.backends.mongo.values` writes some in another way; for ordinary values nothing changes.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "CAPACITY",
    "CHUNK",
    "COLLECTION_NAME_BLACKLIST",
    "KEPT",
    "LONGEST_TEXT",
    "PART",
    "SHOWN",
    "VERSION",
    "Names",
]

VERSION = 1

#: Points of a metric document.
CAPACITY = 1 << 14
#: Bytes of a text in it.
LONGEST_TEXT = 16
#: Bytes of packed points, or of a long JSON text, in one document.
PART = 1 << 19
#: Bytes of output in one document.
CHUNK = 1 << 17
#: Bytes of output that a run document shows at most, and the end of it that stays when they become more.
SHOWN, KEPT = 1 << 17, 1 << 16

#: Names that belong to MongoDB, GridFS, or tools that go with Sacred.
COLLECTION_NAME_BLACKLIST = frozenset(
    {"fs.files", "fs.chunks", "_properties", "system.indexes", "search_space", "search_spaces"}
)


@dataclass(frozen=True)
class Names:
    """The collections of one store.

    Attributes:
        runs: the run documents.
        metrics: the metric documents; ``None`` if there are to be none.
    """

    runs: str = "runs"
    metrics: str | None = "metrics"

    @classmethod
    def of(cls, collection: str = "runs", prefix: str = "") -> Names:
        """Those of a collection of runs with another name, or of a prefix."""
        return cls(f"{prefix}_runs", f"{prefix}_metrics") if prefix else cls(collection)

    def own(self, what: str) -> str:
        """One of hallow's collections, such as ``points``."""
        plain = self.runs == "runs" or self.runs.endswith("_runs")
        return f"{self.runs.removesuffix('runs') if plain else self.runs + '_'}hallow_{what}"

    @property
    def prefix(self) -> str | None:
        """The prefix, empty for none; ``None`` if these are not the names that a prefix gives."""
        found = "" if self.runs == "runs" else self.runs.removesuffix("_runs")
        return found if self == Names.of(prefix=found) else None

    @property
    def shares_metrics(self) -> bool:
        """Whether the metric documents are also those of runs in another collection."""
        return self.prefix is None
