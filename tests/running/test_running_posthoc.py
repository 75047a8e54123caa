"""Adding to runs that have ended."""

from __future__ import annotations

import json
import os
import threading
from datetime import datetime

import numpy as np
import pytest

import hallow
from hallow import SETTINGS, Experiment
from hallow.backends.file import reopening
from hallow.backends.file.facts import read_facts
from hallow.backends.file.metrics import MetricsFiles
from hallow.errors import LogValueError, RecordError, ResumeError, RunNotFoundError, StoreError, UsageError
from hallow.journal.journal import Journal
from hallow.journal.owner import describe_owner
from hallow.observers import FileStorageObserver
from hallow.records.stored import StoredRun
from hallow.running import posthoc


@pytest.fixture
def store(tmp_path):
    return tmp_path / "runs"


@pytest.fixture
def record(store):
    """Make a run in the store and give its folder; ``record(main)`` for another main function."""

    def make(main=None, **arguments):
        ex = Experiment("exp", interactive=True)
        ex.observers.append(FileStorageObserver(store))
        ex.add_config(lr=0.5)

        @ex.main
        def work(_run):
            if main is not None:
                return main(_run)
            _run.info["weights"] = np.arange(3)
            for step in range(3):
                _run.log_scalar("acc", step / 10)
            return {"acc": 0.2}

        return store / ex.run(loglevel="ERROR", **arguments)._id

    return make


def read(folder, name="run.json"):
    return json.loads((folder / name).read_text())


def test_post_hoc(record, store, tmp_path):
    """Everything that can be added to a finished run is in its record, and when it was added; the rest is as it was."""
    folder = record(tags="first")
    before = read(folder)
    (tmp_path / "m.txt").write_text("evaluated")
    with hallow.reopen(store, 1) as run:
        assert (run.status, run.result, run.config["lr"], run.tags, run.notes) == (
            "COMPLETED",
            {"acc": 0.2},
            0.5,
            ["first"],
            "",
        )
        run.add_artifact(tmp_path / "m.txt", metadata={"by": "evaluation"}, content_type="text/plain")
        with run.open_artifact("m.txt") as file:
            assert file.read() == b"evaluated"
        run.log_scalar("acc", 0.9)
        run.log_scalars({"acc": 0.8, "test.loss": np.float32(0.5)})
        run.info["evaluated"] = True
        run.tags.append("paper")
        run.notes = "as in table 3"
    after = read(folder)
    assert {key: after[key] for key in before if key not in ("artifacts", "heartbeat")} == {
        key: before[key] for key in before if key not in ("artifacts", "heartbeat")
    }
    assert after["artifacts"] == ["m.txt"]
    assert (folder / "m.txt").read_text() == "evaluated"
    metrics = read(folder, "metrics.json")
    assert metrics["acc"]["steps"] == [0, 1, 2, 3, 4]
    assert metrics["acc"]["values"] == [0.0, 0.1, 0.2, 0.9, 0.8]
    assert metrics["test.loss"]["values"] == [0.5]
    info = read(folder, "info.json")
    assert info["evaluated"] is True
    assert "weights" in info
    facts = read_facts(folder)
    assert facts["tags"] == ["first", "paper"]
    assert facts["notes"] == "as in table 3"
    assert facts["metrics"]["acc"]["count"] == 5
    assert facts["metrics"]["acc"]["max"] == 0.9
    assert facts["artifact"][0]["metadata"] == {"by": "evaluation"}
    assert [addition["what"] for addition in facts["additions"]] == [
        "artifact m.txt",
        "metric acc: 2 points",
        "metric test.loss: 1 point",
        "info",
        "tags",
        "notes",
    ]
    assert all(addition["time"] > before["stop_time"] for addition in facts["additions"])
    assert all(datetime.fromisoformat(addition["time"]) for addition in facts["additions"])


def test_later_additions_follow_earlier_ones(record, store):
    folder = record()
    for number in range(2):
        with hallow.reopen(store, "1") as run:
            run.log_scalar("acc", number)
            run.notes += f"{number} "
    assert read(folder, "metrics.json")["acc"]["steps"] == [0, 1, 2, 3, 4]
    assert [addition["what"] for addition in read_facts(folder)["additions"]] == ["metric acc: 1 point", "notes"] * 2
    assert read_facts(folder)["notes"] == "0 1 "


