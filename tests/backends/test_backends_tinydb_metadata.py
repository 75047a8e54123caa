"""The file that other programs read: what is written to it, and what happens if somebody else writes it."""

import json
import shutil
from datetime import datetime, timedelta

import pytest
from tinydb import Query, TinyDB

import hallow
from hallow.backends.tinydb.layout import OWN
from hallow.backends.tinydb.metadata import Metadata, read_state
from hallow.observers import TinyDbObserver
from hallow.backends.tinydb.parsing import read_metadata
from hallow.errors import ResumeError, RunExistsError

T = datetime(2024, 2, 3, 4, 5, 6, 7)


@pytest.fixture
def root(tmp_path):
    return tmp_path / "runs_db"


def start(root, run_id=None, config=None):
    observer = TinyDbObserver(root)
    observer.started_event(
        ex_info={"name": "e", "base_dir": "/", "sources": [], "dependencies": [], "repositories": [], "mainfile": None},
        command="main",
        host_info={},
        start_time=T,
        config=config or {},
        meta_info={},
        _id=run_id,
    )
    return observer


def finish(observer, result=1):
    observer.heartbeat_event(info={}, captured_out=None, beat_time=T, result=result)
    observer.completed_event(stop_time=T, result=result)


def run(root, run_id=None, result=1):
    observer = start(root, run_id)
    finish(observer, result)
    return observer


def text_of(root):
    return (root / "metadata.json").read_text()


def documents(root):
    return {key: document["_id"] for key, document in json.loads(text_of(root))["runs"].items()}


def statuses(root):
    return {document["_id"]: document["status"] for document in json.loads(text_of(root))["runs"].values()}


def plain_tinydb(root):
    return TinyDB(root / "metadata.json")


# ------------------------------------------------------------------------------------------------------- as it is


def test_one_line_for_each_writing_and_blanks_behind(root):
    run(root, "a")
    start(root, "b")
    lines = text_of(root).rstrip(" ").split("\n")
    assert lines[0] == '{"runs": {'
    assert [line[:5] for line in lines[1:-1]] == ['"1": ', '"1": ', '"2": ']
    assert lines[-1] == "}}"
    size = (root / "metadata.json").stat().st_size
    assert size - len(text_of(root).rstrip(" ")) == 1 << 14
    assert statuses(root) == {"a": "COMPLETED", "b": "RUNNING"}


def test_the_file_keeps_its_size_while_a_document_is_written(root, monkeypatch):
    """Who reads it in two steps gets no mixture."""
    run(root)
    before, inode = (root / "metadata.json").stat().st_size, (root / "metadata.json").stat().st_ino
    sizes = []
    write_at = Metadata._write_at

    def observed(self, file, position, data):
        write_at(self, file, position, data)
        found = (root / "metadata.json").stat()
        sizes.append(found.st_size)
        assert found.st_ino == inode
        json.loads(text_of(root))

    monkeypatch.setattr(Metadata, "_write_at", observed)
    start(root)
    assert sizes[0] == before


@pytest.mark.parametrize("size", [10, 20_000, 400_000])
def test_every_intermediate_state_can_be_read(root, monkeypatch, size):
    run(root)
    write_at = Metadata._write_at

    def observed(self, file, position, data):
        write_at(self, file, position, data)
        json.loads(text_of(root))

    monkeypatch.setattr(Metadata, "_write_at", observed)
    observer = start(root, "large", {"x": "y" * size})
    finish(observer)
    assert json.loads(text_of(root))["runs"]["2"]["config"] == {"x": "y" * size}


def test_what_is_superseded_is_dropped_when_it_is_too_much(root, monkeypatch):
    monkeypatch.setattr("hallow.backends.tinydb.metadata._TOLERATED", 5000)
    other = start(root, "other")
    observer = start(root, "long")
    sizes = []
    for seconds in range(100):
        beat = T + timedelta(seconds=40 * 2**seconds) if seconds < 20 else T
        observer.heartbeat_event(info={"n": seconds}, captured_out=None, beat_time=beat, result=None)
        observer._export()
        sizes.append(len(text_of(root).rstrip(" ")))
    assert max(sizes) < 12_000
    assert json.loads(text_of(root))["runs"]["2"]["info"] == {"n": 99}
    finish(observer)
    finish(other)
    assert statuses(root) == {"other": "COMPLETED", "long": "COMPLETED"}
    assert documents(root) == {"1": "other", "2": "long"}


