"""The MongoObserver as Sacred documents it, and what it does better."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
import time
from hashlib import md5
from pathlib import Path

import pytest
from gridfs import GridFS
from pymongo import MongoClient
from pymongo.errors import AutoReconnect, DuplicateKeyError, OperationFailure
from servers.mongo import MongoServer, counting

import hallow
from hallow import open_store
from hallow.backends.keeping import ArtifactFile
from hallow.backends.mongo import observer as observer_module
from hallow.backends.mongo.driver import Connection
from hallow.backends.mongo.observer import MongoObserver, QueueCompatibleMongoObserver
from hallow.backends.mongo.queued import QueuedMongoObserver
from hallow.backends.mongo.sanitising import force_bson_encodeable, force_valid_bson_key
from hallow.errors import (
    MissingExtraError,
    ObserverError,
    RunExistsError,
    RunStateError,
    StoreError,
    UsageError,
)
from hallow.running.recovery.making import made_again
from hallow.testing.contract.support import Session, T, run_script

#: A port on which nothing listens.
NOWHERE = "mongodb://127.0.0.1:9"


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


# ----------------------------------------------------------------------------------------------- construction


def test_attributes():
    observer = MongoObserver("localhost:9", "lab", failure_dir="x")
    assert (observer.runs.name, observer.metrics.name, observer.priority) == ("runs", "metrics", 30)
    assert isinstance(observer.fs, GridFS)
    assert isinstance(observer._client, MongoClient)
    assert (observer.overwrite, observer.failure_dir, observer.run_entry) == (None, "x", None)
    assert observer.VERSION == "MongoObserver-0.7.0"
    assert "fs.files" in observer.COLLECTION_NAME_BLACKLIST
    assert repr(observer) == "MongoObserver('mongodb://localhost:9/lab')"


def test_construction_does_not_connect():
    start = time.monotonic()
    observer = MongoObserver(f"{NOWHERE}/?serverSelectionTimeoutMS=30000")
    assert time.monotonic() - start < 5
    assert observer.runs.database.name == "sacred"


def test_names_of_collections():
    observer = MongoObserver("localhost:9", collection_prefix="p", connect=False)
    assert (observer.runs.name, observer.metrics.name) == ("p_runs", "p_metrics")
    with pytest.warns(DeprecationWarning, match="collection_prefix"):
        observer = MongoObserver("localhost:9", collection="mine")
    assert (observer.runs.name, observer.metrics.name) == ("mine", "metrics")
    with pytest.raises(ValueError, match=r"Cannot pass both collection and a collection prefix\."):
        MongoObserver("localhost:9", collection="mine", collection_prefix="p")


@pytest.mark.parametrize("name", sorted(MongoObserver.COLLECTION_NAME_BLACKLIST))
def test_reserved_names(name):
    with pytest.warns(DeprecationWarning), pytest.raises(KeyError, match="reserved"):
        MongoObserver("localhost:9", collection=name)


def test_a_client_of_the_users(database):
    with pytest.raises(ValueError, match=r"pymongo\.MongoClient"):
        MongoObserver(client="localhost")
    with pytest.raises(ValueError, match=r"Cannot pass both a client and a url\."):
        MongoObserver("localhost", client=database.client)
    observer = MongoObserver(client=database.client, db_name=database.name)
    Session(None, observer=observer).complete()
    with observer.store() as store:
        assert len(store) == 1
    del observer, store
    assert database.runs.count_documents({}) == 1  # nobody has closed it


def test_equality():
    one, same = MongoObserver("localhost:9"), MongoObserver("localhost:9")
    assert one == same
    assert one != MongoObserver("localhost:9", collection_prefix="p")
    assert one != MongoObserver("localhost:10")
    assert one != "localhost:9"
    assert len({one, same}) == 2
    queued = QueuedMongoObserver(url="localhost:9")
    assert queued == one
    assert one == queued


def test_the_old_ways_to_make_one(database):
    with pytest.warns(DeprecationWarning, match="create is deprecated"):
        observer = MongoObserver.create("localhost:9", "lab")
    assert (observer.runs.database.name, observer.priority) == ("lab", 30)
    fs = GridFS(database)
    made = MongoObserver.create_from(database.runs, fs, metrics_collection=database.metrics, priority=7)
    assert (made.runs, made.fs, made.metrics, made.priority) == (database.runs, fs, database.metrics, 7)
    Session(None, observer=made).complete()
    assert database.runs.count_documents({"status": "COMPLETED"}) == 1


def test_without_a_collection_of_metrics(database):
    observer = MongoObserver.create_from(database.runs, GridFS(database, "files"))
    session = Session(None, observer=observer, sources=[(__file__[1:], "0" * 32)])
    session.log("m", 3)
    session.beat()
    session.complete()
    assert database.metrics.count_documents({}) == 0
    assert database["files.files"].count_documents({}) == 1
    assert observer.store().get(1).metrics["m"].steps == [0, 1, 2]


def test_subclasses_may_use_initialize(database):
    class Own(MongoObserver):
        def initialize(self, *args, **kwargs):
            super().initialize(*args, **kwargs)
            self.more = 1

    assert Own("localhost:9").more == 1
    assert Own.create_from(database.runs, GridFS(database)).more == 1


def test_subclasses_may_change_the_document(database, mongo_server):
    class Own(MongoObserver):
        def started_event(self, **kwargs):
            found = super().started_event(**kwargs)
            self.run_entry["job"] = {"id": 7, "a.b": 1}
            self.run_entry["config"]["added"] = True
            self.save()
            return found

        def heartbeat_event(self, info, captured_out, beat_time, result):
            self.run_entry["beats"] = self.run_entry.get("beats", 0) + 1
            super().heartbeat_event(info, captured_out, beat_time, result)

    ex = hallow.Experiment("own", save_git_info=False)
    ex.observers.append(Own(mongo_server.uri, database.name))

    @ex.main
    def main():
        print("printed")

    ex.run(options={"--capture": "sys"})
    document = database.runs.find_one()
    assert document["job"] == {"id": 7, "hallow/key/a%002Eb": 1}
    assert document["config"]["added"] is True
    assert document["beats"] > 0
    assert "printed" in document["captured_out"]


def test_without_the_driver():
    """Importing is possible, making one is not."""
    script = """
        import sys
        sys.modules.update(dict.fromkeys(("pymongo", "bson", "gridfs")))
        from hallow.observers import MongoObserver
        from hallow.backends.mongo.queued import QueuedMongoObserver
        from hallow import open_store
        for make in (MongoObserver, QueuedMongoObserver, lambda: open_store("mongodb://localhost/db")):
            try:
                make()
            except ImportError as error:
                print(type(error).__name__, 'pip install "hallow[mongo]"' in str(error))
    """
    done = subprocess.run([sys.executable, "-c", __import__("textwrap").dedent(script)], capture_output=True, text=True)
    assert done.stdout.split() == [MissingExtraError.__name__, "True"] * 3, done.stderr


# ------------------------------------------------------------------------------------------------ unreachable


def test_O_28_an_unreachable_server_is_one_error_soon():
    """Within five seconds, with the address, without the password, and what to do."""
    observer = MongoObserver("mongodb://user:secret@127.0.0.1:9/?authSource=admin", "lab")
    start = time.monotonic()
    with pytest.raises(StoreError, match="start the server or check the address") as caught:
        Session(None, observer=observer)
    assert time.monotonic() - start < 5
    text = str(caught.value)
    assert "mongodb://user:***@127.0.0.1:9/lab" in text
    assert "--journal-only" in text
    assert "Connection refused" in text
    assert "Topology" not in text
    assert "secret" not in text
    assert caught.value.__suppress_context__
    with pytest.raises(StoreError, match="start the server or check the address"):
        open_store(f"{NOWHERE}/lab?serverSelectionTimeoutMS=100")


def test_the_users_own_patience_counts():
    observer = MongoObserver(NOWHERE, "lab", serverSelectionTimeoutMS=50)
    start = time.monotonic()
    with pytest.raises(StoreError):
        Session(None, observer=observer)
    assert time.monotonic() - start < 2
    assert observer.recovery()["arguments"]["serverSelectionTimeoutMS"] == 50


def test_nothing_is_left_of_a_start_that_failed():
    observer = MongoObserver(NOWHERE, "lab", serverSelectionTimeoutMS=50)
    with pytest.raises(StoreError):
        Session(None, observer=observer)
    with pytest.raises(RunStateError):
        observer.completed_event(stop_time=T, result=1)


@pytest.mark.parametrize(
    ("code", "words"), [(18, "refuses the login"), (13, "readWrite"), (8000, "refuses the login"), (50, "failed")]
)
def test_what_a_server_refuses(mongo_server, mongo_database, code, words):
    observer = MongoObserver(mongo_server.uri, mongo_database, appName=f"refused {code}")
    with (
        mongo_server.fail_point("find", error=code, app_name=f"refused {code}"),
        pytest.raises(StoreError, match=words),
    ):
        Session(None, observer=observer)


def test_what_a_server_cannot_store(mongo_server, mongo_database):
    """That is no outage: what comes next is sent nevertheless."""
    observer = MongoObserver(mongo_server.uri, mongo_database, appName="unstorable")
    session = Session(None, observer=observer)
    with mongo_server.fail_point("update", error=2, times=1, app_name="unstorable"), pytest.raises(ObserverError):
        session.beat({"a": 1})
    session.beat({"a": 1})
    with observer.store() as store:
        assert store.get(1).info == {"a": 1}


# ------------------------------------------------------------------------------------------------- recovering


def test_how_another_process_makes_it_again(database, mongo_server, mongo_database):
    known = MongoObserver(
        mongo_server.uri_of(mongo_database, connectTimeoutMS=500), mongo_database, collection_prefix="p", priority=3,
        appName="x", username="me", password="secret", authSource="admin",
    )  # fmt: skip
    told = known.recovery()
    assert "secret" not in str(told)
    assert told["arguments"] == {
        "url": f"{mongo_server.uri}/{mongo_database}?connectTimeoutMS=500".replace("://", "://me:***@"),
        "db_name": mongo_database,
        "collection_prefix": "p",
        "priority": 3,
        "appName": "x",
        "authSource": "admin",
    }
    # Whoever recovers gives the URL with the password.
    given = told["arguments"]["url"].replace("***", "secret")
    assert made_again(told, [given]).recovery() == told
    with MongoClient("mongodb://u:secret@a.b:1,c.d:2/?replicaSet=r", connect=False) as client:
        told = MongoObserver(client=client, db_name="lab").recovery()
    assert told["arguments"]["url"] == "mongodb://a.b:1,c.d:2/?replicaSet=r"
    own = MongoObserver(client=database.client, db_name=mongo_database)
    assert made_again(own.recovery()) == MongoObserver(**own.recovery()["arguments"])


def test_connections_are_closed_when_nobody_has_them(mongo_server):
    connection = Connection(mongo_server.uri)
    client, closed = connection.client, threading.Event()
    client.close = closed.set
    del connection
    assert closed.wait(10)
    MongoClient.close(client)


def test_a_store_over_an_observer_keeps_its_connection(observer):
    session = Session(None, observer=observer)
    with open_store(observer) as store:
        assert len(store) == 1
    session.complete()


def test_a_store_gives_an_observer(url, database):
    with open_store(url) as store:
        Session(None, observer=store.observer()).complete(5)
        assert store.get(1).result == 5
        assert store.observer().recovery()["arguments"]["url"] == url


# ------------------------------------------------------------------------------------------------------- ids


def test_O_27_words_as_ids_do_not_stop_the_counting(observer, database):
    for run_id in ("word", "zzz", 2.5, -3, True):
        database.runs.insert_one({"_id": run_id, "status": "COMPLETED"})
    assert [Session(None, observer=observer).run_id for _ in range(2)] == [3, 4]
    database.runs.insert_one({"_id": 1 << 60})
    database.runs.insert_one({"_id": float("nan")})
    assert Session(None, observer=observer).run_id == 5


def test_O_11_two_observers_on_one_collection(mongo_server, mongo_database, database):
    """The second one says what is wrong, and the run of the first has that in its record."""
    ex = hallow.Experiment("twice", save_git_info=False)
    for _ in range(2):
        ex.observers.append(MongoObserver(mongo_server.uri, mongo_database))
    ex.main(lambda: 1)
    with pytest.raises(StoreError, match=r"two observers of one run .* take one of them away"):
        ex.run(options={"--capture": "sys"})
    (document,) = database.runs.find()
    assert document["status"] == "FAILED"
    assert "two observers of one run" in document["fail_trace"][-1]


def test_an_id_of_another_process(observer, database):
    database.runs.insert_one({"_id": 7, "status": "COMPLETED"})
    for run_id in (7, "7"):
        with pytest.raises(RunExistsError, match="choose another id"):
            Session(None, observer=observer, run_id=run_id)
    assert database.runs.count_documents({}) == 1


def test_an_id_in_use_is_the_error_that_the_driver_would_raise(observer):
    """Code written for Sacred catches that one."""
    Session(None, observer=observer, run_id="mine").complete()
    with pytest.raises(DuplicateKeyError) as caught:
        Session(None, observer=observer, run_id="mine")
    error = pickle.loads(pickle.dumps(caught.value))
    assert isinstance(error, RunExistsError | FileExistsError)
    assert "two observers of one run" in str(error)
    assert error.code == 11000
    assert caught.value.details["keyValue"] == {"_id": "mine"}


def test_an_id_that_is_no_text(observer):
    """As it may come from a command line."""
    assert Session(None, observer=observer, run_id="a\udcff").run_id == "a?"
    with pytest.raises(RunExistsError):
        Session(None, observer=observer, run_id="a\udcff")


def start_many(tmp_path, url, name, processes, threads):
    """Many starts at the same moment; the ids."""
    script = f"""
        import sys, threading
        from hallow.observers import MongoObserver
        from hallow.testing.contract.support import Session

        print("ready", flush=True)
        sys.stdin.readline()
        ids = []

        def start():
            observer = MongoObserver({url!r}, {name!r}, serverSelectionTimeoutMS=60000)
            session = Session(None, observer=observer)
            ids.append(session.run_id)
            session.log("m", 3)
            session.complete(session.run_id)

        threads = [threading.Thread(target=start) for _ in range({threads})]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(*ids)
    """
    jobs = [run_script(tmp_path, script, f"job{n}.py", stdin=subprocess.PIPE) for n in range(processes)]
    for job in jobs:
        assert job.stdout.readline() == "ready\n"
    for job in jobs:
        job.stdin.write("go\n")
        job.stdin.flush()
    found = []
    for job in jobs:
        out, err = job.communicate(timeout=240)
        assert job.returncode == 0, err[-2000:]
        found += map(int, out.split())
    return found


@pytest.mark.parametrize(("processes", "threads"), [(4, 5), pytest.param(64, 1, marks=pytest.mark.slow)])
def test_many_starts_at_once(tmp_path, mongo_server, mongo_database, database, processes, threads):
    """Ids without a gap, and every run whole."""
    found = start_many(tmp_path, mongo_server.uri, mongo_database, processes, threads)
    count = processes * threads
    assert sorted(found) == list(range(1, count + 1))
    assert database.runs.count_documents({"status": "COMPLETED"}) == count
    assert database.metrics.count_documents({}) == count
    for document in database.runs.find():
        assert document["result"] == document["_id"]


# ------------------------------------------------------------------------------------------------- overwriting


def test_overwriting(database, mongo_server):
    """Fields of others stay, what was recorded of the earlier run goes."""
    session = Session(None, observer=MongoObserver(mongo_server.uri, database.name))
    session.log("m", 5)
    session.write("old text")
    session.complete("old")
    database.runs.update_one({}, {"$set": {"omniboard": {"tags": ["t"]}, "seml": 1}})
    with session.observer.store() as store:
        store.get(1).annotate(notes="kept")
    observer = MongoObserver(mongo_server.uri, database.name, overwrite="1")
    assert observer.overwrite == 1
    session = Session(None, observer=observer)
    assert session.run_id == 1
    document = database.runs.find_one()
    assert (document["status"], document["omniboard"], document["seml"]) == ("RUNNING", {"tags": ["t"]}, 1)
    assert {"stop_time", "result"}.isdisjoint(document)
    session.log("m", 2)
    session.write("new text")
    session.complete("new")
    with observer.store() as store:
        record = store.get(1)
        assert (record.result, record.output, record.metrics["m"].steps) == ("new", "new text", [0, 1])
        assert (record.notes, record.tags) == ("kept", ["t"])
    assert database.metrics.count_documents({}) == 1
    with pytest.raises(RuntimeError, match=r"Cannot overwrite more than once!"):
        Session(None, observer=observer)
    assert database.runs.find_one()["result"] == "new"


def test_overwriting_what_is_not_there(mongo_server, mongo_database):
    with pytest.raises(RuntimeError, match=r"Couldn't find run to overwrite with _id='3'"):
        MongoObserver(mongo_server.uri, mongo_database, overwrite=3)
    with pytest.raises(UsageError, match="whole number"):
        MongoObserver(mongo_server.uri, mongo_database, overwrite="x")


def test_overwriting_is_no_queueing(database, mongo_server):
    database.runs.insert_one({"_id": 1, "status": "PENDING"})
    observer = MongoObserver(mongo_server.uri, database.name, overwrite=1)
    with pytest.raises(RuntimeError, match=r"Can't overwrite with QUEUED run\."):
        observer.queued_event({}, "main", {}, T, {}, {}, None)
    assert database.runs.find_one() == {"_id": 1, "status": "PENDING"}


def test_a_queued_run_keeps_fields_of_others(observer, database):
    ex = hallow.Experiment("queued", save_git_info=False)
    ex.observers.append(observer)
    ex.main(lambda: 5)
    ex.run(options={"--queue": True})
    database.runs.update_one({}, {"$set": {"omniboard": {"tags": ["t"]}}})
    ex.run(options={"--id": "1", "--capture": "sys"})
    document = database.runs.find_one()
    assert (document["status"], document["result"], document["omniboard"]) == ("COMPLETED", 5, {"tags": ["t"]})


# ---------------------------------------------------------------------------------------------------- sources


def test_O_23_sources_are_stored_once(database, mongo_server, tmp_path):
    """For each content, wherever the file lay; also those of Sacred with an old driver."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "train.py").write_text("x = 1")
        (tmp_path / name / "__init__.py").write_text("")
        (tmp_path / name / "empty.py").write_text("")
    empty = md5(b"").hexdigest()
    digests = {"train.py": md5(b"x = 1").hexdigest(), "__init__.py": empty, "empty.py": empty}
    for name in ("a", "b"):
        base = str(tmp_path / name)[1:]
        Session(
            None,
            observer=MongoObserver(mongo_server.uri, database.name),
            sources=[(f"{base}/{file}", digest) for file, digest in digests.items()],
        )
    assert database.fs.files.count_documents({}) == 2
    assert {file["md5"] for file in database.fs.files.find()} == set(digests.values())
    first, second = database.runs.find()
    assert [pair[1] for pair in first["experiment"]["sources"]] == [pair[1] for pair in second["experiment"]["sources"]]


