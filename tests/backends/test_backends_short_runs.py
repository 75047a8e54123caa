"""What stores leave out for a run that is short, and that nothing is lost by it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from hashlib import md5

import pytest

import hallow
from hallow.errors import StoreError
from hallow.observers import MongoObserver, ObjectStoreObserver, SqlObserver, TinyDbObserver
from hallow.testing.contract.support import Session, T

LATER = T + timedelta(seconds=1)


@pytest.fixture(params=["sqlite", "tinydb", "objects", "mongo"])
def session(request, tmp_path):
    """A run in each kind of store whose observer is a StoreObserver."""
    if request.param == "sqlite":
        pytest.importorskip("sqlalchemy")
        observer = SqlObserver(f"sqlite:///{tmp_path}/runs.db")
    elif request.param == "tinydb":
        pytest.importorskip("tinydb")
        observer = TinyDbObserver(str(tmp_path / "runs"))
    elif request.param == "objects":
        pytest.importorskip("fsspec")
        observer = ObjectStoreObserver(f"file://{tmp_path}/runs")
    else:
        server = request.getfixturevalue("mongo_server")
        observer = MongoObserver(server.uri, request.getfixturevalue("mongo_database"))
    yield Session(None, observer=observer)
    observer.join()


# --------------------------------------------------------------------------------------------------- the last beat


def last_beat(session, info, result):
    session.observer.last_beat_event(info=info, captured_out=None, beat_time=LATER, result=result)


def stored(session):
    return session.observer.store().get(session.run_id)


def test_time_and_result_of_the_last_beat_come_with_the_end(session):
    session.beat({"known": 1})
    before = stored(session)
    last_beat(session, {"known": 1}, result=5)
    between = stored(session)
    assert (between.heartbeat, between.result) == (before.heartbeat, None)
    session.observer.interrupted_event(interrupt_time=LATER, status="INTERRUPTED")
    record = stored(session)
    assert (record.status, record.result, record.info) == ("INTERRUPTED", 5, {"known": 1})
    assert record.heartbeat - before.heartbeat == timedelta(seconds=1)


def test_a_new_info_of_the_last_beat_is_stored_at_once(session):
    session.beat({"known": 1})
    last_beat(session, {"known": 2}, result=None)
    assert stored(session).info == {"known": 2}
    session.observer.completed_event(stop_time=LATER, result=None)
    assert stored(session).info == {"known": 2}


def test_what_waits_is_sent_again_with_a_final_event_that_failed(tmp_path):
    pytest.importorskip("sqlalchemy")
    session = Session(None, observer=SqlObserver(f"sqlite:///{tmp_path}/runs.db?timeout=0.1"))
    last_beat(session, {}, result=5)
    with closing(sqlite3.connect(tmp_path / "runs.db", isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="locked"):
            session.observer.interrupted_event(interrupt_time=LATER, status="INTERRUPTED")
    session.observer.interrupted_event(interrupt_time=LATER, status="INTERRUPTED")
    assert (stored(session).status, stored(session).result) == ("INTERRUPTED", 5)
    session.observer.join()


# ------------------------------------------------------------------------------------------------------- the start


def test_a_detail_that_somebody_else_has_set_meanwhile_is_replaced(session):
    stored(session).annotate(tags=["theirs"])
    session.observer.details_event([("tags", ["ours"]), ("more", 1)])
    found = stored(session).details
    assert (found["tags"], found["more"]) == (["ours"], 1)
    session.observer.detail_event("more", 2)
    assert stored(session).details["more"] == 2


def test_sources_are_stored_again_after_the_last_run_that_had_them(session, tmp_path):
    """By the same observer, which has stored them before."""
    content = b"x = 1\n"
    (tmp_path / "source.py").write_bytes(content)
    path = os.path.relpath(tmp_path / "source.py", "/")
    sources = [(path, md5(content, usedforsecurity=False).hexdigest())]
    session.complete()
    for _ in range(2):
        again = Session(None, observer=session.observer, sources=sources)
        again.complete()
        assert [file.read_bytes() for file in stored(again).sources] == [content]
        with again.observer.store() as store:
            store.delete(again.run_id)


class Sql:
    """A database, and what is in it by statements of its own."""

    def __init__(self, url):
        self.url = url
        self.observer = SqlObserver(url)

    def rows(self, *statements):
        from sqlalchemy import create_engine, text

        engine = create_engine(self.url)
        with engine.begin() as connection:
            found = [connection.execute(text(statement)) for statement in statements][-1]
            rows = [tuple(row) for row in found] if found.returns_rows else []
        engine.dispose()
        return rows

    def session(self):
        return Session(None, observer=self.observer)


@pytest.fixture(params=["sqlite", "postgres"])
def sql(request, tmp_path):
    pytest.importorskip("sqlalchemy")
    url = f"sqlite:///{tmp_path}/runs.db"
    place = Sql(request.getfixturevalue("postgres_database") if request.param == "postgres" else url)
    yield place
    place.observer.engine.dispose()


def test_a_run_starts_in_one_transaction(sql):
    """Its owner is there in the moment in which it is."""
    from sqlalchemy import event

    sql.session().complete()
    commits = []
    event.listen(sql.observer.engine, "commit", commits.append)
    session = sql.session()
    assert len(commits) == 1
    owners = "SELECT d.run FROM hallow_detail d JOIN run r ON r.id = d.run WHERE d.name = 'owner' AND r.run_id = '2'"
    assert len(sql.rows(owners)) == 1
    session.complete()


def test_a_number_that_another_program_has_taken(sql):
    sql.session().complete()
    sql.rows("INSERT INTO run (run_id, status) VALUES ('2', 'RUNNING'), ('7', 'RUNNING')")
    assert sql.session().run_id == 8


def test_tables_that_are_gone_are_made_again(sql):
    from hallow.backends.sql.layout import metadata

    sql.session().complete()
    if sql.observer.engine.dialect.name == "sqlite":
        os.unlink(sql.observer.engine.url.database)
    else:
        sql.rows(*(f"DROP TABLE {name} CASCADE" for name in metadata.tables))
    session = sql.session()
    assert session.run_id == 1
    session.complete()
    assert stored(session).status == "COMPLETED"
    sql.rows("DELETE FROM hallow_schema")
    assert sql.session().run_id == 2


def test_a_newer_version_is_noticed_between_two_runs(sql):
    sql.session().complete()
    sql.rows("UPDATE hallow_schema SET value = 99 WHERE name = 'version'")
    with pytest.raises(StoreError, match="newer version of hallow"):
        sql.session()


def test_runs_in_a_row_share_a_connection_to_a_server(postgres_server, postgres_database, monkeypatch):
    pytest.importorskip("sqlalchemy")
    from hallow.backends.sql import database

    monkeypatch.setattr(database, "_LINGER", 600.0)
    observer = SqlObserver(postgres_database)
    name = postgres_database.rpartition("/")[2]
    seen = set()
    for _ in range(3):
        session = Session(None, observer=observer)
        session.complete()
        seen |= set(postgres_server.execute("SELECT pid FROM pg_stat_activity WHERE datname = %s", name))
    assert len(seen) == 1
    engine = observer.engine
    assert engine.pool.checkedin() == 1
    del session, observer
    assert engine.pool.checkedin() == 0


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_commits_that_sqlite_waits_for_the_disk_with(tmp_path, mode):
    """With a log, none; without one, all, or else a loss of power might damage the file."""
    pytest.importorskip("sqlalchemy")
    with closing(sqlite3.connect(tmp_path / "runs.db")) as connection:
        connection.execute("CREATE TABLE other (x)")
        connection.execute(f"PRAGMA journal_mode={mode}")
    observer = SqlObserver(f"sqlite:///{tmp_path}/runs.db")
    for _ in range(2):
        session = Session(None, observer=observer)
        with observer.engine.connect() as connection:
            level = connection.exec_driver_sql("PRAGMA synchronous").scalar()
        assert level == {"wal": 1, "delete": 2}[mode]
        session.complete()


def test_at_the_end_of_a_run_everything_is_in_the_file_itself(tmp_path):
    """And so on disk, also if others have the file open and keep its log alive."""
    pytest.importorskip("sqlalchemy")
    observer = SqlObserver(f"sqlite:///{tmp_path}/runs.db")
    Session(None, observer=observer).complete()
    with closing(sqlite3.connect(tmp_path / "runs.db")) as other:
        other.execute("SELECT count(*) FROM run").fetchall()
        session = Session(None, observer=observer)
        session.write("text\n")
        session.complete(result=3.0)
        shutil.copy(tmp_path / "runs.db", tmp_path / "copy.db")
        assert (tmp_path / "runs.db-wal").exists()
    with hallow.open_store(f"sqlite:///{tmp_path}/copy.db") as store:
        record = store.get(session.run_id)
        assert (record.status, record.result, record.output) == ("COMPLETED", 3.0, "text\n")


def test_a_new_sqlite_file_has_a_log_from_the_start(tmp_path):
    pytest.importorskip("sqlalchemy")
    session = Session(None, observer=SqlObserver(f"sqlite:///{tmp_path}/runs.db"))
    with session.observer.engine.connect() as connection:
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")]
    assert found == ["wal", 1]
    session.complete()


def test_what_others_have_left_of_a_run_of_the_same_id(mongo_server, mongo_database):
    """Everything but its owner, say."""
    observer = MongoObserver(mongo_server.uri, mongo_database)
    first = Session(None, observer=observer)
    first.log("m", 5)
    first.write("old\n" * 500)
    first.write("more\n")
    first.observer.detail_event("fact", "old")
    first.complete()
    with mongo_server.client() as client:
        database = client[mongo_database]
        database.runs.delete_many({})
        database.hallow_details.delete_many({"name": "owner"})
        database.metrics.delete_many({})
    second = Session(None, observer=observer)
    assert second.run_id == first.run_id
    second.log("m", 2)
    second.write("new\n")
    second.observer.detail_event("fact", "new")
    second.complete()
    with hallow.open_store(mongo_server.uri_of(mongo_database)) as store:
        record = store.get(second.run_id)
        assert (record.metrics["m"].steps, record.output, record.details["fact"]) == ([0, 1], "new\n", "new")


def test_connecting_takes_no_lock_of_the_process_away(tmp_path):
    """To close a file lets go of all locks that the process has on it, and the next process takes the log away."""
    path = tmp_path / "runs.db"
    url = f"sqlite:///{path}"
    Session(None, observer=SqlObserver(url)).complete(result=1)
    with closing(sqlite3.connect(path)) as holding:
        assert holding.execute("SELECT count(*) FROM run").fetchone() == (1,)
        log = tmp_path / "runs.db-wal"
        assert log.exists()
        Session(None, observer=SqlObserver(url)).complete(result=2)
        code = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); print(*c.execute('SELECT count(*) FROM run')); c.close()"
        done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
        assert done.stdout == "(2,)\n"
        assert log.exists()
