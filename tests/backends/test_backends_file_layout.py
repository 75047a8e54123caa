"""The file store, read as other programs read it."""

import json
import logging
import os
import re
import sys
from datetime import datetime, timedelta
from hashlib import md5
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from hallow.backends.file.facts import read_facts
from hallow.backends.file.observer import DEFAULT_FILE_STORAGE_PRIORITY
from hallow.errors import RunStateError, StoreError
from hallow.observers import FileStorageObserver, RunObserver

T1 = datetime(1999, 5, 4, 3, 2, 1)
T2 = datetime(1999, 5, 5, 5, 5, 5, 7)


def digest(text):
    return md5(text.encode()).hexdigest()


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    (folder / "pkg").mkdir(parents=True)
    (folder / "train.py").write_text("train")
    (folder / "pkg/net.py").write_text("net")
    return folder


@pytest.fixture
def start(project):
    """The keyword arguments of a start."""
    return {
        "ex_info": {
            "name": "demo",
            "base_dir": str(project),
            "sources": [("pkg/net.py", digest("net")), ("train.py", digest("train"))],
            "dependencies": ["numpy==2.4.6"],
            "repositories": [],
            "mainfile": "train.py",
        },
        "command": "main",
        "host_info": {"hostname": "box", "os": ["Linux", "x"]},
        "start_time": T1,
        "config": {"lr": 0.1, "seed": 7, "opt": {"name": "adam"}},
        "meta_info": {"command": "main", "comment": "hi"},
        "_id": None,
    }


@pytest.fixture
def observer(tmp_path):
    return FileStorageObserver(tmp_path / "runs")


def queued(start):
    rest = {key: value for key, value in start.items() if key != "start_time"}
    return {**rest, "queue_time": T1}


def read(observer, name):
    return json.loads(Path(observer.dir, name).read_text(encoding="utf-8"))


def beat(observer, out="", info=None, result=None):
    observer.heartbeat_event(info=info or {}, captured_out=out, beat_time=T2, result=result)


def points(*values, first=0, name="loss"):
    times = [T1 + timedelta(seconds=1, microseconds=1)] * len(values)
    steps = list(range(first, first + len(values)))
    return {name: {"name": name, "steps": steps, "values": list(values), "timestamps": times}}


# ---------------------------------------------------------------------------------------------- constructor


def test_constructor_creates_nothing(tmp_path):
    observer = FileStorageObserver(str(tmp_path / "a/b"))
    assert list(tmp_path.iterdir()) == []
    assert (observer.dir, observer.run_entry) == (None, None)
    assert observer.basedir == str(tmp_path / "a/b")
    assert observer.priority == DEFAULT_FILE_STORAGE_PRIORITY == 20
    assert observer.VERSION == "FileStorageObserver-0.7.0"
    assert isinstance(observer, RunObserver)
    assert "FileStorageObserver" in str(type(observer))


def test_five_positional_arguments(tmp_path):
    (tmp_path / "t.html").touch()
    observer = FileStorageObserver(tmp_path, "r", "s", tmp_path / "t.html", 3)
    assert (str(observer.resource_dir), str(observer.source_dir), observer.priority) == ("r", "s", 3)


def test_missing_template(tmp_path):
    with pytest.raises(FileNotFoundError, match="Couldn't find template file 'nowhere.html'"):
        FileStorageObserver(tmp_path, template="nowhere.html")


def test_older_ways_to_make_one(tmp_path):
    with pytest.warns(DeprecationWarning, match="deprecated"):
        made = FileStorageObserver.create(tmp_path, priority=5)
    assert made.priority == 5
    other = FileStorageObserver.create_from(tmp_path, None, None, None, copy_sources=False)
    assert (other.basedir, other.copy_sources) == (str(tmp_path), False)


def test_equal_by_folder_and_hashable_by_identity(tmp_path):
    one, two = FileStorageObserver(tmp_path), FileStorageObserver(str(tmp_path))
    assert one == two
    assert one != FileStorageObserver(tmp_path / "x")
    assert one != "something"
    assert len({one, two}) == 2


