"""Helpers that users of Sacred import from ``sacred.utils``: dotted paths, nested dicts, text, argv.

The exceptions can be imported from here as well; they live in :mod:`hallow.errors`.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from hallow.errors import (
    CircularDependencyError,
    ConfigAddedError,
    ConfigError,
    HallowError,
    InvalidConfigError,
    MissingConfigError,
    NamedConfigNotFoundError,
    ObserverError,
    RunInterrupt,
    SacredError,
    SacredInterrupt,
    SignatureError,
    TimeoutInterrupt,
)

if TYPE_CHECKING:
    from packaging.version import Version

__all__ = [
    "PATHCHANGE",
    "PYTHON_IDENTIFIER",
    "CircularDependencyError",
    "ConfigAddedError",
    "ConfigError",
    "HallowError",
    "InvalidConfigError",
    "MissingConfigError",
    "NamedConfigNotFoundError",
    "ObserverError",
    "RunInterrupt",
    "SacredError",
    "SacredInterrupt",
    "SignatureError",
    "TimeoutInterrupt",
    "apply_backspaces_and_linefeeds",
    "closest",
    "convert_camel_case_to_snake_case",
    "convert_to_nested_dict",
    "ensure_wellformed_argv",
    "get_by_dotted_path",
    "get_inheritors",
    "get_package_version",
    "is_non_empty_dict",
    "is_prefix",
    "iter_prefixes",
    "iterate_flattened",
    "iterate_flattened_separately",
    "join_paths",
    "module_exists",
    "module_is_in_cache",
    "modules_exist",
    "noted",
    "optional_kwargs_decorator",
    "parse_version",
    "recursive_update",
    "rel_path",
    "set_by_dotted_path",
    "sorted_keys",
]

T = TypeVar("T")
PYTHON_IDENTIFIER = re.compile(r"^[a-zA-Z_][_a-zA-Z0-9]*$")


# Kept for code that has them from Sacred, in the rooms where they belong.
_ELSEWHERE = {
    "IntervalTimer": "hallow.running.heartbeat",
    "create_basic_stream_logger": "hallow.experiment.logs",
    "format_filtered_stacktrace": "hallow.experiment.reports",
    "format_sacred_error": "hallow.experiment.reports",
    "print_filtered_stacktrace": "hallow.experiment.reports",
}


def __getattr__(name: str) -> Any:
    if name == "PathType":  # made when asked for: pathlib is not needed for anything else here
        from pathlib import Path

        return str | bytes | Path
    if name == "NO_LOGGER":
        from logging import getLogger

        logger = getLogger("ignore")
        logger.disabled = True
        return logger
    if name in _ELSEWHERE:
        from importlib import import_module

        return getattr(import_module(_ELSEWHERE[name]), name)
    raise AttributeError(f"module 'hallow.utils' has no attribute {name!r}")


class _PathChange:
    """Type of the marker :data:`PATHCHANGE`."""

    def __repr__(self) -> str:
        return "PATHCHANGE"


#: Yielded by :func:`iterate_flattened_separately` in place of a value, before it descends into a dict.
PATHCHANGE = _PathChange()


# ------------------------------------------------------------------------------------------------ dotted paths


def iter_prefixes(path: str) -> Iterator[str]:
    """``"a.b.c"`` gives ``a``, ``a.b``, ``a.b.c``."""
    parts = path.split(".")
    for end in range(1, len(parts) + 1):
        yield ".".join(parts[:end])


def join_paths(*parts: Any) -> str:
    """Join non-empty parts with dots; surplus dots at their ends are stripped."""
    return ".".join(text for text in (str(part).strip(".") for part in parts if part is not None) if text)


def is_prefix(pre_path: str, path: str) -> bool:
    """Whether ``path`` lies strictly below ``pre_path``; everything lies below the empty path."""
    return not pre_path.strip(".") or path.strip(".").startswith(pre_path.strip(".") + ".")


def rel_path(base: str, path: str) -> str:
    """The remainder of ``path`` below ``base``; empty if they are equal.

    Raises:
        AssertionError: if ``base`` is no prefix of ``path``.
    """
    if base == path:
        return ""
    if not is_prefix(base, path):
        raise AssertionError(f"{base} is not a prefix of {path}")
    return path[len(base) :].strip(".") if base else path.strip(".")


def set_by_dotted_path(d: MutableMapping[str, Any], path: str, value: Any) -> None:
    """Set ``d["a"]["b"]`` for the path ``a.b``; missing dicts are created."""
    *parents, last = path.split(".")
    node = d
    for part in parents:
        node = node.setdefault(part, {})
    node[last] = value


def get_by_dotted_path(d: Mapping[str, Any], path: str, default: Any = None) -> Any:
    """The value at a dotted path, ``d`` itself for the empty path, ``default`` where there is none."""
    node: Any = d
    for part in path.split(".") if path else ():
        if not isinstance(node, Mapping) or part not in node:
            return default
        node = node[part]
    return node


# ------------------------------------------------------------------------------------------------ nested dicts


def is_non_empty_dict(value: Any) -> bool:
    """Whether ``value`` is a dict with entries (an empty dict is a leaf of the configuration)."""
    return isinstance(value, Mapping) and bool(value)


def sorted_keys(keys: Iterable[Any]) -> list[Any]:
    """Keys in a stable order, also when their types do not compare with each other."""
    keys = list(keys)
    try:
        return sorted(keys)
    except TypeError:
        return sorted(keys, key=lambda key: (type(key).__name__, str(key)))


def recursive_update(d: MutableMapping[Any, Any], u: Mapping[Any, Any]) -> MutableMapping[Any, Any]:
    """Merge ``u`` into ``d`` in place, mappings recursively; returns ``d``."""
    for key, value in u.items():
        mine = d.get(key)
        if isinstance(value, Mapping) and isinstance(mine, MutableMapping):
            recursive_update(mine, value)
        elif isinstance(value, Mapping):
            d[key] = recursive_update({}, value)
        else:
            d[key] = value
    return d


def iterate_flattened(d: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    """``(dotted path, leaf)`` pairs in key order; an empty dict is a leaf."""
    for key in sorted_keys(d):
        value = d[key]
        if is_non_empty_dict(value):
            for path, leaf in iterate_flattened(value):
                yield join_paths(key, path), leaf
        else:
            yield str(key), value


def iterate_flattened_separately(
    dictionary: Mapping[Any, Any], manually_sorted_keys: Iterable[str] | None = None
) -> Iterator[tuple[str, Any]]:
    """``(path, value)`` in the order of ``print_config``: the given keys, then leaves, then dicts.

    Before descending into a dict, ``(path, PATHCHANGE)`` is given.
    """
    first = [key for key in manually_sorted_keys or () if key in dictionary]
    others = [key for key in dictionary if key not in first]
    leaves = sorted_keys(key for key in others if not is_non_empty_dict(dictionary[key]))
    branches = sorted_keys(key for key in others if is_non_empty_dict(dictionary[key]))
    for key in [*first, *leaves, *branches]:
        if not is_non_empty_dict(dictionary[key]):
            yield str(key), dictionary[key]
            continue
        yield str(key), PATHCHANGE
        for path, value in iterate_flattened_separately(dictionary[key], manually_sorted_keys):
            yield join_paths(key, path), value


def convert_to_nested_dict(dotted_dict: Mapping[str, Any]) -> dict[str, Any]:
    """Split dotted keys at every level: ``{"a.b": 1, "a": {"c": 2}}`` gives ``{"a": {"b": 1, "c": 2}}``."""
    nested: dict[str, Any] = {}
    for path, value in iterate_flattened(dotted_dict):
        set_by_dotted_path(nested, path, value)
    return nested


# ------------------------------------------------------------------------------------------------------- text


def apply_backspaces_and_linefeeds(text: str) -> str:
    r"""What a terminal shows of ``text``: ``\b`` moves left, ``\r`` to the start of the line, the rest overwrites.

    A ``\r`` at the very end is kept, so that a following piece of text can go on from there.
    """
    lines = text.split("\n")
    last = len(lines) - 1
    return "\n".join(_terminal_line(line, keep_return=number == last) for number, line in enumerate(lines))


# For hallow.running.shaping: only the unfinished last line and what is new need to go through it.
apply_backspaces_and_linefeeds.linewise = True  # type: ignore[attr-defined]


def _terminal_line(line: str, keep_return: bool) -> str:
    if "\r" not in line and "\b" not in line:
        return line
    shown: list[str] = []
    cursor = 0
    for char in line:
        if char == "\b":
            cursor = max(0, cursor - 1)
        elif char == "\r":
            cursor = 0
        else:
            shown[cursor : cursor + 1] = char
            cursor += 1
    return "".join(shown) + ("\r" if keep_return and line.endswith("\r") else "")


def convert_camel_case_to_snake_case(name: str) -> str:
    """``getHTTPResponseCode`` gives ``get_http_response_code``."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()


