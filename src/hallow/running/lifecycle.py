"""One execution of a run, from the first seed to the last event."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

from hallow.errors import RunInterrupt
from hallow.running.awaiting import awaited
from hallow.running.capture import get_stdcapturer
from hallow.running.context import CURRENT, entered
from hallow.running.fanout import Fanout, by_priority, for_run
from hallow.running.metrics import linearize_metrics
from hallow.running.seeding import global_state_kept, set_global_seed
from hallow.running.signals import Terminated, signals_interrupt
from hallow.running.snapshot import InfoSnapshots
from hallow.running.times import utc_now

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from hallow.running.run import Run

#: Seconds that the end of a run waits for a beat in progress; an observer that takes longer is given up.
LAST_BEAT_TIMEOUT = 60.0


class Execution:
    """Carries one run out.

    Args:
        run: not started before.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.log = run.run_logger
        self.snapshots = InfoSnapshots()
        # Held while output is read: pieces of text must not change places.
        self._reading = Lock()
        self._filter_failed = False
        self._interrupt_trace: list[str] | None = None

    def carry_out(self, args: tuple[Any, ...]) -> Any:
        """Everything, in order; returns the result of the main function."""
        run = self.run
        run.observers = [] if run.unobserved else [for_run(one) for one in by_priority(run.observers)]
        self.fanout = run._fanout = Fanout(run.observers, self.log)
        run._failed_observers = self.fanout.failed
        run.warn_if_unobserved()
        # The global generators of a run around this one go on where they were.
        kept = global_state_kept() if CURRENT.get() is not None else nullcontext()
        with kept, entered(run):
            if run.config.get("seed") is not None:
                run.seeded = set_global_seed(run.config["seed"], run.settings)
            capturer = self._capturer()
            if run.queue_only:
                return self._queue()
            with signals_interrupt():
                return self._execute(args, capturer)

    def _capturer(self) -> Any:
        run = self.run
        if run.capture_mode is None and not run.observers:
            run.capture_mode = "no"
        wanted = run.settings["CAPTURE_MODE"] if run.capture_mode is None else run.capture_mode
        run.capture_mode, capturer = get_stdcapturer(wanted)
        return capturer

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
        self.fanout.start(
            event,
            run,
            ex_info=run.experiment_info,
            command=run.command,
            host_info=run.host_info,
            config=run.config,
            meta_info=run.meta_info,
            **moment,
        )

    # ------------------------------------------------------------------------------------------ the work

    def _execute(self, args: tuple[Any, ...], capturer: Any) -> Any:
        failure = self._captured_work(args, capturer)
        try:
            self._read_output()
            self._tell_of_ending()
            try:
                self._last_beat()
            except KeyboardInterrupt as impatient:
                # Who waits for a slow observer may stop that, but the others are still told of the end.
                failure = failure or impatient
                self.fanout.give_up_on_busy()
            self._tell_end()
            if failure is not None:
                raise failure
        finally:
            # The traceback refers to this frame; a circle would keep the user's objects alive.
            del failure
        return self.run.result

    def _captured_work(self, args: tuple[Any, ...], capturer: Any) -> BaseException | None:
        manager: AbstractContextManager[Any] = capturer()
        with manager as output:
            self.run._output_file = output
            self.run.capture_mode = output.mode
            self.log.debug('Using capture mode "%s"', output.mode)
            try:
                self._start()
                self._work(args)
            except BaseException as error:  # raised again after the last event
                self._failed(error)
                return error
            self._completed(0)
            return None

    def _start(self) -> None:
        run = self.run
        self.log.info("Running command '%s'", run.command)
        run.start_time = utc_now()
        run.status = "RUNNING"
        if run.observers:
            self._start_event("started_event", start_time=run.start_time)
            for name, detail in run._details:
                run.add_detail(name, detail)
        self.log.info(*(("Started",) if run._id is None else ('Started run with ID "%s"', run._id)))
        if run.observers and run.beat_interval > 0:
            self._start_heartbeat()

    def _start_heartbeat(self) -> None:
        from hallow.running.heartbeat import IntervalTimer

        self.log.debug("Starting Heartbeat")
        self.stop_beating, self.run._heartbeat = IntervalTimer.create(self._timed_beat, self.run.beat_interval)
        self.run._heartbeat.begin()

    def _work(self, args: tuple[Any, ...]) -> None:
        run = self.run
        for hook in run.pre_run_hooks:
            awaited(hook())
        run.result = awaited(run.main_function(*args))
        for hook in run.post_run_hooks:
            awaited(hook())

    # ------------------------------------------------------------------------------------------- the end

    def _completed(self, exit_code: int) -> None:
        run = self.run
        run.exit_code = exit_code
        if run.result is not None:
            self.log.info("Result: %s", _shortened(str(run.result)))
        run.stop_time = utc_now()
        self.log.info("Completed after %s", self._elapsed())
        run.status = "COMPLETED"

    def _failed(self, error: BaseException) -> None:
        """Decide on status and exit code, and keep the traceback."""
        run = self.run
        if isinstance(error, SystemExit) and not isinstance(error, Terminated) and error.code in (None, 0):
            self._completed(0)
            return
        run.status, run.exit_code = _verdict(error)
        if run.status == "FAILED":
            run.fail_trace = _trace(error)
            self.log.error("Failed after %s!", self._elapsed())
        else:
            self.log.warning("Aborted after %s!", self._elapsed())
            self._interrupt_trace = _trace(error)

    def _elapsed(self) -> timedelta:
        start = self.run.start_time or utc_now()
        return timedelta(seconds=round((utc_now() - start).total_seconds()))

    def _tell_of_ending(self) -> None:
        """What Sacred's documents have no place for."""
        run = self.run
        if not run.observers:
            return
        ending: dict[str, Any] = {
            "exit_code": run.exit_code,
            "capture_mode": run.capture_mode,
            "seeded": run.seeded,
            "parent": None if run.parent is None else run.parent._id,
        }
        if self._interrupt_trace is not None:
            ending["trace"] = self._interrupt_trace
        for name, detail in [*run.last_details, ("run", ending)]:
            run.add_detail(name, detail)

    def _tell_end(self) -> None:
        run = self.run
        errors = self.fanout.errors()
        if errors:
            self.fanout.tell("detail_event", name="observer_errors", detail=errors)
        run.stop_time = run.stop_time or utc_now()
        if run.status == "COMPLETED":
            self.fanout.finish("completed_event", stop_time=run.stop_time, result=run.result)
        elif run.status == "FAILED":
            self.fanout.finish("failed_event", fail_time=run.stop_time, fail_trace=run.fail_trace)
        else:
            self.fanout.finish("interrupted_event", interrupt_time=run.stop_time, status=run.status)
        self.snapshots.hand_over(run.info)
        self.fanout.summarise()
        self.fanout.join()

    # ----------------------------------------------------------------------------------------- heartbeat

    def _last_beat(self) -> None:
        """The beat that tells everything; it has returned before the final event."""
        if not self.run.observers:
            return
        timer = self.run._heartbeat
        if timer is None:
            self._beat(last=True)
            return
        self.log.debug("Stopping Heartbeat")
        if not timer.end(LAST_BEAT_TIMEOUT):
            self.fanout.give_up_on_busy()
            self._beat(last=True)

    def _timed_beat(self) -> None:
        CURRENT.set(self.run)  # the thread has a context of its own
        self._beat(last=self.stop_beating.is_set())

    def _beat(self, last: bool = False) -> None:
        """Tell the observers how things stand; nothing that goes wrong here ends the run or the beats."""
        run = self.run
        try:
            self._read_output()
            info = self.snapshots.take(run.info)
            metrics = linearize_metrics(run._metrics.get_last_metrics())
            heartbeat = {
                "info": info,
                "captured_out": run.captured_out,
                "beat_time": utc_now(),
                "result": run.result,
            }
            self.fanout.beat(metrics, heartbeat, last)
            self.snapshots.keep_additions(run.info, info)
        except Exception:
            self.log.exception("A heartbeat failed")

    def _read_output(self) -> None:
        run = self.run
        if run._output_file is None:
            return
        with self._reading:
            text = run.captured_out + run._output_file.get()
            run.captured_out = text if run.captured_out_filter is None else self._filtered(text)

    def _filtered(self, text: str) -> str:
        """``text`` after the user's filter; as it is once the filter has failed."""
        if self._filter_failed:
            return text
        try:
            return str(self.run.captured_out_filter(text))  # type: ignore[misc]
        except Exception:
            self._filter_failed = True
            self.log.warning("The filter of captured output failed; from here on it is kept unfiltered", exc_info=True)
            return text


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
    """The lines of the traceback, without the frame in which it was caught."""
    from traceback import format_exception

    frames = error.__traceback__
    return format_exception(type(error), error, frames.tb_next if frames else None)
