"""What a reader makes of files that are torn, cut, or full of garbage."""

from __future__ import annotations

import json
import os
import random
import struct
from pathlib import Path

import pytest

from hallow.journal.decoding import count_records
from hallow.journal.events import EventLog
from hallow.journal.journal import Journal
from hallow.journal.layout import FORMAT, SLOT_SIZE, VERSION, check_of
from hallow.journal.metrics import MetricsLog
from hallow.journal.reader import read_output, read_points, scan
from hallow.journal.state import StateFile


def logged(folder, count=8):
    """The bytes of a log with points of several kinds."""
    metrics = MetricsLog(folder)
    for number in range(count):
        metrics.log("xy"[number % 2], [0.5, 3, "text", True][number % 4], number)
    metrics.close()
    return Path(folder, "metrics").read_bytes()


def steps_in(folder):
    return sorted(step for points in read_points(folder) for some in points for step in some.steps)


def test_a_torn_tail_at_every_byte(folder):
    data = logged(folder)
    path = Path(folder, "metrics")
    for size in range(len(data) + 1):
        for spare in (b"", bytes(100), b"\xff" * 40):
            path.write_bytes(data[:size] + spare)
            whole = size // 32
            # A record whose last byte only is missing may be completed by what follows; then it is whole.
            assert steps_in(folder)[:whole] == list(range(whole))
            assert len(steps_in(folder)) == count_records(str(path)) == whole