def closest(word: str, known: Iterable[str], count: int = 1) -> list[str]:
    """The names in ``known`` that look most like ``word``, best first; none if nothing is near."""
    likeness = {name: _likeness(word.lower(), name.lower()) for name in known}
    return sorted((name for name, found in likeness.items() if found), key=lambda n: -likeness[n])[:count]


def did_you_mean(word: str, known: Iterable[str], shown: str = '"{}"') -> str:
    """The sentence of a message that names what in ``known`` looks most like ``word``; empty if nothing is near.

    It begins with a space. ``shown`` says how the name is written there, such as ``"{}:"`` or ``"{!r}"``.
    """
    return "".join(f" Did you mean {shown.format(name)}?" for name in closest(word, known))


def did_you_mean_path(path: str, fits: Callable[[str], bool] = os.path.exists) -> str:
    """As :func:`did_you_mean`, for what is beside a file or folder that is not there; the path stands in quotes.

    Args:
        path: which is not there.
        fits: whether a path could be meant.
    """
    folder, base = os.path.split(path)
    try:
        known = [name for name in os.listdir(folder or ".") if fits(os.path.join(folder, name))]
    except OSError:
        return ""
    return "".join(f' Did you mean "{os.path.join(folder, name)}"?' for name in closest(base, known))


