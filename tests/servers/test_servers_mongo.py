"""The MongoDB server of the tests: what it promises to them, and what SecantusDB can do for hallow."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import gridfs
import pymongo
import pytest
from pymongo import InsertOne, MongoClient, ReturnDocument, UpdateOne
from pymongo.errors import AutoReconnect, BulkWriteError, DuplicateKeyError, OperationFailure

from servers.mongo import VARIABLE, CommandCounter, Mongo

OURS = pytest.mark.skipif(bool(os.environ.get(VARIABLE)), reason="about our own server")


@pytest.fixture
def database(mongo_server, mongo_database):
    with mongo_server.client() as client:
        yield client[mongo_database]


@pytest.fixture
def runs(database):
    """A collection with one run in it."""
    database.runs.insert_one({"_id": 1, "captured_out": "ab", "points": [1, 2], "status": "RUNNING"})
    return database.runs


SEEN = []


@pytest.mark.parametrize("time", [1, 2])
def test_every_test_has_an_empty_database(database, time):
    assert database.list_collection_names() == []
    assert not set(SEEN) & set(database.client.list_database_names())
    database.runs.insert_one({})
    SEEN.append(database.name)


def test_uris_name_the_database_the_way_and_options(proxy_to):
    server = Mongo("mongodb://me:secret@db.example:4000/?tls=true")
    assert server.address == ("db.example", 4000)
    assert server.uri_of("x", timeoutMS=5) == "mongodb://me:secret@db.example:4000/x?tls=true&timeoutMS=5"
    proxy = proxy_to(server)
    through = f"mongodb://me:secret@127.0.0.1:{proxy.port}/x?tls=true&directConnection=true"
    assert server.uri_of("x", proxy) == through


def test_the_driver_is_told_of_a_replica_set_with_sessions_and_retried_writes(database):
    hello = database.client.admin.command("hello")
    assert hello["isWritablePrimary"] and hello["setName"] and hello["logicalSessionTimeoutMinutes"]
    assert hello["maxBsonObjectSize"] == 16 * 1024 * 1024
    assert hello["maxWireVersion"] >= 17  # 6.0


# what hallow may use


def test_update_pipelines_append_text_and_count_its_bytes(runs):
    added = "$é€😀\n"
    append = {"$concat": ["$captured_out", {"$literal": added}]}
    runs.update_one({"_id": 1}, [{"$set": {"captured_out": append}}])
    runs.update_one({"_id": 1}, [{"$set": {"size": {"$strLenBytes": "$captured_out"}}}])
    assert runs.find_one()["captured_out"] == "ab" + added
    assert runs.find_one()["size"] == len(("ab" + added).encode())
    tail = {"$substrBytes": ["$captured_out", 3, 2]}
    runs.update_one({"_id": 1}, [{"$set": {"tail": tail}}])
    assert runs.find_one({}, {"tail": 1, "_id": 0}) == {"tail": "é"}
    with pytest.raises(OperationFailure):
        runs.update_one({"_id": 1}, [{"$set": {"tail": {"$substrBytes": ["$captured_out", 0, 4]}}}])


def test_an_update_may_depend_on_what_is_there(runs):
    guard = {"_id": 1, "$expr": {"$eq": [{"$strLenBytes": "$captured_out"}, 2]}}
    append = [{"$set": {"captured_out": {"$concat": ["$captured_out", "c"]}}}]
    assert [runs.update_one(guard, append).matched_count for _ in range(2)] == [1, 0]
    more = {"$push": {"points": {"$each": [3, 4]}}}
    assert [runs.update_one({"_id": 1, "points": {"$size": 2}}, more).matched_count for _ in range(2)] == [1, 0]
    assert runs.find_one()["points"] == [1, 2, 3, 4]


def test_add_to_set_compares_whole_documents(runs):
    entry = {"name": "a.txt", "file_id": 7}
    assert [runs.update_one({}, {"$addToSet": {"artifacts": entry}}).modified_count for _ in range(2)] == [1, 0]
    assert runs.find_one()["artifacts"] == [entry]


def test_projections_cut_arrays_and_compute(runs):
    assert runs.find_one({}, {"points": {"$slice": -1}, "_id": 0, "captured_out": 1}) == {
        "points": [2],
        "captured_out": "ab",
    }
    assert runs.find_one({}, {"_id": 0, "n": {"$size": "$points"}}) == {"n": 2}
    assert set(runs.find_one({}, {"points": 0})) == {"_id", "captured_out", "status"}


def test_unique_indexes_hold_against_many_writers(database):
    metrics = database.metrics
    assert metrics.create_index([("run_id", 1), ("name", 1)], unique=True) == "run_id_1_name_1"
    assert metrics.index_information()["run_id_1_name_1"]["unique"]
    with ThreadPoolExecutor(8) as writers:
        done = list(writers.map(lambda _: _tried(metrics, {"run_id": 1, "name": "loss"}), range(24)))
    assert done.count(True) == 1
    assert metrics.count_documents({}) == 1


def _tried(collection, document) -> bool:
    try:
        collection.insert_one(dict(document))
    except DuplicateKeyError:
        return False
    return True


def test_find_one_and_update_counts_for_many_writers(database):
    """The document is there before: SecantusDB may answer None when several writers make it by ``upsert``."""
    database.counters.insert_one({"_id": "runs", "last": 0})

    def next_id(_):
        change = {"$inc": {"last": 1}}
        return database.counters.find_one_and_update({"_id": "runs"}, change, return_document=ReturnDocument.AFTER)

    with ThreadPoolExecutor(8) as writers:
        ids = [found["last"] for found in writers.map(next_id, range(64))]
    assert sorted(ids) == list(range(1, 65))


def test_find_one_and_update_makes_what_is_missing(database):
    made = database.counters.find_one_and_update(
        {"_id": "x"}, {"$inc": {"last": 1}}, upsert=True, return_document=ReturnDocument.AFTER
    )
    assert made == {"_id": "x", "last": 1}


def test_bulk_writes_go_on_after_an_error_if_unordered(database):
    writes = [InsertOne({"_id": 1}), InsertOne({"_id": 1}), UpdateOne({"_id": 2}, {"$set": {"a": 1}}, upsert=True)]
    with pytest.raises(BulkWriteError) as failed:
        database.x.bulk_write(writes, ordered=False)
    assert (failed.value.details["nInserted"], failed.value.details["nUpserted"]) == (1, 1)


def test_gridfs_keeps_large_files(database):
    content = os.urandom(600_000)
    files = gridfs.GridFS(database)
    number = files.put(content, filename="a.bin", metadata={"n": 1})
    assert files.get(number).read() == content
    assert database.fs.chunks.count_documents({}) == 3
    assert files.exists({"filename": "a.bin"})


def test_transactions_are_seen_when_they_are_committed(database):
    database.create_collection("a")
    with database.client.start_session() as session:
        with session.start_transaction():
            database.a.insert_one({"_id": 1}, session=session)
            assert database.a.count_documents({}) == 0
        with session.start_transaction():
            database.a.insert_one({"_id": 2}, session=session)
            session.abort_transaction()
    assert [found["_id"] for found in database.a.find()] == [1]


def test_a_document_does_not_grow_beyond_16_mib(runs):
    runs.update_one({"_id": 1}, {"$set": {"captured_out": "x" * 9_000_000}})
    with pytest.raises(OperationFailure) as refused:
        runs.update_one({"_id": 1}, [{"$set": {"captured_out": {"$concat": ["$captured_out", "$captured_out"]}}}])
    assert refused.value.code == 10334
    assert len(runs.find_one()["captured_out"]) == 9_000_000


# counting


def test_commands_and_their_bytes_are_counted(mongo_server, mongo_database):
    counter = CommandCounter()
    with MongoClient(mongo_server.uri, event_listeners=[counter]) as client:
        client[mongo_database].x.insert_many([{"text": "y" * 10_000}] * 1)
        client[mongo_database].x.find_one()
        assert counter.counts == {"insert": 1, "find": 1}
        assert 10_000 < counter.sizes["insert"] < 10_500
        assert counter.total_size == counter.sizes["insert"] + counter.sizes["find"]
        assert counter.documents[0]["documents"][0]["text"] == "y" * 10_000
        counter.reset()
        client.admin.command("ping")
    assert counter.counts["ping"] == counter.total - counter.counts["endSessions"] == 1


def test_clients_that_others_make_are_counted_too(mongo_server, mongo_database, mongo_commands):
    with pymongo.MongoClient(mongo_server.uri) as client:
        client[mongo_database].x.insert_one({})
        client["hallow_test_other"].x.find_one()
    assert mongo_commands.counts == {"insert": 1}


# faults


@OURS
def test_what_was_acknowledged_survives_a_kill(breakable_mongo):
    port = breakable_mongo.port
    with breakable_mongo.client() as client:
        for number in range(20):
            client.x.runs.insert_one({"_id": number})
            if number == 10:
                breakable_mongo.kill()
                assert not breakable_mongo.is_running
                breakable_mongo.restart()
        assert breakable_mongo.port == port
        assert [found["_id"] for found in client.x.runs.find()] == list(range(20))
    breakable_mongo.restart()
    with breakable_mongo.client() as client:
        assert client.x.runs.count_documents({}) == 20


def _plain(server) -> MongoClient:
    """A client that does not try again by itself."""
    return server.client(retryWrites=False, retryReads=False, heartbeatFrequencyMS=500)


@OURS
def test_commands_can_be_made_to_fail(mongo_server, mongo_database):
    with _plain(mongo_server) as client:
        runs = client[mongo_database].runs
        with mongo_server.fail_point("insert", error=112):
            for _ in range(2):
                with pytest.raises(OperationFailure) as failed:
                    runs.insert_one({"_id": 0})
                assert failed.value.code == 112
            assert runs.find_one() is None
        runs.insert_one({"_id": 1})
        with mongo_server.fail_point("insert", "update", times=1, close=True):
            with pytest.raises(AutoReconnect):
                runs.update_one({"_id": 1}, {"$inc": {"n": 1}})
            runs.update_one({"_id": 1}, {"$inc": {"n": 1}})
        assert list(runs.find()) == [{"_id": 1, "n": 1}]


@OURS
def test_a_blocked_command_holds_up_its_own_client_only(mongo_server, mongo_database):
    with _plain(mongo_server) as client, mongo_server.client(socketTimeoutMS=150, retryReads=False) as hasty:
        with mongo_server.fail_point("find", times=1, block=0.6):
            with pytest.raises(AutoReconnect, match="timed out"):
                hasty[mongo_database].runs.find_one()
            assert client[mongo_database].runs.find_one() is None


@OURS
def test_only_clients_of_a_name_fail(mongo_server, mongo_database):
    with mongo_server.client(appname="fragile") as fragile, mongo_server.client() as other:
        with mongo_server.fail_point("find", error=2, app_name="fragile"):
            assert other[mongo_database].runs.find_one() is None
            with pytest.raises(OperationFailure):
                fragile[mongo_database].runs.find_one()


@OURS
def test_a_fail_point_ends_without_error_if_the_server_is_killed(breakable_mongo):
    with breakable_mongo.fail_point("find", error=2):
        breakable_mongo.kill()
    breakable_mongo.restart()
    with breakable_mongo.client() as client:
        assert client.x.runs.find_one() is None


@OURS
def test_a_retried_write_is_done_once(mongo_server, mongo_database, proxy_to):
    """The server did it, the reply was lost, and the driver asks a second time."""
    proxy = proxy_to(mongo_server)
    with MongoClient(mongo_server.uri_of(mongo_database, proxy), heartbeatFrequencyMS=500) as client:
        runs = client[mongo_database].runs
        runs.insert_one({"_id": 1, "n": 0})
        proxy.lose_reply(to=b"$inc")
        runs.update_one({"_id": 1}, {"$inc": {"n": 1}})
        assert proxy.has_lost_reply
        assert runs.find_one()["n"] == 1
