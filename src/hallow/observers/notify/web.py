"""Sending JSON by HTTP, directly or through a proxy, without ever showing a secret that is part of a URL."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from hallow.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from urllib.request import BaseHandler

__all__ = ["Proxy", "Refusal", "checked_url", "post_json", "redacted"]

_LONGEST_ANSWER = 1 << 16
_PORTS = {"http": 80, "https": 443}


class Refusal(Exception):  # noqa: N818 - says what the other side did; it is reported, never raised to a user
    """A message was not taken.

    Args:
        text: why; without secrets.
        answer: what the service said.
    """

    def __init__(self, text: str, answer: str = "") -> None:
        super().__init__(text)
        self.answer = answer


def post_json(
    url: str,
    payload: Mapping[str, Any],
    timeout: float,
    headers: Mapping[str, str] | None = None,
    proxy: Proxy | None = None,
) -> str:
    """Send JSON and return the answer.

    Args:
        url: where to.
        payload: JSON data.
        timeout: seconds in which the other side must take the next step.
        headers: further ones.
        proxy: to go through; default: as the environment says.

    Raises:
        Refusal: if it does not arrive, or the status is not 200 to 299. Redirections are not followed, because the
            message would get lost on the way.
    """
    data = json.dumps(payload).encode("ascii")
    request = Request(url, data, {"Content-type": "application/json", **(headers or {})}, method="POST")  # noqa: S310
    handlers = [_NoRedirection(), *([] if proxy is None else proxy.handlers())]
    try:
        with build_opener(*handlers).open(request, timeout=timeout) as response:
            return str(response.read(_LONGEST_ANSWER).decode("utf-8", "replace"))
    except HTTPError as error:
        with error:
            answer = error.read(_LONGEST_ANSWER).decode("utf-8", "replace")
        raise Refusal(f"the answer was {error.code} {error.reason}: {answer[:200].strip()}", answer) from None
    except Exception as error:  # of urllib, http.client, ssl, socket; the cause may show the URL
        reason = error.reason if isinstance(error, URLError) else error
        text = f"{type(reason).__name__}: {reason}" if isinstance(reason, Exception) else str(reason)
        raise Refusal(redacted(text, [url, url.partition("://")[2], _path_of(url)])) from None


class _NoRedirection(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def _path_of(url: str) -> str:
    return url.partition("://")[2].partition("/")[2]


def checked_url(url: Any, what: str) -> str:
    """The host of an HTTP URL.

    Raises:
        UsageError: if it is none; does not show it.
    """
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        if parts.scheme in _PORTS and parts.hostname and not any(sign.isspace() for sign in url):
            return str(parts.hostname)
    except ValueError:
        pass
    kind = "that begins otherwise" if isinstance(url, str) else type(url).__name__
    raise UsageError(
        f"{what} is a URL that begins with https:// and has no blanks; it was given one {kind}", print_usage=False
    )


def redacted(text: str, secrets: Iterable[str]) -> str:
    """A text with ``***`` in place of every secret, also where that is written with percent signs."""
    found = {form for secret in secrets if len(secret) > 2 for form in (secret, quote(secret), quote(secret, safe=""))}
    for secret in sorted(found, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


# ------------------------------------------------------------------------------------------------------ proxies


@dataclass(frozen=True)
class Proxy:
    """A proxy, HTTP or SOCKS5.

    Attributes:
        scheme: http, https (which is spoken to like http), socks5, or socks5h (which looks up the hosts, too).
        host: its name or address.
        port: its port.
        username: for it, or ``None``.
        password: for it, or ``None``.
    """

    scheme: str
    host: str
    port: int
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @classmethod
    def from_url(cls, url: Any, username: str | None = None, password: str | None = None) -> Proxy:
        """From a URL, which may hold the credentials.

        Raises:
            UsageError: if that is no URL of a proxy; shows nothing of it but the scheme.
        """
        try:
            parts = urlsplit(str(url))
            port = parts.port
        except ValueError:
            raise _no_proxy("the URL of the proxy has no valid port") from None
        if parts.scheme not in ("http", "https", "socks5", "socks5h"):
            raise _no_proxy(f"a proxy cannot have the scheme {parts.scheme!r}")
        if not parts.hostname:
            raise _no_proxy("the URL of the proxy names no host")
        from urllib.parse import unquote

        own = (None if part is None else unquote(part) for part in (parts.username, parts.password))
        named, secret = (given or found for given, found in zip((username, password), own, strict=True))
        return cls(parts.scheme, parts.hostname, port or _PORTS.get(parts.scheme, 1080), named, secret)

    @property
    def url(self) -> str:
        """With the credentials."""
        user = (
            "" if self.username is None else f"{quote(self.username, safe='')}:{quote(self.password or '', safe='')}@"
        )
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{user}{host}:{self.port}"

    def handlers(self) -> list[BaseHandler]:
        """What makes :mod:`urllib.request` go through it.

        Raises:
            MissingExtraError: (an ImportError) for SOCKS, if PySocks is not installed.
        """
        if self.scheme in _PORTS:
            return [ProxyHandler(dict.fromkeys(("http", "https"), self.url.replace("https://", "http://", 1)))]
        try:
            socks: Any = import_module("socks")
            sockshandler: Any = import_module("sockshandler")
        except ImportError as error:
            raise MissingExtraError(
                f"a SOCKS proxy needs PySocks ({error}); install it: pip install PySocks", print_traceback=False
            ) from error
        remote = self.scheme == "socks5h"
        handler = sockshandler.SocksiPyHandler(socks.SOCKS5, self.host, self.port, remote, self.username, self.password)
        # Proxies of the environment would be asked first.
        return [ProxyHandler({}), handler]


def _no_proxy(problem: str) -> UsageError:
    return UsageError(f"{problem}; give one like http://host:8080 or socks5://host:1080", print_usage=False)
