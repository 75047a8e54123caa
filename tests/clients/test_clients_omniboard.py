"""What Omniboard 2.16 reads and writes in MongoDB, on the documents themselves."""

from __future__ import annotations

import os
from collections import Counter
from datetime import datetime, timezone

import pytest
from bson import ObjectId
from clients_experiment import FILES, QUEUED, STARTED, document, training
from gridfs import GridFS

from hallow import open_store


@pytest.mark.parametrize("number", STARTED)
def test_omniboard_finds_the_fields_of_a_run_in_their_types(lab, number):
    run = document(lab, number)
    assert type(run["_id"]) is int
    assert run["status"] in ("COMPLETED", "FAILED", "PENDING")
    assert [type(run[name]) for name in ("start_time", "heartbeat", "stop_time")] == [datetime] * 3
    assert all(type(run[name]) is dict for name in ("config", "experiment", "host", "meta", "info"))
    assert run["config"]["tags"] == ["baseline", "small"]
    assert (run["experiment"]["name"], type(run["host"]["hostname"])) == ("digits", str)
    assert type(run["captured_out"]) is str
    assert [type(line) for line in run.get("fail_trace", [])] == [str] * len(run.get("fail_trace", []))
    assert ("fail_trace" in run) == (run["status"] == "FAILED")
    assert all(set(artifact) == {"name", "file_id"} for artifact in run["artifacts"])
    assert all(type(artifact["file_id"]) is ObjectId for artifact in run["artifacts"])
    assert {"command", "format", "resources"} <= set(run)


def test_omniboard_shows_result_and_comment(lab):
    run = document(lab, 1)
    assert type(run["result"]) is float
    assert run["meta"]["comment"] == "the first"


def test_omniboard_adds_columns_by_aggregation(lab):
    """The duration, and whether a run that is said to go on is probably dead."""
    silence = {"$subtract": [datetime.now(timezone.utc), {"$ifNull": ["$heartbeat", "$start_time"]}]}
    is_dead = {"$and": [{"$eq": ["$status", "RUNNING"]}, {"$gt": [silence, 120_000]}]}
    columns = {"duration": {"$subtract": ["$heartbeat", "$start_time"]}, "silence": silence, "dead": is_dead}
    rows = lab.database.runs.aggregate([{"$addFields": columns}, {"$sort": {"_id": -1}}, {"$limit": 200}])
    found = {row["_id"]: row for row in rows}
    assert list(found) == [5, 4, 3, 2, 1]
    assert found[QUEUED]["duration"] is None
    assert all(0 <= found[number][column] < 600_000 for number in STARTED for column in ("duration", "silence"))
    assert not any(row["dead"] for row in found.values())


def test_omniboard_joins_metrics_by_the_ids_in_info(lab):
    """Rolled up by the server, from one document for each metric."""
    stages = [
        {"$match": {"_id": 1}},
        {"$unwind": {"path": "$info.metrics", "preserveNullAndEmptyArrays": True}},
        {"$addFields": {"key": {"$toObjectId": "$info.metrics.id"}}},
        {"$lookup": {"from": "metrics", "localField": "key", "foreignField": "_id", "as": "metric"}},
        {"$addFields": {"metric": {"$arrayElemAt": ["$metric", 0]}}},
        {
            "$project": {
                "_id": "$metric.name",
                "max": {"$max": "$metric.values"},
                "average": {"$avg": "$metric.values"},
                "last": {"$arrayElemAt": ["$metric.values", -1]},
            }
        },
    ]
    found = {row.pop("_id"): row for row in lab.database.runs.aggregate(stages)}
    assert set(found) == {"train.loss", "acc"}
    assert (found["acc"]["max"], found["acc"]["last"], found["train.loss"]["last"]) == (0.9, 0.9, 0.1)
    assert found["acc"]["average"] == pytest.approx(0.45)


@pytest.mark.parametrize("number", STARTED)
def test_omniboard_draws_one_document_for_each_metric(lab, number):
    links = document(lab, number)["info"].get("metrics", [])
    found = list(lab.database.metrics.find({"run_id": number}))
    assert [link["name"] for link in links] == {1: ["train.loss", "acc"], 2: ["train.loss"], 4: [], 5: ["train.loss"]}[
        number
    ]
    assert {(link["name"], ObjectId(link["id"])) for link in links} == {(one["name"], one["_id"]) for one in found}
    assert max(Counter(one["name"] for one in found).values(), default=1) == 1
    for one in found:
        assert type(one["run_id"]) is int
        assert len(one["steps"]) == len(one["values"]) == len(one["timestamps"]) > 0
        assert all(isinstance(number, int | float) for number in (*one["steps"], *one["values"]))
        assert all(type(moment) is datetime for moment in one["timestamps"])


