"""What observers that send messages have in common."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, ClassVar

from hallow.observers.base import RunObserver
from hallow.observers.notify.courier import Courier
from hallow.observers.notify.messages import elapsed, failure_fields, filled, run_fields
from hallow.observers.notify.web import redacted
from hallow.observers.perrun import PerRun

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from hallow.records.points import Points

__all__ = ["TEXTS", "Messenger"]

#: The texts that config files may switch off with ``null``.
TEXTS = ("started_text", "completed_text", "interrupted_text", "failed_text")
#: Seconds in which a message of the start is waited for; mostly it is sent by then, or a mistake is seen at once.
_GRACE = 0.5


class Messenger(PerRun, RunObserver):
    """Base of observers that send messages when runs start and end.

    A subclass has the texts as attributes (``None``: no message), and says in :meth:`deliveries` how one is sent. A
    message that cannot be sent is a warning in the log; it never ends a run. The end of a run waits for at most
    ``timeout`` seconds, its start for half a second.

    Args:
        priority: see :class:`~hallow.observers.base.RunObserver`.
        timeout: seconds.
        services: how many services messages go to.

    Attributes:
        runinfo: the fields that texts can refer to, as far as they are known in the present run.
    """

    #: A run is not safe because it was announced.
    keeps_record: ClassVar[bool] = False
    _log: ClassVar[logging.Logger] = logging.getLogger("hallow.notify")

    def __init__(self, priority: float, timeout: float, services: int = 1) -> None:
        self.priority = priority
        self.timeout = timeout
        self.runinfo: dict[str, Any] = {}
        self._couriers = [self._courier() for _ in range(services)]

    def deliveries(self, event: str, text: str) -> Sequence[Callable[[], Any]]:
        """What sends one message: a function for each service, which raises if that fails.

        Args:
            event: started, completed, interrupted, failed, or metric.
            text: of the message.
        """
        raise NotImplementedError

    def secrets(self) -> Sequence[str]:
        """What no log may show."""
        return ()

    def _reset(self) -> None:
        self.runinfo = {}
        self._couriers = [self._courier() for _ in self._couriers]

    # -------------------------------------------------------------------------------------------------- events

    def started_event(
        self,
        ex_info: dict[str, Any],
        command: str,
        host_info: dict[str, Any],
        start_time: datetime,
        config: dict[str, Any],
        meta_info: dict[str, Any],
        _id: Any,
    ) -> None:
        """Remember what texts refer to, and say that the run begins if there is a text for that."""
        del meta_info
        self.runinfo = run_fields(ex_info, command, host_info, start_time, config, _id)
        if self.tell("started"):
            self._wait(_GRACE, give_up=False)

    def completed_event(self, stop_time: datetime, result: Any) -> None:
        """Say that the run ended well."""
        self._end("completed", stop_time, {"stop_time": stop_time, "result": result})

    def interrupted_event(self, interrupt_time: datetime, status: str) -> None:
        """Say that the run was stopped."""
        self._end("interrupted", interrupt_time, {"interrupt_time": interrupt_time, "status": status})

    def failed_event(self, fail_time: datetime, fail_trace: list[str]) -> None:
        """Say that the run raised."""
        self._end("failed", fail_time, failure_fields(fail_time, fail_trace))

    def points_event(self, points: list[Points]) -> None:
        """Nothing is said of metrics; so nobody has to put them in the form for :meth:`log_metrics`."""

    def output_event(self, text: str, position: int) -> None:
        """Nothing is said of the output; so nobody has to put the whole of it together."""

    def join(self) -> None:
        """Wait until everything is sent, or the time for that is over."""
        self._wait(self.timeout)

    def _end(self, event: str, when: datetime, fields: dict[str, Any]) -> None:
        self.runinfo.update(fields, **elapsed(self.runinfo, when))
        try:
            self.tell(event)
            self._wait(self.timeout)
        finally:
            self._taken = False

    # --------------------------------------------------------------------------------------------------- texts

    def get_started_text(self) -> str:
        """The message of the start."""
        return self.text_of("started_text")

    def get_completed_text(self) -> str:
        """The message of a run that ended well."""
        return self.text_of("completed_text")

    def get_interrupted_text(self) -> str:
        """The message of a run that was stopped."""
        return self.text_of("interrupted_text")

    def get_failed_text(self) -> str:
        """The message of a run that raised."""
        return self.text_of("failed_text")

    def text_of(self, attribute: str, **fields: Any) -> str:
        """The template in an attribute, filled in with what is known of the run and further fields."""
        text, problems = filled(getattr(self, attribute), {**self.runinfo, **fields})
        for problem in problems:
            self._log.warning("%s, %s: %s", self, attribute, problem)
        return text

    # ------------------------------------------------------------------------------------------------- sending

    def tell(self, event: str) -> bool:
        """Send the message of an event, if there is a text for it; whether there is."""
        if getattr(self, f"{event}_text", None) is None:
            return False
        try:
            text = getattr(self, f"get_{event}_text")()
        except Exception as error:
            self._report(error)
            name = (self.runinfo.get("experiment") or {}).get("name", "the run")
            text = f"{name}: {event}"
        if text is None:
            return False
        self.send(event, text)
        return True

    def send(self, event: str, text: str) -> None:
        """Have a text sent soon; returns at once."""
        for courier, delivery in zip(self._couriers, self.deliveries(event, text), strict=True):
            courier.send(delivery)

    def _courier(self) -> Courier:
        return Courier(self._report)

    def _wait(self, seconds: float, give_up: bool = True) -> None:
        deadline = time.monotonic() + seconds
        for number, courier in enumerate(self._couriers):
            if not courier.wait(deadline - time.monotonic()) and give_up:
                lost = courier.give_up()
                self._couriers[number] = self._courier()
                self._log.warning("%s did not answer within %g s; messages not sent: %d", self, seconds, lost)

    def _report(self, error: BaseException) -> None:
        text = f"{type(error).__name__}: {error}" if type(error).__module__ == "builtins" else str(error)
        self._log.warning("%s could not send a message: %s", self, redacted(text, self.secrets()))