# ------------------------------------------------------------------------------------------ killed while writing


def test_O_35_whatever_a_kill_leaves_is_repaired(root, tmp_path):
    """The document of one run is cut off at every place; nothing of the others is lost, nor of that one."""
    run(root, "first", result=1)
    going = start(root, "going")
    before = text_of(root)
    state = (root / OWN / "state.json").read_bytes()
    last = start(root, "last")
    after = text_of(root)
    position = len(before.rstrip(" ")) - 3
    saved = tmp_path / "saved"
    shutil.copytree(root, saved)
    for cut in range(position + 1, len(after.rstrip(" ")), 11):
        shutil.rmtree(root)
        shutil.copytree(saved, root)
        (root / OWN / "state.json").write_bytes(state)
        (root / "metadata.json").write_text(after[:cut] + before[cut:])
        records = {record.run_id: record.status for record in hallow.open_store(f"tinydb:{root}").runs()}
        assert set(records) == {"first", "going", "last"}
        run(root, "next")
        assert list(root.glob("*damaged*")) == []
        assert set(statuses(root)) == {"first", "going", "last", "next"}
    finish(going)
    finish(last)
    assert set(statuses(root).values()) == {"COMPLETED"}
    assert list(documents(root).values()) == ["first", "going", "last", "next"]


def test_a_number_is_never_given_twice(root):
    """Also if a run was killed right after it got one."""
    run(root, "a")
    Metadata(str(root)).started.add(2, "killed")
    run(root, "b")
    assert documents(root) == {"1": "a", "3": "b"}


@pytest.mark.parametrize("lost", ["state.json", "started.jsonl", "foreign.json", "lock"])
def test_files_of_our_own_that_are_lost(root, lost):
    run(root, "a")
    run(root, "b")
    (root / OWN / lost).unlink(missing_ok=True)
    run(root, "c")
    records = [(record.run_id, record.status) for record in hallow.open_store(f"tinydb:{root}").runs()]
    assert sorted(records) == [("a", "COMPLETED"), ("b", "COMPLETED"), ("c", "COMPLETED")]
    assert set(statuses(root)) == {"a", "b", "c"}


@pytest.mark.parametrize(
    "state", [b"", b"[]", b"{}", b'{"layout": 1}', b"\0" * 50, b'{"layout": "x"}', b'{"layout": null}']
)
def test_a_state_that_makes_no_sense(root, state):
    run(root, "a")
    (root / OWN / "state.json").write_bytes(state)
    assert read_state(str(root)) is None
    run(root, "b")
    assert documents(root) == {"1": "a", "2": "b"}


def test_a_file_that_is_lost_is_made_again(root):
    run(root, "a")
    going = start(root, "b")
    (root / "metadata.json").unlink()
    assert [record.run_id for record in hallow.open_store(f"tinydb:{root}").runs()] == ["a", "b"]
    finish(going)
    assert statuses(root) == {"a": "COMPLETED", "b": "COMPLETED"}


# ---------------------------------------------------------------------------------------- other programs write it


def test_a_plain_tinydb_writes_between_our_runs(root):
    going = start(root, "ours")
    with plain_tinydb(root) as db:
        db.table("runs").insert({"_id": "theirs", "status": "COMPLETED", "result": 3})
        db.table("runs").update({"rating": 5}, Query()._id == "ours")
        db.table("notes").insert({"text": "a table of mine"})
    run(root, "next")
    finish(going, result=7)
    with plain_tinydb(root) as db:
        found = {document["_id"]: document for document in db.table("runs")}
        assert [document["text"] for document in db.table("notes")] == ["a table of mine"]
    assert list(found) == ["ours", "theirs", "next"]
    assert (found["ours"]["result"], found["ours"]["rating"]) == (7, 5)
    assert found["theirs"]["result"] == 3
    store = hallow.open_store(f"tinydb:{root}")
    assert [(record.run_id, record.status) for record in store.runs()] == [
        ("ours", "COMPLETED"),
        ("theirs", "COMPLETED"),
        ("next", "COMPLETED"),
    ]
    with pytest.raises(RunExistsError, match="theirs"):
        start(root, "theirs")


