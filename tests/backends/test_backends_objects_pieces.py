"""What grows, in objects: nothing is lost, nothing is wrong, whatever fails or is killed in between."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallow.backends.objects import pieces
from hallow.backends.objects.access import Objects
from hallow.backends.objects.classic import metrics_json
from hallow.backends.objects.lines import cut_bytes, cut_points, points_in, points_lines
from hallow.backends.objects.pieces import PieceWriter, read_pieces
from hallow.errors import RecordError
from hallow.records.points import Points, joined
from properties import examples


class Unsteady(Objects):
    """Objects in memory; after so many writes and removals there is an error, before or after the last one is done."""

    def __init__(self):
        super().__init__("memory://unused", {})
        self.contents, self.sent, self.steps, self.left, self.too_late = {}, 0, 0, None, False

    def _step(self, do):
        self.steps += 1
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                self.left = None
                if self.too_late:
                    do()
                raise ConnectionError("away")
        do()

    def write(self, name, content, content_type=None):
        self.sent += len(content)
        self._step(lambda: self.contents.__setitem__(name, content))

    def remove(self, names):
        self._step(lambda: [self.contents.pop(name, None) for name in names])

    def read(self, name, start=None, stop=None):
        return self.contents[name]

    def read_many(self, names, patience=None):
        return {name: self.contents[name] for name in names if name in self.contents}

    def below(self, *folders):
        return {name: len(content) for name, content in self.contents.items()}


def stored(objects):
    return b"".join(content[known:] for _, known, content in read_pieces(objects, "log"))


CHANGES = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 0, 0, 1, 7, 40]),  # bytes that are taken back
        st.integers(0, 60),  # bytes that are new
        st.integers(0, 3),  # steps until it fails
        st.sampled_from(["well", "well", "well", "before", "after", "killed before", "killed after"]),
    ),
    min_size=8,
    max_size=60,
)


@examples(300)
@given(changes=CHANGES, full=st.sampled_from([20, 50, 1000]))
def test_what_is_stored_is_a_beginning_at_every_moment(changes, full):
    objects, model = Unsteady(), b""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "_FAN_IN", 3)
        patch.setattr(pieces, "_FULL", full)
        log = PieceWriter(objects, "log", "", cut_bytes)
        for number, (back, new, left, how) in enumerate(changes):
            position = max(0, len(model) - back)
            data = bytes([number % 256]) * new
            after = model[:position] + data
            objects.left, objects.too_late = (None if how == "well" else left), how.endswith("after")
            try:
                log.write(position, [(len(data), data)])
            except ConnectionError:
                found = stored(objects)
                assert model.startswith(found) or after.startswith(found)
                assert len(found) >= position
                if how.startswith("killed"):
                    log = PieceWriter(objects, "log", "", cut_bytes)
                    log.take_up()
                    model = found
                    assert log.end == len(found)
                else:  # sent again
                    log.write(position, [(len(data), data)])
                    model = after
            else:
                objects.left = None
                model = after
            assert stored(objects) == model
            assert b"".join(log.read()) == model
            assert (log.end, log.size) == (len(model), len(model))


def some_points(first, count, name="m"):
    numbers = range(first, first + count)
    return Points(name, list(numbers), [n / 2 for n in numbers], [1.7e9 + n for n in numbers])


@examples(60)
@given(batches=st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), min_size=1, max_size=40))
def test_points_may_be_sent_again_from_any_of_them_on(batches):
    objects, count = Unsteady(), 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "_FAN_IN", 3)
        log = PieceWriter(objects, "log", ".jsonl", cut_points)
        for back, new in batches:
            first = max(0, count - back)
            half = new // 2
            batch = [some_points(first, half, "a"), some_points(first + half, new - half, "b")]
            log.write(first, [(new, points_lines(batch))])
            count = first + new
    found = [point for content in [stored(objects)] for some in points_in(content) for point in some.steps]
    assert found == list(range(count))


def test_ten_thousand_beats_leave_some_hundred_objects_and_each_byte_is_sent_a_few_times():
    objects = Unsteady()
    log = PieceWriter(objects, "log", ".jsonl", cut_points)
    largest = 0
    for beat in range(10_000):
        before = objects.sent
        log.write(beat * 10, [(10, points_lines([some_points(beat * 10, 10)]))])
        largest = max(largest, objects.sent - before)
    assert len(objects.contents) < 300
    assert objects.sent < 4 * sum(map(len, objects.contents.values()))
    assert largest < 600_000
    assert objects.steps < 2.3 * 10_000
    metric = joined(some for content in [stored(objects)] for some in points_in(content))["m"]
    assert metric.steps == list(range(100_000))


def test_a_reader_follows_pieces_that_are_merged_while_it_reads(monkeypatch):
    objects = Unsteady()
    log = PieceWriter(objects, "log", "", cut_bytes)
    for number in range(16):
        log.write(number, [(1, b"%x" % number)])
    monkeypatch.setattr(pieces, "_AT_ONCE", 4)
    found = b""
    for number, (_, known, content) in enumerate(read_pieces(objects, "log")):
        found += content[known:]
        if number == 5:
            log.write(16, [(1, b"!")])  # makes one of the first sixteen
    assert found == b"0123456789abcdef!"


def test_a_part_that_was_removed_from_outside_is_an_error_that_says_so():
    objects = Unsteady()
    log = PieceWriter(objects, "log", "", cut_bytes)
    log.write(0, [(3, b"abc")])
    log.write(3, [(3, b"def")])
    objects.contents.pop("log/000000000000000-000000000000003")
    assert stored(objects) == b""
    again = PieceWriter(objects, "log", "", cut_bytes)
    again.take_up()
    with pytest.raises(RecordError, match="ends at 0"):
        again.write(6, [(1, b"g")])


def test_names_that_are_no_pieces_are_left_out():
    objects = Unsteady()
    log = PieceWriter(objects, "log", "", cut_bytes)
    log.write(0, [(3, b"abc")])
    for name in ("log/.x.tmp", "log/notes", "log/1-2", "log/000000000000003-000000000000003", "log/"):
        objects.contents[name] = b"foreign"
    assert stored(objects) == b"abc"


# -------------------------------------------------------------------------------------------------- metrics.json


def test_metrics_json_looks_as_json_makes_it():
    points = [
        Points("b", [0, 0.5], [1.5, float("nan")], [1.7e9, 1.7e9 + 0.25]),
        Points("a.b", [3], [{"py/tuple": [1, 2]}], [1.7e9]),
        Points("b", [7], [float("-inf")], [1.7e9]),
        Points("none", [], [], []),
    ]
    text = b"".join(metrics_json([points_lines(points[:2]), points_lines(points[2:])])).decode()
    found = json.loads(text)
    assert list(found) == ["a.b", "b"]
    assert found["b"]["steps"] == [0, 0.5, 7]
    assert found["b"]["timestamps"][1] == "2023-11-14T22:13:20.250000"
    assert found["b"]["values"][2] == float("-inf")
    assert text == json.dumps(found, sort_keys=True, indent=2)


def test_metrics_json_of_a_run_without_points():
    assert b"".join(metrics_json([])) == b"{}"
