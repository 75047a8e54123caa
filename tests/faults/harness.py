"""Starts scripts that something happens to, and looks at what they leave behind.

A :class:`Stage` is one place: a store, a state folder, and a copy of ``scripts/``. ``stage.start("busy.py")`` starts a
script as a process group of its own and gives an :class:`Actor`, which can be signalled at a chosen moment and waited
for. A script acknowledges what it has done in a page of memory that it shares with a file (``scripts/kit.py``): a number
is in that file as soon as it is assigned, also if the process is killed directly after. What is acknowledged must be in
the record.
"""

from __future__ import annotations

import os
import pty
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from faults.scripts.kit import PAGE, SLOTS

HERE = Path(__file__).resolve().parent
#: Whether every scenario has its full number of repetitions (`make faults`).
LONG = os.environ.get("HALLOW_FAULTS") == "long"

#: The command that an installation makes.
COMMAND = Path(sys.executable).with_name("hallow")


@dataclass
class Ended:
    """A process that has ended.

    Attributes:
        code: exit code as a shell has it: 128 + n if signal n killed the process.
        out: what it wrote to stdout (with stderr, if it was started with ``merged``).
        err: what it wrote to stderr.
        seconds: from the last signal, or else from the start, to the end.
        ended_at: when it had ended, as ``time.monotonic`` has it.
    """

    code: int
    out: bytes
    err: str
    seconds: float
    ended_at: float

    def __str__(self) -> str:
        return f"exit code {self.code} after {self.seconds:.2f} s, stderr:\n{self.err[-3000:]}"