def test_the_start_looks_up_all_sources_at_once(observer, mongo_commands, tmp_path):
    for number in range(50):
        (tmp_path / f"s{number}.py").write_text(f"x = {number}")
    sources = [(str(tmp_path / f"s{number}.py")[1:], f"{number:032}") for number in range(50)]
    Session(None, observer=observer).complete()
    mongo_commands.reset()
    Session(None, observer=observer, sources=sources)
    assert mongo_commands.total <= 7
    mongo_commands.reset()
    Session(None, observer=observer)
    assert mongo_commands.total <= 4


def test_O_24_resources_are_stored(observer, database, tmp_path):
    (data := tmp_path / "large.bin").write_bytes(os.urandom(600_000))
    session = Session(None, observer=observer)
    for _ in range(2):
        observer.resource_event(str(data))
    session.complete()
    content = data.read_bytes()
    data.unlink()
    (file,) = database.fs.files.find()
    assert database.fs.chunks.count_documents({"files_id": file["_id"]}) == 3
    with observer.store() as store:
        (resource,) = store.get(1).resources
        assert resource.read_bytes() == content
        with resource.open() as opened:
            opened.seek(300_000)
            assert opened.read(10) == content[300_000:300_010]
            opened.seek(-5, os.SEEK_END)
            assert opened.read() == content[-5:]
        database.fs.chunks.delete_one({"n": 1})
        with pytest.raises(FileNotFoundError, match="not complete"):
            resource.read_bytes()
    assert GridFS(database).get(file["_id"]).length == 600_000


