"""What lies in the database: exactly what Sacred's own tools expect there, and hallow's own beside it."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from hashlib import md5

import bson
import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

import hallow
from hallow import open_store
from hallow.backends.mongo.observer import MongoObserver
from hallow.backends.mongo.values import from_bson, key_from_bson, key_to_bson, to_bson
from hallow.errors import RecordError, StoreError
from hallow.records.encoding import flatten, restore
from hallow.testing.contract.support import Session, T
from properties import examples


@pytest.fixture
def database(mongo_server, mongo_database):
    with mongo_server.client() as client:
        yield client[mongo_database]


@pytest.fixture
def url(mongo_server, mongo_database):
    return mongo_server.uri_of(mongo_database)


@pytest.fixture
def observer(mongo_server, mongo_database, mongo_commands):
    return MongoObserver(mongo_server.uri, mongo_database)


def recorded(observer, main, queue=False, **config):
    ex = hallow.Experiment("layout", save_git_info=False)
    ex.observers.append(observer)
    ex.add_config(config)
    ex.main(main)
    return ex.run(options={"--capture": "sys", "--queue": queue, "--beat-interval": 0})


# --------------------------------------------------------------------------------------------------- values

# Lists and dicts of what JSON has, and of what it has not: the keys and numbers that BSON minds.
ODD = st.sampled_from(["", "$", "$set", "a.b", ".", "\0", "\ud800", "%", "%002E", "hallow/key/x", "hallow/json", "a$"])
FLAT = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.just("\udfff"), ODD),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.one_of(st.text(), ODD), inner)),
    max_leaves=20,
)


@given(FLAT)
@examples(300)
def test_whatever_can_be_flattened_is_stored_and_read_back(value):
    flat = flatten(value)
    document = {"value": to_bson(flat)}
    _check_keys(document)
    read = from_bson(bson.decode(bson.encode(document))["value"])
    assert repr(read) == repr(flat)
    assert repr(restore(read)) == repr(restore(flat))


def _check_keys(value):
    """No server refuses them."""
    if isinstance(value, dict):
        for key, member in value.items():
            assert key
            assert not key.startswith("$")
            assert "." not in key
            assert "\0" not in key
            _check_keys(member)
    elif isinstance(value, list):
        list(map(_check_keys, value))


@given(st.text())
def test_keys_are_reversible(key):
    assert key_from_bson(key_to_bson(key)) == key


def test_ordinary_values_are_stored_as_they_are():
    value = {"lr": 0.1, "layers": [{"size": 3}], "a b": None, "ü%": "é", "py/tuple": [1, 2], "json://3": True, "a$b": 1}
    assert to_bson(value) == value
    assert to_bson({"a.b": {"$c": 1}}) == {"hallow/key/a%002Eb": {"hallow/key/%0024c": 1}}
    assert to_bson([1 << 63, -(1 << 63)]) == [{"hallow/json": "9223372036854775808"}, -(1 << 63)]


def test_values_that_only_bson_has_are_read():
    """Scripts of users put them into documents."""
    when = datetime(2020, 1, 2)
    stored = [bson.Int64(5), ObjectId("0" * 24), bson.Decimal128("1.50"), b"\0", bson.Regex("a"), when, bson.MaxKey()]
    read = from_bson(stored)
    assert read[:2] == [5, "0" * 24]
    assert type(read[0]) is int
    assert [str(value) for value in restore(read)[2:4]] == ["1.50", str(b"\0")]
    assert read[5] == when
    assert [type(value) for value in (read[4], read[6])] == [str, str]


def test_what_is_nested_deeply(observer, url):
    """A server takes a hundred levels."""
    deep: dict = {"end": True}
    for _ in range(70):
        deep = {"a": [deep]}
    session = Session(None, observer=observer)
    session.beat({"deep": deep, "plain": 1})
    with open_store(url) as store:
        assert store.get(1).info == {"deep": deep, "plain": 1}


# -------------------------------------------------------------------------------------------- run documents


def test_the_document_right_after_the_start(observer, database, tmp_path):
    (source := tmp_path / "train.py").write_text("1")
    run_id = observer.started_event(
        ex_info={
            "name": "test",
            "base_dir": str(tmp_path),
            "sources": [("train.py", "c4ca4238a0b923820dcc509a6f75849b")],
            "dependencies": ["numpy==1.0"],
            "repositories": [{"url": "x", "commit": "y", "dirty": False}],
            "mainfile": "train.py",
        },
        command="run",
        host_info={"hostname": "box"},
        start_time=T,
        config={"config": "True", "answer": 42},
        meta_info={"comment": "test run"},
        _id=None,
    )
    assert run_id == 1
    document = database.runs.find_one()
    file_id = document["experiment"]["sources"][0][1]
    assert document == {
        "_id": 1,
        "experiment": {
            "name": "test",
            "base_dir": str(tmp_path),
            "sources": [["train.py", file_id]],
            "dependencies": ["numpy==1.0"],
            "repositories": [{"url": "x", "commit": "y", "dirty": False}],
            "mainfile": "train.py",
        },
        "format": "MongoObserver-0.7.0",
        "command": "run",
        "host": {"hostname": "box"},
        "start_time": T.replace(microsecond=0),
        "heartbeat": None,
        "info": {},
        "captured_out": "",
        "artifacts": [],
        "config": {"config": "True", "answer": 42},
        "meta": {"comment": "test run"},
        "status": "RUNNING",
        "resources": [],
    }
    assert type(document["_id"]) is int
    file = database.fs.files.find_one({"_id": file_id})
    assert file.pop("uploadDate").year >= 2024
    assert file == {
        "_id": file_id,
        "filename": str(source),
        "md5": "c4ca4238a0b923820dcc509a6f75849b",
        "chunkSize": 261120,
        "length": 1,
    }
    assert observer.run_entry["_id"] == 1


def test_the_document_after_the_end(observer, database, tmp_path):
    (data := tmp_path / "data.csv").write_text("1,2")
    (plot := tmp_path / "plot.png").write_bytes(b"png")

    def main(_run):
        _run.add_resource(data)
        _run.add_artifact(plot, metadata={"epoch": 1, "a.b": 2})
        _run.log_scalar("loss", 0.5)
        _run.info["fact"] = 3
        print("text")
        return 0.25

    recorded(observer, main, lr=0.1)
    document = database.runs.find_one()
    assert {key: type(value) for key, value in document.items()} == {
        "_id": int,
        "experiment": dict,
        "format": str,
        "command": str,
        "host": dict,
        "start_time": datetime,
        "heartbeat": datetime,
        "stop_time": datetime,
        "info": dict,
        "captured_out": str,
        "artifacts": list,
        "config": dict,
        "meta": dict,
        "status": str,
        "resources": list,
        "result": float,
    }
    metric = database.metrics.find_one()
    assert document["info"] == {"fact": 3, "metrics": [{"name": "loss", "id": str(metric["_id"])}]}
    assert {key: type(value) for key, value in metric.items()} == {
        "_id": ObjectId,
        "run_id": int,
        "name": str,
        "steps": list,
        "values": list,
        "timestamps": list,
    }
    assert (metric["run_id"], metric["steps"], metric["values"]) == (1, [0], [0.5])
    assert type(metric["timestamps"][0]) is datetime
    assert document["resources"] == [[str(data), md5(b"1,2").hexdigest()]]
    (artifact,) = document["artifacts"]
    assert set(artifact) == {"name", "file_id"}
    file = database.fs.files.find_one({"_id": artifact["file_id"]})
    assert (file["filename"], file["contentType"]) == ("artifact://runs/1/plot.png", "image/png")
    assert file["metadata"] == {"epoch": 1, "hallow/key/a%002Eb": 2}
    assert "md5" not in file
    own = {f"hallow_{name}" for name in ("details", "large", "meta", "output", "points")}
    assert set(database.list_collection_names()) == {"runs", "metrics", "fs.files", "fs.chunks", *own}


def test_a_queued_document(observer, database):
    """incense needs ``info``, ``artifacts``; nobody minds the rest."""
    recorded(observer, lambda: 1, queue=True)
    document = database.runs.find_one()
    assert document["status"] == "QUEUED"
    assert (document["info"], document["artifacts"], document["resources"], document["captured_out"]) == (
        {},
        [],
        [],
        "",
    )
    assert document["heartbeat"] is None
    assert "start_time" not in document
    assert type(document["meta"]["queue_time"]) is datetime


def test_the_result_is_there_from_the_first_beat_on(observer, database):
    session = Session(None, observer=observer)
    assert "result" not in database.runs.find_one()
    session.beat()
    assert database.runs.find_one()["result"] is None
    session.complete(5)
    assert database.runs.find_one()["result"] == 5


def test_numpy_scalars(observer, database):
    """A query for numbers finds them."""
    np = pytest.importorskip("numpy")

    def main(_run):
        _run.info["count"] = np.int64(3)
        _run.log_scalar("m", np.float32(0.25))
        return np.float32(0.5)

    recorded(observer, main, size=np.int64(7))
    assert database.runs.count_documents({"result": {"$gt": 0.4}, "info.count": 3, "config.size": 7}) == 1
    observer.log_metrics(
        {"n": {"steps": [np.int64(1)], "values": [np.float64(2.5)], "timestamps": [T], "name": "n"}}, info={}
    )
    assert database.metrics.find_one({"name": "n"})["values"] == [2.5]


def test_O_25_values_of_all_kinds_in_the_meta_information(observer, url):
    """What Sacred cannot start with."""
    observer.started_event(
        ex_info={"name": "x", "sources": [], "base_dir": "/"},
        command="main",
        host_info={},
        start_time=T,
        config={},
        meta_info={"config_updates": {"a": {1, 2}, "b": object, "c.d": 1 << 70}},
        _id=None,
    )
    with open_store(url) as store:
        updates = store.get(1).meta["config_updates"]
    assert (updates["a"], updates["c.d"]) == ({1, 2}, 1 << 70)


def test_O_26_whole_numbers_beyond_64_bits(observer, url):
    session = Session(None, observer=observer)
    session.beat({"big": -(1 << 90)})
    observer.completed_event(stop_time=T, result=1 << 64)
    with open_store(url) as store:
        record = store.get(1)
    assert (record.info, record.result, record.status) == ({"big": -(1 << 90)}, 1 << 64, "COMPLETED")


def test_info_poison(observer, url):
    """What cannot be stored costs nothing else."""
    session = Session(None, observer=observer)
    with pytest.warns(hallow.errors.HallowWarning, match=r"bad") as warned:
        session.beat({"ok": 1, "bad": iter(()), "nested": {"bad": iter(()), "a.b": {"$x": 2}}})
    assert [str(one.message).partition(":")[0] for one in warned] == ["info.bad", "info.nested.bad"]
    with open_store(url) as store:
        info = store.get(1).info
    assert (info["ok"], info["nested"]["a.b"]) == (1, {"$x": 2})


# -------------------------------------------------------------------------------------------- large values


def sizes(database):
    options = bson.CodecOptions(document_class=bson.raw_bson.RawBSONDocument)
    return {
        name: [len(one.raw) for one in database.get_collection(name, codec_options=options).find()]
        for name in database.list_collection_names()
    }


def test_mongo_16mb(observer, url, database):
    """Values of any size are kept, and documents stay below what a server takes."""
    session = Session(None, observer=observer)
    text = "".join(map(chr, range(32, 127))) * 200_000
    session.beat({"small": 1, "text": text, "many": {f"key {n}": "x" * 1000 for n in range(5000)}})
    document = database.runs.find_one()
    assert document["info"]["small"] == 1
    assert set(document["info"]["text"]) == {"hallow/elsewhere"}
    observer.completed_event(stop_time=T, result={"list": list(range(400_000))})
    with open_store(url) as store:
        record = store.get(1)
        assert record.info["text"] == text
        assert len(record.info["many"]) == 5000
        assert record.result == {"list": list(range(400_000))}
        assert [record.info["small"] for record in store.runs()] == [1]
        assert max(max(found, default=0) for found in sizes(database).values()) < 1_000_000
        store.delete(1)
    assert {name for name, found in sizes(database).items() if found} == {"hallow_meta"}


def test_large_values_that_are_replaced_leave_nothing_behind(observer, database, url):
    session = Session(None, observer=observer)
    session.beat({"a": "x" * 300_000, "b": "y" * 300_000})
    assert database.hallow_large.count_documents({}) == 2
    session.beat({"a": "z" * 300_000})
    assert database.hallow_large.count_documents({}) == 1
    session.beat({"a": "short"})
    assert database.hallow_large.count_documents({}) == 0
    observer.detail_event("fact", "x" * 300_000)
    observer.detail_event("fact", "y" * 300_000)
    assert database.hallow_large.count_documents({}) == 1
    with open_store(url) as store:
        assert store.get(1).details["fact"] == "y" * 300_000


def test_a_large_value_that_is_lost_is_a_problem_of_one_run(observer, database, url):
    session = Session(None, observer=observer)
    session.beat({"a": "x" * 300_000})
    observer.detail_event("fact", "x" * 300_000)
    database.hallow_large.delete_many({})
    with open_store(url) as store:
        (record,) = store.runs()
        assert "large value" in record.problem
        with pytest.raises(RecordError):
            record.details


def test_a_configuration_with_many_large_entries(observer, database, url):
    config = {f"entry {n}": [n] * 20_000 for n in range(30)}
    recorded(observer, lambda: 1, given=config)
    with open_store(url) as store:
        assert store.get(1).config["given"] == config
    assert max(max(found, default=0) for found in sizes(database).values()) < 2_500_000


def test_a_traceback_of_any_length(observer, database):
    session = Session(None, observer=observer)
    trace = ["first\n", *["x" * 30_000 + "\n"] * 2000, "last\n"]
    observer.failed_event(fail_time=T, fail_trace=trace)
    stored = database.runs.find_one()["fail_trace"]
    assert (stored[0], stored[-1]) == ("first\n", "last\n")
    assert all(type(line) is str for line in stored)
    assert sum(map(len, stored)) < 1_100_000
    assert session.run_id == 1


# ------------------------------------------------------------------------------------------ other programs


def test_fields_of_other_programs_survive(observer, database, url):
    """Omniboard's tags and notes, SEML's facts."""
    session = Session(None, observer=observer)
    foreign = {"omniboard": {"tags": ["good"], "notes": "look"}, "seml": {"a": 1}}
    database.runs.update_one({}, {"$set": foreign})
    session.beat({"a": 1})
    session.complete(1)
    document = database.runs.find_one()
    assert {name: document[name] for name in foreign} == foreign
    with open_store(url) as store:
        record = store.get(1)
        assert (record.tags, record.notes) == (["good"], "look")
        record.annotate(tags=["bad"])
        assert (store.get(1).tags, store.get(1).notes) == (["bad"], "look")
        assert (store.get(1).details["tags"], store.get(1).details["notes"]) == (["bad"], "look")
    assert database.runs.find_one()["omniboard"] == foreign["omniboard"]


def delete_like_omniboard(database, run_id):
    """It does not know what hallow keeps beside a run."""
    document = database.runs.find_one_and_delete({"_id": run_id})
    database.metrics.delete_many({"run_id": run_id})
    files = [one["file_id"] for one in document["artifacts"]] + [one[1] for one in document["experiment"]["sources"]]
    database.fs.files.delete_many({"_id": {"$in": files}})
    database.fs.chunks.delete_many({"files_id": {"$in": files}})


def test_what_omniboard_deletes(observer, database, url, tmp_path):
    """References that lead nowhere do not harm, and a new run of that id has nothing of the old one."""
    (made := tmp_path / "a.txt").write_text("a")

    def main(_run):
        _run.add_artifact(made)
        for n in range(5):
            _run.log_scalar("m", n)
        print("the first run")

    recorded(observer, main)
    recorded(observer, main)
    with open_store(url) as store:
        store.get(2).annotate(tags=["old"])
    database.fs.files.delete_many({"filename": {"$regex": "^artifact://runs/1/"}})
    database.metrics.delete_many({"run_id": 1})
    delete_like_omniboard(database, 2)
    with open_store(url) as store:
        (record,) = store.runs()
        assert (record.problem, record.status, len(record.metrics["m"])) == ("", "COMPLETED", 5)
        for file in (*record.artifacts, *record.sources):
            with pytest.raises(FileNotFoundError):
                file.read_bytes()
    session = Session(None, observer=observer)
    assert session.run_id == 2
    with open_store(url) as store:
        record = store.get(2)
        assert (record.metrics, record.output, record.tags) == ({}, "", [])
        assert set(record.details) == {"owner"}
    session.log("m", 1)
    session.write("the second run")
    session.complete()
    with open_store(url) as store:
        assert (store.get(2).output, store.get(2).metrics["m"].steps) == ("the second run", [0])


def test_a_run_that_sacred_starts_after_that(observer, database, url):
    """What hallow kept of a deleted run is not taken for its own."""
    session = Session(None, observer=observer)
    session.log("m", 3)
    session.write("old")
    session.complete()
    observer.detail_event("tags", ["old"])
    delete_like_omniboard(database, 1)
    start = T + timedelta(hours=1)
    database.runs.insert_one({"_id": 1, "status": "COMPLETED", "start_time": start, "captured_out": "new", "info": {}})
    with open_store(url) as store:
        record = store.get(1)
        assert (record.output, record.metrics, record.tags, record.details) == ("new", {}, [], {})
        record.annotate(notes="mine")
        assert (store.get(1).notes, store.get(1).tags) == ("mine", [])


def test_a_run_that_is_deleted_while_it_goes_on(observer, database, url):
    """It is there again at its end, as with Sacred."""
    session = Session(None, observer=observer)
    session.log("m", 3)
    session.write("before ")
    session.beat({"a": 1})
    delete_like_omniboard(database, 1)
    session.log("m", 2)
    session.write("after")
    session.beat({"a": 1})
    observer.completed_event(stop_time=T, result=7)
    document = database.runs.find_one()
    assert (document["_id"], document["status"], document["result"], document["config"]["lr"]) == (
        1,
        "COMPLETED",
        7,
        0.1,
    )
    assert document["captured_out"] == "before after"
    with open_store(url) as store:
        record = store.get(1)
        assert (record.output, len(record.metrics["m"]), record.info) == ("before after", 5, {"a": 1})


def test_info_that_is_called_metrics(observer, database, url, caplog):
    """It is the user's; Sacred fails here."""
    session = Session(None, observer=observer)
    session.log("m", 3)
    session.beat({"metrics": {"accuracy": 0.5}})
    session.beat({"metrics": {"accuracy": 0.75}})
    assert database.runs.find_one()["info"] == {"metrics": {"accuracy": 0.75}}
    assert caplog.text.count("info['metrics'] is yours") == 1
    with open_store(url) as store:
        assert store.get(1).info == {"metrics": {"accuracy": 0.75}}
    observer.completed_event(stop_time=T, result=None)
    with hallow.reopen(url, 1) as run:
        run.log_scalar("new", 1.0)
    assert database.runs.find_one()["info"] == {"metrics": {"accuracy": 0.75}}


