"""The TinyDB observer: what Sacred's users know of it, and what was wrong with it."""

import json
import logging
import os
import pickle
import shutil
import subprocess
import sys
import warnings
from datetime import datetime, timedelta
from hashlib import md5
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tinydb import Query, TinyDB
from tinydb.storages import MemoryStorage

import hallow
from hallow.backends.tinydb.database import get_db_file_manager
from hallow.backends.tinydb.layout import id_of, name_of
from hallow.backends.tinydb.lock import StoreLock
from hallow.observers import TinyDbObserver
from hallow.errors import MissingExtraError, RunExistsError, StoreError

T = datetime(1999, 5, 4, 3, 2, 1, 7)
LATER = T + timedelta(seconds=8)


def start(observer, _id=None, base_dir="/", sources=(), config=None, **more):
    return observer.started_event(
        ex_info={
            "name": "test exp",
            "base_dir": str(base_dir),
            "sources": list(sources),
            "dependencies": ["numpy==1.0"],
            "repositories": [],
            "mainfile": None,
        },
        command="run",
        host_info={"hostname": "box"},
        start_time=T,
        config={"lr": 0.5, "shape": (1, 2)} if config is None else config,
        meta_info={"comment": "none"},
        _id=_id,
        **more,
    )


def beat(observer, info=None, text="", result=None, when=LATER):
    observer.heartbeat_event(info=info or {}, captured_out=text, beat_time=when, result=result)


def metadata(root):
    return json.loads((Path(root) / "metadata.json").read_text())["runs"]


@pytest.fixture
def root(tmp_path):
    return tmp_path / "runs_db"


@pytest.fixture
def observer(root):
    return TinyDbObserver(root)


def stored(root, run_id):
    return hallow.open_store(root).get(run_id)


# ---------------------------------------------------------------------------------------------- Sacred's surface


def test_the_document_after_the_start(observer, tmp_path):
    (tmp_path / "a.py").write_text("x = 1\n")
    digest = md5(b"x = 1\n").hexdigest()
    run_id = start(observer, base_dir=tmp_path, sources=[("a.py", digest)])
    assert len(run_id) == 32
    (document,) = metadata(observer.root).values()
    assert document == {
        "_id": run_id,
        "format": TinyDbObserver.VERSION,
        "command": "run",
        "config": {"lr": 0.5, "shape": [1, 2]},
        "meta": {"comment": "none"},
        "experiment": {
            "name": "test exp",
            "base_dir": str(tmp_path),
            "sources": [["a.py", digest, f'{{TinyFile}}:"{digest}"']],
            "dependencies": ["numpy==1.0"],
            "repositories": [],
            "mainfile": None,
        },
        "host": {"hostname": "box"},
        "start_time": "{TinyDate}:1999-05-04T03:02:01.000007",
        "heartbeat": None,
        "status": "RUNNING",
        "info": {},
        "captured_out": "",
        "resources": [],
        "artifacts": [],
    }
    assert observer.VERSION == f"TinyDbObserver-{hallow.__version__}"
    assert (observer.db_run_id, observer.priority, observer.overwrite) == (1, 0, None)


def test_every_event_is_seen_at_once_in_the_observers_own_table(observer, tmp_path):
    """Old test suites ask the table after each event."""
    (made := tmp_path / "made.txt").write_text("made")
    runs = observer.runs
    assert runs.all() == []
    run_id = start(observer)
    assert runs.get(Query()._id == run_id)["status"] == "RUNNING"
    beat(observer, {"loss": 3}, "some text", 17)
    document = runs.get(Query()._id == run_id)
    assert (document["info"], document["captured_out"], document["result"]) == ({"loss": 3}, "some text", 17)
    assert document["heartbeat"] == LATER
    observer.artifact_event("plot", str(made))
    observer.resource_event(str(made))
    (artifact,) = runs.all()[0]["artifacts"]
    assert artifact[:3] == ["plot", str(made), md5(b"made").hexdigest()]
    assert artifact[3].read() == b"made"
    assert runs.all()[0]["resources"][0][:2] == [str(made), md5(b"made").hexdigest()]
    observer.failed_event(fail_time=LATER, fail_trace=["a\n", "b\n"])
    assert (runs.all()[0]["status"], runs.all()[0]["fail_trace"]) == ("FAILED", ["a\n", "b\n"])
    assert len(observer.db.table("runs")) == 1