# --------------------------------------------------------------------------------------------------- start


def test_run_json_right_after_the_start(observer, start):
    assert observer.started_event(**start) == "1"
    assert observer.dir == os.path.join(observer.basedir, "1")
    sources = [[name, f"_sources/{Path(name).stem}_{md5}.py"] for name, md5 in start["ex_info"]["sources"]]
    assert read(observer, "run.json") == {
        "experiment": {**start["ex_info"], "sources": sources},
        "command": "main",
        "host": start["host_info"],
        "start_time": T1.isoformat(),
        "meta": start["meta_info"],
        "status": "RUNNING",
        "resources": [],
        "artifacts": [],
        "heartbeat": None,
    }
    assert read(observer, "config.json") == start["config"]
    assert Path(observer.dir, "cout.txt").read_text() == ""
    assert Path(observer.basedir, sources[0][1]).read_text() == "net"


def test_basedir_holds_run_folders_and_folders_of_ours_only(observer, start):
    """A plain file there breaks the listing of other programs."""
    observer.started_event(**start)
    entries = {entry.name: entry.is_dir() for entry in os.scandir(observer.basedir)}
    assert entries == {"1": True, "_sources": True, ".hallow": True}


def test_S8_S9_S11_facts_that_sacreds_layout_has_no_place_for(observer, start):
    observer.started_event(**start)
    observer.completed_event(stop_time=T2, result=None)
    lines = Path(observer.dir, ".hallow/facts.jsonl").read_text(encoding="ascii").splitlines()
    assert json.loads(lines[0]) == {"name": "layout", "value": 1}
    facts = read_facts(observer.dir)
    stored = f"_sources/net_{digest('net')}.py"
    assert facts["source"][0] == {"path": "pkg/net.py", "md5": digest("net"), "stored": stored}
    assert facts["times"] == {"start": 925786921.0, "stop": 925880705.000007}


def test_facts_are_only_appended_and_the_last_word_counts(observer, start):
    observer.started_event(**start)
    log = Path(observer.dir, ".hallow/facts.jsonl")
    text = log.read_bytes()
    for detail in ({"a": float("nan")}, {"b": 1}, {"b": 1}):
        observer.detail_event(name="git", detail=detail)
        assert log.read_bytes().startswith(text)
        text = log.read_bytes()
    assert os.listdir(log.parent) == ["facts.jsonl"]
    assert read_facts(observer.dir)["git"] == {"b": 1}
    assert len(read_facts(observer.dir)["source"]) == 2
    for line in text.splitlines():
        json.loads(line, parse_constant=_refuse)


@pytest.mark.parametrize("torn", [b'{"name": "git", "va', b"\xff\xfe", b"[1]", b"3\n\n"])
def test_a_torn_line_of_facts_is_ignored(observer, start, torn):
    observer.queued_event(**queued(start))
    before = read_facts(observer.dir)
    with Path(observer.dir, ".hallow/facts.jsonl").open("ab") as log:
        log.write(torn)
    assert read_facts(observer.dir) == before
    observer.started_event(**{**start, "_id": "1"})
    after = read_facts(observer.dir)
    assert after.pop("owner")["pid"] == os.getpid()
    assert after == {**before, "times": {"queue": 925786921.0, "start": 925786921.0}}


def test_facts_are_written_whole_or_not_at_all(observer, start, monkeypatch):
    from hallow.records import appending

    class Full:
        def __init__(self, *args, **kwargs):
            self.file = open(*args, **kwargs)

        def write(self, data):
            return self.file.write(data[:5])

        def __enter__(self):
            return self

        def __exit__(self, *exc_info):
            self.file.close()

        def __getattr__(self, name):
            return getattr(self.file, name)

    observer.started_event(**start)
    log = Path(observer.dir, ".hallow/facts.jsonl")
    before = log.read_bytes()
    monkeypatch.setattr(appending, "open", Full, raising=False)
    for _ in range(2):
        with pytest.raises(OSError, match="only a part"):
            observer.detail_event(name="git", detail=[])
    assert log.read_bytes() == before