def test_collections_share_what_they_share(mongo_server, mongo_database, database, tmp_path):
    """Two collections of runs in one database, as SEML has them: equal ids, one collection of metrics, one of files."""
    (data := tmp_path / "d").write_text("shared")
    observers = {}
    for name in ("runs", "mine"):
        with pytest.warns(DeprecationWarning) if name == "mine" else _nothing():
            observers[name] = MongoObserver(mongo_server.uri, mongo_database, collection=name)
        session = Session(None, observer=observers[name])
        session.log("m", 2 if name == "runs" else 3)
        session.write(name)
        observers[name].resource_event(str(data))
        observers[name].artifact_event(name="a", filename=str(data))
        session.beat()
        session.complete()
    assert database.metrics.count_documents({"run_id": 1, "name": "m"}) == 2
    url = mongo_server.uri_of(mongo_database)
    with open_store(url) as first, open_store(url.replace(mongo_database, f"{mongo_database}.mine")) as second:
        assert (len(first.get(1).metrics["m"]), len(second.get(1).metrics["m"])) == (2, 3)
        first.delete(1)
        record = second.get(1)
        assert (record.output, len(record.metrics["m"])) == ("mine", 3)
        assert record.resources[0].read_text() == record.artifact("a").read_text() == "shared"
        (metric,) = database.metrics.find()
        assert metric["values"] == [0.0, 0.5, 1.0]
        second.delete(1)
    for name in ("metrics", "fs.files", "fs.chunks", "mine_hallow_points", "hallow_points", "runs", "mine"):
        assert database[name].count_documents({}) == 0


