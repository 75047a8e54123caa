"""Points go in and come out: values, steps, names, order, threads, memory."""

from __future__ import annotations

import math
import os
import struct
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallow.journal import held, layout
from hallow.journal.metrics import MetricsLog
from hallow.journal.reader import read_points
from hallow.records.points import Points, linearized
from properties import examples


def flat(points):
    """Each point of each metric: ``{name: [(step, value), ...]}``; NaN and types can be compared."""
    return {
        some.name: [(repr(step), repr(value)) for step, value in zip(some.steps, some.values, strict=True)]
        for some in points
    }


def joined(batches):
    found = {}
    for points in batches:
        for name, pairs in flat(points).items():
            found.setdefault(name, []).extend(pairs)
    return found


# ------------------------------------------------------------------------------------------------ round trips


def test_points_come_back_in_order(metrics):
    metrics.log("loss", 0.5)
    metrics.log("acc", 1)
    metrics.log("loss", 0.25)
    assert metrics.count == 3
    assert [(p.name, p.steps, p.values) for p in metrics.read()] == [("loss", [0, 1], [0.5, 0.25]), ("acc", [0], [1])]


def test_types_are_kept(metrics):
    values = [1.5, 3, True, False, -0.0, 2**63 - 1, -(2**63), math.inf, -math.inf, math.nan]
    for value in values:
        metrics.log("x", value)
    assert list(map(repr, metrics.read()[0].values)) == list(map(repr, values))


def test_other_values_are_kept(metrics):
    values = ["text", None, [1, 2.5, None], {"a": math.nan}, (1, 2), 2**63, -(2**80), b"\xff", {1, 2}]
    for value in values:
        metrics.log("x", value)
    assert list(map(repr, metrics.read()[0].values)) == list(map(repr, values))
    assert metrics.read()[0].steps == list(range(len(values)))


def test_subclasses_of_numbers(metrics):
    numpy = pytest.importorskip("numpy")
    for value in (numpy.float64(0.5), numpy.float32(0.5), numpy.int64(3), numpy.bool_(True)):
        metrics.log("x", value)
    metrics.log("x", 1.0, numpy.int64(7))
    metrics.log("x", 1.0)
    assert list(map(repr, metrics.read()[0].values)) == ["0.5", "0.5", "3", "True", "1.0", "1.0"]
    assert metrics.read()[0].steps == [0, 1, 2, 3, 7, 8]


def test_values_that_resist(metrics, caplog):
    class Hostile:
        def __repr__(self):
            raise RuntimeError

        def __reduce_ex__(self, protocol):
            raise RuntimeError

    metrics.log("x", Hostile())
    metrics.log("x", iter([1]))
    metrics.log("x", 2.0)
    assert metrics.read()[0].values[2] == 2.0
    assert len([record for record in caplog.records if record.levelname == "WARNING"]) == 1


def test_a_changed_object_is_stored_as_it_was(metrics):
    value = [1, 2]
    metrics.log("x", value)
    value.append(3)
    assert metrics.read()[0].values == [[1, 2]]


def test_names(metrics):
    names = ["train.loss", "a/b", "ümläut 漢字 🙂", "", "new\nline", '"', "\ud800", "x" * 5000, "\0"]
    for name in names:
        metrics.log(name, 1.0)
    metrics.log(7, 1.0)
    assert [some.name for some in metrics.read()] == [*names, "7"]


def test_times(metrics):
    metrics.log("x", 1.0, at=12.5)
    metrics.log("x", "text", at=13)
    metrics.log("x", 1.0)
    assert metrics.read()[0].times[:2] == [12.5, 13.0]
    assert abs(metrics.read()[0].times[2] - os.stat(metrics._storage._file.path).st_mtime) < 3600


numbers = st.one_of(st.floats(), st.integers(), st.booleans())
values = st.one_of(numbers, st.text(), st.none(), st.lists(numbers, max_size=3))
points = st.lists(
    st.tuples(st.one_of(st.text(max_size=8), st.sampled_from(["a.b", "a/b", "é"])), values, st.none() | numbers),
    max_size=40,
)