def test_a_folder_without_facts_has_none(tmp_path):
    assert read_facts(tmp_path) == {}


def test_names_of_details(observer, start):
    observer.started_event(**start)
    for name in ("../x", "", "times", "source", "layout"):
        with pytest.raises(StoreError, match="cannot be called"):
            observer.detail_event(name=name, detail=1)


def test_a_given_id_is_the_name_of_the_folder(observer, start):
    assert observer.started_event(**{**start, "_id": 17}) == 17
    assert observer.started_event(**{**start, "_id": "exp-a"}) == "exp-a"
    assert Path(observer.basedir, "exp-a/run.json").exists()
    assert observer.started_event(**start) == "18"


@pytest.mark.parametrize("bad", ["", "../x", "a/b", ".hidden", "_sources"])
def test_ids_that_are_no_folder_names(observer, start, bad):
    with pytest.raises(StoreError, match="cannot have the id"):
        observer.started_event(**{**start, "_id": bad})


def test_the_next_id_follows_the_highest_number(observer, start):
    for name in ("3", "12", "012x", "name", "_sources"):
        Path(observer.basedir, name).mkdir(parents=True)
    Path(observer.basedir, "99").touch()
    assert observer._maximum_existing_run_id() == 12
    assert observer.started_event(**start) == "13"
    Path(observer.basedir, "40").mkdir()
    assert observer.started_event(**start) == "41"


def test_starting_looks_through_the_store_only_if_it_changed(observer, start, monkeypatch):
    observer.started_event(**start)  # makes _sources as well
    observer.started_event(**start)
    with monkeypatch.context() as patched:
        patched.setattr(os, "scandir", None)
        assert observer.started_event(**start) == "3"


def test_an_old_listing_does_no_harm(observer, start, monkeypatch):
    for number in range(1, 30):
        Path(observer.basedir, str(number)).mkdir(parents=True)
    monkeypatch.setattr(observer, "_maximum_existing_run_id", lambda: 3)
    assert observer.started_event(**start) == "30"


def test_a_file_in_the_place_of_the_store_is_explained(tmp_path, start):
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file/inside"):
        with pytest.raises(StoreError, match="cannot be"):
            FileStorageObserver(path).started_event(**start)
        with pytest.raises(StoreError, match="cannot be"):
            FileStorageObserver(path).store()


def test_the_second_run_of_an_observer_starts_anew(observer, start):
    observer.started_event(**start)
    observer.log_metrics(metrics_by_name=points(1.0), info={})
    beat(observer, "first", {"a": 1}, 5)
    observer.completed_event(stop_time=T2, result=5)
    assert observer.started_event(**start) == "2"
    beat(observer, "second")
    observer.completed_event(stop_time=T2, result=None)
    assert Path(observer.dir, "cout.txt").read_text() == "second"
    assert read(observer, "metrics.json") == {}
    assert read(observer, "info.json") == {}


# ----------------------------------------------------------------------------------------- beats and the end


def test_beats_and_completion(observer, start):
    observer.started_event(**start)
    beat(observer, "some ", {"k": [1, 2]})
    assert read(observer, "info.json") == {"k": [1, 2]}
    assert read(observer, "run.json")["result"] is None
    beat(observer, "some oütput\n", {"k": [1, 2]}, 0.5)
    observer.completed_event(stop_time=T2, result=0.5)
    observer.join()
    entry = read(observer, "run.json")
    assert (entry["status"], entry["result"], entry["stop_time"]) == ("COMPLETED", 0.5, T2.isoformat())
    assert entry["heartbeat"] == T2.isoformat()
    assert Path(observer.dir, "cout.txt").read_text(encoding="utf-8") == "some oütput\n"