def _nothing():
    from contextlib import nullcontext

    return nullcontext()


def test_delete_orphans(observer, database, url, tmp_path):
    """A source of one run that is a resource of another stays as long as one of them."""
    (data := tmp_path / "both.py").write_text("x = 1")
    session = Session(None, observer=observer, sources=[(str(data)[1:], "0" * 32)])
    session.complete()
    second = Session(None, observer=observer)
    observer.resource_event(str(data))
    second.complete()
    assert database.fs.files.count_documents({}) == 1
    with open_store(url) as store:
        store.delete(1)
        assert store.get(2).resources[0].read_text() == "x = 1"
        store.delete(2)
    assert database.fs.files.count_documents({}) == database.fs.chunks.count_documents({}) == 0


# ------------------------------------------------------------------------------------------ version, indexes


def test_indexes_are_made_once(observer, mongo_server, mongo_database, mongo_commands, database):
    Session(None, observer=observer)
    assert mongo_commands.counts["createIndexes"] == 8
    mongo_commands.reset()
    Session(None, observer=MongoObserver(mongo_server.uri, mongo_database))
    assert mongo_commands.counts["createIndexes"] == 0
    assert "run_id_1_name_1" in database.metrics.index_information()
    assert "md5_1" in database.fs.files.index_information()
    assert database.fs.chunks.index_information()["files_id_1_n_1"]["unique"]


