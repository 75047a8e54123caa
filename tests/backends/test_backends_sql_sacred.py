"""Databases that Sacred made and goes on using: hallow adds to them, and disturbs nobody."""

import shutil
from datetime import datetime
from pathlib import Path

import pytest

import hallow
from hallow.errors import StoreError
from hallow.testing.contract.support import Session

pytest.importorskip("sqlalchemy")

from sqlalchemy import create_engine, inspect, text

from hallow.backends.sql.observer import SqlObserver
from hallow.backends.sql.tables import Run

FIXTURES = Path(__file__).parents[1] / "formats" / "sacred_0_8_7" / "sql"
WORDS = {"RUNNING", "COMPLETED", "INTERRUPTED", "TIMEOUT", "FAILED", None}

#: As Sacred 0.8.7 makes its tables on PostgreSQL.
ON_POSTGRESQL = """
CREATE TYPE status_enum AS ENUM ('RUNNING', 'COMPLETED', 'INTERRUPTED', 'TIMEOUT', 'FAILED');
CREATE TABLE source (source_id SERIAL PRIMARY KEY, filename VARCHAR(256), md5sum VARCHAR(32), content TEXT);
CREATE TABLE repository (repository_id SERIAL PRIMARY KEY, url VARCHAR(2048), commit VARCHAR(40), dirty BOOLEAN);
CREATE TABLE dependency (dependency_id SERIAL PRIMARY KEY, name VARCHAR(32), version VARCHAR(16));
CREATE TABLE resource (resource_id SERIAL PRIMARY KEY, filename VARCHAR(256), md5sum VARCHAR(32), content BYTEA);
CREATE TABLE host (host_id SERIAL PRIMARY KEY, cpu VARCHAR(64), hostname VARCHAR(64), os VARCHAR(16),
    os_info VARCHAR(64), python_version VARCHAR(16));
CREATE TABLE experiment (experiment_id SERIAL PRIMARY KEY, name VARCHAR(32), md5sum VARCHAR(32), base_dir VARCHAR(64));
CREATE TABLE experiments_sources (experiment_id INTEGER REFERENCES experiment, source_id INTEGER REFERENCES source);
CREATE TABLE experiments_repositories (experiment_id INTEGER REFERENCES experiment,
    repository_id INTEGER REFERENCES repository);
CREATE TABLE experiments_dependencies (experiment_id INTEGER REFERENCES experiment,
    dependency_id INTEGER REFERENCES dependency);
CREATE TABLE run (id SERIAL PRIMARY KEY, run_id VARCHAR(24) UNIQUE, command VARCHAR(64), start_time TIMESTAMP,
    heartbeat TIMESTAMP, stop_time TIMESTAMP, queue_time TIMESTAMP, priority FLOAT, comment TEXT, fail_trace TEXT,
    captured_out TEXT, config TEXT, info TEXT, status status_enum, host_id INTEGER REFERENCES host,
    experiment_id INTEGER REFERENCES experiment, result FLOAT);
CREATE TABLE artifact (artifact_id SERIAL PRIMARY KEY, filename VARCHAR(64), content BYTEA,
    run_id VARCHAR(24) REFERENCES run (run_id));
CREATE TABLE runs_resources (run_id VARCHAR(24) REFERENCES run (run_id), resource_id INTEGER REFERENCES resource);
INSERT INTO host VALUES (DEFAULT, 'cpu', 'box', 'Linux', 'Linux-6', '3.11.7');
INSERT INTO experiment VALUES (DEFAULT, 'demo', 'x', '/tmp/project');
INSERT INTO dependency VALUES (DEFAULT, 'numpy', '2.4.6');
INSERT INTO experiments_dependencies VALUES (1, 1);
INSERT INTO run VALUES (DEFAULT, '0', 'main', '2026-11-26 09:37:16', '2026-11-26 09:37:17', '2026-11-26 09:37:17', NULL, 0,
    '', NULL, 'training größe', '{"lr": 0.5}', '{}', 'COMPLETED', 1, 1, 0.875);
"""


