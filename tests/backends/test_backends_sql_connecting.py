"""Where a database is, how it is reached, and what is said when it is not."""

import logging
import os
import shutil
import sqlite3
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from servers.processes import free_port

import hallow
from hallow.errors import StoreError
from hallow.running.recovery import recover
from hallow.running.recovery.making import made_again
from hallow.testing.contract.support import Session

pytest.importorskip("sqlalchemy")

from sqlalchemy import event
from sqlalchemy.engine import make_url

from hallow.backends.sql.observer import SqlObserver
from hallow.backends.sql.store import SqlStore

FIXTURE = Path(__file__).parents[1] / "formats" / "sacred_0_8_7" / "sql" / "sacred.sqlite"


@pytest.fixture
def observe():
    """Makes observers whose connections are closed at the end of the test."""
    made = []

    def make(url, **options):
        made.append(SqlObserver(url, **options))
        return made[-1]

    yield make
    for observer in made:
        observer.engine.dispose()


def recorded(observer, result=1):
    session = Session(None, observer=observer)
    session.complete(result=result)
    return session.run_id


# --------------------------------------------------------------------------------------------------------- places


def test_plain_urls_of_postgresql_find_the_driver(postgres_database, observe):
    plain = postgres_database.replace("postgresql+psycopg://", "postgresql://")
    assert recorded(observe(plain)) == 1
    assert recorded(observe(plain.replace("postgresql://", "postgres://"))) == 2
    assert recorded(observe(make_url(plain))) == 3
    with hallow.open_store(plain) as store:
        assert (len(store), store.url) == (3, plain)


def test_spellings_of_an_sqlite_file(tmp_path, monkeypatch, observe):
    monkeypatch.chdir(tmp_path)
    assert recorded(observe("sqlite:///runs.db")) == 1
    for spelling in ("runs.db", tmp_path / "runs.db", "sqlite:runs.db", f"sqlite:///{tmp_path}/runs.db"):
        with hallow.open_store(spelling) as store:
            assert (list(store.ids()), store.url) == ([1], f"sqlite:///{tmp_path}/runs.db")
    assert recorded(observe("runs.db")) == 2


def test_a_changed_working_directory_changes_nothing(tmp_path, monkeypatch, observe):
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path)
    observer = observe("sqlite:///runs.db")
    monkeypatch.chdir(tmp_path / "there")
    recorded(observer)
    assert (tmp_path / "runs.db").exists()
    again = made_again(observer.recovery())
    assert again.reopen(1).status == "COMPLETED"
    again.join()


def test_folders_of_an_sqlite_file_are_made(tmp_path, observe):
    assert recorded(observe(f"sqlite:///{tmp_path}/deep/er/runs.db")) == 1


def test_characters_that_mean_something_in_urls(tmp_path, observe):
    path = tmp_path / "50% of #1?mode=ro & ü.db"
    observer = observe(make_url("sqlite://").set(database=str(path)))
    recorded(observer)
    assert path.exists()
    with SqlStore(path) as store:
        assert list(store.ids()) == [1]


def test_new_files_have_a_write_ahead_log_and_sacreds_keep_what_they_have(tmp_path, observe):
    recorded(observe(f"sqlite:///{tmp_path}/new.db"))
    path = shutil.copy(FIXTURE, tmp_path)
    recorded(observe(f"sqlite:///{path}"))
    for name, mode in (("new.db", "wal"), (FIXTURE.name, "delete")):
        with closing(sqlite3.connect(tmp_path / name)) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == (mode,)


def test_an_empty_file_is_an_empty_store(tmp_path):
    (tmp_path / "empty.db").touch()
    with hallow.open_store(f"sqlite:///{tmp_path}/empty.db") as store:
        assert list(store.runs()) == []
    assert (tmp_path / "empty.db").read_bytes() == b""


# -------------------------------------------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("no url", "no URL of a database.*sqlite:///runs.db.*postgresql://user@host/database"),
        ("sqlit:///x.db", "no databases of the kind 'sqlit'.*sqlite, postgresql"),
        (5, "'5' is no URL"),
        ("postgresql://me:secret@host:port/db", "no URL"),
    ],
)
def test_what_is_no_url(url, words):
    with pytest.raises(StoreError, match=words) as caught:
        SqlObserver(url)
    assert "secret" not in str(caught.value)


