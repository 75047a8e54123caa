"""System calls, and bytes written, as the kernel counts them: the difference between much and little of the same."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections import Counter
from functools import cache

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="counted with the help of Linux")

SCRIPT = """
    import sys

    from hallow import Experiment
    from hallow.observers import FileStorageObserver

    ex = Experiment("system", save_git_info=False)
    ex.observers.append(FileStorageObserver("runs"))
    what, times = sys.argv[1], int(sys.argv[2])

    @ex.config
    def cfg():
        count = 0

    @ex.main
    def main(count, _run):
        for number in range(count):
            if what == "log":
                _run.log_scalar("training.loss", 0.5, number)
            else:
                print("step of the training, loss 0.123456", flush=what == "flush")

    def wchar():
        with open("/proc/self/io") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("wchar"))

    def run(count=0):
        ex.run(config_updates={"count": count}, options={"--loglevel": "ERROR", "--beat-interval": 0})

    run()
    before = wchar()
    for _ in range(times if what == "run" else 1):
        run(0 if what == "run" else times)
    print(f"FOUND {wchar() - before}", file=sys.stderr)
"""
#: How often threads wait for each other is a matter of chance.
WAITING = {"futex", "clock_nanosleep", "sched_yield", "rt_sigreturn", "restart_syscall"}


@cache
def strace() -> str | None:
    """The program, if it is there and allowed to look at processes."""
    found = shutil.which("strace")
    if found and subprocess.run([found, "-o", "/dev/null", "true"], check=False, capture_output=True).returncode == 0:
        return found
    return None


@pytest.fixture
def system_calls(tmp_path):
    """``system_calls(what, count)``: how often each system call is made."""
    if strace() is None:
        pytest.skip("no strace, or it may not look at processes")

    def count(what: str, number: int) -> Counter[str]:
        trace = tmp_path / "trace"
        _run(tmp_path, [strace(), "-f", "-qq", "-c", "-o", str(trace)], what, number)
        rows = (line.split() for line in trace.read_text(encoding="utf-8").splitlines())
        found = {row[-1]: int(row[3]) for row in rows if len(row) >= 5 and row[0][0].isdigit() and row[-1] != "total"}
        return Counter({name: times for name, times in found.items() if name not in WAITING})

    return count


@pytest.fixture
def written(tmp_path):
    """``written(what, count)``: bytes that are given to the kernel to be written."""

    def count(what: str, number: int) -> Counter[str]:
        said = _run(tmp_path, [], what, number)
        return Counter(bytes=int(re.search(r"^FOUND (\d+)", said, re.MULTILINE)[1]))

    return count


def _run(folder, before, what, count) -> str:
    """What the script says on stderr; its stdout is a file."""
    script = folder / "script.py"
    script.write_text(textwrap.dedent(SCRIPT), encoding="utf-8")
    with (folder / "out").open("wb") as out:
        done = subprocess.run(
            [*before, sys.executable, str(script), what, str(count)],
            cwd=folder,
            env={**os.environ, "PYTHONUNBUFFERED": ""},
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
        )
    assert done.returncode == 0, done.stderr
    return done.stderr


def each(counted, what: str, little: int, much: int) -> Counter[str]:
    """What one more costs."""
    first, second = counted(what, little), counted(what, much)
    return Counter({name: (second[name] - first[name]) / (much - little) for name in second | first})


def test_system_calls_of_log_scalar(system_calls):
    """None: a point is in memory that the kernel writes, whatever becomes of the process."""
    assert sum(each(system_calls, "log", 1000, 11_000).values()) < 0.1


def test_system_calls_of_a_printed_line(system_calls):
    """One for each buffer of Python, as without a run; one that is flushed makes two."""
    assert sum(each(system_calls, "print", 1000, 11_000).values()) < 0.3
    flushed = each(system_calls, "flush", 1000, 3000)
    assert flushed["write"] < 1.2
    assert sum(flushed.values()) < 3


def test_system_calls_of_a_run(system_calls):
    """With a file store, in process."""
    calls = each(system_calls, "run", 5, 15)
    assert calls["fsync"] + calls["fdatasync"] == 0
    assert sum(calls.values()) < 370, calls


def test_bytes_of_a_point(written):
    """Twice in the record, as Sacred has it and in lines, and the room of 32 bytes in the journal, a megabyte at a time."""
    assert each(written, "log", 1000, 21_000)["bytes"] < 165


def test_bytes_of_a_line(written):
    """Its 36 bytes go to the journal's file for stdout, to the record, and to where stdout leads."""
    assert each(written, "print", 1000, 21_000)["bytes"] < 113
