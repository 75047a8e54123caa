"""Adding to a run that has ended: results of a later evaluation, artifacts, notes, tags."""

from __future__ import annotations

import copy
import logging
import os
from contextlib import contextmanager, nullcontext
from threading import Lock
from typing import TYPE_CHECKING, Any

from hallow.errors import ResumeError, UsageError
from hallow.journal.journal import Journal
from hallow.journal.owner import is_alive
from hallow.observers.base import accepted, takes_increments
from hallow.observers.queue import told_in_runs
from hallow.records.encoding import flatten
from hallow.records.points import linearized
from hallow.running.family import check_tags
from hallow.running.logsmedia import LogsMedia
from hallow.running.metrics import MetricsLogger
from hallow.running.outlet import BATCH
from hallow.running.recovery import journals_of
from hallow.running.run import existing
from hallow.running.safekeeping import recovery_of
from hallow.running.summary import MetricSummary
from hallow.running.times import utc_now
from hallow.settings import SETTINGS
from hallow.stores import Store, open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from hallow.records.stored import StoredRun

__all__ = ["ReopenedRun", "reopen"]

_log = logging.getLogger("hallow.reopen")


@contextmanager
def reopen(store: Any, run_id: Any) -> Iterator[ReopenedRun]:
    """Add to a run that has ended: ``with hallow.reopen("runs", 7) as run: run.log_scalar("test.acc", 0.9)``.

    Status, result and stop time stay as they are, and the record says what was added when. What was done in the body
    is stored also if the body raises.

    Args:
        store: path or URL of a store (see :func:`hallow.open_store`), an opened one, or an observer that can take up
            runs (with a method ``reopen``).
        run_id: of the run.

    Yields:
        The run.

    Raises:
        ResumeError: if the run has not ended, its record is not complete yet, the store cannot add to it, or another
            process is adding to it.
        RunNotFoundError: if there is no such run.
        RecordError: if its record cannot be read.
    """
    observer = _observer_of(store)
    adding = getattr(type(observer), "adding", None)
    with nullcontext() if adding is None else adding(observer, run_id):
        stored: StoredRun = observer.reopen(run_id)
        _check_ended(observer, stored)
        run = ReopenedRun(observer, stored)
        try:
            yield run
        except BaseException:
            try:
                run.close()
            except Exception:  # the error of the body is what the caller must see
                _log.exception("Not everything could be added to run %s", run_id)
            raise
        run.close()