@examples(60)
@given(points=points, mapped=st.sampled_from([True, False, None]))
def test_whatever_is_logged_comes_back(points, mapped, tmp_path_factory):
    """The same from the log, from its files, and after taking it up again."""
    folder = None if mapped is None else str(tmp_path_factory.mktemp("journal"))
    metrics = MetricsLog(folder, mapped=bool(mapped))
    expected, counters = {}, {}
    for name, value, step in points:
        metrics.log(name, value, step)
        if step is None:
            step = counters.get(name, 0)
        if math.isfinite(step):
            counters[name] = step + 1
        expected.setdefault(name, []).append((repr(step), repr(value)))
    assert metrics.count == len(points)
    assert flat(metrics.read()) == expected
    middle = len(points) // 2
    assert joined([metrics.read(0, middle), metrics.read(middle)]) == expected
    metrics.close()
    assert flat(metrics.read()) == expected
    if folder:
        assert joined(read_points(folder)) == expected
        assert flat(MetricsLog(folder).read()) == expected


# ------------------------------------------------------------------------------------------------------ steps


def test_automatic_steps(metrics):
    for step in (None, None, 10, None, 2.5, None, 3, None, True, None, "text", None, math.nan, None, math.inf, None):
        metrics.log("x", 1.0, step)
    metrics.log("y", 1.0, "text")
    metrics.log("y", 1.0)
    expected = [0, 1, 10, 11, 2.5, 3.5, 3, 4, True, 2, "text", 3, math.nan, 4, math.inf, 5]
    assert list(map(repr, metrics.read()[0].steps)) == list(map(repr, expected))
    assert metrics.read()[1].steps == ["text", 0]


def test_steps_beyond_64_bits(metrics):
    metrics.log("x", 1.0, 2**63 - 1)
    metrics.log("x", 1.0)
    metrics.log("x", 1.0, 2**90)
    metrics.log("x", 2**70)
    assert metrics.read()[0].steps == [2**63 - 1, 2**63, 2**90, 2**90 + 1]
    assert metrics.read()[0].values == [1.0, 1.0, 1.0, 2**70]


def test_a_value_beyond_64_bits_uses_up_one_step(metrics):
    for value in (1, 2**64, 2):
        metrics.log("x", value)
    assert metrics.read()[0].steps == [0, 1, 2]


def test_counters_can_be_set(folder):
    metrics = MetricsLog(folder)
    metrics.next_steps["x"] = 100
    metrics.log("x", 1.0)
    assert metrics.next_steps == {"x": 101}
    metrics.next_steps = {"y": 7}
    metrics.log("x", 1.0)
    metrics.log("y", 1.0)
    assert [some.steps for some in metrics.read()] == [[100, 0], [7]]
    metrics.close()


def test_taking_up_a_journal(folder):
    first = MetricsLog(folder)
    first.log("x", 1.0)
    first.log("y", "text")
    first.close()
    second = MetricsLog(folder)
    assert second.count == 2
    second.log("z", 3.0)
    second.log("x", 4.0)
    second.log("y", "more")
    assert flat(second.read()) == {
        "x": [("0", "1.0"), ("0", "4.0")],
        "y": [("0", "'text'"), ("0", "'more'")],
        "z": [("0", "3.0")],
    }
    second.close()
    assert joined(read_points(folder)) == flat(second.read())


# ---------------------------------------------------------------------------------------------------- reading


def test_ranges(metrics):
    for number in range(100):
        metrics.log(f"m{number % 3}", number)
    for start, stop in ((0, 0), (0, 100), (10, 20), (99, 100), (50, 1000), (200, 300), (-5, 3), (30, 20)):
        found = sorted(value for some in metrics.read(start, stop) for value in some.values)
        assert found == list(range(max(start, 0), min(stop, 100)))
    assert len(Points("x", [1], [2], [3.0])) == 1


def test_a_reader_sees_a_log_that_goes_on(folder):
    metrics = MetricsLog(folder)
    metrics.log("x", 1.0)
    assert joined(read_points(folder)) == {"x": [("0", "1.0")]}
    metrics.log("y", 2.0)
    assert joined(read_points(folder, 1)) == {"y": [("0", "2.0")]}
    batches = read_points(folder)
    metrics.close()
    assert joined(batches) == flat(metrics.read())