def test_the_last_beat_leaves_run_json_to_the_final_event(observer, start):
    observer.started_event(**start)
    before = read(observer, "run.json")
    observer.last_beat_event(info={"k": 1}, captured_out="out", beat_time=T2, result=3)
    assert read(observer, "run.json") == before
    assert read(observer, "info.json") == {"k": 1}
    assert Path(observer.dir, "cout.txt").read_text() == "out"
    observer.failed_event(fail_time=T2, fail_trace=[])
    entry = read(observer, "run.json")
    assert (entry["heartbeat"], entry["result"]) == (T2.isoformat(), 3)


def test_a_run_makes_each_file_once(tmp_path, monkeypatch):
    """Making files is what a short run costs; only run.json is exchanged, once, for the end."""
    from hallow import Experiment

    ex = Experiment("short", interactive=True, save_git_info=False)

    @ex.command
    def nothing():
        pass

    ex.observers.append(FileStorageObserver(tmp_path / "runs"))
    ex.run("nothing")
    made = []
    real = os.replace
    monkeypatch.setattr(os, "replace", lambda old, new: made.append(os.path.basename(new)) or real(old, new))
    run = ex.run("nothing")
    assert sorted(made) == ["config.json", "info.json", "metrics.json", "run.json", "run.json"]
    names = sorted(str(path.relative_to(run.dir)) for path in Path(run.dir).rglob("*") if path.is_file())
    assert names == [".hallow/facts.jsonl", "config.json", "cout.txt", "info.json", "metrics.json", "run.json"]


def test_the_last_beat_reaches_an_older_subclass(tmp_path, start):
    class Counting(FileStorageObserver):
        def heartbeat_event(self, info, captured_out, beat_time=T2, **rest):
            self.seen = captured_out
            super().heartbeat_event(info, captured_out, beat_time, None)

    class Few(RunObserver):
        def heartbeat_event(self, captured_out):
            self.seen = captured_out

    for observer in (Counting(tmp_path), Few()):
        observer.started_event(**start)
        observer.last_beat_event(info={}, captured_out="out", beat_time=T2, result=None)
        assert observer.seen == "out"


def test_interruption_and_failure(observer, start):
    observer.started_event(**start)
    observer.interrupted_event(interrupt_time=T2, status="TIMEOUT")
    assert read(observer, "run.json")["status"] == "TIMEOUT"
    observer.started_event(**start)
    observer.failed_event(fail_time=T2, fail_trace=["a", "b"])
    entry = read(observer, "run.json")
    assert (entry["status"], entry["fail_trace"], entry["stop_time"]) == (
        "FAILED",
        ["a", "b"],
        T2.isoformat(),
    )


def test_info_and_metrics_exist_after_every_end(observer, start):
    for end in (
        lambda: observer.completed_event(stop_time=T2, result=None),
        lambda: observer.interrupted_event(interrupt_time=T2, status="INTERRUPTED"),
        lambda: observer.failed_event(fail_time=T2, fail_trace=[]),
    ):
        observer.started_event(**start)
        end()
        assert (read(observer, "info.json"), read(observer, "metrics.json")) == ({}, {})


def test_files_look_as_sacreds(observer, start):
    observer.started_event(**{**start, "meta_info": {"comment": "ü"}})
    text = Path(observer.dir, "run.json").read_text(encoding="ascii")
    assert text == json.dumps(json.loads(text), sort_keys=True, indent=2)


def test_O15_output_that_a_filter_shortens(observer, start):
    observer.started_event(**start)
    beat(observer, "00000000")
    beat(observer, "33221100\nEND")
    assert Path(observer.dir, "cout.txt").read_text() == "33221100\nEND"


def test_O17_nobody_sees_half_a_file(observer, start, monkeypatch):
    observer.started_event(**start)
    before = read(observer, "run.json")
    monkeypatch.setattr(os, "replace", _full_disk)
    with pytest.raises(OSError, match="full"):
        beat(observer)
    assert read(observer, "run.json") == before
    assert not [name for name in os.listdir(observer.dir) if name.endswith(".tmp")]


