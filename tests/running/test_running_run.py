"""The life of a run, as observers and users see it."""

from __future__ import annotations

import asyncio
import logging
import random
import subprocess
import sys
import threading
import time
from datetime import datetime
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

import hallow
from hallow.errors import RunInterrupt, SeedError, TimeoutInterrupt
from hallow.running import lane
from hallow.running.context import current_run
from hallow.settings import SETTINGS
from hallow.testing import RecordingObserver

EVENTS = ["started_event", "detail_event", "log_metrics", "heartbeat_event", "completed_event", "join"]


def failing(error):
    def function(*_):
        raise error

    return function


# ------------------------------------------------------------------------------------------------------- normal


def test_events_come_in_order_with_the_documented_arguments(make_run):
    observer = RecordingObserver(7)
    run = make_run(lambda: 5, observer)
    assert run() == 5
    assert observer.names == EVENTS
    started, _, metrics, beat, completed, _ = (arguments for _, arguments in observer.events)
    assert set(started) == {"ex_info", "command", "host_info", "start_time", "config", "meta_info", "_id"}
    assert started["command"] == "main"
    assert started["_id"] is None
    assert metrics == {"metrics_by_name": {}, "info": {}}
    assert set(beat) == {"info", "captured_out", "beat_time", "result"}
    assert completed == {"stop_time": run.stop_time, "result": 5}
    assert started["start_time"] <= run.stop_time <= beat["beat_time"]
    assert (run.status, run._id, run.result, run.exit_code) == ("COMPLETED", 7, 5, 0)
    assert run.start_time.tzinfo is None


def test_initial_attributes(make_run):
    run = make_run()
    for name in (
        "_id",
        "result",
        "status",
        "start_time",
        "stop_time",
        "fail_trace",
        "parent",
        "exit_code",
        "dir",
    ):
        assert getattr(run, name) is None, name
    for name in ("debug", "pdb", "unobserved", "force", "queue_only"):
        assert getattr(run, name) is False
    assert (run.info, run.meta_info, run.bindings, run.views, run.args) == ({}, {}, {}, {}, [])
    assert run.captured_out == ""
    assert run.beat_interval == 10.0
    assert run.command == "main"


def test_a_run_starts_once(make_run):
    run = make_run()
    run()
    with pytest.raises(RuntimeError, match=r"A run can only be started once. \(Last start was 20"):
        run()


def test_mocks_are_good_enough(make_run):
    observer = mock.Mock(priority=10)
    observer.started_event.return_value = None
    run = make_run(lambda: 1, observer)
    run.run_logger = mock.Mock()
    run()
    assert observer.started_event.called
    assert observer.heartbeat_event.called
    observer.completed_event.assert_called_once_with(stop_time=run.stop_time, result=1)
    assert not observer.failed_event.called
    assert observer.join.called


def test_arguments_go_to_main(make_run):
    assert make_run(lambda a, b: a + b)(1, 2) == 3


def test_hooks_surround_main(make_run):
    seen = []

    def hook(name):
        return lambda: seen.append((name, run.status, run.start_time is not None, run.stop_time))

    run = make_run(hook("main"), pre=[hook("a"), hook("b")], post=[hook("c"), hook("d")])
    run()
    assert seen == [(name, "RUNNING", True, None) for name in ["a", "b", "main", "c", "d"]]


def test_a_hook_that_raises_fails_the_run(make_run):
    observer = RecordingObserver()
    run = make_run(lambda: 1, observer, post=[failing(ValueError("post"))])
    with pytest.raises(ValueError, match="post"):
        run()
    assert run.status == "FAILED"
    assert run.result == 1
    assert observer.calls("heartbeat_event")[-1]["result"] == 1


def test_post_hooks_do_not_run_after_a_failure(make_run):
    post = mock.Mock()
    with pytest.raises(KeyError):
        make_run(failing(KeyError("x")), post=[post])()
    assert not post.called


