"""URLs that may be shown: without what is secret in them."""

from __future__ import annotations

import os
import re
from collections.abc import Container, Iterable
from typing import Any

from hallow.errors import StoreError
from hallow.utils import closest, did_you_mean_path

__all__ = [
    "HIDDEN",
    "OBJECT_SCHEMES",
    "SQL_SCHEMES",
    "completed",
    "has_password",
    "kind_of_folder",
    "missing_folder",
    "same_place",
    "scheme_of",
    "unknown_kind",
    "url_path",
    "without_password",
]

#: Databases that SQLAlchemy knows.
SQL_SCHEMES = ("sqlite", "postgresql", "postgres", "mysql", "mariadb", "oracle", "mssql")
#: File systems of fsspec, without that of this machine.
OBJECT_SCHEMES = ("s3", "gs", "gcs", "az", "abfs", "memory", "sftp", "hdfs", "local")
#: What stands in place of a password.
HIDDEN = "***"

# user:password@ after ://; the password may hold anything but a slash or blank, the last @ before that ends it.
# Patterns are compiled by who needs them, which most runs do not.
_LOGIN = r"(?P<start>[a-zA-Z][\w+.-]*://[^\s/?#:@]*):(?P<secret>[^\s/?#]*)@"
_LOGIN_AT = _LOGIN + r"(?P<host>[^\s/?#]*)"
_PARAMETER = (
    r"(?i)(?P<start>[?&;](?:password|passwd|pwd|secret|token|key|sslpassword"
    r"|authMechanismProperties|tlsCertificateKeyFilePassword)=)[^&;#\s'\"]+"
)


def without_password(text: str) -> str:
    """``text`` with ``***`` in place of every password in the URLs that it holds."""
    if "://" not in text:
        return text
    return re.sub(_PARAMETER, rf"\g<start>{HIDDEN}", re.sub(_LOGIN, rf"\g<start>:{HIDDEN}@", text))


def has_password(text: str) -> bool:
    """Whether a URL holds a password that can be hidden."""
    return without_password(text) != text


def same_place(one: Any, other: Any) -> bool:
    """Whether two URLs are equal but for their passwords."""
    return isinstance(one, str) and isinstance(other, str) and without_password(one) == without_password(other)


def completed(hidden: str, url: str) -> str | None:
    """A URL with its password again, if ``url`` has that: of the same place, or of the same user on the same server."""
    if same_place(hidden, url):
        return url
    login, known = re.match(_LOGIN_AT, hidden), re.match(_LOGIN_AT, url)
    if login is None or known is None or login["start"] != known["start"] or login["host"] != known["host"]:
        return None
    if login["secret"] != HIDDEN:
        return None
    return f"{login['start']}:{known['secret']}@{hidden[login.start('host') :]}"


def unknown_kind(scheme: str, text: str, known: Iterable[str]) -> StoreError:
    """The error for a URL of a kind of store that there is not; names the nearest."""
    near = closest(scheme, known)
    hint = f"did you mean {near[0]}:? " if near else ""
    return StoreError(
        f"there is no kind of store {scheme!r} in {without_password(text)!r}; {hint}known are "
        f"{', '.join(sorted(known))}, or give the path of a folder"
    )


def missing_folder(kind: str, path: str, error: OSError) -> StoreError:
    """The error for a store whose folder cannot be listed, with the nearest folder beside it.

    Args:
        kind: of the store, such as ``"file"``.
        path: of the folder.
        error: what listing it gave.
    """
    if isinstance(error, NotADirectoryError):
        return StoreError(f"{path!r} is a file; a {kind} store is a folder, give that")
    hint = did_you_mean_path(path, os.path.isdir) or " Give its folder"
    return StoreError(f"there is no {kind} store {path!r}: {error.strerror or error}.{hint}")


def scheme_of(text: str, known: Container[str] = ()) -> str:
    """The scheme of a URL in lower case, without the driver unless it is a known one; nothing for a path."""
    scheme, colon, _ = text.partition(":")
    if not colon or len(scheme) < 2 or os.path.exists(text):  # one letter is a drive
        return ""
    scheme = scheme.lower()
    return scheme if scheme in known else scheme.partition("+")[0]


def kind_of_folder(path: str) -> str:
    """``"objects"`` or ``"tinydb"`` for the folder of such a store; else, also for no folder at all, nothing."""
    if os.path.isfile(os.path.join(path, ".hallow", "layout.json")):
        return "objects"
    return "tinydb" if os.path.isfile(os.path.join(path, "metadata.json")) else ""


def url_path(url: str) -> str:
    """The path in ``file:PATH`` or ``file:///PATH``."""
    from urllib.parse import unquote, urlsplit

    return unquote(urlsplit(url).path) if url[5:7] == "//" else url[5:]
