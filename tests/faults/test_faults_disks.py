"""A disk that is full."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from faults.records import Stored, check_lines, check_points, damage, kept_lines, runs

#: What the system says.
_FULL = re.compile(r"^(?!\s).*(?:No space left on device|File too large|Disk quota exceeded).*$", re.MULTILINE)


@pytest.fixture
def small_disk(stage):
    """``small_disk(size)`` puts the store on a disk of so many MiB, or skips."""
    stage.store.mkdir()

    def mount(size: int) -> Path:
        words = ["mount", "-t", "tmpfs", "-o", f"size={size}m", "hallow-faults", stage.store]
        if subprocess.run(words, capture_output=True).returncode:
            pytest.skip("no right to mount a small disk")
        return stage.store

    yield mount
    stage.close()
    if stage.store.is_mount():
        subprocess.run(["umount", "--lazy", stage.store], check=True)


def _first_run(stage) -> tuple[Stored, dict]:
    """A run that is stored before anything happens, and the content of its files."""
    first = stage.run("disk.py")
    assert first.code == 0, first
    (run,) = runs(stage.store)
    assert run.status == "COMPLETED"
    return run, _content(run)


def _content(run: Stored) -> dict:
    return {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()}


def _check_went_on(ended, count: int) -> None:
    """The run came to its end, all it printed is on the terminal, and there were few, clear words."""
    assert ended.code == 0, ended
    check_lines(ended.out.decode(), count, count)
    words = _FULL.findall(ended.err)
    assert words, f"no word about the disk: {ended}"
    assert len(ended.err.splitlines()) < 200, f"{len(ended.err.splitlines())} lines on stderr"
    # One for each thing that fails the first time, with its exception; not one for each beat, of which there are dozens.
    assert len(words) <= 20, ended


def _undamaged(stage, first: Stored, before: dict) -> Stored:
    """Nothing that was stored earlier has changed, and all that there is can be read; gives the second run."""
    assert _content(first) == before
    assert damage(stage.store) == []
    return runs(stage.store)[1]


@pytest.mark.fault("disk full", "few clear words, run goes on and ends, files parse, nothing stored damaged")
def test_disk_full(stage, small_disk, saw):
    disk = small_disk(6)
    first, before = _first_run(stage)
    count = 120_000
    ended = stage.run("disk.py", "-b", "0.05", "with", f"count={count}", stdout="pipe")
    _check_went_on(ended, count)
    second = _undamaged(stage, first, before)
    subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
    recovered = stage.recover()
    assert recovered.code == 0, recovered
    _undamaged(stage, first, before)
    assert second.status == "COMPLETED"
    kept = check_points(second, 10_000, count)
    saw(f"{kept:,} of {count:,} points, {kept_lines(second.output):,} lines after room was made")


@pytest.mark.fault("disk full for a while", "every point is stored in the end")
def test_disk_full_for_a_while(stage, small_disk, saw):
    disk = small_disk(64)
    _first_run(stage)
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        free = os.statvfs(disk)
        file.write(bytes(free.f_bavail * free.f_frsize - 200_000))
    words = ("with", "count=60000", "free_at=50000", f"ballast={ballast}")
    ended = stage.run("disk.py", "-b", "0.05", *words, stdout="pipe")
    _check_went_on(ended, 60_000)
    second = runs(stage.store)[1]
    assert damage(stage.store) == []
    assert second.status == "COMPLETED"
    check_points(second, 60_000, 60_000)
    saw(f"{kept_lines(second.output):,} of 60,000 lines")


@pytest.mark.fault("files may not grow (RLIMIT_FSIZE)", "few clear words, run goes on and ends, nothing stored damaged")
def test_file_size_limit(stage, saw):
    first, before = _first_run(stage)
    count = 80_000
    words = ("with", f"count={count}", f"limit={3 << 19}")
    ended = stage.run("disk.py", "-b", "0.05", *words, stdout="pipe")
    _check_went_on(ended, count)
    second = _undamaged(stage, first, before)
    recovered = stage.recover()
    assert recovered.code == 0, recovered
    _undamaged(stage, first, before)
    assert second.status == "COMPLETED"
    kept = check_points(second, 30_000, count)
    saw(f"{kept:,} of {count:,} points, {kept_lines(second.output):,} lines")