class Actor:
    """One script, running."""

    def __init__(self, command: list[str], folder: Path, cwd: Path, env: dict[str, str], stdout: str, merged: bool):
        folder.mkdir(parents=True)
        self.folder = folder
        self._acks = folder / "acks"
        self._acks.write_bytes(bytes(PAGE))
        self._chunks: list[bytes] = []
        self._reader: threading.Thread | None = None
        self._began = time.monotonic()
        out, source = self._outlet(stdout)
        try:
            with (folder / "stderr").open("wb") as err:
                self.popen = subprocess.Popen(
                    command,
                    cwd=cwd,
                    env={**env, "FAULTS_ACKS": str(self._acks), "FAULTS_FOLDER": str(folder)},
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT if merged else err,
                    start_new_session=True,
                )
        finally:
            os.close(out)
        if source is not None:
            self._reader = threading.Thread(target=self._read, args=(source,), daemon=True)
            self._reader.start()

    def _outlet(self, kind: str) -> tuple[int, int | None]:
        """The descriptor for the script, and the one to read from."""
        if kind == "file":
            return os.open(self.folder / "stdout", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644), None
        if kind == "pipe":
            source, out = os.pipe()
        else:
            source, out = pty.openpty()
        return out, source

    def _read(self, source: int) -> None:
        try:
            while chunk := os.read(source, 1 << 16):
                self._chunks.append(chunk)
        except OSError:  # how a pseudo terminal says that nobody writes any more
            pass
        finally:
            os.close(source)

    def acked(self, slot: str) -> int:
        """The number that the script has assigned last."""
        start = 8 * SLOTS.index(slot)
        with self._acks.open("rb") as file:
            return int.from_bytes(file.read(PAGE)[start : start + 8], sys.byteorder)

    def until(self, slot: str, least: int = 1, timeout: float = 30) -> None:
        """Wait until the script has got so far."""
        end = time.monotonic() + timeout
        while self.acked(slot) < least:
            assert self.popen.poll() is None, f"ended before {slot} was {least}: {self.wait()}"
            assert time.monotonic() < end, f"{slot} was {self.acked(slot)} instead of {least} after {timeout} s"
            time.sleep(0.001)

    def signal(self, number: int) -> None:
        """Send a signal to the process, not to its children."""
        self._began = time.monotonic()
        os.kill(self.popen.pid, number)

    def wait(self, timeout: float = 60) -> Ended:
        """Wait for the end.

        Raises:
            AssertionError: if it does not come; the process is killed then.
        """
        try:
            code = self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
            raise AssertionError(f"still running after {timeout} s\n{self._err()}") from None
        ended = time.monotonic()
        if self._reader is not None:
            self._reader.join(0.5 if code < 0 else 5)  # children may hold the other end for longer
        path = self.folder / "stdout"
        out = b"".join(self._chunks) if self._reader is not None else path.read_bytes()
        return Ended(128 - code if code < 0 else code, out, self._err(), ended - self._began, ended)

    def _err(self) -> str:
        return (self.folder / "stderr").read_text(encoding="utf-8", errors="replace")

    def close(self) -> None:
        """End whatever is left of its process group."""
        try:
            os.killpg(self.popen.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        self.popen.wait()


class Stage:
    """A store, a state folder and the scripts, all below ``home``."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.store = home / "runs"
        self.state = home / "state"
        self.scripts = home / "scripts"
        shutil.copytree(HERE / "scripts", self.scripts, ignore=shutil.ignore_patterns("__pycache__"))
        self._actors: list[Actor] = []
        self._numbers = count()

    def part(self, name: object) -> Stage:
        """A further stage inside this one, for one repetition of many."""
        part = Stage(self.home / "parts" / str(name))
        part._actors = self._actors
        return part

    def environ(self, **more: str) -> dict[str, str]:
        """The environment of scripts."""
        noise = ("NO_COLOR", "FORCE_COLOR", "PYTHONUNBUFFERED")
        kept = {name: value for name, value in os.environ.items() if name not in noise}
        return {
            **kept,
            "PYTHONPATH": os.pathsep.join(filter(None, [str(self.scripts), kept.get("PYTHONPATH")])),
            "PYTHONIOENCODING": "utf-8",
            "HALLOW_STATE_DIR": str(self.state),
            "FAULTS_STORE": str(self.store),
            **more,
        }

    def start(self, script: str, *words: str, stdout: str = "file", merged: bool = False, **more: str) -> Actor:
        """Start ``scripts/<script>`` with ``words`` on its command line.

        Args:
            script: name of the file.
            words: the command line.
            stdout: where it leads: ``"file"``, ``"pipe"`` or ``"pty"``.
            merged: whether stderr leads to the same place.
            more: environment variables.
        """
        return self._start([sys.executable, str(self.scripts / script), *words], stdout, merged, more)

    def _start(self, command: list[str], stdout: str, merged: bool, more: dict[str, str]) -> Actor:
        folder = self.home / "actors" / str(next(self._numbers))
        actor = Actor(command, folder, self.scripts, self.environ(**more), stdout, merged)
        self._actors.append(actor)
        return actor

    def run(self, script: str, *words: str, timeout: float = 60, **options: str) -> Ended:
        """Start a script and wait for its end."""
        return self.start(script, *words, **options).wait(timeout)

    def recover(self, *words: str, command: bool = False, timeout: float = 120) -> Ended:
        """``hallow recover STORE``: by the command of that name if asked for and installed, or ``python -m hallow``.

        Args:
            words: what is said instead of the store.
            command: whether to use the command.
            timeout: in seconds.
        """
        return self.hallow("recover", *(words or [str(self.store)]), command=command, timeout=timeout)

    def recover_everything(self) -> Ended:
        """``hallow recover``: all journals in the state folder."""
        return self.hallow("recover")

    def hallow(self, *words: str, command: bool = False, timeout: float = 120) -> Ended:
        """The command ``hallow`` with these words."""
        start = [str(COMMAND)] if command and COMMAND.exists() else [sys.executable, "-m", "hallow"]
        return self._start([*start, *words], "file", False, {}).wait(timeout)

    def close(self) -> None:
        """End whatever still runs."""
        for actor in self._actors:
            actor.close()


def side_by_side(function, items, workers: int = 2) -> list:
    """``function`` for every item, some at a time; the first failure is raised when all are done."""
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(function, items))
