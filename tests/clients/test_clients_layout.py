"""The checklist of what stores have to be like, so that the tools made for Sacred read them; item by item."""

from __future__ import annotations

import json
import math
import os
import re
from datetime import datetime, timezone
from hashlib import md5

import pytest
from bson import ObjectId
from clients_experiment import QUEUED, STARTED, document, training
from gridfs import GridFS

from hallow import Experiment, open_store
from hallow.observers import FileStorageObserver

CLASSIC_FILES = {"run.json", "config.json", "cout.txt", "metrics.json", "info.json"}
#: The keys that Sacred gives a run document.
CLASSIC_KEYS = {
    *("_id", "artifacts", "captured_out", "command", "config", "experiment", "fail_trace", "format", "heartbeat"),
    *("host", "info", "meta", "resources", "result", "start_time", "status", "stop_time"),
}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}")


def read(folder, number, name):
    return json.loads((folder / str(number) / name).read_text(encoding="utf-8"))


# ----------------------------------------------------------------------------------------------------- MongoDB


@pytest.mark.parametrize("number", STARTED)
def test_checklist_1_documents_in_mongo_have_the_classic_types(lab, number):
    run = document(lab, number)
    assert set(run) <= CLASSIC_KEYS
    assert (type(run["_id"]), run["_id"]) == (int, number)
    assert [type(run[name]) for name in ("start_time", "heartbeat", "stop_time")] == [datetime] * 3
    assert type(run["captured_out"]) is str
    assert all(type(line) is str for line in run.get("fail_trace", []))
    assert [list(map(type, pair)) for pair in run["experiment"]["sources"]] == [[str, ObjectId]] * len(
        run["experiment"]["sources"]
    )
    assert [{name: type(value) for name, value in one.items()} for one in run["artifacts"]] == [
        {"name": str, "file_id": ObjectId}
    ] * len(run["artifacts"])
    assert [list(map(type, pair)) for pair in run["resources"]] == [[str, str]] * len(run["resources"])
    for link in run["info"].get("metrics", []):
        assert {name: type(value) for name, value in link.items()} == {"name": str, "id": str}
        metric = lab.database.metrics.find_one({"_id": ObjectId(link["id"])})
        assert set(metric) == {"_id", "run_id", "name", "steps", "values", "timestamps"}
        assert (metric["run_id"], metric["name"]) == (number, link["name"])


def test_checklist_1_there_is_one_metric_document_for_a_run_and_a_name(lab):
    names = [(one["run_id"], one["name"]) for one in lab.database.metrics.find({}, {"run_id": 1, "name": 1})]
    assert sorted(names) == [(1, "acc"), (1, "train.loss"), (2, "train.loss"), (5, "train.loss")]


def test_checklist_2_queued_documents_in_mongo_have_what_clients_cannot_do_without(lab):
    run = document(lab, QUEUED)
    assert (run["info"], run["artifacts"], run["resources"], run["captured_out"]) == ({}, [], [], "")
    assert (run["status"], run["heartbeat"], "start_time" in run) == ("QUEUED", None, False)
    assert type(run["format"]) is str
    assert type(run["meta"]["queue_time"]) is datetime


def test_checklist_3_only_own_keys_of_a_run_document_are_written(mongo_commands, mongo, tmp_path):
    """No command that a run sends replaces or removes the document, or touches a key that is not Sacred's."""
    training(tmp_path, mongo.observer()).run(beat_interval=0.02)
    sent = mongo_commands.documents
    changes = [each["u"] for command in sent if command.get("update") == "runs" for each in command["updates"]]
    changes += [command["update"] for command in sent if command.get("findAndModify") == "runs"]
    assert len(changes) > 3
    for change in changes:
        fields = {"$set": change} if isinstance(change, list) else change
        assert all(operator.startswith("$") for operator in fields)
        assert {key.partition(".")[0] for some in fields.values() for key in keys_of(some)} <= CLASSIC_KEYS
    assert [command for command in sent if command.get("delete") == "runs"] == []


def keys_of(fields):
    """The keys that an operator changes; of a pipeline, those of all its stages."""
    if isinstance(fields, list):
        return [key for stage in fields for change in stage.values() for key in keys_of(change)]
    return [fields] if isinstance(fields, str) else list(fields)


