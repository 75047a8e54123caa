"""What a terminal would show: carriage returns, backspaces and cursor movements carried out as text comes in.

A progress bar rewrites its line, nested ones also the lines above. :class:`Terminal` keeps the last lines open for
that; what scrolls out of them is final. So memory stays bounded and no beat looks at old text again.
"""

from __future__ import annotations

import re
from typing import TypeAlias

__all__ = ["LINES", "Terminal"]

#: How many lines at the end can still change.
LINES = 64

# A line of this many characters is final, and goes on as if it were a new one: a terminal would have wrapped it.
_WIDE = 1 << 14
# How far to the right a movement can lead in a line that is shorter; programs say 999 to find out the width.
_FAR = 1000
# Characters of escape sequences kept between two columns that are written to again.
_MARK = 4096

_MOVE = re.compile(r"\r+\n|\r|\x08+|\x1b\[([0-9;]{0,16})([ABCDGK])")
# Colours, titles and everything else that takes no room; after the escape character.
_REST = r"\[[0-?]{0,32}[ -/]{0,4}[@-~]|\][^\x07\x1b\r\n\x08]{0,2048}(?:\x07|\x1b\\)|[ -/]{0,4}[0-Z\\^-~]"
_SEQUENCE = re.compile(rf"(\x1b(?:{_REST}))")
# An escape character that begins none; without it, text means the same wherever it is cut.
_LONE = re.compile(rf"\x1b(?!{_REST})")
_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]{0,32}[ -/]{0,4}|\][^\x07\x1b\r\n\x08]{0,2048}\x1b?|[ -/]{0,4})?\Z")
_LONGEST = 2100  # characters of an unfinished sequence


class _Cells:
    """A line with escape sequences: its characters, and the sequences by the column that they stand before."""

    __slots__ = ("chars", "marks")

    def __init__(self, chars: str = "", marks: dict[int, str] | None = None) -> None:
        self.chars = chars
        self.marks = {} if marks is None else marks

    def __str__(self) -> str:
        pieces: list[str] = []
        done = 0
        for column in sorted(self.marks):
            pieces += (self.chars[done:column], self.marks[column])
            done = column
        return "".join(pieces) + self.chars[done:]

    def __len__(self) -> int:
        return len(self.chars) + sum(map(len, self.marks.values()))

    def append(self, text: str) -> None:
        """Add text that may hold sequences."""
        for number, piece in enumerate(_SEQUENCE.split(text)):
            if number % 2:
                column = len(self.chars)
                self.marks[column] = self.marks.get(column, "") + piece
            else:
                self.chars += piece

    def copy(self) -> _Cells:
        """One that changes on its own."""
        return _Cells(self.chars, dict(self.marks))


# Text with sequences stays text until somebody wants to write into the middle of it.
_Line: TypeAlias = "str | _Cells"


