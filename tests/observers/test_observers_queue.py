"""QueueObserver: any observer behind a worker thread."""

from __future__ import annotations

import json
import logging
import threading
import time
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

import hallow
from hallow import SETTINGS, Experiment
from hallow.errors import StoreError
from hallow.journal.journal import Journal
from hallow.journal.place import journals_dir
from hallow.observers import FileStorageObserver, RunObserver
from hallow.observers.queue import QueueObserver
from hallow.testing import RecordingObserver

SOURCE = str(Path(hallow.__file__).parents[1])
WHEN = datetime(2024, 5, 4, 3, 2, 1)
START = {
    "ex_info": {
        "name": "exp",
        "base_dir": "/",
        "sources": [],
        "dependencies": [],
        "repositories": [],
        "mainfile": None,
    },
    "command": "main",
    "host_info": {"hostname": "here"},
    "config": {"seed": 1},
    "meta_info": {},
    "_id": None,
}
POINTS = {"loss": {"name": "loss", "steps": [0, 1], "values": [0.5, 0.25], "timestamps": [WHEN, WHEN]}}
DURING = {
    "heartbeat_event": {"info": {}, "captured_out": "", "beat_time": WHEN, "result": None},
    "log_metrics": {"metrics_by_name": POINTS, "info": {}},
    "resource_event": {"filename": "/data.csv"},
    "artifact_event": {"name": "plot", "filename": "/plot.png", "metadata": None, "content_type": None},
    "detail_event": {"name": "git", "detail": []},
}
FINAL = {
    "completed_event": {"stop_time": WHEN, "result": 3},
    "interrupted_event": {"interrupt_time": WHEN, "status": "TIMEOUT"},
    "failed_event": {"fail_time": WHEN, "fail_trace": ["Traceback\n", "ValueError: 1\n"]},
}


def queued(covered, interval=3600.0, retry_interval=0.01, start=True):
    """A queue whose worker would sleep for an hour if nobody woke it."""
    observer = QueueObserver(covered, interval=interval, retry_interval=retry_interval)
    if start:
        observer.started_event(start_time=WHEN, **START)
    return observer


def workers():
    return [thread for thread in threading.enumerate() if thread.name == "hallow-queue"]


@pytest.fixture(autouse=True)
def _own_journals(tmp_path, monkeypatch):
    """No test sees what another one left undelivered."""
    monkeypatch.setenv("HALLOW_STATE_DIR", str(tmp_path / "state"))


def kept():
    """Journals with what could not be delivered, and their events."""
    journals = [Journal.open(str(folder)) for folder in sorted(Path(journals_dir()).iterdir())]
    return [(journal, [event for _, event in journal.events]) for journal in journals]


# ----------------------------------------------------------------------------------------------- the contract


def test_events_arrive_in_order_and_as_they_were():
    covered = RecordingObserver(7)
    observer = queued(covered)
    for event, arguments in DURING.items():
        getattr(observer, event)(**arguments)
    assert covered.names == ["started_event"], "the worker is asleep"
    observer.completed_event(**FINAL["completed_event"])
    assert covered.names == ["started_event", *DURING, "completed_event"]
    for event, arguments in {**DURING, "completed_event": FINAL["completed_event"]}.items():
        assert covered.calls(event) == [arguments]
    assert workers() == []


def test_the_start_is_told_at_once_and_gives_the_id():
    observer = QueueObserver(RecordingObserver(7))
    assert observer.started_event(start_time=WHEN, **START) == 7


def test_the_worker_wakes_at_each_interval():
    arrived = threading.Event()

    class Covered:
        def started_event(self, **_):
            pass

        def log_metrics(self, metrics_by_name, info):
            arrived.set()

    observer = queued(Covered(), interval=0.01)
    observer.log_metrics(POINTS, {})
    assert arrived.wait(30)
    observer.join()


def test_join_waits_for_everything_and_for_the_covered_join():
    covered = RecordingObserver(sleep={"log_metrics": 0.1})
    observer = queued(covered)
    observer.log_metrics(**DURING["log_metrics"])
    observer.join()
    assert covered.names == ["started_event", "log_metrics", "join"]


def test_join_and_final_events_without_a_start_do_not_hang():
    covered = RecordingObserver()
    observer = queued(covered, start=False)
    observer.join()
    observer.failed_event(**FINAL["failed_event"])
    assert covered.names == ["join", "failed_event"]
    assert workers() == []