def test_the_same_resource_is_listed_once(observer, tmp_path):
    (data := tmp_path / "d.csv").write_text("1")
    run_id = start(observer)
    for _ in range(3):
        observer.resource_event(str(data))
    beat(observer)
    observer.completed_event(stop_time=LATER, result=None)
    assert len(metadata(observer.root)["1"]["resources"]) == 1
    assert len(stored(observer.root, run_id).resources) == 1


def test_a_run_does_not_load_tinydb(run_script):
    done = run_script("""
        import sys
        import hallow
        from hallow.observers import TinyDbObserver
        ex = hallow.Experiment("light", save_git_info=False)
        ex.observers.append(TinyDbObserver("runs_db"))
        ex.main(lambda: 1)
        ex.run()
        print("tinydb" in sys.modules, "pandas" in sys.modules)
    """)
    assert done.out.split() == ["False", "False"], done.err


def test_ids_are_taken_as_they_are_given(observer, root):
    assert start(observer, _id=17) == 17
    assert start(TinyDbObserver(root), _id="trial") == "trial"
    assert [document["_id"] for document in metadata(root).values()] == [17, "trial"]
    with pytest.raises(RunExistsError, match="run 17 exists"):
        start(TinyDbObserver(root), _id="17")


@pytest.mark.parametrize("run_id", ["a/b", "..", ".hidden", "", "grün 1", "%2E", "a" * 300, "\ud800", "C:\\x", "CON"])
def test_any_text_is_an_id(observer, root, run_id):
    assert start(observer, _id=run_id) == run_id
    assert {path.parent for path in (root / ".hallow" / "runs").glob("*/document.json")} == {
        root / ".hallow" / "runs" / name_of(run_id)
    }
    assert stored(root, run_id).run_id == run_id
    assert [record.run_id for record in hallow.open_store(root).runs()] == [run_id]
    assert len(run_id) > 200 or id_of(name_of(run_id)) == run_id
    (root / ".hallow" / "started.jsonl").unlink()
    assert [record.run_id for record in hallow.open_store(root).runs()] == [run_id]


def test_create_is_deprecated(root):
    with pytest.warns(DeprecationWarning, match="deprecated"):
        assert TinyDbObserver.create(root).root == str(root)


def test_create_from_what_opens_the_folder(root):
    root.mkdir()
    db, fs = get_db_file_manager(root)
    observer = TinyDbObserver.create_from(db, fs, root=root)
    run_id = start(observer)
    beat(observer, result=4)
    assert (observer.db, observer.fs) == (db, fs)
    assert observer.runs.all()[0]["result"] == 4
    assert [record.run_id for record in hallow.open_store(root).runs()] == [run_id]


def test_create_from_a_plain_tinydb_of_the_same_file(root):
    root.mkdir()
    _, fs = get_db_file_manager(root)
    with TinyDB(root / "metadata.json") as db:
        observer = TinyDbObserver.create_from(db, fs)
        start(observer)
        observer.completed_event(stop_time=LATER, result=4)
        # The file that it has open is still the one.
        assert [document["status"] for document in db.table("runs")] == ["COMPLETED"]
        assert observer.root == str(root)


def test_create_from_a_database_elsewhere(root):
    root.mkdir()
    db = TinyDB(storage=MemoryStorage)
    observer = TinyDbObserver.create_from(db, get_db_file_manager(root)[1])
    for result in (1, 2):
        run_id = start(observer)
        beat(observer, {"a": (1, 2)}, result=result)
        observer.completed_event(stop_time=LATER, result=result)
    assert [document["result"] for document in db.table("runs")] == [1, 2]
    assert db.table("runs").all()[0]["info"] == {"a": [1, 2]}
    assert observer.runs is not None
    assert hallow.open_store(observer).get(run_id).result == 2


