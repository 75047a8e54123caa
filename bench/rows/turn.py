"""One turn of one library: scripts that it runs."""

from __future__ import annotations

import json
import os
import subprocess
import textwrap
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EXPERIMENT = """
    from {lib} import Experiment
    from {lib}.observers import FileStorageObserver

    ex = Experiment("bench", save_git_info=False)
"""


@dataclass
class Turn:
    """``lib`` is ``"bare"``, ``"sacred"`` or ``"hallow"``; ``folder`` belongs to this turn alone."""

    python: str
    lib: str
    folder: Path
    quick: bool

    @property
    def store(self) -> str:
        """A folder for a file store; not the same one for two rows."""
        return str(self.folder / f"runs{time.monotonic_ns()}")

    def process(self, code: str) -> float:
        """Seconds of a whole process."""
        return self.timed(lambda: self._run(code))

    def timed(self, function: Callable[[], object]) -> float:
        """Seconds that a call takes."""
        start = time.perf_counter()
        function()
        return time.perf_counter() - start

    def measured(self, code: str) -> dict[str, float]:
        """Figures that a script measures itself: a line ``FOUND {...}`` on stderr."""
        line = next(line for line in self._run(code).splitlines() if line.startswith("FOUND "))
        return dict(json.loads(line.removeprefix("FOUND ")))

    def _run(self, code: str) -> str:
        """Run a script with stdout to a file; what it wrote to stderr."""
        script, out, err = (self.folder / name for name in ("script.py", "out", "err"))
        script.write_text(textwrap.dedent(code), encoding="utf-8")
        own = {"HALLOW_STATE_DIR": str(self.folder / "state"), "PYTHONPATH": "", "PYTHONUNBUFFERED": ""}
        with out.open("wb") as stdout, err.open("wb") as stderr:
            options = {"stdout": stdout, "stderr": stderr, "cwd": self.folder, "env": {**os.environ, **own}}
            done = subprocess.run([self.python, script], check=False, **options)
        text = err.read_text(encoding="utf-8", errors="replace")
        if done.returncode:
            raise SystemExit(f"{script} failed with {self.lib}:\n{text[-3000:]}")
        return text