def test_a_missing_driver(run_script):
    done = run_script(
        """
        import sys
        sys.modules["psycopg"] = sys.modules["psycopg2"] = None
        import hallow
        from hallow.backends.sql.observer import SqlObserver
        for make in (SqlObserver, hallow.open_store):
            try:
                make("postgresql+psycopg://me:secret@host/db")
            except ImportError as error:
                print(type(error).__name__, error)
        """
    )
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert len(lines) == 2
    for line in lines:
        assert line.startswith("MissingExtraError postgresql+psycopg://me:***@host/db")
        assert 'pip install "psycopg[binary]"' in line


def test_without_sqlalchemy(run_script):
    """Importing the observer does no harm; making one says what to install."""
    done = run_script(
        """
        import sys
        sys.modules["sqlalchemy"] = None
        import hallow
        from hallow.backends.sql.observer import SqlObserver
        for make in (SqlObserver, hallow.open_store):
            try:
                make("sqlite:///x.db")
            except ImportError as error:
                print(type(error).__name__, error)
        """
    )
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("MissingExtraError") and 'pip install "hallow[sql]"' in line for line in lines)


def test_importing_the_observer_loads_no_sqlalchemy(run_script):
    done = run_script("import sys, hallow.backends.sql.observer; print('sqlalchemy' in sys.modules)")
    assert done.out.strip() == "False", done.err


def test_recording_needs_no_mapped_classes(run_script):
    """They would double what a start has to load."""
    done = run_script(
        """
        import sys
        import hallow
        from hallow.backends.sql.observer import SqlObserver
        ex = hallow.Experiment("light", save_git_info=False)
        ex.observers.append(SqlObserver("sqlite:///runs.db"))
        ex.main(lambda: 1)
        ex.run()
        print("sqlalchemy.orm" in sys.modules)
        """
    )
    assert done.out.strip().endswith("False"), done.err


def test_no_such_file(tmp_path):
    with pytest.raises(StoreError, match=r"typo\.db.*there is no such file"):
        hallow.open_store(f"sqlite:///{tmp_path}/typo.db")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_place_of_a_file(tmp_path, observe):
    with pytest.raises(StoreError, match="it is a folder, give the path of a file in it"):
        recorded(observe(f"sqlite:///{tmp_path}"))


def test_a_file_in_place_of_a_folder(tmp_path, observe):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StoreError, match="folder of .* cannot be made"):
        recorded(observe(f"sqlite:///{tmp_path}/file/runs.db"))


def test_a_file_that_is_no_database(tmp_path, observe):
    (tmp_path / "notes.txt").write_text("no database at all, but a long text " * 9)
    with pytest.raises(StoreError, match=r"file is not a database; give an SQLite file.*--journal-only"):
        recorded(observe(f"sqlite:///{tmp_path}/notes.txt"))
    with pytest.raises(StoreError, match="file is not a database"):
        hallow.open_store(f"sqlite:///{tmp_path}/notes.txt")


def test_the_database_of_another_program(tmp_path, observe):
    """Reading says so; writing adds a store, unless a table is in the way."""
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE customers (name TEXT)")
    with pytest.raises(StoreError, match=r"no experiment store .*tables \(customers\)"):
        hallow.open_store(path)
    observer = observe(f"sqlite:///{path}")
    assert list(observer.store().runs()) == []
    assert recorded(observer) == 1
    assert len(hallow.open_store(path)) == 1
    with closing(sqlite3.connect(tmp_path / "race.db")) as connection:
        connection.execute("CREATE TABLE run (runner TEXT, id INTEGER)")
    with pytest.raises(StoreError, match="a table 'run' of another program .*it lacks run_id"):
        recorded(observe(f"sqlite:///{tmp_path}/race.db"))


def test_a_server_that_is_not_there(observe):
    port = free_port()
    url = f"postgresql://me:secret@127.0.0.1:{port}/db"
    observer = observe(url)
    with pytest.raises(
        StoreError, match=rf"postgresql://me:\*\*\*@127.0.0.1:{port}/db cannot be used.*--journal-only"
    ) as caught:
        recorded(observer)
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__
    with pytest.raises(StoreError):
        hallow.open_store(url)


def test_a_database_that_is_not_there(postgres_server, observe):
    with pytest.raises(StoreError, match='database "nowhere" does not exist'):
        recorded(observe(postgres_server.url_of("nowhere")))