def test_equal_are_those_with_the_same_runs(tmp_path):
    one, same, other = (TinyDbObserver(tmp_path / name) for name in ("a", "a", "b"))
    assert one == same
    assert one == other  # both are empty
    start(one, "run", config={"array": np.arange(3), "nan": float("nan")})
    assert one == same
    assert one != other
    start(other, "run", config={"array": np.arange(3), "nan": float("nan")})
    assert one == other
    assert one != "a"
    assert len({one, same, other}) == 3


def test_an_observer_can_be_pickled(observer, root):
    run_id = start(pickle.loads(pickle.dumps(observer)))
    assert stored(root, run_id).status == "RUNNING"


def test_two_runs_at_once_with_one_observer(observer, root):
    first, second = observer.for_run(), observer.for_run()
    ids = [start(first), start(second)]
    assert first.runs is not second.runs
    for number, one in enumerate((first, second)):
        beat(one, result=number)
        one.completed_event(stop_time=LATER, result=number)
    assert [stored(root, run_id).result for run_id in ids] == [0, 1]


# ------------------------------------------------------------------------------------------------------- mistakes


def test_without_tinydb(run_script):
    done = run_script("""
        import sys
        sys.modules["tinydb"] = None
        import importlib.util
        from hallow.observers import TinyDbObserver
        try:
            TinyDbObserver("runs_db")
        except ImportError as error:
            print(type(error).__name__, error)
        from hallow.observers import TinyDbReader
        try:
            TinyDbReader(".")
        except ImportError as error:
            print(type(error).__name__, error)
    """)
    first, second = done.out.splitlines()
    for line in (first, second):
        assert line.startswith("MissingExtraError")
        assert 'pip install "hallow[tinydb]"' in line
    assert not (done.folder / "runs_db").exists()
    assert issubclass(MissingExtraError, ImportError)


def test_a_file_in_place_of_a_folder(tmp_path):
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(StoreError, match="is a file"):
            TinyDbObserver(path)
    with pytest.raises(StoreError, match="is a file"):
        hallow.open_store(f"tinydb:{tmp_path / 'file'}")
    with pytest.raises(StoreError, match="there is no TinyDB store"):
        hallow.open_store(f"tinydb:{tmp_path / 'nothing'}")


def test_a_store_of_a_newer_version_can_be_read_only(observer, root):
    run_id = start(observer)
    observer.completed_event(stop_time=LATER, result=3)
    state = root / ".hallow" / "state.json"
    state.write_text(json.dumps({**json.loads(state.read_text()), "layout": 2, "more": []}))
    before = (root / "metadata.json").read_bytes()
    with pytest.raises(StoreError, match="newer version of hallow"):
        start(TinyDbObserver(root))
    assert (root / "metadata.json").read_bytes() == before
    assert stored(root, run_id).result == 3


def test_a_folder_that_is_gone(observer, root):
    shutil.rmtree(root)
    with pytest.raises(StoreError, match="runs_db"):
        start(observer)
    assert not root.exists()


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="becoming another user takes root")
def test_a_folder_that_may_not_be_written(observer, root, tmp_path):
    start(observer)
    observer.completed_event(stop_time=LATER, result=3)
    script = tmp_path / "script.py"
    script.write_text(
        "import os, sys\n"
        f"sys.path[:0] = {[str(Path(__file__).parent)]!r}\n"
        "import hallow\nfrom test_backends_tinydb import start, TinyDbObserver\n"
        f"start(TinyDbObserver({str(tmp_path / 'first')!r}))  # loads everything, which that user may not\n"
        "os.setgid(65534); os.setuid(65534)\n"
        f"for path in ({str(root)!r}, {str(root / 'new')!r}):\n"
        "    try:\n        start(TinyDbObserver(path))\n"
        "    except hallow.errors.StoreError as error:\n        print(error)\n"
        f"print([record.result for record in hallow.open_store({str(root)!r}).runs()])\n"
    )
    for folder in (tmp_path, *(parent for parent in tmp_path.parents if "pytest-of-" in str(parent))):
        folder.chmod(0o755)
    done = subprocess.run([sys.executable, script], capture_output=True, text=True)
    first, second, listed = done.stdout.splitlines() or [done.stderr] * 3
    assert "cannot be written: Permission denied" in first
    assert "cannot be made: Permission denied" in second
    assert listed == "[3]"