def test_log_messages(make_run, caplog):
    caplog.set_level("DEBUG")
    make_run(lambda: 3, RecordingObserver(9))()
    messages = [(r.levelname, r.getMessage()) for r in caplog.records if r.name == "test_run.exp"]
    assert messages == [
        ("DEBUG", 'Using capture mode "sys"'),
        ("INFO", "Running command 'main'"),
        ("INFO", 'Started run with ID "9"'),
        ("DEBUG", "Starting Heartbeat"),
        ("INFO", "Result: 3"),
        ("INFO", "Completed after 0:00:00"),
        ("DEBUG", "Stopping Heartbeat"),
    ]


@pytest.mark.parametrize(
    ("error", "level", "text"),
    [
        (ValueError(), "ERROR", "Failed after 0:00:00!"),
        (KeyboardInterrupt(), "WARNING", "Aborted after 0:00:00!"),
    ],
)
def test_log_messages_of_bad_ends(make_run, caplog, error, level, text):
    with pytest.raises(type(error)):
        make_run(failing(error))()
    assert (level, text) in [(r.levelname, r.getMessage()) for r in caplog.records]


def test_the_warning_about_missing_observers(make_run, caplog):
    make_run()()
    assert caplog.text.count("No observers have been added to this run") == 1
    make_run(unobserved=True)()
    make_run(debug=True)()
    make_run(lambda: None, RecordingObserver())()
    assert caplog.text.count("No observers") == 1


def test_unobserved_runs_tell_nobody(make_run):
    observer = RecordingObserver()
    run = make_run(lambda: 1, observer, unobserved=True)
    assert run() == 1
    assert observer.names == []
    assert run.observers == []


def test_without_observers_nothing_is_captured_and_no_thread_started(make_run, monkeypatch):
    monkeypatch.setattr(threading.Thread, "start", failing(AssertionError("a thread was started")))
    run = make_run(lambda: print("x"), capture_mode=None)
    run()
    assert run.capture_mode == "no"
    assert run.captured_out == ""


def test_facts_are_not_found_for_nobody(make_run):
    run = make_run(lambda: 1)
    run.experiment_info = failing(AssertionError("asked"))
    run.host_info = failing(AssertionError("asked"))
    run.add_detail("git", failing(AssertionError("asked")))
    run()
    found = make_run(lambda: 1, RecordingObserver())
    found.experiment_info = lambda: {"name": "late", "sources": []}
    found()
    assert found.experiment_info["name"] == "late"


def test_a_queued_run_is_only_announced(make_run, caplog):
    caplog.set_level("INFO")
    observer = RecordingObserver(4)
    main = mock.Mock()
    run = make_run(main, observer, queue_only=True)
    assert run() is None
    assert not main.called
    assert observer.names == ["queued_event"]
    [queued] = observer.calls("queued_event")
    assert set(queued) == {"ex_info", "command", "host_info", "queue_time", "config", "meta_info", "_id"}
    assert (run.status, run._id) == ("QUEUED", 4)
    assert run.meta_info["queue_time"] == queued["queue_time"]
    assert "Queuing-up command 'main'" in caplog.text
    assert 'Queued-up run with ID "4"' in caplog.text


def test_an_unknown_capture_mode_is_refused_before_any_event(make_run):
    observer = RecordingObserver()
    with pytest.raises(KeyError, match="'sys'"):
        make_run(lambda: 1, observer, capture_mode="all")()
    assert observer.names == []


def test_details_follow_the_start(make_run):
    observer = RecordingObserver()

    def main():
        run.add_detail("later", {"b": 2})

    run = make_run(main, observer)
    run.add_detail("git", lambda: {"a": 1})
    run()
    assert observer.names[:4] == ["started_event", "detail_event", "detail_event", "detail_event"]
    assert [(c["name"], c["detail"]) for c in observer.calls("detail_event")[:2]] == [
        ("git", {"a": 1}),
        ("later", {"b": 2}),
    ]


