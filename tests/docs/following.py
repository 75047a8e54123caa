"""Follow a page as its reader would: write its files, run its Python and its commands, compare what they print.

How blocks of a page are marked:

- a block with a title (``python title="train.py"``) is a file, and is written;
- ``python`` is run, all blocks of a page in one namespace; the ``text`` block behind it is what it prints;
- ``console`` is run by a shell: a line with ``$ `` is a command, the others are what it prints on both streams;
- ``text`` below ``<!-- files -->`` lists paths, one in the beginning of each line, that are there now;
- a block below ``<!-- not run: REASON -->`` is only shown.

In what is printed, ``...`` stands for anything within the line, and alone in a line for any lines; ``0:00:00`` may be some
seconds on a busy machine. Any other block is an error, and so is a page that does not show what its code prints.

As a program it follows one page in the present folder: ``following.py PAGE '{"shown": "meant"}'``.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tempfile
import textwrap
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r'(?P<indent> *)```(?P<language>[a-z]*)(?: +title="(?P<title>[^"]+)")?(?: .*)?')
NOT_RUN = re.compile(r"<!-- not run: \S.* -->")
FILES = "<!-- files -->"


@dataclass
class Block:
    """A fenced block; ``line`` is that of its fence, ``above`` the text of the line before it."""

    language: str
    title: str | None
    code: str
    line: int
    above: str

    @property
    def is_left_out(self):
        return NOT_RUN.fullmatch(self.above) is not None

    @property
    def is_accounted_for(self):
        return self.is_left_out or self.title is not None or self.language in ("python", "console", "text")


class Mismatch(AssertionError):
    """The page shows something else than what happens."""


def blocks(page):
    """The fenced blocks of a page."""
    found, lines = [], page.read_text(encoding="utf-8").splitlines()
    start = opening = None
    for number, line in enumerate(lines):
        fence = FENCE.fullmatch(line)
        if fence is None:
            continue
        if opening is None:
            start, opening = number, fence
        else:
            code = textwrap.dedent("\n".join(lines[start + 1 : number])) + "\n"
            above = lines[start - 1].strip() if start else ""
            found.append(Block(opening["language"], opening["title"], code, start + 1, above))
            opening = None
    assert opening is None, f"{page.name}: the block in line {start + 1} does not end"
    return found


def pattern(shown):
    """What matches the lines that a page shows."""
    parts = []
    for line in shown:
        if line.strip() == "...":
            parts.append(r"(?:[^\n]*\n)*?")
        else:
            # Blanks beside it may be more or fewer: what stands for a number may be of another width.
            fixed = [re.escape(part) for part in re.split(r" *\.\.\. *", line.rstrip())]
            parts.append("[^\n]*?".join(fixed).replace("0:00:00", r"0:00:\d\d") + r" *\n")
    return "".join(parts)


def compare(where, shown, printed):
    """Raise :class:`Mismatch` unless the text ``printed`` is what the lines ``shown`` say."""
    text = "".join(f"{line}\n" for line in printed.splitlines())
    if not re.fullmatch(pattern(shown), text):
        expected = "".join(f"{line}\n" for line in shown)
        raise Mismatch(f"{where}: the page shows\n{expected}but this is printed:\n{text}")


class Follower:
    """One reader of one page.

    Args:
        page: the Markdown file.
        meant: what to take in place of what the page shows, such as the address of a server.
    """

    def __init__(self, page, meant):
        self.page = page
        self.meant = meant
        self.blocks = blocks(page)
        self.python = [b for b in self.blocks if b.language == "python" and not b.is_left_out and not b.title]
        self.shown = Path.cwd() / f"{page.stem}.py"
        self.namespace = {"__name__": f"docs_{page.stem}", "__file__": str(self.shown)}
        self.printed = ""
        self.printed_by = None

    def follow(self):
        """Do everything that the page says, in order."""
        if self.python:
            self._write_python()
        for block in self.blocks:
            if not block.is_left_out:
                self._do(block)
        self._nothing_left()

    def _do(self, block):
        is_listing = block.above == FILES
        if block.title or is_listing or block.language != "text":
            self._nothing_left()
        if block.title:
            Path(block.title).parent.mkdir(parents=True, exist_ok=True)
            Path(block.title).write_text(self._real(block.code), encoding="utf-8")
        elif is_listing:
            self._check_files(block)
        elif block.language == "python":
            self._run_python(block)
        elif block.language == "console":
            self._run_commands(block)
        elif block.language == "text":
            compare(self._place(block), self._real(block.code).splitlines(), self.printed)
            self.printed = ""
        else:
            raise Mismatch(f"{self._place(block)}: nobody knows what this block is; see tests/docs/following.py")

    def _place(self, block):
        return f"{self.page.name}, line {block.line}"

    def _real(self, text):
        for shown, meant in self.meant.items():
            text = text.replace(shown, meant)
        return text

    def _nothing_left(self):
        if self.printed:
            raise Mismatch(f"{self._place(self.printed_by)}: this prints what the page does not show:\n{self.printed}")

    def _check_files(self, block):
        missing = [line.split()[0] for line in block.code.splitlines() if not Path(line.split()[0]).exists()]
        if missing:
            raise Mismatch(f"{self._place(block)}: these are not there: {missing}")

    def _write_python(self):
        """All code stands in one file, on the lines that it has on the page, so that scopes find their source."""
        lines = []
        for block in self.python:
            lines += [""] * (block.line - len(lines)) + self._real(block.code).splitlines()
        self.shown.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _run_python(self, block):
        tree = ast.parse("\n" * block.line + self._real(block.code))
        code = compile(tree, str(self.shown), "exec", dont_inherit=True)
        sys.stdout.flush()
        with tempfile.TemporaryFile() as file:
            terminal = os.dup(1)
            os.dup2(file.fileno(), 1)
            try:
                exec(code, self.namespace)
                sys.stdout.flush()
            finally:
                os.dup2(terminal, 1)
                os.close(terminal)
            file.seek(0)
            self.printed = file.read().decode("utf-8")
        self.printed_by = block

    def _run_commands(self, block):
        command, shown = None, []
        for line in [*self._real(block.code).splitlines(), "$ "]:
            if not line.startswith("$ "):
                shown.append(line)
                continue
            if command is not None:
                compare(f"{self._place(block)}, {command}", shown, shell(command))
            elif shown:
                raise Mismatch(f"{self._place(block)}: a block of commands begins with one")
            command, shown = line.removeprefix("$ "), []


def shell(command):
    """What a command prints on both streams, in the order of its lines."""
    programs = str(Path(sys.executable).parent)
    left_out = ("NO_COLOR", "FORCE_COLOR", "PYTHONWARNINGS", "PYTEST_ADDOPTS")
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    done = subprocess.run(
        ["bash", "-c", command],
        env={
            **environment,
            "PATH": programs + os.pathsep + os.environ["PATH"],
            "PYTHONIOENCODING": "utf-8",
            "PYTHONUNBUFFERED": "1",  # as in a terminal
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return done.stdout


if __name__ == "__main__":
    sys.path[0] = os.getcwd()  # as for a script that lies there
    try:
        Follower(Path(sys.argv[1]), json.loads(sys.argv[2])).follow()
    except Mismatch as mismatch:
        sys.exit(str(mismatch))
