"""Telling one observer, in another process, what it did not get from a run that has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hallow.errors import JournalError
from hallow.journal.reader import read_points
from hallow.observers.base import accepted
from hallow.records.decoding import restore
from hallow.records.points import linearized
from hallow.running.leftover import leftover_text
from hallow.running.summary import MetricSummary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hallow.journal.journal import Journal
    from hallow.records.stored import StoredRun

__all__ = ["Handover"]


class Handover:
    """What one observer of a journal is still to be told.

    Args:
        journal: of the run.
        number: of the observer in the journal's header.
        observer: made again, not yet told of anything.
        spec: what the header says of it.

    Raises:
        HallowError: if the observer does not find the run in its store.
    """

    def __init__(self, journal: Journal, number: int, observer: Any, spec: dict[str, Any]) -> None:
        self.journal = journal
        self.number = number
        self.observer = observer
        self.run_id = journal.header["run"]["id"]
        self._given_id = spec.get("id")
        self._base = spec.get("base") or {"points": 0, "output": 0}
        self._takes_text = bool(spec.get("text"))
        self._absent = bool(spec.get("absent"))
        if self._absent:
            self.run_id = self._id_begun()
        self.stored: StoredRun | None = None
        if self.run_id is not None or not self._absent:
            self.stored = observer.reopen(self.run_id)

    @property
    def points(self) -> int:
        """How many points of this attempt at the run the observer has."""
        return 0 if self.stored is None else max(0, int(self.stored.points) - int(self._base["points"]))

    def describe(self) -> str:
        """What is missing, in words."""
        total = self.journal.metrics.count
        if self.stored is None:
            return f"{self.observer}: everything, {total} points; it was out of reach when the run began"
        owed = len(list(self._owed()))
        files = f", {owed} events" if owed else ""
        missing = max(0, total - self.points)
        return f"{self.observer}: had {self.stored.status}; {missing} of {total} points{files} were missing"

    def carry_out(self, final: tuple[str, dict[str, Any]], ending: dict[str, Any] | None) -> None:
        """Tell everything.

        Args:
            final: the final event.
            ending: facts beside the record of a run that died.

        Raises:
            Exception: whatever the observer raises.
        """
        if self.stored is None:
            self._begin()
        for event, arguments in self._owed():
            self._tell(event, **arguments)
        summary = self._points()
        self._output()
        self._info(final)
        # Points that were added after the end (hallow.reopen) are summed up already, and not in the journal.
        if summary and self.points <= self.journal.metrics.count:
            self._tell("detail_event", name="metrics", detail=summary)
        if ending is not None:
            self._tell("detail_event", name="run", detail=ending)
            self._tell_attempts(final, ending)
        event, arguments = final
        self._tell(event, **arguments)
        self._tell("join")

    # ------------------------------------------------------------------------------------------ an absent store

    def _id_begun(self) -> Any:
        """The id under which an earlier recovery began the run in a store that was away at the start."""
        return next(
            (
                event["id"]
                for _, event in self.journal.events
                if event.get("event") == "begun" and event.get("observer") == self.number
            ),
            None,
        )

    def _begin(self) -> None:
        """Tell of the start, with the sources as they were then."""
        start = next((event for _, event in self.journal.events if event.get("event") == "start"), None)
        if start is None:
            raise JournalError("how the run began is not in its journal")
        arguments = restore(start["arguments"])
        self.observer.copies = start.get("copies") or {}
        try:
            self.run_id = self._started({**arguments, "_id": self._given_id})
        except FileExistsError:  # in this store, another run has that id
            self.run_id = self._started({**arguments, "_id": None})
        self.journal.events.append({"event": "begun", "observer": self.number, "id": self.run_id})
        self.stored = self.observer.reopen(self.run_id)

    def _started(self, arguments: dict[str, Any]) -> Any:
        ex_info = dict(arguments["ex_info"])
        ex_info["sources"] = [tuple(pair) for pair in ex_info.get("sources", ())]
        return self.observer.started_event(**{**arguments, "ex_info": ex_info})

    def _tell(self, event: str, **arguments: Any) -> None:
        method = getattr(self.observer, event, None)
        if method is not None:
            names = accepted(method)
            method(**{name: value for name, value in arguments.items() if names is None or name in names})

    def _owed(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Events that some observer did not get, but for those that this one got later."""
        told = {
            event["place"]
            for _, event in self.journal.events
            if event.get("event") == "told" and event.get("observer") == self.number
        }
        for place, event in self.journal.events:
            if "reached" in event and self.number not in event["reached"] and place not in told:
                yield str(event["event"]), restore(event["arguments"])

    def _points(self) -> dict[str, Any]:
        """Tell the points that are missing; the figures of all metrics."""
        first_attempt = self.journal.header["run"].get("attempt", 1) == 1
        known = {} if first_attempt or self.stored is None else self.stored.summary
        summary = MetricSummary.restored(known)
        new = hasattr(type(self.observer), "points_event")
        start = self.points
        position = 0
        for batch in read_points(self.journal.folder):
            size = sum(len(some.steps) for some in batch)
            for some in batch:
                summary.add(some)
            position += size
            if position <= start:
                continue
            missing = batch if position - size >= start else self.journal.metrics.read(start, position)
            if new:
                self._tell("points_event", points=missing)
            else:
                self._tell("log_metrics", metrics_by_name=linearized(missing), info=self._stored_info())
        return summary.as_dict()

    def _output(self) -> None:
        if not self._takes_text:
            return
        base = int(self._base["output"])
        for position, text in leftover_text(self.journal):
            self._tell("output_event", text=text, position=base + position)

    def _info(self, final: tuple[str, dict[str, Any]]) -> None:
        """Tell when the run was last heard of, with info and result as the journal knows them last.

        A beat with them may not have arrived; there may have been none, and readers ask for its time.
        """
        known = [event for _, event in self.journal.events if event.get("event") in ("info", "end")]
        # A beat that hung may have noted its info after the end.
        known.sort(key=lambda event: event["event"] == "end")
        when = next((value for key, value in final[1].items() if key.endswith("_time")), None)
        info, result = self._stored_info(), None if self.stored is None else self.stored.result
        if known:
            info = {**info, **restore(known[-1].get("info") or {})}
            result = restore(known[-1].get("result"))
        self._tell("heartbeat_event", info=info, captured_out=self._whole_text(), beat_time=when, result=result)

    def _stored_info(self) -> dict[str, Any]:
        return {} if self.stored is None else self.stored.info

    def _whole_text(self) -> str | None:
        """The output for an observer that wants all of it with each beat."""
        if self._takes_text:
            return None
        return "".join(text for _, text in leftover_text(self.journal))

    def _tell_attempts(self, final: tuple[str, dict[str, Any]], ending: dict[str, Any]) -> None:
        run = self.journal.header["run"]
        if run.get("attempt", 1) == 1:
            return
        when = final[1].get("interrupt_time")
        attempt = {
            "start": run.get("start_time"),
            "stop": None if when is None else when.isoformat(),
            "status": final[1].get("status"),
            "host": self.journal.header["owner"].get("host"),
            **{key: ending[key] for key in ("exit_code", "signal", "cause") if ending.get(key) is not None},
        }
        self._tell("detail_event", name="attempts", detail=[*run.get("attempts", []), attempt])