def test_a_store_that_somebody_else_has_locked(observer):
    start(observer)
    other = StoreLock(observer.root)
    with other.held():
        beat(observer, {"a": 1})  # needs no lock
        observer._next_refresh = 0
        beat(observer, {"a": 2})  # tries, and lets it be
        with pytest.raises(StoreError, match="locked by another process"):
            observer._export(patience=0.05)
    observer.completed_event(stop_time=LATER, result=1)
    assert metadata(observer.root)["1"]["status"] == "COMPLETED"


# ------------------------------------------------------------------------------------------- defects of Sacred's


def test_O_36_tinydb_a_beat_writes_only_what_is_new(root, observer):
    """Sacred reads, copies and rewrites the documents of all runs at every beat."""
    for _ in range(3):
        start(observer)
        observer.completed_event(stop_time=LATER, result=1)
    start(observer)
    for _ in range(3):  # what was much is written into the document next time
        beat(observer, {"x": "y" * 100_000}, "text " * 10_000)
    before = {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in root.rglob("*") if path.is_file()}
    beat(observer, {"x": "y" * 100_000}, "text " * 10_000 + "more")
    now = {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in root.rglob("*") if path.is_file()}
    changed = {path.name.split("-")[0]: now[path][1] - before[path][1] for path in now if now[path] != before[path]}
    assert changed.keys() == {"changes", "output.txt"}
    assert changed["output.txt"] == 4
    assert changed["changes"] < 200


def test_O_37_files_are_kept_when_they_are_added(observer, root, tmp_path):
    """Sacred reads them again from where they were at every beat."""
    (made := tmp_path / "m.txt").write_text("as it was")
    run_id = start(observer)
    observer.artifact_event("m.txt", str(made))
    observer.resource_event(str(made))
    made.write_text("as it is now")
    beat(observer)
    made.unlink()
    beat(observer)
    observer.completed_event(stop_time=LATER, result=None)
    record = stored(root, run_id)
    assert record.artifact("m.txt").read_text() == "as it was"
    assert record.resources[0].read_text() == "as it was"
    assert sum(path.is_file() for path in (root / "hashfs").rglob("*")) == 1


def test_O_38_frames_do_not_make_the_store_unreadable(observer, root):
    frame, series = pd.DataFrame({"a": [1, 2], "b": [0.5, None]}), pd.Series([1.5, 2.5], name="s")
    run_id = start(observer)
    beat(observer, {"frame": frame, "series": series}, result=frame)
    observer.completed_event(stop_time=LATER, result=frame)
    other = TinyDbObserver(root)
    start(other)
    document = metadata(root)["1"]
    assert document["info"]["frame"].startswith('{TinyDataFrame}:{"a":')
    assert document["info"]["series"].startswith("{TinySeries}:{")
    document = other.runs.all()[0]
    assert document["info"]["frame"].equals(frame)
    assert document["info"]["series"].tolist() == [1.5, 2.5]
    record = stored(root, run_id)
    pd.testing.assert_frame_equal(record.info["frame"], frame)
    pd.testing.assert_series_equal(record.info["series"], series)


