"""Servers start only when asked for and are gone afterwards, however the tests end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from servers.processes import Process, Server, ServerError, free_port, is_alive, wait_until

TESTS = Path(__file__).resolve().parents[1]

# Who starts these tests in the background of a shell has them ignore Ctrl-C, which children inherit.
CONFTEST = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
pytest_plugins = ["servers.fixtures"]
"""


@pytest.fixture
def inner(tmp_path):
    """``inner(source, **env)``: pytest on a file of tests, as a process, which does not outlive the block."""

    @contextmanager
    def start(source: str, **env: str):
        (tmp_path / "conftest.py").write_text(CONFTEST)
        (tmp_path / "test_inner.py").write_text(source)
        with subprocess.Popen(
            [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "-W", "error", "test_inner.py"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(TESTS), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    return start


ALL_THREE = """
import os, time

def test_first(mongo_server, postgres_server, s3_server):
    with open("servers", "w") as file:
        for server in (mongo_server, postgres_server, s3_server):
            print(server.pid, server.folder, file=file)
    os.rename("servers", "started")
    if os.environ.get("STAY"):
        time.sleep(600)

def test_one_that_fails(mongo_server):
    assert 0
"""


def _servers(path: Path) -> list[tuple[int, Path]]:
    lines = (line.split() for line in path.read_text().splitlines())
    return [(int(pid), Path(folder)) for pid, folder in lines]


def test_servers_end_with_the_session_also_after_failures(inner, tmp_path):
    with inner(ALL_THREE) as process:
        out, _ = process.communicate(timeout=120)
    assert process.returncode == 1, out
    assert "1 failed, 1 passed" in out
    assert len(servers := _servers(tmp_path / "started")) == 3
    assert [(pid, folder) for pid, folder in servers if is_alive(pid) or folder.exists()] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "kill"])
def test_servers_end_with_the_session_when_it_is_interrupted(inner, tmp_path, number):
    with inner(ALL_THREE, STAY="1") as process:
        wait_until((tmp_path / "started").exists, "servers started", timeout=120)
        process.send_signal(number)
        process.communicate(timeout=120)
    servers = _servers(tmp_path / "started")
    assert len(servers) == 3
    wait_until(lambda: not any(is_alive(pid) or folder.exists() for pid, folder in servers), "servers gone")


def test_nothing_starts_before_it_is_asked_for(inner):
    source = """
import subprocess, sys

def test_nothing(monkeypatch):
    assert not {"pymongo", "psycopg", "moto", "botocore", "servers.mongo"} & set(sys.modules)
"""
    with inner(source) as process:
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0, out


def test_the_environment_selects_a_mongod(inner, mongo_server):
    source = f"""
def test_given(mongo_server, mongo_database):
    assert mongo_server.uri == {mongo_server.uri!r}
    assert not hasattr(mongo_server, "pid")
    with mongo_server.client() as client:
        client[mongo_database].x.insert_one({{}})
"""
    with inner(source, HALLOW_TEST_MONGO_URI=mongo_server.uri) as process:
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0, out


def test_what_is_not_installed_is_the_reason_to_skip(inner):
    source = """
import sys
import servers.fixtures, servers.postgres

servers.fixtures.find_spec = lambda name: None if name in ("secantus", "moto") else name
servers.postgres.binaries = lambda: None

def test_mongo(mongo_database): pass
def test_broken(breakable_mongo): pass
def test_s3(s3_bucket): pass
def test_postgres(postgres_database): pass
"""
    environment = {"HALLOW_TEST_MONGO_URI": ""}
    with inner(source, **environment) as process:
        out, _ = process.communicate(timeout=60)
    assert "4 skipped" in out
    assert "secantus not installed (the extra `dev` has it)" in out
    assert "moto not installed" in out
    assert "no PostgreSQL: install it" in out


class Script(Server):
    """A server that is a line of Python."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self._source = source

    def start(self) -> None:
        self._process = Process([sys.executable, "-uc", self._source], self.folder, ready=r"port (\d+)")
        self.port = int(self._process.ready[1])


def test_a_server_that_ends_at_once_shows_its_last_words():
    server = Script("import sys; print('the disk is full', file=sys.stderr); sys.exit(3)")
    with pytest.raises(ServerError, match="exit code 3; it wrote:\nthe disk is full"):
        server.__enter__()
    assert not server.folder.exists()


def test_a_server_that_is_never_ready_is_ended(monkeypatch):
    monkeypatch.setattr("servers.processes.PATIENCE", 0.3)
    server = Script("import os, time; print(os.getpid()); time.sleep(600)")
    try:
        with pytest.raises(ServerError, match="is not ready") as failed:
            server.start()
        assert not is_alive(int(str(failed.value).splitlines()[-1]))
    finally:
        server.close()


def test_a_server_that_does_not_heed_the_request_is_killed(monkeypatch):
    ignoring = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('port 1'); time.sleep(600)"
    with Script(ignoring) as server:
        pid = server.pid
        monkeypatch.setattr("servers.processes.PATIENCE", 0.1)
    assert not is_alive(pid)


def test_stopping_twice_is_harmless():
    with Script("import time; print('port 1'); time.sleep(600)") as server:
        pid = server.pid
        server.stop()
        assert not is_alive(pid)
        assert not server.is_running
        server.stop()
        server.kill()
        server.restart()
        assert server.pid != pid


def test_data_lies_in_memory_only_where_there_is_room(monkeypatch, tmp_path):
    usage = shutil.disk_usage(tmp_path)._replace(free=64 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage)
    server = Server(in_memory=True)
    server.close()
    assert server.folder.parent == Path(tempfile.gettempdir())


def test_a_free_port_can_be_taken():
    import socket

    with socket.create_server(("127.0.0.1", free_port())):
        pass
