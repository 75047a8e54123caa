"""Metrics and output in MongoDB, whatever their size and whatever fails meanwhile, compared with simple models."""

from __future__ import annotations

import math
import random
from types import SimpleNamespace
from datetime import datetime, timedelta

import bson
import pytest
from bson.raw_bson import RawBSONDocument
from hypothesis import given, settings
from hypothesis import strategies as st
from pymongo.errors import AutoReconnect

from hallow.backends.mongo import curves as curves_module
from hallow.backends.mongo import output as output_module
from hallow.backends.mongo import points as points_module
from hallow.backends.mongo.observer import MongoObserver
from hallow.backends.mongo.packing import counted, pack, unpack
from hallow.backends.mongo.recording import Recording
from hallow.errors import RecordError
from hallow.records.points import Points, joined
from hallow.testing.contract.support import Session, T
from properties import examples

#: Bytes that a document may have.
MOST = 1_000_000
SUITED = examples(25)


@pytest.fixture
def database(mongo_server, mongo_database):
    with mongo_server.client() as client:
        yield client[mongo_database]


@pytest.fixture
def observer(mongo_server, mongo_database, mongo_commands):
    """Made when its commands are counted already."""
    return MongoObserver(mongo_server.uri, mongo_database)


def largest(database) -> int:
    """Bytes of the largest document, of all collections but those of files."""
    options = bson.CodecOptions(document_class=RawBSONDocument)
    names = [name for name in database.list_collection_names() if not name.startswith("fs.")]
    return max(
        len(document.raw) for name in names for document in database.get_collection(name, codec_options=options).find()
    )


# --------------------------------------------------------------------------------------------------- packing

CELLS = st.one_of(
    st.lists(st.floats()),
    st.lists(st.integers(-(1 << 63), (1 << 63) - 1)),
    st.lists(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text())),
)


@given(st.lists(st.tuples(st.text(), CELLS, CELLS), max_size=4), st.integers(0, 30))
@examples(200)
def test_points_are_packed_and_unpacked(columns, count):
    points = []
    for name, steps, values in columns:
        size = min(len(steps), len(values))
        points.append(Points(name, steps[:size], values[:size], [1.7e9 + n / 7 for n in range(size)]))
    data = pack(points)
    filled = [some for some in points if len(some)]
    assert repr(unpack(data)) == repr(filled)
    assert [(some.name, len(some)) for some in unpack(data, count=count)] == list(counted(data, count))
    assert repr(unpack(data, lambda name: name == "a")) == repr([some for some in filled if some.name == "a"])


@given(st.binary(max_size=60), st.integers(0, 200))
@settings(deadline=None)
def test_damaged_bytes_are_an_error_of_ours(garbage, place):
    good = pack([Points("m", [1, 2], [0.5, "x"], [1.0, 2.0])])
    for data in (garbage, good[:place], good[:place] + garbage + good[place + len(garbage) :]):
        for read in (unpack, lambda data: list(counted(data, 5))):
            try:
                read(data)
            except RecordError:
                pass


def test_many_points_are_packed_small():
    """Steps that count and times that pass cost next to nothing."""
    count = 1 << 16
    points = Points(
        "m", list(range(count)), [1 / (n + 1) for n in range(count)], [1.7e9 + n / 64 for n in range(count)]
    )
    assert len(pack([points])) < 10 * count


# --------------------------------------------------------------------------------------------------- metrics


def overview(points: Points, capacity: int) -> tuple[list, list]:
    """What a metric document has to show."""
    every = 1
    while math.ceil(len(points) / every) > capacity:
        every *= 2
    numbers = [number for number in range(len(points)) if number % every == 0 or number == len(points) - 1]
    return [points.steps[n] for n in numbers], [points.values[n] for n in numbers]


class Flaky:
    """A collection of which some calls fail, before or after they are carried out."""

    def __init__(self, collection, chance: random.Random):
        self._collection, self._chance = collection, chance

    def __getattr__(self, name):
        method = getattr(self._collection, name)
        if name not in ("bulk_write", "insert_many", "delete_many", "replace_one"):
            return method

        def call(*args, **kwargs):
            fate = self._chance.random()
            if fate < 0.15:
                raise AutoReconnect("before")
            found = method(*args, **kwargs)
            if fate < 0.3:
                raise AutoReconnect("after")
            return found

        return call


