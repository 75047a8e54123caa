"""The journal of one run: when it is made, what it is told, and when it may go."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hallow.records.urls import without_password
from hallow.running.metrics import MetricsLogger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hallow.journal.journal import Journal
    from hallow.running.feed import Feed
    from hallow.running.outlet import Outlet
    from hallow.running.output import Output
    from hallow.running.run import Run

#: Bytes of output that an ended run still has in memory as ``captured_out``; of more, the two ends.
_REMEMBERED, _EXCERPT = 4 << 20, 1 << 19


class Safekeeping:
    """Keeps what a run logs and prints until everybody has it.

    Args:
        run: the run.
        feed: where its deliveries take what is new.
    """

    def __init__(self, run: Run, feed: Feed) -> None:
        self.run = run
        self.feed = feed
        self.log = run.run_logger
        #: The final event and its arguments, until they are noted.
        self.ending: tuple[str, dict[str, Any]] | None = None
        # A member's journal is for rank 0 to read.
        self._is_member = False

    # ------------------------------------------------------------------------------------------- the beginning

    def begin(self, captured: Any) -> None:
        """Make the journal of a run that somebody observes, and keep there what it logs and prints from here on."""
        from hallow.running.output import Output

        run = self.run
        self._is_member = run._attachment is not None and run._attachment.is_member
        run._journal = self._made() if run.observers or self._is_member else None
        folder = None if run._journal is None else run._journal.folder
        if run._journal is not None:
            run._metrics.keep_in(run._journal.metrics)
            self._note_start(run._journal)
            self._keep_output(captured, run._journal.folder)
        if captured.raw is not None:
            settings = run.settings.OUTPUT
            run._output = Output(
                captured.raw,
                folder,
                filter=run.captured_out_filter,
                fold=settings.FOLD,
                cap=settings.MAX_BYTES or None,
                log=self.log,
            )
        if run._record is not None:
            self._continue(run._record)

    def _keep_output(self, captured: Any, folder: str) -> None:
        try:
            captured.keep_in(folder, durable=self.run.settings.OUTPUT.DURABLE)
            if captured.raw is not None and _is_elsewhere(captured.raw.state()):
                # Part of it is with the run around this one: who recovers this run must know where.
                self.run._delivery.save_state()  # type: ignore[union-attr]
        except OSError as error:
            self.log.warning("What is printed cannot be kept in the journal %s: %s", folder, error)

    def _note_start(self, journal: Journal) -> None:
        """Keep what an observer whose store is away must be told of the start, with the sources as they are now."""
        start = None if self.run._delivery is None else self.run._delivery.absent
        if start is None:
            return
        base = os.path.abspath(start["ex_info"].get("base_dir") or os.curdir)
        copies = {}
        for path, _ in start["ex_info"].get("sources", ()):
            try:
                copies[path] = journal.stash(os.path.join(base, path))
            except OSError as error:  # noqa: PERF203 - the others are kept
                self.log.warning("The source file %s cannot be kept in the journal: %s", path, error)
        journal.events.append({"event": "start", "arguments": start, "copies": copies})

    def _continue(self, record: Any) -> None:
        from hallow.running.summary import MetricSummary

        self.run._metrics.continue_after(record.steps)
        self.feed.summary = MetricSummary.restored(record.summary)

    def _made(self) -> Journal | None:
        from hallow.journal.journal import Journal

        problem: OSError | None = None
        for place in self._folders():
            try:
                journal = Journal.create(place or _own_place(), self._header(), self.log)
            except OSError as error:  # noqa: PERF203 - at most three rounds
                problem = error
            else:
                _tell_watcher(journal.folder)
                return journal
        self.log.error("There is no place for a journal: %s. A crash loses what observers do not have yet", problem)
        return None

    def _folders(self) -> Iterator[str | None]:
        """Where it may be: beside the record if a store has a folder on this machine, else in a place of its own."""
        if self.run._attachment is not None and self.run._attachment.journal_folder is not None:
            yield self.run._attachment.journal_folder
        for observer in self.run.observers:
            folder = getattr(observer, "journal_folder", None)
            if isinstance(folder, str):
                yield folder
        yield None

    def _header(self) -> dict[str, Any]:
        from hallow.journal.owner import describe_owner

        run = self.run
        record = run._record
        return {
            "run": {
                "id": run._id,
                "command": run.command,
                "start_time": None if run.start_time is None else run.start_time.isoformat(),
                "parent": None if run.parent is None else run.parent._id,
                "attempt": run.resumed + 1,
                "attempts": [] if record is None else record.attempts,
            },
            "owner": describe_owner(),
            "output": {
                "mode": run.capture_mode,
                "fold": run.settings.OUTPUT.FOLD,
                "cap": run.settings.OUTPUT.MAX_BYTES,
                "filtered": run.captured_out_filter is not None,
            },
            "beat_interval": run.beat_interval,
            "observers": [
                {
                    **recovery_of(outlet.observer),
                    "base": outlet.base,
                    "text": outlet.takes_text,
                    **({} if outlet.keeps_record else {"keeps_record": False}),
                    **({"absent": True, "id": outlet.given_id} if outlet.absent else {}),
                }
                for outlet in (run._delivery.outlets if run._delivery else ())
            ],
        }

    # ------------------------------------------------------------------------------------------- during the run

    def note_exit(self, code: int) -> None:
        """The process ends at once, by ``os._exit``: say so to who recovers the run, with what no beat has told yet."""
        journal = self.run._journal
        if journal is not None:
            journal.events.append({"event": "exit", "exit_code": code, "how": "os._exit"})
            info = self.feed.snapshots.take(self.run.info)
            journal.events.append({"event": "info", "info": info, "result": self.run.result})

    def detach(self) -> None:
        """After a fork, in the child: the journal belongs to the parent."""
        if self.run._journal is not None:
            self.run._journal.detach()

    # ------------------------------------------------------------------------------------------------- the end

    def note_ending(self) -> None:
        """Note how the run ended, once: if the telling is cut short, it is still known."""
        journal = self.run._journal
        if journal is None or self.ending is None:
            return
        (event, arguments), self.ending = self.ending, None
        try:
            info = {"info": self.feed.snapshots.take(self.run.info), "result": self.run.result}
            journal.events.append({"event": "end", "final": event, "arguments": arguments, **info})
        except OSError as error:
            self._note_in_state(journal, event, arguments, error)

    def _note_in_state(self, journal: Journal, event: str, arguments: dict[str, Any], error: OSError) -> None:
        """On a full disk: the state has its room already. What is too long for it is left out."""
        state = {} if self.run._delivery is None else self.run._delivery.state()
        short = {name: value for name, value in arguments.items() if name not in ("result", "fail_trace")}
        for kept in (arguments, {**short, "fail_trace": []} if event == "failed_event" else {**short, "result": None}):
            with suppress(OSError, ValueError):
                journal.state.write({**state, "end": {"event": "end", "final": event, "arguments": kept}})
                return
        self.log.warning("The end of the run cannot be noted in the journal: %s", error)

    def close(self) -> None:
        """Let the journal go if everybody has everything; otherwise say where it is and what to do."""
        run = self.run
        self._remember_text()
        if run._output_file is not None and run._output_file.raw is not None:
            run._output_file.raw.close()
        journal = run._journal
        if journal is None:
            return
        missing = [] if run._delivery is None else run._delivery.incomplete()
        if missing or run.settings["KEEP_JOURNAL"]:
            self.note_ending()
        self._remember_points()
        journal.close()
        if self._is_member:
            return
        if not missing and not run.settings["KEEP_JOURNAL"]:
            self._remove(journal)
        elif missing:
            self._report(missing, journal)
            if not any(outlet.late for outlet in missing):
                with suppress(OSError):
                    journal.events.append({"event": "left"})

    def _remember_text(self) -> None:
        output = self.run._output
        if output is None:
            return
        if self.run._text is None:
            self.run._text = _excerpt(output)
        self.run._output = None
        output.close()

    def _remember_points(self) -> None:
        """Who looks at the points of an ended run finds those that were logged last."""
        kept = MetricsLogger(self.log)
        stop = self.run._metrics.count
        for points in self.run._metrics.read(max(0, stop - 1000), stop):
            for step, value, at in zip(points.steps, points.values, points.times, strict=True):
                kept.log(points.name, value, step, at)
        self.run._metrics = kept

    def _remove(self, journal: Journal) -> None:
        try:
            journal.remove()
        except OSError as error:
            self.log.warning("The journal %s is not needed any more, but cannot be removed: %s", journal.folder, error)

    def _report(self, missing: list[Outlet], journal: Journal) -> None:
        for outlet in missing:
            self.log.error(
                "The observer '%s' does not have everything. What is missing is kept: hallow recover %s",
                outlet.observer,
                journal.folder,
            )


def _own_place() -> str:
    from hallow.journal.place import new_folder  # a store that has a folder here needs none

    return new_folder()


def _is_elsewhere(state: dict[str, Any]) -> bool:
    """Whether some of what was captured is in another folder; paths in this one are relative."""
    return any(os.path.isabs(path) for source in state["sources"] for path, _, _ in source["segments"])


def _tell_watcher(journal: str) -> None:
    """Leave a note for a process that waits for the end of this one (``hallow watch``)."""
    folder = os.environ.get("HALLOW_WATCH")
    if folder:
        with suppress(OSError), open(os.path.join(folder, os.urandom(8).hex()), "w", encoding="utf-8") as file:
            file.write(os.path.abspath(journal))


def _excerpt(output: Output) -> str:
    """The text, or the beginning and the end of a long one."""
    if output.size <= _REMEMBERED:
        return output.text()
    half = _EXCERPT // 2
    _, head, _ = output.read(output.cursor(), half)
    position, tail, _ = output.read(output.cursor(output.size - half), half)
    return f"{head}\n[... {position - half} bytes: see the record ...]\n{tail.lstrip(chr(0xFFFD))}"


def recovery_of(observer: Any) -> dict[str, Any]:
    """How another process makes an observer again; only its class for one that does not say."""
    tell = getattr(type(observer), "recovery", None)
    kind = type(observer)
    url = getattr(observer, "url", None)
    return {
        "class": f"{kind.__module__}:{kind.__qualname__}",
        **({"store": without_password(url)} if isinstance(url, str) else {}),
        **({} if tell is None else tell(observer)),
    }