def test_events_by_position_and_older_signatures():
    seen = []

    class Old:
        def started_event(self, ex_info, command, **_):
            seen.append(command)

        def artifact_event(self, name, filename):
            seen.append((name, filename))

        def completed_event(self, stop_time, result):
            seen.append(result)

    observer = queued(Old())
    observer.artifact_event("plot", "/plot.png", metadata={"a": 1})
    observer.log_metrics(POINTS, {})  # which it does not have
    observer.completed_event(WHEN, 5)
    assert seen == ["main", ("plot", "/plot.png"), 5]


def test_unknown_attributes_are_those_of_the_covered_observer(tmp_path):
    covered = FileStorageObserver(tmp_path / "runs")
    observer = QueueObserver(covered)
    assert observer.basedir == covered.basedir
    assert observer.VERSION == covered.VERSION
    assert observer.save_json == covered.save_json
    with pytest.raises(AttributeError):
        observer.no_such_thing
    assert "FileStorageObserver" in repr(observer)


def test_equality_is_that_of_the_covered_observer(tmp_path):
    store, same, other = (FileStorageObserver(tmp_path / name) for name in ("a", "a", "b"))
    assert QueueObserver(store) == store
    assert QueueObserver(store) == QueueObserver(same)
    assert QueueObserver(store) == same
    assert QueueObserver(store) != other
    assert QueueObserver(store) != "something else"
    assert len({QueueObserver(store), QueueObserver(store)}) == 2, "hashed by identity"


def test_one_observer_for_several_runs():
    covered = RecordingObserver(1)
    observer = queued(covered)
    observer.completed_event(**FINAL["completed_event"])
    observer.started_event(start_time=WHEN, **START)
    observer.heartbeat_event(**DURING["heartbeat_event"])
    observer.failed_event(**FINAL["failed_event"])
    assert covered.names[2:] == ["started_event", "heartbeat_event", "failed_event"]


def test_a_transient_failure_costs_nothing(caplog):
    covered = RecordingObserver(1, fail={"heartbeat_event": lambda number: OSError("away") if number < 3 else None})
    observer = queued(covered)
    for number in range(3):
        observer.heartbeat_event({"number": number}, "", WHEN, None)
    observer.completed_event(**FINAL["completed_event"])
    assert [call["info"]["number"] for call in covered.calls("heartbeat_event")] == [0, 0, 0, 1, 2], "in order"
    assert covered.names[-1] == "completed_event"
    assert kept() == []
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    observer.join()


# -------------------------------------------------------------------------------------------------- the rows


def test_O_3_metrics_come_in_the_normal_form():
    covered = RecordingObserver(1)
    observer = queued(covered)
    observer.log_metrics(metrics_by_name=POINTS, info={"a": 1})
    observer.completed_event(**FINAL["completed_event"])
    assert covered.calls("log_metrics") == [{"metrics_by_name": POINTS, "info": {"a": 1}}]


@pytest.mark.parametrize("name", ["recording", "file"])
def test_O_3_a_whole_run_with_metrics_ends(name, tmp_path):
    covered = RecordingObserver(1) if name == "recording" else FileStorageObserver(tmp_path / "runs")
    ex = Experiment("queued", interactive=True, save_git_info=False)
    ex.observers.append(QueueObserver(covered))

    @ex.main
    def main(_run):
        for step in range(100):
            _run.log_scalar("loss", step / 2, step)
        print("hello")

    began = time.monotonic()
    run = ex.run()
    assert time.monotonic() - began < 10
    assert run._failed_observers == []
    if name == "recording":
        assert covered.metrics()["loss"]["values"] == [step / 2 for step in range(100)]
        assert covered.names[-2:] == ["completed_event", "join"]
    else:
        stored = json.loads((tmp_path / "runs" / "1" / "metrics.json").read_text())
        assert stored["loss"]["steps"] == list(range(100))
        assert (tmp_path / "runs" / "1" / "cout.txt").read_text().endswith("hello\n")
        assert not (tmp_path / "runs" / "1" / ".hallow" / "journal").exists(), "nothing is owed"


