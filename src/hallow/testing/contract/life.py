"""Promises about the life of a run: how it begins, how it ends, how it is taken up again."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

import hallow
from hallow.errors import RunExistsError, RunNotFoundError, RunStateError, StoreError
from hallow.running.recovery import recover
from hallow.testing.contract.support import Session, T, experiment, needs, recorded, run_script

if TYPE_CHECKING:
    from pathlib import Path

    from hallow.running.run import Run
    from hallow.testing.contract.backend import Backend


class LifePromises:
    """Ids, statuses, resuming, recovering."""

    def test_ids_count_from_one(self, backend: Backend) -> None:
        """Or are words of the store's own; each run has another one."""
        ids = [recorded(backend, lambda: None)._id for _ in range(3)]
        assert len(set(map(str, ids))) == 3
        if str(ids[0]).isdecimal():
            assert [int(run_id) for run_id in ids] == [1, 2, 3]
        assert [str(run_id) for run_id in backend.open().ids()] == [str(run_id) for run_id in ids]

    def test_a_given_id(self, backend: Backend) -> None:
        """It is the run's, and automatic ids go on; found as text and as number."""
        assert recorded(backend, lambda: 1, id="word-7")._id == "word-7"
        assert recorded(backend, lambda: 2, id="41")._id == "41"
        recorded(backend, lambda: 3)
        store = backend.open()
        assert store.get("word-7").result == 1
        assert (store.get("41").result, store.get(41).result) == (2, 2)
        assert len(store) == 3

    def test_an_id_that_exists_leaves_the_old_run_alone(self, backend: Backend) -> None:
        """Starting fails, and nothing of the run that has the id is touched."""
        recorded(backend, lambda: "old", id="taken")
        with pytest.raises(RunExistsError, match="taken"):
            recorded(backend, lambda: "new", id="taken")
        record = backend.open().get("taken")
        assert (record.status, record.result) == ("COMPLETED", "old")
        assert len(backend.open()) == 1

    def test_an_observer_writes_to_no_run_that_it_did_not_start(self, backend: Backend) -> None:
        """Events without a run are refused."""
        observer = backend.observer()
        with pytest.raises(RunStateError):
            observer.heartbeat_event(info={}, captured_out="x", beat_time=T, result=None)
        with pytest.raises(RunStateError):
            observer.completed_event(stop_time=T, result=None)

    def test_completed_is_the_last_word(self, backend: Backend) -> None:
        """Whoever sees the status sees everything."""
        session = Session(backend)
        assert backend.raw(session.run_id).status() == "RUNNING"
        session.log("m", 3)
        session.write("text")
        session.complete(result=5)
        raw = backend.raw(session.run_id)
        assert (raw.status(), raw.output(), raw.points("m")) == ("COMPLETED", b"text", 3)

    def test_a_failed_run(self, backend: Backend) -> None:
        """It has its traceback."""

        def main() -> None:
            raise ValueError("went wrong")

        made = experiment(backend, main)
        with pytest.raises(ValueError, match="went wrong"):
            made.run(options={"--capture": "sys"})
        (record,) = backend.open().runs()
        assert record.status == "FAILED"
        assert "ValueError: went wrong" in record.fail_trace[-1]
        assert record.stop_time is not None

    @pytest.mark.parametrize("status", ["INTERRUPTED", "TIMEOUT", "a word of the user's own, and a long one at that"])
    def test_an_interrupted_run(self, backend: Backend, status: str) -> None:
        """Any word is a status."""

        class Stop(hallow.errors.RunInterrupt):
            STATUS = status

        def main() -> None:
            raise Stop

        with pytest.raises(Stop):
            recorded(backend, main)
        recorded(backend, lambda: 1)  # the store goes on working
        assert [record.status for record in backend.open().runs()] == [status, "COMPLETED"]

    def test_a_queued_run_is_started_in_place(self, backend: Backend) -> None:
        """By its id; it keeps that."""
        queued = recorded(backend, lambda lr: lr, {"lr": 1}, queue=True)
        record = backend.open().get(queued._id)
        assert (record.status, record.config["lr"]) == ("QUEUED", 1)
        assert record.queue_time is not None
        assert record.start_time is None
        recorded(backend, lambda lr: lr * 2, {"lr": 3}, id=str(queued._id))
        (record,) = backend.open().runs()
        assert (record.status, record.result, record.config["lr"]) == ("COMPLETED", 6, 3)

    def test_a_queued_run_is_started_once(self, backend: Backend) -> None:
        """The second one to try is refused."""
        queued = recorded(backend, lambda: 1, queue=True)
        session = Session(backend, run_id=str(queued._id))
        with pytest.raises(RunExistsError):
            Session(backend, run_id=str(queued._id))
        session.complete()

    def test_a_resumed_run_goes_on(self, backend: Backend) -> None:
        """Same id and configuration; metrics and output continue."""

        def main(_run: Any, lr: float) -> float:
            _run.log_scalar("m", lr)
            _run.log_scalar("m", lr * 2)
            print("attempt")
            return lr

        first = recorded(backend, main, {"lr": 3})
        again = recorded(backend, main, {"lr": 3}, resume=str(first._id))
        assert str(again._id) == str(first._id)
        (record,) = backend.open().runs()
        assert record.metrics["m"].steps == [0, 1, 2, 3]
        assert record.metrics["m"].values == [3, 6, 3, 6]
        assert record.output.count("attempt\n") == 2
        assert len(record.details["attempts"]) == 2
        assert record.status == "COMPLETED"

    def test_adding_to_a_run_that_has_ended(self, backend: Backend, tmp_path: Path) -> None:
        """Results of a later evaluation."""
        (made := tmp_path / "late.txt").write_text("late")
        first = recorded(backend, lambda _run: _run.log_scalar("m", 1.0))
        with hallow.reopen(backend.observer(), first._id) as run:
            run.log_scalar("m", 2.0)
            run.log_scalar("test.acc", 0.9)
            run.info["late"] = True
            run.tags.append("good")
            run.add_artifact(made)
        record = backend.open().get(first._id)
        assert (record.metrics["m"].values, record.metrics["test.acc"].values) == ([1.0, 2.0], [0.9])
        assert (record.info["late"], record.tags, record.status) == (True, ["good"], "COMPLETED")
        assert record.artifact("late.txt").read_text() == "late"
        assert len(record.details["additions"]) > 0

    def test_a_run_that_is_not_to_be_kept(self, backend: Backend) -> None:
        """It leaves nothing of its own behind."""
        recorded(backend, lambda: 1)
        before = backend.everything()
        session = Session(backend)
        session.log("m", 5)
        session.write("x" * 1000)
        session.complete()
        session.observer.discard()
        assert backend.everything() == before
        assert len(backend.open()) == 1

    def test_two_runs_of_one_experiment_at_once(self, backend: Backend) -> None:
        """In two threads, each has its own record."""
        together = threading.Barrier(2, timeout=20)

        def main(_run: Any, lr: float) -> float:
            together.wait()
            for step in range(20):
                _run.log_scalar("m", lr * step)
            _run.info["lr"] = lr
            together.wait()
            return lr

        made = experiment(backend, main, {"lr": 0})
        options = {"--capture": "no", "--beat-interval": 0.02}
        threads = [
            threading.Thread(target=made.run, kwargs={"config_updates": {"lr": lr}, "options": options})
            for lr in (1, 2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        records = {record.result: record for record in backend.open().runs()}
        assert set(records) == {1, 2}
        for lr, record in records.items():
            assert (record.info["lr"], record.config["lr"]) == (lr, lr)
            assert record.metrics["m"].values == [lr * step for step in range(20)]

    def test_simultaneous_starts(self, backend: Backend, tmp_path: Path) -> None:
        """From several processes and threads, on an empty store: each run has an id of its own and is recorded."""
        needs(backend, "processes")
        script = f"""
            import sys, threading
            import hallow
            from hallow.testing.contract.support import Session, T

            sys.stdout.write("ready\\n"); sys.stdout.flush()
            sys.stdin.readline()
            ids = []

            def start():
                observer = {backend.code()}
                info = dict(name="e", base_dir="/", sources=[], dependencies=[], repositories=[], mainfile=None)
                ids.append(observer.started_event(ex_info=info, command="main", host_info={{}}, start_time=T,
                                                  config={{}}, meta_info={{}}, _id=None))
                observer.heartbeat_event(info={{}}, captured_out=None, beat_time=T, result=1)
                observer.completed_event(stop_time=T, result=1)

            threads = [threading.Thread(target=start) for _ in range(5)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            print(*ids)
        """
        jobs = [run_script(tmp_path, script, f"start{number}.py", stdin=subprocess.PIPE) for number in range(4)]
        for job in jobs:
            assert job.stdout is not None
            assert job.stdout.readline() == "ready\n"
        answers = []
        for job in jobs:
            assert job.stdin is not None
            job.stdin.write("go\n")
            job.stdin.flush()
        for job in jobs:
            out, err = job.communicate(timeout=120)
            assert job.returncode == 0, err[-2000:]
            answers += out.split()
        assert len(answers) == len(set(answers)) == 20
        assert [record.status for record in backend.open().runs()] == ["COMPLETED"] * 20

    def test_a_run_whose_process_is_gone(
        self, backend: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is shown as DIED at once, and closed by a recovery, with everything that it had logged and printed."""
        needs(backend, "dead")
        monkeypatch.setenv("HALLOW_STATE_DIR", str(tmp_path / "state"))
        script = f"""
            import os, signal
            import hallow
            ex = hallow.Experiment("dying", save_git_info=False)
            ex.observers.append({backend.code()})
            @ex.main
            def main(_run):
                for step in range(1000):
                    _run.log_scalar("m", step / 2)
                print("last words")
                os.kill(os.getpid(), signal.SIGKILL)
            ex.run(options={{"--beat-interval": 1000}})
        """
        job = run_script(tmp_path, script)
        _, err = job.communicate(timeout=60)
        assert job.returncode == -signal.SIGKILL, err[-2000:]
        (record,) = backend.open().runs()
        assert (record.status, record.stored_status) == ("DIED", "RUNNING")
        found = [*recover(), *(recover(folder) for folder in _own_journals(backend, record))]
        assert found
        (record,) = backend.open().runs()
        assert record.stored_status == "DIED"
        assert record.metrics["m"].values == [step / 2 for step in range(1000)]
        assert "last words\n" in record.output
        assert record.stop_time is not None
        assert "gone" in record.details["run"]["cause"]

    def test_an_outage_in_the_middle_loses_nothing(
        self, backend: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The run goes on; what was missed arrives when the store is back."""
        needs(backend, "outage")
        monkeypatch.setenv("HALLOW_STATE_DIR", str(tmp_path / "state"))
        (made := tmp_path / "a.txt").write_text("artifact")

        def main(_run: Any) -> int:
            _run.log_scalar("m", 1)
            print("before")
            _wait_for_beat(_run)
            with backend.outage():
                for value in range(2, 500):
                    _run.log_scalar("m", value)
                print("during")
                _run.add_artifact(made)
                time.sleep(0.3)
            print("after")
            return 7

        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(hallow.SETTINGS, "EXIT_TIMEOUT", 20.0)
            run = recorded(backend, main, None, **{"beat-interval": 0.1})
        record = backend.open().get(run._id)
        assert record.metrics["m"].values == list(range(1, 500))
        assert (record.status, record.result) == ("COMPLETED", 7)
        for word in ("before\n", "during\n", "after\n"):
            assert record.output.count(word) == 1
        assert record.artifact("a.txt").read_text() == "artifact"
        assert list(recover()) == []

    def test_a_start_while_the_store_is_away(self, backend: Backend) -> None:
        """One error, that says which store."""
        needs(backend, "outage")
        Session(backend).complete()
        observer = backend.observer()
        with backend.outage(), pytest.raises(StoreError):
            Session(None, observer=observer)

    def test_unknown_runs(self, backend: Backend) -> None:
        """The error names those there are."""
        with pytest.raises(RunNotFoundError, match="no runs"):
            backend.open().get(3)
        recorded(backend, lambda: 1, id="x1")
        with pytest.raises(RunNotFoundError, match="x1"):
            backend.open().get("nothing")
        with pytest.raises(RunNotFoundError):
            backend.open().delete("nothing")
        with pytest.raises(RunNotFoundError):
            backend.observer().reopen("nothing")


def _own_journals(backend: Backend, record: Any) -> list[str]:
    """The journal in the run's folder, for stores on this machine."""
    observer = backend.observer()
    observer.reopen(record.run_id)
    folder = getattr(observer, "journal_folder", None)
    return [folder] if isinstance(folder, str) and os.path.isdir(folder) else []


def _wait_for_beat(run: Run, patience: float = 20.0) -> None:
    """Until the store has the first point."""
    end = time.monotonic() + patience
    while time.monotonic() < end and not all(outlet.points for outlet in run._delivery.outlets):  # type: ignore[union-attr]
        time.sleep(0.02)
