"""What the SQL back-end promises beyond the contract, on SQLite and PostgreSQL."""

import json
import logging
import math
import os
import pickle
import threading
from datetime import datetime, timezone
from hashlib import md5

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hallow
from hallow.errors import RunExistsError, RunInterrupt, StoreError
from hallow.records.points import Points
from hallow.testing.contract.support import Session, T

pytest.importorskip("sqlalchemy")

from sqlalchemy import create_engine, event, func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import sessionmaker

from hallow.backends.sql import contents, layout, output
from hallow.backends.sql.observer import DEFAULT_SQL_PRIORITY, SqlObserver
from hallow.backends.sql.store import BATCH
from hallow.backends.sql.tables import Artifact, Base, Experiment, Run, Source
from properties import examples


class Place:
    """A database and the observers made for it."""

    def __init__(self, url):
        self.url = url
        self.made = []

    def observer(self, **options):
        self.made.append(SqlObserver(self.url, **options))
        return self.made[-1]

    def run(self, main, config=None, **options):
        ex = hallow.Experiment("sql", save_git_info=False)
        ex.observers.append(self.observer())
        ex.add_config(config or {"lr": 0.1})
        ex.main(main)
        return ex.run(options={"--capture": "sys", **{f"--{name}": value for name, value in options.items()}})

    def record(self, run_id):
        with hallow.open_store(self.url) as store:
            return store.get(run_id)

    def rows(self, statement, **values):
        engine = create_engine(self.url)
        with engine.begin() as connection:
            found = connection.execute(text(statement), values)
            rows = [tuple(row) for row in found] if found.returns_rows else []
        engine.dispose()
        return rows

    def close(self):
        for observer in self.made:
            observer.engine.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def place(request, tmp_path):
    url = f"sqlite:///{tmp_path}/runs.sqlite"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_database")
    place = Place(url)
    yield place
    place.close()


@pytest.fixture
def sqlite(tmp_path):
    place = Place(f"sqlite:///{tmp_path}/runs.sqlite")
    yield place
    place.close()


# ------------------------------------------------------------------------------------- what Sacred's observer loses


@pytest.mark.parametrize(
    "result", ["text", [1, 2], {"acc": 0.5, "deep": {"a": (1,)}}, True, 2**80, math.nan, math.inf, 3]
)
def test_O_30_any_result_is_stored(place, result):
    run = place.run(lambda: result)
    record = place.record(run._id)
    assert record.status == "COMPLETED"
    assert str(record.result) == str(result)
    [(number,)] = place.rows("SELECT result FROM run")
    is_number = isinstance(result, int | float) and math.isfinite(result)
    assert number == (float(result) if is_number else None)


def test_O_31_custom_statuses_disturb_nobody(place):
    class Diverged(RunInterrupt):
        STATUS = "DIVERGED because of a learning rate that was far too high"

    class Long(RunInterrupt):
        STATUS = "x" * 1000

    def main():
        raise Diverged

    def too_long():
        raise Long

    with pytest.raises(Diverged):
        place.run(main)
    queued = place.run(lambda: 1, queue=True)
    place.run(lambda: 2)
    with pytest.raises(Long):
        place.run(too_long)
    with hallow.open_store(place.url) as store:
        assert [record.status for record in store.runs()] == [Diverged.STATUS, "QUEUED", "COMPLETED", Long.STATUS]
    assert place.observer().query(queued._id)["status"] == "QUEUED"
    stored = [status for (status,) in place.rows("SELECT status FROM run ORDER BY id")]
    assert stored == [Diverged.STATUS, "QUEUED", "COMPLETED", "INTERRUPTED"]
    session = place.observer().session
    assert [run.run_id for run in session.query(Run).filter(Run.status == Diverged.STATUS)] == ["1"]
    session.remove()