def test_artifact_names(observer, database, tmp_path):
    """A repeated delivery adds nothing."""
    (made := tmp_path / "a.txt").write_text("a")
    session = Session(None, observer=observer)
    observer.artifact_event(name="x/a.txt", filename=str(made))
    again = MongoObserver(client=database.client, db_name=database.name)
    again.reopen(session.run_id)
    again._artifact_md5s.clear()
    again.artifact_event(name="x/a.txt", filename=str(made))
    assert database.fs.files.count_documents({}) == 1
    assert len(database.runs.find_one()["artifacts"]) == 1


def test_a_file_that_changes_while_it_is_stored(observer, database, tmp_path):
    """What is stored under a digest has that digest; whoever delivers again may have a copy of what it was."""
    (made := tmp_path / "a.txt").write_text("old")
    Session(None, observer=observer)
    artifact = ArtifactFile("a.txt", "a.txt", str(made), md5(b"old").hexdigest(), None, None)
    made.write_text("new")
    with pytest.raises(StoreError, match=r"a\.txt was changed while it was being stored"):
        observer._keep_artifact(artifact)
    assert database.fs.files.count_documents({}) == 0
    made.write_text("old")
    observer._keep_artifact(artifact)
    assert database.fs.files.count_documents({}) == 1
    assert [chunk["data"] for chunk in database.fs.chunks.find()] == [b"old"]