def test_omniboard_opens_the_files(lab):
    run, bucket = document(lab, 1), GridFS(lab.database)
    assert {one["name"]: bucket.get(one["file_id"]).read() for one in run["artifacts"]} == FILES
    name, source = next(pair for pair in run["experiment"]["sources"] if pair[0] == "clients_experiment.py")
    with open(os.path.join(run["experiment"]["base_dir"], name), "rb") as file:
        assert (name, bucket.get(source).read()) == ("clients_experiment.py", file.read())
    for stored in lab.database["fs.files"].find():
        assert {"_id", "filename", "length", "chunkSize", "uploadDate"} <= set(stored)
        # One route of it takes the first chunk for the whole file.
        first = lab.database["fs.chunks"].find_one({"files_id": stored["_id"], "n": 0})
        assert len(first["data"]) == min(stored["length"], stored["chunkSize"])


def test_omniboard_counts_how_many_runs_use_a_source(lab):
    stages = [
        {"$unwind": "$experiment.sources"},
        {"$addFields": {"file": {"$arrayElemAt": ["$experiment.sources", 1]}}},
        {"$group": {"_id": {"$toObjectId": "$file"}, "runs": {"$sum": 1}}},
    ]
    assert {row["runs"] for row in lab.database.runs.aggregate(stages)} == {5}


def test_what_omniboard_writes_during_a_run_survives(mongo, tmp_path):
    ex = training(tmp_path, mongo.observer())

    @ex.command
    def marked(_run):
        marks = {"omniboard.tags": ["good"], "omniboard.notes": "look again"}
        mongo.database.runs.update_one({"_id": _run._id}, {"$set": marks})
        _run.info["later"] = True
        return 1

    ex.run("marked")
    run = document(mongo, 1)
    assert run["omniboard"] == {"tags": ["good"], "notes": "look again"}
    assert (run["status"], run["result"], run["info"]) == ("COMPLETED", 1, {"later": True})
    with open_store(mongo.uri) as store:
        record = store.get(1)
        assert (record.tags, record.notes) == (["good"], "look again")
        record.annotate(tags=["ours"])
    assert document(mongo, 1)["omniboard"]["notes"] == "look again"


def is_used_elsewhere(database, number, source):
    pairs = {"$elemMatch": {"$elemMatch": {"$eq": source}}}
    return database.runs.count_documents({"_id": {"$ne": number}, "experiment.sources": pairs}) > 0


def delete_as_omniboard(database, number):
    """Metrics, artifacts, sources that no other run uses, and the run; nothing that hallow keeps beside it."""
    run = database.runs.find_one({"_id": number})
    database.metrics.delete_many({"run_id": number})
    files = [artifact["file_id"] for artifact in run["artifacts"]]
    sources = [source for _, source in run["experiment"]["sources"]]
    files += [source for source in sources if not is_used_elsewhere(database, number, source)]
    database["fs.files"].delete_many({"_id": {"$in": files}})
    database["fs.chunks"].delete_many({"files_id": {"$in": files}})
    database.runs.delete_one({"_id": number})


def contents(record):
    return {file.name: file.read_bytes() for file in (*record.sources, *record.artifacts)}


def test_what_omniboard_deletes_leaves_the_other_runs_whole(mongo, tmp_path):
    ex = training(tmp_path, mongo.observer())
    for _ in range(3):
        ex.run()
    with open_store(mongo.uri) as store:
        before = contents(store.get(2))
        delete_as_omniboard(mongo.database, 1)
        delete_as_omniboard(mongo.database, 3)
        (record,) = store.runs()
        assert (record.run_id, record.problem, contents(record)) == (2, "", before)
        assert record.metrics["acc"].values[-1] == 0.9
        assert "trained" in record.output
        store.delete(2)
        assert list(store.ids()) == []


def test_the_id_of_a_run_that_omniboard_deleted_begins_anew(mongo, tmp_path):
    """What hallow had kept beside the old run is not the new one's, and sources that are gone are stored again."""
    ex = training(tmp_path, mongo.observer())
    ex.run()
    with open_store(mongo.uri) as store:
        store.get(1).annotate(tags=["old"], notes="of the old run")
        before = contents(store.get(1))
        delete_as_omniboard(mongo.database, 1)

        @ex.command
        def other(_run):
            _run.log_scalar("other", 1.0)

        assert ex.run("other")._id == 1
        record = store.get(1)
        assert (record.tags, record.notes) == ([], "")
        assert {name: list(points.values) for name, points in record.metrics.items()} == {"other": [1.0]}
        assert "trained" not in record.output
        assert contents(record) == {file.name: before[file.name] for file in record.sources} != {}


def test_a_run_that_omniboard_deletes_while_it_goes_on_is_recorded_all_the_same(mongo, tmp_path):
    ex = training(tmp_path, mongo.observer())

    @ex.command
    def unwanted(_run):
        _run.log_scalar("loss", 0.5)
        delete_as_omniboard(mongo.database, _run._id)
        return 3

    run = ex.run("unwanted")
    assert (run.status, run.result) == ("COMPLETED", 3)
    with open_store(mongo.uri) as store:
        (record,) = store.runs()
        assert (record.run_id, record.status, record.problem) == (1, "COMPLETED", "")
        assert list(record.metrics["loss"].values) == [0.5]
        assert record.config["net"]["activation"] == "relu"
