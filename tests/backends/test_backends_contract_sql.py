"""The contract on SQL databases: SQLite and PostgreSQL."""

import os
import sqlite3
from contextlib import closing, contextmanager

import pytest
from servers.proxy import Proxy

from hallow import open_store
from hallow.testing import Backend, BackendContract, RawRun, Traffic

pytest.importorskip("sqlalchemy")

from sqlalchemy import event

from hallow.backends.sql.layout import hallow_schema, metadata
from hallow.observers import SqlObserver

TO_BE_LOCKED = ("test_an_outage_in_the_middle_loses_nothing", "test_a_start_while_the_store_is_away")


class Raw(RawRun):
    """By statements of the driver's own."""

    def __init__(self, rows, run_id):
        self.rows = rows
        [(self.key, self.run_id)] = rows("SELECT id, run_id FROM run WHERE run_id = {}", str(run_id))

    def status(self):
        return self.rows("SELECT status FROM run WHERE id = {}", self.key)[0][0]

    def output(self):
        [(shown,)] = self.rows("SELECT captured_out FROM run WHERE id = {}", self.key)
        pieces = self.rows("SELECT data FROM hallow_output WHERE run = {} ORDER BY position", self.key)
        stored = b"".join(data for (data,) in pieces)
        assert stored.decode().endswith((shown or "")[-1000:])
        return stored

    def artifact(self, name):
        return self.rows("SELECT content FROM artifact WHERE run_id = {} AND filename = {}", self.run_id, name)[0][0]

    def resource(self, path):
        return self.rows("SELECT content FROM resource WHERE filename = {}", path)[0][0]

    def source(self, path):
        return self.rows("SELECT content FROM source WHERE filename = {}", path)[0][0].encode()

    def points(self, metric):
        joined = "hallow_point p JOIN hallow_metric m ON m.run = p.run AND m.number = p.metric"
        return self.rows(f"SELECT count(*) FROM {joined} WHERE p.run = {{}} AND m.name = {{}}", self.key, metric)[0][0]


class Sql(Backend):
    """What both have in common."""

    url: str

    def __init__(self):
        self.observers = []
        self.commands = self.bytes = 0

    def rows(self, statement, *values):
        raise NotImplementedError

    def observer(self):
        observer = SqlObserver(self.url)
        event.listen(observer.engine, "before_cursor_execute", self._count)
        self.observers.append(observer)
        return observer

    def _count(self, connection, cursor, statement, parameters, context, executemany):
        self.commands += 1
        self.bytes += len(statement) + len(repr(parameters))

    def code(self):
        return f"hallow.observers.SqlObserver({self.url!r})"

    def open(self):
        return open_store(self.url)

    def raw(self, run_id):
        return Raw(self.rows, run_id)

    def contents(self):
        return sum(self.rows(f"SELECT count(*) FROM {name}")[0][0] for name in ("source", "resource", "artifact"))

    def everything(self):
        names = set(metadata.tables) - {hallow_schema.name}
        return sum(self.rows(f"SELECT count(*) FROM {name}")[0][0] for name in names) if self._is_made() else 0

    def _is_made(self):
        raise NotImplementedError

    def traffic(self):
        return Traffic(self.commands, self.bytes)

    def damage(self, run_id):
        self.rows("UPDATE run SET config = '{{\"lr\": 0.' WHERE run_id = {}", run_id)

    def close(self):
        for observer in self.observers:
            observer.engine.dispose()


class Sqlite(Sql):
    def __init__(self, folder, options):
        super().__init__()
        self.path = folder / "runs.sqlite"
        self.url = f"sqlite:///{self.path}{options}"

    def rows(self, statement, *values):
        with closing(sqlite3.connect(self.path)) as connection, connection:
            return connection.execute(statement.format(*"?" * len(values)), values).fetchall()

    def _is_made(self):
        return os.path.exists(self.path)

    def open(self):
        self.path.touch()
        return super().open()

    @contextmanager
    def outage(self):
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            yield


class Postgres(Sql):
    def __init__(self, server, database):
        super().__init__()
        self.server, self.database = server, database
        self.proxy = Proxy(server.port)
        self.url = server.url_of(database, proxy=self.proxy)

    def rows(self, statement, *values):
        return self.server.execute(statement.format(*["%s"] * len(values)), *values, database=self.database)

    def _is_made(self):
        return bool(self.rows("SELECT 1 FROM pg_tables WHERE tablename = 'run'"))

    def traffic(self):
        return Traffic(self.commands, self.proxy.sent)

    @contextmanager
    def outage(self):
        self.proxy.cut()
        yield
        self.proxy.heal()

    def close(self):
        super().close()
        self.proxy.close()


class TestSqlite(BackendContract):
    @pytest.fixture
    def backend(self, request, tmp_path):
        # On a busy machine, runs at the same time may wait for each other longer than an outage need take.
        options = "?timeout=0.2" if request.node.name in TO_BE_LOCKED else ""
        with closing(Sqlite(tmp_path, options)) as backend:
            yield backend


class TestPostgres(BackendContract):
    @pytest.fixture
    def backend(self, postgres_server, postgres_database):
        with closing(Postgres(postgres_server, postgres_database.rpartition("/")[2])) as backend:
            yield backend