def _full_disk(*args, **kwargs):
    raise OSError(28, "full")


def test_S1_nan_json(observer, start):
    observer.started_event(**start)
    beat(observer, "", {"x": float("nan")}, float("inf"))
    for name in ("run.json", "info.json"):
        json.loads(Path(observer.dir, name).read_text(), parse_constant=_refuse)
    assert read(observer, "run.json")["result"] == {"py/float": "inf"}


def _refuse(name):
    raise ValueError(name)


def test_S2_S3_plain_numbers_and_repeated_lists(observer, start):
    numpy = pytest.importorskip("numpy")
    shared = [1]
    observer.started_event(**{**start, "meta_info": {"a": shared, "b": shared}})
    beat(observer, "", {"n": numpy.float32(0.5)}, numpy.int64(3))
    observer.completed_event(stop_time=T2, result=numpy.int64(3))
    assert read(observer, "run.json")["result"] == 3
    assert read(observer, "run.json")["meta"] == {"a": [1], "b": [1]}
    assert read(observer, "info.json") == {"n": 0.5}


def test_a_result_that_is_no_json_is_flattened_once(observer, start):
    observer.started_event(**start)
    beat(observer, "", {}, (1, 2))
    beat(observer, "", {}, (1, 2))
    assert read(observer, "run.json")["result"] == {"py/tuple": [1, 2]}


def test_host_facts_that_come_later_are_stored(observer, start):
    observer.started_event(**start)
    start["host_info"]["gpus"] = {"gpus": []}
    beat(observer)
    assert read(observer, "run.json")["host"]["gpus"] == {"gpus": []}


def test_the_run_may_change_its_directory(tmp_path, start, monkeypatch):
    monkeypatch.chdir(tmp_path)
    observer = FileStorageObserver("runs")
    observer.started_event(**start)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "data.csv").write_text("1")
    monkeypatch.chdir(tmp_path / "elsewhere")
    beat(observer, "out")
    observer.resource_event(filename=str(tmp_path / "data.csv"))
    observer.completed_event(stop_time=T2, result=None)
    assert os.listdir() == []
    stored = f"_resources/data_{digest('1')}.csv"
    assert read(observer, "run.json")["resources"] == [[str(tmp_path / "data.csv"), f"runs/{stored}"]]
    assert (tmp_path / "runs" / stored).read_text() == "1"


# ------------------------------------------------------------------------------------------------- metrics


def test_metrics_are_those_of_sacred(observer, start):
    observer.started_event(**start)
    observer.log_metrics(metrics_by_name={**points(1.0, 2.0), **points(5, name="a.b")}, info={})
    observer.log_metrics(metrics_by_name=points(3.0, first=2), info={})
    stored = read(observer, "metrics.json")
    time = (T1 + timedelta(seconds=1, microseconds=1)).isoformat()
    assert stored == {
        "a.b": {"steps": [0], "values": [5], "timestamps": [time]},
        "loss": {"steps": [0, 1, 2], "values": [1.0, 2.0, 3.0], "timestamps": [time] * 3},
    }
    text = Path(observer.dir, "metrics.json").read_text()
    assert text == json.dumps(stored, sort_keys=True, indent=2)


def test_metrics_of_any_type(observer, start):
    observer.started_event(**start)
    values = ["a, b", [1, [2]], {"x": 1}, None, True, float("nan"), float("-inf"), (1,)]
    observer.log_metrics(metrics_by_name=points(name="empty"), info={})
    observer.log_metrics(metrics_by_name=points(*values), info={})
    text = Path(observer.dir, "metrics.json").read_text()
    stored = json.loads(text)
    assert text == json.dumps(stored, sort_keys=True, indent=2)
    assert stored["loss"]["values"][:5] == values[:5]
    assert stored["loss"]["values"][7] == {"py/tuple": [1]}
    assert "NaN" in text
    assert "-Infinity" in text
    assert stored["empty"] == {"steps": [], "timestamps": [], "values": []}