@pytest.mark.parametrize(
    ("event", "final"),
    [*((event, final) for event in DURING for final in FINAL), *((final, final) for final in FINAL)],
)
def test_O_4_an_event_that_always_fails_ends_in_a_dump(event, final, caplog):
    covered = RecordingObserver(1, fail={event: RuntimeError("never")})
    observer = queued(covered)
    for name, arguments in DURING.items():
        getattr(observer, name)(**arguments)
        getattr(observer, name)(**arguments)
    getattr(observer, final)(**FINAL[final])
    assert final in covered.names
    for name in DURING:
        assert name == event or covered.names.count(name) == 2, f"{name} is not held up by {event}"
    assert workers() == []
    ((journal, events),) = kept()
    owed = [entry["event"] for entry in events if "reached" in entry]
    assert owed == ([] if event in FINAL else [event, event])
    assert (events[-1]["event"], events[-1]["final"]) == ("end", final)
    assert [
        record for record in caplog.records if record.levelname == "ERROR" and journal.folder in record.getMessage()
    ]
    with pytest.raises(StoreError, match=event):
        observer.join()
    observer.join()  # was said already


def test_O_4_a_start_that_fails_is_raised_and_nothing_hangs():
    covered = RecordingObserver(fail={"started_event": OSError("no store")})
    observer = queued(covered, start=False)
    with pytest.raises(OSError, match="no store"):
        observer.started_event(start_time=WHEN, **START)
    observer.heartbeat_event(**DURING["heartbeat_event"])
    observer.failed_event(**FINAL["failed_event"])
    observer.join()
    assert covered.names == ["started_event"], "a run that it refused is none of its business"
    assert workers() == []


def test_O_4_a_run_whose_start_fails_exits(run_script):
    done = run_script(
        f"""
        import sys
        sys.path.insert(0, {SOURCE!r})
        from hallow import Experiment
        from hallow.observers.queue import QueueObserver
        from hallow.testing import RecordingObserver
        ex = Experiment("exp", save_git_info=False)
        ex.observers.append(QueueObserver(RecordingObserver(fail={{"started_event": OSError("no store")}})))
        @ex.automain
        def main():
            print("main")
        """
    )
    assert done.code == 1
    assert "no store" in done.err
    assert "main\n" not in done.out


def test_O_4_a_hanging_observer_is_left_behind(caplog):
    SETTINGS.EXIT_TIMEOUT = 0.1
    let_go = threading.Event()

    class Hanging(RecordingObserver):
        def heartbeat_event(self, **arguments):
            super().heartbeat_event(**arguments)
            let_go.wait(60)

    covered = Hanging(1)
    observer = queued(covered)
    observer.heartbeat_event(**DURING["heartbeat_event"])
    observer.log_metrics(**DURING["log_metrics"])
    began = time.monotonic()
    observer.completed_event(**FINAL["completed_event"])
    observer.detail_event(**DURING["detail_event"])
    with pytest.raises(StoreError, match="heartbeat_event"):
        observer.join()
    assert time.monotonic() - began < 30
    let_go.set()
    assert covered.names == ["started_event", "heartbeat_event"]
    ((_, events),) = kept()
    assert [entry["event"] for entry in events] == ["heartbeat_event", "log_metrics", "end", "detail_event"]
    assert "did not return in time" in caplog.text
    for thread in workers():
        thread.join(30)


FAILING = """
import logging, sys
from datetime import datetime
sys.path.insert(0, SOURCE)
from hallow import SETTINGS
from hallow.observers import FileStorageObserver
from hallow.observers.queue import QueueObserver

store = FileStorageObserver("runs")
observer = QueueObserver(store, retry_interval=0.01)
when = datetime(2024, 5, 4, 3, 2, 1)
observer.started_event(ex_info={"name": "exp", "base_dir": ".", "sources": [], "dependencies": [], "repositories": [],
    "mainfile": None}, command="main", host_info={}, start_time=when, config={"seed": 1}, meta_info={}, _id=None)

def away(*args, **kwargs):
    raise OSError("the disk is away")

with open("plot.png", "w") as file:
    file.write("a plot")
"""