def test_settings_are_those_of_the_start(make_run):
    run = make_run()
    SETTINGS.CAPTURE_MODE = "no"
    assert run.settings.CAPTURE_MODE != "no"


# ------------------------------------------------------------------------------------------------ bad endings


class Custom(RunInterrupt):
    STATUS = "CUSTOM"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (KeyboardInterrupt(), "INTERRUPTED", 130),
        (RunInterrupt(), "INTERRUPTED", 1),
        (TimeoutInterrupt(), "TIMEOUT", 1),
        (Custom(), "CUSTOM", 1),
    ],
)
def test_interrupts_decide_the_status(make_run, error, status, code):
    observer = RecordingObserver()
    run = make_run(failing(error), observer)
    with pytest.raises(type(error)):
        run()
    assert (run.status, run.exit_code, run.fail_trace) == (status, code, None)
    assert observer.calls("interrupted_event") == [{"interrupt_time": run.stop_time, "status": status}]
    assert observer.names[-3:] == ["heartbeat_event", "interrupted_event", "join"]


def test_R14_the_trace_of_an_interrupt_is_kept_beside_the_record(make_run):
    observer = RecordingObserver()
    with pytest.raises(TimeoutInterrupt):
        make_run(failing(TimeoutInterrupt("too long")), observer)()
    [detail] = observer.calls("detail_event")
    assert "too long" in detail["detail"]["trace"][-1]


def test_a_failure_keeps_its_trace(make_run):
    observer = RecordingObserver()
    run = make_run(failing(ValueError("msg")), observer)
    with pytest.raises(ValueError, match="msg"):
        run()
    assert run.status == "FAILED"
    assert run.fail_trace[0] == "Traceback (most recent call last):\n"
    assert run.fail_trace[-1] == "ValueError: msg\n"
    assert "carry_out" not in "".join(run.fail_trace)
    assert observer.calls("failed_event") == [{"fail_time": run.stop_time, "fail_trace": run.fail_trace}]


@pytest.mark.parametrize(
    ("code", "status", "exit_code"),
    [(None, "COMPLETED", 0), (0, "COMPLETED", 0), (3, "FAILED", 3), ("text", "FAILED", 1)],
)
def test_R9_exit_codes_decide_the_status(make_run, code, status, exit_code):
    observer = RecordingObserver()
    run = make_run(failing(SystemExit(code)), observer)
    with pytest.raises(SystemExit) as caught:
        run()
    assert caught.value.code == code
    assert (run.status, run.exit_code) == (status, exit_code)
    assert observer.names[-2] == f"{status.lower()}_event"


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_R2_signals_interrupt(run_record, name, code):
    done = run_record(
        f"""
        import signal
        def main():
            print("before")
            os.kill(os.getpid(), signal.{name})
            time.sleep(10)
        start(main)
        """
    )
    assert done.code == code
    assert done.record["status"] == "INTERRUPTED"
    assert done.record["exit_code"] == code
    assert done.record["beat"] == "before\nAborted after 0:00:00!\n" or done.record["beat"].startswith("before\n")


def test_R2_handlers_of_the_user_stay(run_record):
    done = run_record(
        """
        import signal
        def mine(number, frame):
            print("mine", flush=True)
        signal.signal(signal.SIGTERM, mine)
        start(lambda: os.kill(os.getpid(), signal.SIGTERM))
        assert signal.getsignal(signal.SIGTERM) is mine
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_DFL
        """
    )
    assert done.code == 0, done.err
    assert done.record["output"] == "mine\n"


def test_no_handler_is_installed_outside_of_the_main_thread(make_run):
    import signal

    seen = []
    thread = threading.Thread(target=make_run(lambda: seen.append(signal.getsignal(signal.SIGTERM))))
    thread.start()
    thread.join()
    assert seen == [signal.SIG_DFL]


def test_a_start_that_cannot_be_recorded_is_no_start(make_run):
    first, second, third = (
        RecordingObserver(1),
        RecordingObserver(fail={"started_event": OSError("full")}),
        RecordingObserver(),
    )
    main = mock.Mock()
    with pytest.raises(OSError, match="full"):
        make_run(main, first, second, third)()
    assert not main.called
    assert first.names[-2:] == ["failed_event", "join"]