def test_an_upload_whose_answer_is_lost(observer, database, tmp_path, monkeypatch):
    """It is complete nevertheless, and what comes next does not take it for a leftover."""
    Session(None, observer=observer)
    files = observer._database.files

    class Lost:
        def __getattr__(self, name):
            return getattr(files, name)

        def insert_one(self, document):
            files.insert_one(document)
            raise AutoReconnect("lost")

    for number in range(2):
        (tmp_path / f"{number}.txt").write_text(f"content {number}")
    with monkeypatch.context() as patch:
        patch.setattr(observer._database, "files", Lost())
        with pytest.raises(StoreError):
            observer.artifact_event(name="0.txt", filename=str(tmp_path / "0.txt"))
    for number in (1, 0):
        observer.artifact_event(name=f"{number}.txt", filename=str(tmp_path / f"{number}.txt"))
    with observer.store() as store:
        assert {file.name: file.read_text() for file in store.get(1).artifacts} == {
            "0.txt": "content 0",
            "1.txt": "content 1",
        }
    assert database.fs.files.count_documents({}) == database.fs.chunks.count_documents({}) == 2


# ----------------------------------------------------------------------------------- events without a run


def started(observer, **config):
    return observer.started_event(
        ex_info={"name": "direct", "base_dir": "/", "sources": [], "dependencies": [], "repositories": []},
        command="main",
        host_info={},
        start_time=T,
        config=config,
        meta_info={},
        _id=None,
    )


