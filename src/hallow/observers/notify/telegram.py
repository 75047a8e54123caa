"""Messages to Telegram."""

from __future__ import annotations

import inspect
import json
import logging
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from hallow.errors import UsageError
from hallow.observers.notify.messenger import TEXTS, Messenger
from hallow.observers.notify.settings import read_settings
from hallow.observers.notify.web import Proxy, Refusal, checked_url, post_json, redacted
from hallow.utils import closest

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    from typing_extensions import Self

__all__ = ["DEFAULT_TELEGRAM_PRIORITY", "TelegramBot", "TelegramObserver"]

DEFAULT_TELEGRAM_PRIORITY = 10
_DEFAULTS = {
    "started_text": "\u267b *{experiment[name]}* started at _{start_time}_ on host `{host_info[hostname]}`",
    "completed_text": "\u2705 *{experiment[name]}* completed after _{elapsed_time}_ with result=`{result}`",
    "interrupted_text": "\u26a0 *{experiment[name]}* interrupted after _{elapsed_time}_",
    "failed_text": "\u274c *{experiment[name]}* failed after _{elapsed_time}_ with `{error}`\n\n"
    "Backtrace:\n```{backtrace}```",
}
_LONGEST_TEXT = 4096  # characters; Telegram refuses more
_PROXY_KEYS = ("proxy_url", "username", "password")


class TelegramBot:
    """A bot, as far as messages are concerned.

    Args:
        token: as the BotFather gave it; no text of hallow's shows it.
        proxy: to go through.
        timeout: seconds in which Telegram must take the next step.
        api_url: of the Bot API, for those who have a server of their own.

    Raises:
        UsageError: (a ValueError) if the token cannot be one, or ``api_url`` is no URL.
    """

    def __init__(
        self, token: str, proxy: Proxy | None = None, timeout: float = 10.0, api_url: str = "https://api.telegram.org"
    ) -> None:
        if not isinstance(token, str) or not token or any(sign.isspace() or sign in "/?#%" for sign in token):
            raise UsageError(
                "a Telegram token is a number, a colon and some letters, as the BotFather gives it", print_usage=False
            )
        checked_url(api_url, "the URL of the Bot API")
        self.token = token
        self.proxy = proxy
        self.timeout = timeout
        self.api_url = api_url.rstrip("/")
        if proxy is not None:
            proxy.handlers()  # a package that is missing is told now

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.token.partition(':')[0]}:***)"

    def send_message(
        self, chat_id: Any, text: str, disable_notification: bool = False, parse_mode: str | None = None
    ) -> None:
        """Send a text; of one that is longer than Telegram takes, the beginning.

        Raises:
            Refusal: if it does not arrive.
        """
        text = text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 4] + "\n..."
        payload = {"chat_id": chat_id, "text": text, "disable_notification": disable_notification}
        if parse_mode is not None:
            payload["parse_mode"] = parse_mode
        url = f"{self.api_url}/bot{self.token}/sendMessage"
        try:
            answer = post_json(url, payload, self.timeout, proxy=self.proxy)
        except Refusal as refusal:
            raise Refusal(redacted(str(refusal), [self.token]), refusal.answer) from None
        with suppress(ValueError, AttributeError):
            if json.loads(answer).get("ok") is False:
                raise Refusal(redacted(answer[:200], [self.token]), answer)


