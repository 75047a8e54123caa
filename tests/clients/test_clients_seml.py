"""What SEML does with an experiment and its MongoDB store: it starts runs that it has put there itself."""

from __future__ import annotations

import os

import pytest
from clients_experiment import Rescheduled

from hallow import Experiment, open_store
from hallow.config.summary import ConfigSummary
from hallow.observers import FileStorageObserver

# SEML gives each project a collection, which is deprecated in Sacred, too: the metrics of all projects are in one.
pytestmark = pytest.mark.filterwarnings("ignore:collection='digits' is deprecated:DeprecationWarning")

#: The collection of a project.
COLLECTION = "digits"

#: What SEML keeps of a run in its document.
FOREIGN = {
    "batch_id": 3,
    "config_hash": "937c2ca4",
    "config_unresolved": {"lr": "${rate}"},
    "git": {"path": "repo", "commit": "0123abc", "dirty": False},
    "seml": {"executable": "train.py", "name": "sweep", "conda_environment": None},
    "slurm": {"array_id": 77, "task_id": 1, "sbatch_options": {"mem": "8G"}},
    "execution": {"cluster": "gpu", "array_id": 77},
    "stats": {"pending_time": 12.5},
}

#: What it expects to find after a run.
FIELDS = {
    *("_id", "artifacts", "captured_out", "command", "config", "experiment", "format", "heartbeat", "host", "info"),
    *("meta", "resources", "result", "start_time", "status", "stop_time"),
}


@pytest.fixture
def pending(mongo):
    """Two runs that are to be started, as SEML puts them into its collection."""
    runs = [{"_id": number, "status": "PENDING", "config": {"lr": 0.5}, **FOREIGN} for number in (1, 2)]
    mongo.database[COLLECTION].insert_many(runs)
    return mongo


class Managed(Experiment):
    """Takes its observers from the configuration, in which the id of the run comes along."""

    def __init__(self, mongo, **further):
        super().__init__("managed", **further)
        self.mongo = mongo
        self.configurations.append(self.with_observer)
        self.post_run_hook(lambda _run: self.collect(_run))

    def with_observer(self, fixed=None, preset=None, fallback=None):
        found = ConfigSummary()
        found.update(overwrite=(fixed or {}).get("overwrite"), db_collection=COLLECTION)
        self.observers.clear()
        self.observers.append(self.mongo.observer(collection=COLLECTION, overwrite=fixed["overwrite"]))
        return found

    def collect(self, run):
        """Statistics into the document of the run, from inside it."""
        assert not run.unobserved
        number = run.config["overwrite"]
        stats = {"stats.real_time": run.start_time.timestamp() > 0, "stats.self.max_memory": 1.0}
        assert self.mongo.database[COLLECTION].update_one({"_id": number}, {"$set": stats}).matched_count == 1


def managed(mongo):
    ex = Managed(mongo)

    @ex.config
    def cfg():
        lr = 0.1
        attempt = 1

    @ex.main
    def main(_run, lr, attempt):
        for step in range(10 * attempt):
            _run.log_scalar("loss", attempt * lr, step)
        print(f"attempt {attempt}")
        if attempt == 1:
            raise Rescheduled
        return {"accuracy": 0.75}

    @ex.command
    def fail():
        raise ValueError("out of memory")

    return ex


def test_a_run_that_is_there_already_is_carried_out(pending):
    ex = managed(pending)
    run = ex.run(config_updates={"overwrite": 2, "lr": 0.5, "attempt": 2})
    document = pending.database[COLLECTION].find_one({"_id": 2})
    assert run._id == 2
    assert FIELDS <= set(document)
    assert (document["status"], document["result"]) == ("COMPLETED", {"accuracy": 0.75})
    assert document["config"] == {
        "lr": 0.5,
        "attempt": 2,
        "overwrite": 2,
        "db_collection": COLLECTION,
        "seed": run.config["seed"],
    }
    assert "attempt 2" in document["captured_out"]
    untouched = {name: value for name, value in FOREIGN.items() if name != "stats"}
    assert {name: document[name] for name in untouched} == untouched
    assert document["stats"] == {"pending_time": 12.5, "real_time": True, "self": {"max_memory": 1.0}}


def test_the_other_run_stays_as_it_was(pending):
    managed(pending).run(config_updates={"overwrite": 2, "attempt": 2})
    assert pending.database[COLLECTION].find_one({"_id": 1}) == {
        "_id": 1,
        "status": "PENDING",
        "config": {"lr": 0.5},
        **FOREIGN,
    }
    with open_store(f"{pending.uri}.{COLLECTION}") as store:
        assert {record.run_id: (record.status, record.problem) for record in store.runs()} == {
            1: ("PENDING", ""),
            2: ("COMPLETED", ""),
        }


def test_a_run_is_put_back_and_started_again(pending):
    """Nothing of the first attempt is left in the second, but for what SEML keeps."""
    ex = managed(pending)
    with pytest.raises(Rescheduled):
        ex.run(config_updates={"overwrite": 1})
    first = pending.database[COLLECTION].find_one({"_id": 1})
    assert (first["status"], "stop_time" in first) == ("PENDING", True)
    ex.run(config_updates={"overwrite": 1, "attempt": 2})
    second = pending.database[COLLECTION].find_one({"_id": 1})
    assert (second["status"], second["slurm"]) == ("COMPLETED", FOREIGN["slurm"])
    assert second["start_time"] >= first["stop_time"]
    assert "attempt 1" not in second["captured_out"]
    (metric,) = pending.database.metrics.find({"run_id": 1})
    assert metric["values"] == [0.2] * 20
    assert [link["id"] for link in second["info"]["metrics"]] == [str(metric["_id"])]
    with open_store(f"{pending.uri}.{COLLECTION}") as store:
        assert len(store.get(1).metrics["loss"]) == 20


def test_a_failure_leaves_its_trace_line_by_line(pending):
    ex = managed(pending)
    with pytest.raises(ValueError, match="out of memory"):
        ex.run("fail", config_updates={"overwrite": 1})
    document = pending.database[COLLECTION].find_one({"_id": 1})
    assert document["status"] == "FAILED"
    assert all(type(line) is str for line in document["fail_trace"])
    assert document["fail_trace"][-1] == "ValueError: out of memory\n"
    ex.run(config_updates={"overwrite": 1, "attempt": 2})
    assert "fail_trace" not in pending.database[COLLECTION].find_one({"_id": 1})


def test_an_artifact_is_given_to_an_observer_by_its_file_alone(tmp_path):
    ex = Experiment("managed")
    ex.observers.append(FileStorageObserver(tmp_path / "runs"))
    (tmp_path / "slurm.out").write_text("log of the cluster")

    @ex.main
    def main(_run):
        _run.observers[0].artifact_event(name=None, filename=os.fspath(tmp_path / "slurm.out"))

    ex.run()
    assert (tmp_path / "runs/1/slurm.out").read_text() == "log of the cluster"
    with open_store(tmp_path / "runs") as store:
        assert [artifact.name for artifact in store.get(1).artifacts] == ["slurm.out"]
