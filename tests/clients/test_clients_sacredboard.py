"""What Sacredboard 0.4.2 reads in a folder and in MongoDB, and on which of them it fails."""

from __future__ import annotations

import json
import os
import time

import pytest
from bson import ObjectId
from clients_experiment import QUEUED, STARTED, document, training
from clients_sacredboard import list_folder, mongo_row
from servers.processes import wait_until

from hallow import open_store
from hallow.observers import FileStorageObserver


def test_sacredboard_lists_the_runs_of_a_folder_that_have_ended(folder):
    """And leaves the queued one out, because that has no info.json."""
    rows = list_folder(folder)
    assert {name: row["status"] for name, row in rows.items()} == {
        "1": "COMPLETED",
        "2": "FAILED",
        "4": "PENDING",
        "5": "COMPLETED",
    }
    assert (rows["1"]["result"], rows["1"]["info"]["best"]["epoch"], rows["2"]["info"]) == (0.875, 9, {})


def test_sacredboard_finds_no_plain_file_among_the_runs(folder):
    """The first one would be the end of its list; a template is the user's own."""
    assert [entry.name for entry in os.scandir(folder) if not entry.is_dir()] == []
    assert {entry.name for entry in os.scandir(folder)} == {
        "1",
        "2",
        "3",
        "4",
        "5",
        "_sources",
        "_resources",
        ".hallow",
    }


def test_sacredboard_fails_on_a_template_beside_the_runs(tmp_path):
    """As with Sacred, which looks for it there; hallow takes a template from anywhere else, too."""
    ex = training(tmp_path, FileStorageObserver(tmp_path / "runs"))
    ex.run()
    (tmp_path / "runs/template.html").write_text("${run}")
    with pytest.raises(NotADirectoryError):
        list_folder(tmp_path / "runs")


def test_sacredboard_leaves_out_a_run_that_goes_on_without_info(tmp_path):
    seen = []
    ex = training(tmp_path, FileStorageObserver(tmp_path / "runs"))

    @ex.command
    def looked_at(_run):
        _run.log_scalar("loss", 0.5)
        wait_until(lambda: read_run(tmp_path / "runs/2")["heartbeat"], "a heartbeat")
        seen.append(sorted(list_folder(tmp_path / "runs")))

    ex.run()
    ex.run("looked_at", beat_interval=0.02)
    assert (seen, sorted(list_folder(tmp_path / "runs"))) == ([["1"]], ["1", "2"])


def test_sacredboard_fails_while_a_run_with_info_goes_on(tmp_path):
    """As with Sacred: it takes the run for one that has ended, and that has a stop_time."""
    ex = training(tmp_path, FileStorageObserver(tmp_path / "runs"))

    @ex.command
    def informative(_run):
        _run.info["epoch"] = 1
        wait_until((tmp_path / "runs/1/info.json").exists, "info.json")
        with pytest.raises(KeyError, match="stop_time"):
            list_folder(tmp_path / "runs")

    ex.run("informative", beat_interval=0.02)
    assert sorted(list_folder(tmp_path / "runs")) == ["1"]


def test_sacredboard_lists_a_killed_run_when_it_is_recovered(tmp_path, run_script):
    killed = run_script(
        """
        import os, signal, time
        from hallow import Experiment
        from hallow.observers import FileStorageObserver

        ex = Experiment("killed", interactive=True)
        ex.observers.append(FileStorageObserver("runs"))

        @ex.main
        def main(_run):
            _run.info["epoch"] = 1
            while not os.path.exists("runs/1/info.json"):
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGKILL)

        ex.run(beat_interval=0.02)
        """
    )
    assert killed.code < 0
    with pytest.raises(KeyError, match="stop_time"):
        list_folder(tmp_path / "runs")
    assert run_script("import hallow.__main__ as h; h.main()", "recover", "runs", name="recover.py").code == 0
    assert list_folder(tmp_path / "runs")["1"]["status"] == "DIED"