def test_a_program_that_has_the_file_open_goes_on_writing_it(root):
    """As a run of Sacred does until its end."""
    root.mkdir()
    with plain_tinydb(root) as db:
        number = db.table("runs").insert({"_id": "theirs", "status": "RUNNING"})
        run(root, "one")
        db.table("runs").update({"status": "FAILED"}, doc_ids=[number])
        run(root, "two")
        db.table("runs").update({"status": "COMPLETED"}, doc_ids=[number])
        assert len(db.table("runs")) == 3
    run(root, "three")
    assert statuses(root) == dict.fromkeys(["theirs", "one", "two", "three"], "COMPLETED")


def test_a_program_gives_back_what_it_read_earlier(root):
    """The documents of our runs are written anew, from what we know."""
    going = start(root, "a")
    with plain_tinydb(root) as db:
        stale = db.storage.read()
        run(root, "b")
        finish(going, 4)
        db.storage.write(stale)
    assert statuses(root) == {"a": "RUNNING"}
    run(root, "c")
    assert statuses(root) == {"a": "COMPLETED", "b": "COMPLETED", "c": "COMPLETED"}


def test_a_program_numbers_the_runs_anew(root):
    going = start(root, "a")
    run(root, "b")
    found = json.loads(text_of(root))["runs"]
    (root / "metadata.json").write_text(
        json.dumps({"runs": {"1": found["2"], "7": {"_id": "theirs"}, "2": found["1"]}})
    )
    finish(going)
    assert documents(root) == {"1": "a", "2": "b", "7": "theirs"}
    (root / "metadata.json").write_text(json.dumps({"runs": {"1": {"_id": "x"}, "key": {"_id": "y"}, "2": found["2"]}}))
    run(root, "c")
    # The number of "c" was free when it began.
    assert sorted(documents(root).values()) == ["a", "b", "c", "x", "y"]
    assert documents(root)["1"] == "a"
    assert set(statuses_of_sound(root)) == {"a", "b", "c"}


def statuses_of_sound(root):
    return {record.run_id for record in hallow.open_store(f"tinydb:{root}").runs() if not record.problem}


def test_a_damaged_file_is_kept_and_replaced(root, caplog):
    with plain_tinydb(_made(root)) as db:
        for name in ("theirs", "lost", "last"):
            db.table("runs").insert({"_id": name, "status": "COMPLETED", "config": {"3": {"status": "x"}}})
    broken = text_of(root).replace('"lost", "status": ', '"lost", "status": oops ')
    (root / "metadata.json").write_text(broken)
    listed = {record.run_id: record.problem for record in hallow.open_store(root).runs()}
    assert set(listed) == {"theirs", "last", "metadata.json"}
    assert "metadata.json is damaged" in listed["metadata.json"]
    run(root, "ours")
    assert set(statuses(root)) == {"theirs", "last", "ours"}
    assert (root / "metadata.json.damaged-1").read_text() == broken
    assert "is kept as" in caplog.text
    (root / "metadata.json").write_text("{")
    run(root, "more")
    assert set(statuses(root)) == {"ours", "more"}
    assert (root / "metadata.json.damaged-2").read_text() == "{"


def _made(root):
    root.mkdir(exist_ok=True)
    return root


def test_filling_the_file_that_is_cut_short(root):
    """Where other programs write, too, the old file gets the new content; readers know where the whole of it is."""
    with plain_tinydb(_made(root)) as db:
        db.table("runs").insert({"_id": "theirs", "status": "COMPLETED"})
    run(root, "a")
    whole = text_of(root)
    (root / OWN / "metadata.rewrite.json").write_text(whole)
    for cut in range(0, len(whole.rstrip(" ")) - 1, 101):
        (root / "metadata.json").write_text(whole[:cut] or "{")
        parsed = read_metadata(str(root))
        assert [document["_id"] for document in parsed.runs.values()] == ["theirs", "a"]
        assert parsed.problem == ""
    run(root, "b")
    assert set(statuses(root)) == {"theirs", "a", "b"}
    assert not (root / OWN / "metadata.rewrite.json").exists()


