"""A recorded run, as every store gives it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

from hallow.errors import UsageError
from hallow.records.decoding import restore
from hallow.records.points import Points, check_at_most, joined
from hallow.utils import closest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime, timedelta

    from hallow.records.contents import Contents

__all__ = ["RecordedFile", "RunRecord"]

# Bytes of output that are read at once in search of the beginning of the last lines.
_PIECE = 1 << 16


@dataclass(frozen=True)
class RecordedFile:
    """A file that belongs to a record: a source, a resource or an artifact.

    Attributes:
        name: of a source, its path relative to the experiment's folder; of a resource, its path when the run read it;
            of an artifact, its name in the store (``m.2.txt`` for a second ``m.txt``), with ``/`` for folders.
        given: the name that the run gave an artifact.
        md5: of the content, in hex; ``None`` if the store does not know it.
        metadata: what the user said of an artifact.
        content_type: such as ``"image/png"``.
        path: of the original when it was recorded.
        key: how the store finds it.
        contents: what reads it.
    """

    name: str
    given: str | None = None
    md5: str | None = None
    metadata: dict[str, Any] | None = None
    content_type: str | None = None
    path: str | None = None
    key: Any = field(default=None, repr=False)
    contents: Contents | None = field(default=None, repr=False, compare=False)

    def open(self) -> BinaryIO:
        """The content, opened for reading.

        Raises:
            FileNotFoundError: if the store does not have it, or not any more.
        """
        if self.contents is None:
            raise FileNotFoundError(f"the content of {self.name} is not stored")
        return self.contents.open(self)

    def read_bytes(self) -> bytes:
        """The whole content; see :meth:`open`."""
        with self.open() as file:
            return file.read()

    def read_text(self, encoding: str = "utf-8") -> str:
        """The whole content as text; what is no text in this encoding becomes U+FFFD."""
        return self.read_bytes().decode(encoding, "replace")


@dataclass(frozen=True, eq=False)
class RunRecord:
    """What a store knows of one run.

    Output, metrics, details and the content of files are read when they are asked for; everything else is here. Values
    that were objects of foreign classes are :class:`~hallow.records.described.Described`.

    Attributes:
        run_id: its id in the store.
        store: URL of the store, without a password.
        contents: what reads the large parts.
        status: ``COMPLETED``, ``FAILED``, ``INTERRUPTED``, ``RUNNING``, ``QUEUED`` or a word of the user's; ``DIED`` if
            it was running and its process is known to be gone; ``UNREADABLE`` if there is only a ``problem``.
        stored_status: as the store has it.
        command: full dotted name.
        config: the whole configuration with its seed.
        info: the user's own facts.
        result: of the run; ``None`` while there is none.
        meta: options, named configs, updates, comment, priority.
        experiment: its ``name``, ``base_dir`` and ``mainfile``.
        host: facts about the machine.
        dependencies: such as ``"numpy==2.1.0"``.
        repositories: one dict for each, with ``url``, ``commit`` and ``dirty``.
        queue_time: when the run was queued; this and all times are in UTC.
        start_time: when it began.
        stop_time: when it ended.
        heartbeat: when it was last heard of.
        fail_trace: lines of the traceback of a failed run.
        sources: source files.
        resources: files that it read.
        artifacts: files that it made, in the order in which they were added.
        tags: words that mark it.
        notes: a text about it.
        problem: what of the record cannot be read, and why; empty if it is sound.
    """

    run_id: Any
    store: str
    contents: Contents = field(repr=False)
    status: str = "UNREADABLE"
    stored_status: str = ""
    command: str = ""
    config: dict[str, Any] = field(default_factory=dict, repr=False)
    info: dict[str, Any] = field(default_factory=dict, repr=False)
    result: Any = None
    meta: dict[str, Any] = field(default_factory=dict, repr=False)
    experiment: dict[str, Any] = field(default_factory=dict, repr=False)
    host: dict[str, Any] = field(default_factory=dict, repr=False)
    dependencies: list[str] = field(default_factory=list, repr=False)
    repositories: list[dict[str, Any]] = field(default_factory=list, repr=False)
    queue_time: datetime | None = None
    start_time: datetime | None = None
    stop_time: datetime | None = None
    heartbeat: datetime | None = None
    fail_trace: list[str] = field(default_factory=list, repr=False)
    sources: list[RecordedFile] = field(default_factory=list, repr=False)
    resources: list[RecordedFile] = field(default_factory=list, repr=False)
    artifacts: list[RecordedFile] = field(default_factory=list, repr=False)
    tags: list[str] = field(default_factory=list)
    notes: str = ""
    problem: str = ""

    @property
    def name(self) -> str:
        """Of the experiment."""
        return str(self.experiment.get("name") or "")

    @property
    def duration(self) -> timedelta | None:
        """From the start to the end, or to the last sign of life."""
        last = self.stop_time or self.heartbeat
        return None if last is None or self.start_time is None else last - self.start_time

    @cached_property
    def details(self) -> dict[str, Any]:
        """What stands beside the record: ``git``, ``origins``, ``run`` (how it ended), ``attempts`` and more."""
        return {name: restore(value) for name, value in self.contents.details().items()}

    @property
    def git(self) -> dict[str, Any]:
        """Commit, branch and uncommitted changes of the sources, as far as they were in a repository."""
        git = self.details.get("git")
        return git if isinstance(git, dict) else {}

    # ------------------------------------------------------------------------------------------------- files

    def artifact(self, name: str) -> RecordedFile:
        """One artifact; of several that the run gave this name, the one that was added last.

        Raises:
            FileNotFoundError: if there is none; names the nearest.
        """
        found = [file for file in self.artifacts if (file.given or file.name) == name]
        found = found or [file for file in self.artifacts if file.name == name]
        if not found:
            raise FileNotFoundError(_no_file(f"run {self.run_id} has no artifact {name!r}", name, self.artifacts))
        return found[-1]

    def source(self, name: str) -> RecordedFile:
        """One source file, by its path relative to the experiment's folder.

        Raises:
            FileNotFoundError: if there is none; names the nearest.
        """
        for file in self.sources:
            if file.name == name:
                return file
        raise FileNotFoundError(_no_file(f"run {self.run_id} has no source {name!r}", name, self.sources))

    # ------------------------------------------------------------------------------------------------ output

    @property
    def output(self) -> str:
        """The whole captured output; see :meth:`tail` for the end of a long one."""
        return self.contents.read_output(0, self.contents.output_size()).decode("utf-8", "replace")

    def tail(self, lines: int = 10) -> str:
        """The last lines of the output; only these are read. What a progress bar has drawn over itself is one line."""
        size = self.contents.output_size()
        start, text = size, b""
        while start > 0 and text.count(b"\n", 0, -1) < lines:
            start = max(0, start - max(_PIECE, size - start))
            text = self.contents.read_output(start, size)
        return b"".join(BytesIO(text).readlines()[-lines:]).decode("utf-8", "replace") if lines > 0 else ""

    # ----------------------------------------------------------------------------------------------- metrics

    @cached_property
    def metrics(self) -> dict[str, Points]:
        """All points of all metrics by name, in order of first appearance; see :meth:`read_metrics` for less."""
        return self.read_metrics()

    def read_metrics(
        self, names: Iterable[str] | Callable[[str], bool] | None = None, at_most: int | None = None
    ) -> dict[str, Points]:
        """Points by metric.

        Args:
            names: of the metrics, or whether one is wanted; default is all.
            at_most: this many points of each, chosen evenly, the first and the last among them.

        Raises:
            UsageError: (a ValueError) if ``at_most`` is less than 2.
        """
        check_at_most(at_most)
        if names is not None and not callable(names):
            chosen = frozenset([names] if isinstance(names, str) else names)
            return self.read_metrics(chosen.__contains__, at_most)
        found = joined(self.contents.read_points(names))
        return found if at_most is None else {name: points.thinned(at_most) for name, points in found.items()}

    # ------------------------------------------------------------------------------------------------- marks

    def annotate(self, tags: Iterable[str] | None = None, notes: str | None = None) -> None:
        """Replace tags or notes in the store; this object keeps what it was read with.

        Raises:
            UsageError: (a ValueError) if tags are not words or notes are no text.
        """
        if tags is not None:
            words = [tags] if isinstance(tags, str) else list(tags)
            if not all(isinstance(word, str) and word.strip() for word in words):
                raise UsageError(f"tags are non-empty texts, not {words!r}", print_usage=False)
            self.contents.annotate("tags", list(dict.fromkeys(words)))
        if notes is not None:
            if not isinstance(notes, str):
                raise UsageError(f"the notes of a run are a text, not {notes!r}", print_usage=False)
            self.contents.annotate("notes", notes)


def _no_file(problem: str, name: str, files: Iterable[RecordedFile]) -> str:
    names = [file.name for file in files]
    near = closest(name, names)
    if near:
        return f"{problem}; did you mean {near[0]!r}?"
    return f"{problem}; there are: {', '.join(names[:20]) or 'none'}"
