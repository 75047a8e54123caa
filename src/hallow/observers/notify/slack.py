"""Messages to Slack."""

from __future__ import annotations

import inspect
import re
from functools import partial
from typing import TYPE_CHECKING, Any

from hallow.observers.notify.messenger import TEXTS, Messenger
from hallow.observers.notify.settings import read_settings
from hallow.observers.notify.web import checked_url, post_json

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from typing_extensions import Self

__all__ = ["DEFAULT_SLACK_PRIORITY", "SlackObserver"]

DEFAULT_SLACK_PRIORITY = 10
_COMPLETED = ":white_check_mark: *{experiment[name]}* completed after _{elapsed_time}_ with result=`{result}`"
_INTERRUPTED = ":warning: *{experiment[name]}* interrupted after _{elapsed_time}_"
_FAILED = ":x: *{experiment[name]}* failed after _{elapsed_time}_ with `{error}`"


class SlackObserver(Messenger):
    """Sends a message to Slack when a run ends.

    Texts are templates as for ``str.format``, with the fields ``_id``, ``config``, ``start_time``, ``experiment`` (also
    called ``ex_info``), ``command``, ``host_info`` and ``elapsed_time``; at the end further ``result`` and
    ``stop_time``, or ``status`` and ``interrupt_time``, or ``error``, ``fail_trace``, ``backtrace`` and ``fail_time``.

    Args:
        webhook_url: of an incoming webhook; it is a secret, and no text of hallow's shows it.
        bot_name: who seems to send the message.
        icon: an emoji for it.
        priority: see :class:`~hallow.observers.base.RunObserver`.
        completed_text: a template; ``None`` stands for the default. Set the attribute of an observer to ``None`` for no
            message.
        interrupted_text: the same for runs that were stopped.
        failed_text: the same for runs that raised.
        timeout: seconds that the end of a run waits for Slack at most.

    Raises:
        UsageError: (a ValueError) if ``webhook_url`` is no URL.
    """

    def __init__(
        self,
        webhook_url: str,
        bot_name: str = "sacred-bot",
        icon: str = ":angel:",
        priority: float = DEFAULT_SLACK_PRIORITY,
        completed_text: str | None = None,
        interrupted_text: str | None = None,
        failed_text: str | None = None,
        *,
        timeout: float = 10.0,
    ) -> None:
        super().__init__(priority, timeout)
        self._host = checked_url(webhook_url, "the webhook URL of Slack")
        self.webhook_url = webhook_url
        self.bot_name = bot_name
        self.icon = icon
        self.completed_text: str | None = _COMPLETED if completed_text is None else completed_text
        self.interrupted_text: str | None = _INTERRUPTED if interrupted_text is None else interrupted_text
        self.failed_text: str | None = _FAILED if failed_text is None else failed_text

    @classmethod
    def from_config(cls, filename: str | os.PathLike[str]) -> Self:
        """An observer from a JSON or YAML file whose keys are arguments; ``null`` for a text means no message.

        Raises:
            ConfigFileError: (a ValueError) if the file cannot be used.
        """
        settings = read_settings(filename, list(inspect.signature(cls).parameters), ["webhook_url"])
        silent = [name for name in TEXTS if name in settings and settings[name] is None]
        observer = cls(**settings)
        for name in silent:
            setattr(observer, name, None)
        return observer

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._host})"

    def secrets(self) -> Sequence[str]:
        """The webhook's URL, and its parts but for words such as "services"."""
        path = self.webhook_url.partition(self._host)[2]
        return [self.webhook_url, path.lstrip("/"), *(part for part in re.split(r"[/?&=]", path) if len(part) > 8)]

    def deliveries(self, event: str, text: str) -> Sequence[Callable[[], Any]]:
        """One POST."""
        del event
        payload = {"username": self.bot_name, "icon_emoji": self.icon, "text": text}
        return [partial(post_json, self.webhook_url, payload, self.timeout, {"Accept": "text/plain"})]
