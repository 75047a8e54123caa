"""Object stores: what the contract does not ask of every back-end."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import textwrap
import threading
import time
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4

import pytest

import hallow
from hallow.backends.objects import observer as observing
from hallow.backends.objects.local import LocalObjects
from hallow.backends.objects.observer import ObjectStoreObserver
from hallow.backends.objects.store import ObjectStore
from hallow.errors import ArtifactNameError, MissingExtraError, RunExistsError, StoreError
from hallow.running.outlet import is_away
from hallow.testing.contract.support import Session, T


@pytest.fixture
def url(tmp_path):
    return f"file://{tmp_path}/store"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "store"


@pytest.fixture
def memory():
    """A URL of objects in memory that nobody else has."""
    import fsspec

    name = uuid4().hex
    yield f"memory://{name}/runs"
    fs = fsspec.filesystem("memory")
    for path in list(fs.store):
        if path.startswith(f"/{name}/"):
            del fs.store[path]


def queued(observer, config=None):
    return observer.queued_event(
        ex_info={"name": "e", "base_dir": "/", "sources": [], "dependencies": [], "repositories": [], "mainfile": None},
        command="main",
        host_info={},
        queue_time=T,
        config=config or {},
        meta_info={},
        _id=None,
    )


def entry(folder, run=1):
    return json.loads((folder / str(run) / "run.json").read_text())


# ----------------------------------------------------------------------------------------------- what is stored


def test_objects_of_a_run_are_those_of_sacred_and_hallows_own_beside_them(url, folder, tmp_path):
    (source := tmp_path / "net.py").write_text("x = 1\n")
    (data := tmp_path / "d.csv").write_text("1,2")
    digest = md5(b"x = 1\n").hexdigest()
    session = Session(None, observer=ObjectStoreObserver(url), sources=[(str(source)[1:], digest)])
    run = folder / "1"
    assert session.run_id == 1
    assert entry(folder) == {
        "artifacts": [],
        "command": "main",
        "experiment": {
            "name": "contract",
            "base_dir": "/",
            "dependencies": ["numpy==1.0"],
            "mainfile": None,
            "repositories": [],
            "sources": [[str(source)[1:], f"_sources/net_{digest}.py"]],
        },
        "heartbeat": None,
        "host": {"hostname": "here"},
        "meta": {"command": "main", "options": {}},
        "resources": [],
        "start_time": T.isoformat(),
        "status": "RUNNING",
    }
    assert session.observer.run_entry == entry(folder)
    assert (folder / "_sources" / f"net_{digest}.py").read_text() == "x = 1\n"
    session.observer.resource_event(filename=str(data))
    session.observer.artifact_event(name="plots/d.csv", filename=str(data))
    session.log("m", 2)
    session.write("text\n")
    session.complete(result=float("nan"))
    stored = f"_resources/d_{md5(b'1,2').hexdigest()}.csv"
    assert entry(folder)["resources"] == [[str(data), f"{folder}/{stored}"]]
    assert entry(folder)["artifacts"] == ["plots/d.csv"]
    assert entry(folder)["result"] == {"py/float": "nan"}
    assert (folder / stored).read_text() == "1,2"
    assert (run / "plots" / "d.csv").read_text() == "1,2"
    assert (run / "cout.txt").read_text() == "text\n"
    assert json.loads((run / "info.json").read_text()) == {}
    assert json.loads((run / "config.json").read_text()) == {"lr": 0.1, "seed": 1}
    assert json.loads((run / "metrics.json").read_text())["m"]["values"] == [0.0, 0.5]
    assert {path.name for path in folder.iterdir()} == {"1", "_sources", "_resources", ".hallow"}
    assert (run / "run.json").read_text() == json.dumps(entry(folder), sort_keys=True, indent=2)


def test_a_queued_run_holds_what_sacred_says_and_its_sources(url, folder, tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "net.py").write_text(name)
    observer = ObjectStoreObserver(url)
    facts = {"name": "e", "base_dir": str(tmp_path), "dependencies": [], "repositories": [], "mainfile": None}
    sources = [(f"{name}/net.py", md5(name.encode()).hexdigest()) for name in ("a", "b")]
    run = observer.queued_event(
        ex_info={**facts, "sources": sources},
        command="c",
        host_info={},
        queue_time=T,
        config={},
        meta_info={},
        _id=None,
    )
    assert set(entry(folder, run)) == {"command", "experiment", "host", "meta", "status"}
    assert {(folder / "1" / name).read_text() for name in ("net.py", "net.2.py")} == {"a", "b"}
    record = ObjectStore(url).get(1)
    assert record.queue_time.replace(tzinfo=None) == T
    assert [file.read_text() for file in record.sources] == ["a", "b"]


def test_what_others_have_added_to_a_queued_run_stays(url, folder):
    run = queued(ObjectStoreObserver(url))
    found = entry(folder, run)
    (folder / "1" / "run.json").write_text(json.dumps({**found, "board": {"stars": 3}}))
    Session(None, observer=ObjectStoreObserver(url), run_id=1).complete()
    assert entry(folder)["board"] == {"stars": 3}
    assert entry(folder)["status"] == "COMPLETED"


def test_a_start_of_a_queued_run_that_fails_can_be_tried_again(url, monkeypatch):
    queued(ObjectStoreObserver(url))
    write = LocalObjects.write

    def failing(self, name, content, content_type=None):
        if name == "1/run.json":
            raise StoreError("away")
        write(self, name, content, content_type)

    monkeypatch.setattr(LocalObjects, "write", failing)
    with pytest.raises(StoreError, match="away"):
        Session(None, observer=ObjectStoreObserver(url), run_id=1)
    monkeypatch.undo()
    Session(None, observer=ObjectStoreObserver(url), run_id=1).complete()
    assert ObjectStore(url).get(1).status == "COMPLETED"


def test_a_start_that_fails_leaves_nothing(url, folder, monkeypatch):
    Session(None, observer=ObjectStoreObserver(url)).complete()
    write = LocalObjects.write

    def failing(self, name, content, content_type=None):
        if name == "2/config.json":
            raise StoreError("away")
        write(self, name, content, content_type)

    monkeypatch.setattr(LocalObjects, "write", failing)
    with pytest.raises(StoreError, match="away"):
        Session(None, observer=ObjectStoreObserver(url))
    monkeypatch.undo()
    assert list(ObjectStore(url).ids()) == [1]
    assert not (folder / "2").exists()


def test_runs_that_sacred_adds_meanwhile_are_not_overwritten(url, folder):
    """Our hint does not know of them."""
    Session(None, observer=ObjectStoreObserver(url)).complete()
    for number in range(2, 30):
        (folder / str(number)).mkdir()
        (folder / str(number) / "run.json").write_text('{"status": "COMPLETED"}')
    session = Session(None, observer=ObjectStoreObserver(url))
    assert session.run_id > 29
    assert {(folder / str(number) / "run.json").read_text() for number in range(2, 30)} == {'{"status": "COMPLETED"}'}
    assert not (folder / "2" / ".hallow" / "layout.json").exists()


def test_a_given_id_does_not_send_the_numbers_back(url, folder):
    for run_id in ("40", "7"):
        Session(None, observer=ObjectStoreObserver(url), run_id=run_id).complete()
    assert (folder / ".hallow" / "last_id").read_text() == "40"
    assert Session(None, observer=ObjectStoreObserver(url)).run_id == 41


@pytest.mark.parametrize("run_id", ["", "a/b", "../x", ".x", "_sources", "a\nb"])
def test_an_id_that_cannot_be_part_of_a_name_is_refused(url, run_id):
    with pytest.raises(StoreError, match="cannot have the id"):
        Session(None, observer=ObjectStoreObserver(url), run_id=run_id)


def test_ids_and_names_with_characters_that_mean_something_to_programs(url):
    """fsspec takes stars and brackets in many places for a pattern."""
    for run_id in ("a[1]", "a1", "b*", "bc", "q?", "qq"):
        session = Session(None, observer=ObjectStoreObserver(url), run_id=run_id)
        session.write(run_id)
        session.complete(result=run_id)
    store = ObjectStore(url)
    assert [record.result for record in store.runs()] == ["a1", "a[1]", "b*", "bc", "q?", "qq"]
    for run_id in ("a[1]", "b*", "q?"):
        store.delete(run_id)
    assert list(store.ids()) == ["a1", "bc", "qq"]
    assert store.get("a1").output == "a1"


def test_artifacts_whose_names_are_in_each_others_way(url, tmp_path):
    (made := tmp_path / "x").write_text("x")
    session = Session(None, observer=ObjectStoreObserver(url))
    session.observer.artifact_event(name="a", filename=str(made))
    with pytest.raises(ArtifactNameError, match="another artifact"):
        session.observer.artifact_event(name="a/b", filename=str(made))
    with pytest.raises(ArtifactNameError, match="short name"):
        session.observer.artifact_event(name="n" * 2000, filename=str(made))
    with pytest.raises(ArtifactNameError, match=r"\.hallow"):
        session.observer.artifact_event(name=".hallow/layout.json", filename=str(made))
    session.complete()
    assert [file.name for file in ObjectStore(url).get(1).artifacts] == ["a"]


def test_a_source_that_was_changed_since_is_kept_as_it_is_now(url, tmp_path, caplog):
    (source := tmp_path / "net.py").write_text("new")
    session = Session(None, observer=ObjectStoreObserver(url), sources=[(str(source)[1:], md5(b"old").hexdigest())])
    session.complete()
    (file,) = ObjectStore(url).get(1).sources
    assert (file.read_text(), file.md5) == ("new", md5(b"new").hexdigest())
    assert "was changed" in caplog.text


def test_late_sources_and_their_own_folders(url, folder, tmp_path):
    (source := tmp_path / "net.py").write_text("late")
    dirs = {"source_dir": f"{tmp_path}/shared/src", "resource_dir": f"{tmp_path}/shared/res"}
    session = Session(None, observer=ObjectStoreObserver(url, **dirs))
    session.observer.detail_event("late_sources", [(str(source)[1:], md5(b"late").hexdigest())])
    session.observer.resource_event(filename=str(source))
    session.complete()
    assert len(list((tmp_path / "shared" / "src").iterdir())) == len(list((tmp_path / "shared" / "res").iterdir())) == 1
    record = ObjectStore(url).get(1)
    assert [file.read_text() for file in (*record.sources, *record.resources)] == ["late", "late"]
    ObjectStore(url).delete(1)
    assert len(list((tmp_path / "shared" / "src").iterdir())) == 1  # that folder may be shared with other stores


def test_a_large_run_json_is_not_sent_with_every_artifact(url, folder, tmp_path, monkeypatch):
    """What is missing in it until the end is beside it."""
    (made := tmp_path / "x").write_text("x")
    written = []
    write = LocalObjects.write
    monkeypatch.setattr(
        LocalObjects, "write", lambda self, *args: (written.append((args[0], len(args[1]))), write(self, *args))
    )
    session = Session(None, observer=ObjectStoreObserver(url))
    monkeypatch.setattr(observing, "_OFTEN", 8 << 10)
    for number in range(203):
        session.observer.artifact_event(name=f"{number}-{'n' * 200}", filename=str(made))
    sizes = [size for name, size in written if name == "1/run.json"]
    assert len(sizes) < 100
    assert sum(sizes) < 200 * (8 << 10)
    assert len(entry(folder)["artifacts"]) < 203
    assert len(ObjectStore(url).get(1).artifacts) == 203
    assert len(next(ObjectStore(url).runs()).artifacts) == 203
    session.complete()
    assert len(entry(folder)["artifacts"]) == 203


def test_a_store_of_a_newer_version_is_read_and_not_written(url, folder):
    Session(None, observer=ObjectStoreObserver(url)).complete(result=5)
    marker = folder / ".hallow" / "layout.json"
    marker.write_text(json.dumps({"version": 2}))
    with pytest.raises(StoreError, match=r"newer hallow \(layout 2"):
        Session(None, observer=ObjectStoreObserver(url))
    with pytest.raises(StoreError, match="newer hallow"):
        ObjectStoreObserver(url).reopen(1)
    record = ObjectStore(url).get(1)
    assert record.result == 5
    with pytest.raises(StoreError, match="newer hallow"):
        record.annotate(tags=["a"])


def test_going_on_with_a_run_of_sacred_keeps_what_it_had(url, folder):
    """Its points and its output are in the files only that hallow makes from other objects."""
    run = folder / "3"
    run.mkdir(parents=True)
    times = {"start_time": T.isoformat(), "stop_time": T.isoformat()}
    (run / "run.json").write_text(json.dumps({"status": "COMPLETED", "artifacts": [], **times}))
    (run / "config.json").write_text("{}")
    (run / "cout.txt").write_text("before\n")
    times = ["2024-01-01T00:00:00.000001"] * 2
    (run / "metrics.json").write_text(json.dumps({"m": {"steps": [0, 1], "values": [1, 2], "timestamps": times}}))
    observer = ObjectStoreObserver(url)
    stored = observer.reopen(3)
    assert (stored.points, stored.output, stored.steps) == (2, 7, {"m": 1})
    session = Session.__new__(Session)
    session.observer, session.points, session.position = observer, 2, 7
    session.log("m", 1)
    session.write("after\n")
    observer.join()
    record = ObjectStore(url).get(3)
    assert record.metrics["m"].steps == [0, 1, 2]
    assert record.output == "before\nafter\n"
    assert (run / "cout.txt").read_text() == "before\nafter\n"
    assert json.loads((run / "metrics.json").read_text())["m"]["steps"] == [0, 1, 2]


def test_a_mark_on_a_run_of_sacred_leaves_its_files_alone(url, folder):
    run = folder / "3"
    run.mkdir(parents=True)
    times = {"start_time": T.isoformat(), "stop_time": T.isoformat()}
    metric = {"steps": [0], "values": [1], "timestamps": ["2024-01-01T00:00:00.000001"]}
    texts = {
        "run.json": json.dumps({"status": "COMPLETED", **times}),
        "config.json": "{}",
        "cout.txt": "text",
        "metrics.json": json.dumps({"m": metric}),
    }
    for name, text in texts.items():
        (run / name).write_text(text)
    with hallow.reopen(ObjectStoreObserver(url), 3) as reopened:
        reopened.tags.append("good")
    assert {name: (run / name).read_text() for name in texts} == texts
    assert ObjectStore(url).get(3).tags == ["good"]


def test_what_a_killed_process_left_is_made_whole_at_the_end(url, folder):
    session = Session(None, observer=ObjectStoreObserver(url))
    session.log("m", 10)
    session.write("text")
    observer = ObjectStoreObserver(url)
    observer.reopen(1)
    observer.interrupted_event(interrupt_time=T, status="DIED")
    run = folder / "1"
    assert (run / "cout.txt").read_text() == "text"
    assert len(json.loads((run / "metrics.json").read_text())["m"]["steps"]) == 10
    assert json.loads((run / "info.json").read_text()) == {}


def test_metrics_json_and_cout_txt_are_there_from_the_first_beat_on_and_follow(url, folder):
    session = Session(None, observer=ObjectStoreObserver(url))
    session.beat()
    run = folder / "1"
    assert (run / "metrics.json").read_text() == "{}"
    assert (run / "cout.txt").read_text() == ""
    seen = []
    for _ in range(200):
        session.log("m", 10)
        session.write("one line of output\n")
        session.beat()
        seen.append(len((run / "cout.txt").read_text()))
    assert all(size * 2 >= 19 * beat for beat, size in enumerate(seen, 1))
    assert len(set(seen)) < 70
    session.complete()
    assert len((run / "cout.txt").read_text()) == 19 * 200
    assert len(json.loads((run / "metrics.json").read_text())["m"]["steps"]) == 2000


def test_long_metrics_and_output_become_whole_files(url, folder):
    """More than what is held in memory."""
    session = Session(None, observer=ObjectStoreObserver(url))
    for _ in range(3):
        session.log("m", 20_000)
        session.write("line\n" * 200_000)
        session.beat()
    session.complete()
    text = (folder / "1" / "metrics.json").read_text()
    assert json.loads(text)["m"]["steps"] == list(range(60_000))
    assert len(text) > 1 << 20
    assert (folder / "1" / "cout.txt").read_text() == "line\n" * 600_000


def test_save_file_and_attributes_that_code_for_sacred_reads(url, folder, tmp_path):
    (made := tmp_path / "x.py").write_text("x")
    observer = ObjectStoreObserver(url)
    assert observer.dir is None
    session = Session(None, observer=observer)
    observer.save_file(str(made), "source/x.py")
    assert (folder / "1" / "source" / "x.py").read_text() == "x"
    with pytest.raises(FileExistsError, match=r"run\.json"):
        observer.save_file(str(made), "run.json")
    with pytest.raises(FileExistsError, match="leads out"):
        observer.save_file(str(made), "../2/run.json")
    assert (observer.basedir, observer.dir) == (str(folder), f"{folder}/1")
    assert (observer.resource_dir, observer.source_dir) == (f"{folder}/_resources", f"{folder}/_sources")
    observer.heartbeat_event(info={"a": 1}, captured_out="text", beat_time=T, result=None)
    assert (observer.cout, observer.info, observer.config) == ("text", {"a": 1}, {"lr": 0.1, "seed": 1})
    session.complete()
    assert observer.run_entry["status"] == "COMPLETED"
    assert observer == ObjectStoreObserver(url) != ObjectStoreObserver(url + "2")
    assert len({observer, ObjectStoreObserver(url)}) == 2


def test_annotations_of_a_reader_do_not_undo_those_of_the_run(url):
    session = Session(None, observer=ObjectStoreObserver(url))
    session.observer.details_event([("tags", ["a"]), ("odd/name ü", {"x": [float("inf")]})])
    ObjectStore(url).get(1).annotate(notes="mine")
    session.complete()
    (record,) = ObjectStore(url).runs()
    assert (record.tags, record.notes) == (["a"], "mine")
    assert record.details["odd/name ü"] == {"x": [float("inf")]}


def test_a_run_whose_document_is_away_while_others_have_it_is_deleted_with_its_own_only(url, folder, tmp_path):
    """Nobody knows what a damaged run refers to, so shared files stay."""
    (data := tmp_path / "d").write_text("1")
    for _ in range(2):
        session = Session(None, observer=ObjectStoreObserver(url))
        session.observer.resource_event(filename=str(data))
        session.complete()
    (folder / "2" / "run.json").write_text("{")
    ObjectStore(url).delete(1)
    assert len(list((folder / "_resources").iterdir())) == 1


# -------------------------------------------------------------------------------------------- whoever comes first


def started_together(make, count):
    ids, problems = [], []
    together = threading.Barrier(count)

    def start():
        together.wait()
        try:
            session = Session(None, observer=make())
            ids.append(session.run_id)
            session.complete(result=session.run_id)
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=start) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    return ids


def test_stores_without_exclusive_creation_give_each_run_an_id_of_its_own(memory):
    ids = started_together(lambda: ObjectStoreObserver(memory), 12)
    assert len(set(ids)) == 12
    assert {record.run_id: record.result for record in ObjectStore(memory).runs()} == {run: run for run in ids}
    marker = ObjectStore(memory)._objects.read(".hallow/layout.json")
    assert json.loads(marker)["exclusive"] is False
    assert not [name for name in ObjectStore(memory)._objects.below("") if ".claims" in name]


def test_a_queued_run_in_such_a_store_is_started_once(memory):
    queued(ObjectStoreObserver(memory))
    started, refused = [], []
    together = threading.Barrier(6)

    def start():
        together.wait()
        try:
            started.append(Session(None, observer=ObjectStoreObserver(memory), run_id=1))
        except RunExistsError as error:
            refused.append(error)

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(started) == 1
    assert len(refused) == 5


def test_a_server_that_overlooks_the_condition_is_found_out(url, folder, monkeypatch):
    """Some servers that speak the protocol of S3 write the object in any case."""

    def overlooking(self, name, content, content_type=None):
        self.write(name, content)

    monkeypatch.setattr(LocalObjects, "create_at_once", overlooking)
    ids = started_together(lambda: ObjectStoreObserver(url), 8)
    assert len(set(ids)) == 8
    assert json.loads((folder / ".hallow" / "layout.json").read_text())["exclusive"] is False


def test_of_those_that_start_together_none_waits_for_its_turn_where_the_store_decides(url, folder, monkeypatch):
    taken = []
    in_turn = LocalObjects._create_in_turn
    monkeypatch.setattr(LocalObjects, "_create_in_turn", lambda self, *args: taken.append(args) or in_turn(self, *args))
    assert len(set(started_together(lambda: ObjectStoreObserver(url), 12))) == 12
    assert taken == []
    assert json.loads((folder / ".hallow" / "layout.json").read_text())["exclusive"] is True


def test_what_a_killed_start_did_not_find_out_the_next_one_does(url, folder):
    (folder / ".hallow").mkdir(parents=True)
    marker = folder / ".hallow" / "layout.json"
    marker.write_text(json.dumps({"version": 1, "exclusive": None}))
    assert Session(None, observer=ObjectStoreObserver(url)).run_id == 1
    assert json.loads(marker.read_text())["exclusive"] is True


def test_an_answer_that_was_lost_does_not_cost_an_id(url, monkeypatch):
    """The driver sends the request again, and is told that the object is there: it is our own."""
    create = LocalObjects.create_at_once

    def twice(self, *args):
        create(self, *args)
        create(self, *args)

    Session(None, observer=ObjectStoreObserver(url)).complete()
    monkeypatch.setattr(LocalObjects, "create_at_once", twice)
    assert [Session(None, observer=ObjectStoreObserver(url)).run_id for _ in range(3)] == [2, 3, 4]


# ------------------------------------------------------------------------------------------------------ errors


def test_a_file_where_a_folder_is_expected(tmp_path):
    (path := tmp_path / "file").write_text("x")
    for url in (f"file://{path}", f"file://{path}/deeper"):
        with pytest.raises(StoreError, match="give a folder"):
            Session(None, observer=ObjectStoreObserver(url))
    with pytest.raises(StoreError, match="is a file"):
        list(ObjectStore(f"file://{path}").ids())


def test_a_scheme_that_nobody_knows():
    with pytest.raises(StoreError, match="no kind of store 'sss'"):
        ObjectStoreObserver("sss://bucket/folder")


def test_a_missing_package_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    from fsspec.registry import _registry

    monkeypatch.delitem(_registry, "s3", raising=False)
    for make in (ObjectStoreObserver, ObjectStore, hallow.open_store):
        with pytest.raises(MissingExtraError, match=r"hallow\[remote\]"):
            make("s3://bucket/folder")


def test_an_option_that_the_file_system_does_not_have(s3_bucket):
    with pytest.raises(StoreError, match="cannot be opened"):
        Session(None, observer=ObjectStoreObserver(f"s3://{s3_bucket}/d", no_such_option=3))


def test_a_path_and_a_url_of_a_folder_are_the_same(url, folder):
    Session(None, observer=ObjectStoreObserver(str(folder))).complete(result=4)
    for target in (url, str(folder), f"local://{folder}"):
        assert ObjectStore(target).get(1).result == 4
        assert ObjectStore(target).url == url
        assert ObjectStoreObserver(target) == ObjectStoreObserver(url)
    assert hallow.open_store(url).get(1).store == url


def seconds(function, *args, **kwargs):
    begun = time.monotonic()
    with pytest.raises(StoreError) as raised:
        function(*args, **kwargs)
    return time.monotonic() - begun, str(raised.value)


def test_an_address_where_nobody_listens(s3_bucket, monkeypatch):
    with socket.socket() as taken:  # bound, and not listening
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{taken.getsockname()[1]}")
        took, message = seconds(Session, None, observer=ObjectStoreObserver("s3://bucket/folder"))
    assert took < 5
    assert "s3://bucket/folder" in message
    assert "--journal-only" in message
    assert is_away(StoreError(message))


def test_a_server_that_does_not_answer(s3_bucket, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        took, message = seconds(Session, None, observer=ObjectStoreObserver("s3://bucket/folder"))
    assert took < 6
    assert "no answer in time" in message


@pytest.fixture
def refusing(monkeypatch):
    """A server that refuses everything."""

    class Refusing(BaseHTTPRequestHandler):
        def refuse(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
            self.send_response(403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else body)

        do_GET = do_PUT = do_HEAD = do_POST = refuse

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def test_credentials_that_are_not_enough(s3_bucket, monkeypatch, refusing):
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{refusing}")
    took, message = seconds(Session, None, observer=ObjectStoreObserver("s3://bucket/folder"))
    assert took < 5
    assert "Access Denied" in message
    assert "check the credentials" in message


def test_no_credentials(s3_bucket, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    took, message = seconds(Session, None, observer=ObjectStoreObserver(f"s3://{s3_bucket}/folder"))
    assert took < 5
    assert "give credentials" in message


def test_a_bucket_that_is_not_there(s3_bucket):
    missing = f"{s3_bucket}-x"
    with pytest.raises(StoreError, match=f"no bucket '{missing}'"):
        list(ObjectStore(f"s3://{missing}/d").ids())
    with pytest.raises(StoreError, match=f"no bucket '{missing}'"):
        Session(None, observer=ObjectStoreObserver(f"s3://{missing}/d"), run_id="given")
    session = Session(None, observer=ObjectStoreObserver(f"s3://{missing}/d"))
    assert session.run_id == 1


SECRETS = {"key": "AKIASECRETKEY", "secret": "s3cr3t-value", "client_kwargs": {"aws_session_token": "t0ken-value"}}


def test_secrets_appear_nowhere(url, folder, caplog):
    observer = ObjectStoreObserver("s3://bucket/folder", endpoint_url="http://me:pa55@127.0.0.1:9", **SECRETS)
    texts = [repr(observer), repr(vars(observer.store()._objects.__class__)), json.dumps(observer.recovery())]
    texts.append(str(observer._objects.problem("be read", ValueError("with s3cr3t-value and http://me:pa55@x"))))
    with pytest.raises(StoreError) as raised:
        Session(None, observer=observer)
    import traceback

    texts.append("".join(traceback.format_exception(raised.value)))
    texts.append(caplog.text)
    for text in texts:
        for secret in ("AKIASECRETKEY", "s3cr3t-value", "t0ken-value", "pa55"):
            assert secret not in text
    arguments = observer.recovery()["arguments"]
    assert arguments["endpoint_url"] == "http://me:***@127.0.0.1:9"
    assert ObjectStoreObserver(**arguments) == observer


def test_an_observer_is_made_again_from_its_recovery(url):
    observer = ObjectStoreObserver(url, priority=7, source_dir="/elsewhere")
    spec = json.loads(json.dumps(observer.recovery()))
    again = ObjectStoreObserver(**spec["arguments"])
    assert (again, again.priority, again.source_dir) == (observer, 7, "/elsewhere")
    assert spec["class"] == "hallow.backends.objects.observer:ObjectStoreObserver"


# ------------------------------------------------------------------------------------------ processes and S3


SCRIPT = """
    import os, sys, threading
    import hallow
    from hallow.backends.objects.observer import ObjectStoreObserver

    ex = hallow.Experiment("forking", save_git_info=False)
    ex.observers.append(ObjectStoreObserver("s3://{bucket}/d"))

    @ex.main
    def main(_run):
        _run.log_scalar("m", 1)
        for _ in range(2):
            child = os.fork()
            if not child:
                os._exit(0)
            os.waitpid(child, 0)
        _run.log_scalar("m", 2)
        return 5

    ex.run(options={{"--beat-interval": 0.05, "--loglevel": "warning"}})