def test_events_called_by_hand(observer, database):
    """As old test suites do."""
    started(observer, lr=0.1)
    info: dict = {"my_info": [1, 2, 3]}
    observer.log_metrics(
        metrics_by_name={"loss": {"steps": [0, 1], "values": [2.0, 1.0], "timestamps": [T, T], "name": "loss"}},
        info=info,
    )
    metric = database.metrics.find_one({"name": "loss"})
    assert (metric["run_id"], metric["steps"], metric["values"]) == (1, [0, 1], [2.0, 1.0])
    assert info["metrics"] == [{"name": "loss", "id": str(metric["_id"])}]
    observer.heartbeat_event(info=info, captured_out="some output", beat_time=T, result=1337)
    document = database.runs.find_one()
    assert (document["captured_out"], document["info"], document["result"]) == ("some output", info, 1337)
    assert observer.run_entry["captured_out"] == "some output"
    observer.heartbeat_event(info=info, captured_out="some output, more", beat_time=T, result=1337)
    observer.interrupted_event(interrupt_time=T, status="INTERRUPTED")
    document = database.runs.find_one()
    assert (document["captured_out"], document["status"]) == ("some output, more", "INTERRUPTED")


@pytest.fixture
def no_pause(monkeypatch):
    monkeypatch.setattr(observer_module, "_PAUSE", 0.0)