def test_sql_parallel(place):
    """O-32: twenty observers start at once in an empty database; ids count from 1 as in the other stores."""
    together = threading.Barrier(20, timeout=60)
    ids, problems = [], []

    def start():
        observer = place.observer()
        together.wait()
        try:
            session = Session(None, observer=observer)
            session.complete(result=1)
            ids.append(session.run_id)
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=start) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert sorted(ids) == list(range(1, 21))
    with hallow.open_store(place.url) as store:
        assert [record.status for record in store.runs()] == ["COMPLETED"] * 20
    # What they share is there once.
    assert place.rows("SELECT count(*) FROM experiment") == [(1,)]
    assert place.rows("SELECT count(*) FROM host") == [(1,)]
    assert place.rows("SELECT count(*) FROM dependency") == [(1,)]


def test_O_32_a_start_that_failed_leaves_the_observer_usable(place):
    observer = place.observer()
    Session(None, observer=observer, run_id="taken").complete(result="old")
    for _ in range(3):
        with pytest.raises(RunExistsError, match=r"run taken exists in .* choose another id, or let it be chosen"):
            Session(None, observer=observer, run_id="taken")
    assert Session(None, observer=observer).run_id == 1
    assert place.record("taken").result == "old"


def test_an_id_in_use_is_the_error_that_sqlalchemy_would_raise(place):
    """Code written for Sacred catches that one."""
    Session(None, observer=place.observer(), run_id="mine").complete()
    with pytest.raises(IntegrityError) as caught:
        Session(None, observer=place.observer(), run_id="mine")
    error = pickle.loads(pickle.dumps(caught.value))
    assert isinstance(error, RunExistsError | FileExistsError)
    assert str(error) == str(caught.value) == str(error.orig)
    assert "choose another id" in str(error)


def test_an_id_after_one_that_was_given(place):
    ids = [
        Session(None, observer=place.observer(), run_id=given).run_id for given in (None, "41", None, "word", "7", None)
    ]
    assert ids == [1, "41", 42, "word", "7", 43]
    with hallow.open_store(place.url) as store:
        assert list(store.ids()) == [1, 41, 42, "word", 7, 43]
        assert store.get("42").run_id == store.get(42).run_id == 42
        with pytest.raises(hallow.errors.RunNotFoundError):
            store.get("042")
    with pytest.raises(RunExistsError):
        Session(None, observer=place.observer(), run_id=42)


def test_an_id_that_the_table_cannot_hold(place):
    observer = place.observer()
    for run_id in ("x" * 300, "a\0b", "\udc80"):
        with pytest.raises(StoreError, match="is no id"):
            Session(None, observer=observer, run_id=run_id)
    assert Session(None, observer=observer).run_id == 1


def test_metrics_dropped(place):
    """O-33: they are stored, and whoever knows SQL can ask for them."""

    def main(_run):
        for step in range(30):
            _run.log_scalar("loss", 1 / (step + 1), step * 10)
        _run.log_scalar("loss", math.nan)

    run = place.run(main)
    joined = "hallow_point p JOIN hallow_metric m ON m.run = p.run AND m.number = p.metric JOIN run r ON r.id = p.run"
    rows = place.rows(f"SELECT step, value FROM {joined} WHERE r.run_id = '1' AND m.name = 'loss' ORDER BY p.number")
    assert rows[:30] == [(step * 10, 1 / (step + 1)) for step in range(30)]
    assert rows[30] == (291, None)
    points = place.record(run._id).metrics["loss"]
    assert points.steps[-1] == 291
    assert math.isnan(points.values[-1])


