"""Doing something later, and threads that are started only when they are needed."""

import gc
import os
import threading
import time
import weakref

import pytest

from hallow.running import clock
from hallow.running.capture import get_stdcapturer
from hallow.running.clock import call_later
from hallow.running.heartbeat import IntervalTimer


def names():
    return [thread.name for thread in threading.enumerate()]


def wait_until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    return condition()


def test_alarms_ring_in_order_of_time():
    rung = []
    call_later(0.06, lambda: rung.append("late"))
    call_later(0.01, lambda: rung.append("early"))
    assert wait_until(lambda: len(rung) == 2)
    assert rung == ["early", "late"]


def test_a_cancelled_alarm_is_silent_and_holds_nothing():
    class Thing:
        def ring(self):
            rung.append(1)

    rung, thing = [], Thing()
    alarm, gone = call_later(0.02, thing.ring), weakref.ref(thing)
    alarm.cancel()
    del thing
    gc.collect()
    assert gone() is None
    later = call_later(0.05, lambda: None)
    assert wait_until(lambda: not later.pending)
    assert rung == []


def test_the_clock_ends_when_nobody_waits(monkeypatch):
    monkeypatch.setattr(clock, "_LINGER", 0.01)
    call_later(60, lambda: None).cancel()
    assert wait_until(lambda: "hallow-clock" not in names())
    rung = []
    call_later(0, lambda: rung.append(1))
    assert wait_until(lambda: rung)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_the_clock_works_in_a_forked_child():
    call_later(0.3, lambda: None)
    child = os.fork()
    if child == 0:
        rung = threading.Event()
        call_later(0.01, rung.set)
        os._exit(0 if rung.wait(10) else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_a_timer_calls_at_intervals_and_once_more():
    calls = []
    stop, timer = IntervalTimer.create(lambda: calls.append(1), 0.01)
    timer.start()
    assert wait_until(lambda: len(calls) >= 2)
    stop.set()
    timer.join(10)
    assert not timer.is_alive()
    assert len(calls) >= 3


def test_a_long_capture_is_followed_and_a_short_one_is_not(capfd, monkeypatch):
    known = set(threading.enumerate())  # a child process of an earlier test may keep a capture open

    def followers():
        return [one for one in threading.enumerate() if one.name == "hallow-capture" and one not in known]

    with capfd.disabled():
        monkeypatch.setattr("hallow.running.tap._BUSY", 60)
        with get_stdcapturer("fd")[1]():
            assert followers() == []
        monkeypatch.setattr("hallow.running.tap._BUSY", 0.001)
        with get_stdcapturer("fd")[1]():
            assert wait_until(followers)
        assert followers() == []