@pytest.mark.parametrize(("attempts", "status"), [(10, "COMPLETED"), (3, "INTERRUPTED"), (1, "FAILED")])
def test_O_21_O_29_a_final_event_that_fails_is_dumped(
    mongo_server, mongo_database, tmp_path, no_pause, caplog, attempts, status
):
    """With everything that could not be stored, metrics too; by default among hallow's own files."""
    folder = tmp_path / "dumps" if status == "COMPLETED" else None
    observer = MongoObserver(
        mongo_server.uri, mongo_database, failure_dir=folder, appName=f"dump {status}", serverSelectionTimeoutMS=500
    )
    started(observer, lr=0.1)
    observer.heartbeat_event(info={"a": 1}, captured_out="text", beat_time=T, result=None)
    failing = {"insert": 8, "update": 8}
    with mongo_server.fail_point(*failing, error=8, app_name=f"dump {status}"):
        points = {"m": {"steps": [0, 1], "values": [1.0, 2.0], "timestamps": [T, T], "name": "m"}}
        with pytest.raises(StoreError):
            observer.log_metrics(points, {})
        if status == "COMPLETED":
            observer.completed_event(stop_time=T, result=5)
        elif status == "FAILED":
            observer.failed_event(fail_time=T, fail_trace=["lines\n"])
        else:
            observer.interrupted_event(interrupt_time=T, status=status)
    place = Path(caplog.text.rpartition("what it told is in ")[2].strip().splitlines()[0])
    assert place.name.startswith("sacred_mongo_fail_1_")
    assert place.parent == (folder or Path(os.environ["HALLOW_STATE_DIR"]) / "failures")
    entry = pickle.loads(place.read_bytes())
    assert (entry["_id"], entry["status"], entry["config"], entry["captured_out"]) == (1, status, {"lr": 0.1}, "text")
    assert (entry["info"], entry["metrics"][0]["values"]) == ({"a": 1}, [1.0, 2.0])
    place.unlink()


