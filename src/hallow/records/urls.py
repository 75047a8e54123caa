"""URLs that may be shown: without what is secret in them."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["HIDDEN", "has_password", "same_place", "without_password"]

#: What stands in place of a password.
HIDDEN = "***"

# user:password@ after ://; the password may hold anything but a slash or blank, the last @ before that ends it.
_LOGIN = re.compile(r"(?P<start>[a-zA-Z][\w+.-]*://[^\s/?#:@]*):(?P<secret>[^\s/?#]*)@")
_PARAMETER = re.compile(
    r"(?P<start>[?&;](?:password|passwd|pwd|secret|token|key|sslpassword|tlsCertificateKeyFilePassword)=)[^&;#\s'\"]+",
    re.IGNORECASE,
)


def without_password(text: str) -> str:
    """``text`` with ``***`` in place of every password in the URLs that it holds."""
    if "://" not in text:
        return text
    return _PARAMETER.sub(rf"\g<start>{HIDDEN}", _LOGIN.sub(rf"\g<start>:{HIDDEN}@", text))


def has_password(text: str) -> bool:
    """Whether a URL holds a password that can be hidden."""
    return without_password(text) != text


def same_place(one: Any, other: Any) -> bool:
    """Whether two URLs are equal but for their passwords."""
    return isinstance(one, str) and isinstance(other, str) and without_password(one) == without_password(other)
