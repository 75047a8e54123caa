"""Messages to any service that Apprise knows."""

from __future__ import annotations

import inspect
import logging
import os
import re
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from hallow.errors import MissingExtraError, UsageError
from hallow.observers.notify.conditions import Condition, parsed
from hallow.observers.notify.messages import elapsed
from hallow.observers.notify.messenger import TEXTS, Messenger
from hallow.observers.notify.settings import read_settings
from hallow.observers.notify.web import Refusal, redacted
from hallow.utils import closest, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

    from hallow.records.points import Points

__all__ = ["DEFAULT_NOTIFY_PRIORITY", "NotifyObserver"]

DEFAULT_NOTIFY_PRIORITY = 10
EVENTS = ("started", "completed", "interrupted", "failed")
_KINDS = {"completed": "success", "interrupted": "warning", "failed": "failure", "metric": "warning"}
_DEFAULTS = {
    "started_text": "{experiment[name]} started on {host_info[hostname]}.",
    "completed_text": "{experiment[name]} completed after {elapsed_time}, result: {result}",
    "interrupted_text": "{experiment[name]} was interrupted ({status}) after {elapsed_time}.",
    "failed_text": "{experiment[name]} failed after {elapsed_time}: {error}\n\n{backtrace}",
    "metric_text": "{experiment[name]}: {metric} is {value} at step {step} ({condition}), after {elapsed_time}",
}


class NotifyObserver(Messenger):
    """Sends messages through Apprise when a run ends, starts, or a metric is out of bounds.

    Texts are templates as those of :class:`~hallow.observers.notify.slack.SlackObserver`. That of a condition has the
    fields ``condition``, ``metric``, ``step`` and ``value``, too.

    Args:
        urls: an Apprise URL, such as ``discord://id/token``, or several. They hold secrets; no text of hallow's shows
            more of them than what is before ``://``.
        on: which events are told: started, completed, interrupted, failed; one or several.
        when: conditions on metrics, such as ``"val.loss > 10"`` or ``"isnan(loss)"``, one or several. Each is told once
            in a run, with the first point for which it holds.
        started_text: a template; ``None`` means that no such message is sent. The same holds for the others.
        completed_text: of a run that ended well.
        interrupted_text: of a run that was stopped.
        failed_text: of a run that raised.
        metric_text: of a condition that holds.
        priority: see :class:`~hallow.observers.base.RunObserver`.
        timeout: seconds that the end of a run waits for the services at most.

    Raises:
        UsageError: (a ValueError) if a URL is not known to Apprise, or an event or a condition is none.
        MissingExtraError: (an ImportError) if Apprise is not installed.
    """

    def __init__(
        self,
        urls: str | Iterable[str],
        on: str | Iterable[str] = ("failed", "interrupted", "completed"),
        when: str | Iterable[str] = (),
        started_text: str | None = _DEFAULTS["started_text"],
        completed_text: str | None = _DEFAULTS["completed_text"],
        interrupted_text: str | None = _DEFAULTS["interrupted_text"],
        failed_text: str | None = _DEFAULTS["failed_text"],
        metric_text: str | None = _DEFAULTS["metric_text"],
        priority: float = DEFAULT_NOTIFY_PRIORITY,
        timeout: float = 10.0,
    ) -> None:
        self.on = _checked_events(on)
        self.when = parsed(when)
        self._services = _services(urls)
        super().__init__(priority, timeout, len(self._services))
        self.started_text = started_text
        self.completed_text = completed_text
        self.interrupted_text = interrupted_text
        self.failed_text = failed_text
        self.metric_text = metric_text
        self._begin()

    @classmethod
    def from_config(cls, filename: str | os.PathLike[str]) -> Self:
        """An observer from a JSON or YAML file whose keys are arguments; ``null`` for a text means no message.

        Raises:
            ConfigFileError: (a ValueError) if the file cannot be used.
        """
        settings = read_settings(filename, list(inspect.signature(cls).parameters), ["urls"])
        texts = {*TEXTS, "metric_text"}
        return cls(**{key: value for key, value in settings.items() if value is not None or key in texts})

    @classmethod
    def from_text(cls, text: str) -> Self:
        """An observer from the command line: a URL, or the name of a config file, which keeps the URL out of sight."""
        is_file = "://" not in text and os.path.splitext(text)[1].lower() in (".json", ".yaml", ".yml")
        return cls.from_config(text) if is_file else cls(text)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self._services))})"

    def for_run(self) -> Self:
        """The observer for one run: this one, or a copy of it while this one is busy with another run."""
        other = super().for_run()
        other._begin()
        return other

    def _begin(self) -> None:
        self._waiting: list[Condition] = list(self.when)
        self._seen: set[str] = set()

    def started_event(self, *args: Any, **kwargs: Any) -> None:
        """Remember what texts refer to, and say that the run begins if that is wanted."""
        self._begin()
        super().started_event(*args, **kwargs)

    def completed_event(self, *args: Any, **kwargs: Any) -> None:
        """Say that the run ended well; in the log, which conditions were on metrics that it did not have."""
        super().completed_event(*args, **kwargs)
        for condition in self._waiting:
            if self._seen and condition.metric not in self._seen:
                near = closest(condition.metric, self._seen)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                self._log.warning("when=%r: the run had no metric %r%s", condition.text, condition.metric, hint)

    # ------------------------------------------------------------------------------------------------- metrics

    def points_event(self, points: list[Points]) -> None:
        """Look whether a condition holds."""
        for some in points:
            self._look(some.name, some.steps, some.values)

    def log_metrics(self, metrics_by_name: Mapping[str, Mapping[str, Any]], info: dict[str, Any]) -> None:
        """Look whether a condition holds."""
        del info
        for name, metric in metrics_by_name.items():
            self._look(name, metric["steps"], metric["values"])

    def _look(self, name: str, steps: Sequence[Any], values: Sequence[Any]) -> None:
        self._seen.add(name)
        for condition in list(self._waiting):
            found = condition.first(steps, values) if condition.metric == name else None
            if found is not None:
                self._waiting.remove(condition)
                self._tell_of(condition, *found)

    def _tell_of(self, condition: Condition, step: Any, value: Any) -> None:
        if self.metric_text is None:
            return
        fields = {"condition": condition.text, "metric": condition.metric, "step": step, "value": value}
        fields.update(elapsed(self.runinfo, datetime.now(timezone.utc).replace(tzinfo=None)))
        self.send("metric", self.text_of("metric_text", **fields))

    # ------------------------------------------------------------------------------------------------- sending

    def tell(self, event: str) -> bool:
        """Send the message of an event, if it is wanted and there is a text for it; whether that is so."""
        return event in self.on and super().tell(event)

    def deliveries(self, event: str, text: str) -> Sequence[Callable[[], Any]]:
        """One message for each service."""
        name = (self.runinfo.get("experiment") or {}).get("name", "experiment")
        run_id = self.runinfo.get("_id")
        title = f"{name}{'' if run_id is None else f', run {run_id}'}: {event}"
        return [partial(service.send, title, text, _KINDS.get(event, "info")) for service in self._services]


