"""Making an observer again, in another process."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from hallow.errors import JournalError
from hallow.records.urls import HIDDEN, completed

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["made_again"]


def made_again(spec: dict[str, Any], stores: Sequence[str] = ()) -> Any:
    """The observer that a journal describes.

    Args:
        spec: ``class`` and ``arguments``. Passwords are not kept in journals; they come from ``stores``.
        stores: URLs with their passwords; those in the environment variable ``HALLOW_STORES`` are added.

    Raises:
        JournalError: if that cannot be: its class does not say how, or cannot be imported, or a password is missing.
    """
    if "arguments" not in spec:
        raise JournalError("this observer does not say how it is made again (it has no method recovery)")
    module, _, name = str(spec["class"]).partition(":")
    try:
        found: Any = import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, ValueError) as error:
        raise JournalError(f"it cannot be imported ({error}); set PYTHONPATH so that {module} can be") from error
    if not (isinstance(found, type) and hasattr(found, "recovery") and hasattr(found, "reopen")):
        # What a journal names is only called if it is an observer that offers this.
        raise JournalError("it is no observer that can be made again (no methods recovery and reopen)")
    urls = (*stores, *os.environ.get("HALLOW_STORES", "").split())
    return found(**{name: _completed(value, urls) for name, value in spec["arguments"].items()})


def _completed(value: Any, urls: Sequence[str]) -> Any:
    """A URL with the password that the journal does not know."""
    if not isinstance(value, str) or HIDDEN not in value:
        return value
    for url in urls:
        found = completed(value, url)
        if found is not None:
            return found
    raise JournalError(
        f"the password of {value} is not kept in journals; give the URL with it: --store URL, or in the environment "
        "variable HALLOW_STORES"
    )
