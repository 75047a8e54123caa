"""One execution of a run, from the first seed to the last event."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from threading import TIMEOUT_MAX
from typing import TYPE_CHECKING, Any

from hallow.errors import RunInterrupt
from hallow.running.awaiting import awaited
from hallow.running.capture import get_stdcapturer
from hallow.running.context import CURRENT, entered
from hallow.running.delivery import Delivery, by_priority, for_run
from hallow.running.ending import facts, figures, outcome
from hallow.running.feed import Feed
from hallow.running.forks import exits_noted, track, watch_forks
from hallow.running.post import Post
from hallow.running.safekeeping import Safekeeping
from hallow.running.seeding import global_state_kept, set_global_seed
from hallow.running.signals import Terminated, signals_interrupt
from hallow.running.times import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hallow.running.run import Run

#: Seconds in which a run that a signal ends has told its observers; what is missing then stays in the journal.
SIGNAL_TIMEOUT = 1.5


class Execution:
    """Carries one run out.

    Args:
        run: not started before.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.log = run.run_logger
        self.feed = Feed(run)
        self.safekeeping = Safekeeping(run, self.feed)
        self._interrupt_trace: list[str] | None = None
        self._signal: str | None = None
        self._pid = os.getpid()

    def carry_out(self, args: tuple[Any, ...]) -> Any:
        """Everything, in order; returns the result of the main function."""
        run = self.run
        if run.queue_only:
            with self._prepared():
                return self._queue()
        with self.under_way():
            for hook in run.pre_run_hooks:
                awaited(hook())
            run.result = awaited(run.main_function(*args))
            for hook in run.post_run_hooks:
                awaited(hook())
        return run.result

    @contextmanager
    def under_way(self) -> Iterator[Run]:
        """Start the run before the body and end it after; how the body ends decides how the run ends."""
        with self._prepared():
            capturer = self._capturer()
            with signals_interrupt(self.run.settings["PREEMPTION_SIGNALS"]) as signals:
                failure: BaseException | None = None
                with capturer() as output, exits_noted(self.safekeeping.note_exit):
                    try:
                        self._start(output)
                        yield self.run
                    except BaseException as error:  # raised again after the last event
                        failure = error
                    signals.hold()
                    if self._is_ours():
                        self._ended(failure)
                try:
                    if self._is_ours():
                        failure = self._tell_all(failure)
                    if failure is not None:
                        raise failure
                finally:
                    # The traceback refers to this frame; a circle would keep the user's objects alive.
                    del failure

    @contextmanager
    def _prepared(self) -> Iterator[None]:
        run = self.run
        run.observers = [] if run.unobserved else [for_run(one) for one in by_priority(run.observers)]
        self.delivery = run._delivery = Delivery(run, self.feed)
        track(self)
        watch_forks()
        run.warn_if_unobserved()
        # The global generators of a run around this one go on where they were.
        kept = global_state_kept() if CURRENT.get() is not None else nullcontext()
        with kept, entered(run):
            if run.config.get("seed") is not None:
                run.seeded = set_global_seed(run.config["seed"], run.settings)
            yield

    def _capturer(self) -> Any:
        run = self.run
        if run.capture_mode is None and not run.observers and not self._is_member():
            run.capture_mode = "no"
        wanted = run.settings["CAPTURE_MODE"] if run.capture_mode is None else run.capture_mode
        run.capture_mode, capturer = get_stdcapturer(wanted)
        streams = run.settings.OUTPUT.STREAMS
        return capturer if streams == "both" else lambda: capturer(streams)

    def _is_member(self) -> bool:
        """Whether the run is that of another rank, which takes what is logged and printed here into its record."""
        return self.run._attachment is not None and self.run._attachment.is_member

    def _is_ours(self) -> bool:
        """Whether this is still the process that started the run; a forked child leaves everything to its parent."""
        return os.getpid() == self._pid

    def detach(self) -> None:
        """After a fork, in the child: nothing here belongs to it."""
        self.delivery.detach()
        self.safekeeping.detach()

    # -------------------------------------------------------------------------------------------- the beginning

    def _queue(self) -> None:
        run = self.run
        self.log.info("Queuing-up command '%s'", run.command)
        run.meta_info["queue_time"] = moment = utc_now()
        run.status = "QUEUED"
        if run.observers:
            self._start_event("queued_event", queue_time=moment)
        self.log.info(*(("Queued",) if run._id is None else ('Queued-up run with ID "%s"', run._id)))

    def _start_event(self, event: str, **moment: Any) -> None:
        run = self.run
        self.delivery.start(
            event,
            ex_info=run.experiment_info,
            command=run.command,
            host_info=run.host_info,
            config=run.config,
            meta_info=run.meta_info,
            **moment,
        )

    def _start(self, output: Any) -> None:
        run = self.run
        run._output_file = output
        run.capture_mode = output.mode
        self.log.debug('Using capture mode "%s"', output.mode)
        self.log.info("Running command '%s'", run.command)
        run.start_time = utc_now()
        run.status = "RUNNING"
        if run.observers:
            if run._record is None:
                self._start_event("started_event", start_time=run.start_time)
            else:
                self.delivery.resume(resume_time=run.start_time, host_info=run.host_info)
        if run._attachment is not None:
            run._attachment.announce(run._id)
        self.safekeeping.begin(output)
        if run.observers:
            self.delivery.tell_first(run._detail_posts(run._details))
            self.delivery.begin_beats(run.beat_interval)
        self.log.info(*(("Started",) if run._id is None else ('Started run with ID "%s"', run._id)))
        if run.observers and run.beat_interval > 0:
            self.log.debug("Starting Heartbeat")

    # ------------------------------------------------------------------------------------------------- the end

    def _ended(self, error: BaseException | None) -> None:
        """Decide on status and exit code, and keep the traceback."""
        run = self.run
        completed = error is None or (
            isinstance(error, SystemExit) and not isinstance(error, Terminated) and error.code in (None, 0)
        )
        if completed:
            self._completed()
            return
        assert error is not None
        run.status, run.exit_code = _verdict(error)
        self._signal = getattr(error, "signal_name", "SIGINT" if isinstance(error, KeyboardInterrupt) else None)
        if run.status == "FAILED":
            run.fail_trace = _trace(error)
            self.log.error("Failed after %s!", self._elapsed())
        else:
            self.log.warning("Aborted after %s!", self._elapsed())
            self._interrupt_trace = _trace(error)

    def _completed(self) -> None:
        run = self.run
        run.exit_code = 0
        if run.result is not None:
            self.log.info("Result: %s", _shortened(str(run.result)))
        run.stop_time = utc_now()
        self.log.info("Completed after %s", self._elapsed())
        run.status = "COMPLETED"

    def _elapsed(self) -> timedelta:
        start = self.run.start_time or utc_now()
        return timedelta(seconds=round((utc_now() - start).total_seconds()))

    def _tell_all(self, failure: BaseException | None) -> BaseException | None:
        """Tell the observers everything that is left and how the run ended; what to raise."""
        run = self.run
        hurried = isinstance(failure, Terminated)
        patience = run.settings["EXIT_TIMEOUT"]
        deadline = time.monotonic() + min(patience, SIGNAL_TIMEOUT if hurried else TIMEOUT_MAX / 2)
        if run.observers and run.beat_interval > 0:
            self.log.debug("Stopping Heartbeat")
        try:
            if run._attachment is not None:
                run._attachment.wait_for_members(run)
        except KeyboardInterrupt as impatient:
            failure = failure or impatient
        self.safekeeping.ending = ending = self._ending()
        final = Post(*ending, secured=True)
        try:
            interrupt = self.delivery.end(self._details(), self._figures, final, deadline, self.safekeeping.note_ending)
            self.feed.snapshots.hand_over(run.info)
            self.delivery.summarise()
            self._discard(deadline)
        finally:
            self._let_go(deadline)
        failure = failure or interrupt
        if run.strict_observers and any(outlet.failed for outlet in self.delivery.outlets) and failure is None:
            from hallow.errors import IncompleteRecordError

            run.exit_code = IncompleteRecordError.exit_code
            failure = IncompleteRecordError(self.delivery.incomplete_report())
        return failure

    def _ending(self) -> tuple[str, dict[str, Any]]:
        """The final event."""
        run = self.run
        run.stop_time = run.stop_time or utc_now()
        if run.status == "COMPLETED":
            return "completed_event", {"stop_time": run.stop_time, "result": run.result}
        if run.status == "FAILED":
            return "failed_event", {"fail_time": run.stop_time, "fail_trace": run.fail_trace}
        return "interrupted_event", {"interrupt_time": run.stop_time, "status": run.status}

    def _details(self) -> list[Post]:
        """What Sacred's documents have no place for, as far as it is known before the last beat."""
        run = self.run
        if not run.observers:
            return []
        ending = outcome(run, self._signal, self._interrupt_trace)
        return run._detail_posts([*run.last_details, ("run", ending), *facts(run)])

    def _figures(self) -> list[Post]:
        """What is known after it."""
        details = list(figures(self.run, self.feed, self._signal))
        errors = self.delivery.errors()
        if errors:
            details.append(("observer_errors", errors))
        return self.run._detail_posts(details)

    def _let_go(self, deadline: float) -> None:
        run = self.run
        if run.parent is not None:
            from hallow.running.family import child_facts

            run.parent.children.append(child_facts(run, self.feed.summary))
        self.safekeeping.close()
        self.delivery.close(deadline)
        if run._attachment is not None:
            run._attachment.close()

    def _discard(self, deadline: float) -> None:
        """Have the record removed if the user keeps only other outcomes."""
        run = self.run
        if run.settings["KEEP_RUNS"] == "all" or not run.observers or run.start_time is None:
            return
        from hallow.running.outcomes import why_not_kept

        reason = why_not_kept(run.status, (utc_now() - run.start_time).total_seconds(), run.settings)
        if reason is not None:
            self.log.warning(reason)
            self.delivery.discard(deadline)


def _verdict(error: BaseException) -> tuple[str, int]:
    """Status and exit code of a run that ended with ``error``."""
    if isinstance(error, Terminated):
        return "INTERRUPTED", int(error.code)  # type: ignore[arg-type]
    if isinstance(error, KeyboardInterrupt):
        return "INTERRUPTED", 130
    if isinstance(error, RunInterrupt):
        return error.STATUS, 1
    if isinstance(error, SystemExit) and isinstance(error.code, int):
        return "FAILED", error.code
    return "FAILED", 1


def _shortened(text: str, limit: int = 1000) -> str:
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text)} characters)"


def _trace(error: BaseException) -> list[str]:
    """The lines of the traceback, without the frames that carry runs out."""
    from contextlib import __file__ as contexts
    from traceback import format_exception

    frames = error.__traceback__
    ours = (__file__, contexts)
    while frames is not None and frames.tb_next is not None and frames.tb_frame.f_code.co_filename in ours:
        frames = frames.tb_next
    return format_exception(type(error), error, frames)
