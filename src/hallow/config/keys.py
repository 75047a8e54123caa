"""Which keys a configuration may have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hallow.config.values import LEAVES
from hallow.errors import ConfigKeyError
from hallow.settings import SETTINGS
from hallow.utils import PYTHON_IDENTIFIER

_TAGS = (
    "object", "tuple", "set", "id", "ref", "type", "function", "reduce", "repr", "state", "seq", "iterator", "bytes",
    "mod", "newargs", "newargsex", "newobj", "initargs", "property",
)  # fmt: skip
RESERVED = frozenset(f"py/{tag}" for tag in _TAGS)


#: Setting, what it refuses, and why.
_RULES: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("ENFORCE_STRING_KEYS", lambda key: not isinstance(key, str), "is not a string"),
    (
        "ENFORCE_KEYS_MONGO_COMPATIBLE",
        lambda key: isinstance(key, str) and ("." in key or key.startswith("$")),
        "contains a dot or starts with a dollar sign, which MongoDB cannot store",
    ),
    (
        "ENFORCE_KEYS_JSONPICKLE_COMPATIBLE",
        lambda key: isinstance(key, str) and (key in RESERVED or key.startswith("json://")),
        "is reserved for tags of stored values",
    ),
    (
        "ENFORCE_VALID_PYTHON_IDENTIFIER_KEYS",
        lambda key: isinstance(key, str) and not PYTHON_IDENTIFIER.fullmatch(key),
        "is not a Python identifier",
    ),
    (
        "ENFORCE_KEYS_NO_EQUALS",
        lambda key: isinstance(key, str) and "=" in key,
        "contains an equals sign, which updates could not address",
    ),
)


def check_key(key: Any) -> None:
    """Refuse a key that the settings under ``SETTINGS.CONFIG.ENFORCE_*`` do not allow; the empty key never is.

    Raises:
        ConfigKeyError: naming key, rule and setting.
    """
    _check(key, _rules_in_force(), "")


def check_keys(value: Any) -> None:
    """Check all keys of nested dicts, lists and tuples.

    Raises:
        ConfigKeyError: naming key, place, rule and setting.
    """
    _check_below(value, _rules_in_force(), "", set())


def _rules_in_force() -> list[tuple[str, Callable[[Any], bool], str]]:
    settings = SETTINGS.CONFIG
    return [rule for rule in _RULES if settings[rule[0]]]


def _check_below(value: Any, rules: list[Any], path: str, active: set[int]) -> None:
    if type(value) in LEAVES or not isinstance(value, Mapping | list | tuple) or id(value) in active:
        return
    active.add(id(value))
    if isinstance(value, Mapping):
        for key, item in value.items():
            _check(key, rules, path)
            _check_below(item, rules, f"{path}.{key}" if path else str(key), active)
    else:
        for number, item in enumerate(value):
            _check_below(item, rules, f"{path}[{number}]", active)
    active.discard(id(value))


def _check(key: Any, rules: list[Any], path: str) -> None:
    if type(key) is str and key.isascii() and key.isidentifier():
        return  # as nearly all keys are; no rule refuses that
    where = f' (in "{path}")' if path else ""
    if isinstance(key, str) and not key:
        raise ConfigKeyError(f"the empty string {key!r} cannot be a key{where}", print_traceback=False)
    for setting, refuses, reason in rules:
        if refuses(key):
            raise ConfigKeyError(
                f"the key {key!r}{where} {reason}; choose another name or set SETTINGS.CONFIG.{setting} = False",
                print_traceback=False,
            )