class Terminal:
    r"""Folds text that arrives in any pieces.

    ``\r``, ``\b`` and the sequences for cursor up, down, left, right, to a column (CSI A, B, D, C, G) and for
    erasing in a line (CSI K) are carried out; other sequences are kept and take no room, an escape character that
    begins no sequence is dropped. Every character counts as one column. The result does not depend on how the text
    was cut into pieces.
    """

    def __init__(self) -> None:
        self._lines: list[_Line] = [""]
        self._row = 0
        # None: at the end of a line, where nothing was written before.
        self._column: int | None = None
        # Whether the next sequence takes the place of one that was there before.
        self._fresh = False
        self._held = ""
        self._final: list[str] = []

    def feed(self, text: str) -> None:
        """Take in text."""
        text = self._held + text
        self._held = ""
        begin = max(0, len(text) - _LONGEST)
        if "\x1b" in text[begin:]:
            unfinished = _UNFINISHED.search(text, begin)
            if unfinished is not None:
                self._held = text[unfinished.start() :]
                text = text[: unfinished.start()]
        if "\x1b" in text:
            text = _LONE.sub("", text)
        if "\r" not in text and "\b" not in text and "\x1b" not in text:
            self._write(text)  # a look at every character by the expression below would cost ten times as much
            return
        done = 0
        for found in _MOVE.finditer(text):
            self._write(text[done : found.start()])
            self._move(found)
            done = found.end()
        self._write(text[done:])

    def settle(self, final: bool = False) -> None:
        """Nothing waits here but, until ``final``, a sequence that was cut off."""
        if final and self._held:
            held, self._held = self._held, ""
            self._write(_LONE.sub("", held))

    def take(self) -> str:
        """The text that became final since the last call."""
        final, self._final = "".join(self._final), []
        return final

    def tail(self) -> str:
        """The text after that, which may still change."""
        return "\n".join(map(str, self._lines))

    def copy(self) -> Terminal:
        """One that goes on from here on its own."""
        other = Terminal()
        other._lines = [line if isinstance(line, str) else line.copy() for line in self._lines]
        other._row, other._column, other._fresh = self._row, self._column, self._fresh
        other._held, other._final = self._held, list(self._final)
        return other

    # ------------------------------------------------------------------------------------------- writing

    def _write(self, run: str) -> None:
        """Write text without movements."""
        while run:
            if self._column is None and self._row == len(self._lines) - 1:
                self._append(run)
                return
            line, newline, run = run.partition("\n")
            if line:
                self._put(line)
            if newline:
                self._newline()

    def _append(self, run: str) -> None:
        """Write at the very end; whole lines that scroll out at once are not looked at."""
        first, *others = run.rsplit("\n", LINES)
        last = self._lines[-1]
        if isinstance(last, str):
            self._lines[-1] = last + first
        elif others:
            # What follows a line break belongs to other lines.
            head, newline, rest = first.partition("\n")
            last.append(head)
            self._lines[-1:] = [str(last) + newline + rest] if newline else [last]
        else:
            last.append(first)
        self._lines += others
        self._row = len(self._lines) - 1
        self._scroll()
        for row in range(len(self._lines) - 1, max(-1, len(self._lines) - 2 - len(others)), -1):
            if len(self._lines[row]) >= _WIDE:
                self._wrap(row)
                break

    def _put(self, text: str) -> None:
        """Write text without line breaks at the cursor."""
        line = self._lines[self._row]
        column = self._column
        if column is None:
            if isinstance(line, str):
                self._lines[self._row] = line + text
            else:
                line.append(text)
        elif isinstance(line, str) and "\x1b" not in line and "\x1b" not in text:
            end = column + len(text)
            self._lines[self._row] = line[:column].ljust(column) + text + line[end:]
            self._column = None if end > len(line) else end
            self._fresh = True
        else:
            self._overwrite(self._cells(), text, column)
        if self._column is None and len(self._lines[self._row]) >= _WIDE:
            self._wrap(self._row)

    def _overwrite(self, cells: _Cells, text: str, column: int) -> None:
        # A colour belongs to the columns between it and the next: one that comes again replaces the one that was
        # there. Otherwise each state of a coloured bar would leave its colours behind.
        width = len(cells.chars)
        marks = cells.marks
        for number, piece in enumerate(_SEQUENCE.split(text)):
            if not piece:
                continue
            cells.chars = cells.chars.ljust(column)
            if number % 2:
                mark = "" if self._fresh else marks.get(column, "")
                if column > width or len(mark) + len(piece) <= _MARK:
                    marks[column] = mark + piece
                self._fresh = False
            else:
                cells.chars = cells.chars[:column] + piece + cells.chars[column + len(piece) :]
                column += len(piece)
                self._fresh = True
        self._column = None if column > width else column

    def _cells(self) -> _Cells:
        """The line of the cursor, taken apart."""
        line = self._lines[self._row]
        if isinstance(line, str):
            cells = _Cells()
            cells.append(line)
            self._lines[self._row] = line = cells
        return line

    def _width(self) -> int:
        line = self._lines[self._row]
        if isinstance(line, str) and "\x1b" not in line:
            return len(line)
        return len(self._cells().chars)

    # ---------------------------------------------------------------------------------------------- lines

    def _newline(self) -> None:
        self._row += 1
        if self._row == len(self._lines):
            self._lines.append("")
            self._column = None
            self._scroll()
        else:
            self._column, self._fresh = 0, True

    def _scroll(self) -> None:
        surplus = len(self._lines) - LINES
        if surplus > 0:
            self._final += [f"{line}\n" for line in self._lines[:surplus]]
            del self._lines[:surplus]
            self._row -= surplus

    def _wrap(self, row: int) -> None:
        """Make a line final that became too long, and with it all above."""
        text = str(self._lines[row])
        cut = len(text) // _WIDE * _WIDE
        self._final += [f"{line}\n" for line in self._lines[:row]]
        self._final.append(text[:cut])
        self._lines[: row + 1] = [text[cut:]]
        self._row -= row

    # ---------------------------------------------------------------------------------------- movements

    def _move(self, found: re.Match[str]) -> None:
        parameters, letter = found.groups()
        if letter is None:
            self._control(found[0])
            return
        first = parameters.split(";")[0]
        if letter == "K":
            self._erase(int(first or 0))
            return
        column = self._width() if self._column is None else self._column
        count = max(1, int(first or 1))
        if letter == "A":
            self._row = max(0, self._row - count)
        elif letter == "B":
            self._row = min(len(self._lines) - 1, self._row + count)
        elif letter == "D":
            column = max(0, column - count)
        else:
            target = column + count if letter == "C" else count - 1
            column = min(target, max(_FAR, self._width()))
        self._column, self._fresh = column, True

    def _control(self, text: str) -> None:
        if text[-1] == "\n":
            self._newline()
            return
        if text == "\r":
            self._column = 0
        else:
            column = self._width() if self._column is None else self._column
            self._column = max(0, column - len(text))
        self._fresh = True

    def _erase(self, part: int) -> None:
        """CSI K: 0 to the end of the line, 1 up to the cursor, 2 all."""
        if part == 0 and self._column is None:
            return
        column = self._column = self._width() if self._column is None else self._column
        if part == 2:
            self._lines[self._row] = ""
            return
        cells = self._cells()
        if part == 0:
            cells.chars = cells.chars[:column]
            kept = {at: mark for at, mark in cells.marks.items() if at <= column}
        elif part == 1:
            cells.chars = " " * min(column + 1, len(cells.chars)) + cells.chars[column + 1 :]
            kept = {at: mark for at, mark in cells.marks.items() if at > column}
        else:
            return
        cells.marks = kept
        if not kept:
            self._lines[self._row] = cells.chars