def test_O2_an_observer_that_did_not_begin_is_told_nothing(make_run):
    broken, untold = RecordingObserver(fail={"started_event": OSError("id exists")}), RecordingObserver()
    with pytest.raises(OSError, match="id exists"):
        make_run(lambda: 1, broken, untold)()
    assert broken.names == ["started_event"]
    assert untold.names == []


def test_C29_a_bad_seed_is_refused_before_any_event(make_run):
    observer = RecordingObserver()
    with pytest.raises(SeedError, match="seed=-1"):
        make_run(lambda: 1, observer, seed=-1)()
    assert observer.names == []


# ------------------------------------------------------------------------------------------------- heartbeats


def test_metrics_short_run(make_run):
    def main():
        for number in range(5):
            run.log_scalar("loss", number / 10)
            print("line", number)
            time.sleep(0.01)

    records = []
    for interval in (0, 0.1, 0.012, 100, -1):
        observer = RecordingObserver()
        run = make_run(main, observer, beat_interval=interval)
        run()
        metric = observer.metrics()["loss"]
        records.append((metric["steps"], metric["values"], observer.output, observer.names[-2:]))
    assert records == [records[0]] * 5
    assert records[0][:3] == (
        [0, 1, 2, 3, 4],
        [0.0, 0.1, 0.2, 0.3, 0.4],
        "".join(f"line {number}\n" for number in range(5)),
    )


def test_R8_no_interval_still_means_one_beat(make_run):
    observer = RecordingObserver()
    make_run(lambda: None, observer, beat_interval=0)()
    assert observer.names == EVENTS


def test_beats_come_while_the_run_goes_on(make_run):
    observer = RecordingObserver()

    def main():
        run.info["a"] = 1
        run.result = "so far"
        deadline = time.monotonic() + 5
        while len(observer.calls("heartbeat_event")) < 3 and time.monotonic() < deadline:
            time.sleep(0.005)

    run = make_run(main, observer, beat_interval=0.01)
    run()
    beats = observer.calls("heartbeat_event")
    assert len(beats) > 3
    assert beats[1]["info"] == {"a": 1}
    assert beats[1]["result"] == "so far"
    times = [beat["beat_time"] for beat in beats]
    assert times == sorted(times)


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), SystemExit(2)])
def test_R3_the_last_beat_has_all_output_on_every_exit(make_run, error):
    observer = RecordingObserver()

    def main():
        print("LAST WORDS")
        raise error

    with pytest.raises(type(error)):
        make_run(main, observer)()
    assert observer.output == "LAST WORDS\n"
    assert observer.names.index("heartbeat_event") < observer.names.index("join")


def test_last_beat_order(make_run):
    observer = RecordingObserver(sleep={"heartbeat_event": 0.3})
    make_run(lambda: time.sleep(0.05), observer, beat_interval=0.01)()
    assert observer.names[-3:] == ["heartbeat_event", "completed_event", "join"]
    assert observer.names.count("completed_event") == 1
    stop, beat = observer.calls("completed_event")[0], observer.calls("heartbeat_event")[-1]
    assert beat["beat_time"] > stop["stop_time"]


def test_the_last_beat_is_an_event_of_its_own_for_those_who_have_it(make_run):
    class Ending(RecordingObserver):
        def last_beat_event(self, captured_out, result):
            self._arrived("last_beat_event", {"captured_out": captured_out, "result": result})

    class Plain:
        def __init__(self):
            self.beats = []

        def heartbeat_event(self, result):
            self.beats.append(result)

    ending, plain = Ending(), Plain()
    run = make_run(lambda: print("out") or time.sleep(0.05) or 3, ending, plain, beat_interval=0.01)
    run()
    assert ending.names.count("last_beat_event") >= 1
    assert ending.names[-3:] == ["last_beat_event", "completed_event", "join"]
    assert ending.calls("last_beat_event")[-1] == {"captured_out": "out\n", "result": 3}
    assert "last_beat_event" not in ending.names[: ending.names.index("heartbeat_event")]
    assert plain.beats[-1] == 3


