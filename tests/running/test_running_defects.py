"""What went wrong for users of the forerunner and its like, one whole run at a time: each test is named after its item."""

from __future__ import annotations

import json
import re
import sys
import threading
import time
import tracemalloc

import numpy as np
import pytest

import hallow
from hallow import SETTINGS, Experiment
from hallow.backends.file.facts import read_facts
from hallow.errors import HallowError, LogValueError, RunInterrupt
from hallow.observers import FileStorageObserver
from hallow.running.tap import Tap
from hallow.stores import metrics_table
from hallow.testing import RecordingObserver

EXPERIMENT = """
import os, signal, subprocess, sys, threading, time
from hallow import SETTINGS, Experiment
from hallow.observers import FileStorageObserver
ex = Experiment("exp")
ex.observers.append(FileStorageObserver("runs"))
"""


@pytest.fixture
def store(tmp_path):
    return tmp_path / "runs"


@pytest.fixture
def ex(store):
    made = Experiment("exp", interactive=True)
    made.observers.append(FileStorageObserver(store))
    return made


def read(folder, name="run.json"):
    return json.loads((folder / name).read_text(encoding="utf-8"))


# ------------------------------------------------------------------------------------------------------- metrics


class Blocking(RecordingObserver):
    """Does not come back from the first points that it is given, until it is let go."""

    def __init__(self):
        super().__init__(1)
        self.reached, self.go_on = threading.Event(), threading.Event()

    def log_metrics(self, **arguments):
        if arguments["metrics_by_name"]:
            self.reached.set()
            assert self.go_on.wait(60)
        super().log_metrics(**arguments)


def test_metrics_async(make_run):
    """A store that blocks neither holds up the loop nor costs points or memory."""
    observer, count = Blocking(), 100_000
    used = []

    def main():
        run.log_scalar("loss", 0.0)
        assert observer.reached.wait(30)
        tracemalloc.start()
        try:
            for value in range(1, count):
                run.log_scalar("loss", float(value))
            used.append(tracemalloc.get_traced_memory()[0])
        finally:
            tracemalloc.stop()
        assert observer.names.count("log_metrics") <= 1, "the store was to be busy all the time"
        observer.go_on.set()

    run = make_run(main, observer, beat_interval=0.01)
    run()
    metric = observer.metrics()["loss"]
    assert metric["steps"] == list(range(count))
    assert metric["values"] == [float(value) for value in range(count)]
    assert used[0] < 2_000_000, "points that wait for a store are in the journal, not in memory"


def test_metrics_async_with_a_store_that_fails(make_run):
    def away(number):
        return ConnectionError("away") if number < 4 else None

    observer = RecordingObserver(1, fail={"log_metrics": away})

    def main():
        for step in range(200):
            run.log_scalars({"a": step, "b": -step})
            time.sleep(0.002)

    run = make_run(main, observer, beat_interval=0.01)
    run()
    sent = observer.metrics()
    for name in ("a", "b"):
        # What it raised on was sent again: here it is there twice, for the observer keeps also those.
        assert list(dict.fromkeys(sent[name]["steps"])) == list(range(200))


def test_metrics_link(ex, store, tmp_path):
    """The figures of each metric are in each record: of both observers, of the outer and of the inner run."""
    ex.observers.append(FileStorageObserver(tmp_path / "second"))

    @ex.command
    def inner(_run):
        for value in (3.0, 1.0):
            _run.log_scalar("inner.loss", value)

    @ex.main
    def main(_run):
        _run.log_scalar("loss", 1.0)
        ex.run("inner")
        for value in (4.0, 2.0):
            _run.log_scalar("loss", value)

    ex.run()
    for basedir in (store, tmp_path / "second"):
        outer, within = (read_facts(basedir / number)["metrics"] for number in "12")
        assert list(outer) == ["loss"]
        assert {key: outer["loss"][key] for key in ("count", "last", "min", "max")} == {
            "count": 3,
            "last": 2.0,
            "min": 1.0,
            "max": 4.0,
        }
        assert outer["loss"]["mean"] == pytest.approx(7 / 3)
        assert list(within) == ["inner.loss"]
        assert within["inner.loss"]["mean"] == 2.0
        assert metrics_table(basedir, names="loss").run == ["1"] * 3


