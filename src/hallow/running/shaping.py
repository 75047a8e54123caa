"""From what was printed to what is stored: the stages that change text, each fed in pieces.

A shaper has ``feed(text)``, ``settle(final)`` (once at the end of each round), ``take()`` (the text that became final
since the last call) and ``tail()`` (the text after that, which may still change).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from hallow.running.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable
    from logging import Logger

__all__ = ["Shaper", "shaper_for"]

_ROUND = 1 << 20  # characters that a filter of lines gets at once at most


class Shaper(Protocol):
    """What all shapers can do."""

    def feed(self, text: str) -> None:
        """Take in text."""

    def settle(self, final: bool = False) -> None:
        """Work on what was fed; ``final``: nothing more comes."""

    def take(self) -> str:
        """The text that became final since the last call."""

    def tail(self) -> str:
        """The text after that."""


def shaper_for(function: Callable[[str], str] | None, fold: bool, log: Logger) -> Shaper:
    """The stages for these wishes; the filter comes first, for it is written for what the program prints."""
    if function is None:
        return Terminal() if fold else Verbatim()
    if getattr(function, "linewise", False):
        return LineFilter(function, Terminal() if fold else Verbatim(), log)
    return TextFilter(function, fold, log)


class Verbatim:
    """Changes nothing."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def feed(self, text: str) -> None:
        """Take in text."""
        self._parts.append(text)

    def settle(self, final: bool = False) -> None:
        """Nothing waits here."""

    def take(self) -> str:
        """Everything that was fed."""
        text, self._parts = "".join(self._parts), []
        return text

    def tail(self) -> str:
        """Nothing."""
        return ""

    def copy(self) -> Verbatim:
        """One that goes on from here on its own."""
        other = Verbatim()
        other._parts = list(self._parts)
        return other


class _Guarded:
    """A filter of the user's; when it fails, that is said once and nothing is filtered any more."""

    def __init__(self, function: Callable[[str], str], log: Logger) -> None:
        self.function: Callable[[str], str] | None = function
        self._log = log

    def __call__(self, text: str) -> str:
        if self.function is None:
            return text
        try:
            return str(self.function(text))
        except Exception:
            self.function = None
            self._log.warning("The filter of captured output failed; from here on it is kept unfiltered", exc_info=True)
            return text


class LineFilter:
    """A filter that works line by line: it gets the line that is not finished yet, and what is new.

    Args:
        function: accepts its own output; finished lines come once.
        then: the stage after it.
        log: is told when the filter fails.
    """

    def __init__(self, function: Callable[[str], str], then: Terminal | Verbatim, log: Logger) -> None:
        self._filter = _Guarded(function, log)
        self._then = then
        self._new: list[str] = []
        self._many = 0
        self._line = ""
        self._shown = ""

    def feed(self, text: str) -> None:
        """Take in text."""
        self._new.append(text)
        self._many += len(text)
        if self._many > _ROUND:
            self.settle()

    def settle(self, final: bool = False) -> None:
        """Filter what is new, and pass on the lines that are finished."""
        if self._new:
            text = self._filter(self._line + "".join(self._new))
            self._new, self._many = [], 0
            end = text.rfind("\n") + 1
            self._then.feed(text[:end])
            self._line = text[end:]
        if final:
            self._then.feed(self._line)
            self._line = ""
            self._then.settle(final)

    def take(self) -> str:
        """The finished lines that cannot change any more."""
        done = self._then.take()
        # The unfinished line is tried on a copy: the filter has the last word on it.
        trial = self._then.copy()
        trial.feed(self._line)
        self._shown = trial.take() + trial.tail()
        return done

    def tail(self) -> str:
        """Lines that may change, and the one that is not finished."""
        return self._shown


class TextFilter:
    """A filter that gets everything each time: its own last result, and what is new.

    Args:
        function: accepts its own output.
        fold: whether the result is then shown as a terminal would.
        log: is told when the filter fails.
    """

    def __init__(self, function: Callable[[str], str], fold: bool, log: Logger) -> None:
        self._filter = _Guarded(function, log)
        self._fold = fold
        self._new: list[str] = []
        self._text = ""
        self._shown = ""

    def feed(self, text: str) -> None:
        """Take in text."""
        self._new.append(text)

    def settle(self, final: bool = False) -> None:
        """Filter everything if there is something new."""
        if not self._new and not final:
            return
        self._text = self._filter(self._text + "".join(self._new))
        self._new = []
        if self._fold and any(sign in self._text for sign in "\r\b\x1b"):
            terminal = Terminal()
            terminal.feed(self._text)
            terminal.settle(final)
            self._shown = terminal.take() + terminal.tail()
        else:
            self._shown = self._text

    def take(self) -> str:
        """Nothing: the next round may change everything."""
        return ""

    def tail(self) -> str:
        """Everything."""
        return self._shown