def test_O_39_numpy_scalars_sets_and_objects(observer, root):
    """With Sacred, each of them leaves the run RUNNING for ever."""
    info = {
        "scalar": np.float32(0.5),
        "count": np.int64(3),
        "array": np.arange(3),
        "set": {1, 2},
        "when": datetime(2020, 1, 2),
        "path": Path("a/b"),
        "object": StoreLock,
        "keys": {3: "three", (1, 2): "pair", None: "none", "py/x": 1},
        "bad": open,
    }
    run_id = start(observer, config={"a": np.float64(2.5), "big": 1 << 80, "never": float("inf")})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        beat(observer, info, result=np.float32(0.25))
        observer.completed_event(stop_time=LATER, result=np.float32(0.25))
    document = metadata(root)["1"]
    assert (document["status"], document["result"]) == ("COMPLETED", 0.25)
    assert document["config"] == {"a": 2.5, "big": 1 << 80, "never": float("inf")}
    found = document["info"]
    assert (found["scalar"], found["count"], found["array"], found["set"]) == (0.5, 3, "{TinyArray}:[0, 1, 2]", [1, 2])
    assert (found["when"], found["path"]) == ("{TinyDate}:2020-01-02T00:00:00.000000", "a/b")
    assert {"3", "null", "py/x"} < set(found["keys"])
    record = stored(root, run_id)
    assert (record.info["scalar"], record.info["set"], record.info["path"]) == (0.5, {1, 2}, Path("a/b"))
    assert record.info["keys"] == {3: "three", (1, 2): "pair", None: "none", "py/x": 1}
    assert record.info["array"].tolist() == [0, 1, 2]


def test_metrics_dropped_no_more(observer, root):
    run_id = start(observer)
    observer.log_metrics(
        {"loss": {"steps": [0, 5], "values": [np.float32(0.5), float("nan")], "timestamps": [T, LATER]}}, {}
    )
    observer.completed_event(stop_time=LATER, result=None)
    points = stored(root, run_id).metrics["loss"]
    assert points.steps == [0, 5]
    assert points.values[0] == 0.5
    assert points.values[1] != points.values[1]
    for line in (root / ".hallow" / "runs" / run_id / "metrics.jsonl").read_text().splitlines():
        json.loads(line, parse_constant=pytest.fail)


def test_texts_that_look_like_values_of_tinydb(observer, root):
    """Sacred's reader fails on the whole database."""
    run_id = start(observer, config={"a": "{TinyDate}:soon", "b": ["{TinyFile}:x"]})
    beat(observer, text="{TinyArray}:[", result="{TinyDataFrame}:{")
    observer.completed_event(stop_time=LATER, result="{TinyDataFrame}:{")
    (document,) = observer.runs.all()
    assert document["config"] == {"a": " {TinyDate}:soon", "b": [" {TinyFile}:x"]}
    record = stored(root, run_id)
    assert (record.config["a"], record.result, record.output) == (
        "{TinyDate}:soon",
        "{TinyDataFrame}:{",
        "{TinyArray}:[",
    )


# ------------------------------------------------------------------------------------------------ what is our own


def test_other_programs_see_a_long_run_at_growing_intervals(observer, root):
    start(observer)
    seen = []
    for seconds in range(10, 1000, 10):
        beat(observer, when=T + timedelta(seconds=seconds))
        seen.append(metadata(root)["1"]["heartbeat"])
    shown = sorted({text for text in seen if text is not None})
    minutes = [datetime.fromisoformat(text.partition(":")[2]) - T for text in shown]
    assert [moment.total_seconds() for moment in minutes] == [30, 60, 120, 240, 480, 960]


def test_a_long_output_has_its_end_in_the_document(observer, root):
    run_id = start(observer)
    text = "".join(f"line {number}\n" for number in range(200_000))
    observer.output_event(text=text, position=0)
    observer.completed_event(stop_time=LATER, result=None)
    shown = metadata(root)["1"]["captured_out"]
    marker, _, rest = shown.partition("\n")
    assert marker.startswith(f"[... {len(text) - (1 << 20)} bytes: see .hallow/runs/{run_id}/output.txt")
    assert text.endswith(rest)
    assert stored(root, run_id).output == text


