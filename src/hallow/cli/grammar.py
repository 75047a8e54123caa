"""The grammar of words: command, ``help`` and ``with``, and what an update means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hallow.cli.values import open_ends, parse_value
from hallow.errors import UpdateError, UsageError
from hallow.records.updates import Append
from hallow.settings import SETTINGS
from hallow.utils import closest

__all__ = ["ParsedWords", "get_config_updates", "nest_updates", "split_words"]

# Compiled when they are used first, which most command lines never do.
_INDEXED = r"(.*?)((?:\[-?\d+\])+)"
_INDEX = r"\[(-?\d+)\]"
_PAIR = r"[\w.\"'-]+:[^/].*"


@dataclass
class ParsedWords:
    """What the words that are no options ask for.

    Attributes:
        command: the command, or ``None`` for the default one.
        updates: the words after ``with``; words that the shell had split are joined again.
        help_requested: whether the first word is ``help``.
        help_for: the command to be explained, if one is named after ``help``.
    """

    command: str | None = None
    updates: list[str] = field(default_factory=list)
    help_requested: bool = False
    help_for: str | None = None


def split_words(words: Sequence[str]) -> ParsedWords:
    """Split words into command and updates.

    Raises:
        UsageError: if a word cannot be understood where it stands, or nothing follows ``with``.
    """
    rest = list(words)
    if rest[:1] == ["help"]:
        if len(rest) > 2:
            raise UsageError(f'"help" explains one command at a time; what is "{rest[2]}" for?')
        return ParsedWords(help_requested=True, help_for=rest[1] if len(rest) == 2 else None)
    command = rest.pop(0) if rest and rest[0] != "with" else None
    if command is not None and "=" in command:
        raise UsageError(f'"{command}" is not a command; updates come after "with": with {command}')
    if rest and rest[0] != "with":
        near = "with " + " ".join(rest)
        if closest(command or "", ["with"]):
            raise UsageError(f'"{command}" is not a command; did you mean "{near}"?')
        raise UsageError(f'"{rest[0]}" stands where only "with" can follow the command {command}: {command} {near}')
    if rest == ["with"]:
        raise UsageError('"with" needs at least one update after it: key=value, a named config or a config file')
    return ParsedWords(command, _joined(rest[1:]))


def _joined(words: list[str]) -> list[str]:
    """Words that the shell split inside brackets or quotes are one update."""
    joined: list[str] = []
    while words:
        word, words = words[0], words[1:]
        value = word.partition("=")[2]
        for count in range(1, len(words) + 1) if open_ends(value) else ():
            longer = " ".join([word, *words[:count]])
            if not open_ends(longer.partition("=")[2]):
                word, words = longer, words[count:]
                break
        joined.append(word)
    return joined


# -------------------------------------------------------------------------------------------------- updates


def get_config_updates(updates: Iterable[str] | None) -> tuple[dict[str, Any], list[str]]:
    """Updates as a nested dict, and the names of named configs or files, in order.

    Text without quotes becomes a :class:`~hallow.records.updates.Word`, ``l+=[x]`` an
    :class:`~hallow.records.updates.Append`; ``l[0]`` and ``l.0`` are the key ``"0"`` below ``l``.

    Args:
        updates: words such as ``a.b=1`` and ``variant``; empty words are ignored.

    Raises:
        UpdateError: quoting the word that is malformed, or both words that contradict each other.
    """
    nest = _Nest()
    named: list[str] = []
    previous = ("", "")
    words = list(updates or ())
    for before, update, after in zip(["", *words], words, [*words[1:], ""], strict=False):
        path, equals, text = (part.strip() for part in update.partition("="))
        _refuse_spaces(before.strip(), update.strip(), after.strip())
        if not equals:
            named.extend([path] if path else [])
            continue
        _refuse_expanded_braces(previous, (path, text))
        previous = (path, text)
        value = parse_value(text, update.strip())
        if path.endswith("+") and SETTINGS.CONFIG.LIST_UPDATES:
            path, value = path[:-1].rstrip(), _appended(value, update)
        nest.set(_parts(path, update.strip()), value, path)
    return nest.tree, named


def _appended(value: Any, update: str) -> Append:
    if not isinstance(value, list | tuple):
        raise UpdateError(
            f'"{update.strip()}" appends to a list, so the value must be a list: '
            f"{update.partition('=')[0].strip()}=[{update.partition('=')[2].strip()}]",
            print_traceback=False,
        )
    return Append(list(value))


def _refuse_spaces(before: str, word: str, after: str) -> None:
    """``lr = 3`` arrives as three words, ``lr 3`` and ``lr= 3`` as two."""
    name = before.removesuffix("=")
    if word.startswith("="):
        wrong, value = f'"{word}" has no name before it', word[1:].strip() or after or "value"
    elif name and "=" not in name and _is_number(word):
        wrong, value = f'"{word}" is no name of a named config', word
    else:
        return
    key = "key" if "=" in name else name or "key"
    raise UpdateError(f"{wrong}; an update is written without spaces: {key}={value}", print_traceback=False)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return not text.lower().lstrip("+-").startswith(("inf", "nan"))


def _refuse_expanded_braces(first: tuple[str, str], second: tuple[str, str]) -> None:
    """``d={"a":1,"b":2}`` arrives from bash as ``d=a:1 d=b:2``."""
    if first[0] == second[0] and re.fullmatch(_PAIR, first[1]) and re.fullmatch(_PAIR, second[1]):
        raise UpdateError(
            f'"{first[0]}" is set to "{first[1]}" and to "{second[1]}": the shell has probably split a dict at its '
            f"comma. Put the update into single quotes: '{first[0]}={{{first[1]}, {second[1]}}}'",
            print_traceback=False,
        )


def _parts(path: str, word: str) -> tuple[str, ...]:
    """The steps of a dotted path; list indices are steps of their own."""
    parts: list[str] = []
    for part in path.split("."):
        indexed = re.fullmatch(_INDEXED, part) if SETTINGS.CONFIG.LIST_UPDATES else None
        parts.append(indexed[1] if indexed else part)
        parts.extend(re.findall(_INDEX, indexed[2]) if indexed else ())
    if not all(part.strip() for part in parts):
        raise UpdateError(
            f'"{word}" has an empty name in its path; write it like a.b=value, without leading, trailing or double '
            "dots",
            print_traceback=False,
        )
    return tuple(parts)


def nest_updates(updates: Mapping[Any, Any]) -> dict[Any, Any]:
    """A nested dict from one whose keys may be dotted paths; the dicts of the result are its own.

    With ``SETTINGS.CONFIG.DOTTED_KEYS`` ``"top"`` the keys of the outermost dict are paths, and keys of dicts
    inside keep their type and their dots; with ``"all"`` keys at any depth are paths. Keys that are not
    strings are kept.

    Raises:
        UpdateError: on an empty part of a path, and if both ``a`` and ``a.b`` are set where ``a`` is not a
            dict.
    """
    nest = _Nest()
    nest.set_all((), updates, deep=SETTINGS.CONFIG.DOTTED_KEYS == "all")
    return nest.tree


class _Nest:
    """A nested dict that is being put together, and which path was given a value of its own."""

    def __init__(self) -> None:
        self.tree: dict[Any, Any] = {}
        self.given: dict[tuple[Any, ...], str] = {}

    def set_all(self, above: tuple[Any, ...], updates: Mapping[Any, Any], deep: bool) -> None:
        for key, value in updates.items():
            parts = (*above, *(_parts(key, key) if isinstance(key, str) else (key,)))
            if deep and isinstance(value, Mapping) and value:
                self.set_all(parts, value, deep)
            else:
                self.set(parts, value, _shown(parts))

    def set(self, parts: tuple[Any, ...], value: Any, shown: str) -> None:
        node = self.tree
        for depth, part in enumerate(parts[:-1], 1):
            inner = node.setdefault(part, {})
            if not isinstance(inner, dict):
                raise self.conflict(self.given.get(parts[:depth], _shown(parts[:depth])), inner, shown)
            node = inner
        last = parts[-1]
        present = node.get(last)
        if isinstance(present, dict) and present and parts not in self.given:
            if not isinstance(value, Mapping):
                raise self.conflict(shown, value, f"{shown}.{next(iter(present))}")
            _overlay(present, value)
        elif isinstance(value, Append) and isinstance(present, Append | list | tuple):
            node[last] = _extended(present, value)
        else:
            node[last] = _own(value)
        self.given[parts] = shown

    def conflict(self, shorter: str, value: Any, longer: str) -> UpdateError:
        return UpdateError(
            f'"{shorter}" and "{longer}" are both set, but the value of "{shorter}" is {value!r}, which has no '
            "entries. Leave out one of the two",
            print_traceback=False,
        )


def _shown(parts: tuple[Any, ...]) -> str:
    return ".".join(map(str, parts))


def _extended(present: Any, more: Append) -> Any:
    if isinstance(present, Append):
        return Append([*present.items, *more.items])
    return type(present)([*present, *more.items])


def _overlay(present: dict[Any, Any], value: Mapping[Any, Any]) -> None:
    """Lay ``value`` over a dict that longer paths have made."""
    for key, item in value.items():
        mine = present.get(key)
        if isinstance(mine, dict) and isinstance(item, Mapping):
            _overlay(mine, item)
        else:
            present[key] = _own(item)


def _own(value: Any) -> Any:
    """Dicts of the caller are copied: later updates are laid over them."""
    if isinstance(value, Mapping):
        return {key: _own(item) for key, item in value.items()}
    return value
