"""Runs of hallow as incense 0.0.15, a reader made for Sacred's stores, shows them."""

from __future__ import annotations

import math
from contextlib import ExitStack, contextmanager

import pytest
from clients_experiment import FILES, LINES, MANY, NETWORK, training

from hallow import open_store

incense = pytest.importorskip("incense")


# ------------------------------------------------------------------------------------------------- the file store


@pytest.fixture
def read_folder(folder):
    """``read_folder(number)``: the run as incense has it; files that it opens are closed afterwards."""
    with ExitStack() as files:

        def read(number):
            found = incense.FileSystemExperimentLoader(folder).find_by_id(number)
            for artifact in found.artifacts.values():
                files.callback(artifact.file.close)
            return found

        yield read


def test_a_run_in_a_folder(read_folder):
    found = read_folder(1)
    assert repr(found) == "FileSystemExperiment(id=1, name=digits)"
    assert (found.status, found.result, found.command) == ("COMPLETED", 0.875, "main")
    assert found.config.lr == 0.5
    assert found.config.net.activation == NETWORK["activation"]
    assert list(found.config.net.layers) == NETWORK["layers"]
    assert found.info.best.epoch == 9
    assert "trained" in found.captured_out.splitlines()
    assert found.experiment.mainfile == "clients_experiment.py"


def test_metrics_in_a_folder(read_folder):
    metrics = read_folder(1).metrics
    assert set(metrics) == {"train.loss", "acc"}
    assert metrics["acc"].to_dict() == {10 * step: step / 10 for step in range(10)}
    assert metrics["train.loss"].index.name == "step"


def test_artifacts_in_a_folder(read_folder):
    artifacts = read_folder(1).artifacts
    # It takes every other file of the folder for an artifact, so it sees one that no run made.
    assert set(artifacts) == {*FILES, "info.json"}
    assert {name: artifacts[name].content for name in FILES} == FILES


def test_pickled_and_tabular_artifacts_in_a_folder(read_folder):
    artifacts = read_folder(1).artifacts
    assert artifacts["model.pickle"].as_type(incense.artifact.PickleArtifact).render() == {"weights": [0.25, 0.5]}
    table = artifacts["table.csv"].as_type(incense.artifact.CSVArtifact).render()
    assert table.to_dict("list") == {"epoch": [0, 1], "loss": [1.0, 0.5]}


def test_a_failed_run_in_a_folder(read_folder):
    found = read_folder(2)
    assert found.status == "FAILED"
    assert found.fail_trace[-1] == "ValueError: no such data\n"
    assert found.info == {}
    assert math.isnan(found.metrics["train.loss"][0])


def test_a_run_of_a_status_of_its_own_without_metrics_in_a_folder(read_folder):
    found = read_folder(4)
    assert (found.status, found.metrics) == ("PENDING", {})
    assert set(found.artifacts) == {"info.json"}


def test_a_queued_run_in_a_folder_cannot_be_read(read_folder):
    """As with Sacred: it needs five files, and a run that was not started has two."""
    with pytest.raises(FileNotFoundError):
        read_folder(3)


def test_long_curves_and_output_in_a_folder_are_whole(read_folder):
    found = read_folder(5)
    curve = found.metrics["train.loss"]
    assert list(curve.index) == list(range(MANY))
    assert list(curve) == [step / 2 for step in range(MANY)]
    assert [line for line in found.captured_out.splitlines() if line.startswith("line ")] == [
        f"line {line}" for line in range(LINES)
    ]


# ---------------------------------------------------------------------------------------------------- MongoDB


@pytest.fixture
def loader(lab):
    with closing_loader(lab) as loader:
        yield loader


@contextmanager
def closing_loader(mongo):
    """``unpickle`` would have it import Sacred."""
    loader = incense.ExperimentLoader(mongo.server, mongo.name, unpickle=False)
    yield loader
    loader.cache_clear()
    loader._database.client.close()


def ids(found):
    return [one.id for one in found]


def test_a_run_in_mongo(loader):
    found = loader.find_by_id(1)
    assert repr(found) == "Experiment(id=1, name=digits)"
    assert (found.status, found.result, found.command) == ("COMPLETED", 0.875, "main")
    assert found.config.lr == 0.5
    assert list(found.config.net.layers) == NETWORK["layers"]
    assert found.info.best.epoch == 9
    assert [metric.name for metric in found.info.metrics] == ["train.loss", "acc"]
    assert "trained" in found.captured_out.splitlines()
    assert found.stop_time >= found.start_time