def test_looking_changes_nothing(record, store):
    folder = record()
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    times = {path: path.stat().st_mtime_ns for path in before}
    with hallow.reopen(store, 1) as run:
        assert list(run.info["weights"]) == [0, 1, 2]
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"}
    assert after == before
    assert {path: path.stat().st_mtime_ns for path in before} == times


def test_an_artifact_alone_leaves_the_metrics_alone(record, store, tmp_path):
    folder = record()
    (tmp_path / "a.txt").write_text("a")
    before = (folder / "metrics.json").stat().st_mtime_ns
    with hallow.reopen(store, 1) as run:
        run.add_artifact(tmp_path / "a.txt", name="deep/b.txt")
        run.info["n"] = 1
    assert (folder / "metrics.json").stat().st_mtime_ns == before
    assert (folder / "deep/b.txt").read_text() == "a"


def test_info_can_be_emptied(record, store):
    folder = record()
    with hallow.reopen(store, 1) as run:
        run.info.clear()
    assert read(folder, "info.json") == {}


def test_text_tables_and_images_go_on(record, store):
    """Values that become artifacts are logged as in a run; their steps follow those that the run has used."""

    def main(_run):
        _run.log_text("sample", "zero")
        _run.log_text("sample", "one")

    folder = record(main)
    with hallow.reopen(store, 1) as run:
        run.log_text("sample", "two")
        run.log_table("errors", [{"label": 3, "count": 5}])
        run.log_histogram("weights", [1, 2, 2], bins=2)
        run.log_image("black", [[0]])
        with pytest.raises(LogValueError, match="must be a str"):
            run.log_text("sample", 3)
    assert [(folder / f"texts/sample/0000000{step}.txt").read_text() for step in range(3)] == ["zero", "one", "two"]
    assert read(folder, "tables/errors/00000000.json") == {"columns": ["label", "count"], "rows": [[3, 5]]}
    assert read(folder, "histograms/weights/00000000.json")["counts"] == [1, 2]
    assert (folder / "images/black/00000000.png").read_bytes().startswith(b"\x89PNG")
    assert read(folder)["artifacts"][2] == "texts/sample/00000002.txt"
    assert read_facts(folder)["additions"][0]["what"] == "artifact texts/sample/00000002.txt"


def test_what_was_done_before_an_error_stays(record, store, tmp_path):
    folder = record()
    (tmp_path / "a.txt").write_text("a")
    with pytest.raises(ZeroDivisionError), hallow.reopen(store, 1) as run:
        run.add_artifact(tmp_path / "a.txt")
        run.log_scalar("acc", 0.9)
        run.info["n"] = 1
        1 / 0
    assert read(folder)["status"] == "COMPLETED"
    assert read(folder)["artifacts"] == ["a.txt"]
    assert read(folder, "metrics.json")["acc"]["values"][-1] == 0.9
    assert read(folder, "info.json")["n"] == 1


def test_mistakes_cost_nothing_else(record, store):
    folder = record()
    with pytest.raises(UsageError, match="tag"), hallow.reopen(store, 1) as run:
        run.tags.append(3)
        run.notes = "good"
        with pytest.raises(LogValueError):
            run.log_scalar("acc", [1, 2])
        with pytest.raises(FileNotFoundError, match="artifact"):
            run.add_artifact("not there")
        with pytest.raises(FileNotFoundError, match="there are"):
            run.open_artifact("not there")
    assert read_facts(folder)["notes"] == "good"
    assert "tags" not in read_facts(folder)
    with pytest.raises(UsageError, match="notes"), hallow.reopen(store, 1) as run:
        run.notes = 3


def test_many_points_are_stored_in_between(record, store, monkeypatch):
    folder = record()
    monkeypatch.setattr(posthoc, "BATCH", 10)
    with hallow.reopen(store, 1) as run:
        for value in range(25):
            run.log_scalar("late", value)
        stored = (folder / ".hallow/metrics.jsonl").read_text().splitlines()
        assert sum(len(json.loads(line)["steps"]) for line in stored if '"late"' in line) == 20
    assert read(folder, "metrics.json")["late"]["steps"] == list(range(25))


