"""Runs that are killed, asked to stop, or leave without a word."""

from __future__ import annotations

import random
import signal
import time

import pytest

from faults.harness import COMMAND, side_by_side
from faults.records import Stored, check_lines, check_points, damage, only, runs


def _closed(stage, run: Stored) -> None:
    """The record of a process that is gone, after ``hallow recover``."""
    assert damage(stage.store) == []
    assert run.status == "DIED"
    assert run.run["stop_time"]
    assert run.run["stop_time"] >= run.run["start_time"]


@pytest.mark.fault("SIGKILL at a random moment", "files parse, every point and line, DIED, stop_time")
def test_sigkill_at_a_random_moment(stage, times, saw):
    chance = random.Random()

    def kill(number: int) -> tuple[int, int, float]:
        part = stage.part(number)
        actor = part.start("busy.py", "-b", "0.1", stdout=chance.choice(["file", "pipe"]))
        actor.until("points")
        time.sleep(chance.random() * 0.6)
        actor.signal(signal.SIGKILL)
        assert actor.wait().code == 137
        assert damage(part.store, torn=True) == []  # as it is, before anybody puts it right
        began = time.monotonic()
        recovered = part.recover(command=number % 2 == 0)
        took = time.monotonic() - began
        assert recovered.code == 0, recovered
        run = only(part.store)
        _closed(part, run)
        logged, printed = actor.acked("points"), actor.acked("lines")
        check_points(run, logged, logged + 1)
        check_lines(run.output, printed, logged)
        # Without a watcher nobody can know; a wrong answer would be worse than none.
        assert run.ending.get("signal") in (None, "SIGKILL")
        return logged, printed, took

    found = side_by_side(kill, range(times(4, 100)))
    points, lines, seconds = zip(*found, strict=True)
    saw(f"{sum(points):,} points, {sum(lines):,} lines, none missing; recover {max(seconds):.1f} s at most")


@pytest.mark.fault("SIGKILL while a run starts", "files parse, nothing RUNNING, the next run starts")
def test_sigkill_while_a_run_starts(stage, times, saw):
    chance = random.Random()

    def kill(number: int) -> int:
        part = stage.part(number)
        actor = part.start("busy.py")
        if number % 3:  # in the first event or shortly after
            sign = "*/run.json" if number % 3 == 1 else "*"
            while not list(part.store.glob(sign)) and actor.popen.poll() is None:
                time.sleep(0.0002)
            time.sleep(chance.random() * 0.004)
        else:
            time.sleep(chance.random() * 0.3)
        actor.signal(signal.SIGKILL)
        actor.wait()
        if part.store.exists():
            recovered = part.recover()
            assert recovered.code == 0, recovered
            assert damage(part.store) == []
            assert {run.status for run in runs(part.store)} <= {"DIED"}
        known = len(runs(part.store))
        assert part.run("busy.py", "with", "count=3").code == 0
        last = runs(part.store)[-1]
        assert last.status == "COMPLETED"
        check_points(last, 3, 3)
        return known

    known = side_by_side(kill, range(times(3, 60)))
    saw(f"{sum(known)} of them had come to have a record")


@pytest.mark.fault("recover beside a run that lives", "only the dead run is closed; a second recover changes nothing")
def test_recover_leaves_the_living_alone(stage):
    dead = stage.start("busy.py", "with", "pause=0.001")
    dead.until("points", 50)
    alive = stage.start("busy.py", "with", "pause=0.001")
    alive.until("points", 50)
    dead.signal(signal.SIGKILL)
    dead.wait()
    before = {path: path.read_bytes() for path in stage.store.rglob("run.json")}
    intended = stage.recover("--dry-run", str(stage.store))
    assert intended.code == 0, intended
    assert b"1" in intended.out
    assert {path: path.read_bytes() for path in stage.store.rglob("run.json")} == before
    assert stage.recover().code == 0
    one, two = runs(stage.store)
    assert (one.status, two.status) == ("DIED", "RUNNING")
    died = one.run
    assert stage.recover().code == 0
    assert one.run == died
    alive.signal(signal.SIGTERM)
    assert alive.wait().code == 143
    assert two.status == "INTERRUPTED"
    check_points(two, alive.acked("points"))


def _interrupted(stage, number: int, code: int, name: str, seconds: float) -> tuple[float, int]:
    """Send a signal to a busy run, and check what it leaves; gives how long it took to end, and the points."""
    actor = stage.start("busy.py", "-b", "0.1")
    actor.until("points")
    time.sleep(seconds)
    actor.signal(number)
    ended = actor.wait()
    assert ended.code == code, ended
    assert ended.seconds < 2, ended
    run = only(stage.store)
    assert damage(stage.store) == []
    assert run.status == "INTERRUPTED"
    assert run.run["stop_time"]
    logged, printed = actor.acked("points"), actor.acked("lines")
    check_points(run, logged, logged + 1)
    check_lines(run.output, printed, logged)
    check_lines(ended.out.decode(), printed, logged)
    assert run.ending.get("signal") == name
    return ended.seconds, logged


@pytest.mark.fault("SIGTERM at a random moment", "INTERRUPTED, exit code 143, under 2 s, every point and line")
def test_sigterm_at_a_random_moment(stage, times, saw):
    chance = random.Random()
    # One after the other: how long the end takes is part of the promise.
    found = [
        _interrupted(stage.part(number), signal.SIGTERM, 143, "SIGTERM", chance.random() * 0.6)
        for number in range(times(2, 50))
    ]
    seconds, points = zip(*found, strict=True)
    saw(f"slowest end {max(seconds):.2f} s; {sum(points):,} points, none missing")


@pytest.mark.parametrize(("name", "code"), [("SIGHUP", 129), ("SIGUSR1", 138)])
@pytest.mark.fault("another signal", "INTERRUPTED, exit code 128+n, under 2 s, every point and line")
def test_sighup_and_sigusr1(stage, saw, name, code):
    seconds, _ = _interrupted(stage, getattr(signal, name), code, name, 0.2)
    saw(f"end after {seconds:.2f} s")


@pytest.mark.fault("SIGTERM twice", "the second one does not cost the record")
def test_sigterm_twice(stage):
    actor = stage.start("busy.py")
    actor.until("points", 1000)
    actor.signal(signal.SIGTERM)
    time.sleep(0.02)
    actor.signal(signal.SIGTERM)
    actor.wait()
    run = only(stage.store)
    assert run.status == "INTERRUPTED"
    check_points(run, actor.acked("points"))


@pytest.mark.fault("os._exit(3) in main", "DIED with exit code 3, every point and line")
def test_os_exit_in_main(stage):
    actor = stage.start("busy.py", "with", "exit_at=999")
    assert actor.wait().code == 3
    assert stage.recover().code == 0
    run = only(stage.store)
    _closed(stage, run)
    assert run.ending["exit_code"] == 3
    check_points(run, 1000, 1000)
    check_lines(run.output, 1000, 1000)


def test_recover_is_a_command(stage):
    assert COMMAND.exists(), "install the library again, this environment is older than its command"
    ended = stage.recover("--help", command=True)
    assert ended.code == 0, ended
    assert b"--dry-run" in ended.out