def test_passwords_are_never_told(postgres_server, postgres_database, observe, caplog, tmp_path, monkeypatch):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("HALLOW_STATE_DIR", str(tmp_path / "state"))
    name = postgres_database.rpartition("/")[2]
    url = postgres_server.url_of(name, password=True)
    observer = observe(url, echo=True)
    caplog.set_level(logging.DEBUG, "sqlalchemy.engine.Engine")
    ex = hallow.Experiment("guarded", save_git_info=False)
    ex.observers.append(observer)
    ex.main(lambda: 1)
    assert ex.run()._id == 1
    told = [repr(observer), str(observer.recovery()), observer.url, caplog.text]
    with hallow.open_store(url) as store:
        told += [store.url, repr(store), repr(store.get(1)), str(store.get(1).details)]
    wrong = url.replace(postgres_server.password, "not-the-password")
    with pytest.raises(StoreError, match="password authentication failed") as caught:
        recorded(observe(wrong))
    told += [str(caught.value), repr(caught.value)]
    assert all(postgres_server.password not in text and "not-the-password" not in text for text in told)
    monkeypatch.setenv("HALLOW_STORES", url)
    again = made_again(observer.recovery())
    assert again.reopen(1).status == "COMPLETED"
    again.join()


# -------------------------------------------------------------------------------------------------- connection loss


def test_connection_loss(postgres_server, postgres_database, observe):
    """Connections that the server has ended are replaced; nothing is missing, nothing is there twice."""
    session = Session(None, observer=observe(postgres_database))
    name = postgres_database.rpartition("/")[2]
    for number in range(5):
        assert postgres_server.terminate_backends(name) >= 1
        session.log("m", 1000 if number % 2 else 3)
        assert postgres_server.terminate_backends(name) >= 1
        session.write(f"line {number}\n")
        session.beat()
    session.complete(result=7)
    record = session.observer.store().get(session.run_id)
    assert record.metrics["m"].steps == list(range(3 + 1000 + 3 + 1000 + 3))
    assert record.output == "".join(f"line {number}\n" for number in range(5))
    assert (record.status, record.result) == ("COMPLETED", 7)
    session.observer.engine.dispose()


def test_a_start_whose_answer_is_lost_is_one_run(postgres_server, postgres_database, observe, proxy_to):
    """It was committed, but who started it cannot know."""
    proxy = proxy_to(postgres_server)
    url = postgres_server.url_of(postgres_database.rpartition("/")[2], proxy=proxy)
    recorded(observe(url))
    for number in (2, 3):
        observer = observe(url)
        statements = []

        def watch(connection, cursor, statement, parameters, context, executemany, statements=statements):
            if statement.startswith("INSERT INTO hallow_run"):
                statements.append(statement)
                proxy.lose_reply(b"COMMIT")

        event.listen(observer.engine, "before_cursor_execute", watch)
        assert Session(None, observer=observer).run_id == number
        assert proxy.has_lost_reply
        assert len(statements) == 1
        observer.engine.dispose()
    with hallow.open_store(url) as store:
        assert list(store.ids()) == [1, 2, 3]
        assert all(record.details["owner"] for record in list(store.runs())[1:])


def test_output_whose_answer_is_lost_is_there_once(postgres_server, postgres_database, observe, proxy_to):
    proxy = proxy_to(postgres_server)
    url = postgres_server.url_of(postgres_database.rpartition("/")[2], proxy=proxy)
    session = Session(None, observer=observe(url))
    session.write("first\n")
    for _ in range(3):
        proxy.lose_reply(b"COMMIT")
        session.write("é again\n")
        proxy.lose_reply(b"COMMIT")
        session.log("m", 700)
    session.complete()
    record = session.observer.store().get(session.run_id)
    assert record.output == "first\n" + "é again\n" * 3
    assert session.observer.query(session.run_id)["captured_out"] == record.output
    assert record.metrics["m"].steps == list(range(2100))
    session.observer.session.remove()
    session.observer.engine.dispose()


def test_a_run_that_starts_without_its_server(
    postgres_server, postgres_database, observe, proxy_to, tmp_path, monkeypatch
):
    """With ``--journal-only``; a recovery delivers it when the server is back."""
    monkeypatch.setenv("HALLOW_STATE_DIR", str(tmp_path / "state"))
    proxy = proxy_to(postgres_server)
    url = postgres_server.url_of(postgres_database.rpartition("/")[2], proxy=proxy)
    recorded(observe(url))
    ex = hallow.Experiment("offline", save_git_info=False)
    ex.observers.append(observe(url))

    @ex.main
    def main(_run):
        _run.log_scalar("m", 0.5)
        _run.add_resource(__file__)
        _run.add_artifact(__file__)
        return 9

    proxy.cut()
    ex.run(options={"--journal-only": True, "--capture": "no"})
    proxy.heal()
    assert [found.problems for found in recover()] == [[]]
    with hallow.open_store(url) as store:
        record = store.get(2)
        assert (record.status, record.result, record.metrics["m"].values) == ("COMPLETED", 9, [0.5])
        assert record.artifacts[0].read_bytes() == record.resources[0].read_bytes() == Path(__file__).read_bytes()
    assert list(recover()) == []