def test_checklist_3_fields_of_others_survive(mongo, tmp_path):
    ex = training(tmp_path, mongo.observer())
    others = {"omniboard": {"tags": ["a"]}, "seml": {"name": "sweep"}, "stats": {"pending_time": 1.5}}

    @ex.command
    def shared(_run):
        mongo.database.runs.update_one({"_id": _run._id}, {"$set": others})
        _run.info["own"] = 1
        (tmp_path / "late.txt").write_text("late")
        _run.add_artifact(tmp_path / "late.txt")

    ex.run("shared", beat_interval=0.02)
    run = document(mongo, 1)
    assert {name: run[name] for name in others} == others
    assert (run["status"], run["info"], len(run["artifacts"])) == ("COMPLETED", {"own": 1}, 1)


def numbers(observer):
    """A run of numpy's and other uncommon numbers."""
    import numpy as np

    ex = Experiment("numbers")
    ex.observers.append(observer)

    @ex.main
    def main(_run):
        for value in (np.float32(0.5), np.int64(2), np.array(4.0), True, float("nan"), float("inf"), 3):
            _run.log_scalar("mixed", value)
        _run.info["best"] = np.float64(0.75)
        return np.float64(0.875)

    ex.run()


def test_checklist_4_numbers_in_mongo_are_numbers(mongo):
    numbers(mongo.observer())
    run, metric = document(mongo, 1), mongo.database.metrics.find_one({"run_id": 1})
    assert (type(run["result"]), run["result"]) == (float, 0.875)
    assert (type(run["info"]["best"]), run["info"]["best"]) == (float, 0.75)
    assert all(isinstance(value, int | float) for value in metric["values"])
    assert metric["values"][:4] == [0.5, 2, 4.0, 1]
    assert math.isnan(metric["values"][4])
    assert metric["values"][5:] == [math.inf, 3]
    assert metric["steps"] == list(range(7))


# --------------------------------------------------------------------------------------------------- the folder


@pytest.mark.parametrize("number", STARTED)
def test_checklist_5_a_run_that_has_ended_is_five_files_in_a_numbered_folder(folder, number):
    files = {entry.name for entry in os.scandir(folder / str(number)) if entry.is_file()}
    run = read(folder, number, "run.json")
    assert files == CLASSIC_FILES | set(run["artifacts"])
    assert all(TIME.fullmatch(run[name]) for name in ("start_time", "heartbeat", "stop_time"))
    assert {entry.name for entry in os.scandir(folder / str(number)) if entry.is_dir()} == {".hallow"}


def test_checklist_5_beside_the_runs_are_folders_alone(folder):
    entries = {entry.name: entry.is_dir() for entry in os.scandir(folder)}
    assert set(entries.values()) == {True}
    assert {name for name in entries if not name.isdigit()} == {"_sources", "_resources", ".hallow"}


def test_checklist_6_metrics_in_a_folder_have_the_classic_form(folder):
    metrics = {number: read(folder, number, "metrics.json") for number in STARTED}
    assert {number: sorted(found) for number, found in metrics.items()} == {
        1: ["acc", "train.loss"],
        2: ["train.loss"],
        4: [],
        5: ["train.loss"],
    }
    for one in (one for found in metrics.values() for one in found.values()):
        assert set(one) == {"steps", "values", "timestamps"}
        assert len(one["steps"]) == len(one["values"]) == len(one["timestamps"]) > 0
        assert all(type(value) is float for value in one["values"])
        assert TIME.fullmatch(one["timestamps"][0])


def test_checklist_6_numbers_in_a_folder_are_numbers(tmp_path):
    numbers(FileStorageObserver(tmp_path))
    values = read(tmp_path, 1, "metrics.json")["mixed"]["values"]
    assert values[:4] == [0.5, 2, 4.0, 1]
    assert math.isnan(values[4])
    assert values[5:] == [math.inf, 3]
    assert read(tmp_path, 1, "run.json")["result"] == 0.875


# ------------------------------------------------------------------------------------------------ what we read

T = datetime(2019, 5, 4, 3, 2, 1, 7000)
CONFIG = {"lr": 0.1, "shape": {"py/tuple": [28, 28]}}


def old_document(number, **more):
    """A run document as Sacred 0.7 left it."""
    return {
        "_id": number,
        "format": "MongoObserver-0.7.0",
        "status": "COMPLETED",
        "command": "main",
        "config": CONFIG,
        "experiment": {"name": "old", "base_dir": "/home/u", "sources": [], "dependencies": [], "repositories": []},
        "host": {"hostname": "box"},
        "start_time": T,
        "stop_time": T,
        "heartbeat": T,
        "captured_out": "printed\n",
        "result": {"py/object": "numpy.float64", "dtype": "float64", "value": 0.5},
        "artifacts": [],
        "resources": [["/home/u/d.csv", "0" * 32]],
        "info": {},
        **more,
    }