def test_beats_belong_to_the_run(make_run):
    class Asking(RecordingObserver):
        def heartbeat_event(self, **arguments):
            super().heartbeat_event(**arguments)
            seen.append((current_run(), threading.current_thread().name))

    seen = []
    other = make_run(lambda: inner())
    inner = make_run(lambda: time.sleep(0.05), Asking(), beat_interval=0.01)
    other()
    assert len(seen) > 1
    assert set(seen) == {(inner, "hallow-delivery")}


def test_R10_an_observer_that_hangs_is_given_up_and_the_others_get_their_end(make_run, caplog):
    SETTINGS.EXIT_TIMEOUT = 0.1
    release = threading.Event()

    class Hanging(RecordingObserver):
        def heartbeat_event(self, **arguments):
            super().heartbeat_event(**arguments)
            release.wait(10)

    hanging, other = Hanging(priority=1), RecordingObserver()
    run = make_run(lambda: run.log_scalar("m", 1), hanging, other)
    run()
    assert "completed_event" not in hanging.names
    assert [name for name in other.names if name != "detail_event"] == [e for e in EVENTS if e != "detail_event"]
    assert other.metrics()["m"]["values"] == [1]
    assert "did not return in time" in caplog.text
    release.set()
    assert other.names[-1] == "join"


def test_an_impatient_user_still_gets_a_finished_record(make_run, monkeypatch):
    observer = RecordingObserver()
    run = make_run(lambda: 1, observer)
    waiting = lane.Lanes.wait

    def interrupted(self, job, deadline=None):
        monkeypatch.setattr(lane.Lanes, "wait", waiting)
        raise KeyboardInterrupt

    run.pre_run_hooks = [lambda: monkeypatch.setattr(lane.Lanes, "wait", interrupted)]
    with pytest.raises(KeyboardInterrupt):
        run()
    assert observer.names[-2:] == ["completed_event", "join"]


def test_R7_a_filter_that_raises_costs_nothing_but_its_effect(make_run, caplog):
    observer = RecordingObserver()
    run = make_run(lambda: print("text"), observer, filter=failing(ValueError("bad filter")))
    run()
    assert run.status == "COMPLETED"
    assert observer.output == "text\n"
    assert caplog.text.count("The filter of captured output failed") == 1


def test_the_filter_gets_its_own_output_and_what_is_new(make_run):
    seen = []

    def keep_five(text):
        seen.append(text)
        return text[-5:]

    observer = RecordingObserver()

    def main():
        print("abcdefgh")
        assert run.captured_out == "efgh\n"
        print("i")

    run = make_run(main, observer, filter=keep_five)
    run()
    assert observer.output == run.captured_out == "gh\ni\n"
    assert seen == ["abcdefgh\n", "efgh\ni\n"]


def test_R11_info_may_change_while_it_is_sent(make_run):
    class Slow(RecordingObserver):
        def heartbeat_event(self, info, **arguments):
            for _ in info.get("d", ()):  # the first beats may come before it
                time.sleep(0.00001)
            super().heartbeat_event(info=info, **arguments)

    observer = Slow()

    def main():
        run.info["d"] = {}
        for number in range(5_000):
            run.info["d"][number] = [number]
        return len(observer.calls("heartbeat_event"))

    run = make_run(main, observer, beat_interval=0.001)
    run()
    assert run._failed_observers == []
    assert len(observer.calls("heartbeat_event")[-1]["info"]["d"]) == 5_000


