"""What nobody must see of the options of a file system."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hallow.records.urls import has_password, without_password

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["public_options", "secrets_in"]

# Parts of the names of options whose values are secret.
_SECRET = ("secret", "passw", "passphrase", "token", "credential", "key", "sas", "connection_string", "auth")


def public_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that are JSON values, without secrets."""
    return {name: value for name, value in _public(options).items() if _is_json(value)}


def secrets_in(url: str, options: Mapping[str, Any]) -> list[str]:
    """Texts that must not be shown, the longest first."""
    return sorted({*_secrets(options), *_secret_in(url)}, key=len, reverse=True)


def _is_secret(name: str) -> bool:
    return any(word in name.lower() for word in _SECRET)


def _public(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options without those that nobody must see."""
    shown = {name: value for name, value in options.items() if not _is_secret(str(name))}
    return {name: _without_secrets(value) for name, value in shown.items()}


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return _public(value)
    return without_password(value) if isinstance(value, str) else value


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return False
    return True


def _secrets(options: Mapping[str, Any]) -> Iterator[str]:
    """Texts in options that nobody must see."""
    for name, value in options.items():
        if isinstance(value, dict):
            yield from _secrets(value)
        elif isinstance(value, str) and value and _is_secret(str(name)):
            yield value


def _secret_in(url: str) -> Iterator[str]:
    if has_password(url):
        yield url.partition("://")[2].partition("@")[0].partition(":")[2]
