"""A start in a git repository of 5,000 files, one of which has changed."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rows.table import Row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rows.turn import Turn

START = "hello world in a git repository of 5,000 files, whole process"
ROWS = [
    Row(
        START,
        floor="the bare interpreter, and git status",
        buys="Besides hello world: the commit, whether anything differs from it, and the difference itself, so that "
        "the code that ran can be put together again.",
    )
]
MOST_TURNS = 5
LIBS = ("bare", "sacred", "hallow")
ENVIRONMENT = "main"

HELLO = """
    from {lib} import Experiment
    from {lib}.observers import FileStorageObserver

    ex = Experiment("bench")
    ex.observers.append(FileStorageObserver({store!r}))

    @ex.config
    def cfg():
        a = 1

    @ex.automain
    def main(a):
        print("hello world", a)
"""

BARE = """
    import subprocess

    subprocess.run(["git", "status", "--porcelain"], check=True)
    print("hello world", 1)
"""


@contextmanager
def setting(python: str, folder: Path, quick: bool) -> Iterator[Path]:  # noqa: ARG001 - as every setting
    """The repository; scripts are run in it, whose main script is no different from the rest."""
    home = folder / "repository"
    for number in range(50 if quick else 5000):
        path = home / f"package{number // 100}" / f"module{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"number = {number}\n" * 20, encoding="utf-8")
    (home / "script.py").write_text("", encoding="utf-8")
    _git(home, "init", "--quiet")
    _git(home, "remote", "add", "origin", "https://example.org/bench.git")
    _git(home, "add", "--all")
    _git(home, "-c", "user.name=bench", "-c", "user.email=bench@example.org", "commit", "--quiet", "-m", "all")
    (home / "package0" / "module0.py").write_text("number = 1\n", encoding="utf-8")
    yield home


def _git(home: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=home, check=True)


def measure(turn: Turn) -> dict[str, float]:
    code = BARE if turn.lib == "bare" else HELLO.format(lib=turn.lib, store=turn.store)
    return {START: turn.process(code, at=turn.given)}
