"""Several processes in one TinyDB store, some of which are killed."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from tinydb import TinyDB

import hallow
from hallow.observers import TinyDbObserver
from hallow.running.recovery import recover
from hallow.testing.contract.support import Session

WRITER = """
    import sys
    from hallow.observers import TinyDbObserver
    from hallow.testing.contract.support import Session

    root, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(count):
        session = Session(None, f"{name}-{number}", observer=TinyDbObserver(root))
        session.log("m", 5)
        session.write("line\\n" * (number % 40))
        session.complete(result=number)
        print(name, number, flush=True)
"""


@pytest.fixture
def root(tmp_path):
    return tmp_path / "runs_db"


@pytest.fixture
def begin(tmp_path):
    """Start a script with arguments; it and its children are killed at the end of the test."""
    started = []

    def begin(text, *args, name="writer.py"):
        import textwrap

        (tmp_path / name).write_text(textwrap.dedent(text))
        process = subprocess.Popen(
            [sys.executable, str(tmp_path / name), *map(str, args)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        with suppress(ProcessLookupError):  # all of them have ended
            os.killpg(process.pid, signal.SIGKILL) if hasattr(os, "killpg") else process.kill()
        process.communicate()


def go(*processes):
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()


def documents(root):
    return json.loads((root / "metadata.json").read_text())["runs"]


class Poller:
    """Reads the file as Sacred's tools and others do: all of it, without a lock."""

    def __init__(self, root):
        self.path = root / "metadata.json"
        self.reads = self.torn = self.torn_again = 0

    def _read(self):
        try:
            runs = json.loads(self.path.read_text())["runs"]
        except FileNotFoundError:
            return True
        except ValueError:
            return False
        assert all(document["status"] in ("RUNNING", "COMPLETED") for document in runs.values())
        return True

    def poll(self):
        self.reads += 1
        if not self._read():
            self.torn += 1
            time.sleep(0.002)
            self.torn_again += not self._read()


@pytest.mark.parametrize("count", [40, pytest.param(1500, marks=pytest.mark.slow)])
def test_tinydb(root, begin, count):
    """Two processes that write at the same time lose nothing, and whoever reads meanwhile finds a whole file."""
    writers = [begin(WRITER, root, name, count, name=f"{name}.py") for name in "ab"]
    poller = Poller(root)
    go(*writers)
    while any(writer.poll() is None for writer in writers):
        poller.poll()
    assert [writer.wait() for writer in writers] == [0, 0]
    assert poller.reads > count
    assert poller.torn_again == 0
    # A reader that stands in the middle of the few bytes that are being written sees both; no lock of ours keeps it off.
    assert poller.torn <= 1 + poller.reads / 100
    wanted = {f"{name}-{number}": number for name in "ab" for number in range(count)}
    found = documents(root)
    assert {document["_id"]: document["result"] for document in found.values()} == wanted
    assert sorted(map(int, found)) == list(range(1, 2 * count + 1))
    records = list(hallow.open_store(root).runs())
    assert {record.run_id: (record.result, record.status) for record in records} == {
        run_id: (number, "COMPLETED") for run_id, number in wanted.items()
    }
    assert all(record.metrics["m"].steps == list(range(5)) for record in records)
    with TinyDB(root / "metadata.json") as db:
        assert len(db.table("runs")) == 2 * count
    assert list(root.glob("*damaged*")) == []


def test_O_35_three_processes_with_ten_short_runs_each(root, begin):
    """With Sacred, the file was corrupt after the first run."""
    writers = [begin(WRITER, root, name, 10, name=f"{name}.py") for name in "abc"]
    go(*writers)
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert {document["status"] for document in documents(root).values()} == {"COMPLETED"}
    assert len(documents(root)) == 30


KILLED = """
    import os, sys
    from hallow.observers import TinyDbObserver
    from hallow.testing.contract.support import Session

    def tell(*words):
        os.write(1, (" ".join(map(str, words)) + "\\n").encode())

    def work(name):
        number = 0
        while True:
            session = Session(None, f"{name}-{number}", observer=TinyDbObserver(sys.argv[1]))
            tell("started", session.run_id)
            for beat in range(5):
                session.log("m", 3)
                session.write("x" * 5000)
                session.beat({"beat": beat})
                session.observer._export()
                tell("logged", session.run_id, session.points)
            session.complete(result=number)
            tell("completed", session.run_id)
            number += 1

    for line in sys.stdin:  # each name is that of a process of its own, which need not import anything
        child = os.fork()
        if not child:
            work(line.strip())
        tell("pid", child)
        os.waitpid(child, 0)
        tell("gone")
"""