"""


def test_a_run_that_forks_is_recorded_and_the_process_ends_without_a_word(s3_bucket, tmp_path):
    (tmp_path / "script.py").write_text(textwrap.dedent(SCRIPT).format(bucket=s3_bucket))
    done = subprocess.run(
        [sys.executable, "-W", "error", "script.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
    (record,) = ObjectStore(f"s3://{s3_bucket}/d").runs()
    assert (record.status, record.result, record.metrics["m"].values) == ("COMPLETED", 5, [1, 2])


def test_a_large_artifact_goes_in_parts_and_is_read_in_parts(s3_bucket, tmp_path, monkeypatch):
    content = os.urandom(1 << 20) * 17
    (made := tmp_path / "weights.bin").write_bytes(content)
    session = Session(None, observer=ObjectStoreObserver(f"s3://{s3_bucket}/d"))
    session.observer.artifact_event(name="weights.bin", filename=str(made), content_type="application/x-own")
    with session.observer.open_artifact("weights.bin") as file:
        file.seek(10 << 20)
        assert file.read(10) == content[10 << 20 :][:10]
    record = session.observer.store().get(1)
    assert record.artifact("weights.bin").read_bytes() == content


def test_content_types_in_s3(s3_server, s3_bucket, tmp_path):
    (made := tmp_path / "a.png").write_bytes(b"png")
    session = Session(None, observer=ObjectStoreObserver(f"s3://{s3_bucket}/d"))
    session.observer.artifact_event(name="a.png", filename=str(made))
    session.write("text")
    session.complete()
    client = s3_server.client()
    types = {
        name: client.head_object(Bucket=s3_bucket, Key=f"d/1/{name}")["ContentType"]
        for name in ("run.json", "config.json", "metrics.json", "info.json", "cout.txt", "a.png")
    }
    client.close()
    assert types == {
        **dict.fromkeys(("run.json", "config.json", "metrics.json", "info.json"), "text/json"),
        "cout.txt": "text/plain",
        "a.png": "image/png",
    }
