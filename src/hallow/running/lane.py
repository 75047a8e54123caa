"""A thread that tells observers, one after the other; one that hangs is left behind with a lane of its own."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from hallow.running.context import CURRENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hallow.running.clock import Alarm
    from hallow.running.outlet import Outlet
    from hallow.running.run import Run

#: Seconds after which an observer that is busy with one event no longer holds up the others.
PATIENCE = 1.0
#: Bytes per second that a store on this machine takes of a file, at the least; a copy in the journal, which is on the
#: same disk, would be no faster.
COPYING = 50e6


class Job:
    """Something to be done with every outlet.

    Args:
        work: called with each outlet; whether it succeeded.
        outlets: with whom.

    Attributes:
        pending: outlets with whom it is still to be done.
        failed: whether it did not succeed with one of them.
        awaited: whether a thread waits for it.
        size: bytes of the files that it is about.
    """

    __slots__ = ("awaited", "failed", "pending", "size", "work")

    def __init__(self, work: Callable[[Outlet], Any], outlets: Iterable[Outlet], size: int = 0) -> None:
        self.work = work
        self.size = size
        self.pending = set(outlets)
        self.failed = False
        self.awaited = False


class Lane:
    """Some outlets, what is to be done with them, and the thread that does it."""

    def __init__(self, outlets: Iterable[Outlet], jobs: Iterable[Job] = ()) -> None:
        self.outlets = list(outlets)
        self.jobs = deque(jobs)
        self.job: Job | None = None
        self.todo: deque[Outlet] = deque()
        self.current: Outlet | None = None
        self.since = 0.0
        self.next_beat = float("inf")
        self.thread: threading.Thread | None = None

    def stuck(self, now: float, size: int = 0) -> bool:
        """Whether an observer has been busy with one event, about so many bytes, for too long."""
        return self.current is not None and now - self.since >= PATIENCE + size / COPYING

    def is_hopeless(self, now: float) -> bool:
        """Whether there is no use in waiting: what a store on this machine copies would take as long to be secured."""
        is_local = self.current is not None and self.current.is_local
        return self.stuck(now, self.job.size if is_local and self.job is not None else 0)

    def to_beat(self, now: float) -> list[Outlet]:
        """Outlets for a beat; one that failed is left alone for its pause, also by regular beats."""
        regular = self.next_beat <= now
        return [outlet for outlet in self.outlets if outlet.retry_at <= now and (regular or outlet.retry_at)]

    def due(self, retries: bool) -> float:
        """When the next beat is due: the regular one, or another try of an observer that failed."""
        again = [outlet.retry_at for outlet in self.outlets if outlet.retry_at and not outlet.late] if retries else []
        return min([self.next_beat, *again])


class Lanes:
    """All lanes of one run. At first there is one, so that observers are told in the order of their priority.

    Args:
        run: the run; code of observers belongs to it.
        outlets: in order of delivery.
        beat: makes the work of a beat: a function that is called with each outlet, and one that ends it.
    """

    def __init__(self, run: Run, outlets: Iterable[Outlet], beat: Callable[[], tuple[Any, Any]]) -> None:
        self._run = run
        self._beat = beat
        self._interval = 0.0
        self._closed = False
        # Guards the lanes and everything in them.
        self._changed = threading.Condition(threading.Lock())
        self._lanes = [Lane(outlets)]

    # ------------------------------------------------------------------------------------------------- jobs

    def beat_every(self, seconds: float) -> None:
        """Begin to beat; the first beat comes after ``seconds``."""
        self._interval = seconds
        with self._changed:
            for lane in self._lanes:
                lane.next_beat = time.monotonic() + seconds
                self._start(lane)
            self._changed.notify_all()

    def stop_beats(self) -> None:
        """No further beat begins, nor another try of an observer that failed."""
        with self._changed:
            self._interval = 0.0
            for lane in self._lanes:
                lane.next_beat = float("inf")

    def add(self, *jobs: Job) -> None:
        """Have something done, in order, after everything that was asked for earlier."""
        with self._changed:
            for lane in self._lanes:
                own = [job for job in jobs if not job.pending.isdisjoint(lane.outlets)]
                if own:
                    lane.jobs.extend(own)
                    self._start(lane)
            self._changed.notify_all()

    def wait(self, job: Job, deadline: float | None = None) -> bool:
        """Wait until a job is done; whether it is.

        Args:
            job: the job.
            deadline: monotonic time; without one, every observer is waited for as long as it is not stuck.
        """
        with self._changed:
            job.awaited = True
            while job.pending:
                now = time.monotonic()
                over = deadline is not None and now >= deadline
                self._leave_stuck_behind(now, at_once=over)
                hopeless = {
                    lane.current for lane in self._lanes if (lane.is_hopeless(now) if deadline is None else over)
                }
                if job.pending <= hopeless or (deadline is not None and now >= deadline + PATIENCE):
                    return False
                self._changed.wait(PATIENCE / 4 if deadline is None or over else min(PATIENCE / 4, deadline - now))
            return True

    def own(self) -> Lane | None:
        """The lane whose thread this is."""
        me = threading.current_thread()
        return next((lane for lane in self._lanes if lane.thread is me), None)

    def busy(self, job: Job) -> list[Outlet]:
        """Outlets that a job still waits for; nothing more is done with them."""
        with self._changed:
            for lane in self._lanes:
                if not job.pending.isdisjoint(lane.outlets):
                    lane.jobs.clear()
                    lane.next_beat = float("inf")
            return [outlet for lane in self._lanes for outlet in lane.outlets if outlet in job.pending]

    def close(self, deadline: float) -> None:
        """End the threads that are not stuck."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            threads = [lane.thread for lane in self._lanes if lane.thread is not None and lane.current is None]
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(max(0.05, deadline - time.monotonic()))

    # ---------------------------------------------------------------------------------------------- threads

    def _start(self, lane: Lane) -> None:
        if lane.thread is None:
            lane.thread = threading.Thread(target=self._serve, args=(lane,), name="hallow-delivery", daemon=True)
            lane.thread.start()

    def _serve(self, lane: Lane) -> None:
        CURRENT.set(self._run)  # the thread has a context of its own
        self._finish_job(lane)
        while (job := self._next(lane)) is not None:
            lane.job, lane.todo = job, deque(lane.outlets)
            self._finish_job(lane)

    def _next(self, lane: Lane) -> Job | None:
        """What to do next, after some waiting; ``None`` at the end."""
        while True:
            with self._changed:
                if lane.jobs:
                    return lane.jobs.popleft()
                if self._closed:
                    return None
                now = time.monotonic()
                due = lane.due(self._interval > 0)
                if due > now:
                    self._changed.wait(None if due == float("inf") else due - now)
                    continue
                whom = lane.to_beat(now)
                if lane.next_beat <= now:
                    lane.next_beat = self._beat_after(now)
            if whom:
                return self._timed_beat(lane, whom)
            self._beat()[1]()  # nobody can be told now, but the journal notes how things stand

    def _beat_after(self, now: float) -> float:
        return now + self._interval if self._interval else float("inf")

    def _timed_beat(self, lane: Lane, whom: list[Outlet]) -> Job:
        work, over = self._beat()
        alarm = self._alarm() if len(lane.outlets) > 1 else None
        job = Job(work, whom)

        def end() -> None:
            with self._changed:
                if lane.next_beat <= time.monotonic():  # the beat took longer than the interval
                    lane.next_beat = self._beat_after(time.monotonic())
            if alarm is not None:
                alarm.cancel()
            over()

        job.work = then(work, job, end)
        return job

    def _alarm(self) -> Alarm:
        """Rings when somebody has been busy for too long."""
        from hallow.running.clock import call_later

        return call_later(PATIENCE, self._look)

    def _finish_job(self, lane: Lane) -> None:
        """Do what is left of the lane's job."""
        while True:
            with self._changed:
                job = lane.job
                if job is None or not lane.todo:
                    lane.job = None
                    return
                outlet = lane.todo.popleft()
                if outlet not in job.pending:
                    continue
                lane.current, lane.since = outlet, time.monotonic()
            try:
                well = outlet.late or job.work(outlet)
            except BaseException as error:  # an observer may even call sys.exit
                outlet.note("heartbeat_event", error)
                well = False
            with self._changed:
                lane.current = None
                job.failed = job.failed or well is False
                job.pending.discard(outlet)
                # Nothing is left, or only who is busy; to wake a thread in vain costs more than most jobs.
                if job.awaited and job.pending <= {one.current for one in self._lanes}:
                    self._changed.notify_all()

    # ------------------------------------------------------------------------------------------------ hanging

    def _look(self) -> None:
        with self._changed:
            self._leave_stuck_behind(time.monotonic())

    def _leave_stuck_behind(self, now: float, at_once: bool = False) -> None:
        """Give the others of a lane in which one is stuck a lane of their own, where they go on at once."""
        for lane in list(self._lanes):
            if len(lane.outlets) > 1 and (lane.stuck(now) or (at_once and lane.current is not None)):
                others = [outlet for outlet in lane.outlets if outlet is not lane.current]
                new = Lane(others, lane.jobs)
                new.job, new.todo = lane.job, deque(lane.todo)
                new.next_beat = self._beat_after(now)
                lane.outlets, lane.todo = [outlet for outlet in lane.outlets if outlet is lane.current], deque()
                self._lanes.append(new)
                self._start(new)


def then(work: Callable[[Outlet], Any], job: Job, end: Callable[[], None]) -> Callable[[Outlet], Any]:
    """``work``, with ``end`` after the last outlet."""

    def both(outlet: Outlet) -> Any:
        try:
            return work(outlet)
        finally:
            if job.pending <= {outlet}:
                end()

    return both