BATCHES = st.lists(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 40)), min_size=1, max_size=4), max_size=8)


@SUITED
@given(batches=BATCHES, seed=st.integers(), reopen=st.integers(0, 8))
def test_metrics_are_complete_whatever_fails(database, observer, monkeypatch, batches, seed, reopen):
    """The delivery sends a batch until it arrives, with what was logged meanwhile behind it."""
    monkeypatch.setattr(curves_module, "CAPACITY", 8)
    monkeypatch.setattr(points_module, "PART", 64)
    chance = random.Random(seed)
    session = Session(None, observer=observer)
    recording = observer._recording
    waiting: list[Points] = []
    sent = number = 0
    everything: list[Points] = []
    for place, batch in enumerate(batches):
        if place == reopen:
            recording = Recording(observer._database, session.run_id, [])
        _make_flaky(recording, observer, chance)
        for name, count in batch:
            new = Points(name, list(range(number, number + count)), [n / 2 for n in range(count)], [1.7e9] * count)
            number += count
            waiting.append(new)
            everything.append(new)
        try:
            recording.write_points(sent, list(joined(waiting).values()))
        except AutoReconnect:
            continue
        sent, waiting = number, []
        _check_metrics(database, observer, session.run_id, joined(everything))
    _make_flaky(recording, observer, None)
    if waiting:
        recording.write_points(sent, list(joined(waiting).values()))
    if everything:
        _check_metrics(database, observer, session.run_id, joined(everything))


class LosingAnswers(Flaky):
    """A collection of which each change is carried out, and the answer is lost."""

    def __init__(self, collection):
        super().__init__(collection, SimpleNamespace(random=lambda: 0.2))


def test_points_are_known_to_be_replaced_also_if_the_answer_was_lost(database, observer, monkeypatch):
    """The document of 17 points has as many as that of 9: its size does not tell that it is to be made anew."""
    monkeypatch.setattr(curves_module, "CAPACITY", 8)
    session = Session(None, observer=observer)
    first, second = (
        Points("c", list(range(a, b)), [n / 2 for n in range(a, b)], [1.7e9] * (b - a)) for a, b in ((0, 9), (9, 17))
    )
    recording = observer._recording
    recording.write_points(0, [first])
    recording._curves._metrics = LosingAnswers(database.metrics)
    with pytest.raises(AutoReconnect):
        recording.write_points(9, [second])
    recording = Recording(observer._database, session.run_id, [])
    recording._log._database = SimpleNamespace(points=LosingAnswers(database.hallow_points))
    with pytest.raises(AutoReconnect):
        recording.write_points(9, [second])
    recording._log._database = observer._database
    recording.write_points(9, [second])
    _check_metrics(database, observer, session.run_id, joined([first, second]))


def _make_flaky(recording, observer, chance):
    database = observer._database
    for owner, name, collection in (
        (recording._curves, "_metrics", database.metrics),
        (recording._log._database, "points", database.points),
    ):
        plain = collection._collection if isinstance(collection, Flaky) else collection
        setattr(owner, name, plain if chance is None else Flaky(plain, chance))


def _check_metrics(database, observer, run_id, everything):
    read = joined(observer.store().get(run_id).contents.read_points())
    assert read == everything
    documents = {one["name"]: one for one in database.metrics.find({"run_id": run_id})}
    assert len(documents) == database.metrics.count_documents({"run_id": run_id})
    for name, points in everything.items():
        document = documents[name]
        assert (document["steps"], document["values"]) == overview(points, 8)
        assert len(document["timestamps"]) == len(document["steps"])


def test_metrics_rewrite(observer, mongo_commands):
    """After so many points that the document is full, a beat sends as much as at first."""
    session = Session(None, observer=observer)
    costs = []
    for number, count in enumerate((10, 10, 16_374, 20_000, 10, 10)):
        before = mongo_commands.total_size
        session.log("m", count)
        session.beat()
        if number in (1, 5):
            costs.append(mongo_commands.total_size - before)
    assert costs[1] < 1.5 * costs[0]


