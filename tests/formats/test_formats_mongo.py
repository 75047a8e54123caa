"""MongoDB databases that Sacred wrote, and damaged ones, read by hallow."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from hashlib import md5
from uuid import uuid4

import hostile
import pytest
import reading
from bson import json_util
from bson.codec_options import DatetimeConversion
from hypothesis import given
from reading import EXPECTED, HERE, check, looked_at, runs_of
from test_formats_fixtures import told

import hallow
from hallow.backends.mongo.observer import MongoObserver
from properties import examples

SACRED = HERE / EXPECTED["stores"]["mongo"]["path"]
ANY_DATE = json_util.JSONOptions(datetime_conversion=DatetimeConversion.DATETIME_CLAMP)
IDS = EXPECTED["stores"]["mongo"]["ids"]


@contextmanager
def filled(server, folder, name):
    """A database with the documents of a folder; gives its client's database and its URL."""
    with server.client() as client:
        for path in sorted(folder.glob("*.jsonl")):
            documents = [json_util.loads(line, json_options=ANY_DATE) for line in path.read_text().splitlines()]
            client[name][path.name.removesuffix(".jsonl")].insert_many(documents)
        try:
            yield client[name], server.uri_of(name)
        finally:
            client.drop_database(name)


@pytest.fixture(scope="module")
def sacred(mongo_server):
    """A database as Sacred left it, for tests that only read it."""
    with filled(mongo_server, SACRED, f"hallow_test_{uuid4().hex[:12]}") as (database, url):
        database.client.url = url
        yield database


@pytest.fixture
def own(mongo_server, mongo_database):
    """The same, for one test alone."""
    with filled(mongo_server, SACRED, mongo_database) as (database, url):
        database.client.url = url
        yield database


def content(database):
    return {
        name: sorted(map(json_util.dumps, database[name].find())) for name in sorted(database.list_collection_names())
    }


@pytest.mark.parametrize(("store", "run"), runs_of("mongo"))
def test_what_was_told_is_what_is_read(sacred, store, run):
    with hallow.open_store(sacred.client.url) as found:
        record = found.get(IDS[run])
        # The database does not know the MD5 of sources.
        sources = [replace(file, md5=md5(file.read_bytes()).hexdigest()) for file in record.sources]
        check(replace(record, sources=sources), store, run)
        assert "metrics" not in record.info
        assert [file.md5 for file in record.resources] == [
            md5(reading.b64decode(data["$bytes"])).hexdigest() for data in told(store, run)["resources"].values()
        ]


def test_every_run_is_listed(sacred):
    with hallow.open_store(sacred.client.url) as found:
        records = list(found.runs())
        assert [record.run_id for record in records] == list(found.ids())
        assert {record.run_id for record in records} == set(IDS.values())
        assert [record.problem for record in records] == [""] * len(records)
        assert len(found) == len(IDS)


def test_reading_a_database_of_sacred_changes_nothing(own):
    before = content(own)
    with hallow.open_store(own.client.url) as found:
        for record in found.runs():
            assert record.details == {}
            assert record.output is not None
            assert record.metrics is not None
            assert [file.read_bytes() for file in record.sources]
    assert content(own) == before


def test_a_run_of_sacred_can_be_marked_and_added_to(own):
    """Its points and its output stay, and what is new stands behind them."""
    with hallow.open_store(own.client.url) as store:
        before = store.get(IDS["completed"])
        before_metrics, before_output = before.metrics, before.output
    with hallow.reopen(own.client.url, IDS["completed"]) as run:
        run.log_scalar("train.loss", 0.0625)
        run.log_scalar("test.acc", 0.9)
        run.tags.append("good")
    with hallow.open_store(own.client.url) as store:
        record = store.get(IDS["completed"])
        assert (record.tags, record.status, record.output) == (["good"], "COMPLETED", before_output)
        assert repr(record.metrics["train.loss"].values) == repr([*before_metrics["train.loss"].values, 0.0625])
        assert record.metrics["train.loss"].steps[-1] == 13
        assert {
            name: repr(points) for name, points in record.metrics.items() if name not in ("train.loss", "test.acc")
        } == {name: repr(points) for name, points in before_metrics.items() if name != "train.loss"}
    (document,) = own.metrics.find({"run_id": 1, "name": "train.loss"})
    assert len(document["values"]) == len(before_metrics["train.loss"]) + 1
    links = own.runs.find_one({"_id": 1})["info"]["metrics"]
    assert [link["name"] for link in links] == [*before_metrics, "test.acc"]
    assert links[0]["id"] == str(document["_id"])


def test_a_run_of_sacred_that_goes_on_keeps_its_output(own):
    run = IDS["interrupted"]
    observer = MongoObserver(own.client.url, own.name)
    before = own.runs.find_one({"_id": run})["captured_out"]
    stored = observer.reopen(run)
    observer.resumed_event(resume_time=stored_time(), host_info={}, _id=run)
    observer.output_event(text="again\n", position=stored.output)
    observer.heartbeat_event(info={}, captured_out=None, beat_time=stored_time(), result=None)
    with hallow.open_store(own.client.url) as store:
        assert store.get(run).output == before + "again\n"
    assert own.runs.find_one({"_id": run})["captured_out"] == before + "again\n"