def test_O_4_what_is_kept_can_be_recovered(run_script, monkeypatch):
    done = run_script(
        FAILING.replace("SOURCE", repr(SOURCE))
        + """
for event in ("heartbeat_event", "log_metrics", "artifact_event", "completed_event"):
    setattr(store, event, away)
observer.log_metrics({"loss": {"name": "loss", "steps": [3], "values": [0.5], "timestamps": [when]}}, {})
observer.artifact_event("plot.png", "plot.png")
observer.heartbeat_event({"note": 1}, "printed", when, None)
observer.completed_event(when, 42)
import os; os.remove("plot.png")
"""
    )
    assert done.code == 0, done.err
    assert "hallow recover" in done.err
    run = done.folder / "runs" / "1"
    assert json.loads((run / "run.json").read_text())["status"] == "RUNNING"
    from hallow.running.recovery import recover

    (found,) = recover()
    assert (found.state, found.status, found.problems) == ("closed", "COMPLETED", [])
    entry = json.loads((run / "run.json").read_text())
    assert (entry["status"], entry["result"]) == ("COMPLETED", 42)
    assert json.loads((run / "metrics.json").read_text())["loss"]["values"] == [0.5]
    assert (run / "plot.png").read_text() == "a plot", "a copy was kept"
    assert (run / "cout.txt").read_text() == "printed"
    assert json.loads((run / "info.json").read_text()) == {"note": 1}
    assert kept() == []


def test_O_5_a_run_can_be_queued(tmp_path):
    covered = RecordingObserver(9)
    observer = QueueObserver(covered)
    assert observer.queued_event(queue_time=WHEN, **START) == 9
    assert covered.names == ["queued_event"]
    assert workers() == []

    ex = Experiment("queued", interactive=True, save_git_info=False)
    ex.main(lambda: None)
    ex.observers.append(QueueObserver(FileStorageObserver(tmp_path / "runs")))
    run = ex.run(command_name="<lambda>", options={"--queue": True})
    assert (run.status, run._id) == ("QUEUED", "1")
    assert json.loads((tmp_path / "runs" / "1" / "run.json").read_text())["status"] == "QUEUED"


def test_O_6_what_is_queued_is_a_snapshot():
    covered = RecordingObserver(1)
    observer = queued(covered)
    info = {"beat": 0, "nested": {"list": [0]}, "array": np.zeros(1), "tuple": ([0],), "set": {0}}
    for number in range(5):
        info["beat"] = info["nested"]["list"][0] = info["array"][0] = info["tuple"][0][0] = number
        info["set"] = {number}
        observer.heartbeat_event(info=info, captured_out="", beat_time=WHEN, result=info["array"])
    observer.completed_event(**FINAL["completed_event"])
    for number, call in enumerate(covered.calls("heartbeat_event")):
        found = call["info"]
        assert [found["beat"], found["nested"]["list"], found["tuple"], found["set"]] == [
            number,
            [number],
            ([number],),
            {number},
        ]
        assert found["array"][0] == call["result"][0] == number


def test_O_6_a_circle_and_foreign_objects_do_not_matter():
    covered = RecordingObserver(1)
    received = []
    covered.log_metrics = lambda metrics_by_name, info: received.append(info)
    observer = queued(covered)
    info = {"object": object(), "generator": (number for number in range(3))}
    info["self"] = info
    observer.log_metrics({}, info)
    observer.join()
    (found,) = received
    assert found is not info and found["self"] is found
    assert found["object"] is info["object"]
    assert list(found["generator"]) == [0, 1, 2], "nobody has read it"


def test_O_7_the_priority_is_that_of_the_covered_observer(tmp_path):
    assert QueueObserver(FileStorageObserver(tmp_path, priority=33)).priority == 33
    assert QueueObserver(object()).priority == 0
    observer = QueueObserver(RecordingObserver())
    observer.priority = 5
    assert observer.priority == 5

    ex = Experiment("queued", interactive=True, save_git_info=False)
    ex.observers += [RecordingObserver("low", priority=10), QueueObserver(RecordingObserver("high", priority=30))]
    ex.main(lambda: None)
    assert ex.run(command_name="<lambda>")._id == "high"


@pytest.mark.parametrize("final", FINAL)
def test_O_8_final_events_wake_the_worker(final):
    covered = RecordingObserver(1)
    observer = queued(covered, interval=3600)
    observer.heartbeat_event(**DURING["heartbeat_event"])
    began = time.monotonic()
    getattr(observer, final)(**FINAL[final])
    assert time.monotonic() - began < 60
    assert covered.names == ["started_event", "heartbeat_event", final]


# ---------------------------------------------------------------------------------------------- in whole runs


