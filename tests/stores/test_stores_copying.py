"""Copying runs between stores, and removing them."""

import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

import hallow
from hallow.observers import FileStorageObserver, MemoryObserver
from hallow.stores import copy_runs, open_store

COMPARED = (
    "status command config info result meta experiment host dependencies repositories queue_time start_time stop_time "
    "heartbeat fail_trace tags notes problem"
).split()


def full_run(observer, folder, options=None, fails=False):
    """A run that has something of everything."""
    (folder / "data.csv").write_text("1,2")
    (folder / "made.bin").write_bytes(bytes(range(256)))
    ex = hallow.Experiment("copied", save_git_info=False)
    ex.add_source_file(__file__)
    ex.observers.append(observer)
    ex.add_config({"lr": 0.1, "shape": (1, 2), "keys": {"a.b": 1, 3: None}})

    def main(_run):
        for step in range(3000):
            _run.log_scalar("train.loss", step / 8, step)
            if step % 2:
                _run.log_scalar("count", step)
        _run.log_scalar("bad", float("nan"))
        _run.info["note"] = {"x": [1, (2, 3)]}
        _run.add_resource(folder / "data.csv")
        _run.add_artifact(folder / "made.bin", metadata={"kind": "binary"}, content_type="application/x-own")
        (folder / "made.bin").write_bytes(b"another")
        _run.add_artifact(folder / "made.bin")
        print("printed, grüße ✓\n" * 2000)
        if fails:
            raise ValueError("as planned")
        return {"acc": 0.5}

    ex.main(main)
    try:
        return ex.run(options={"--capture": "sys", **(options or {})})
    except ValueError:
        return ex.current_run


def same(one, other):
    """Everything that a record has, but for ids and places."""
    for name in COMPARED:
        left, right = getattr(one, name), getattr(other, name)
        if name.endswith(("_time", "heartbeat")) and left is not None:
            assert abs((left - right).total_seconds()) < 0.002, name  # some stores have milliseconds
        else:
            if name == "meta":  # queue_time is among the times above
                left, right = ({k: v for k, v in one.items() if k != "queue_time"} for one in (left, right))
            assert left == right, name
    assert one.output == other.output
    assert list(one.metrics) == list(other.metrics)
    for name, points in one.metrics.items():
        again = other.metrics[name]
        assert (points.steps, repr(points.values)) == (again.steps, repr(again.values))
        assert points.times == pytest.approx(again.times, abs=0.002)
    for kind in ("sources", "resources", "artifacts"):
        left = [(f.name, f.given, f.metadata, f.read_bytes()) for f in getattr(one, kind)]
        assert left == [(f.name, f.given, f.metadata, f.read_bytes()) for f in getattr(other, kind)], kind
    hidden = {"owner", "times", "copied_from"}
    assert {k: v for k, v in one.details.items() if k not in hidden} == {
        k: v for k, v in other.details.items() if k not in hidden
    }


@pytest.fixture
def filled(tmp_path):
    """A file store with a completed, a failed and a queued run."""
    (tmp_path / "work").mkdir()
    full_run(FileStorageObserver(tmp_path / "runs"), tmp_path / "work")
    full_run(FileStorageObserver(tmp_path / "runs"), tmp_path / "work", fails=True)
    full_run(FileStorageObserver(tmp_path / "runs"), tmp_path / "work", {"--queue": True})
    (tmp_path / "work" / "data.csv").unlink()  # what is copied comes from the store
    open_store(tmp_path / "runs").get(1).annotate(tags=["good"], notes="two\nlines")
    return tmp_path / "runs"


def test_store_migration(filled, tmp_path, mongo_server, mongo_database):
    """From a folder to SQL to MongoDB to objects to TinyDB to memory and back: nothing has changed, and nothing is doubled."""
    stations = [
        filled,
        f"sqlite:///{tmp_path / 'runs.db'}",
        f"{mongo_server.uri.rstrip('/')}/{mongo_database}",
        f"file://{tmp_path / 'objects'}",
        f"tinydb:{tmp_path / 'tiny'}",
        MemoryObserver().memory,
        tmp_path / "back",
    ]
    for source, target in pairwise(stations):
        copied = list(copy_runs(source, target))
        assert [(one.state, one.reason) for one in copied] == [("copied", "")] * 3
    with open_store(filled) as first, open_store(stations[-1]) as last:
        pairs = list(zip(first.runs(), last.runs(), strict=True))
        assert [str(one.run_id) for one, _ in pairs] == [str(other.run_id) for _, other in pairs] == ["1", "2", "3"]
        for one, other in pairs:
            same(one, other)
    for source, target in pairwise(stations):
        assert [one.state for one in copy_runs(source, target)] == ["there"] * 3
    assert [one.state for one in copy_runs(stations[-1], filled)] == ["there"] * 3


