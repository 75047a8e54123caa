"""Running a program and, should it die, recording why: only its parent process learns signal and exit code."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from tempfile import TemporaryDirectory
from typing import Any

from hallow.errors import UsageError
from hallow.journal.journal import Journal
from hallow.running.recovery import Recovered, recover

__all__ = ["FOLDER_VARIABLE", "watch"]

#: Names the folder in which runs of a watched program leave a note of their journals.
FOLDER_VARIABLE = "HALLOW_WATCH"
_FORWARDED = ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGINT")


def watch(command: Sequence[str]) -> tuple[int, list[Recovered]]:
    """Run a program to its end; close the records of runs that died with it, with signal and exit code.

    Signals that this process gets are handed on to the program.

    Args:
        command: the program and its arguments.

    Returns:
        Its exit code (128 + n after signal n), and what was recovered.

    Raises:
        UsageError: if it cannot be started.
    """
    with TemporaryDirectory(prefix="hallow-watch-") as folder:
        kills = _memory_kills()
        try:
            process = subprocess.Popen(list(command), env={**os.environ, FOLDER_VARIABLE: folder})  # noqa: S603 - the user's
        except OSError as error:
            raise UsageError(f"{command[0]!r} cannot be started: {error.strerror}", print_usage=False) from None
        with _forwarding(process):
            code = _waited(process)
        note = _note(code, out_of_memory=_memory_kills() > kills)
        recovered = [found for journal in _left(folder) for found in _close(journal, note)]
        return code if code >= 0 else 128 - code, recovered


@contextmanager
def _forwarding(process: subprocess.Popen[bytes]) -> Iterator[None]:
    def forward(number: int, _frame: Any) -> None:
        with suppress(ProcessLookupError):
            process.send_signal(number)

    numbers = [getattr(signal, name) for name in _FORWARDED if hasattr(signal, name)]
    before = {number: signal.signal(number, forward) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _waited(process: subprocess.Popen[bytes]) -> int:
    while True:
        with suppress(KeyboardInterrupt):
            return process.wait()


def _note(code: int, out_of_memory: bool) -> dict[str, Any]:
    if code >= 0:
        return {"event": "watched", "exit_code": code, "signal": None, "oom": False}
    return {
        "event": "watched",
        "exit_code": 128 - code,
        "signal": signal.Signals(-code).name,
        "oom": out_of_memory and -code == signal.SIGKILL,
    }


def _left(folder: str) -> Iterator[str]:
    """Journals of runs of the program that still exist."""
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            journal = file.read()
        if os.path.isdir(journal):
            yield journal


def _close(folder: str, note: dict[str, Any]) -> list[Recovered]:
    with suppress(OSError):
        Journal.open(folder).events.append(note)
    return recover(folder)


def _memory_kills() -> int:
    """How many processes of this control group the kernel has killed because memory ran out; 0 if unknown."""
    with suppress(OSError, ValueError, IndexError):
        with open("/proc/self/cgroup", encoding="ascii") as file:
            path = next(line for line in file if line.startswith("0::")).strip()[3:]
        with open(f"/sys/fs/cgroup{path}/memory.events", encoding="ascii") as file:
            return int(next(line for line in file if line.startswith("oom_kill ")).split()[1])
    return 0