def test_O_22_every_document_stays_small_and_parallel(database, observer):
    """A hundred thousand points, of numbers and of texts."""
    session = Session(None, observer=observer)
    count = 100_000
    for start in range(0, count, 20_000):
        numbers = range(start, start + 20_000)
        observer.points_event(
            points=[
                Points("m", list(numbers), [n / 3 for n in numbers], [1.7e9 + n for n in numbers]),
                Points("text", [f"step {n} " * 9 for n in numbers], [f"ü{n}" * 20 for n in numbers], [1.7e9] * 20_000),
            ]
        )
    session.complete()
    assert largest(database) < MOST
    for document in database.metrics.find():
        assert len(document["steps"]) == len(document["values"]) == len(document["timestamps"]) <= 16_384 + 1
        assert all(type(step) is int for step in document["steps"])
        assert all(type(moment) is datetime for moment in document["timestamps"])
    curve = database.metrics.find_one({"name": "m"})
    assert (curve["steps"][:3], curve["steps"][-1]) == ([0, 8, 16], count - 1)
    assert curve["timestamps"][1] - curve["timestamps"][0] == timedelta(seconds=8)
    record = observer.store().get(session.run_id)
    assert record.contents.count_points() == 2 * count
    assert record.read_metrics("text")["text"].values[-1] == f"ü{count - 1}" * 20


