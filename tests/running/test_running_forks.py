"""What a forked child lets go of, and what is noted when a process leaves by ``os._exit``."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import hallow
from hallow.running import forks
from hallow.running.forks import exits_noted, track, untrack, watch_forks

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork"),
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]


class Log:
    def __init__(self):
        self.process = os.getpid()

    def detach(self):
        self.process = None


class Broken:
    def detach(self):
        raise ValueError


def in_child(look):
    """What ``look()`` returns in a forked child, as a number."""
    watch_forks()
    child = os.fork()
    if child == 0:
        os._exit(int(look()))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_what_is_tracked_is_detached_in_a_child():
    broken, log, other, gone = Broken(), Log(), Log(), Log()
    for item in (broken, log, other, gone):
        track(item)
    untrack(other)
    del gone
    gc.collect()
    assert in_child(lambda: (log.process is None) + 2 * (other.process is None)) == 1
    assert log.process == os.getpid()
    watch_forks()
    watch_forks()


def test_nothing_is_detached_in_other_programs():
    log = Log()
    track(log)
    assert subprocess.run([sys.executable, "-c", "pass"], check=False).returncode == 0
    assert log.process == os.getpid()


def script(code):
    return subprocess.run(
        [sys.executable, "-c", "import os, threading\nfrom hallow.running.forks import exits_noted\n" + code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(hallow.__file__).parents[1])},
        timeout=60,
    )


def test_exits_are_noted():
    done = script(
        """
def failing(code):
    raise ValueError(code)

with exits_noted(lambda code: print("first", code, flush=True)):
    with exits_noted(failing), exits_noted(lambda code: print("second", code, flush=True)):
        os._exit(3)
"""
    )
    assert (done.returncode, done.stdout, done.stderr) == (3, "first 3\nsecond 3\n", "")


def test_exits_in_threads_and_by_keyword_are_noted():
    done = script(
        """
with exits_noted(lambda code: print("note", code, flush=True)):
    thread = threading.Thread(target=lambda: os._exit(status=4))
    thread.start()
    thread.join()
"""
    )
    assert (done.returncode, done.stdout) == (4, "note 4\n")


def test_exits_of_children_are_not_noted():
    done = script(
        """
import multiprocessing, warnings
warnings.simplefilter("ignore")
with exits_noted(lambda code: print("note", code, flush=True)):
    child = os.fork()
    if child == 0:
        os._exit(5)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    process = multiprocessing.get_context("fork").Process(target=print, args=("child",))
    process.start()
    process.join()
    child = os.fork()
    if child == 0:
        with exits_noted(lambda code: print("own", code, flush=True)):
            os._exit(6)
    os.waitpid(child, 0)
"""
    )
    assert (done.stdout, done.stderr) == ("5\nchild\nown 6\n", "")


def test_the_function_is_put_back(monkeypatch):
    original = os._exit
    with exits_noted(print):
        assert os._exit is not original
        with exits_noted(print):
            pass
        assert os._exit is not original
    assert os._exit is original

    def theirs(code):
        raise AssertionError

    with exits_noted(print):
        os._exit = theirs
    assert os._exit is theirs
    os._exit = original
    forks._Exit.wrapped = False


def test_runs_in_threads_share_the_wrapper():
    original = os._exit
    inside, leave = threading.Event(), threading.Event()

    def run():
        with exits_noted(print):
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=run)
    with exits_noted(print):
        thread.start()
        inside.wait(10)
    assert os._exit is not original
    leave.set()
    thread.join()
    assert os._exit is original


def test_something_that_is_no_exit_code():
    with exits_noted(print), pytest.raises(TypeError):
        os._exit("text")