def test_metrics_types(ex, store):
    """Texts, images, tables and histograms are files of the record; a number is the only thing that is a scalar."""

    @ex.main
    def main(_run):
        for step in range(3):
            _run.log_text("note", f"text {step}")
            _run.log_image("sample", np.full((2, 2), step, dtype=np.uint8))
            _run.log_table("confusion", [{"class": "a", "hits": step}])
            _run.log_histogram("weights", [0.0, step, 10.0], bins=2)
        for value in ("text", [1, 2], np.zeros(3), None, {"a": 1}):
            with pytest.raises(LogValueError, match="bad"):
                _run.log_scalar("bad", value)
        for value in (1, True, 0.5, np.float32(0.5), np.array([2])):
            _run.log_scalar("good", value)

    ex.run()
    with hallow.reopen(store, 1) as run:
        for step in range(3):
            with run.open_artifact(f"texts/note/{step:08d}.txt", "r") as file:
                assert file.read() == f"text {step}"
            with run.open_artifact(f"images/sample/{step:08d}.png") as file:
                assert file.read(8) == b"\x89PNG\r\n\x1a\n"
            with run.open_artifact(f"tables/confusion/{step:08d}.json") as file:
                assert json.load(file) == {"columns": ["class", "hits"], "rows": [["a", step]]}
            with run.open_artifact(f"histograms/weights/{step:08d}.json") as file:
                assert sum(json.load(file)["counts"]) == 3
    artifacts = read_facts(store / "1")["artifact"]
    assert [fact["metadata"] for fact in artifacts[:2]] == [
        {"kind": "text", "name": "note", "step": 0},
        {"kind": "image", "name": "sample", "step": 0},
    ]
    table = metrics_table(store)
    assert table.name == ["good"] * 5
    assert table.value == [1, True, 0.5, 0.5, 2]


def test_metrics_step(ex, store):
    """Steps are any numbers and stay in the order in which they were logged; automatic ones follow the last."""
    given = [None, None, 10, None, 3, 3, None, 0.5, None, -2, None]
    expected = [0, 1, 10, 11, 3, 3, 4, 0.5, 1.5, -2, -1]

    @ex.main
    def main(_run):
        for number, step in enumerate(given):
            _run.log_scalar("loss", number, step)
        _run.log_scalars({"loss": 11, "other": 0})

    ex.run()
    metrics = read(store / "1", "metrics.json")
    assert metrics["loss"]["steps"] == [*expected, 0]
    assert metrics["loss"]["values"] == list(range(12))
    assert metrics["other"]["steps"] == [0]
    assert metrics_table(store, names="loss").step == [*expected, 0]


def test_metrics_step_after_resume(ex, store):
    @ex.main
    def main(_run):
        for value in range(3):
            _run.log_scalar("loss", value + 10 * _run.resumed)
        _run.log_scalar("epoch", 1, 40 + _run.resumed)
        if not _run.resumed:
            raise KeyboardInterrupt
        _run.log_scalar("epoch", 2)

    with pytest.raises(KeyboardInterrupt):
        ex.run()
    ex.run(resume="1")
    metrics = read(store / "1", "metrics.json")
    assert metrics["loss"]["steps"] == [0, 1, 2, 3, 4, 5]
    assert metrics["loss"]["values"] == [0, 1, 2, 10, 11, 12]
    assert metrics["epoch"]["steps"] == [40, 41, 42]
    assert read_facts(store / "1")["metrics"]["loss"]["count"] == 6


# ---------------------------------------------------------------------------------------------------------- ends


def test_timeout_status(ex, store):
    """A status of the user's own is stored as it is, counts as an end, and everything that reads records takes it."""

    class OutOfTime(RunInterrupt):
        STATUS = "TIMEOUT"

    class Pruned(RunInterrupt):
        STATUS = "PRUNED"

    @ex.main
    def main(_run, kind):
        _run.log_scalar("loss", 1.0)
        raise {"TIMEOUT": OutOfTime, "PRUNED": Pruned}[kind]

    for number, kind in enumerate(["TIMEOUT", "PRUNED"], 1):
        with pytest.raises(RunInterrupt):
            ex.run(config_updates={"kind": kind})
        entry = read(store / str(number))
        assert entry["status"] == kind
        assert entry["stop_time"] >= entry["start_time"]
        assert metrics_table(store, runs=[number]).value == [1.0]
        with hallow.reopen(store, number) as run:
            assert run.status == kind
        assert hallow.recover(store) == []
        assert read(store / str(number))["status"] == kind


def test_R15_an_interrupt_of_the_users_own_is_an_exception(ex):
    """As in Sacred, whose users rely on it; the documentation tells what follows from it."""

    @ex.main
    def main():
        try:
            raise RunInterrupt
        except Exception:
            return "swallowed"

    assert ex.run().status == "COMPLETED"
    assert not issubclass(RunInterrupt, HallowError)