def test_numpy_scalars(place):
    np = pytest.importorskip("numpy")

    def main(_run):
        _run.info["count"] = np.int64(3)
        _run.log_scalar("m", np.float32(0.25))
        return np.float32(0.5)

    run = place.run(main)
    assert place.rows("SELECT result FROM run") == [(0.5,)]
    assert place.rows("SELECT value FROM hallow_point") == [(0.25,)]
    assert json.loads(place.rows("SELECT info FROM run")[0][0]) == {"count": 3}
    observer = place.observer()
    observer.reopen(run._id)
    times = [datetime(2024, 1, 1)] * 2
    metric = {"steps": [np.int64(1), np.float64(0.5)], "values": [np.float64(7), np.int32(8)], "timestamps": times}
    observer.log_metrics(metrics_by_name={"direct": metric}, info={})
    points = place.record(run._id).metrics["direct"]
    assert (points.steps, points.values) == ([1, 0.5], [7.0, 8])
    assert [type(value) for value in points.values] == [float, int]


def test_O_33_what_a_query_gives(place, tmp_path):
    (made := tmp_path / "made.txt").write_text("x")
    (read := tmp_path / "read.txt").write_text("y")

    def main(_run):
        _run.add_artifact(made, metadata={"epoch": 3})
        _run.add_resource(read)
        _run.log_scalar("m", 1.5)
        _run.info["note"] = (1, 2)
        return {"acc": 0.5}

    queued = place.run(main, queue=True, comment="said")
    place.run(main, id=str(queued._id), comment="said", priority="2")
    observer = place.observer()
    found = observer.query(queued._id)
    assert found == observer.query(str(queued._id))
    assert (found["_id"], found["status"], found["result"]) == (1, "COMPLETED", {"acc": 0.5})
    assert isinstance(found["queue_time"], datetime)
    assert found["queue_time"] <= found["start_time"]
    assert found["info"] == {"note": (1, 2)}
    assert (found["meta"]["comment"], found["meta"]["priority"]) == ("said", 2.0)
    assert found["artifacts"] == [
        {"_id": 1, "filename": "made.txt", "metadata": {"epoch": 3}, "content_type": "text/plain"}
    ]
    assert found["resources"] == [{"filename": str(read), "md5sum": md5(b"y").hexdigest()}]
    assert found["metrics"] == {"m": {"steps": [0], "values": [1.5]}}
    assert found["experiment"]["mainfile"] == os.path.basename(__file__)
    assert found["config"]["lr"] == 0.1
    with pytest.raises(KeyError):
        observer.query(77)
    assert place.record(1).queue_time is not None


def test_O_34_binary_sources_and_changed_ones(place, tmp_path, caplog):
    (tmp_path / "binary.so").write_bytes(binary := b"\x7fELF\0\xff\xfe")
    (tmp_path / "changed.py").write_text("new = 1\n")
    (tmp_path / "lines.py").write_bytes(b"a = 1\r\nb = 2\r\n")
    sources = [
        (f"{tmp_path}/binary.so".lstrip("/"), md5(binary).hexdigest()),
        (f"{tmp_path}/changed.py".lstrip("/"), md5(b"old = 1\n").hexdigest()),
        (f"{tmp_path}/lines.py".lstrip("/"), md5(b"a = 1\r\nb = 2\r\n").hexdigest()),
    ]
    for _ in range(2):
        session = Session(None, observer=place.observer(), sources=sources)
        session.complete()
    assert "changed.py was changed" in caplog.text
    record = place.record(session.run_id)
    assert [file.name for file in record.sources] == [path for path, _ in sources]
    assert [file.read_bytes() for file in record.sources] == [binary, b"new = 1\n", b"a = 1\r\nb = 2\r\n"]
    assert record.sources[1].md5 == md5(b"new = 1\n").hexdigest()
    assert place.rows("SELECT count(*) FROM source") == [(3,)]