def _checked_events(on: str | Iterable[str]) -> tuple[str, ...]:
    events = (on,) if isinstance(on, str) else tuple(on)
    for event in events:
        if event not in EVENTS:
            hint = did_you_mean(str(event), EVENTS, "{!r}")
            raise UsageError(
                f"on={event!r} is no event that can be told.{hint} There are {', '.join(EVENTS)}; conditions on "
                "metrics are given with when=",
                print_usage=False,
            )
    return events


# ----------------------------------------------------------------------------------------------------- services


def _services(urls: str | Iterable[str]) -> list[_Service]:
    texts = [urls] if isinstance(urls, str) else list(urls)
    if not texts:
        raise UsageError("there is no URL to send messages to; give one such as discord://id/token", print_usage=False)
    try:
        apprise = import_module("apprise")
    except ImportError as error:
        raise MissingExtraError(
            f'messages need Apprise ({error}); install it: pip install "hallow[notify]"', print_traceback=False
        ) from error
    return [_Service(apprise, text, number) for number, text in enumerate(texts, 1)]


class _Service:
    """One service that Apprise knows.

    Args:
        apprise: the package.
        url: says which service, and holds its secrets.
        number: of the URL among those that were given, from 1.
    """

    def __init__(self, apprise: Any, url: Any, number: int) -> None:
        scheme, found, rest = url.partition("://") if isinstance(url, str) else ("", "", "")
        self._scheme = scheme if found and re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", scheme) else "?"
        self._secrets = [rest, *(part for part in re.split(r"[/:@?&=#,]+", rest) if len(part) > 3)]
        self._kinds = {kind: getattr(apprise.NotifyType, kind.upper()) for kind in {*_KINDS.values(), "info"}}
        self._secrets += [unquote(secret) for secret in self._secrets]
        with _overheard() as heard, warnings.catch_warnings():
            # Apprise loads all it knows; what Python thinks of its code is nothing for our users to mend.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._service: Any = apprise.Apprise.instantiate(url) if found else None
        if self._service is None:
            raise UsageError(
                f"URL {number} of those for messages, {self!r}, is none that Apprise can use{self._reasons(heard)}; "
                "see https://github.com/caronc/apprise/wiki for how each service is written",
                print_usage=False,
            )

    def __repr__(self) -> str:
        return f"{self._scheme}://***"

    def send(self, title: str, text: str, kind: str) -> None:
        """Send a message.

        Raises:
            Refusal: if the service does not take it.
        """
        # Not by way of Apprise.notify, which has threads of its own: it would not be known whose log records are whose,
        # and a process that ends waits for them.
        with _overheard() as heard:
            sent = self._service.notify(body=text, title=title, notify_type=self._kinds[kind])
        if not sent:
            raise Refusal(f"{self!r} did not take it{self._reasons(heard)}")

    def _reasons(self, heard: list[str]) -> str:
        reasons = redacted("; ".join(heard), self._secrets)
        return f" ({reasons})" if reasons else ""


_TALKATIVE = ("apprise", "urllib3", "urllib3.connectionpool", "urllib3.util.retry")


@contextmanager
def _overheard() -> Iterator[list[str]]:
    """Meanwhile, what the libraries at work would log in this thread goes to a list: it shows URLs with their secrets.

    Yields:
        Their warnings.
    """
    me, heard = threading.get_ident(), list[str]()

    def keep(record: logging.LogRecord) -> bool:
        if threading.get_ident() != me:
            return True
        if record.levelno >= logging.WARNING:
            heard.append(record.getMessage())
        return False

    loggers = [logging.getLogger(name) for name in _TALKATIVE]
    for logger in loggers:
        logger.addFilter(keep)
    try:
        yield heard
    finally:
        for logger in loggers:
            logger.removeFilter(keep)