@pytest.fixture(params=["sqlite", "postgres"])
def url(request, tmp_path):
    """A database of Sacred's; the first run is ``0``."""
    if request.param == "sqlite":
        return f"sqlite:///{shutil.copy(FIXTURES / 'sacred.sqlite', tmp_path)}"
    url = request.getfixturevalue("postgres_database")
    run(url, ON_POSTGRESQL)
    return url


def run(url, statement):
    engine = create_engine(url)
    with engine.begin() as connection:
        found = connection.execute(text(statement.replace(":", r"\:")))
        rows = [tuple(row) for row in found] if found.returns_rows else []
    engine.dispose()
    return rows


@pytest.fixture
def observe(url):
    made = []

    def make():
        made.append(SqlObserver(url))
        return made[-1]

    yield make
    for observer in made:
        observer.engine.dispose()


def test_runs_of_both_in_one_database(url, observe):
    before = run(url, "SELECT * FROM run ORDER BY id")
    run_id = Session(None, observer=observe()).run_id
    assert run_id == max(int(row[1]) for row in before if row[1].isdecimal()) + 1
    assert run(url, "SELECT * FROM run ORDER BY id")[:-1] == before
    with hallow.open_store(url) as store:
        ids = list(store.ids())
        assert (ids[0], ids[-1]) == (0, run_id)
        assert store.get(0).config["lr"] == 0.5
        assert "größe" in store.get("0").output
        assert "numpy==2.4.6" in store.get(0).dependencies


def test_O_31_no_status_of_ours_keeps_sacred_from_starting(url, observe):
    """Its next start reads the last row, and ends if it does not know the status there."""
    for status in ("QUEUED", "DIED", "DIVERGED", "TIMEOUT"):
        session = Session(None, observer=observe())
        session.observer.interrupted_event(interrupt_time=datetime(2024, 1, 1), status=status)
        assert run(url, "SELECT status FROM run ORDER BY id DESC")[0][0] in WORDS
        with hallow.open_store(url) as store:
            assert store.get(session.run_id).status == status
        assert observe().query(session.run_id)["status"] == status
    with hallow.open_store(url) as store:
        assert [record.status for record in store.runs()][-4:] == ["QUEUED", "DIED", "DIVERGED", "TIMEOUT"]


def test_a_queued_run_is_started_once(url, observe):
    ex = hallow.Experiment("queue", save_git_info=False)
    ex.observers.append(observe())
    ex.main(lambda: 5)
    queued = ex.run(options={"--queue": True})
    assert ex.run(options={"--id": str(queued._id)}).result == 5
    with pytest.raises(hallow.errors.RunExistsError):
        ex.run(options={"--id": str(queued._id)})
    with hallow.open_store(url) as store:
        assert store.get(queued._id).status == "COMPLETED"
        assert store.get(queued._id).queue_time is not None


def test_runs_that_sacred_adds_meanwhile(url, observe):
    """Its ids are those of its last row and one; ours go on behind them."""
    first = Session(None, observer=observe()).run_id
    taken = first + 1
    run(url, f"INSERT INTO run (run_id, status) VALUES ('{taken}', 'COMPLETED'), ('{taken + 7}', 'FAILED')")
    assert Session(None, observer=observe()).run_id == taken + 8
    assert Session(None, observer=observe()).run_id == taken + 9


def test_S_10_what_sacreds_columns_cannot_hold_is_whole_in_ours(url, observe, tmp_path):
    (tmp_path / "made").write_text("x")
    observer = observe()
    info = {
        "name": "n" * 100,
        "base_dir": "/" + "d" * 200,
        "sources": [],
        "dependencies": [f"{'p' * 90}=={'1.' * 60}0"],
        "repositories": [{"url": "u" * 3000, "commit": "c" * 64, "dirty": False}],
        "mainfile": "m" * 300,
    }
    host = {
        "hostname": "h" * 200,
        "os": ["o" * 100, "i" * 300],
        "cpu": "c" * 200,
        "python_version": "3.13.0+local.build",
    }
    facts = {"command": "x" * 200, "start_time": datetime(2024, 1, 1), "config": {}, "meta_info": {}, "_id": None}
    run_id = observer.started_event(ex_info=info, host_info=host, **facts)
    observer.artifact_event(name="long/" * 30 + "name", filename=str(tmp_path / "made"))
    with hallow.open_store(url) as store:
        record = store.get(run_id)
        assert (record.name, record.host, record.dependencies) == (info["name"], host, info["dependencies"])
        assert record.repositories == info["repositories"]
        assert record.artifact("long/" * 30 + "name").read_text() == "x"
    assert run(url, "SELECT filename FROM artifact ORDER BY artifact_id DESC")[0][0].startswith("long/long/")
    if "postgres" in url:
        with pytest.raises(StoreError, match="is no id for .* at most 24"):
            Session(None, observer=observe(), run_id="i" * 40)


