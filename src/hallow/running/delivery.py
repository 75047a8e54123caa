"""Telling the observers of one run what happens, in order, whatever each of them does about it.

Only the start, with the facts known then, is told in the thread of the run itself. Everything later comes from a thread
of the delivery, one event at a time for each observer and in the order in which things happened.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from hallow.errors import ResumeError
from hallow.running.lane import Job, Lanes, then
from hallow.running.outlet import Outlet
from hallow.running.post import Post

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from hallow.records.stored import StoredRun
    from hallow.running.feed import Beat, Feed
    from hallow.running.run import Run

# Seconds within which observers are told of the end as a rule.
_SOON = 0.1
# Pauses, in seconds, before an observer that was away at the last beat is tried again.
_LAST_TRIES = (0.1, 0.5)


def by_priority(observers: Iterable[Any]) -> list[Any]:
    """Sorted by descending ``priority`` (0 where there is none), equal ones as they were."""
    return sorted(observers, key=_rank)


def _rank(observer: Any) -> float:
    priority = getattr(observer, "priority", 0)
    return -priority if isinstance(priority, int | float) else 0


def for_run(observer: Any) -> Any:
    """What stands for ``observer`` in one run: its own copy, if its class can make one."""
    # Asked of the class, because a mock has every attribute.
    make = getattr(type(observer), "for_run", None)
    return observer if make is None else make(observer)


class Delivery:
    """Delivers the events of one run to its observers, highest priority first.

    An exception of an observer is logged and keeps nothing later from it; only what it raises at the start propagates.

    Args:
        run: the run, with its observers in the order of delivery.
        feed: where beats take what is new.

    Attributes:
        outlets: one for each observer.
        absent: what observers whose store was away at the start will have to be told of it, ``None`` if there are none.
    """

    def __init__(self, run: Run, feed: Feed) -> None:
        self.run = run
        self.feed = feed
        self.outlets = [Outlet(observer, number, run.run_logger) for number, observer in enumerate(run.observers)]
        self.absent: dict[str, Any] | None = None
        self._lanes: Lanes | None = None
        self._detached = False

    # ---------------------------------------------------------------------------------------------- beginning

    def start(self, event: str, **arguments: Any) -> None:
        """Tell of the start or the queueing; the first id that an observer returns is the run's.

        With ``--journal-only``, an observer whose store cannot be reached is left out; the journal keeps everything for
        it.

        Raises:
            Exception: whatever an observer raises; those after it are not told of the run at all.
        """
        run = self.run
        for outlet in self.outlets:
            own = {**arguments, "ex_info": _own_lists(arguments["ex_info"]), "_id": run._id}
            try:
                run_id = outlet.call(event, own)
            except Exception as error:
                if not (run.journal_only and event == "started_event" and outlet.stay_away(error, run._id)):
                    raise
                self.absent = own
                continue
            outlet.begun = True
            if run._id is None:
                run._id = run_id

    def resume(self, **arguments: Any) -> None:
        """Tell that an earlier run goes on.

        Raises:
            ResumeError: for an observer that cannot take up a run.
            Exception: whatever an observer raises.
        """
        for outlet in self.outlets:
            if outlet.keeps_record and not {"reopen", "resumed_event"} <= set(dir(type(outlet.observer))):
                raise ResumeError(
                    f"the observer '{outlet.observer}' cannot take up a run again (it has no methods reopen and "
                    "resumed_event); leave it out to resume, or start a new run"
                )
        run = self.run
        for outlet in self.outlets:
            if not outlet.keeps_record:  # for who only sends messages, this is a run like others
                own = {"ex_info": _own_lists(run.experiment_info), "command": run.command, "host_info": run.host_info}
                own.update(start_time=arguments["resume_time"], config=run.config, meta_info=run.meta_info, _id=run._id)
                outlet.call("started_event", own)
                outlet.begun = True
                continue
            stored: StoredRun = outlet.call("reopen", {"_id": self.run._id})
            outlet.base = {"points": stored.points, "output": stored.output}
            outlet.call("resumed_event", {**arguments, "_id": self.run._id})
            outlet.begun = True

    def tell_first(self, posts: Sequence[Post]) -> None:
        """Tell of what is known at the start, in this thread as the start itself; see :meth:`tell_all`."""
        if self._lanes is not None:  # an observer has told us something already, from within the start
            self.tell_all(posts)
            return
        told = [outlet.tell_all(posts) for outlet in self._listening()]
        if self.absent or not all(told):
            self._secure_all(posts)

    def begin_beats(self, interval: float) -> None:
        """Follow the output from here on, and beat every ``interval`` seconds if that is more than 0."""
        if self.run._output is not None:
            for outlet in self._listening():
                outlet.follow(self.run._output.cursor())
        if (self._listening() or self.absent) and interval > 0:
            self._threads().beat_every(interval)

    def _threads(self) -> Lanes:
        if self._lanes is None:
            self._lanes = Lanes(self.run, self._listening(), self._timed_beat)
        return self._lanes

    def _listening(self) -> list[Outlet]:
        return [] if self._detached else [outlet for outlet in self.outlets if outlet.listening]

    # --------------------------------------------------------------------------------------- during the run

    def tell(self, event: str, **arguments: Any) -> None:
        """Tell of something that happens once; see :meth:`tell_all`."""
        self.tell_all([Post(event, arguments)])

    def tell_all(self, posts: Sequence[Post]) -> None:
        """Tell of things that happen once.

        Returns when every observer has them, or when they are safe: an observer that fails, hangs or is away gets them
        later, from copies in the journal.
        """
        outlets = self._listening()
        if self.absent and not self._detached:
            self._secure_all(posts)
        if not outlets or not posts:
            return
        own = self._threads().own()
        if own is not None:  # an observer tells us something from within an event
            for outlet in own.outlets:
                outlet.tell_all(posts)
            outlets = [outlet for outlet in outlets if outlet not in own.outlets]
        job = Job(lambda outlet: outlet.tell_all(posts), outlets, sum(post.size for post in posts))
        self._threads().add(job)
        if own is not None or not self._threads().wait(job) or job.failed:
            self._secure_all(posts)

    def _secure_all(self, posts: Iterable[Post]) -> None:
        for post in posts:
            self.secure(post)

    def secure(self, post: Post) -> None:
        """Keep in the journal what some observer does not have yet; a full disk leaves it in memory."""
        try:
            post.secure(self.run._journal)
        except OSError as error:
            self.run.run_logger.warning("%s cannot be kept for later delivery: %s", post.event, error)

    def beat_now(self) -> None:
        """Tell everything that is new, without waiting for the next beat; who is busy or away gets it later."""
        outlets = self._listening()
        if not outlets or self._threads().own() is not None:  # within an event, the next beat must do
            return
        work, over = self._timed_beat()
        job = Job(work, outlets)
        job.work = then(work, job, over)
        self._threads().add(job)
        self._threads().wait(job)

    def _timed_beat(self) -> tuple[Callable[[Outlet], Any], Callable[[], None]]:
        """The work of one beat, and what ends it; nothing that goes wrong here ends the run or the beats."""
        beat = self._beat()

        def work(outlet: Outlet) -> bool:
            return beat is not None and outlet.beat(self.feed, beat)

        def over() -> None:
            if beat is not None:
                self.feed.beat_is_over(beat)
                self.run._metrics.forget(min((outlet.points for outlet in self._listening()), default=0))
                self.save_state()
                self._save_info(beat)

        return work, over

    def _beat(self, last: bool = False) -> Beat | None:
        try:
            return self.feed.beat(last)
        except Exception:
            self.run.run_logger.exception("A heartbeat failed")
            return None

    def save_state(self) -> None:
        """Leave in the journal how far each observer is; who recovers a dead run starts from there."""
        journal = self.run._journal
        if journal is None or self._detached:
            return
        try:
            journal.state.write(self.state())
        except Exception as error:  # a hint for a recovery, no more
            self.run.run_logger.debug("The state of the journal cannot be written: %s", error)

    def _save_info(self, beat: Beat) -> None:
        """Keep info and result in the journal, when they have changed, for observers that did not get this beat."""
        told = not self.absent and all(outlet.retry_at == 0.0 for outlet in self._listening())
        journal = self.run._journal
        if told or journal is None or self._detached:
            return
        try:
            journal.events.append({"event": "info", "info": beat.info, "result": beat.result})
        except Exception as error:  # the next beat brings it again
            self.run.run_logger.debug("The info cannot be kept in the journal: %s", error)

    def state(self) -> dict[str, Any]:
        """How far each observer is, as it stands in the journal."""
        output, captured = self.run._output, self.run._output_file
        return {
            "beat": time.time(),
            "outlets": [{"points": outlet.points, "output": outlet.output} for outlet in self.outlets],
            "output": None if output is None else output.state(),
            "raw": None if captured is None or captured.raw is None else captured.raw.state(),
        }

    # -------------------------------------------------------------------------------------------------- end

    def end(
        self,
        posts: Sequence[Post],
        figures: Callable[[], Iterable[Post]],
        final: Post,
        deadline: float,
        note: Callable[[], None],
    ) -> KeyboardInterrupt | None:
        """Tell everything that is new, and how the run ended; who is not back at the ``deadline`` is given up.

        Args:
            posts: facts that are known now.
            figures: gives those that are known only after the last beat.
            final: the final event.
            deadline: monotonic time.
            note: is called if that takes a while, so that how the run ended is known whatever happens meanwhile.

        Returns:
            the interrupt of a user who did not want to wait; those who were not busy are told all the same.
        """
        outlets, later = self._listening(), _Once(figures)
        absent = self.absent is not None and not self._detached
        if not outlets:
            if absent:
                self._secure_all([*posts, *later()])
                note()
            return None
        self._threads().stop_beats()
        beat = self._beat(last=True)
        steps: list[Callable[[Outlet], Any]] = [
            lambda outlet: outlet.tell_all(posts),
            lambda outlet: beat is None or self._up_to_date(outlet, beat, deadline),
            lambda outlet: outlet.tell_all(later()),
            lambda outlet: outlet.finish(final),
            lambda outlet: outlet.join(),
        ]
        jobs = [Job(step, outlets) for step in steps]
        impatient = self._carry_out(jobs, jobs[3], deadline, note)
        if absent or jobs[0].failed or jobs[0].pending:
            self._secure_all(posts)
        if absent or jobs[2].failed or jobs[2].pending:
            self._secure_all(later())
        if beat is not None:
            self.feed.beat_is_over(beat)
        return impatient

    def _carry_out(
        self, jobs: Sequence[Job], told: Job, deadline: float, note: Callable[[], None] | None = None
    ) -> KeyboardInterrupt | None:
        """Do jobs one after the other and wait for the last; who has done ``told`` is only not through with storing."""
        impatient = None
        self._threads().add(*jobs)
        try:
            done = self._threads().wait(jobs[-1], min(deadline, time.monotonic() + _SOON)) if note else False
            if note is not None and not done:
                note()
            done = done or self._threads().wait(jobs[-1], deadline)
        except KeyboardInterrupt as interrupt:
            impatient = interrupt
            done = self._threads().wait(jobs[-1], time.monotonic())
        if not done:
            for outlet in self._threads().busy(jobs[-1]):
                outlet.give_up(storing=outlet not in told.pending)
        return impatient

    def _up_to_date(self, outlet: Outlet, beat: Beat, deadline: float) -> bool:
        for pause in (*_LAST_TRIES, 0.0):
            if outlet.beat(self.feed, beat) or not outlet.away or not pause or time.monotonic() + pause > deadline:
                break
            time.sleep(pause)
        return True

    def discard(self, deadline: float) -> None:
        """Have the record of the run removed."""
        outlets = self._listening()
        if outlets:
            job = Job(lambda outlet: outlet.discard(), outlets)
            self._carry_out([job], job, deadline)

    def close(self, deadline: float) -> None:
        """End the threads."""
        if self._lanes is not None and not self._detached:
            self._lanes.close(deadline)

    def detach(self) -> None:
        """After a fork, in the child: the observers belong to the parent."""
        self._detached = True
        self._lanes = None

    # ------------------------------------------------------------------------------------------ afterwards

    def incomplete(self) -> list[Outlet]:
        """Outlets for which the journal must stay.

        An observer that another process cannot make again does not count, unless it lacks something that nobody has.
        """
        keeping = [outlet for outlet in self.outlets if outlet.keeps_record]
        missing = [outlet for outlet in keeping if not outlet.has_everything(self.feed)]
        safe = any(outlet.begun and not outlet.lacks(self.feed) for outlet in keeping)
        return [
            outlet
            for outlet in missing
            if hasattr(type(outlet.observer), "recovery") or (not safe and outlet.lacks(self.feed))
        ]

    def errors(self) -> dict[str, dict[str, list[str]]]:
        """What is still missing, by observer and event: the errors."""
        return {
            str(outlet.observer): {event: list(errors) for event, errors in outlet.missing.copy().items()}
            for outlet in self.outlets
            if outlet.missing
        }

    def incomplete_report(self) -> str:
        """Who does not have everything, and of what."""
        parts = [
            f"'{outlet.observer}' failed" + (f" on {', '.join(outlet.missing)}" if outlet.missing else " for a while")
            for outlet in self.outlets
            if outlet.failed
        ]
        return f"the run {self.run.status}, but not everything was recorded at once: {'; '.join(parts)}"

    def summarise(self) -> None:
        """Warn of each observer that failed, and of what it has not got."""
        for outlet in self.outlets:
            if not outlet.failed:
                continue
            log = self.run.run_logger.warning
            log("The observer '%s' failed at some point during the run.", outlet.observer)
            for event, errors in list(outlet.missing.items()):
                log(
                    "Not recorded by '%s': %s, %d time(s), last error %s",
                    outlet.observer,
                    event,
                    len(errors),
                    errors[-1],
                )


class _Once:
    """The posts that a function makes; it is called when the first outlet wants them."""

    def __init__(self, make: Callable[[], Iterable[Post]]) -> None:
        self._make = make
        self._posts: list[Post] | None = None
        # Two lanes may want them at once.
        self._posts_lock = threading.Lock()

    def __call__(self) -> list[Post]:
        with self._posts_lock:
            if self._posts is None:
                self._posts = list(self._make())
            return self._posts


def _own_lists(ex_info: Mapping[str, Any]) -> dict[str, Any]:
    """A copy that an observer may change without others seeing it."""
    return {key: list(value) if isinstance(value, list) else value for key, value in ex_info.items()}