def test_a_file_store_named_by_url_stays_one(filled, tmp_path):
    full_run(FileStorageObserver(tmp_path / "other"), tmp_path / "work")
    assert [one.state for one in copy_runs(filled, f"file://{tmp_path / 'other'}")] == ["copied"] * 3
    assert isinstance(open_store(tmp_path / "other"), type(open_store(filled)))
    assert len(list(open_store(tmp_path / "other").ids())) == 4


def test_a_word_that_is_no_id_is_told_the_nearest(tmp_path):
    """Numbers are too near to each other for that."""
    observer = MemoryObserver()
    for run_id in ("baseline", "large", 7):
        full_run(observer, tmp_path, {"--id": run_id})
    store = open_store(observer)
    with pytest.raises(
        hallow.errors.RunNotFoundError, match=re.escape("(ids baseline, large, 7); did you mean baseline?")
    ):
        store.get("baselnie")
    for wrong in (8, "8", "nothing like it"):
        with pytest.raises(hallow.errors.RunNotFoundError, match=r"7\)$"):
            store.get(wrong)


def test_an_id_that_is_taken_is_replaced(filled, tmp_path):
    full_run(FileStorageObserver(tmp_path / "other"), tmp_path / "work")
    copied = list(copy_runs(filled, tmp_path / "other", [1]))
    assert [(one.run_id, one.new_id, one.state) for one in copied] == [("1", "2", "copied")]
    assert [one.state for one in copy_runs(filled, tmp_path / "other", [1])] == ["there"]


def test_what_is_damaged_or_going_on_is_left(filled, tmp_path):
    (filled / "2" / "run.json").write_text("{")
    observer = FileStorageObserver(filled)
    observer.started_event(
        ex_info={"name": "e", "base_dir": "/", "sources": []},
        command="main",
        host_info={},
        start_time=open_store(filled).get(1).start_time.replace(tzinfo=None),
        config={},
        meta_info={},
        _id=None,
    )
    states = {one.run_id: one for one in copy_runs(filled, tmp_path / "other")}
    assert {run: one.state for run, one in states.items()} == {"1": "copied", "2": "left", "3": "copied", "4": "left"}
    assert "run.json" in states["2"].reason
    assert "going on" in states["4"].reason


# ----------------------------------------------------------------------------------------------- what is copied in part


class Stopping(FileStorageObserver):
    """Somebody presses Ctrl-C while an artifact is copied; with ``kill``, nothing can be done about it either."""

    kill = False

    def artifact_event(self, **facts):
        raise KeyboardInterrupt

    def discard(self):
        if not self.kill:
            super().discard()


@pytest.mark.parametrize("kill", [False, True])
def test_a_copy_that_was_stopped_is_made_again(filled, tmp_path, kill):
    observer = Stopping(tmp_path / "other")
    observer.kill = kill
    with pytest.raises(KeyboardInterrupt):
        list(copy_runs(filled, observer, 1))
    assert len(open_store(observer)) == kill
    assert [one.state for one in copy_runs(filled, tmp_path / "other")] == ["copied"] * 3
    with open_store(filled) as first, open_store(tmp_path / "other") as last:
        assert sorted(str(run_id) for run_id in last.ids()) == ["1", "2", "3"]
        same(first.get(1), last.get(1))
    assert [one.state for one in copy_runs(filled, tmp_path / "other")] == ["there"] * 3


def test_a_run_that_turns_out_to_be_damaged_leaves_nothing_behind(filled, tmp_path):
    (filled / "2" / "metrics.json").write_text("{")
    (filled / "2" / ".hallow" / "metrics.jsonl").unlink()
    states = {one.run_id: one for one in copy_runs(filled, tmp_path / "other")}
    assert {run: one.state for run, one in states.items()} == {"1": "copied", "2": "left", "3": "copied"}
    assert "metrics" in states["2"].reason
    assert sorted(str(run_id) for run_id in open_store(tmp_path / "other").ids()) == ["1", "3"]


def test_an_artifact_whose_name_the_target_needs_is_said_to_be_missing(tmp_path):
    (tmp_path / "own").write_text("mine")
    ex = hallow.Experiment("reserved", save_git_info=False)
    observer = MemoryObserver()
    ex.observers.append(observer)
    ex.main(lambda _run: _run.add_artifact(tmp_path / "own", name="run.json"))
    ex.run()
    (copied,) = copy_runs(observer, tmp_path / "runs")
    assert copied.state == "copied"
    assert "run.json" in copied.reason
    (record,) = open_store(tmp_path / "runs").runs()
    assert (record.status, record.artifacts) == ("COMPLETED", [])