def test_changes_are_folded_into_the_document(observer, root):
    """The log of a run that changes its info at every beat does not grow without end."""
    run_id = start(observer)
    folder = root / ".hallow" / "runs" / run_id
    sizes, logs = [], set()
    for number in range(400):
        beat(observer, {"number": number, "filling": "x" * 1000}, result=number)
        logs |= {path.name for path in folder.glob("changes-*")}
        sizes.append(sum(path.stat().st_size for path in folder.glob("changes-*")))
        assert len(list(folder.glob("changes-*"))) <= 1
    assert max(sizes) < 70_000
    assert len(logs) > 3
    record = stored(root, run_id)
    assert (record.info["number"], record.result) == (399, 399)
    observer.completed_event(stop_time=LATER, result=1)
    assert list(folder.glob("changes-*")) == []
    assert (stored(root, run_id).info["number"], stored(root, run_id).result) == (399, 1)


def test_a_change_that_was_cut_off_is_none(observer, root, tmp_path):
    (made := tmp_path / "m").write_text("x")
    run_id = start(observer)
    beat(observer, {"a": 1})
    beat(observer, {"a": 2})
    observer.artifact_event("m", str(made))
    (log,) = (root / ".hallow" / "runs" / run_id).glob("changes-*")
    whole = log.read_bytes()
    _, second, third, _ = whole.split(b"\n")
    for cut in range(len(whole)):
        log.write_bytes(whole[:cut])
        record = stored(root, run_id)
        complete = whole[:cut].count(b"\n")
        assert record.problem == ""
        assert record.info == [{}, {"a": 1}, {"a": 2}, {"a": 2}][complete]
        assert len(record.artifacts) == (complete == 3)
    # Going on after that begins a new log.
    log.write_bytes(whole[:-5])
    again = TinyDbObserver(root)
    again.reopen(run_id)
    again.artifact_event("other", str(made))
    beat(again, {"a": 3})
    record = stored(root, run_id)
    assert (record.problem, record.info, [file.name for file in record.artifacts]) == ("", {"a": 3}, ["other"])
    # The same change twice is one; a line that is no change is told of, and the others count.
    log.unlink(missing_ok=True)
    (log,) = (root / ".hallow" / "runs" / run_id).glob("changes-*")
    log.write_bytes(third + b"\n" + third + b"\nnonsense\n" + second + b"\n")
    record = stored(root, run_id)
    assert "1 lines of changes-" in record.problem
    assert (record.info, [file.name for file in record.artifacts]) == ({"a": 2}, ["other", "m"])


def test_points_that_were_cut_off_are_none(observer, root):
    from hallow.records.points import Points

    run_id = start(observer)
    for first in range(0, 30, 10):
        numbers = list(range(first, first + 10))
        observer.points_event(
            [Points("a", numbers[:6], numbers[:6], numbers[:6]), Points("b", numbers[6:], numbers[6:], numbers[6:])]
        )
    path = root / ".hallow" / "runs" / run_id / "metrics.jsonl"
    whole = path.read_bytes()
    for cut in range(0, len(whole), 7):
        path.write_bytes(whole[:cut])
        again = TinyDbObserver(root)
        known = again.reopen(run_id).points
        assert known == 10 * whole[:cut].count(b"\n")
        # One point within the last batch is taken back as well.
        again._points = max(0, known - 7)
        again.points_event([Points("c", [1], [1], [1])])
        metrics = stored(root, run_id).metrics
        assert sum(map(len, metrics.values())) == max(0, known - 7) + 1
        assert metrics["c"].values == [1]
        if known:
            assert metrics["a"].values == [n for n in range(known) if n % 10 < 6][: len(metrics["a"])]


def test_a_damaged_document_is_shown_as_other_programs_see_it(observer, root, tmp_path):
    (made := tmp_path / "m").write_text("artifact")
    run_id = start(observer)
    observer.artifact_event("m", str(made))
    beat(observer, {"a": 1}, "text", 5)
    observer.completed_event(stop_time=LATER, result=5)
    (root / ".hallow" / "runs" / run_id / "document.json").write_bytes(b"\0" * 100)
    record = stored(root, run_id)
    assert "document.json cannot be read" in record.problem
    assert (record.result, record.config["lr"], record.output) == (5, 0.5, "text")
    assert record.artifact("m").read_text() == "artifact"


