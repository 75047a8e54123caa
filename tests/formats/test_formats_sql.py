"""SQL databases that Sacred wrote, and damaged ones, read by hallow."""

from __future__ import annotations

import json
import shutil
import re
import sqlite3
from contextlib import closing

import hostile
import pytest
from hypothesis import given
from hypothesis import strategies as st
import reading
from reading import EXPECTED, HERE, check, runs_of
from test_formats_fixtures import told

import hallow
from hallow.records.encoding import flatten
from properties import examples

pytest.importorskip("sqlalchemy")

STORES = sorted({store for store, _ in runs_of("sql")})
SACRED = HERE / EXPECTED["stores"]["sql"]["path"]


def opened(store: str):
    return hallow.open_store(HERE / EXPECTED["stores"][store]["path"])


@pytest.mark.parametrize(("store", "run"), runs_of("sql"))
def test_what_was_told_is_what_is_read(store, run, monkeypatch):
    # What was never stored reads as nothing of its kind.
    wanted = {"info": {}, "printed": ""} | {key: value for key, value in told(store, run).items() if value is not None}
    monkeypatch.setattr(reading, "told", lambda *_: {**told(store, run), **wanted})
    with opened(store) as found:
        check(found.get(EXPECTED["stores"][store]["ids"][run]), store, run)


@pytest.mark.parametrize("store", STORES)
def test_every_run_is_listed_in_the_order_of_the_starts(store):
    with opened(store) as found:
        records = list(found.runs())
        assert [str(record.run_id) for record in records] == [*EXPECTED["stores"][store]["ids"].values()]
        assert [record.problem for record in records] == [""] * len(records)
        assert list(found.ids()) == [record.run_id for record in records]


def test_reading_a_database_of_sacred_changes_nothing(tmp_path):
    path = shutil.copy(SACRED, tmp_path)
    before = SACRED.read_bytes()
    with hallow.open_store(path) as store:
        for record in store.runs():
            assert record.details == {}
            assert record.metrics == {}
            assert [file.read_bytes() for file in record.sources]
    assert (tmp_path / SACRED.name).read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == [SACRED.name]


# ------------------------------------------------------------------------------------------------------- damage

SUITED = examples(15)
MARKER = HERE.parent / "went_off"


def looked_at(store):
    records = list(store.runs())
    reading.looked_at(records)
    for record in records:
        assert store.get(record.run_id).run_id == record.run_id


def test_a_damaged_database_lists_what_is_whole(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    hostile.write_payload(tmp_path, tmp_path / "went_off")
    with closing(sqlite3.connect("store.sqlite")) as connection:
        connection.executescript((hostile.STORES / "sql" / "store.sql").read_text())
    with hallow.open_store("store.sqlite") as store:
        looked_at(store)
        ids = list(store.ids())
        assert ids[:4] == [0, 2, 3, "row 4"]
        assert len(store) == len(ids)
        records = {record.run_id: record for record in store.runs()}
        assert records[0].problem == ""
        assert records[2].status == "DIVERGED"
        assert records["row 4"].problem
        for run_id in ids:
            store.delete(run_id)
        assert list(store.runs()) == []
    assert not (tmp_path / "went_off").exists()


@pytest.fixture(scope="module")
def three_runs(tmp_path_factory):
    """A database with three runs of ours that have everything."""
    from hallow.backends.sql.observer import SqlObserver

    path = tmp_path_factory.mktemp("damage") / "runs.sqlite"
    ex = hallow.Experiment("damage", save_git_info=False)
    ex.observers.append(SqlObserver(f"sqlite:///{path}"))

    @ex.main
    def main(_run):
        for step in range(10):
            _run.log_scalar("m", step / 2)
            _run.log_scalar("n", 2**70)
        _run.info["known"] = {"a": (1, 2)}
        _run.add_resource(__file__)
        _run.add_artifact(__file__, metadata={"epoch": 3})
        print("printed")
        return {"acc": 0.5}

    for number in range(3):
        ex.run(options={"--id": f"run-{number}", "--capture": "sys"})
    return path


#: Columns that say what a run is, each with the condition that selects the second run.
OF_RUN = "id = 2"
PLACES = [
    *(("run", column, OF_RUN) for column in "command start_time heartbeat stop_time queue_time priority".split()),
    *(("run", column, OF_RUN) for column in "comment fail_trace captured_out config info status result".split()),
    *(("run", column, OF_RUN) for column in ("host_id", "experiment_id")),
    *(("hallow_run", column, "run = 2") for column in "format status result meta host fail_trace".split()),
    *(("hallow_point", column, "run = 2") for column in "metric step value time kind exact".split()),
    ("hallow_metric", "name", "run = 2"),
    ("hallow_detail", "value", "run = 2"),
    ("hallow_output", "data", "run = 2"),
    ("hallow_artifact", "metadata", "run = 2"),
    *(("hallow_artifact", column, "run = 2") for column in "name given path md5sum content_type".split()),
    *(("artifact", column, "run_id = 'run-1'") for column in ("filename", "content")),
]


def damaged(three_runs, folder, place, value):
    """A copy of the database in which one column of the second run has another value."""
    path = shutil.copy(three_runs, folder / "damaged.sqlite")
    table, column, where = place
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (value,))
    return path