def test_an_index_of_another_name_is_as_good(observer, database):
    database.metrics.create_index([("run_id", 1), ("name", 1)], name="mine")
    database.fs.files.create_index([("md5", 1)], name="theirs")
    assert Session(None, observer=observer).run_id == 1


def test_a_store_of_a_newer_version(observer, database, url):
    """It is read as far as that goes, and not written."""
    session = Session(None, observer=observer)
    session.log("m", 3)
    session.complete(1)
    database.hallow_meta.update_one({}, {"$set": {"version": 2}})
    newer = r"newer version of hallow .*pip install --upgrade hallow"
    with pytest.raises(StoreError, match=newer):
        Session(None, observer=MongoObserver(url, database.name))
    with pytest.raises(StoreError, match=newer), hallow.reopen(MongoObserver(url, database.name), 1):
        pass
    assert database.runs.count_documents({}) == 1
    database.hallow_points.update_many({}, {"$set": {"format": 2}})
    with open_store(url) as store:
        record = store.get(1)
        assert (record.status, record.result, record.problem) == ("COMPLETED", 1, "")
        with pytest.raises(RecordError, match="upgrade hallow"):
            record.metrics


def test_nan_json(observer, url):
    session = Session(None, observer=observer)
    session.beat({"nan": math.nan, "deep": [{"inf": -math.inf}]})
    with open_store(url) as store:
        info = store.get(1).info
    assert math.isnan(info["nan"])
    assert info["deep"] == [{"inf": -math.inf}]