def test_going_on_behind_a_torn_tail(folder):
    data = logged(folder)
    for size in (0, 31, 33, 100, 255, 256):
        Path(folder, "metrics").write_bytes(data[:size] + b"\x55" * 20)
        metrics = MetricsLog(folder)
        assert metrics.count == size // 32
        metrics.log("x", 1.0, 1000)
        metrics.log("new", "text", 1001)
        assert metrics.count == size // 32 + 2
        metrics.close()
        assert steps_in(folder) == [*range(size // 32), 1000, 1001]


def test_garbage_among_records(folder):
    """A record that was never written, or overwritten, harms no other."""
    data = bytearray(logged(folder, 100))
    data[32 * 10 : 32 * 11] = bytes(32)
    data[32 * 20 : 32 * 22] = b"\xff" * 64
    Path(folder, "metrics").write_bytes(data)
    assert steps_in(folder) == [step for step in range(100) if step not in (10, 20, 21)]
    assert count_records(os.path.join(folder, "metrics")) == 100


def test_random_garbage(folder):
    """Whatever the files hold, reading ends without an error."""
    source = random.Random(1)
    for _ in range(40):
        for name in ("metrics", "names.jsonl", "objects.jsonl", "events.jsonl", "state", "journal.json", "output"):
            Path(folder, name).write_bytes(source.randbytes(source.randrange(3000)))
        list(read_points(folder))
        journal = Journal.open(folder)
        assert journal.problems
        assert journal.state.read() is None
        assert list(journal.events) == []
        scan(folder)
        MetricsLog(folder).read()


def test_records_of_garbage_that_fit_their_check(folder):
    """Numbers of names and offsets that lead nowhere."""
    records = [
        struct.pack("<dqdIBBH", 1.0, 0, 2.0, 77, 1, 2, check_of(0)),
        struct.pack("<qqdIBBH", -5, 1, 2.0, 1, 4, 2, check_of(1)),
        struct.pack("<qqdIBBH", 1 << 62, 2, 2.0, 1, 4, 4, check_of(2)),
        struct.pack("<qqdIBBH", 5, 3, float("nan"), 1, 3, 2, check_of(3)),
        struct.pack("<qqdIBBH", 5, 4, 2.0, 1, 5, 2, check_of(4)),  # no such kind
        struct.pack("<qqdIBBH", 5, 5, 2.0, 0, 2, 2, check_of(5)),  # no such name
    ]
    Path(folder, "metrics").write_bytes(b"".join(records))
    [points] = list(read_points(folder))
    assert [(some.name, some.steps, some.values) for some in points] == [
        ("unnamed.77", [0], [1.0]),
        ("unnamed.1", [1, None, 3], [None, None, True]),
    ]


def test_lost_names(folder):
    logged(folder)
    path = Path(folder, "names.jsonl")
    path.write_bytes(b'"x"\n"y')
    assert [some.name for some in next(read_points(folder))] == ["x", "unnamed.2"]
    path.write_bytes(b'[1]\n"y"\n')
    assert [some.name for some in next(read_points(folder))] == ["unnamed.1", "y"]
    metrics = MetricsLog(folder)
    metrics.log("z", 1.0)
    assert [some.name for some in metrics.read()] == ["unnamed.1", "y", "z"]
    metrics.close()
    path.unlink()
    assert [some.name for some in next(read_points(folder))] == ["unnamed.1", "unnamed.2", "unnamed.3"]


def test_lost_objects(folder):
    logged(folder)
    path = Path(folder, "objects.jsonl")
    path.write_bytes(path.read_bytes()[:-1])
    assert [some.values for some in next(read_points(folder))] == [[0.5, "text", 0.5, None], [3, True, 3, True]]
    path.unlink()
    assert next(read_points(folder))[0].values == [0.5, None, 0.5, None]


def test_no_folder(tmp_path):
    missing = str(tmp_path / "missing")
    assert list(read_points(missing)) == []
    assert read_output(missing) == b""
    assert scan(missing).points == 0
    assert Journal.open(missing).problems


def test_output(folder):
    Path(folder, "output").write_bytes(b"0123456789")
    assert read_output(folder) == b"0123456789"
    assert read_output(folder, 3, 4) == b"3456"
    assert read_output(folder, 8, 100) == b"89"
    assert read_output(folder, 20) == b""


# ------------------------------------------------------------------------------------------------------ state


def test_state(folder):
    state = StateFile(os.path.join(folder, "state"))
    assert state.read() is None
    for number in range(5):
        state.write({"beat": number, "loss": float("nan"), "object": {1, 2}})
        assert state.read()["beat"] == number
    assert StateFile.read_from(state.path)["beat"] == 4
    other = StateFile(state.path)
    other.write({"beat": 5})
    assert state.read() == {"beat": 5}
    assert os.path.getsize(state.path) == 2 * SLOT_SIZE


def test_a_torn_slot(folder):
    """Whatever part of the newest slot is written, the state is the new one or the one before it."""
    path = os.path.join(folder, "state")
    state = StateFile(path)
    state.write({"beat": 1, "more": "x" * 300})
    state.write({"beat": 2, "more": "y" * 300})
    before = Path(path).read_bytes()
    state.write({"beat": 3, "more": "z" * 300})
    after = Path(path).read_bytes()
    start = next(index for index in range(len(before)) if before[index] != after[index]) // SLOT_SIZE * SLOT_SIZE
    for size in (*range(400), SLOT_SIZE - 1, SLOT_SIZE):
        torn = before[:start] + after[start : start + size] + before[start + size :]
        Path(path).write_bytes(torn)
        assert StateFile(path).read()["beat"] in ((2,) if size < 300 else (2, 3))
        StateFile(path).write({"beat": 9})
        assert StateFile(path).read() == {"beat": 9}
    Path(path).write_bytes(after[: SLOT_SIZE + 10])
    assert StateFile(path).read()["beat"] in (2, 3)
    Path(path).write_bytes(b"")
    assert StateFile(path).read() is None


def test_a_state_that_is_too_long(folder):
    state = StateFile(os.path.join(folder, "state"))
    state.write({"beat": 1})
    with pytest.raises(ValueError, match="does not fit"):
        state.write({"x": "y" * SLOT_SIZE})
    assert state.read() == {"beat": 1}


# ----------------------------------------------------------------------------------------------------- events


def test_events(folder):
    events = EventLog(os.path.join(folder, "events.jsonl"))
    assert list(events) == []
    written = [{"event": "info", "info": {"ü": [1, None]}}, {"event": "x", "nan": float("inf")}, {"event": "y\n"}]
    offsets = [events.append(event) for event in written]
    assert [events.read(offset) for offset in offsets] == written
    assert list(events) == list(zip(offsets, written, strict=True))
    assert Path(events.path).read_text().count("\n") == 3
    for line in Path(events.path).read_text().splitlines():
        json.loads(line, parse_constant=pytest.fail)


def test_events_take_any_value(folder):
    events = EventLog(os.path.join(folder, "events.jsonl"))
    offset = events.append({"event": "x", "lock": __import__("threading").Lock(), "tuple": (1, 2), 3: 4})
    assert events.read(offset)["tuple"] == {"py/tuple": [1, 2]}
    assert "hallow/unstorable" in events.read(offset)["lock"]


def test_a_torn_event(folder):
    """At every byte: the whole events are there, and the next one is not swallowed."""
    path = Path(folder, "events.jsonl")
    events = EventLog(str(path))
    first, second = {"event": "first"}, {"event": "second", "text": "ü"}
    events.append(first)
    end = path.stat().st_size
    events.append(second)
    data = path.read_bytes()
    for size in range(len(data) + 1):
        path.write_bytes(data[:size])
        expected = [first][: size >= end] + [second][: size >= len(data)]
        assert [event for _, event in events] == expected
        offset = events.append({"event": "next"})
        assert events.read(offset) == {"event": "next"}
        # What lacks nothing but the end of its line is whole again.
        assert [event for _, event in events][-1] == {"event": "next"}
        assert [event for _, event in events][: len(expected)] == expected
    with pytest.raises(ValueError, match="no event"):
        events.read(3)
    with pytest.raises(ValueError, match="no event"):
        events.read(10_000)


def test_several_processes_append_events(folder, child):
    source = """
        import sys
        from hallow.journal.events import EventLog
        events = EventLog(sys.argv[1])
        for number in range(300):
            offset = events.append({"who": sys.argv[2], "number": number})
            assert events.read(offset) == {"who": sys.argv[2], "number": number}
    """
    path = os.path.join(folder, "events.jsonl")
    children = [child(source, path, who) for who in "abc"]
    assert [process.wait(60) for process in children] == [0, 0, 0]
    found = [(event["who"], event["number"]) for _, event in EventLog(path)]
    assert sorted(found) == [(who, number) for who in "abc" for number in range(300)]


# ----------------------------------------------------------------------------------------------------- header


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "cannot be read"),
        ("", "damaged"),
        ('{"format": ', "damaged"),
        ("[]", "not the header"),
        ('{"format": "other"}', "not the header"),
        (json.dumps({"format": FORMAT, "version": VERSION + 1}), "versions up to"),
        (json.dumps({"format": FORMAT, "version": "x"}), "versions up to"),
    ],
)
def test_a_damaged_header(folder, text, problem):
    logged(folder)
    if text is not None:
        Path(folder, "journal.json").write_text(text)
    journal = Journal.open(folder)
    assert problem in journal.problems[0]
    assert journal.metrics.count == 8
    assert scan(folder).points == 8
    assert journal.last_sign() > 0


def test_a_torn_record_is_reported(folder):
    Journal.create(os.path.join(folder, "j"), {})
    path = Path(folder, "j", "metrics")
    path.write_bytes(bytes(40))
    assert Journal.open(str(path.parent)).problems == []  # space for later records
    path.write_bytes(bytes(39) + b"x")
    assert Journal.open(str(path.parent)).problems == ["metrics ends with 8 bytes that are no record"]