def test_sources_that_are_found_late(place, tmp_path):
    """They belong to the run alone; of the experiment as it was before, nothing is left if no other run has it."""
    (tmp_path / "late.py").write_text("x = 1\n")
    late = (f"{tmp_path}/late.py".lstrip("/"), md5(b"x = 1\n").hexdigest())
    first, second = (Session(None, observer=place.observer()) for _ in range(2))
    for session, count in ((first, 2), (second, 1)):
        session.observer.detail_event(name="late_sources", detail=[late])
        assert place.rows("SELECT count(*) FROM experiment") == [(count,)]
    session.observer.resumed_event(resume_time=T, host_info={"hostname": "another"}, _id=session.run_id)
    assert sorted(place.rows("SELECT hostname FROM host")) == [("another",), ("here",)]
    first.observer.resumed_event(resume_time=T, host_info={"hostname": "another"}, _id=first.run_id)
    assert place.rows("SELECT hostname FROM host") == [("another",)]
    for session in (first, second):
        (source,) = place.record(session.run_id).sources
        assert (source.name, source.read_text()) == (late[0], "x = 1\n")


# ---------------------------------------------------------------------------------------------------- the format


def test_S_9_a_version_that_newer_ones_change(place):
    place.run(lambda: 1)
    assert ("version", layout.VERSION) in place.rows("SELECT name, value FROM hallow_schema")
    place.rows("UPDATE hallow_schema SET value = 99 WHERE name = 'version'")
    with pytest.raises(StoreError, match=r"newer version of hallow.*pip install --upgrade"):
        place.run(lambda: 2)
    with hallow.open_store(place.url) as store:
        (record,) = store.runs()
        assert record.result == 1
        with pytest.raises(StoreError, match="newer"):
            record.annotate(tags=["x"])
        with pytest.raises(StoreError, match="newer"):
            store.delete(1)
    assert len(place.rows("SELECT id FROM run")) == 1


def test_S_10_no_name_is_too_long(place, tmp_path):
    (tmp_path / "made").write_text("x")
    observer = place.observer()
    info = {
        "name": "n" * 1000,
        "base_dir": "/" + "d" * 1000,
        "sources": [],
        "dependencies": [f"{'p' * 400}=={'1.' * 200}0"],
        "repositories": [{"url": "u" * 3000, "commit": "c" * 400, "dirty": True}],
        "mainfile": "m" * 500,
    }
    host = {"hostname": "h" * 400, "os": ["o" * 100, "i" * 300], "cpu": "c" * 200, "python_version": "3.13.0+local" * 9}
    facts = {
        "command": "x" * 500,
        "start_time": T,
        "config": {},
        "meta_info": {"comment": "\0 and \udc80"},
        "_id": None,
    }
    run_id = observer.started_event(ex_info=info, host_info=host, **facts)
    name = "long/" * 60 + "name.txt"
    observer.artifact_event(name=name, filename=str(tmp_path / "made"), metadata={"k": "v" * 5000})
    observer.output_event(text="a\0b \udc80 é", position=0)
    observer.failed_event(fail_time=T, fail_trace=["with\0zero\n", "and \udcff\n"])
    record = place.record(run_id)
    assert (record.name, record.command) == (info["name"], "x" * 500)
    assert record.experiment["base_dir"] == info["base_dir"]
    assert (record.dependencies, record.repositories) == (info["dependencies"], info["repositories"])
    assert record.host == host
    assert record.artifact(name).read_text() == "x"
    assert record.fail_trace == ["with\0zero\n", "and \udcff\n"]
    assert record.meta["comment"] == "\0 and \udc80"
    assert record.output == "a\0b \\udc80 é"
    assert place.observer().query(run_id)["captured_out"] == "a�b \\udc80 é"


def test_mapped_classes_read_what_runs_wrote(place, tmp_path):
    """As scripts for Sacred do."""
    (made := tmp_path / "made.txt").write_text("content")
    place.run(lambda _run: _run.add_artifact(made) or print("printed"))
    session = place.observer().session
    run = session.query(Run).filter_by(run_id="1").one()
    assert (run.status, run.experiment.name, run.artifacts[0].content) == ("COMPLETED", "sql", b"content")
    assert "printed" in run.captured_out
    assert run.experiment.runs == run.host.runs == [run]
    assert os.path.basename(__file__) in [source.filename for source in run.experiment.sources]
    assert {f"{one.name}=={one.version}" for one in run.experiment.dependencies} == set(place.record(1).dependencies)
    assert session.query(Artifact).one().run is run
    assert session.query(Source).first().experiments == session.query(Experiment).all()
    document = run.to_json()
    assert list(document) == [
        *("_id", "command", "start_time", "heartbeat", "stop_time", "queue_time", "status", "result", "meta"),
        *("resources", "artifacts", "host", "experiment", "config", "captured_out", "fail_trace"),
    ]
    assert document["_id"] == 1
    assert document["config"]["lr"] == 0.1
    session.remove()