class TelegramObserver(Messenger):
    """Sends messages to Telegram when a run starts and ends.

    Texts are templates as those of :class:`~hallow.observers.notify.slack.SlackObserver`, in Telegram's Markdown; what
    Telegram cannot read as that is sent as it is.

    Args:
        bot: a token, or any object with ``send_message(chat_id=, text=, disable_notification=, parse_mode=)``, which
            may be a coroutine function.
        chat_id: of the chat.
        silent_completion: whether the message of a run that ended well makes no sound; that of a start never does, the
            others always do.
        priority: see :class:`~hallow.observers.base.RunObserver`.
        **kwargs: ``started_text``, ``completed_text``, ``interrupted_text``, ``failed_text``: a template, or ``None``
            for no message; and ``timeout``: seconds that the end of a run waits for Telegram at most, 10 by default.

    Raises:
        UsageError: (a ValueError) if ``bot`` is no bot, or an argument is not known.
    """

    _log: ClassVar[logging.Logger] = logging.getLogger("telegram-observer")

    def __init__(
        self,
        bot: Any,
        chat_id: Any,
        silent_completion: bool = False,
        priority: float = DEFAULT_TELEGRAM_PRIORITY,
        **kwargs: Any,
    ) -> None:
        timeout = kwargs.pop("timeout", 10.0)
        _check_known(kwargs)
        super().__init__(priority, timeout)
        self.bot = TelegramBot(bot, timeout=timeout) if isinstance(bot, str) else bot
        if not hasattr(self.bot, "send_message"):
            raise UsageError(
                f"bot is a token or an object with send_message, not a {type(bot).__name__}", print_usage=False
            )
        self.chat_id = chat_id
        self.silent_completion = silent_completion
        for name, default in _DEFAULTS.items():
            setattr(self, name, kwargs.get(name, default))

    @classmethod
    def from_config(cls, filename: str | os.PathLike[str]) -> Self:
        """An observer from a JSON or YAML file.

        Its keys are ``token`` and ``chat_id``; ``silent_completion``, ``priority``, ``timeout``; the texts, where
        ``null`` means no message; ``proxy_url``, ``username`` and ``password`` of a proxy; ``api_url``.

        Raises:
            ConfigFileError: (a ValueError) if the file cannot be used.
        """
        own = ("token", "chat_id", "silent_completion", "priority", "timeout", "api_url")
        settings = read_settings(filename, [*own, *TEXTS, *_PROXY_KEYS], ["token", "chat_id"])
        proxy = cls.get_proxy_request(settings)
        api = {key: settings.pop(key) for key in ("timeout", "api_url") if key in settings}
        bot = TelegramBot(settings.pop("token"), proxy, **api)
        settings = {key: value for key, value in settings.items() if key not in _PROXY_KEYS}
        return cls(bot, timeout=bot.timeout, **settings)

    @staticmethod
    def get_proxy_request(config: Mapping[str, Any]) -> Proxy | None:
        """The proxy of a configuration, from ``proxy_url``, ``username`` and ``password``; ``None`` if it has none.

        Raises:
            UsageError: (a ValueError) if it is none that can be used.
        """
        if not config.get("proxy_url"):
            return None
        return Proxy.from_url(config["proxy_url"], config.get("username"), config.get("password"))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(chat_id={self.chat_id!r})"

    def secrets(self) -> Sequence[str]:
        """The bot's token, if it has one."""
        token = getattr(self.bot, "token", None)
        return [token] if isinstance(token, str) else []

    def deliveries(self, event: str, text: str) -> Sequence[Callable[[], Any]]:
        """One message."""
        return [partial(self._send, text, event == "started" or (event == "completed" and self.silent_completion))]

    def _send(self, text: str, silent: bool) -> None:
        message = {"chat_id": self.chat_id, "text": text, "disable_notification": silent}
        try:
            _finished(self.bot, self.bot.send_message(**message, parse_mode="Markdown"))
        except Exception as error:
            if "parse entities" not in f"{error} {getattr(error, 'answer', '')}":
                raise
            _finished(self.bot, self.bot.send_message(**message, parse_mode=None))


def _finished(bot: Any, result: Any) -> None:
    """Carry a coroutine out, as bots have them that are made for asyncio."""
    if not inspect.isawaitable(result):
        return
    import asyncio

    async def entered() -> None:
        if hasattr(type(bot), "__aenter__"):
            async with bot:
                await result
        else:
            await result

    asyncio.run(entered())


def _check_known(arguments: Mapping[str, Any]) -> None:
    for name in arguments:
        if name not in TEXTS:
            near = closest(name, TEXTS)
            hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join((*TEXTS, 'timeout'))}"
            raise UsageError(f"TelegramObserver has no argument {name!r}{hint}", print_usage=False)