def test_discard_failed(ex, store, tmp_path):
    """Only runs with the chosen outcome leave anything behind."""
    SETTINGS.KEEP_RUNS = ["COMPLETED"]
    (tmp_path / "model.bin").write_bytes(b"x" * 1000)

    @ex.main
    def main(_run, fail):
        _run.add_artifact(tmp_path / "model.bin")
        _run.log_scalar("loss", 1.0)
        print("printed")
        if fail:
            raise ValueError("no good")

    for fail in (True, False, True):
        try:
            ex.run(config_updates={"fail": fail})
        except ValueError:
            assert fail
    kept = [path for path in store.iterdir() if path.name[0] not in "._"]
    assert len(kept) == 1
    assert read(kept[0])["status"] == "COMPLETED"
    assert len(list(store.rglob("model*.bin"))) == 1
    assert not list(store.rglob("journal"))


def test_parent_child(ex, store):
    """Cross-validation: the five folds name their parent, and the parent has the aggregate of their metrics."""

    @ex.command
    def fold(_run, number=0):
        _run.log_scalar("acc", 0.5)
        _run.log_scalar("acc", number / 10)
        return number

    @ex.main
    def main():
        for number in range(5):
            ex.run("fold", config_updates={"number": number}, tags=["fold"], group="cv")

    ex.run(tags=["cross-validation"])
    parent = read_facts(store / "1")
    assert parent["tags"] == ["cross-validation"]
    assert [child["id"] for child in parent["children"]["runs"]] == ["2", "3", "4", "5", "6"]
    assert parent["children"]["aggregate"]["acc"] == {
        "mean": pytest.approx(0.2),
        "std": pytest.approx(0.158113883),
        "min": 0.0,
        "max": 0.4,
        "count": 5,
    }
    assert parent["children"]["aggregate"]["result"]["mean"] == 2
    assert "group" not in parent
    for number in range(2, 7):
        facts = read_facts(store / str(number))
        assert (facts["run"]["parent"], facts["tags"], facts["group"]) == ("1", ["fold"], "cv")
    assert parent["run"]["parent"] is None


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_signals(run_script, name, code):
    """A job that the scheduler ends has a record that says so, with the last line that it printed."""
    done = run_script(
        EXPERIMENT
        + f"""
@ex.automain
def main(_run):
    _run.log_scalar("loss", 0.5)
    print("last print")
    os.kill(os.getpid(), signal.{name})
    time.sleep(30)
    print("never")
"""
    )
    assert done.code == code, done.err
    folder = done.folder / "runs/1"
    entry = read(folder)
    assert entry["status"] == "INTERRUPTED"
    assert entry["stop_time"] >= entry["start_time"]
    assert "last print\n" in (folder / "cout.txt").read_text()
    assert "never" not in (folder / "cout.txt").read_text()
    assert read(folder, "metrics.json")["loss"]["values"] == [0.5]
    ending = read_facts(folder)["run"]
    assert (ending["signal"], ending["exit_code"]) == (name, code)


def test_signals_and_handlers_of_the_user(run_script):
    done = run_script(
        EXPERIMENT
        + """
seen = []
signal.signal(signal.SIGTERM, lambda number, frame: seen.append(number))

@ex.automain
def main():
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(0.05)
    return seen == [signal.SIGTERM]
"""
    )
    assert done.code == 0, done.err
    assert read(done.folder / "runs/1")["status"] == "COMPLETED"
    assert read(done.folder / "runs/1")["result"] is True


def test_signals_in_other_threads(run_script):
    """A run outside of the main thread leaves the handlers alone, and ends as usual."""
    done = run_script(
        EXPERIMENT
        + """
@ex.main
def main():
    return signal.getsignal(signal.SIGTERM) is signal.SIG_DFL

thread = threading.Thread(target=ex.run)
thread.start()
thread.join()
"""
    )
    assert done.code == 0, done.err
    assert read(done.folder / "runs/1")["result"] is True


# -------------------------------------------------------------------------------------------------------- output


def test_capture_manual(run_script):
    """Of much output its two ends are stored, with the number of bytes left out; the terminal shows everything."""
    done = run_script(
        EXPERIMENT
        + """
SETTINGS.OUTPUT.MAX_BYTES = 1_000_000

@ex.automain
def main():
    for number in range(100_000):
        print(f"line {number:06d} " + "x" * 87)
""",
        "--loglevel=ERROR",
    )
    assert done.code == 0, done.err
    assert done.out.count("line ") == 100_000
    stored = (done.folder / "runs/1/cout.txt").read_text()
    marker = next(line for line in stored.splitlines() if not line.startswith("line ") and "bytes" in line)
    assert len(stored) <= 1_000_000 + len(marker) + 2
    assert len(stored) > 900_000
    assert stored.startswith("line 000000 ")
    assert stored.endswith("line 099999 " + "x" * 87 + "\n")
    dropped = int(re.search(r"(\d[\d,]*) bytes", marker)[1].replace(",", ""))
    kept = len(stored.encode()) - len(marker.encode())
    assert abs(kept + dropped - 100_000 * 100) <= 2