def test_a_run_of_sacred_is_gone_on_with(url, observe):
    with hallow.open_store(url) as store:
        text = store.get(0).output
    with hallow.reopen(observe(), 0) as reopened:
        reopened.log_scalar("test.acc", 0.5)
        reopened.notes = "looked at again"
    observer = observe()
    stored = observer.reopen(0)
    assert stored.output == len(text.encode())
    observer.output_event(text="more\n", position=stored.output)
    with hallow.open_store(url) as store:
        record = store.get(0)
        assert record.metrics["test.acc"].values == [0.5]
        assert (record.notes, record.status, record.result) == ("looked at again", "COMPLETED", 0.875)
        assert record.output == text + "more\n"
    assert run(url, "SELECT captured_out FROM run WHERE run_id = '0'") == [(text + "more\n",)]


def test_marks_of_runs_of_sacred(url):
    with hallow.open_store(url) as store:
        store.get(0).annotate(tags=["old"], notes="text")
        assert store.get(0).tags == ["old"]
        assert next(store.runs()).notes == "text"


def test_delete_orphans(url, observe):
    """Runs of Sacred go as others do; SQLite gives their numbers again, and nothing of them is found then."""
    session = Session(None, observer=observe())
    session.log("m", 5)
    session.write("text")
    key = run(url, f"SELECT id FROM run WHERE run_id = '{session.run_id}'")[0][0]
    run(url, f"DELETE FROM run WHERE id = {key}")  # by somebody who knows nothing of our tables
    again = Session(None, observer=observe())
    again.write("another")
    with hallow.open_store(url) as store:
        assert store.get(again.run_id).metrics == {}
        assert store.get(again.run_id).output == "another"
        for run_id in list(store.ids()):
            store.delete(run_id)
        assert len(store) == 0
    for table in ("experiment", "artifact", "runs_resources", "experiments_sources", "source", "dependency", "host"):
        assert run(url, f"SELECT count(*) FROM {table}") == [(0,)], table


def test_mapped_classes_filter_by_status(url, observe):
    """Also where it is an enumeration of the database."""
    observer = observe()
    Session(None, observer=observer)
    found = observer.session.query(Run).filter(Run.status == "COMPLETED").all()
    assert "0" in [one.run_id for one in found]
    assert observer.session.query(Run).filter(Run.status.in_(["RUNNING", "FAILED"])).count() >= 1
    assert found[0].to_json()["config"]["lr"] == 0.5
    observer.session.remove()


def test_tables_of_sacred_are_left_as_they_are(url, observe):
    engine = create_engine(url)
    before = {table: inspect(engine).get_columns(table) for table in inspect(engine).get_table_names()}
    Session(None, observer=observe()).complete()
    inspector = inspect(engine)
    after = {table: inspector.get_columns(table) for table in before}
    assert repr(after) == repr(before)
    assert "hallow_source_md5sum" in [index["name"] for index in inspector.get_indexes("source")]
    engine.dispose()


@pytest.mark.parametrize("name", ["queued", "custom_status"])
def test_databases_that_sacred_cannot_use_any_more(name, tmp_path):
    """It is right to call the status what it is; we go on."""
    path = shutil.copy(FIXTURES / f"{name}.sqlite", tmp_path)
    observer = SqlObserver(path)
    assert Session(None, observer=observer).run_id == 3
    statuses = [record.status for record in observer.store().runs()]
    assert statuses == ["COMPLETED", {"queued": "QUEUED", "custom_status": "DIVERGED"}[name], "RUNNING"]
    if name == "queued":
        taken = Session(None, observer=observer.for_run(), run_id="2")
        taken.complete(result=1)
        assert observer.store().get(2).status == "COMPLETED"
    observer.engine.dispose()