def test_O_29_a_final_event_that_fails_for_a_while(mongo_server, mongo_database, database, no_pause):
    """It is tried again, and so are points that failed before."""
    observer = MongoObserver(mongo_server.uri, mongo_database, appName="a while")
    started(observer)
    points = {"m": {"steps": [0], "values": [1.0], "timestamps": [T], "name": "m"}}
    with mongo_server.fail_point("insert", error=8, times=2, app_name="a while"), pytest.raises(StoreError):
        observer.log_metrics(points, {})
    with mongo_server.fail_point("update", error=8, times=2, app_name="a while"):
        observer.completed_event(stop_time=T, result=5)
    assert (database.runs.find_one()["status"], database.metrics.find_one()["values"]) == ("COMPLETED", [1.0])


# ------------------------------------------------------------------------------------------------------- queue


def test_a_queued_observer(mongo_server, mongo_database, database):
    observer = QueuedMongoObserver(
        interval=60, retry_interval=0.05, url=mongo_server.uri, db_name=mongo_database, priority=12
    )
    assert (observer.priority, observer.VERSION, observer.runs.name) == (12, "MongoObserver-0.7.0", "runs")
    assert isinstance(observer._covered_observer, QueueCompatibleMongoObserver)
    started(observer, lr=0.1)
    observer.log_metrics({"m": {"steps": [0], "values": [1.0], "timestamps": [T], "name": "m"}}, {})
    observer.heartbeat_event(info={"a": 1}, captured_out="text", beat_time=T, result=None)
    observer.completed_event(stop_time=T, result=5)
    document = database.runs.find_one()
    assert (document["status"], document["captured_out"], document["info"]["a"]) == ("COMPLETED", "text", 1)
    with open_store(observer) as store:
        assert store.get(1).metrics["m"].values == [1.0]


def test_a_queued_observer_sends_again(mongo_server, mongo_database, database):
    observer = QueuedMongoObserver(
        interval=0.05, retry_interval=0.05, url=mongo_server.uri, db_name=mongo_database, appName="queued"
    )
    started(observer)
    with mongo_server.fail_point("insert", "update", error=8, times=4, app_name="queued"):
        for number in range(3):
            observer.log_metrics({"m": {"steps": [number], "values": [1.0], "timestamps": [T], "name": "m"}}, {})
            observer.heartbeat_event(info={}, captured_out="x" * number, beat_time=T, result=None)
        observer.completed_event(stop_time=T, result=5)
    assert database.runs.find_one()["status"] == "COMPLETED"
    assert observer.store().get(1).metrics["m"].steps == [0, 1, 2]


def test_a_queued_observer_in_a_run(mongo_server, mongo_database, database):
    ex = hallow.Experiment("queued", save_git_info=False)
    ex.observers.append(QueuedMongoObserver(url=mongo_server.uri, db_name=mongo_database, collection_prefix="p"))

    @ex.main
    def main(_run):
        _run.log_scalar("m", 1.0)
        return 3

    start = time.monotonic()
    run = ex.run(options={"--capture": "sys"})
    assert time.monotonic() - start < 10
    assert database.p_runs.find_one({"_id": run._id})["result"] == 3
    ex.run(options={"--capture": "sys", "--resume": str(run._id)})
    assert database.p_metrics.find_one()["steps"] == [0, 1]
    with pytest.warns(DeprecationWarning, match="create is deprecated"):
        assert QueuedMongoObserver.create(url="localhost:9").priority == 30