def test_batches_of_a_long_log(folder):
    metrics = MetricsLog(folder)
    for number in range(150_000):
        metrics.log("x" if number % 2 else "y", number)
    metrics.close()
    batches = list(read_points(folder))
    assert [sum(map(len, points)) for points in batches] == [65536, 65536, 18928]
    assert joined(batches) == flat(metrics.read())
    assert [sum(map(len, points)) for points in read_points(folder, 1000, 67000)] == [65536, 464]


def test_linearized():
    found = linearized(
        [Points("x", [0], [1.0], [0.5]), Points("y", [0], [2.0], [math.nan]), Points("x", [1], [3.0], [7.0])]
    )
    assert list(found) == ["x", "y"]
    assert found["x"]["name"] == "x"
    assert (found["x"]["steps"], found["x"]["values"]) == ([0, 1], [1.0, 3.0])
    assert [time.isoformat() for time in found["x"]["timestamps"]] == [
        "1970-01-01T00:00:00.500000",
        "1970-01-01T00:00:07.000001",
    ]


# ---------------------------------------------------------------------------------------------------- threads


@pytest.mark.parametrize("mapped", [True, False, None])
def test_threads(folder, mapped):
    """Steps are given once, the order within a thread is kept, and reading at the same time harms nothing."""
    metrics = MetricsLog(None if mapped is None else folder, mapped=bool(mapped))
    count = 4000 if mapped is False else 40_000
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)

    def work(thread):
        for number in range(count):
            metrics.log("shared", thread * count + number)
            if number % 500 == 0:
                metrics.log("text", f"{thread}-{number}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(5)]
    try:
        for thread in threads:
            thread.start()
        position, seen = 0, []
        while any(thread.is_alive() for thread in threads):
            end = metrics.count
            seen += [value for some in metrics.read(position, end) if some.name == "shared" for value in some.values]
            position = end
    finally:
        for thread in threads:
            thread.join()
        sys.setswitchinterval(before)
    seen += [value for some in metrics.read(position) if some.name == "shared" for value in some.values]
    by_name = {some.name: some for some in metrics.read()}
    assert by_name["shared"].steps == list(range(5 * count))
    assert by_name["shared"].values == seen
    assert Counter(seen) == Counter(range(5 * count))
    for thread in range(5):
        own = [value for value in seen if value // count == thread]
        assert own == sorted(own)
    assert by_name["text"].steps == list(range(5 * (count // 500)))
    metrics.close()


@pytest.mark.parametrize("mapped", [True, False])
def test_a_signal_handler_may_log_and_raise(child, folder, mapped):
    """Handlers interrupt a call of ``log`` anywhere; one logs, one raises: no step twice, no lock left held."""
    source = """
        import signal, sys, threading
        from hallow.journal.metrics import MetricsLog
        metrics = MetricsLog(sys.argv[1], mapped=sys.argv[2] == "True")
        class Stop(Exception): pass
        handled, caught = 0, False
        def handler(number, frame):
            global handled, caught
            handled += 1
            metrics.log("x", 1.0)
            if handled % 2 and caught:
                caught = False
                raise Stop
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
        while handled < 300:
            try:
                caught = True
                for _ in range(1000):
                    metrics.log("x", 1.0)
                caught = False
            except Stop:
                pass
        signal.setitimer(signal.ITIMER_REAL, 0)
        thread = threading.Thread(target=metrics.log, args=("y", 1.0), daemon=True)
        thread.start()
        thread.join(10)
        assert not thread.is_alive()
        steps = metrics.read()[0].steps
        assert metrics.count == len(steps) + 1
        assert len(steps) == len(set(steps)), "a step twice"
        metrics.close()
        assert sum(len(some) for some in metrics.read()) == metrics.count
        print("fine")
    """
    assert child(source, folder, mapped).communicate(timeout=60)[0] == b"fine\n"


# ----------------------------------------------------------------------------------------------- format, space


def test_the_bytes_of_a_record(folder):
    metrics = MetricsLog(folder)
    metrics.log("x", 0.5, 3, 2.0)
    metrics.log("y", 7, 1.5, 4.0)
    metrics.log("x", True, 8, 4.0)
    metrics.log("x", "text", None, 4.0)
    metrics.close()
    data = Path(os.path.join(folder, "metrics")).read_bytes()
    checks = [(index * 40503 + 0xA55A) & 0xFFFF for index in range(4)]
    assert data == b"".join(
        [
            struct.pack("<dqdIBBH", 0.5, 3, 2.0, 1, 1, 2, checks[0]),
            struct.pack("<qddIBBH", 7, 1.5, 4.0, 2, 2, 1, checks[1]),
            struct.pack("<qqdIBBH", 1, 8, 4.0, 1, 3, 2, checks[2]),
            struct.pack("<qqdIBBH", 0, 9, 4.0, 1, 4, 2, checks[3]),
        ]
    )
    assert Path(os.path.join(folder, "names.jsonl")).read_bytes() == b'"x"\n"y"\n'
    assert Path(os.path.join(folder, "objects.jsonl")).read_bytes() == b'"text"\n'


def test_checks_are_never_zero():
    checks = [layout.check_of(index) for index in range(1 << 16)]
    assert 0 not in checks
    assert len(set(checks)) == (1 << 16) - 1
    assert layout.check_of(1 << 16) == layout.check_of(0)


@pytest.mark.parametrize("mapped", [True, False])
def test_checks_across_windows(folder, mapped):
    """The check that the fast path counts on is that of the format."""
    metrics = MetricsLog(folder, mapped=mapped)
    count = 70_000 if mapped else 100
    for number in range(count):
        metrics.log("x", number if number % 1000 else "text")
    metrics.close()
    data = Path(os.path.join(folder, "metrics")).read_bytes()
    assert len(data) == count * 32
    checks = [check for *_, check in struct.iter_unpack("<8s8sdIBBH", data)]
    assert checks == [layout.check_of(index) for index in range(count)]


def test_space_is_given_back(folder):
    metrics = MetricsLog(folder)
    metrics.log("x", 1.0)
    path = os.path.join(folder, "metrics")
    assert os.path.getsize(path) > 32
    metrics.sync()
    assert os.path.getsize(path) == 32
    metrics.log("x", 2.0)
    metrics.close()
    assert os.path.getsize(path) == 64
    assert metrics.read()[0].values == [1.0, 2.0]


def test_nothing_is_made_before_it_is_needed(folder):
    metrics = MetricsLog(folder)
    assert metrics.read() == []
    metrics.sync()
    metrics.close()
    assert os.listdir(folder) == []


def test_after_the_end(metrics, caplog):
    metrics.log("x", 1.0)
    metrics.close()
    metrics.log("x", 2.0)
    metrics.log("y", 2.0)
    assert metrics.count == 1
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "the run has ended" in caplog.text
    metrics.close()


def test_memory_is_flat(folder):
    """A million points: one window is mapped at a time, and nothing else grows."""
    metrics = MetricsLog(folder)
    log = metrics.log
    log("x", 1.0)
    before = sys.getallocatedblocks()
    for _ in range(1_000_000):
        log("x", 0.5)
    assert sys.getallocatedblocks() - before < 1000
    if os.path.exists("/proc/self/maps"):
        assert Path("/proc/self/maps").read_text().count(os.path.join(folder, "metrics")) == 1
    assert metrics.count == 1_000_001
    assert metrics.read(999_990)[0].steps == list(range(999_990, 1_000_001))
    metrics.close()


# -------------------------------------------------------------------------------------------------- in memory


def test_without_a_folder(monkeypatch):
    monkeypatch.setattr(held, "MOST_HELD", 10_000)
    metrics = MetricsLog(None)
    for number in range(30_000):
        metrics.log("x", number)
    assert metrics.count == 30_000
    kept = metrics.read()[0].values
    assert kept == list(range(kept[0], 30_000))
    assert 8_000 <= len(kept) <= 12_500
    assert metrics.dropped == 30_000 - len(kept)
    metrics.close()
    assert metrics.read()[0].values == kept


def test_what_is_forgotten_is_not_lost(monkeypatch):
    monkeypatch.setattr(held, "MOST_HELD", 10_000)
    metrics = MetricsLog(None)
    for number in range(100_000):
        metrics.log("x", number)
        if number % 5000 == 0:
            metrics.forget(number)
    assert metrics.dropped == 0
    assert metrics.read(99_000)[0].values == list(range(99_000, 100_000))
