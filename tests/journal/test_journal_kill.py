"""The process is killed, or forked."""

from __future__ import annotations

import os
import random
import signal
import sys
import time

import pytest

from hallow.journal.journal import Journal
from hallow.journal.owner import is_alive
from hallow.journal.reader import read_points

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is neither SIGKILL nor fork")

LOGGING = """
    import os, sys
    from hallow.journal.journal import Journal
    journal = Journal.create(sys.argv[1], {"run": {"id": "1"}})
    if sys.argv[2] == "False":
        from hallow.journal.metrics import MetricsLog
        journal.metrics = MetricsLog(journal.folder, mapped=False)
    log = journal.metrics.log
    number = 0
    while True:
        for _ in range(50):
            log("x", number)
            log("é.x/" + str(number % 3), number / 2, number + 0.5)
            if number % 10 == 0:
                log("text", f"number {number}", number)
            number += 1
        journal.state.write({"beat": number})
        if number % 500 == 0:
            journal.events.append({"event": "beat", "number": number})
        os.write(1, number.to_bytes(8, "little"))
"""


@pytest.mark.parametrize("mapped", [True, False])
@pytest.mark.parametrize("moment", range(4))
def test_killed_while_logging(child, tmp_path, moment, mapped):
    """Every point that the process has acknowledged is there, and what is there is right."""
    folder = str(tmp_path / "journal")
    process = child(LOGGING, folder, mapped)
    process.stdout.read(8)
    time.sleep(random.Random(moment).uniform(0, 0.4))
    process.send_signal(signal.SIGKILL)
    process.wait()
    acknowledged = int.from_bytes(process.stdout.read()[-8:] or bytes(8), "little")
    by_name = {}
    for points in read_points(folder):
        for some in points:
            by_name.setdefault(some.name, []).extend(zip(some.steps, some.values, strict=True))
    numbers = by_name.pop("x")
    assert len(numbers) >= acknowledged
    assert numbers == [(number, number) for number in range(len(numbers))]
    texts = by_name.pop("text")
    assert len(texts) >= acknowledged // 10
    assert texts == [(number * 10, f"number {number * 10}") for number in range(len(texts))]
    others = sorted(point for name in ("é.x/0", "é.x/1", "é.x/2") for point in by_name.pop(name))
    assert len(others) >= acknowledged
    assert others == [(number + 0.5, number / 2) for number in range(len(others))]
    assert by_name == {}

    journal = Journal.open(folder)
    assert journal.problems == []
    assert journal.metrics.count == len(numbers) + len(texts) + len(others)
    assert journal.state.read()["beat"] >= acknowledged
    beats = [event["number"] for _, event in journal.events]
    assert beats == list(range(500, 500 * len(beats) + 1, 500))
    assert len(beats) >= acknowledged // 500
    assert is_alive(journal.header["owner"]) is False
    assert abs(journal.last_sign() - time.time()) < 60
    journal.remove()
    assert not os.path.exists(folder)


def test_a_forked_child_touches_nothing(child, tmp_path):
    """The child has another thread's lock before it, and logs in vain; the parent goes on."""
    source = """
        import logging, os, sys, threading
        from pathlib import Path
        from hallow.journal.journal import Journal
        logging.basicConfig(format="%(message)s", stream=sys.stderr)
        journal = Journal.create(sys.argv[1], {}, logging.getLogger("x"))
        metrics = journal.metrics
        metrics.log("x", 1.0)
        journal.events.append({"event": "before"})
        journal.state.write({"beat": 1})
        stop = threading.Event()
        def work():
            while not stop.is_set():
                metrics.log("thread", 1.0)
        thread = threading.Thread(target=work)
        thread.start()
        lock = metrics._hot.lock()
        taken = threading.Event(); free = threading.Event()
        def hold():
            with lock:
                taken.set()
                free.wait()
        holder = threading.Thread(target=hold)
        holder.start()
        taken.wait()
        pid = os.fork()
        if pid == 0:
            journal.detach()
            def snapshot():
                return {p: p.read_bytes() for p in Path(sys.argv[1]).rglob("*") if p.is_file() and p.name != "metrics"}
            before = snapshot()
            for number in range(100_000):
                metrics.log("child", 99.0)
            metrics.log("child", "text")
            metrics.log("x", [1])
            assert metrics.read() == []
            journal.events.append({"event": "child"})
            journal.state.write({"beat": 99})
            try:
                journal.stash(__file__ if "__file__" in globals() else sys.executable)
            except OSError:
                pass
            else:
                os._exit(5)
            metrics.sync(); journal.close(); journal.remove(); metrics.forget(10)
            os._exit(0 if snapshot() == before else 4)
        free.set()
        _, status = os.waitpid(pid, 0)
        stop.set(); thread.join(); holder.join()
        assert os.waitstatus_to_exitcode(status) == 0, status
        metrics.log("x", 2.0)
        journal.close()
        found = {some.name: some.values for some in metrics.read()}
        assert found["x"] == [1.0, 2.0]
        assert set(found["thread"]) == {1.0}
        assert set(found) == {"x", "thread"}
        assert journal.state.read() == {"beat": 1}
        assert [event["event"] for _, event in journal.events] == ["before"]
        print("fine")
    """
    process = child(source, tmp_path / "journal", stderr=-1)
    out, err = process.communicate(timeout=60)
    assert (out, process.returncode) == (b"fine\n", 0), err
    assert err.decode().count("made by fork") == 1


def test_a_forked_child_in_append_mode(child, folder):
    source = """
        import os, sys
        from hallow.journal.metrics import MetricsLog
        metrics = MetricsLog(sys.argv[1], mapped=False)
        metrics.log("x", 1.0)
        if os.fork() == 0:
            metrics.detach()
            metrics.log("x", 2.0)
            os._exit(0)
        os.wait()
        metrics.log("x", 3.0)
        print(metrics.read()[0].values)
    """
    assert child(source, folder).communicate(timeout=60)[0] == b"[1.0, 3.0]\n"


@pytest.mark.skipif(sys.platform != "linux", reason="needs the list of open files")
def test_no_descriptor_is_left(folder):
    before = len(os.listdir("/proc/self/fd"))
    journal = Journal.create(os.path.join(folder, "j"), {})
    for number in range(40_000):
        journal.metrics.log("x", number)
    journal.metrics.log("x", "text")
    journal.state.write({})
    journal.events.append({})
    journal.close()
    assert len(list(read_points(journal.folder))) == 1
    journal.remove()
    assert len(os.listdir("/proc/self/fd")) == before