def test_sacredboard_reads_times_of_whole_seconds(tmp_path, monkeypatch):
    """isoformat() leaves a fraction of zero out, and its format needs one."""
    real = time.time
    monkeypatch.setattr(time, "time", lambda: float(int(real())))
    ex = training(tmp_path, FileStorageObserver(tmp_path / "runs"))
    ex.run()
    (row,) = list_folder(tmp_path / "runs").values()
    assert {row[name].microsecond for name in ("start_time", "heartbeat", "stop_time")} == {1}


def test_sacredboard_lists_runs_of_other_names(tmp_path):
    ex = training(tmp_path, FileStorageObserver(tmp_path / "runs", folder="{name}_{config.lr}"))
    ex.run()
    ex.run(options={"--id": "second"})
    assert set(list_folder(tmp_path / "runs")) == {"digits_0.1", "second"}


def read_run(path):
    return json.loads((path / "run.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("number", STARTED)
def test_sacredboard_shows_a_run_in_mongo(lab, number):
    run = document(lab, number)
    row = mongo_row(run)
    assert (row["id"], row["experiment_name"]) == (number, "digits")
    assert json.loads(json.dumps(run, default=str))["captured_out"] == run["captured_out"]
    for link in run["info"].get("metrics", []):
        found = lab.database.metrics.find_one({"run_id": int(str(number)), "_id": ObjectId(link["id"])})
        assert (found["name"], len(found["steps"])) == (link["name"], len(found["values"]))
        assert found["timestamps"][0].strftime("%Y") >= "2000"


def test_sacredboard_fails_on_a_queued_run_in_mongo(lab):
    """As with Sacred: it formats times that a run has not before it starts."""
    with pytest.raises((AttributeError, KeyError)):
        mongo_row(document(lab, QUEUED))


def test_a_run_that_sacredboard_deletes_leaves_files_that_hallow_does_not_need(mongo, tmp_path):
    ex = training(tmp_path, mongo.observer())
    ex.run()
    ex.run()
    mongo.database.metrics.delete_many({"run_id": 1})
    mongo.database.runs.delete_one({"_id": 1})
    with open_store(mongo.uri) as store:
        (record,) = store.runs()
        assert (record.run_id, record.problem, record.metrics["acc"].values[-1]) == (2, "", 0.9)


def test_sacredboard_fails_on_a_run_in_mongo_until_its_first_heartbeat(mongo, tmp_path):
    """As with Sacred; a heartbeat of null is part of what other tools read there."""
    ex = training(tmp_path, mongo.observer())

    @ex.command
    def just_started(_run):
        with pytest.raises(AttributeError):
            mongo_row(document(mongo, 1))
        wait_until(lambda: document(mongo, 1)["heartbeat"], "a heartbeat")
        return mongo_row(document(mongo, 1))["status"]

    assert ex.run("just_started", beat_interval=0.5).result == "RUNNING"


KILLED_AT_ONCE = """
import os, signal
from hallow import Experiment
from hallow.observers import {observer}

ex = Experiment("killed", interactive=True)
ex.observers.append({observer}{arguments!r})

@ex.main
def main(_run):
    os.kill(os.getpid(), signal.SIGKILL)

ex.run()
"""


def killed_and_recovered(run_script, store, **names):
    assert run_script(KILLED_AT_ONCE.format(**names)).code < 0
    assert run_script("import hallow.__main__ as h; h.main()", "recover", store, name="recover.py").code == 0


def test_sacredboard_lists_a_run_that_was_killed_at_once_when_it_is_recovered(tmp_path, run_script):
    """With Sacred it has no info.json, and is left out; the recovered one has to be whole."""
    killed_and_recovered(run_script, "runs", observer="FileStorageObserver", arguments=("runs", None))
    assert list_folder(tmp_path / "runs")["1"]["status"] == "DIED"


def test_sacredboard_lists_a_run_in_mongo_that_was_killed_at_once_when_it_is_recovered(mongo, run_script):
    arguments = (mongo.server, mongo.name)
    killed_and_recovered(run_script, mongo.uri, observer="MongoObserver", arguments=arguments)
    assert mongo_row(document(mongo, 1))["status"] == "DIED"