def test_tables_that_mapped_classes_have_made(place):
    engine = create_engine(place.url)
    Base.metadata.create_all(engine)
    engine.dispose()
    assert place.run(lambda: 1)._id == 1
    assert place.record(1).status == "COMPLETED"


# ------------------------------------------------------------------------------------------------------- points

NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.sampled_from([True, None, 2**53, -(2**53), 2**53 + 1, 1e308, 10**400]),
)


def unsigned(numbers):
    """As text, so that 1, 1.0 and True are three values; SQLite keeps whole numbers, and so zero without a sign."""
    return [repr(number + 0.0 if type(number) is float else number) for number in numbers]


@examples(25)
@given(steps=st.lists(NUMBERS, max_size=9), values=st.lists(NUMBERS, max_size=9))
def test_points_of_any_numbers(place, steps, values):
    count = min(len(steps), len(values))
    session = Session(None, observer=place.made[0] if place.made else place.observer())
    points = Points("m", steps[:count], values[:count], [1.7e9 + n / 8 for n in range(count)])
    session.observer.points_event(points=[points])
    record = session.observer.store().get(session.run_id)
    found = record.metrics.get("m", Points("m", [], [], []))
    assert unsigned(found.steps + found.values) == unsigned(points.steps + points.values)
    assert found.times == points.times
    assert record.contents.count_points() == count


def test_points_in_many_portions(place):
    """Small and large ones, metrics in turn, with names that databases do not take as they are."""
    session = Session(None, observer=place.observer())
    names = ["plain", "grüße ✓", '"quoted"', "zero\0", "half \udc80", ""]
    wanted = {name: [] for name in names}
    number = 0
    for size in (1, 7, 499, 501, 5000, 3):
        batch = []
        for name in names:
            values = [(number + index) / 3 for index in range(size)]
            number += size
            wanted[name] += values
            batch.append(Points(name, list(range(size)), values, [1.7e9] * size))
        session.observer.points_event(points=batch)
    metrics = session.observer.store().get(session.run_id).metrics
    assert {name: points.values for name, points in metrics.items()} == wanted
    assert list(metrics) == names
    assert place.rows("SELECT name FROM hallow_metric WHERE number < 2 ORDER BY number") == [("plain",), ("grüße ✓",)]


def test_points_of_some_metrics_of_a_run(place):
    session = Session(None, observer=place.observer())
    for _ in range(5):
        session.log("a", 2000)
        session.log("b", 10)
    record = session.observer.store().get(session.run_id)
    assert [(points.name, len(points)) for points in record.read_metrics("b").values()] == [("b", 50)]
    assert record.read_metrics("c") == {}


# ------------------------------------------------------------------------------------------------------- output


def shown(place):
    return place.rows("SELECT captured_out FROM run")[0][0]


def test_captured_out_for_readers_of_sacreds_column(place):
    """It has the whole output as long as that is not too long, then its end."""
    session = Session(None, observer=place.observer())
    session.write("first é\n")
    session.write("second ✓\n")
    assert shown(place) == "first é\nsecond ✓\n"
    session.observer.output_event(text="2nd\n", position=len("first é\n".encode()))  # a progress bar
    assert shown(place) == "first é\n2nd\n"
    session.position = len("first é\n2nd\n".encode())
    lines = [f"line {number} é\n" for number in range(60_000)]
    for start in range(0, 60_000, 1500):
        session.write("".join(lines[start : start + 1500]))
    text = shown(place)
    assert text.startswith(output.MARKER)
    assert len(text) <= output.LIMIT
    assert ("first é\n2nd\n" + "".join(lines)).endswith(text[len(output.MARKER) :])
    session.observer.output_event(text="the end", position=100)  # far back
    assert shown(place) == session.observer.store().get(session.run_id).output
    assert shown(place).endswith("the end")
    session.position = 107
    session.write("x" * (output.LIMIT + 5))
    assert shown(place) == output.MARKER + "x" * output.KEPT