def test_adding_to_a_run_of_sacreds(root):
    """It becomes one of ours; what Sacred has no place for lies beside it."""
    document = {"_id": "theirs", "status": "COMPLETED", "config": {"lr": 0.5}, "captured_out": "printed\n", "info": {}}
    times = {
        "start_time": "{TinyDate}:2024-02-03T04:05:06.000007",
        "stop_time": "{TinyDate}:2024-02-03T04:05:07.000007",
    }
    with plain_tinydb(_made(root)) as db:
        db.table("runs").insert({**document, **times, "rating": 5, "info": {"array": "{TinyArray}:[1, 2]"}})
    store = hallow.open_store(root)
    store.get("theirs").annotate(tags=["good"], notes="a note")
    assert [(record.tags, record.notes) for record in store.runs()] == [(["good"], "a note")]
    assert store.get("theirs").metrics == {}
    with hallow.reopen(TinyDbObserver(root), "theirs") as reopened:
        reopened.log_scalar("acc", 0.5)
        reopened.info["more"] = 1
    (record,) = hallow.open_store(root).runs()
    assert (record.problem, record.status, record.tags, record.notes) == ("", "COMPLETED", ["good"], "a note")
    assert record.metrics["acc"].values == [0.5]
    assert (record.output, record.config, record.info["more"]) == ("printed\n", {"lr": 0.5}, 1)
    assert record.info["array"].tolist() == [1, 2]
    with plain_tinydb(root) as db:
        (found,) = db.table("runs").all()
    assert (found["rating"], found["info"]) == (5, {"array": "{TinyArray}:[1, 2]", "more": 1})
    assert found["start_time"] == times["start_time"]


def test_a_run_of_sacreds_that_goes_on_is_left_to_it(root):
    with plain_tinydb(_made(root)) as db:
        db.table("runs").insert({"_id": "theirs", "status": "RUNNING"})
        with pytest.raises(ResumeError), hallow.reopen(TinyDbObserver(root), "theirs"):
            pass
        assert not (root / OWN / "runs").exists()
        db.table("runs").update({"status": "COMPLETED"})
    assert [record.status for record in hallow.open_store(root).runs()] == ["COMPLETED"]


def test_runs_of_sacreds_are_deleted(root):
    with plain_tinydb(_made(root)) as db:
        for number in range(3):
            db.table("runs").insert({"_id": "same", "status": "COMPLETED", "result": number, "nan": float("nan")})
        db.table("runs").insert({"status": "COMPLETED", "result": 3})
    store = hallow.open_store(root)
    assert list(store.ids()) == ["same", "same number 2", "same number 3", "number 4"]
    assert [record.result for record in store.runs()] == [0, 1, 2, 3]
    store.delete("same number 2")
    store.delete("number 4")
    assert [record.result for record in hallow.open_store(root).runs()] == [0, 2]


# ------------------------------------------------------------------------------------------- TinyDB's own interface


def test_writing_by_way_of_the_observers_database(root):
    """It is locked, remembers nothing that is stale, and loses nothing of others."""
    observer = start(root, "a")
    runs = observer.runs
    assert runs.search(Query()._id == "b") == []
    run(root, "b")
    assert len(runs.search(Query()._id == "b")) == 1
    runs.insert({"_id": "mine", "when": T})
    runs.update({"rating": 3}, Query()._id == "b")
    run(root, "c")
    finish(observer)
    assert list(documents(root).values()) == ["a", "b", "mine", "c"]
    assert runs.get(Query()._id == "mine")["when"] == T
    assert json.loads(text_of(root))["runs"]["2"]["rating"] == 3
    runs.insert_multiple([{"_id": "x"}, {"_id": "y"}])
    runs.remove(Query()._id == "mine")
    assert list(documents(root).values()) == ["a", "b", "c", "x", "y"]