@pytest.mark.parametrize(
    ("streams", "kept", "dropped"), [("stdout", "to stdout", "to stderr"), ("stderr", "to stderr", "to stdout")]
)
@pytest.mark.parametrize("mode", ["sys", "fd"])
def test_capture_manual_of_one_stream(run_script, mode, streams, kept, dropped):
    done = run_script(
        EXPERIMENT
        + f"""
SETTINGS.OUTPUT.STREAMS = "{streams}"

@ex.automain
def main():
    print("to stdout")
    print("to stderr", file=sys.stderr)
""",
        f"--capture={mode}",
    )
    assert done.code == 0, done.err
    assert "to stdout" in done.out
    assert "to stderr" in done.err
    stored = (done.folder / "runs/1/cout.txt").read_text()
    assert kept in stored
    assert dropped not in stored


def test_capture_manual_off_for_one_run(ex, store):
    @ex.main
    def main(_run):
        print("printed")
        _run.log_text("summary", "kept on purpose")

    ex.run(capture="no")
    ex.run(capture="sys")
    assert (store / "1/cout.txt").read_text() == ""
    assert "printed\n" in (store / "2/cout.txt").read_text()
    with hallow.reopen(store, 1) as run, run.open_artifact("texts/summary/00000000.txt", "r") as file:
        assert file.read() == "kept on purpose"
    assert read_facts(store / "1")["run"]["capture_mode"] == "no"


def test_capture_windows(run_script):
    """What children print is stored without any other program; the record says how the output was captured."""
    done = run_script(
        EXPERIMENT
        + """
@ex.automain
def main():
    subprocess.run([sys.executable, "-c", "print('from a child')"], check=True)
""",
        "--capture=fd",
        env={"PATH": ""},
    )
    assert done.code == 0, done.err
    assert "from a child\n" in (done.folder / "runs/1/cout.txt").read_text()
    assert read_facts(done.folder / "runs/1")["run"]["capture_mode"] == "fd"


def test_capture_windows_where_descriptors_cannot_be_captured(ex, store, monkeypatch):
    def impossible(*_):
        raise OSError("no such thing on this system")

    monkeypatch.setattr(Tap, "join", impossible)

    @ex.main
    def main():
        print("from Python")

    ex.run(capture="fd")
    assert "from Python\n" in (store / "1/cout.txt").read_text()
    assert read_facts(store / "1")["run"]["capture_mode"] == "sys"


def test_R12_a_beat_costs_what_is_new(make_run):
    """A filter of lines and an observer get each line about once, however many beats there are."""
    filtered, told = [], []

    def filter(text):
        filtered.append(len(text))
        return text.upper()

    filter.linewise = True

    class Incremental:
        def heartbeat_event(self, captured_out):
            assert captured_out is None

        def output_event(self, text, position):
            told.append((position, text))

    def main():
        for number in range(100):
            print(f"line {number:03d}", end="\n" if number % 2 else " and ")
            time.sleep(0.002)

    make_run(main, Incremental(), filter=filter, beat_interval=0.01)()
    assert len(told) > 1
    printed = 50 * len("line 000 and line 001\n")
    assert sum(len(text) for _, text in told) < 2 * printed
    assert sum(filtered) < 2 * printed
    stored = ""
    for position, text in told:
        stored = stored[:position] + text
    assert stored.startswith("LINE 000 AND LINE 001\nLINE 002")
    assert len(stored) == printed


def test_progress_bars(make_run):
    """Each bar is stored once, with its last state, also when beats come while it moves; nested ones too."""
    from io import StringIO

    from tqdm import tqdm

    class Storing:
        """Keeps output as a store does, and how often it was sent."""

        def __init__(self):
            self.text, self.sent = b"", 0

        def output_event(self, text, position):
            self.text = self.text[:position] + text.encode()
            self.sent += 1

    observer = Storing()

    def main():
        for number in range(1, 26):
            print(f"\r{number}/25", end="", file=sys.stderr)
            time.sleep(0.002)
        print(file=sys.stderr)
        print("between")
        bars = StringIO()
        for _ in tqdm(range(2), desc="outer", file=bars, ncols=40, position=0, mininterval=0):
            for _ in tqdm(range(3), desc="inner", file=bars, ncols=40, position=1, mininterval=0):
                pass
        sys.stderr.write(bars.getvalue())
        print("done")

    make_run(main, observer, beat_interval=0.005)()
    lines = [line.rstrip() for line in observer.text.decode().splitlines()]
    assert lines[:2] == ["25/25", "between"]
    assert [line[:12] for line in lines if "outer" in line] == ["outer: 100%|"]
    assert lines[-1].endswith("done")
    assert "\r" not in observer.text.decode()
    assert observer.sent > 1