def test_a_lock_that_others_hold_in_turn_is_waited_for(tmp_path, observe):
    """A start fails only if whoever has the lock does not get on."""
    url = f"sqlite:///{tmp_path}/runs.db?timeout=0.5"
    recorded(observe(url))
    begun = threading.Event()

    def others():
        with closing(sqlite3.connect(tmp_path / "runs.db", isolation_level=None, timeout=10)) as connection:
            for number in range(5):
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("UPDATE run SET comment = ?", (f"{number}" * 5000,))
                begun.set()
                time.sleep(0.2)
                connection.execute("COMMIT")

    thread = threading.Thread(target=others)
    thread.start()
    begun.wait(10)
    try:
        assert recorded(observe(url)) == 2
    finally:
        thread.join()


def test_a_lock_that_is_never_let_go(tmp_path, observe):
    url = f"sqlite:///{tmp_path}/runs.db?timeout=0.1"
    recorded(observe(url))
    with closing(sqlite3.connect(tmp_path / "runs.db", isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="is locked by another program, which does not get on"):
            recorded(observe(url))
    assert recorded(observe(url)) == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_forked_child_records_by_itself(kind, tmp_path, request, run_script):
    """With connections of its own, and those of the parent go on working; also if the child ends in the usual way."""
    url = request.getfixturevalue("postgres_database") if kind == "postgres" else f"sqlite:///{tmp_path}/runs.db"
    done = run_script(
        f"""
        import os, sys
        from hallow.backends.sql.observer import SqlObserver
        from hallow.testing.contract.support import Session
        observer = SqlObserver({url!r})
        session = Session(None, observer=observer)
        session.log("m", 3)
        child = os.fork()
        if child == 0:
            own = Session(None, observer=observer.for_run())
            own.log("m", 5)
            own.complete(result="child")
            sys.exit(0)
        assert os.waitpid(child, 0)[1] == 0
        session.log("m", 2)
        session.complete(result="parent")
        """,
        flags=("-W", "ignore::DeprecationWarning"),
    )
    assert done.code == 0, done.err
    assert done.err == ""
    with hallow.open_store(url) as store:
        found = {record.result: len(record.metrics["m"]) for record in store.runs()}
    assert found == {"parent": 5, "child": 5}


def test_connections_are_let_go_at_the_end_of_a_run(postgres_server, postgres_database):
    count = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
    name = postgres_database.rpartition("/")[2]
    observer = SqlObserver(postgres_database)
    session = Session(None, observer=observer)
    assert postgres_server.execute(count, name) == [(1,)]
    assert observer.run.status == "RUNNING"
    session.complete()
    wait = time.monotonic() + 10
    while postgres_server.execute(count, name) != [(0,)]:
        assert time.monotonic() < wait


def test_connections_are_closed_with_their_observer(tmp_path):
    """Also if nobody waited for it; an unclosed one would be an error here."""
    observer = SqlObserver(f"sqlite:///{tmp_path}/runs.db")
    Session(None, observer=observer)
    engine = observer.engine
    assert engine.pool.checkedin() == 1
    del observer
    assert engine.pool.checkedin() == 0


@pytest.mark.skipif(sys.platform.startswith("win") or os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("folder_mode", [0o755, 0o777])
def test_whoever_may_only_read_leaves_no_files(observe, run_script, folder_mode):
    """They would keep the owner from writing."""
    folder = Path(tempfile.mkdtemp())
    try:
        recorded(observe(f"sqlite:///{folder}/runs.db"))
        folder.chmod(folder_mode)
        (folder / "runs.db").chmod(0o644)
        done = run_script(
            f"""
            import os
            import hallow, hallow.backends.sql.store, hallow.stores.opening, sqlite3, sqlalchemy.dialects.sqlite
            os.setgroups([]); os.setgid(65534); os.setuid(65534)
            with hallow.open_store("sqlite:///{folder}/runs.db") as store:
                (record,) = store.runs()
                print(record.status, os.listdir({str(folder)!r}))
                for act in (lambda: record.annotate(tags=["x"]), lambda: store.delete(1)):
                    try:
                        act()
                    except hallow.errors.StoreError as error:
                        print(error)
            """
        )
        lines = done.out.splitlines()
        assert lines[:1] == ["COMPLETED ['runs.db']"], done.err
        assert len(lines) == 3
        assert all("readonly database; the file may not be written by this user" in line for line in lines[1:]), lines
        assert recorded(observe(f"sqlite:///{folder}/runs.db")) == 2
    finally:
        shutil.rmtree(folder)