def test_checklist_7_documents_of_sacred_in_mongo_open(mongo):
    bucket, text = GridFS(mongo.database), b"print(1)\n"
    source = bucket.put(text, filename="/home/u/train.py", md5=md5(text).hexdigest())
    plot = bucket.put(b"png", filename="artifact://runs/1/plot.png", contentType="image/png", metadata=None)
    metric = mongo.database.metrics.insert_one(
        {"run_id": 1, "name": "loss", "steps": [0, 5], "values": [1.0, float("nan")], "timestamps": [T, T]}
    ).inserted_id
    whole = old_document(1, artifacts=[{"name": "plot.png", "file_id": plot}])
    whole["experiment"]["sources"] = [["train.py", source]]
    whole["info"] = {"metrics": [{"name": "loss", "id": str(metric)}]}
    waiting = {key: whole[key] for key in ("command", "config", "experiment", "host")}
    meta = {"queue_time": T, "command": "main"}
    queued = {**waiting, "_id": 2, "status": "QUEUED", "meta": meta}
    failed = old_document("trial-ü", status="FAILED", fail_trace=["Traceback\n", "ValueError: no\n"])
    mongo.database.runs.insert_many([whole, queued, failed])
    with open_store(mongo.uri) as store:
        records = {record.run_id: record for record in store.runs()}
        assert {run_id: record.problem for run_id, record in records.items()} == {1: "", 2: "", "trial-ü": ""}
        one = store.get("1")
        assert (one.status, one.result, one.config["shape"]) == ("COMPLETED", 0.5, (28, 28))
        assert (one.output, one.start_time) == ("printed\n", T.replace(tzinfo=timezone.utc))
        assert (one.source("train.py").read_bytes(), one.artifact("plot.png").read_bytes()) == (text, b"png")
        assert one.metrics["loss"].steps == [0, 5]
        assert (records[2].status, records[2].info, records[2].output) == ("QUEUED", {}, "")
        assert store.get("trial-ü").fail_trace == ["Traceback\n", "ValueError: no\n"]


def write(folder, **files):
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")


def test_checklist_7_folders_of_sacred_open(tmp_path):
    """A run without info, one that waits, and one of another name; none has anything of hallow's."""
    experiment = {"name": "old", "base_dir": "/home/u", "sources": [["train.py", "_sources/train_1.py"]]}
    times = {name: T.isoformat() for name in ("start_time", "stop_time", "heartbeat")}
    done = {"status": "COMPLETED", "command": "main", "experiment": experiment, "host": {"hostname": "box"}, **times}
    done |= {"result": 0.5, "artifacts": ["plot.png"], "resources": []}
    loss = {"steps": [0, 5], "values": [1.0, float("nan")], "timestamps": [T.isoformat()] * 2}
    write(tmp_path / "1", run=done, config=CONFIG, metrics={"loss": loss})
    (tmp_path / "1/cout.txt").write_text("printed\n")
    (tmp_path / "1/plot.png").write_bytes(b"png")
    waiting = {**experiment, "sources": [{"py/tuple": ["train.py", "0" * 32]}]}
    queued = {"status": "QUEUED", "command": "main", "experiment": waiting, "host": {}, "meta": {}}
    write(tmp_path / "2", run=queued, config=CONFIG)
    write(tmp_path / "trial-ü", run=done, config=CONFIG)
    (tmp_path / "_sources").mkdir()
    (tmp_path / "_sources/train_1.py").write_text("print(1)\n")
    with open_store(tmp_path) as store:
        assert {record.run_id: record.problem for record in store.runs()} == {"1": "", "2": "", "trial-ü": ""}
        one = store.get(1)
        assert (one.status, one.result, one.config["shape"], one.info) == ("COMPLETED", 0.5, (28, 28), {})
        assert (one.output, one.metrics["loss"].steps) == ("printed\n", [0, 5])
        assert (one.source("train.py").read_text(), one.artifact("plot.png").read_bytes()) == ("print(1)\n", b"png")
        assert store.get(2).status == "QUEUED"
        assert store.get("trial-ü").result == 0.5