def test_captured_out_that_somebody_else_has_changed(place):
    session = Session(None, observer=place.observer())
    session.write("one\n")
    place.rows("UPDATE run SET captured_out = 'something else'")
    session.write("two\n")
    assert shown(place) == "one\ntwo\n"
    again = place.observer()
    again.reopen(session.run_id)
    again.output_event(text="three\n", position=8)
    assert shown(place) == "one\ntwo\nthree\n"


def test_output_that_was_cut_in_the_middle_of_a_piece(place):
    session = Session(None, observer=place.observer())
    session.write("é" * 100_000)
    session.observer.output_event(text="ü", position=150_000)
    session.observer.output_event(text="", position=100_001 - 1)
    assert session.observer.store().get(session.run_id).output == "é" * 50_000


# -------------------------------------------------------------------------------------------------------- files


def test_large_files_are_kept_in_pieces(sqlite, tmp_path):
    """They are never in memory as a whole, and can be read at any place."""
    size = contents.WHOLE + 3
    with open(tmp_path / "large", "wb") as file:
        file.truncate(size - 4)
        file.seek(0, os.SEEK_END)
        file.write(b"last")
    run = sqlite.run(lambda _run: _run.add_artifact(tmp_path / "large") or _run.add_resource(tmp_path / "large"))
    record = sqlite.record(run._id)
    for kept in (record.artifact("large"), record.resources[0]):
        with kept.open() as file:
            assert file.seek(-6, os.SEEK_END) == size - 6
            assert file.read() == b"\0\0last"
            file.seek(layout.PIECE - 1)
            assert file.read(3) == b"\0\0\0"
            file.seek(0)
            assert sum(len(piece) for piece in iter(lambda file=file: file.read(1 << 20), b"")) == size
    assert sqlite.rows("SELECT max(length(content)) FROM artifact") == [(None,)]
    with hallow.open_store(sqlite.url) as store:
        store.delete(run._id)
    assert sqlite.rows("SELECT count(*) FROM hallow_content") == [(0,)]


def test_artifact_names(place, tmp_path):
    """An artifact that is sent again, because the answer was lost, is there once."""
    (made := tmp_path / "m.txt").write_text("one")
    session = Session(None, observer=place.observer())
    for _ in range(2):
        session.observer.artifact_event(name="m.txt", filename=str(made))
        session.observer._artifact_md5s.clear()
    made.write_text("two")
    session.observer.artifact_event(name="m.txt", filename=str(made))
    record = session.observer.store().get(session.run_id)
    assert [(file.name, file.read_text()) for file in record.artifacts] == [("m.txt", "two")]


def test_delete_orphans(place, tmp_path):
    """What two runs share stays until the second is gone, and nothing at all is left then."""
    (data := tmp_path / "data").write_text("shared")

    def main(_run):
        _run.add_resource(data)
        _run.add_artifact(data)
        _run.log_scalar("m", 1)

    for _ in range(2):
        place.run(main)
    with hallow.open_store(place.url) as store:
        store.delete(1)
        assert store.get(2).resources[0].read_text() == "shared"
        assert all(file.read_bytes() for file in store.get(2).sources)
        store.delete(2)
        with pytest.raises(hallow.errors.RunNotFoundError):
            store.delete(2)
    counts = {name: place.rows(f"SELECT count(*) FROM {name}")[0][0] for name in layout.metadata.tables}
    assert counts.pop("hallow_schema") == 3
    assert set(counts.values()) == {0}
    assert place.run(lambda: 1)._id == 3


