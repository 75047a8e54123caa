"""Whose a journal is, and whether that process is still there."""

from __future__ import annotations

import os
import signal
import sys
import time
from functools import cache
from typing import TYPE_CHECKING, Any
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["death_cause", "describe_owner", "is_alive"]


def describe_owner() -> dict[str, Any]:
    """What tells this process from every other one, also from a later one of the same number.

    Returns:
        ``pid``; ``start``, the kernel's start time of the process in ticks; ``host`` name; ``boot``, which changes
        when the machine starts; ``machine``, which does not; ``namespace`` of process numbers; ``started``, the
        present time in seconds since 1970. What the system does not tell is ``None``.
    """
    return {**_this_process(os.getpid()), "started": time.time()}


@cache
def _this_process(pid: int) -> dict[str, Any]:
    """What stays the same as long as the process lives; a forked child has another number."""
    return {
        "pid": pid,
        "start": _start_of(pid)[0],
        "host": _host(),
        "boot": _content("/proc/sys/kernel/random/boot_id"),
        "machine": _machine(),
        "namespace": _namespace(),
    }


def is_alive(owner: Mapping[str, Any]) -> bool | None:
    """Whether the process of :func:`describe_owner` is there; ``None`` if that cannot be told from here.

    It cannot be told of another machine, nor from within a container about a process outside it or the reverse.
    """
    boot, namespace = _content("/proc/sys/kernel/random/boot_id"), _namespace()
    if owner.get("boot") != boot:
        # Either the machine was started anew, or it is another one.
        same = owner.get("boot") and boot and (owner.get("host"), owner.get("machine")) == (_host(), _machine())
        return False if same else None
    if boot is None and owner.get("host") != _host():
        return None
    if owner.get("namespace") != namespace:
        return None
    pid = owner.get("pid")
    return _is_running(pid, owner.get("start")) if isinstance(pid, int) and pid > 0 else None


def _is_running(pid: int, start: Any) -> bool | None:
    if pid == os.getpid():
        return bool(start == _start_of(pid)[0])
    if sys.platform == "win32":
        return None  # there, asking with signal 0 would end the process
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it belongs to somebody else
        pass
    found, state = _start_of(pid)
    if state in ("Z", "X"):
        return False  # ended, but its parent has not asked for its exit code
    return found is None or start is None or bool(found == start)


def death_cause(owner: Mapping[str, Any], events: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """How a process that is gone came to its end.

    Args:
        owner: as :func:`describe_owner` gave it.
        events: of the journal. Two kinds count: ``{"event": "exit", "exit_code": 3, "how": "os._exit"}``, which the
            process leaves itself, and ``{"event": "watched", "exit_code": ..., "signal": "SIGKILL", "oom": bool}`` of
            somebody who watched it.

    Returns:
        ``exit_code`` and ``signal`` (its name), each ``None`` if not known, and ``cause``, a sentence.
    """
    notes = {event.get("event"): event for event in events}
    watched, left = notes.get("watched"), notes.get("exit")
    if watched is not None:
        return _watched(watched)
    if left is not None:
        code = left.get("exit_code")
        return _cause(code, None, f"the process ended itself by {left.get('how') or 'an exit'} with exit code {code}")
    boot = _content("/proc/sys/kernel/random/boot_id")
    if owner.get("boot") and boot and owner["boot"] != boot and owner.get("host") == _host():
        return _cause(None, None, f"the machine {owner['host']} was restarted while the run was going on")
    return _cause(
        None,
        None,
        f"the process {owner.get('pid')} on {owner.get('host')} is gone without a word: it was killed (SIGKILL, out of "
        "memory, a job's time limit), it crashed in native code, or the machine failed",
    )


def _watched(note: Mapping[str, Any]) -> dict[str, Any]:
    code, name = note.get("exit_code"), note.get("signal")
    if isinstance(name, int):
        name = _signal_name(name)
    if note.get("oom"):
        return _cause(code, name, f"the process was killed by {name or 'SIGKILL'}: it ran out of memory")
    if name:
        return _cause(code, name, f"the process was killed by {name}")
    return _cause(code, None, f"the process ended with exit code {code}, without closing the run")


def _cause(code: Any, name: str | None, text: str) -> dict[str, Any]:
    return {"exit_code": code, "signal": name, "cause": text}


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


# ------------------------------------------------------------------------------------------------ the system


def _start_of(pid: int) -> tuple[int | None, str]:
    """Start time and state letter of a process; ``(None, "")`` where the system does not tell."""
    text = _content(f"/proc/{pid}/stat")
    # The name of the program comes second, in parentheses, and may hold anything.
    fields = (text or "").rpartition(")")[2].split()
    try:
        return int(fields[19]), fields[0]
    except (IndexError, ValueError):
        return None, ""


def _host() -> str:
    return os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")


def _machine() -> str | None:
    """A digest: the number itself is not to be shown to others."""
    text = _content("/etc/machine-id")
    return f"{crc32(text.encode()):08x}" if text else None


def _namespace() -> int | None:
    try:
        return os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        return None


def _content(path: str) -> str | None:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read().decode("utf-8", "replace").strip() or None
    except OSError:
        return None
