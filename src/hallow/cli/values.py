"""Values as they are written on the command line. Data only: nothing is imported or called."""

from __future__ import annotations

from typing import Any

from hallow.errors import UpdateError
from hallow.records.updates import Word, python_literal
from hallow.settings import SETTINGS

__all__ = ["open_ends", "parse_value"]

_CLOSING = {"[": "]", "(": ")", "{": "}"}

#: What JSON and YAML say for Python's constants; inside a container no entry tells which type is meant.
_CONSTANTS = {
    "true": True,
    "false": False,
    "null": None,
    "nan": float("nan"),
    "NaN": float("nan"),
    "inf": float("inf"),
    "-inf": float("-inf"),
    "Infinity": float("inf"),
    "-Infinity": float("-inf"),
}


def parse_value(text: str, update: str = "") -> Any:
    """The value of an update.

    A Python literal is that literal; ``1,2`` is a list. A container whose members are not all literals is
    read with bare words in it (``[hello, world]``, ``{a: 1}``), where ``true``, ``null``, ``nan`` and the
    like have their JSON meaning. Any other text is a :class:`~hallow.records.updates.Word`. The tags of
    stored values are data: ``{"py/tuple": [1, 2]}`` is a tuple.

    Args:
        text: what stands behind the equals sign.
        update: the whole word, for messages; default: the text itself.

    Raises:
        UpdateError: on a bracket that is not closed, on a tag that is not harmless, and with
            ``SETTINGS.COMMAND_LINE.STRICT_PARSING`` on anything that is not a Python literal.
    """
    text = text.strip()
    update = update or text
    try:
        value = python_literal(text)
        if isinstance(value, tuple) and not text.startswith("("):
            value = list(value)
    except ValueError:
        value = _no_literal(text, update)
    return value if isinstance(value, str) else _plain_data(value, update)


def _no_literal(text: str, update: str) -> Any:
    if SETTINGS.COMMAND_LINE.STRICT_PARSING:
        raise UpdateError(
            f'the value of "{update}" is not a Python literal; write text in quotes, like \'key="text"\' '
            "(SETTINGS.COMMAND_LINE.STRICT_PARSING is on)",
            print_traceback=False,
        )
    if not SETTINGS.COMMAND_LINE.BARE_WORDS or not text.startswith(tuple(_CLOSING)):
        return Word(text)
    try:
        return _Container(text).read()
    except _OpenError:
        raise UpdateError(
            f'a bracket or quote in "{update}" is not closed. Put the whole update into single quotes so that the '
            f"shell leaves it alone, like '{update}]'; for a text that begins with a bracket, add double quotes "
            "inside: 'key=\"[text\"'",
            print_traceback=False,
        ) from None
    except RecursionError:
        raise UpdateError(f'the value of "{update[:60]}..." is nested too deeply', print_traceback=False) from None
    except _TextError:
        return Word(text)


def _plain_data(value: Any, update: str) -> Any:
    """Tags of stored values turned into what they stand for."""
    if '"py/' in update or "'py/" in update:
        from hallow.records.described import descriptions
        from hallow.records.encoding import restore

        value = restore(value)
        for foreign in descriptions(value):
            raise UpdateError(
                f'"{update}" asks for {foreign!r}: values on the command line are data only; nothing is imported or '
                "called on their behalf",
                print_traceback=False,
            )
    return value if SETTINGS.CONFIG.KEEP_TYPES else _as_lists(value)


def _as_lists(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_as_lists(item) for item in value]
    if isinstance(value, dict):
        return {key: _as_lists(item) for key, item in value.items()}
    return value


def open_ends(text: str) -> bool:
    """Whether a bracket or quote of a value is still open at its end, so that further words belong to it."""
    text = text.strip()
    if not text.startswith(("[", "(", "{", '"', "'")):
        return False
    try:
        _Container(text).skip()
    except _OpenError:
        return True
    except _TextError:
        pass
    return False


class _OpenError(Exception):
    """The text ends inside a bracket or quote."""


class _TextError(Exception):
    """The text is no container, though it begins like one."""


class _Container:
    """Reads a container that may hold bare words."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0

    def peek(self) -> str:
        while self.place < len(self.text) and self.text[self.place].isspace():
            self.place += 1
        if self.place >= len(self.text):
            raise _OpenError
        return self.text[self.place]

    def read(self) -> Any:
        """The container, which must be all of the text."""
        value = self.container()
        if self.text[self.place :].strip():
            raise _TextError
        return value

    def skip(self) -> None:
        """Go over brackets and quotes; raises :class:`_OpenError` if one stays open."""
        waiting: list[str] = []
        while self.place < len(self.text):
            char = self.text[self.place]
            if char in "\"'" and (self.place == 0 or self.text[self.place - 1] in "[({,: \t\n"):
                self.quoted()
                continue
            if char in _CLOSING:
                waiting.append(_CLOSING[char])
            elif waiting and char in "])}" and char != waiting.pop():
                raise _TextError
            self.place += 1
        if waiting:
            raise _OpenError

    def container(self) -> Any:
        opening = self.peek()
        closing = _CLOSING[opening]
        self.place += 1
        keys: list[Any] = []
        items: list[Any] = []
        comma = False
        while self.peek() != closing:
            item = self.item(",:[](){}" if opening == "{" else ",[](){}")
            if opening == "{" and self.peek() == ":":
                self.place += 1
                keys.append(item)
                item = self.item(",[](){}")
            items.append(item)
            if self.peek() == ",":
                comma = True
                self.place += 1
            elif self.peek() != closing:
                # Either another kind of bracket or text behind a nested container.
                raise _OpenError if self.peek() in "])}" else _TextError
        self.place += 1
        return _built(opening, keys, items, comma)

    def item(self, ends: str) -> Any:
        char = self.peek()
        if char in _CLOSING:
            return self.container()
        start = self.place
        if char in "\"'":
            self.quoted()
        while self.place < len(self.text) and self.text[self.place] not in ends:
            self.place += 1
        if self.place >= len(self.text):
            raise _OpenError
        return _member(self.text[start : self.place].strip())

    def quoted(self) -> None:
        quote = self.text[self.place]
        self.place += 1
        while self.place < len(self.text) and self.text[self.place] != quote:
            self.place += 2 if self.text[self.place] == "\\" else 1
        if self.place >= len(self.text):
            raise _OpenError
        self.place += 1


def _member(text: str) -> Any:
    if not text:
        raise _TextError
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    try:
        return python_literal(text)
    except ValueError:
        return text


def _built(opening: str, keys: list[Any], items: list[Any], comma: bool) -> Any:
    try:
        if opening == "{":
            if keys and len(keys) != len(items):
                raise _TextError
            return dict(zip(keys, items, strict=True)) if keys or not items else set(items)
    except TypeError:
        raise _TextError from None
    if opening == "(":
        return items[0] if len(items) == 1 and not comma else tuple(items)
    return items