# ------------------------------------------------------------------------------------------------------- forks


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a matter of fork")
def test_fork_safety(tmp_path, mongo_server, mongo_database, database):
    """A child of the user's code that ends in good order leaves the run to its parent."""
    script = f"""
        import os, sys, warnings
        warnings.simplefilter("error")
        import hallow
        from hallow.observers import MongoObserver
        ex = hallow.Experiment("forking", save_git_info=False)
        ex.observers.append(MongoObserver({mongo_server.uri!r}, {mongo_database!r}))
        @ex.main
        def main(_run):
            for step in range(3):
                _run.log_scalar("m", step)
                pid = os.fork()
                if pid == 0:
                    _run.log_scalar("child", 1.0)
                    sys.exit(0)
                assert os.waitpid(pid, 0)[1] == 0
            return 5
        ex.run(options={{"--beat-interval": 0.01}})
    """
    job = run_script(tmp_path, script)
    _, err = job.communicate(timeout=60)
    assert job.returncode == 0, err[-2000:]
    assert (database.runs.count_documents({}), database.runs.find_one()["status"]) == (1, "COMPLETED")
    assert [one["name"] for one in database.metrics.find()] == ["m"]
    with mongo_server.client() as client:
        assert client[mongo_database].metrics.find_one()["values"] == [0, 1, 2]


def test_runs_of_several_threads_share_a_connection(mongo_server, mongo_database, database):
    ex = hallow.Experiment("threads", save_git_info=False)
    ex.observers.append(MongoObserver(mongo_server.uri, mongo_database))
    ex.add_config(number=0)

    @ex.main
    def main(_run, number):
        for step in range(50):
            _run.log_scalar("m", number * step)
        return number

    threads = [
        threading.Thread(
            target=ex.run,
            kwargs={"config_updates": {"number": n}, "options": {"--capture": "no", "--beat-interval": 0.01}},
        )
        for n in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for document in database.runs.find():
        number = document["config"]["number"]
        assert document["result"] == number
        assert database.metrics.find_one({"run_id": document["_id"]})["values"] == [number * step for step in range(50)]
    assert database.runs.count_documents({"status": "COMPLETED"}) == 6


# ------------------------------------------------------------------------------------------------- durability


def test_a_single_server_confirms_what_is_in_its_journal():
    """A replica set has better defaults, which stay; and so does what the user asks for."""
    pytest.importorskip("secantus")
    with MongoServer() as members:
        members.stop()
        members._storage.append("--standalone")
        members.start()
        for options, wanted in (({}, {"j": True}), ({"w": 1}, {"w": 1})):
            with counting("durable") as commands:
                session = Session(None, observer=MongoObserver(members.uri, "durable", **options))
                commands.reset()
                session.log("m", 3)
                session.write("text")
                session.complete()
            writes = [one for one in commands.documents if {"insert", "update", "delete"} & set(one)]
            assert len(writes) > 3
            assert [one.get("writeConcern") for one in writes] == [wanted] * len(writes)


def test_a_replica_set_keeps_its_defaults(observer, mongo_commands, database):
    if "setName" not in database.client.admin.command("hello"):
        pytest.skip("the server is a single one")
    mongo_commands.reset()
    Session(None, observer=observer).complete()
    assert not any("writeConcern" in one for one in mongo_commands.documents)


# --------------------------------------------------------------------------------------------------- helpers


def test_sacreds_way_to_make_documents_fit():
    assert [force_valid_bson_key(key) for key in ("$a.b", "a$", 12.7, "", "..")] == ["@a,b", "a$", "12,7", "", ",,"]
    odd = {"$illegal": 1, "il.legal": {"$x": 2}, 12.7: 3, "fine": [{"a.b": object}], "big": 1 << 80}
    assert force_bson_encodeable(odd) == {
        "@illegal": 1,
        "il,legal": {"@x": 2},
        "12,7": 3,
        "fine": [{"a,b": str(object)}],
        "big": str(1 << 80),
    }
    valid = {"int": 1, "list": [1, "a"], "dict": {"x": 0.5}, "none": None}
    assert force_bson_encodeable(valid) is valid
    np = pytest.importorskip("numpy")
    array = np.arange(3)
    assert force_bson_encodeable({"array": array})["array"] is array


def test_the_error_of_the_driver_is_not_shown(mongo_server, mongo_database, database):
    """It might hold what a log must not have."""
    observer = MongoObserver(mongo_server.uri, mongo_database, appName="not shown")
    with mongo_server.fail_point("find", error=13, app_name="not shown"), pytest.raises(StoreError) as caught:
        Session(None, observer=observer)
    assert caught.value.__cause__ is None
    assert not isinstance(caught.value, OperationFailure)