def _likeness(word: str, name: str) -> float:
    """How far the two are alike, up to 1; 0 for what nobody would take for a slip of the other."""
    from difflib import SequenceMatcher

    # What both begin with anyway, the dashes of options or the way to an entry, makes them no more alike.
    same = re.match(r".*\.|\W*", os.path.commonprefix([word, name]), re.DOTALL)  # noqa: RUF071 - text
    word, name = (text[same.end() if same else 0 :] for text in (word, name))
    ratio = SequenceMatcher(None, name, word).ratio()
    if word in name or name in word or word.rpartition(".")[2] == name.rpartition(".")[2]:
        return ratio if ratio >= 0.5 else 0.0
    return ratio if ratio >= (0.65 if word[:1] == name[:1] else 0.8) else 0.0


@contextmanager
def noted(remark: str) -> Iterator[None]:
    """Add a remark to an exception that leaves the block, such as where it came from."""
    try:
        yield
    except Exception as error:
        # add_note is Python 3.11's
        error.__notes__ = [*getattr(error, "__notes__", []), f"({remark})"]  # type: ignore[attr-defined]
        raise


# ------------------------------------------------------------------------------------------------------ python


def ensure_wellformed_argv(argv: str | list[str] | tuple[str, ...] | None) -> Sequence[str]:
    """``None`` means ``sys.argv``; a string is split as a shell does.

    Raises:
        ValueError: for anything but a list or tuple of strings.
    """
    if argv is None:
        return list(sys.argv)
    if isinstance(argv, str):
        import shlex

        return shlex.split(argv)
    if not isinstance(argv, list | tuple):
        raise ValueError(  # noqa: TRY004 - Sacred's callers catch ValueError
            f"argv must be a list of strings, a string or None, not {type(argv).__name__}"
        )
    wrong = [item for item in argv if not isinstance(item, str)]
    if wrong:
        raise ValueError(f"argv must hold strings only, but has {wrong!r}")
    return argv


def get_inheritors(cls: type[T]) -> set[type[T]]:
    """All direct and indirect subclasses."""
    found: set[type[T]] = set()
    waiting = [cls]
    while waiting:
        for child in waiting.pop().__subclasses__():
            if child not in found:
                found.add(child)
                waiting.append(child)
    return found


def optional_kwargs_decorator(deco: Callable[..., Any]) -> Callable[..., Any]:
    """Let a decorator be used both as ``@deco`` and as ``@deco(key=value)``."""
    from functools import wraps

    @wraps(deco)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if kwargs and not args:
            return lambda function: deco(function, **kwargs)
        return deco(*args, **kwargs)

    return wrapped


# --------------------------------------------------------------------------------------------------- packages


def module_exists(modname: str) -> bool:
    """Whether a module can be found, without importing it (of a dotted name, its parents are imported)."""
    from importlib.util import find_spec

    try:
        return find_spec(modname) is not None
    except ModuleNotFoundError:
        return False
    except (ImportError, ValueError):  # it is there, in whatever state
        return True


def modules_exist(*modnames: str) -> bool:
    """Whether all of these modules can be found, without importing them."""
    return all(map(module_exists, modnames))


def module_is_in_cache(modname: str) -> bool:
    """Whether a module is imported."""
    return modname in sys.modules


def parse_version(version_string: str) -> Version:
    """A version that compares as versions do.

    Raises:
        packaging.version.InvalidVersion: for text that is none.
    """
    from packaging.version import parse

    return parse(version_string)


def get_package_version(name: str) -> Version:
    """The ``__version__`` of a module, which is imported.

    Raises:
        ImportError: if there is no such module.
    """
    from importlib import import_module

    return parse_version(str(import_module(name).__version__))