def test_an_observer_that_was_copied_into_records_what_it_is_told_afterwards(filled, tmp_path):
    observer = FileStorageObserver(tmp_path / "other")
    list(copy_runs(filled, observer, ["1"]))
    run = full_run(observer, tmp_path / "work")
    record = open_store(observer).get(run._id)
    assert [file.read_text() for file in record.resources] == ["1,2"]
    assert Path(__file__).read_bytes() in [file.read_bytes() for file in record.sources]


def test_what_keeps_no_store_is_no_target(filled):
    with pytest.raises(hallow.errors.StoreError, match="keeps no store"):
        list(copy_runs(filled, hallow.observers.RunObserver()))


@pytest.mark.parametrize(("runs", "copied"), [("2", ["2"]), (2, ["2"]), (["2", 1], ["2", "1"])])
def test_one_run_or_several(filled, tmp_path, runs, copied):
    assert [one.run_id for one in copy_runs(filled, tmp_path / "other", runs)] == copied


# -------------------------------------------------------------------------------------------------------- the command


def hallow_command(*words, cwd):
    return subprocess.run(
        [sys.executable, "-m", "hallow", *map(str, words)], cwd=cwd, capture_output=True, text=True, timeout=60
    )


def test_commands(filled, tmp_path):
    listed = hallow_command("ls", "runs", cwd=tmp_path)
    assert listed.returncode == 0, listed.stderr
    lines = listed.stdout.splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [["1", "COMPLETED"], ["2", "FAILED"], ["3", "QUEUED"]]
    assert lines[1].endswith("good")
    shown = hallow_command("show", "runs", "1", cwd=tmp_path).stdout
    for text in (
        "status: COMPLETED",
        "lr = 0.1",
        "train.loss: 3000 points, last 374.875 at step 2999",
        "grüße ✓",
        "two",
    ):
        assert text in shown
    waiting = hallow_command("show", "runs", "3", cwd=tmp_path).stdout.splitlines()
    assert [line.partition(":")[0] for line in waiting[:4]] == ["run", "status", "experiment", "queued"]
    copied = hallow_command("copy", "runs", "other", "1", cwd=tmp_path)
    assert copied.stdout == "run 1: copied as 1\n"
    asked = hallow_command("rm", "other", "1", cwd=tmp_path)
    assert "would be removed" in asked.stdout
    assert len(open_store(tmp_path / "other")) == 1
    assert "removed" in hallow_command("rm", "other", "1", "--yes", cwd=tmp_path).stdout
    assert hallow_command("ls", "other", cwd=tmp_path).stdout == "No runs.\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ls", "nothing"), "there is no file store"),
        (("ls", "rnus"), 'runs"?'),
        (("show", "runs", "99"), "there is no run 99"),
        (("copy", "runs", "taken"), "it is a file"),
        (("show", "runs"), "show needs a RUN; write: hallow show STORE RUN [--full]"),
        (("show", "runs", "1", "2"), "show does not take runs 1 2"),
        (("ls", "--full", "runs"), "--full does not go with ls"),
        (("rm", "--yse", "runs", "1"), "did you mean --yes?"),
        (("help",), "did you mean --help?"),
        ((), "say what is to be done"),
        (("rm", "runs", "99", "--yes"), "there is no run 99"),
        (("ls", "mongo://host/db"), "did you mean mongodb:?"),
        (("lsit", "runs"), "did you mean ls?"),
    ],
)
def test_mistakes(filled, tmp_path, words, said):
    (tmp_path / "taken").touch()
    done = hallow_command(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_is_no_store_names_those_that_are(filled, tmp_path):
    assert hallow_command("ls", ".", cwd=tmp_path).stdout == "No runs. Did you mean runs?\n"
    of_a_run = hallow_command("ls", "runs/1", cwd=tmp_path)
    assert of_a_run.stdout == "No runs. This is the folder of a run: hallow show runs 1\n"


def test_a_run_that_is_named_twice_is_removed_once(filled, tmp_path):
    done = hallow_command("rm", "runs", "1", "1", "--yes", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "run 1 (COMPLETED): removed\n")


def test_help_of_watch(tmp_path):
    assert "hallow watch COMMAND" in hallow_command("watch", "--help", cwd=tmp_path).stdout