# -------------------------------------------------------------------------------------------------------- reading


def test_listing_takes_a_fixed_number_of_statements_for_many_runs(place):
    observer = place.observer()
    Session(None, observer=observer).complete()
    engine = create_engine(place.url)
    with engine.begin() as connection:
        for number in range(2, 2 * BATCH + 3):
            row = {
                "id": number,
                "run_id": str(number),
                "status": "COMPLETED",
                "config": '{"lr": 1}',
                "experiment_id": 1,
            }
            connection.execute(layout.run.insert().values(row))
    engine.dispose()
    statements = []
    event.listen(observer.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    listed = [record.run_id for record in observer.store().runs()]
    assert listed == list(range(1, 2 * BATCH + 3))
    assert len(statements) < 40
    assert not any("hallow_point" in statement or "captured_out" in statement for statement in statements)


def test_metrics_of_all_runs_without_their_documents(place):
    observer = place.observer()
    for count in (3, 0, 2):
        session = Session(None, observer=observer)
        session.log("m", count)
        session.complete()
    statements = []
    event.listen(observer.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    table = hallow.stores.metrics_table(observer)
    assert list(zip(table.run, table.step, strict=True)) == [("1", 0), ("1", 1), ("1", 2), ("3", 0), ("3", 1)]
    assert not any("config" in statement for statement in statements)


def test_unfinished_runs(place):
    running = Session(None, observer=place.observer())
    Session(None, observer=place.observer()).complete()
    (found,) = place.observer().unfinished()
    assert found[0] == running.run_id
    assert found[1]["pid"] == os.getpid()


def test_a_store_of_an_observer_before_its_first_run(tmp_path):
    """Looking makes no file."""
    observer = SqlObserver(f"sqlite:///{tmp_path}/not/there.sqlite")
    assert list(hallow.open_store(observer).runs()) == []
    assert list(observer.unfinished()) == []
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------------------------------- Sacred's interface


def start(observer, **changes):
    info = {"name": "test", "base_dir": "/tmp", "sources": [], "dependencies": [], "repositories": [], "mainfile": ""}
    facts = {
        "ex_info": info,
        "command": "run",
        "host_info": {"hostname": "box", "os": ["Linux", "6"]},
        "config": {"a": 1},
    }
    return observer.started_event(**{**facts, "start_time": T, "meta_info": {"comment": "c"}, "_id": None, **changes})


@pytest.mark.parametrize("memory", ["sqlite://", "sqlite:///:memory:"])
def test_an_observer_with_a_session_of_the_users(memory):
    """Events as old test suites call them; the session sees every change at once."""
    engine = create_engine(memory)
    session = sessionmaker(bind=engine)()
    observer = SqlObserver.create_from(engine, session)
    assert (observer.priority, observer.engine, observer.session) == (DEFAULT_SQL_PRIORITY, engine, session)
    assert observer.run is None
    assert start(observer) == 1
    run = session.query(Run).one()
    assert observer.run is run
    assert (run.run_id, run.status, run.command, run.start_time, run.config) == ("1", "RUNNING", "run", T, '{"a": 1}')
    assert run.to_json() == {
        "_id": 1,
        "command": "run",
        "start_time": T,
        "heartbeat": None,
        "stop_time": None,
        "queue_time": None,
        "status": "RUNNING",
        "result": None,
        "meta": {"comment": "c", "priority": 0.0},
        "resources": [],
        "artifacts": [],
        "config": {"a": 1},
        "captured_out": None,
        "fail_trace": None,
        "host": {"cpu": None, "hostname": "box", "os": ["Linux", "6"], "python_version": None},
        "experiment": {"name": "test", "base_dir": "/tmp", "sources": [], "dependencies": [], "repositories": []},
    }
    observer.heartbeat_event(info={"b": 2}, captured_out="some output", beat_time=T, result=17)
    assert (run.heartbeat, run.info, run.captured_out, run.result) == (T, '{"b": 2}', "some output", 17.0)
    observer.completed_event(stop_time=T, result=42)
    assert (session.query(Run).one().status, run.stop_time, run.result) == ("COMPLETED", T, 42.0)
    assert observer.query(1)["result"] == 42
    assert hallow.open_store(observer).get(1).output == "some output"
    session.close()
    engine.dispose()


def test_equal_observers(tmp_path):
    engines = [create_engine("sqlite://"), create_engine("sqlite://")]
    sessions = [sessionmaker(bind=engine)() for engine in engines]
    one, same, other = (SqlObserver.create_from(engines[n], sessions[n]) for n in (0, 0, 1))
    assert one == same
    assert one != other
    assert one != "foo"
    assert len({one, same}) == 2
    by_url = SqlObserver(f"sqlite:///{tmp_path}/a.db")
    assert by_url == by_url.for_run() == by_url.for_run()
    assert by_url != SqlObserver(f"sqlite:///{tmp_path}/a.db")


def test_constructor_and_its_old_form(tmp_path):
    url = f"sqlite:///{tmp_path}/a.db"
    observer = SqlObserver(url, True, 7)
    assert (observer.priority, observer.engine.echo, observer.url) == (7, True, url)
    assert repr(observer) == f"SqlObserver({url!r})"
    with pytest.warns(DeprecationWarning, match="SqlObserver"):
        assert SqlObserver.create(url, priority=3).priority == 3
    assert not os.path.exists(tmp_path / "a.db")
    assert (SqlObserver(url).priority, DEFAULT_SQL_PRIORITY) == (40, 40)


def test_runs_in_memory_are_seen_by_all_threads():
    observer = SqlObserver("sqlite://")
    session = Session(None, observer=observer)
    thread = threading.Thread(target=session.complete, kwargs={"result": 3})
    thread.start()
    thread.join()
    assert observer.store().get(1).result == 3


def test_several_runs_of_one_observer_at_once(place):
    """Their connections are shared, nothing else."""
    observer = place.observer()
    observers = [observer.for_run() for _ in range(4)]
    sessions = [Session(None, observer=one) for one in observers]
    assert len({id(one) for one in observers}) == 4
    for session in sessions:
        session.log("m", 3)
        session.write(f"output of {session.run_id}")
        session.complete(result=session.run_id)
    records = list(observer.store().runs())
    assert [record.result for record in records] == [1, 2, 3, 4]
    assert [record.output for record in records] == [f"output of {number}" for number in (1, 2, 3, 4)]
    observer.engine.dispose()


def test_parameters_stay_out_of_messages(place, caplog):
    """Configurations may hold what is nobody's business."""
    caplog.set_level(logging.DEBUG)
    session = Session(None, observer=place.observer())
    place.rows("DROP TABLE hallow_point")
    with pytest.raises(StoreError) as caught:
        session.observer.points_event(points=[Points("secret-name", [1], [0.1], [1.0])])
    assert "secret-name" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_times_are_naive_and_in_utc_in_the_database(place):
    place.run(lambda: 1)
    record = place.record(1)
    engine = create_engine(place.url)
    with engine.connect() as connection:
        stored = connection.execute(select(layout.run.c.start_time)).scalar()
        assert connection.execute(select(func.count()).select_from(layout.run)).scalar() == 1
    engine.dispose()
    assert stored.tzinfo is None
    assert stored.replace(tzinfo=timezone.utc) == record.start_time


def test_a_status_that_was_changed_by_hand(place):
    session = Session(None, observer=place.observer())
    engine = create_engine(place.url)
    with engine.begin() as connection:
        connection.execute(update(layout.run).values(status="ABANDONED"))
    engine.dispose()
    assert session.observer.store().get(1).status == "ABANDONED"
