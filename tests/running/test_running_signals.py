"""Signals that end a run, those that come later, and those that are somebody else's."""

from __future__ import annotations

import faulthandler
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

import hallow
from hallow.errors import SettingError
from hallow.running.signals import Terminated, signals_interrupt
from hallow.settings import SETTINGS

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="signals of POSIX systems")


def kill(name):
    os.kill(os.getpid(), getattr(signal, name))


def handlers():
    return [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)]


@pytest.fixture(autouse=True)
def _nothing_is_left():
    before = handlers()
    yield
    assert handlers() == before


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129), ("SIGUSR1", 128 + signal.SIGUSR1)])
def test_signals_raise(name, code):
    with pytest.raises(Terminated) as caught, signals_interrupt() as watch:
        kill(name)
    assert (caught.value.code, caught.value.signal_name) == (code, name)
    assert watch.received == [name]
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.code, again.signal_name) == (code, name)


def test_later_signals_let_the_record_be_finished():
    finished = False
    with pytest.raises(Terminated) as caught, signals_interrupt() as watch:
        try:
            kill("SIGTERM")
        finally:
            kill("SIGTERM")
            kill("SIGHUP")
            finished = True
    assert finished
    assert caught.value.signal_name == "SIGTERM"
    assert watch.received == ["SIGTERM", "SIGTERM", "SIGHUP"]


def test_an_exception_that_is_kept_counts_as_being_dealt_with():
    """As the life cycle does while it tells observers, after the handler of the exception was left."""
    with signals_interrupt():
        failure = None
        try:
            kill("SIGTERM")
        except BaseException as error:
            failure = error
        kill("SIGTERM")
        assert isinstance(failure, Terminated)


def test_user_code_that_swallows_everything():
    """The next signal raises again, and nothing goes round in circles."""
    swallowed = []
    with pytest.raises(Terminated) as caught, signals_interrupt() as watch:
        for name in ("SIGTERM", "SIGTERM", "SIGHUP"):
            try:
                kill(name)
            except BaseException as error:
                swallowed.append(error.signal_name)
        kill("SIGUSR1")
    assert swallowed == ["SIGTERM", "SIGTERM", "SIGHUP"]
    assert caught.value.signal_name == "SIGUSR1"
    assert len(watch.received) == 4


def test_a_held_signal_waits_until_the_record_is_finished():
    finished = []
    with pytest.raises(Terminated) as caught, signals_interrupt() as watch:
        watch.hold()
        watch.hold()
        kill("SIGHUP")
        kill("SIGTERM")
        finished.append(watch.received)
    assert finished == [["SIGHUP", "SIGTERM"]]
    assert caught.value.signal_name == "SIGTERM"


def test_another_exception_goes_before_a_held_signal():
    with pytest.raises(ValueError, match="mine"), signals_interrupt() as watch:
        watch.hold()
        kill("SIGTERM")
        raise ValueError("mine")


def test_a_run_in_a_run_shares_the_handler():
    seen = []
    with signals_interrupt() as outer:
        with pytest.raises(Terminated), signals_interrupt() as inner:
            inner.hold()
            kill("SIGTERM")
            seen.append(inner.received)
        assert outer.received == ["SIGTERM"]
        with pytest.raises(Terminated), signals_interrupt():
            kill("SIGTERM")
        assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    assert seen == [["SIGTERM"]]


def test_a_signal_waits_for_all_that_hold_it():
    with pytest.raises(Terminated), signals_interrupt() as outer:
        outer.hold()
        with signals_interrupt() as inner:
            inner.hold()
            kill("SIGTERM")
        outer.release()
        outer._handler.raise_waiting()


def test_preemption_signals_are_chosen():
    assert SETTINGS.PREEMPTION_SIGNALS == ["SIGUSR1"]
    SETTINGS.PREEMPTION_SIGNALS = ["SIGUSR2", "SIGNOTHING", "SIGKILL"]
    with pytest.raises(Terminated), signals_interrupt():
        assert signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL
        kill("SIGUSR2")
    with signals_interrupt([]):
        assert handlers()[2:] == [signal.SIG_DFL, signal.SIG_DFL]
    with pytest.raises(Terminated), signals_interrupt(["SIGUSR1"]):
        kill("SIGUSR1")
    for wrong in ("SIGUSR1", ["USR1"], [10], None):
        with pytest.raises(SettingError, match="SIGUSR1"):
            SETTINGS.PREEMPTION_SIGNALS = wrong


def test_handlers_of_others_stay():
    called = []
    signal.signal(signal.SIGUSR1, lambda *_: called.append("mine"))
    try:
        with signals_interrupt():
            kill("SIGUSR1")
    finally:
        signal.signal(signal.SIGUSR1, signal.SIG_DFL)
    assert called == ["mine"]


def test_a_handler_that_the_run_installs_stays():
    called = []
    with signals_interrupt():
        signal.signal(signal.SIGTERM, lambda *_: called.append("mine"))
        kill("SIGTERM")
    kill("SIGTERM")
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    assert called == ["mine", "mine"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only there it can be told")
def test_handlers_below_python_stay(tmp_path):
    with (tmp_path / "trace").open("w") as file:
        faulthandler.register(signal.SIGUSR1, file=file)
        try:
            with signals_interrupt() as watch:
                kill("SIGUSR1")
        finally:
            faulthandler.unregister(signal.SIGUSR1)
    assert watch.received == []
    assert "most recent call first" in (tmp_path / "trace").read_text()


def test_nothing_outside_of_the_main_thread():
    seen = []

    def run():
        with signals_interrupt() as watch:
            watch.hold()
            seen.extend([handlers(), watch.received])
            watch.release()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [[signal.SIG_DFL] * 4, []]


def script(code):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(hallow.__file__).parents[1])},
        timeout=60,
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_children_are_ended_at_once():
    done = script(
        """
        import os, signal, time
        from hallow.running.signals import signals_interrupt
        with signals_interrupt():
            for number in (signal.SIGTERM, signal.SIGUSR1):
                child = os.fork()
                if child == 0:
                    os.kill(os.getpid(), number)
                    os._exit(7)
                print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        """
    )
    assert done.stdout == f"{-signal.SIGTERM}\n{-signal.SIGUSR1}\n", done.stderr


def test_the_exit_code_names_the_signal():
    done = script(
        """
        import os, signal
        from hallow.running.signals import signals_interrupt
        with signals_interrupt() as watch:
            watch.hold()
            os.kill(os.getpid(), signal.SIGTERM)
            print("finished")
        print("never")
        """
    )
    assert (done.returncode, done.stdout, done.stderr) == (143, "finished\n", "")
