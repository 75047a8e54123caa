"""One observer of one run: what it has been told, what it still must be told, and how it fares."""

from __future__ import annotations

import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hallow.observers.base import accepted, takes_increments
from hallow.records.points import linearized

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping, Sequence

    from hallow.running.feed import Beat, Feed
    from hallow.running.post import Post

#: Points in one call; keeps the memory of a long catch-up bounded.
BATCH = 1 << 16
# Bytes of output in one call: of those that are stored as they come, and of text, of which each call may be a request.
_PIECE, _TEXT = 1 << 20, 1 << 22
# How often an event that fails by itself, while others arrive, is sent again.
_ATTEMPTS = 3
_FIRST_DELAY, _LONGEST_DELAY = 0.1, 60.0  # seconds between tries of an observer that fails
_SILENCE = 60.0  # seconds in which a failure that goes on is not reported again


class Outlet:
    """One observer of one run.

    The journal is the queue: an outlet only remembers how far its observer has come, so an observer that is away for
    days costs no memory, and what it missed is sent when it is back.

    Args:
        observer: who is told.
        number: of the observer in this run, from 0.
        logger: where failures are reported.

    Attributes:
        begun: whether it recorded the start; otherwise the run is none of its business.
        absent: whether its store was away at the start, so that a recovery will tell it everything.
        given_id: the id that was decided when it was to be told of the start.
        late: whether it did not come back from an event; it is told nothing more.
        finished: whether it got the final event.
        failed: whether anything ever went wrong.
        missing: what it raised on and did not get later, by event.
        points: how many points of the run it has.
        base: points and bytes of output that it had when the run was taken up again.
        away: whether the last beat failed in a way that says that it cannot be reached.
        retry_at: monotonic time before which it is left alone after a failure; 0.0 while all is well.
    """

    def __init__(self, observer: Any, number: int, logger: logging.Logger) -> None:
        self.observer = observer
        self.number = number
        self.begun = self.late = self.finished = self.failed = self.absent = False
        self.given_id: Any = None
        self.missing: dict[str, list[str]] = {}
        self.points = 0
        self.base = {"points": 0, "output": 0}
        self.retry_at = 0.0
        self.away = False
        self._delay = 0.0
        self._said = -_SILENCE
        self._owed: deque[tuple[Post, int]] = deque()
        self._cursor: Any = None
        self._logger = logger
        self._takes_points = takes_increments(observer, "points_event", "log_metrics")
        self._takes_bytes = takes_increments(observer, "output_bytes_event", "output_event")
        self.takes_text = takes_increments(observer, "output_event", "heartbeat_event")

    def __repr__(self) -> str:
        return f"<outlet to {self.observer}>"

    @property
    def keeps_record(self) -> bool:
        """Whether a run is safe when this one has everything; observers that only send messages say that it is not."""
        return getattr(type(self.observer), "keeps_record", True) is not False

    @property
    def is_local(self) -> bool:
        """Whether its store has a folder on this machine."""
        return isinstance(getattr(self.observer, "journal_folder", None), str)

    @property
    def listening(self) -> bool:
        """Whether it is to be told anything."""
        return self.begun and not self.late

    @property
    def wants_text(self) -> bool:
        """Whether it asks for the whole output with every beat."""
        if self.takes_text:
            return False
        method = getattr(self.observer, self.last_beat, None)
        names = frozenset() if method is None else accepted(method)
        return names is None or "captured_out" in names

    @property
    def last_beat(self) -> str:
        """The event that tells this observer of the last beat."""
        # Asked of the class, because a mock has every attribute.
        return "last_beat_event" if hasattr(type(self.observer), "last_beat_event") else "heartbeat_event"

    def call(self, event: str, arguments: Mapping[str, Any]) -> Any:
        """Call the observer's method, if it has one, with the arguments that it accepts."""
        method = getattr(self.observer, event, None)
        if method is None:
            return None
        names = accepted(method)
        return method(**arguments) if names is None else method(**{k: v for k, v in arguments.items() if k in names})

    def stay_away(self, error: Exception, run_id: Any) -> bool:
        """Leave everything to a recovery, if a store cannot be reached at the start and a recovery is possible."""
        if not (is_away(error) and hasattr(type(self.observer), "recovery")):
            return False
        self.absent, self.given_id = True, run_id
        self._remember("started_event", error)
        self._logger.warning("%s. The run is recorded in its journal only, for '%s'", error, self.observer)
        return True

    # ---------------------------------------------------------------------------------- things that happen once

    def tell(self, post: Post) -> bool:
        """Tell of something that happened once; if that is not possible now, it is owed. Whether it was told."""
        if self._owed or time.monotonic() < self.retry_at:
            self._owed.append((post, 0))
            return False
        try:
            self.call(post.event, post.arguments())
        except Exception as error:
            self.note(post.event, error)
            self._owed.append((post, 1))
            return False
        post.reached(self.number)
        return True

    def tell_all(self, posts: Sequence[Post]) -> bool:
        """Tell of several things; facts beside the record in one call where the observer takes them so."""
        together = len(posts) > 1 and hasattr(type(self.observer), "details_event") and not self._owed
        if together and all(post.event == "detail_event" for post in posts) and time.monotonic() >= self.retry_at:
            details = [post.arguments() for post in posts]
            with suppress(Exception):  # one by one shows which of them it is
                self.call("details_event", {"details": [(one["name"], one["detail"]) for one in details]})
                for post in posts:
                    post.reached(self.number)
                return True
        told = [self.tell(post) for post in posts]  # each, also after one that failed
        return all(told)

    def _send_owed(self) -> bool:
        """Try again what failed earlier; whether all of it arrived or was given up, for failing by itself too often.

        Stops where the observer seems to be away; the beat that follows shows whether it was that.
        """
        for _ in range(len(self._owed)):
            post, attempts = self._owed[0]
            try:
                self.call(post.event, post.arguments())
            except Exception as error:
                self.note(post.event, error, repeated=attempts > 0)
                # It has failed now, whatever becomes of another event of its kind.
                self._owed[0] = (post, max(attempts, 1))
                if is_away(error):
                    self.away = True
                    return False
                self._blame()
            else:
                self._owed.popleft()
                post.reached(self.number)
                if attempts:
                    self._settled(post.event)
        return not self._owed

    def _blame(self) -> None:
        """The first event owed failed although the observer is there: try it again later, or never."""
        post, attempts = self._owed.popleft()
        if attempts + 1 < _ATTEMPTS:
            self._owed.append((post, attempts + 1))

    def _settled(self, event: str) -> None:
        errors = self.missing.get(event)
        if errors:
            errors.pop(0)
            if not errors:
                del self.missing[event]

    # --------------------------------------------------------------------------------------------------- beats

    def follow(self, cursor: Any) -> None:
        """From now on, ``cursor`` says how much of the output the observer has."""
        self._cursor = cursor

    @property
    def output(self) -> int:
        """How many bytes of the output the observer has."""
        return 0 if self._cursor is None else int(self._cursor.position)

    def beat(self, feed: Feed, beat: Beat) -> bool:
        """Bring the observer up to date; whether that went well."""
        self.away = False
        owed = self._send_owed()
        steps: tuple[tuple[str, Callable[[], Any]], ...] = (
            ("log_metrics", lambda: self._send_points(feed, beat)),
            ("output_event", lambda: self._send_output(feed)),
            ("heartbeat_event", lambda: self.call(*self._heartbeat(beat))),
        )
        well = True
        for event, send in steps:
            if well or beat.last:
                well = self._try(event, send) and well
        if well and not owed and self._owed:
            self._blame()
        self._wait_or_go_on(well)
        return well and not self._owed

    def _try(self, event: str, send: Callable[[], Any]) -> bool:
        """Send what makes up for earlier failures of the same event; whether the others can be sent, too."""
        try:
            send()
        except Exception as error:
            self.note(event, error, repeated=event in self.missing)
            self.away = self.away or is_away(error)
            return not is_away(error)
        self.missing.pop(event, None)
        return True

    def _wait_or_go_on(self, well: bool) -> None:
        if well and not (self.missing.keys() & {"log_metrics", "output_event", "heartbeat_event"}):
            self.retry_at = self._delay = 0.0
        else:
            self._delay = min(max(self._delay * 2, _FIRST_DELAY), _LONGEST_DELAY)
            self.retry_at = time.monotonic() + self._delay

    def _send_points(self, feed: Feed, beat: Beat) -> None:
        stop = feed.count
        first = True
        while first or self.points < stop:
            end = min(self.points + BATCH, stop)
            points = feed.points(self.points, end)
            if not self._takes_points:
                self.call("log_metrics", {"metrics_by_name": linearized(points), "info": beat.info})
            elif points:
                self.call("points_event", {"points": points})
            self.points = end
            first = False

    def _send_output(self, feed: Feed) -> None:
        if not self.takes_text or self._cursor is None:
            return
        while feed.is_behind(self._cursor):
            start, data = feed.output_after(self._cursor, _PIECE if self._takes_bytes else _TEXT)
            position = self.base["output"] + start
            if self._takes_bytes:
                self.call("output_bytes_event", {"data": data, "position": position})
            else:
                self.call("output_event", {"text": data.decode("utf-8", "replace"), "position": position})
            self._cursor.move(start + len(data))

    def _heartbeat(self, beat: Beat) -> tuple[str, dict[str, Any]]:
        arguments = {
            "info": beat.info,
            "captured_out": beat.captured_out() if self.wants_text else None,
            "beat_time": beat.time,
            "result": beat.result,
        }
        return self.last_beat if beat.last else "heartbeat_event", arguments

    # ---------------------------------------------------------------------------------------------------- end

    def finish(self, post: Post) -> None:
        """Tell of the end of the run, whatever happened before."""
        try:
            self.call(post.event, post.arguments())
            self.finished = True
        except Exception as error:
            self._remember(post.event, error)
            self._logger.exception("The '%s' observer failed on the end of the run", self.observer)

    def join(self) -> None:
        """Wait until the observer has stored what it was given."""
        try:
            self.call("join", {})
        except Exception as error:
            self.note("join", error)

    def discard(self) -> None:
        """Have the record removed; what is missing in it is of no interest any more."""
        try:
            self.call("discard", {})
            self.begun = False
        except Exception as error:
            self.note("discard", error)

    def give_up(self, storing: bool = False) -> None:
        """The observer is busy and gets nothing more: its last event would come in the wrong order.

        Args:
            storing: whether it has been told everything, and is only not through with storing it.
        """
        self.late = True
        error = TimeoutError("still busy")
        if storing:
            self._remember("join", error)
            self._logger.error("The '%s' observer is still storing; not waiting any longer.", self.observer)
        else:
            self._remember("heartbeat_event", error)
            self._logger.error("The '%s' observer did not return in time; it is not told of the end.", self.observer)

    def has_everything(self, feed: Feed) -> bool:
        """Whether nothing is missing in what it was given."""
        if self.absent:
            return False
        return not self.begun or (self.finished and not self.late and not self.missing and not self.lacks(feed))

    def lacks(self, feed: Feed) -> bool:
        """Whether it has not got something that was logged, printed or added."""
        behind = self.takes_text and self._cursor is not None and feed.is_behind(self._cursor)
        failed = self.missing.keys() - {"join", "completed_event", "interrupted_event", "failed_event"}
        return self.absent or (self.begun and (behind or bool(self._owed) or bool(failed) or self.points < feed.count))

    # ----------------------------------------------------------------------------------------------- failures

    def note(self, event: str, error: BaseException, repeated: bool = False) -> None:
        """Report a failure, with its traceback unless it goes on as before, and remember what is missing."""
        first = event not in self.missing
        # One traceback says of a store that is away what there is to say.
        traced = first and not (self.failed and is_away(error))
        if not (repeated and not first):
            self._remember(event, error)
        elif self.missing[event]:
            self.missing[event][-1] = repr(error)
        now = time.monotonic()
        if repeated and now - self._said < _SILENCE:
            return
        self._said = now
        self._logger.warning(
            "An error ocurred in the '%s' observer: %s", self.observer, error, exc_info=error if traced else None
        )

    def _remember(self, event: str, error: BaseException) -> None:
        self.missing.setdefault(event, []).append(repr(error))
        self.failed = True


def is_away(error: BaseException) -> bool:
    """Whether an error says that a store cannot be reached, so that nothing else will reach it either."""
    if isinstance(error, FileExistsError | FileNotFoundError | IsADirectoryError | NotADirectoryError):
        return False
    names = {cls.__name__ for cls in type(error).__mro__}
    return isinstance(error, OSError | EOFError) or bool(names & _CONNECTION_ERRORS)


# Of drivers that must not be imported to be recognised: pymongo, SQLAlchemy, requests, botocore.
_CONNECTION_ERRORS = frozenset(
    {"AutoReconnect", "ConnectionFailure", "OperationalError", "InterfaceError", "RequestException", "BotoCoreError"}
)