class ReopenedRun(LogsMedia):
    """A run that has ended, for adding to it. Made by :func:`reopen`.

    Artifacts, and what ``log_text``, ``log_image``, ``log_table`` and ``log_histogram`` make of a value, are stored at
    once, everything else at the end, points also in between if there are many. Steps go on after those stored.

    Attributes:
        run_id: its id.
        status: how it ended.
        result: of the run.
        config: the whole configuration, as recorded.
        info: the user's own facts; may be changed.
        tags: words that mark the run; may be changed.
        notes: a text about the run; may be changed.
    """

    run_logger = _log

    def __init__(self, observer: Any, stored: StoredRun) -> None:
        self.run_id = stored.run_id
        self.status = stored.status
        self.result = stored.result
        self.config = stored.config
        self.info: dict[str, Any] = copy.deepcopy(stored.info)
        self.tags: list[str] = list(stored.tags)
        self.notes: str = stored.notes
        self._observer = observer
        self._stored = stored
        self._known = (flatten(stored.info), list(stored.tags), stored.notes)
        self._metrics = MetricsLogger(_log, SETTINGS.METRICS.NON_SCALARS == "refuse")
        self._metrics.continue_after(stored.steps)
        self._summary = MetricSummary.restored(stored.summary)
        self._points: dict[str, int] = {}
        self._additions: list[dict[str, str]] = []
        # Guards the number of points that are stored, and who stores further ones.
        self._sent_lock = Lock()
        self._sent = 0

    @property
    def _id(self) -> Any:
        """The name that a running run has for it, so that code can take both."""
        return self.run_id

    def __repr__(self) -> str:
        return f"<ReopenedRun {self.run_id}, {self.status}>"

    # ------------------------------------------------------------------------------------------- for user code

    def add_artifact(
        self,
        filename: str | os.PathLike[str],
        name: str | None = None,
        metadata: dict[str, Any] | None = None,
        content_type: str | None = None,
    ) -> None:
        """Keep a file with the record; see :meth:`hallow.Run.add_artifact`.

        Raises:
            FileNotFoundError: if it is not there.
            OSError: if the store cannot keep it.
        """
        path = existing(filename, "artifact")
        name = os.path.basename(path) if name is None else os.fspath(name)
        self._tell("artifact_event", name=name, filename=path, metadata=metadata, content_type=content_type)
        self._note(f"artifact {name}")

    def log_scalar(self, metric_name: str, value: Any, step: Any = None) -> None:
        """Log a number; see :meth:`hallow.Run.log_scalar`. Steps go on after the last one that is stored.

        Raises:
            LogValueError: (a TypeError) if the value is no scalar.
        """
        self._metrics.log_scalar_metric(metric_name, value, step)
        if self._metrics.count - self._sent >= BATCH:
            self._send_points()

    def log_scalars(self, values: Mapping[str, Any], step: Any = None) -> None:
        """Log several numbers of one step; see :meth:`log_scalar`.

        Raises:
            LogValueError: (a TypeError) if a value is no scalar; those before it are logged.
        """
        for name, value in values.items():
            self.log_scalar(name, value, step)

    def _kept_before(self) -> Iterable[Mapping[str, Any] | None]:
        return (artifact.get("metadata") for artifact in self._stored.artifacts)

    def open_artifact(self, name: str, mode: str = "rb") -> Any:
        """Open an artifact of the run for reading.

        Raises:
            FileNotFoundError: if there is none; names those there are.
            ResumeError: if the store cannot open artifacts.
        """
        opener = getattr(type(self._observer), "open_artifact", None)
        if opener is None:
            raise ResumeError(f"'{self._observer}' cannot open artifacts of run {self.run_id}: it has no open_artifact")
        return opener(self._observer, name, mode)

    # ------------------------------------------------------------------------------------------------ storing

    def close(self) -> None:
        """Store everything that is not stored yet.

        Raises:
            Exception: what went wrong first; everything else is stored nevertheless.
        """
        steps = (self._send_points, self._send_summary, self._send_info, self._send_tags, self._send_notes)
        problems = [_tried(step) for step in steps]
        if self._additions:
            problems += [_tried(step) for step in (self._send_additions, self._join)]
        for problem in filter(None, problems):
            raise problem

    def _send_points(self) -> None:
        with self._sent_lock:
            while (stop := min(self._metrics.count, self._sent + BATCH)) > self._sent:
                points = self._metrics.read(self._sent, stop)
                if takes_increments(self._observer, "points_event", "log_metrics"):
                    self._tell("points_event", points=points)
                else:
                    self._tell("log_metrics", metrics_by_name=linearized(points), info=self.info)
                self._sent = stop
                for some in points:
                    self._summary.add(some)
                    self._points[some.name] = self._points.get(some.name, 0) + len(some)

    def _send_summary(self) -> None:
        if not self._points:
            return
        # Of a metric that was not summed up when it was recorded, only the new points are known.
        partly = self._stored.steps.keys() - self._stored.summary.keys()
        summary = {name: figures for name, figures in self._summary.as_dict().items() if name not in partly}
        if summary:
            self._tell("detail_event", name="metrics", detail=summary)
        for name, count in self._points.items():
            self._note(f"metric {name}: {count} point{'' if count == 1 else 's'}")

    def _send_info(self) -> None:
        if flatten(self.info) != self._known[0]:
            # The whole of it, and the result, because that is what a heartbeat says.
            self._tell(
                "heartbeat_event", info=self.info, captured_out=None, beat_time=utc_now(), result=self._stored.result
            )
            self._note("info")

    def _send_tags(self) -> None:
        tags = check_tags(self.tags)
        if tags != self._known[1]:
            self._tell("detail_event", name="tags", detail=tags)
            self._note("tags")

    def _send_notes(self) -> None:
        if not isinstance(self.notes, str):
            raise UsageError(f"the notes of a run must be a string, not {self.notes!r}", print_usage=False)
        if self.notes != self._known[2]:
            self._tell("detail_event", name="notes", detail=self.notes)
            self._note("notes")

    def _send_additions(self) -> None:
        self._tell("detail_event", name="additions", detail=[*self._stored.additions, *self._additions])

    def _join(self) -> None:
        self._tell("join")

    def _note(self, what: str) -> None:
        self._additions.append({"time": utc_now().isoformat(), "what": what})

    def _tell(self, event: str, **arguments: Any) -> None:
        method = getattr(self._observer, event, None)
        if method is not None:
            names = accepted(method)
            method(**{name: value for name, value in arguments.items() if names is None or name in names})


def _tried(step: Callable[[], None]) -> Exception | None:
    try:
        step()
    except Exception as error:
        return error
    return None


# ---------------------------------------------------------------------------------------------------- the store


def _observer_of(store: Any) -> Any:
    """An observer of our own: the caller's may be busy with another run."""
    if isinstance(store, Store | str | os.PathLike):
        return open_store(store).observer()
    store = told_in_runs(store)
    if not hasattr(type(store), "reopen"):
        raise ResumeError(
            f"'{store}' cannot take up a run again (it has no method reopen); give the path or URL of a store, or an "
            "observer that can",
            print_traceback=False,
        )
    return copy.copy(store)


def _check_ended(observer: Any, stored: StoredRun) -> None:
    """Refuse a run that somebody else may still write to.

    Raises:
        ResumeError: if it is one.
    """
    if stored.status == "QUEUED":
        raise _refusal(stored, "is only queued; it can be added to when it has run")
    journals = [Journal.open(folder) for folder in journals_of(observer, stored.run_id)]
    if stored.status == "RUNNING":
        dead = [journal for journal in journals if is_alive(journal.header.get("owner", {})) is False]
        if not dead:
            raise _refusal(stored, "is still going on, as far as can be told from here; add to it when it has ended")
        raise _refusal(
            stored, f"is not closed, though its process is gone; run this first: hallow recover {dead[0].folder}"
        )
    for journal in journals:
        if _is_owed(observer, journal, stored):
            raise _refusal(
                stored,
                f"has ended, but some of its points are not in its record yet; run this first: hallow recover "
                f"{journal.folder}",
            )


def _is_owed(observer: Any, journal: Journal, stored: StoredRun) -> bool:
    """Whether the store lacks points that are still in a journal; later ones must come after those."""
    wanted = recovery_of(observer)
    specs = journal.header.get("observers", [])
    spec: dict[str, Any] = next((one for one in specs if {key: one.get(key) for key in wanted} == wanted), {})
    before = (spec.get("base") or {}).get("points", 0)
    return int(stored.points) - int(before) < journal.metrics.count


def _refusal(stored: StoredRun, why: str) -> ResumeError:
    return ResumeError(f"run {stored.run_id} {why}", print_traceback=False)
