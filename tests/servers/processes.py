"""Starts a server as a process of its own, waits until it is ready, and ends it by its process id."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

#: Seconds that a server may take to start or to stop before something is wrong with it.
PATIENCE = 30.0

# Ends the server ($2) and removes its folder ($3) when who started it is gone without having said goodbye. The pause is
# for the server, and for processes of its own that have yet to notice.
_GUARD = 'read -r goodbye || { kill -"$1" "$2"; sleep 1; rm -rf -- "$3"; }'


class ServerError(RuntimeError):
    """A server that did not start, with the last lines it wrote."""


def wait_until(condition, what: str, timeout: float = PATIENCE) -> None:
    """Ask ``condition`` until it is true.

    Args:
        condition: called without arguments, every few milliseconds.
        what: what is waited for, for the message.
        timeout: seconds until waiting ends with an AssertionError.
    """
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, f"{what}: not after {timeout} s"
        time.sleep(0.005)


def free_port() -> int:
    """A port of 127.0.0.1 on which nothing listens at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_alive(pid: int) -> bool:
    """Whether there is such a process, and it has not ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    status = Path(f"/proc/{pid}/stat")  # one that has ended stays until its parent, or else init, has asked
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")


class Process:
    """A server process, ready for connections.

    It is the leader of a process group of its own, so Ctrl-C reaches the tests and not the server. Should the tests be
    killed, a guard ends the server and removes the folder.

    Args:
        command: the program and its arguments.
        folder: existing folder; the working directory of the server, which writes to ``server.log`` there.
        ready: pattern of what it writes when it takes connections.
        env: its environment.
        owner: what makes :class:`subprocess.Popen` run it as another user, such as ``{"user": 99}``.
        stop_signal: what it takes as the request to end.
        guard_signal: what makes it end at once.

    Attributes:
        pid: its process id.
        ready: the match of ``ready``.

    Raises:
        ServerError: If it ends, or is not ready in time.
    """

    def __init__(
        self,
        command: list[str],
        folder: Path,
        ready: str,
        env: dict[str, str] | None = None,
        owner: dict[str, object] | None = None,
        stop_signal: int = signal.SIGTERM,
        guard_signal: int = signal.SIGKILL,
    ) -> None:
        self._log = folder / "server.log"
        self._stop_signal = stop_signal
        with self._log.open("ab") as log:
            self._began_at = log.tell()
            self._popen = subprocess.Popen(
                command,
                cwd=folder,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **(owner or {}),
            )
        self.pid = self._popen.pid
        self._guard = _guard(self.pid, folder, guard_signal)
        try:
            self.ready = self._until_ready(command[0], re.compile(ready))
        except BaseException:
            self.kill()
            raise

    @property
    def log(self) -> str:
        """What it has written so far."""
        with self._log.open("rb") as log:
            log.seek(self._began_at)
            return log.read().decode("utf-8", "replace")

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._popen.poll() is None

    def _ask_to_stop(self) -> None:
        """Send the signal that asks it to end, and do not wait; without effect if it has ended."""
        if self.is_running:
            self._popen.send_signal(self._stop_signal)

    def stop(self) -> None:
        """Ask it to end, and wait; without effect if it has ended."""
        self._ask_to_stop()
        try:
            self._popen.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        self._dismiss_guard()

    def kill(self) -> None:
        """End it and the processes it has started with SIGKILL; without effect if it has ended."""
        if self.is_running:
            # Those of PostgreSQL would go on for a moment, and answer.
            started = _children(self.pid)
            self._popen.kill()
            for pid in started:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self._popen.wait()
        self._dismiss_guard()

    def _until_ready(self, name: str, pattern: re.Pattern[str]) -> re.Match[str]:
        end = time.monotonic() + PATIENCE
        while True:
            running = self.is_running  # asked before the log is read, so that its last words are in it
            if found := pattern.search(self.log):
                return found
            if not running or time.monotonic() > end:
                state = "is not ready" if running else f"ended with exit code {self._popen.returncode}"
                last = "\n".join(self.log.splitlines()[-20:])
                raise ServerError(f"{name} {state}; it wrote:\n{last}")
            time.sleep(0.005)

    def _dismiss_guard(self) -> None:
        if self._guard is not None:
            self._guard.communicate(b"goodbye\n")
            self._guard = None


def _guard(pid: int, folder: Path, number: int) -> subprocess.Popen[bytes] | None:
    if os.name != "posix":
        return None
    return subprocess.Popen(
        ["/bin/sh", "-c", _GUARD, "guard", str(int(number)), str(pid), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _memory() -> str | None:
    """A folder in memory with a gigabyte to spare; None if there is none (containers often give it 64 MB)."""
    place = "/dev/shm"
    if os.path.isdir(place) and os.access(place, os.W_OK) and shutil.disk_usage(place).free >= 1 << 30:
        return place
    return None


class Server:
    """What the servers have in common: a folder, a process, a port on 127.0.0.1.

    A context manager: it starts on entry; on exit it is stopped and its folder removed.

    Args:
        in_memory: whether its folder may lie in memory, where the machine has a large enough place for that; making the
            three hundred files of an empty database is many times as fast there.

    Attributes:
        folder: its data and its log; among the system's temporary files, or in memory.
        port: where it listens, the same after :meth:`restart`; 0 before the first start.
    """

    #: Part of the name of the folder.
    kind = "server"

    def __init__(self, in_memory: bool = True) -> None:
        place = _memory() if in_memory else None
        self.folder = Path(tempfile.mkdtemp(prefix=f"hallow-{self.kind}-", dir=place))
        self.port = 0
        self._process: Process | None = None

    @property
    def pid(self) -> int:
        """The id of the running process."""
        assert self._process is not None, f"the {self.kind} server does not run"
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether its process is there."""
        return self._process is not None and self._process.is_running

    def start(self) -> None:
        """Start it, and return when it takes connections.

        Raises:
            ServerError: If it does not start.
        """
        raise NotImplementedError

    def stop(self) -> None:
        """End it in good order; its data stays until :meth:`close`."""
        if self._process is not None:
            self._process.stop()
            self._process = None

    def kill(self) -> None:
        """End it with SIGKILL; its data stays until :meth:`close`."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def restart(self) -> None:
        """Start it again with the same data on the same port; if it still runs, it is stopped first."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Stop it and remove its data."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()