def killed_after(process, name, seconds):
    """What a process said until it was killed, by word."""
    process.stdin.write(f"{name}\n")
    process.stdin.flush()
    told = []
    while not {"pid", "started"} <= {word for word, *_ in told}:
        told.append(process.stdout.readline().split())
    time.sleep(seconds)
    os.kill(int(next(line[1] for line in told if line[0] == "pid")), signal.SIGKILL)
    while told[-1] != ["gone"]:
        told.append(process.stdout.readline().split())
    return [line for line in told if line[0] not in ("pid", "gone")]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("count", [20, pytest.param(100, marks=pytest.mark.slow)])
def test_torn_files_are_none_whenever_a_process_is_killed(root, begin, count):
    """Every file can be read, every point that was said to be stored is there, and the next process goes on."""
    rng = random.Random(count)
    process = begin(KILLED, root, name="killed.py")
    told = {}
    for number in range(count):
        for word, run_id, *points in killed_after(process, f"p{number}", rng.uniform(0, 0.04)):
            told.setdefault(run_id, {})[word] = int(points[0]) if points else True
        records = {record.run_id: record for record in hallow.open_store(f"tinydb:{root}").runs()}
        assert told.keys() <= records.keys()
        for run_id in told if number == count - 1 else list(told)[-2:]:
            record = records[run_id]
            assert record.problem == ""
            assert (
                record.status == "COMPLETED" if "completed" in told[run_id] else record.status in ("DIED", "COMPLETED")
            )
            values = record.metrics["m"].values if record.metrics else []
            assert values == [n / 2 for n in range(len(values))]
            assert len(values) >= told[run_id].get("logged", 0)
    after = Session(None, "after", observer=TinyDbObserver(root))
    after.complete(result=1)
    assert told.keys() | {"after"} <= {document["_id"] for document in documents(root).values()}
    assert list(root.glob("*damaged*")) == []


def written():
    counts = dict(re.findall(r"(\w+): (\d+)", Path("/proc/self/io").read_text()))
    return int(counts["wchar"])


@pytest.mark.skipif(sys.platform != "linux", reason="counted with the help of the kernel")
def test_tinydb_run_300_costs_what_run_3_costs(root, tmp_path):
    """Sacred rewrites all runs at every beat: run 60 took four times as long as the first."""
    (source := tmp_path / "a.py").write_text("x = 1\n")
    costs = []
    for number in range(300):
        before = written()
        session = Session(None, observer=TinyDbObserver(root), sources=[(str(source), "")])
        session.log("m", 10)
        session.write("text\n")
        session.beat({"a": 1})
        session.complete(result=number)
        costs.append(written() - before)
    assert costs[299] <= costs[3] + 100  # numbers have more digits
    assert sum(costs) < 310 * costs[3]


@pytest.mark.slow
def test_tinydb_time_of_run_2000(root):
    times = []
    for number in range(2050):
        start = time.perf_counter()
        session = Session(None, observer=TinyDbObserver(root))
        session.log("m", 10)
        session.beat({"a": 1})
        session.complete(result=number)
        times.append(time.perf_counter() - start)
    early, late = sorted(times[:50])[10], sorted(times[2000:])[10]
    assert late < 1.5 * early


def test_a_run_that_dies_is_closed_by_its_store(root, run_script):
    """By the URL of the store, from what its journal has."""
    done = run_script(f"""
        import os, signal
        import hallow
        from hallow.observers import TinyDbObserver
        ex = hallow.Experiment("dying", save_git_info=False)
        ex.observers.append(TinyDbObserver({str(root)!r}))
        @ex.main
        def main(_run):
            for step in range(100):
                _run.log_scalar("m", step)
            print("last words")
            os.kill(os.getpid(), signal.SIGKILL)
        ex.run(options={{"--beat-interval": 1000}})
    """)
    assert done.code == -signal.SIGKILL
    (record,) = hallow.open_store(f"tinydb:{root}").runs()
    assert (record.status, record.stored_status) == ("DIED", "RUNNING")
    (found,) = recover(f"tinydb:{root}")
    assert (found.state, found.run_id) == ("closed", record.run_id)
    (record,) = hallow.open_store(f"tinydb:{root}").runs()
    assert record.stored_status == "DIED"
    assert record.metrics["m"].values == list(range(100))
    assert "last words\n" in record.output
    (document,) = documents(root).values()
    assert document["status"] == "DIED"
    assert "last words\n" in document["captured_out"]


def test_a_forked_child_leaves_the_run_alone(root):
    session = Session(None, observer=TinyDbObserver(root))
    pid = os.fork() if hasattr(os, "fork") else None
    if pid == 0:
        os._exit(0)
    if pid is not None:
        os.waitpid(pid, 0)
    session.complete(result=3)
    assert hallow.open_store(root).get(session.run_id).result == 3