def test_sources_that_cannot_be_read_are_left_out(observer, root, caplog):
    with caplog.at_level(logging.WARNING):
        run_id = start(observer, sources=[("no/such.py", "0" * 32)])
    assert "no/such.py" in caplog.text
    assert stored(root, run_id).sources == []


def test_a_source_that_is_removed_between_keeping_and_starting(observer, root, tmp_path, monkeypatch):
    """Somebody deletes the last run that had it just then."""
    (tmp_path / "a.py").write_text("x = 1\n")
    digest = md5(b"x = 1\n").hexdigest()
    keep = observer._keep_sources

    def keep_and_lose(sources):
        kept = keep(sources)
        observer.fs.delete(digest)
        return kept

    monkeypatch.setattr(observer, "_keep_sources", keep_and_lose)
    run_id = start(observer, base_dir=tmp_path, sources=[("a.py", digest)])
    assert stored(root, run_id).sources[0].read_text() == "x = 1\n"


def test_contents_that_a_damaged_run_may_need_are_not_deleted(observer, root, tmp_path):
    (made := tmp_path / "m").write_text("artifact")
    ids = []
    for _ in range(2):
        ids.append(start(observer))
        observer.artifact_event("m", str(made))
        observer.completed_event(stop_time=LATER, result=5)
    document = root / ".hallow" / "runs" / ids[0] / "document.json"
    document.write_bytes(document.read_bytes()[:-10])
    (root / "metadata.json").write_bytes((root / "metadata.json").read_bytes().replace(b'"artifacts"', b'"artefacts"'))
    hallow.open_store(root).delete(ids[1])
    assert sum(path.is_file() for path in (root / "hashfs").rglob("*")) == 1


def test_what_a_kill_has_left_goes_with_the_next_run_that_is_deleted(observer, root):
    run_id = start(observer)
    for name in (".deleted-1", ".new-2"):
        (root / ".hallow" / "runs" / name).mkdir()
    assert [record.run_id for record in hallow.open_store(root).runs()] == [run_id]
    observer.discard()
    assert list((root / ".hallow" / "runs").iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process")
def test_a_disk_that_is_full(run_script):
    """What cannot be written whole is not written at all, and arrives when there is room again."""
    done = run_script("""
        import json, os, resource, signal
        import hallow
        from hallow.observers import TinyDbObserver
        from hallow.errors import StoreError
        from hallow.testing.contract.support import Session, T

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        def limit(size):
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        def documents():
            return json.loads(open("runs_db/metadata.json").read())["runs"]

        first = Session(None, "first", observer=TinyDbObserver("runs_db"))
        for number in range(40):
            first.observer._export()
        used = len(open("runs_db/metadata.json").read().rstrip(" "))
        size = os.path.getsize("runs_db/metadata.json")
        refused = 0
        session = Session(None, "second", observer=TinyDbObserver("runs_db"))
        session.write("x" * 2 * size)
        for room in (size + 100, used + 2000, used + 700, used + 50, used):
            limit(room)
            try:
                session.observer._export()
            except StoreError as error:
                refused += 1
            limit(resource.RLIM_INFINITY)
            assert set(documents()) == {"1", "2"}, room
        assert refused == 5, refused
        limit(2 * size + 500)
        for what in (lambda: session.write("y" * 5000), lambda: session.beat({"a": "x" * 3 * size})):
            try:
                what()
            except StoreError:
                refused += 1
        assert refused == 7
        limit(resource.RLIM_INFINITY)
        session.position = 2 * size
        session.write("z")
        session.beat({"a": 1})
        session.observer.completed_event(stop_time=T, result=3)
        record = hallow.open_store("tinydb:runs_db").get("second")
        assert record.output == "x" * 2 * size + "z"
        assert (record.info, record.result, record.problem) == ({"a": 1}, 3, "")
        assert documents()["2"]["status"] == "COMPLETED"
        print("done")
    """)
    assert done.out.split() == ["done"], done.err
