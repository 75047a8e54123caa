"""Where a store is, as users write it: the value of ``-m``, and URLs."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus, unquote, urlsplit, urlunsplit

from hallow.backends.mongo.layout import Names
from hallow.errors import HallowWarning, OptionError, StoreError
from hallow.records.urls import HIDDEN, without_password

__all__ = ["Address", "get_pattern", "parse_mongo_db_arg", "shown_url", "with_user"]

_NAME = r"[a-zA-Z_][\w#%&'()+\-;=@\[\]^{}]{0,63}"
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9\-]*[a-zA-Z0-9])?"
_SERVER = rf"(?:{_LABEL}\.)*{_LABEL}:[0-9]{{1,5}}"
_DATABASE = rf"(?P<db_name>{_NAME})(?:\.(?P<collection>{_NAME})(?::(?P<overwrite>[0-9]{{1,12}}))?)?"
_PATTERN = rf"(?:(?P<host1>{_SERVER})|(?:(?P<host2>{_SERVER}):)?{_DATABASE}(?:!(?P<priority>-?[0-9]+))?)"
_SCHEMES = ("mongodb://", "mongodb+srv://")
# What may be a password in a text that is no URL.
_LOGIN = re.compile(r":[^@]*@")
# Below it, a port is rather the id of a run.
_FIRST_PORT = 1024


def get_pattern() -> str:
    """The regular expression of the value of ``-m``, but for URLs."""
    return _PATTERN


def parse_mongo_db_arg(text: str) -> dict[str, Any]:
    """The arguments of MongoObserver in a text like those of ``-m``.

    ============================== ===================================================================
    ``host:port``                  the database ``sacred`` there
    ``db``                         a database of the server on this machine
    ``db.collection``              its runs are in a collection of another name than ``runs``
    ``host:port:db.collection``    a database elsewhere
    ``... db.collection:id``       the run is to replace the one of that id
    ``... !priority``              the priority of the observer
    ``mongodb://...``              a URL, also with ``/db.collection``, ``?collection_prefix=P`` and ``!priority``
    ============================== ===================================================================

    Raises:
        OptionError: (a ValueError) if it is none of these.
    """
    if text.startswith(_SCHEMES):
        return _from_url(text)
    found = re.fullmatch(get_pattern(), text)
    if found is None:
        raise OptionError(
            f"--mongo_db: {_LOGIN.sub(r':***@', text)!r} is not understood; write HOST:PORT, or "
            "[HOST:PORT:]DATABASE[.COLLECTION[:ID]][!PRIORITY], such as localhost:27017:lab, or a URL such as "
            "mongodb://user:password@host:27017/lab"
        )
    given = {**found.groupdict(), "url": found["host1"] or found["host2"]}
    arguments: dict[str, Any] = {name: given[name] for name in _ORDER if given[name] is not None}
    if "priority" in arguments:
        arguments["priority"] = int(arguments["priority"])
    _warn_of_ambiguity(text, arguments)
    return arguments


_ORDER = ("url", "db_name", "collection", "overwrite", "priority")


def _warn_of_ambiguity(text: str, arguments: dict[str, Any]) -> None:
    host, _, port = text.partition(":")
    if set(arguments) == {"url"} and host.count(".") == 1 and int(port) < _FIRST_PORT:
        database, _, collection = host.partition(".")
        warnings.warn(
            f"--mongo_db: {text!r} is read as host and port; for run {port} in the collection {collection!r} of the "
            f"database {database!r}, write localhost:27017:{text}",
            HallowWarning,
            stacklevel=4,
        )


def _from_url(text: str) -> dict[str, Any]:
    url, mark, priority = text.rpartition("!")
    if not (mark and re.fullmatch("-?[0-9]+", priority)):
        url, priority = text, ""
    address = Address.of(url)
    names = {"collection": address.collection, "collection_prefix": address.prefix}
    return {
        "url": address.url,
        "db_name": address.database,
        **{name: value for name, value in names.items() if value},
        **({"priority": int(priority)} if priority else {}),
    }


@dataclass(frozen=True)
class Address:
    """What the URL of a store says.

    Attributes:
        url: for the driver; it has the database, because that decides where the user is known.
        database: its name.
        collection: of the runs, if it is named.
        prefix: of the collections, if it is given.
    """

    url: str
    database: str
    collection: str
    prefix: str

    @classmethod
    def of(cls, url: str) -> Address:
        """Take a URL apart: ``mongodb://host:port/database[.collection][?collection_prefix=P]``.

        Raises:
            StoreError: if it is no URL.
        """
        try:
            scheme, place, path, query, _ = urlsplit(url)
        except ValueError as error:
            raise StoreError(f"the address {without_password(url)!r} is not understood: {error}") from None
        database, _, collection = unquote(path.lstrip("/")).partition(".")
        kept, prefix = [], ""
        for word in query.split("&"):
            name, _, value = word.partition("=")
            if name == "collection_prefix":
                prefix = unquote(value)
            elif word:
                kept.append(word)
        driver = urlunsplit((scheme, place, "/" + quote(database), "&".join(kept), ""))
        return cls(driver, database or "sacred", collection, prefix)

    @property
    def names(self) -> Names:
        """The collections."""
        return Names.of(self.collection or "runs", self.prefix)


def shown_url(url: str, database: str, names: Names) -> str:
    """The URL that opens a store, without a password.

    Args:
        url: of the server, as the driver takes it, also only ``host:port``.
        database: its name.
        names: the collections.
    """
    scheme, place, _, query, _ = urlsplit(url if "://" in url else f"mongodb://{url}")
    words = [word for word in query.split("&") if word and not word.lower().startswith(_HIDDEN)]
    path = f"/{database}"
    if names.prefix is None:
        path += f".{names.runs}"
    elif names.prefix:
        words.append(f"collection_prefix={quote(names.prefix)}")
    return without_password(urlunsplit((scheme, place, path, "&".join(words), "")))


def with_user(url: str, user: str | None) -> str:
    """A URL that names a user, whose password is not known here; unchanged if there is none, or one already."""
    if user is None or "@" in url:
        return url
    scheme, _, rest = url.rpartition("://")
    return f"{scheme or 'mongodb'}://{quote_plus(user)}:{HIDDEN}@{rest}"


# It may hold a session token.
_HIDDEN = "authmechanismproperties="