def test_what_an_observer_adds_to_info_travels(make_run):
    class Adding(RecordingObserver):
        def log_metrics(self, metrics_by_name, info):
            info.setdefault("metrics", []).append(len(metrics_by_name))

    adding, other = Adding(priority=1), RecordingObserver()
    run = make_run(lambda: time.sleep(0.05), adding, other, beat_interval=0.01)
    run()
    assert other.calls("heartbeat_event")[0]["info"] == {"metrics": [0]}
    assert len(run.info["metrics"]) == len(other.calls("heartbeat_event"))


# -------------------------------------------------------------------------------------------------- observers


def test_priorities_decide_order_and_id(make_run):
    order = []

    class Ordered(RecordingObserver):
        def started_event(self, **arguments):
            order.append((self.priority, arguments["_id"]))
            return super().started_event(**arguments)

    class Bare:
        def started_event(self, _id, **_):
            order.append((0, _id))

    run = make_run(
        lambda: 1,
        Ordered(3, priority=-1),
        Bare(),
        Ordered(2, priority=1),
        Ordered(priority=50),
        Ordered(0, priority=10),
    )
    run()
    assert order == [(50, None), (10, None), (1, 0), (0, 0), (-1, 0)]
    assert run._id == 0
    assert [getattr(o, "priority", 0) for o in run.observers] == [50, 10, 1, 0, -1]


def test_observer_silent(make_run, caplog):
    def second_and_third(number):
        return ConnectionError("database away") if number in (2, 3) else None

    def wait_for_beats():
        deadline = time.monotonic() + 5
        while len(observer.calls("heartbeat_event")) < 6 and time.monotonic() < deadline:
            number = len(observer.calls("heartbeat_event"))
            print("beat", number)
            run.log_scalar("m", number)
            time.sleep(0.01)

    observer = RecordingObserver(fail={"heartbeat_event": second_and_third, "log_metrics": second_and_third})
    run = make_run(wait_for_beats, observer, beat_interval=0.01)
    run()
    assert observer.output == run.captured_out
    # The points of a failed call come again with the next.
    due = [call["metrics_by_name"].get("m", {"steps": []})["steps"] for call in observer.calls("log_metrics")]
    assert due[2][: len(due[1])] == due[1]
    assert due[3][: len(due[2])] == due[2]
    delivered = [step for number, steps in enumerate(due, 1) if number not in (2, 3) for step in steps]
    assert delivered == list(range(len(delivered)))
    assert run._failed_observers == [observer]
    assert "An error ocurred in the" in caplog.text
    assert "Traceback" in caplog.text
    assert "failed at some point during the run." in caplog.text
    assert "Not recorded" not in caplog.text


def test_O1_an_artifact_that_failed_is_sent_again(make_run, tmp_path, caplog):
    observer = RecordingObserver(fail={"artifact_event": lambda n: OSError("busy") if n == 1 else None})
    (tmp_path / "a.txt").write_text("a")
    run = make_run(lambda: run.add_artifact(tmp_path / "a.txt"), observer)
    run()
    assert [call["name"] for call in observer.calls("artifact_event")] == ["a.txt", "a.txt"]
    assert observer.names[-2:] == ["completed_event", "join"]
    assert "Not recorded" not in caplog.text


def test_what_could_not_be_recorded_is_said(make_run, tmp_path, caplog):
    observer, other = RecordingObserver(fail={"artifact_event": OSError("never")}), RecordingObserver()
    (tmp_path / "a.txt").write_text("a")
    run = make_run(lambda: run.add_artifact(tmp_path / "a.txt"), observer, other)
    run()
    assert run.status == "COMPLETED"
    assert "Not recorded by" in caplog.text
    assert "never" in caplog.text
    details = {call["name"]: call["detail"] for call in other.calls("detail_event")}
    assert "artifact_event" in next(iter(details["observer_errors"].values()))


def test_final_events_reach_everybody(make_run, caplog):
    broken, other = RecordingObserver(fail={"completed_event": ValueError("final")}), RecordingObserver()
    make_run(lambda: 1, broken, other)()
    assert other.names[-2:] == ["completed_event", "join"]
    assert [r.levelname for r in caplog.records if r.exc_info] == ["ERROR"]


