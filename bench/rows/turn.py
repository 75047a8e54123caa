"""One turn of one library: scripts that it runs."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import textwrap
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PATIENCE = 900  # seconds for one script

EXPERIMENT = """
    from {lib} import Experiment
    from {lib}.observers import FileStorageObserver

    ex = Experiment("bench", save_git_info=False)
"""

# What scripts use to take times and to say what they found; `quiet` are options for ex.run.
TOOLS = """
    import json, sys, time

    quiet = {{"--loglevel": "ERROR"}}

    def timed(function, *args):
        start = time.perf_counter()
        function(*args)
        return time.perf_counter() - start

    def each(function, count):
        start = time.perf_counter()
        for _ in range(count):
            function()
        return (time.perf_counter() - start) / count

    def status(key):
        # Not ru_maxrss, in which a process begins with the figure of its parent.
        with open("/proc/self/status", encoding="ascii") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith(key))

    def found(**figures):
        print("FOUND " + json.dumps(figures), file=sys.stderr)
"""

# A script that records what it does.
RECORDED = (
    EXPERIMENT
    + TOOLS
    + """
    ex.observers.append(FileStorageObserver({store!r}))
"""
)

# A script that runs an experiment of a few entries again and again, without a log.
REPEATED = (
    RECORDED
    + """
    import logging

    logging.getLogger().addHandler(logging.NullHandler())

    @ex.config
    def cfg():
        a = 1
        b = 2.0
        c = "three"
"""
)

# The floor of a run with a file store.
FILES = """
    import os

    def files():
        global number
        number += 1
        folder = f"{store}/{{number}}"
        os.makedirs(folder)
        for name in ("run.json", "config.json", "cout.txt", "metrics.json"):
            with open(f"{{folder}}/{{name}}", "w", encoding="utf-8") as file:
                file.write('{{"a": 1, "b": 2.0, "c": "three"}}')

    number = 0
"""


class TurnError(Exception):
    """A script of one library has failed."""


@dataclass
class Turn:
    """One library doing one kind of work once.

    Attributes:
        python: its interpreter.
        lib: ``"bare"`` for the floor, ``"sacred"``, ``"hallow"``, or another library.
        folder: belongs to this turn alone.
        quick: do less than the rows say.
        given: what the ``setting`` of the kind has prepared for all turns.
        environ: further variables for scripts.
        notes: what could not be measured, and why.
    """

    python: str
    lib: str
    folder: Path
    quick: bool
    given: Any = None
    environ: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Say below the table what could not be measured."""
        self.notes.append(text)

    @property
    def store(self) -> str:
        """A folder for a file store; not the same one for two rows."""
        return str(self.folder / f"runs{time.monotonic_ns()}")

    def process(self, code: str, at: Path | None = None) -> float:
        """Seconds of a whole process; ``at`` is the folder of the script if it is not that of the turn."""
        return self.timed(lambda: self._run(code, at))

    def timed(self, function: Callable[[], object]) -> float:
        """Seconds that a call takes."""
        start = time.perf_counter()
        function()
        return time.perf_counter() - start

    def measured(self, code: str, on_terminal: bool = False) -> dict[str, Any]:
        """Figures that a script measures itself: a line ``FOUND {...}`` on stderr."""
        lines = [line for line in self._run(code, on_terminal=on_terminal).splitlines() if line.startswith("FOUND ")]
        if not lines:
            raise TurnError(f"{self.lib} has measured nothing")
        return dict(json.loads(lines[0].removeprefix("FOUND ")))

    def script(self, code: str, at: Path | None = None) -> Path:
        """Write a script."""
        path = (at or self.folder) / "script.py"
        path.write_text(textwrap.dedent(code), encoding="utf-8")
        return path

    def environment(self) -> dict[str, str]:
        """The environment of a script: state and home of every library are in the folder of the turn."""
        own = {
            "HALLOW_STATE_DIR": str(self.folder / "state"),
            "HOME": str(self.folder),
            "PYTHONPATH": "",
            "PYTHONUNBUFFERED": "",
        }
        return {**os.environ, **own, **self.environ}

    def _run(self, code: str, at: Path | None = None, on_terminal: bool = False) -> str:
        """Run a script with stdout to a file or to a terminal; what it wrote to stderr."""
        script = self.script(code, at)
        err = self.folder / "err"
        stdout_of = _terminal() if on_terminal else (self.folder / "out").open("wb")
        with stdout_of as stdout, err.open("wb") as stderr:
            process = subprocess.Popen(
                [self.python, script],
                cwd=script.parent,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
            )
            code = self._ended(process)
        text = err.read_text(encoding="utf-8", errors="replace")
        if code:
            raise TurnError(f"{script} failed with {self.lib}:\n{text[-3000:]}")
        return text

    def _ended(self, process: subprocess.Popen[bytes]) -> int:
        """Wait for the end of a script; its exit code."""
        # Not wait(timeout), which looks for the end at growing intervals, of up to 50 ms.
        overdue = threading.Event()
        watch = threading.Timer(_PATIENCE, lambda: (overdue.set(), process.kill()))
        watch.start()
        try:
            code = process.wait()
        finally:
            watch.cancel()
            process.kill()  # unless it has ended
        if overdue.is_set():
            raise TurnError(f"{self.lib} has not ended after {_PATIENCE} seconds")
        return code


@contextmanager
def _terminal() -> Iterator[int]:
    """A terminal, whatever is shown there being read at once."""
    shown, terminal = pty.openpty()
    reader = threading.Thread(target=_read, args=(shown,))
    reader.start()
    try:
        yield terminal
    finally:
        os.close(terminal)
        reader.join()
        os.close(shown)


def _read(shown: int) -> None:
    with suppress(OSError):  # nobody has the terminal open any more
        while os.read(shown, 1 << 16):
            pass