def test_in_a_run_the_covered_observer_is_told_by_the_delivery(tmp_path):
    """So nothing of what its class offers is lost: increments, recovery, the folder of the journal."""
    ex = Experiment("queued", interactive=True, save_git_info=False)
    ex.observers.append(QueueObserver(FileStorageObserver(tmp_path / "runs")))

    @ex.main
    def main(_run):
        assert type(_run.observers[0]) is FileStorageObserver
        assert _run.dir == ex.observers[0].dir
        assert Path(_run.dir, ".hallow", "journal").is_dir()

    assert ex.run().status == "COMPLETED"


def test_a_subclass_that_changes_events_is_told_itself():
    class Marking(QueueObserver):
        def heartbeat_event(self, info, captured_out, beat_time, result):
            super().heartbeat_event({**info, "marked": True}, captured_out, beat_time, result)

    covered = RecordingObserver(1)
    ex = Experiment("queued", interactive=True, save_git_info=False)
    ex.observers.append(Marking(covered))

    @ex.main
    def main(_run):
        _run.log_scalar("loss", 0.5)
        print("hello")
        return 3

    ex.run()
    assert covered.calls("heartbeat_event")[-1]["info"] == {"marked": True}
    assert covered.metrics()["loss"]["values"] == [0.5]
    assert "hello\n" in covered.output
    assert covered.calls("completed_event")[0]["result"] == 3


def test_a_subclass_that_loses_something_is_reported_in_the_run(caplog):
    class Own(QueueObserver):
        def log_metrics(self, metrics_by_name, info):
            super().log_metrics(metrics_by_name, info)

    ex = Experiment("queued", interactive=True, save_git_info=False)
    ex.observers.append(Own(RecordingObserver(1, fail={"heartbeat_event": ValueError("no")}), retry_interval=0.01))
    ex.main(lambda: None)
    with caplog.at_level(logging.WARNING):
        run = ex.run(command_name="<lambda>")
    assert run.status == "COMPLETED"
    assert len(run._failed_observers) == 1
    assert "hallow-queue" not in [thread.name for thread in threading.enumerate()]


def test_nested_runs_have_a_copy_each(tmp_path):
    ex = Experiment("queued", interactive=True, save_git_info=False)
    ex.observers.append(QueueObserver(FileStorageObserver(tmp_path / "runs")))

    @ex.command
    def inner():
        return 2

    @ex.main
    def main():
        return ex.run("inner").result

    ex.run()
    results = {run: json.loads((tmp_path / "runs" / run / "run.json").read_text())["command"] for run in ("1", "2")}
    assert results == {"1": "main", "2": "inner"}


# --------------------------------------------------------------------------------------- threads and processes


def test_what_nobody_waits_for_is_delivered_when_the_process_ends(run_script):
    done = run_script(
        FAILING.replace("SOURCE", repr(SOURCE))
        + """
observer.heartbeat_event({"note": 2}, "printed at the end", when, None)
"""
    )
    assert done.code == 0, done.err
    assert (done.folder / "runs" / "1" / "cout.txt").read_text() == "printed at the end"


def test_a_forked_child_leaves_everything_to_its_parent(run_script):
    done = run_script(
        FAILING.replace("SOURCE", repr(SOURCE))
        + """
import os, warnings
warnings.simplefilter("ignore")
observer.heartbeat_event({}, "of the parent", when, None)
child = os.fork()
if child == 0:
    observer.heartbeat_event({}, "of the child", when, None)
    observer.completed_event(when, None)
    observer.join()
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
observer.completed_event(when, 1)
"""
    )
    assert done.code == 0, done.err
    assert (done.folder / "runs" / "1" / "cout.txt").read_text() == "of the parent"


def test_many_threads_lose_nothing():
    covered = RecordingObserver(1)
    observer = queued(covered, interval=0.001)

    def work(number):
        for step in range(50):
            observer.resource_event(filename=f"{number}-{step}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    observer.join()
    names = [call["filename"] for call in covered.calls("resource_event")]
    assert len(names) == len(set(names)) == 400
    for number in range(8):
        mine = [name for name in names if name.startswith(f"{number}-")]
        assert mine == [f"{number}-{step}" for step in range(50)], "in order for each thread"


def test_an_observer_without_a_base_class_is_enough():
    class Plain:
        def started_event(self, **_):
            return 5

    ex = Experiment("queued", interactive=True, save_git_info=False)
    ex.observers.append(QueueObserver(Plain()))
    ex.main(lambda: None)
    assert ex.run(command_name="<lambda>")._id == 5
    assert isinstance(QueueObserver(Plain()), RunObserver)