def test_O10_equal_observers_fail_one_by_one(make_run):
    class Equal(RecordingObserver):
        def __eq__(self, other):
            return isinstance(other, Equal)

        __hash__ = None

    broken, sound = Equal(fail={"heartbeat_event": ValueError()}), Equal()
    run = make_run(lambda: None, broken, sound)
    run()
    assert [one is broken for one in run._failed_observers] == [True]
    assert "heartbeat_event" in sound.names


def test_O9_observers_do_not_see_each_others_sources(make_run):
    class Replacing(RecordingObserver):
        def started_event(self, ex_info, **arguments):
            ex_info["sources"][0] = ("a.py", "/stored")

    other = RecordingObserver()
    run = make_run(lambda: None, Replacing(priority=1), other)
    run()
    assert other.calls("started_event")[0]["ex_info"]["sources"] == [("a.py", "0" * 32)]
    assert run.experiment_info["sources"] == [("a.py", "0" * 32)]


def test_observers_for_an_older_interface_get_what_they_know(make_run):
    seen = []

    class Old:
        def started_event(self, ex_info, command, config, _id):
            seen.append(command)

        def artifact_event(self, name, filename):
            seen.append(name)

        def completed_event(self, stop_time, result):
            seen.append(result)

    run = make_run(lambda: run.add_artifact(__file__, "x"), Old())
    run()
    assert seen == ["main", "x", None]
    assert run._failed_observers == []


def test_an_observer_may_make_its_own_copy_for_each_run(make_run, tmp_path):
    class PerRun(RecordingObserver):
        def for_run(self):
            copy = RecordingObserver(5)
            copy.dir = tmp_path
            return copy

    shared = PerRun()
    run = make_run(lambda: None, shared)
    run()
    assert shared.names == []
    assert run.observers[0].names == EVENTS
    assert run.dir == str(tmp_path)


def test_an_observer_may_add_to_the_record_on_a_beat(make_run):
    class Adding(RecordingObserver):
        def heartbeat_event(self, **arguments):
            run.add_artifact(__file__, "from the beat")

    observer = Adding()
    run = make_run(lambda: None, observer)
    run()
    assert observer.calls("artifact_event")[0]["name"] == "from the beat"


def test_a_join_that_hangs_is_bounded(make_run, caplog):
    SETTINGS.EXIT_TIMEOUT = 0.05
    make_run(lambda: None, RecordingObserver(sleep={"join": 3}))()
    assert "still storing" in caplog.text


# -------------------------------------------------------------------------------------------------------- files