def test_O16_a_beat_costs_what_is_new(observer, start):
    observer.started_event(**start)
    log = Path(observer.dir, ".hallow/metrics.jsonl")
    classic = Path(observer.dir, "metrics.json")
    observer.log_metrics(metrics_by_name=points(*[0.5] * 20_000), info={})
    size, written = log.stat().st_size, classic.stat().st_mtime_ns
    observer.log_metrics(metrics_by_name=points(*[0.25] * 10, first=20_000), info={})
    beat(observer)
    assert log.stat().st_size - size < 1000
    assert classic.stat().st_mtime_ns == written
    observer.completed_event(stop_time=T2, result=None)
    assert read(observer, "metrics.json")["loss"]["steps"] == list(range(20_010))
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [len(line["values"]) for line in lines] == [20_000, 10]


# ------------------------------------------------------------------------------------- queue and existing runs


def test_queued_run(observer, start):
    assert observer.queued_event(**queued(start)) == "1"
    assert read(observer, "run.json") == {
        "experiment": {
            **start["ex_info"],
            "sources": [{"py/tuple": list(pair)} for pair in start["ex_info"]["sources"]],
        },
        "command": "main",
        "host": start["host_info"],
        "meta": start["meta_info"],
        "status": "QUEUED",
    }
    assert Path(observer.dir, "net.py").read_text() == "net"
    assert Path(observer.dir, "train.py").read_text() == "train"
    assert read(observer, "config.json") == start["config"]