def test_threads_may_log_at_once(record, store, monkeypatch):
    folder = record()
    monkeypatch.setattr(posthoc, "BATCH", 50)
    with hallow.reopen(store, 1) as run:
        threads = [threading.Thread(target=lambda: [run.log_scalar("t", 1.0) for _ in range(200)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert read(folder, "metrics.json")["t"]["steps"] == list(range(800))


@pytest.mark.parametrize("error", [ValueError("bad"), KeyboardInterrupt()])
def test_any_end_can_be_added_to(record, store, error):
    def main(_run):
        raise error

    with pytest.raises(type(error)):
        record(main)
    status = read(store / "1")["status"]
    with hallow.reopen(store, 1) as run:
        assert run.status == status != "COMPLETED"
        run.notes = "why"
    assert read(store / "1")["status"] == status
    assert read_facts(store / "1")["notes"] == "why"


# ------------------------------------------------------------------------------------------------------ refusals


def test_a_run_that_goes_on_is_refused(record, store):
    found = []

    def main(_run):
        with pytest.raises(ResumeError, match="still going on") as refused, hallow.reopen(store, _run._id):
            pass
        found.append(str(refused.value))

    record(main)
    assert "run 1" in found[0]


def test_a_run_that_died_is_to_be_recovered_first(record, store):
    folder = record()
    entry = read(folder)
    (folder / "run.json").write_text(json.dumps({**entry, "status": "RUNNING"}))
    with pytest.raises(ResumeError, match="still going on, as far as can be told"), hallow.reopen(store, 1):
        pass
    owner = {**describe_owner(), "pid": 2**22 - 1}
    Journal.create(str(folder / ".hallow/journal"), {"run": {"id": "1"}, "owner": owner, "observers": []}).close()
    with pytest.raises(ResumeError, match="hallow recover .*journal"), hallow.reopen(store, 1):
        pass


def test_after_a_recovery_a_dead_run_can_be_added_to(run_script):
    done = run_script(
        """
        import os
        from hallow import Experiment
        from hallow.observers import FileStorageObserver
        ex = Experiment("exp")
        ex.observers.append(FileStorageObserver("runs"))

        @ex.automain
        def main(_run):
            for value in range(3):
                _run.log_scalar("acc", value)
            os._exit(3)
        """
    )
    assert done.code == 3, done.err
    store = done.folder / "runs"
    with pytest.raises(ResumeError, match="its process is gone.*hallow recover"), hallow.reopen(store, 1):
        pass
    assert [found.state for found in hallow.recover(store)] == ["closed"]
    with hallow.reopen(store, 1) as run:
        assert run.status == "DIED"
        run.log_scalar("acc", 9)
    assert read(store / "1", "metrics.json")["acc"] == {
        **read(store / "1", "metrics.json")["acc"],
        "steps": [0, 1, 2, 3],
        "values": [0, 1, 2, 9],
    }
    assert read_facts(store / "1")["metrics"]["acc"]["count"] == 4


def test_points_that_are_still_in_a_journal_come_first(record, store):
    folder = record()
    journal = Journal.create(str(folder / ".hallow/journal"), {"run": {"id": "1"}, "observers": []})
    for value in range(3):
        journal.metrics.log("acc", value)
    with hallow.reopen(store, 1):
        pass
    journal.metrics.log("acc", 3)
    journal.close()
    with pytest.raises(ResumeError, match="some of its points.*hallow recover"), hallow.reopen(store, 1):
        pass


def test_a_later_recovery_keeps_what_was_added(record, store):
    SETTINGS.KEEP_JOURNAL = True
    folder = record()
    with hallow.reopen(store, 1) as run:
        run.log_scalar("acc", 0.9)
    before = read(folder, "metrics.json")
    assert [found.problems for found in hallow.recover(store)] == [[]]
    assert read(folder, "metrics.json") == before
    assert read_facts(folder)["metrics"]["acc"]["count"] == 4
    assert read(folder)["result"] == {"acc": 0.2}


def test_a_queued_run_is_refused(store):
    ex = Experiment("exp", interactive=True)
    ex.observers.append(FileStorageObserver(store))
    ex.main(lambda: 1)
    ex.run("<lambda>", queue=True, loglevel="ERROR")
    with pytest.raises(ResumeError, match="only queued"), hallow.reopen(store, 1):
        pass


def test_there_must_be_such_a_run(record, store, tmp_path):
    folder = record()
    with pytest.raises(RunNotFoundError, match="ids 1"), hallow.reopen(store, 7):
        pass
    with pytest.raises(StoreError, match="no file store"), hallow.reopen(tmp_path / "other", 7):
        pass
    assert os.listdir(tmp_path) == ["runs"]
    (folder / "run.json").write_text("{")
    with pytest.raises(RecordError, match="cannot be read"), hallow.reopen(store, 1):
        pass


def test_one_process_at_a_time(record, store, monkeypatch):
    record()
    monkeypatch.setattr(reopening, "_PATIENCE", 0.1)
    with hallow.reopen(store, 1):
        with pytest.raises(ResumeError, match="another process"), hallow.reopen(store, 1):
            pass
    with hallow.reopen(store, 1):
        pass


# --------------------------------------------------------------------------------------------------------- stores


def test_a_run_of_sacred_keeps_its_metrics(record, store):
    import shutil

    folder = record()
    classic = read(folder, "metrics.json")
    shutil.rmtree(folder / ".hallow")
    with hallow.reopen(store, 1) as run:
        run.notes = "old"
    assert read(folder, "metrics.json") == classic
    with hallow.reopen(store, 1) as run:
        run.log_scalar("acc", 0.9)
        run.log_scalar("new", 1.0)
    metrics = read(folder, "metrics.json")
    assert metrics["acc"]["steps"] == [0, 1, 2, 3]
    assert metrics["acc"]["timestamps"][:3] == classic["acc"]["timestamps"]
    assert metrics["acc"]["values"] == [*classic["acc"]["values"], 0.9]
    # The figures of a metric are those of all its points, or not there.
    assert list(read_facts(folder)["metrics"]) == ["new"]


def test_a_torn_line_is_cut_off_when_there_is_more(tmp_path):
    first = MetricsFiles(str(tmp_path))
    first.append({"a": {"steps": [0, 1], "values": [1.5, None], "timestamps": ["2026-01-01T00:00:00.000001"] * 2}})
    log = tmp_path / ".hallow/metrics.jsonl"
    whole = log.read_bytes()
    log.write_bytes(whole + b'{"name": "a", "steps": [2')
    again = MetricsFiles(str(tmp_path))
    again.take_up()
    assert (again.points, again.steps) == (2, {"a": 1})
    assert log.read_bytes() != whole, "the process that wrote it may still be at work"
    again.append({"a": {"steps": [2], "values": [2], "timestamps": ["2026-01-01T00:00:00.000001"]}})
    again.refresh(final=True)
    assert log.read_bytes().startswith(whole)
    assert read(tmp_path, "metrics.json")["a"]["steps"] == [0, 1, 2]


class Older:
    """An observer of another kind of store, without any event that hallow has added."""

    def __init__(self):
        self.events = []

    def reopen(self, _id):
        return StoredRun(_id, "FAILED", info={"a": 1}, steps={"acc": 4}, result=7)

    def heartbeat_event(self, info, captured_out, beat_time, result):
        self.events.append((info, captured_out, result))

    def log_metrics(self, metrics_by_name, info):
        self.events.append({name: (metric["steps"], metric["values"]) for name, metric in metrics_by_name.items()})

    def artifact_event(self, name, filename):
        self.events.append(name)


def test_other_stores(tmp_path):
    (tmp_path / "a.txt").write_text("a")
    observer = Older()
    with hallow.reopen(observer, "x") as run:
        run.add_artifact(tmp_path / "a.txt")
        run.log_scalar("acc", 0.5)
        run.info["b"] = 2
        run.notes = "nobody keeps them"
        with pytest.raises(ResumeError, match="open_artifact"):
            run.open_artifact("a.txt")
    assert observer.events == ["a.txt", {"acc": ([5], [0.5])}, ({"a": 1, "b": 2}, None, 7)]
    with pytest.raises(ResumeError, match="reopen"), hallow.reopen(object(), 1):
        pass


def test_the_first_failure_of_a_store_is_raised_and_the_rest_is_stored(caplog):
    class Failing(Older):
        def log_metrics(self, metrics_by_name, info):
            raise OSError("the store is full")

    observer = Failing()
    with pytest.raises(OSError, match="full"), hallow.reopen(observer, 1) as run:
        run.log_scalar("acc", 1)
        run.info["b"] = 2
    assert observer.events == [({"a": 1, "b": 2}, None, 7)]
    with pytest.raises(KeyError), hallow.reopen(observer, 1) as run:
        run.log_scalar("acc", 1)
        raise KeyError
    assert "Not everything could be added to run 1" in caplog.text