def test_runs_are_found_in_mongo(loader):
    """The queued one among them: its document has the keys without which it could not list anything."""
    assert ids(loader.find_all()) == [1, 2, 3, 4, 5]
    assert loader.find_latest().id == 5
    assert ids(loader.find_latest(5)) == [5, 4, 2, 1, 3]
    assert sorted(ids(loader.find_by_ids([5, 1]))) == [1, 5]
    assert ids(loader.find_by_name("^dig")) == [1, 2, 3, 4, 5]
    assert ids(loader.find_by_config_key("lr", 0.5)) == [1]
    assert ids(loader.find_by_config_key("net.activation", "re.u")) == [1, 2, 3, 4, 5]
    assert ids(loader.find_by_key("status", "FAILED|PENDING")) == [2, 4]
    assert ids(loader.find({"result": {"$gt": 0.8}})) == [1]


def test_metrics_in_mongo(loader):
    metrics = loader.find_by_id(1).metrics
    assert set(metrics) == {"train.loss", "acc"}
    assert metrics["acc"].to_dict() == {10 * step: step / 10 for step in range(10)}
    assert metrics["train.loss"].index.name == "step"


@pytest.mark.filterwarnings("ignore:GridOut property:DeprecationWarning")  # of pymongo, asked by incense
def test_artifacts_in_mongo(loader):
    artifacts = loader.find_by_id(1).artifacts
    assert {name: artifact.content for name, artifact in artifacts.items()} == FILES
    assert {name: type(artifact).__name__ for name, artifact in artifacts.items()} == {
        "plot.png": "ImageArtifact",
        "photo.jpg": "ImageArtifact",
        "table.csv": "CSVArtifact",
        "clip.mp4": "MP4Artifact",
        "paper.pdf": "PDFArtifact",
        "model.pickle": "Artifact",
        "report.html": "Artifact",
        "notes.txt": "Artifact",
        "big.bin": "Artifact",
    }


@pytest.mark.filterwarnings("ignore:GridOut property:DeprecationWarning")
def test_artifacts_in_mongo_are_shown_and_saved(loader, tmp_path):
    artifacts = loader.find_by_id(1).artifacts
    assert artifacts["table.csv"].render().to_dict("list") == {"epoch": [0, 1], "loss": [1.0, 0.5]}
    assert artifacts["plot.png"].render().data == FILES["plot.png"]
    assert artifacts["model.pickle"].as_type(incense.artifact.PickleArtifact).render() == {"weights": [0.25, 0.5]}
    artifacts["paper.pdf"].save(str(tmp_path))
    # It makes the name from the last two parts of the name in GridFS.
    assert (tmp_path / "1_paper.pdf").read_bytes() == FILES["paper.pdf"]


def test_runs_in_mongo_become_a_table(loader):
    largest = {("metrics", "train.loss"): max}
    table = loader.find_by_ids([1, 5]).project(on=["config.net.activation", "config.lr", "experiment.name", largest])
    assert list(table.index) == [1, 5]
    assert list(table["activation"]) == ["relu", "relu"]
    assert list(table["lr"]) == [0.5, 0.1]
    assert list(table["name"]) == ["digits", "digits"]
    assert list(table["train.loss_max"]) == [1.0, (MANY - 1) / 2]


def test_results_in_mongo_are_a_column(loader):
    table = loader.find_by_ids([1, 2, 4, 5]).project(on=["result", "status"])
    assert list(table["status"]) == ["COMPLETED", "FAILED", "PENDING", "COMPLETED"]
    assert table["result"][1] == 0.875
    assert table["result"].isna().tolist() == [False, True, True, True]


def test_failed_and_queued_runs_in_mongo(loader):
    failed, queued, pending = (loader.find_by_id(number) for number in (2, 3, 4))
    assert failed.fail_trace[-1] == "ValueError: no such data\n"
    assert math.isnan(failed.metrics["train.loss"][0])
    assert (queued.status, queued.info, queued.metrics, queued.artifacts) == ("QUEUED", {}, {}, {})
    assert (pending.status, pending.metrics) == ("PENDING", {})


def test_a_curve_beyond_the_capacity_in_mongo_is_one_series(loader, lab):
    assert lab.database.metrics.count_documents({"run_id": 5}) == 1
    curve = loader.find_by_id(5).metrics["train.loss"]
    steps = list(curve.index)
    assert steps == [*range(0, MANY, 4), MANY - 1]
    assert list(curve) == [step / 2 for step in steps]


def test_long_output_in_mongo_is_its_end(loader):
    lines = loader.find_by_id(5).captured_out.splitlines()
    assert lines[-1] == f"line {LINES - 1}"
    shown = lines[1:]
    assert shown == [f"line {line}" for line in range(LINES - len(shown), LINES)]


def test_a_run_that_incense_deletes_is_gone(mongo, tmp_path):
    ex = training(tmp_path, mongo.observer())
    ex.run()
    ex.run()
    with closing_loader(mongo) as loader:
        loader.find_by_id(1).delete(confirmed=True)
    with open_store(mongo.uri) as store:
        (record,) = store.runs()
        assert (record.run_id, record.problem) == (2, "")
        assert record.metrics["acc"].values[-1] == 0.9
        assert {artifact.name: artifact.read_bytes() for artifact in record.artifacts} == FILES
