"""--journal-only: the store is away when the run begins."""

import os
import subprocess
import sys
import textwrap

import pytest

import hallow
from hallow.errors import StoreError
from hallow.observers import FileStorageObserver
from hallow.running.recovery import recover

SCRIPT = """
    import hallow
    from hallow.observers import FileStorageObserver

    ex = hallow.Experiment("offline", save_git_info=False)
    ex.observers.append(FileStorageObserver("away/runs"))

    @ex.config
    def config():
        shape = (1, 2)

    @ex.automain
    def main(_run, shape):
        for step in range(2000):
            _run.log_scalar("loss", step / 4)
        _run.info["note"] = {"a.b": shape}
        _run.add_artifact("made.txt")
        print("all of it, grüße")
        return 0.5
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HALLOW_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "script.py").write_text(textwrap.dedent(SCRIPT))
    (tmp_path / "made.txt").write_text("made")
    (tmp_path / "away").write_text("a file is in the way")
    return tmp_path


def run(folder, *words):
    return subprocess.run([sys.executable, "script.py", *words], cwd=folder, text=True, capture_output=True, timeout=60)


def back(folder):
    (folder / "away").unlink()
    (folder / "away").mkdir()


def test_without_it_nothing_starts(folder):
    done = run(folder)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "--journal-only" in done.stderr
    assert "all of it" not in done.stdout
    assert list(recover()) == []


def test_everything_is_delivered_later(folder):
    done = run(folder, "--journal-only")
    assert done.returncode == 0, done.stderr
    assert "recorded in its journal only" in done.stderr
    assert "hallow recover" in done.stderr
    back(folder)
    (folder / "script.py").write_text("# another text by now")
    (folder / "made.txt").unlink()
    (found,) = recover()
    assert (found.state, found.status, found.run_id, found.problems) == ("closed", "COMPLETED", "1", [])
    (record,) = hallow.open_store("away/runs").runs()
    assert (record.status, record.result, record.config["shape"]) == ("COMPLETED", 0.5, (1, 2))
    assert record.metrics["loss"].values == [step / 4 for step in range(2000)]
    assert record.info == {"note": {"a.b": (1, 2)}}
    assert "all of it, grüße\n" in record.output
    assert record.artifact("made.txt").read_text() == "made"
    assert "all of it" in record.source("script.py").read_text()
    assert record.details["run"]["exit_code"] == 0
    assert record.start_time < record.stop_time
    assert list(recover()) == []


def test_a_recovery_while_the_store_is_still_away_changes_nothing(folder):
    run(folder, "--journal-only")
    (found,) = recover()
    assert found.state == "open"
    assert found.problems
    back(folder)
    assert [one.state for one in recover()] == ["closed"]
    assert len(hallow.open_store("away/runs")) == 1


def test_another_store_is_served_meanwhile(folder):
    done = run(folder, "--journal-only", "-F", "here")
    assert done.returncode == 0, done.stderr
    (record,) = hallow.open_store("here").runs()
    assert (record.status, len(record.metrics["loss"])) == ("COMPLETED", 2000)
    back(folder)
    journals = [journal for one in recover("here") for journal in [one.journal] if one.state == "closed"]
    assert len(journals) == 1
    assert [len(record.metrics["loss"]) for record in hallow.open_store("away/runs").runs()] == [2000]


def test_a_run_that_was_killed(folder):
    text = (folder / "script.py").read_text()
    (folder / "script.py").write_text(text.replace("    return 0.5", "    import os; os.kill(os.getpid(), 9)"))
    assert run(folder, "--journal-only", "-b", "0.05").returncode == -9
    back(folder)
    (found,) = recover()
    assert (found.state, found.status) == ("closed", "DIED")
    (record,) = hallow.open_store("away/runs").runs()
    assert record.metrics["loss"].values == [step / 4 for step in range(2000)]
    assert "all of it" in record.output


def test_from_python(folder):
    experiment = hallow.Experiment("e", save_git_info=False)
    experiment.observers.append(FileStorageObserver(os.path.join("away", "runs")))
    experiment.main(lambda: 3)
    with pytest.raises(StoreError):
        experiment.run()
    assert experiment.run(journal_only=True).result == 3
    back(folder)
    assert [one.state for one in recover()] == ["closed"]
    assert [record.result for record in hallow.open_store("away/runs").runs()] == [3]


def test_a_store_finds_the_journals_that_wait_for_it(folder):
    run(folder, "--journal-only")
    back(folder)
    (folder / "away" / "runs").mkdir()
    assert [one.state for one in recover(os.path.join("away", "runs"))] == ["closed"]
    assert len(hallow.open_store("away/runs")) == 1