def stored_time():
    from datetime import datetime

    return datetime(2026, 1, 2, 3, 4, 5, 6)


def test_a_queued_run_of_sacred_is_started_in_place(own):
    ex = hallow.Experiment("demo", save_git_info=False)
    ex.observers.append(MongoObserver(own.client.url, own.name))
    ex.main(lambda: 5)
    ex.run(options={"--id": str(IDS["queued"]), "--capture": "sys"})
    document = own.runs.find_one({"_id": IDS["queued"]})
    assert (document["status"], document["result"]) == ("COMPLETED", 5)


def test_deleting_a_run_of_sacred(own):
    with hallow.open_store(own.client.url) as store:
        for run in list(store.ids()):
            store.delete(run)
        assert list(store.runs()) == []
    assert {
        name: own[name].count_documents({}) for name in ("runs", "metrics", "fs.files", "fs.chunks")
    } == dict.fromkeys(("runs", "metrics", "fs.files", "fs.chunks"), 0)


# ------------------------------------------------------------------------------------------------------- damage

SUITED = examples(15)
MARKER = HERE.parent / "went_off"


def test_a_damaged_database_lists_what_is_whole(mongo_server, mongo_database, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    hostile.write_payload(tmp_path, tmp_path / "went_off")
    with filled(mongo_server, hostile.STORES / "mongo", mongo_database) as (_, url), hallow.open_store(url) as store:
        looked_at(store)
        records = list(store.runs())
        assert len(records) == 6
        (whole,) = [record for record in records if record.run_id == 1]
        assert (whole.problem, whole.status, whole.result) == ("", "COMPLETED", 0.5)
        assert whole.metrics["loss"].values == [1.0, 0.5]
        assert [bool(record.problem) for record in records].count(True) >= 3
        assert store.get("6b07fcbd1d7e37b8a1143458").run_id == "6b07fcbd1d7e37b8a1143458"
    assert not (tmp_path / "went_off").exists()


@pytest.fixture(scope="module")
def three_runs(mongo_server):
    """A database with three runs of ours that have everything."""
    name = f"hallow_test_{uuid4().hex[:12]}"
    url = mongo_server.uri_of(name)
    ex = hallow.Experiment("damage", save_git_info=False)
    ex.observers.append(MongoObserver(url, name))

    @ex.main
    def main(_run):
        for step in range(10):
            _run.log_scalar("m", step / 2)
        print("some text, grüße")
        _run.info["fact"] = [1, {"a.b": 2}]
        _run.add_artifact(__file__)
        _run.add_resource(__file__)
        return {"acc": (1, 2)}

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(HERE.parent)
        for _ in range(3):
            ex.run(options={"--capture": "sys"})
    with mongo_server.client() as client, hallow.open_store(url) as store:
        yield client[name], store
        client.drop_database(name)


def one_damaged(three_runs, collection, document):
    """Put a document in place of one of the second run."""
    database, store = three_runs
    identity = document["_id"]
    good = database[collection].find_one_and_delete({"_id": identity})
    database[collection].insert_one(document)
    try:
        looked_at([store.get(2)])
        records = {record.run_id: record for record in store.runs()}
        assert set(records) == {1, 2, 3}
        for run in (1, 3):
            assert records[run].problem == ""
            assert records[run].metrics["m"].values == [step / 2 for step in range(10)]
    finally:
        database[collection].delete_one({"_id": identity})
        database[collection].insert_one(good)
    assert not MARKER.exists()


@pytest.mark.parametrize("every", [149, pytest.param(7, marks=pytest.mark.slow)])
def test_a_damaged_document_hides_no_other(three_runs, tmp_path, monkeypatch, every):
    monkeypatch.syspath_prepend(tmp_path)
    hostile.write_payload(tmp_path, MARKER)
    for collection, key in COLLECTIONS.items():
        document = three_runs[0][collection].find_one({key: 2})
        for _, other in list(hostile.wrong_types({k: v for k, v in document.items() if k != "_id"}))[::every]:
            if isinstance(other, dict) and storable(other):
                one_damaged(three_runs, collection, {**other, "_id": document["_id"]})
        for _, bad in list({**hostile.bombs(MARKER), **hostile.floods()}.items())[::every]:
            for name in document:
                if name != "_id" and storable({"x": bad}):
                    one_damaged(three_runs, collection, {**document, name: bad})


#: And what of their documents has the id of the run.
COLLECTIONS = {
    "runs": "_id",
    "metrics": "run_id",
    "hallow_points": "run_id",
    "hallow_output": "run_id",
    "hallow_details": "run_id",
}


def storable(document):
    from bson import encode

    try:
        encode(document)
    except Exception:
        return False
    return True


@SUITED
@given(data=hostile.values(MARKER))
def test_any_value_in_a_document_is_read(three_runs, data):
    if storable({"x": data}):
        document = three_runs[0].runs.find_one({"_id": 2})
        one_damaged(three_runs, "runs", {**document, "config": data, "info": data, "result": data})