def test_O18_queue_from_another_directory(observer, start, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    observer.queued_event(**queued(start))
    assert Path(observer.dir, "net.py").exists()


def test_O19_a_queued_run_is_started_in_place_once(observer, start):
    number = observer.queued_event(**queued(start))
    assert FileStorageObserver(observer.basedir).started_event(**{**start, "_id": number}) == number
    assert read(observer, "run.json")["status"] == "RUNNING"
    with pytest.raises(FileExistsError):
        FileStorageObserver(observer.basedir).started_event(**{**start, "_id": number})


def test_O2_an_existing_run_is_never_touched(observer, start):
    observer.started_event(**start)
    beat(observer, "mine", {}, 1)
    observer.completed_event(stop_time=T2, result=1)
    before = {path: path.read_bytes() for path in Path(observer.basedir).rglob("*") if path.is_file()}
    with pytest.raises(FileExistsError, match="a run '1'"):
        observer.started_event(**{**start, "_id": "1"})
    assert observer.dir is None
    for event in (
        lambda: beat(observer, "foreign"),
        lambda: observer.failed_event(fail_time=T1, fail_trace=["x"]),
        lambda: observer.log_metrics(metrics_by_name=points(1), info={}),
    ):
        with pytest.raises(RunStateError):
            event()
    assert {path: path.read_bytes() for path in Path(observer.basedir).rglob("*") if path.is_file()} == before


# ------------------------------------------------------------------------------------------- several at once


def test_runs_at_the_same_time_do_not_mix(observer, start):
    first = observer.for_run()
    assert first is observer
    first.started_event(**start)
    second = observer.for_run()
    assert second == observer
    assert second is not observer
    second.started_event(**start)
    beat(first, "one")
    beat(second, "two")
    second.completed_event(stop_time=T2, result=2)
    first.completed_event(stop_time=T2, result=1)
    assert (observer.dir, read(observer, "run.json")["result"]) == (first.dir, 1)
    assert Path(second.dir, "cout.txt").read_text() == "two"
    assert observer.for_run() is observer


def test_an_observer_whose_start_failed_is_free_again(observer, start):
    observer.for_run()
    with pytest.raises(StoreError):
        observer.started_event(**{**start, "_id": "../x"})
    assert observer.for_run() is observer


def test_events_of_subclasses_may_pass_arguments_by_position(tmp_path, start):
    class Named(FileStorageObserver):
        def started_event(self, ex_info, command, host_info, start_time, config, meta_info, _id):
            return super().started_event(ex_info, command, host_info, start_time, config, meta_info, "mine")

    observer = Named(tmp_path)
    assert observer.started_event(**start) == "mine"


# -------------------------------------------------------------------------------------------------- sources


def test_O9_the_given_facts_are_not_changed(observer, start):
    before = json.dumps(start["ex_info"])
    observer.started_event(**start)
    assert json.dumps(start["ex_info"]) == before


def test_sources_are_stored_once(observer, start):
    observer.started_event(**start)
    stored = Path(observer.basedir, f"_sources/net_{digest('net')}.py")
    before = stored.stat()
    observer.started_event(**start)
    assert stored.stat() == before
    assert len(os.listdir(observer.source_dir)) == 2


def test_sources_may_stay_where_they_are(tmp_path, project, start):
    observer = FileStorageObserver(tmp_path / "runs", copy_sources=False)
    observer.started_event(**start)
    assert read(observer, "run.json")["experiment"]["sources"][1] == ["train.py", "../project/train.py"]
    assert os.listdir(observer.basedir).count("_sources") == 0


def test_P9_a_source_changed_meanwhile_is_kept_under_its_own_digest(observer, start, project, caplog):
    (project / "train.py").write_text("changed")
    observer.started_event(**start)
    stored = dict(read(observer, "run.json")["experiment"]["sources"])["train.py"]
    assert stored == f"_sources/train_{digest('changed')}.py"
    assert "changed since" in caplog.text


def test_P10_a_source_that_vanished_is_reported(observer, start, project, caplog):
    (project / "train.py").unlink()
    with caplog.at_level(logging.WARNING, logger="hallow.store"):
        observer.started_event(**start)
    assert [name for name, _ in read(observer, "run.json")["experiment"]["sources"]] == ["pkg/net.py"]
    assert "train.py" in caplog.text


def test_late_sources_and_other_details(observer, start, project):
    observer.started_event(**start)
    (project / "late.py").write_text("late")
    late = [("late.py", digest("late")), ("train.py", digest("train"))]
    observer.detail_event(name="late_sources", detail=late)
    observer.detail_event(name="git", detail=[{"branch": "main"}])
    sources = read(observer, "run.json")["experiment"]["sources"]
    assert [name for name, _ in sources] == ["pkg/net.py", "train.py", "late.py"]
    assert Path(observer.basedir, sources[2][1]).read_text() == "late"
    facts = read_facts(observer.dir)
    assert facts["git"] == [{"branch": "main"}]
    assert [source["path"] for source in facts["source"]] == ["pkg/net.py", "train.py", "late.py"]


def test_users_may_remove_the_sources_during_a_run(observer, start, project):
    import shutil

    observer.started_event(**start)
    for name, _ in start["ex_info"]["sources"]:
        observer.save_file(os.path.join(project, name), f"source/{name}")
    shutil.rmtree(f"{observer.basedir}/_sources")
    beat(observer)
    observer.completed_event(stop_time=T2, result=None)
    assert Path(observer.dir, "source/pkg/net.py").read_text() == "net"
    assert observer.save_sources(start["ex_info"])[0][0] == "pkg/net.py"


# -------------------------------------------------------------------------------------------------- template


@pytest.fixture
def mako(monkeypatch):
    """Stands for the template library: fills in the run's status."""

    class Template:
        def __init__(self, filename):
            assert isinstance(filename, str)
            self.text = Path(filename).read_text()

        def render(self, run, config, info, cout, savedir):
            return self.text.format(run=run, config=config, cout=cout, savedir=savedir)

    template = ModuleType("mako.template")
    template.Template = Template
    monkeypatch.setitem(sys.modules, "mako", SimpleNamespace(template=template))
    monkeypatch.setitem(sys.modules, "mako.template", template)


@pytest.mark.parametrize("kind", [str, Path, None])
def test_O13_templates_are_rendered(tmp_path, start, mako, kind):
    (tmp_path / "template.html").write_text("{run[status]} {config[lr]} {cout}")
    observer = FileStorageObserver(tmp_path, template=kind and kind(tmp_path / "template.html"))
    observer.started_event(**start)
    beat(observer, "out")
    observer.completed_event(stop_time=T2, result=None)
    assert Path(observer.dir, "report.html").read_text() == "COMPLETED 0.1 out"


def test_O13_an_error_in_a_template_is_only_logged(tmp_path, start, mako, caplog):
    (tmp_path / "t.txt").write_text("{unknown}")
    observer = FileStorageObserver(tmp_path / "runs", template=str(tmp_path / "t.txt"))
    observer.started_event(**start)
    observer.completed_event(stop_time=T2, result=None)
    assert read(observer, "run.json")["status"] == "COMPLETED"
    assert "no report" in caplog.text


# ----------------------------------------------------------------------------------------------- run folders


def test_run_id_name(tmp_path, start):
    """Folders are named after the run; two that start at once get folders of their own."""
    one = FileStorageObserver(tmp_path / "runs", folder="{time}_{config.lr}")
    two = FileStorageObserver(tmp_path / "runs", folder="{time}_{config.lr}")
    assert one.started_event(**start) == "19990504-030201_0.1"
    assert two.started_event(**start) == "19990504-030201_0.1_2"
    assert Path(one.dir).name == "19990504-030201_0.1"
    assert Path(two.dir, "run.json").exists()
    assert one.started_event(**{**start, "_id": 5}) == 5


def test_fields_of_folder_names(tmp_path, start):
    def name(template, **changes):
        return FileStorageObserver(tmp_path, folder=template).started_event(**{**start, **changes})

    assert name("{id:03}-{name}-{command}") == "001-demo-main"
    assert name("{id:03}-{name}") == "002-demo"
    assert name("{config.opt.name}/{time:%Y}") == "adam-1999"
    assert re.fullmatch(r"[0-9a-f]{8}", name("{hash}"))
    assert name("{hash}") != name("{hash}", config={"lr": 1})
    assert name("../{name}") == "demo"


def test_mistakes_in_folder_templates(tmp_path, start):
    with pytest.raises(StoreError, match="unknown field {nam}. Did you mean {name}"):
        FileStorageObserver(tmp_path, folder="{nam}")
    with pytest.raises(StoreError, match="broken"):
        FileStorageObserver(tmp_path, folder="{name")
    with pytest.raises(StoreError, match="needs the entry opt.nme.*nearest is opt.name"):
        FileStorageObserver(tmp_path, folder="{config.opt.nme}").started_event(**start)


def test_a_batch_of_points_that_was_cut_off_counts_for_nothing(observer, start):
    """Points are told in the order of logging: whole lines of a batch without the others would hide what is missing."""
    from hallow.records.points import Points

    def points(*numbers):
        return [Points(name, list(numbers), [n / 2 for n in numbers], [1e9 + n for n in numbers]) for name in "ab"]

    observer.started_event(**start)
    observer.points_event(points(0, 1))
    whole = Path(observer.dir, ".hallow/metrics.jsonl").stat().st_size
    observer.points_event(points(2, 3))
    log = Path(observer.dir, ".hallow/metrics.jsonl")
    content = log.read_bytes()
    second_line = content.index(b"\n", whole) + 1
    for size in (whole, whole + 5, second_line, second_line + 5, len(content) - 1):
        log.write_bytes(content[:size])
        again = FileStorageObserver(observer.basedir)
        stored = again.reopen("1")
        assert (stored.points, stored.steps) == (4, {"a": 1, "b": 1})
        again.points_event(points(2, 3))
        again.completed_event(stop_time=T2, result=None)
        metrics = read(again, "metrics.json")
        assert [metrics[name]["steps"] for name in "ab"] == [[0, 1, 2, 3]] * 2
    assert FileStorageObserver(observer.basedir).reopen("1").points == 8