def test_artifacts_and_resources_are_told_with_absolute_paths(make_run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text("text")
    observer = RecordingObserver()

    def main():
        run.add_artifact("a.txt")
        run.add_artifact(tmp_path / "a.txt", name="b", metadata={"k": 1}, content_type="text/plain")
        run.add_resource("a.txt")
        with run.open_resource("a.txt") as file:
            return file.read()

    run = make_run(main, observer)
    assert run() == "text"
    path = str(tmp_path / "a.txt")
    assert observer.calls("artifact_event") == [
        {"name": "a.txt", "filename": path, "metadata": None, "content_type": None},
        {"name": "b", "filename": path, "metadata": {"k": 1}, "content_type": "text/plain"},
    ]
    assert observer.calls("resource_event") == [{"filename": path}] * 2


@pytest.mark.parametrize("method", ["add_artifact", "add_resource", "open_resource"])
def test_a_missing_file_is_the_users_error(make_run, tmp_path, method):
    observer = RecordingObserver()
    run = make_run(lambda: getattr(run, method)(tmp_path / "missing.txt"), observer)
    with pytest.raises(FileNotFoundError, match=r"missing\.txt"):
        run()
    assert not observer.calls("artifact_event") + observer.calls("resource_event")


# ------------------------------------------------------------------------------- runs beside and inside of runs


def test_nested_run(make_run):
    outer_observer, inner_observer = RecordingObserver(1), RecordingObserver(2)

    def main():
        random.random()
        run.log_scalar("outer", 1)
        print("before")
        inner = make_run(inner_main, inner_observer, seed=7)
        inner()
        print("after")
        assert current_run() is run
        run.log_scalar("outer", 2)
        return inner, random.random()

    def inner_main():
        current_run().log_scalar("inner", 3)
        print("inside", random.random() == random.Random(7).random())

    run = make_run(main, outer_observer)
    inner, number = run()
    assert inner.parent is run
    expected = random.Random(42)
    assert [expected.random(), expected.random()][1] == number
    assert outer_observer.output == "before\ninside True\nafter\n"
    assert inner_observer.output == "inside True\n"
    assert list(outer_observer.metrics()) == ["outer"]
    assert list(inner_observer.metrics()) == ["inner"]
    details = {call["name"]: call["detail"] for call in inner_observer.calls("detail_event")}
    assert details["run"]["parent"] == 1
    outer = {call["name"]: call["detail"] for call in outer_observer.calls("detail_event")}
    assert outer["children"]["runs"] == [{"id": 2, "command": "main", "status": "COMPLETED", "metrics": {"inner": 3}}]


def test_threads(make_run):
    wrong = []

    def one(number):
        def main():
            seen = []
            worker = threading.Thread(target=lambda: seen.append(current_run()))
            worker.start()
            worker.join()
            run.log_scalar("a", number)
            return current_run() is run and seen == [run]

        for _ in range(10):
            observer = RecordingObserver(number)
            run = make_run(main, observer, seed=number)
            right = run()
            metrics = observer.metrics()["a"]
            if not right or metrics["values"] != [number] or metrics["steps"] != [0] or run._id != number:
                wrong.append(number)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert current_run() is None


def test_async_main(make_run):
    async def main():
        await asyncio.sleep(0)
        print("in the loop")
        return current_run() is run

    observer = RecordingObserver()
    run = make_run(main, observer)
    assert run() is True
    assert observer.output == "in the loop\n"

    async def outside():
        return run()

    run = make_run(main, RecordingObserver(), pre=[main])
    assert asyncio.run(outside()) is True


@pytest.mark.usefixtures("no_frameworks")
def test_seed_side_effects(make_run):
    SETTINGS.RANDOM.SEED_NUMPY = False
    np.random.seed(3)
    expected = np.random.RandomState(3).rand()
    observer = RecordingObserver()
    run = make_run(lambda: (random.random(), np.random.rand()), observer)
    assert run() == (0.6394267984578837, expected)
    assert run.seeded == ["random"]
    assert observer.calls("detail_event")[-1]["detail"]["seeded"] == ["random"]


def test_a_library_imported_during_the_run_is_seeded(tmp_path):
    (tmp_path / "torch.py").write_text("seeds = []\nmanual_seed = seeds.append\nclass cuda:\n  is_available = bool\n")
    code = f"""
import sys, runpy
sys.path.insert(0, {str(tmp_path)!r})
sys.path.insert(0, {str(Path(__file__).parent)!r})
from types import SimpleNamespace
import logging
from hallow.running.run import Run
def main():
    assert "numpy" not in sys.modules
    import numpy
    value = numpy.random.rand()
    import torch
    assert torch.seeds == [42], torch.seeds
    return value
main.prefix, main.signature = None, SimpleNamespace(name="main")
log = logging.getLogger("x")
run = Run({{"seed": 42}}, None, main, [], log, log, {{}}, {{}}, [], [])
assert run() == 0.3745401188473625
assert run.seeded == ["random", "numpy", "torch"], run.seeded
"""
    env = {"PYTHONPATH": str(Path(hallow.__file__).parents[1])}
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, env=env)


def test_R19_times_come_without_warnings(make_run):
    run = make_run()
    run()
    assert isinstance(run.start_time, datetime)
    assert run.stop_time >= run.start_time
    assert logging.getLogger("test_run").handlers == []