@pytest.mark.slow
def test_mongo_16mb_of_everything(breakable_mongo):
    """Two million points and 40 MB of output; a server in memory would be too small."""
    observer = MongoObserver(breakable_mongo.uri, "large")
    session = Session(None, observer=observer)
    count, chance = 2_000_000, random.Random(1)
    sums = 0.0
    for start in range(0, count, 1 << 16):
        steps = list(range(start, min(start + (1 << 16), count)))
        values = [chance.random() for _ in steps]
        sums += math.fsum(values)
        times = [1.7e9 + step * 0.0137 + chance.random() * 1e-3 for step in steps]
        observer.points_event(points=[Points("loss", steps, values, times)])
    text = "".join(f"a line of output, number {number}, größe ✓\n" for number in range(20_000))
    size = len(text.encode())
    for position in range(0, 40_000_000, size):
        observer.output_event(text=text, position=position)
        session.beat()
    session.complete(1)
    with breakable_mongo.client() as client, observer.store() as store:
        assert largest(client["large"]) < MOST
        record = store.get(1)
        points = record.metrics["loss"]
        assert points.steps == list(range(count))
        assert math.fsum(points.values) == pytest.approx(sums)
        output = record.output
        assert len(output.encode()) == -(-40_000_000 // size) * size
        assert output == text * (len(output) // len(text))
        assert record.tail(2) == "".join(text.splitlines(keepends=True)[-2:])


def test_values_of_odd_kinds(database, observer):
    """The document for clients has numbers; what they stand for is read back as it was."""
    session = Session(None, observer=observer)
    values = [1, 2.5, True, None, math.inf, 1 << 80, "a text that is long", [1, {"a.b": 2}], "\ud800"]
    observer.points_event(points=[Points("m", list(range(len(values))), values, [1.7e9] * len(values))])
    session.complete()
    assert observer.store().get(session.run_id).metrics["m"].values == values
    shown = database.metrics.find_one({"name": "m"})["values"]
    assert shown[:6] == [1, 2.5, True, None, math.inf, float(1 << 80)]
    assert shown[6:] == ["a text that is l", '[1, {"a.b": 2}]', "\\ud800"]


def test_a_writer_that_was_killed_in_the_middle(database, observer):
    """The points are stored before the documents for clients; who takes up the run brings these up to date."""
    session = Session(None, observer=observer)
    session.log("m", 10)
    session.log("other", 3)
    session.beat()
    new = [Points("m", [7, 8], [0.5, 0.25], [1.7e9] * 2), Points("late", [1], [2.0], [1.7e9])]
    observer._recording._log.write(13, new)
    again = MongoObserver(client=database.client, db_name=database.name)
    stored = again.reopen(session.run_id)
    assert stored.points == 16
    again.interrupted_event(interrupt_time=T, status="DIED")
    documents = {one["name"]: one["steps"] for one in database.metrics.find()}
    assert documents == {"m": [*range(10), 7, 8], "other": [10, 11, 12], "late": [1]}


# ---------------------------------------------------------------------------------------------------- output

WRITES = st.lists(st.tuples(st.integers(0, 60), st.text("aß€😀\n", max_size=60), st.booleans()), max_size=12)


@SUITED
@given(writes=WRITES, seed=st.integers(), reopen=st.integers(0, 12))
def test_output_is_complete_whatever_fails(database, observer, monkeypatch, writes, seed, reopen):
    """What is shown is the output, or its end; both are UTF-8 at every moment."""
    for name, size in (("CHUNK", 16), ("_SMALL", 6), ("SHOWN", 64), ("KEPT", 32)):
        monkeypatch.setattr(output_module, name, size)
    monkeypatch.setattr("hallow.backends.mongo.recording.KEPT", 32)
    chance = random.Random(seed)
    session = Session(None, observer=observer)
    recording = observer._recording
    stored = b""
    for place, (back, text, beat) in enumerate(writes):
        if place == reopen:
            recording = Recording(observer._database, session.run_id, [])
        _make_output_flaky(recording, observer, chance)
        position = _whole_characters(stored, max(0, len(stored) - back))
        data = text.encode()
        for _ in range(50):
            try:
                recording.write_output(position, data)
                break
            except AutoReconnect:
                pass
        stored = stored[:position] + data
        contents = observer.store().get(session.run_id).contents
        assert contents.read_output(0, contents.output_size()) == stored
        if beat:
            _make_output_flaky(recording, observer, None)
            recording.update({"heartbeat": None})
            shown = database.runs.find_one({"_id": session.run_id})["captured_out"]
            _check_shown(shown, stored)
    _make_output_flaky(recording, observer, None)


def _make_output_flaky(recording, observer, chance):
    database = observer._database
    plain = database.output._collection if isinstance(database.output, Flaky) else database.output
    database.output = plain if chance is None else Flaky(plain, chance)


def _whole_characters(data: bytes, position: int) -> int:
    while position and position < len(data) and data[position] & 0xC0 == 0x80:
        position -= 1
    return position


def _check_shown(shown: str, stored: bytes) -> None:
    if not shown.startswith("[... "):
        assert shown.encode() == stored
        return
    lead, _, rest = shown.partition("\n")
    left_out = int(lead.split()[1])
    assert rest.encode() == stored[left_out:]
    assert len(shown.encode()) <= 64 + len(lead) + 1


def test_O_20_a_long_output_is_shown_by_its_end(database, observer, mongo_commands):
    """The document stays small, is never without the text, and a beat sends only what is new."""
    session = Session(None, observer=observer)
    text = "".join(f"line {number}, größe ☃ {'x' * 50}\n" for number in range(400))
    whole = ""
    for number in range(60):
        before = mongo_commands.total_size
        session.write(text)
        session.beat()
        whole += text
        assert mongo_commands.total_size - before < 2.5 * len(text.encode()) + 70_000
        shown = database.runs.find_one({"_id": session.run_id})["captured_out"]
        assert len(shown.encode()) <= 132_000
        if number == 2:
            assert shown == whole
    assert shown.endswith(text)
    lead, _, rest = shown.partition("\n")
    assert whole.encode().endswith(rest.encode())
    assert int(lead.split()[1]) + len(rest.encode()) == len(whole.encode())
    before = mongo_commands.total_size
    session.write("y")
    session.beat()
    assert mongo_commands.total_size - before < 3_000
    session.complete()
    assert observer.store().get(session.run_id).output == whole + "y"
    assert largest(database) < MOST


def test_a_server_that_cannot_append_is_sent_what_is_shown(database, observer):
    """Some databases that speak the protocol have no updates with stages of an aggregation."""
    session = Session(None, observer=observer)
    observer._recording.shown.can_append = False
    for word in ("one\n", "two\n"):
        session.write(word)
        session.beat()
    assert database.runs.find_one({"_id": session.run_id})["captured_out"] == "one\ntwo\n"


def test_captured_out_is_a_text_also_when_it_is_none(database, observer):
    session = Session(None, observer=observer)
    assert database.runs.find_one({"_id": session.run_id})["captured_out"] == ""
    observer.output_event(text="\ud800 \0 half", position=0)
    session.beat()
    assert database.runs.find_one({"_id": session.run_id})["captured_out"] == "\\ud800 \0 half"