def stays_readable(path, label):
    with hallow.open_store(path) as store:
        looked_at(store)
        records = {record.run_id: record for record in store.runs()}
        assert set(records) == {"run-0", "run-1", "run-2"}, label
        for run_id in ("run-0", "run-2"):
            assert records[run_id].problem == "", label
            assert records[run_id].result == {"acc": 0.5}
            assert records[run_id].metrics["m"].values == [step / 2 for step in range(10)]


VALUES = [None, "text", 7, '{"a": 1}', b"\x00\xff", "", "{", "[1", "[]", -1, 1.5, 2**62, "2020-02-30", "\x00"]


@pytest.mark.parametrize("number", range(len(PLACES)), ids=lambda number: ".".join(PLACES[number][:2]))
@pytest.mark.parametrize("every", [len(VALUES), pytest.param(1, marks=pytest.mark.slow)])
def test_a_damaged_column_hides_no_other_run(three_runs, tmp_path, number, every):
    for value in VALUES[number % every :: every]:
        stays_readable(damaged(three_runs, tmp_path, PLACES[number], value), f"{PLACES[number]} is {value!r}")


@pytest.mark.parametrize("every", [23, pytest.param(1, marks=pytest.mark.slow)])
def test_a_damaged_document_hides_no_other_run(three_runs, tmp_path, monkeypatch, every):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    hostile.write_payload(tmp_path, tmp_path / "went_off")
    documents = [
        ("run", "config"),
        ("run", "info"),
        ("hallow_run", "meta"),
        ("hallow_run", "result"),
        ("hallow_run", "host"),
    ]
    for number, (label, text) in enumerate(hostile.damaged({"lr": 0.5, "é": [1]}, tmp_path / "went_off")):
        if number % every == 0:
            table, column = documents[number // every % len(documents)]
            place = (table, column, "id = 2" if table == "run" else "run = 2")
            value = text.decode("utf-8", "replace").encode("utf-8", "surrogateescape").decode()
            stays_readable(damaged(three_runs, tmp_path, place, value), label)
    assert not (tmp_path / "went_off").exists()


@examples(15)  # each asks for all that three runs have, in a copy of the database
@given(place=st.sampled_from(PLACES), value=hostile.values(MARKER))
def test_any_values_in_a_document(three_runs, tmp_path, place, value):
    stays_readable(damaged(three_runs, tmp_path, place, json.dumps(value)), f"{place} is {value!r}")
    assert not MARKER.exists()


@SUITED
@given(data=st.data())
def test_pages_of_a_file_damaged_at_random(three_runs, tmp_path, data):
    content = bytearray(three_runs.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(100, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged.sqlite"
    path.write_bytes(content)
    try:
        with hallow.open_store(path) as store:
            for record in store.runs():
                assert isinstance(record.problem, str)
    except hallow.errors.StoreError:
        pass  # what holds the pages together is damaged


def test_names_of_tables_that_are_no_text(three_runs, tmp_path):
    content = three_runs.read_bytes()
    found = 0
    for match in re.finditer(rb"CREATE (TABLE|INDEX)|hallow_\w+", content):
        path = tmp_path / f"{match.start()}.sqlite"
        path.write_bytes(content[: match.end() - 1] + b"\x80" + content[match.end() :])
        try:
            with hallow.open_store(path) as store:
                assert all(isinstance(record.problem, str) for record in store.runs())
        except hallow.errors.StoreError as error:
            found += "not UTF-8" in str(error)
    assert found


def test_values_of_every_kind_come_back_from_json_columns(three_runs):
    """The JSON functions of databases can read them: no bare NaN."""
    with closing(sqlite3.connect(three_runs)) as connection:
        rows = connection.execute(
            "SELECT json_extract(config, '$.seed'), json_extract(info, '$.known') FROM run"
        ).fetchall()
    assert len(rows) == 3
    assert json.loads(rows[0][1]) == {"a": flatten((1, 2))}
