"""Passwords in URLs reach no record, log, journal or traceback, and a recovery is given them again."""

import os
import re
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import hallow
from hallow.records.urls import completed, same_place, without_password
from hallow.stores import open_store

SCRIPT = """
    import os, signal, sys
    import hallow
    ex = hallow.Experiment("e", save_git_info=False)

    @ex.automain
    def main(_run, die=False):
        for step in range(100):
            _run.log_scalar("m", step)
        print("printed")
        if die:
            os.kill(os.getpid(), signal.SIGKILL)
        return 1
"""


@pytest.fixture
def script(tmp_path, monkeypatch):
    monkeypatch.setenv("HALLOW_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "script.py").write_text(textwrap.dedent(SCRIPT))

    def run(*words, module=None, env=None):
        command = ["-m", module] if module else ["script.py"]
        return subprocess.run(
            [sys.executable, *command, *words],
            cwd=tmp_path,
            text=True,
            capture_output=True,
            timeout=60,
            env={**os.environ, **(env or {})},
        )

    return run


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("mongodb://me:pw@host/db", "mongodb://me:***@host/db"),
        ("postgresql+psycopg://me:p%40w@host:5432/db", "postgresql+psycopg://me:***@host:5432/db"),
        ("postgresql://me:p@w@host/db", "postgresql://me:***@host/db"),
        ("postgresql://me@host/db?password=pw&sslmode=require", "postgresql://me@host/db?password=***&sslmode=require"),
        ("https://:pw@host", "https://:***@host"),
        ("sqlite:///runs.db", "sqlite:///runs.db"),
        ("two: mongodb://a:b@c/d and mongodb://e:f@g/h.", "two: mongodb://a:***@c/d and mongodb://e:***@g/h."),
        ("no url a:b@c", "no url a:b@c"),
    ],
)
def test_urls_without_passwords(url, shown):
    assert without_password(url) == shown
    assert without_password(shown) == shown
    assert same_place(url, shown)


@pytest.mark.parametrize(
    ("hidden", "url", "whole"),
    [
        ("mongodb://me:***@host/db", "mongodb://me:pw@host/db", "mongodb://me:pw@host/db"),
        ("mongodb://me:***@host:1", "mongodb://me:p%40w@host:1/db?a=b", "mongodb://me:p%40w@host:1"),
        ("mongodb://me:***@host:1/x", "mongodb://me:pw@host:1/db", "mongodb://me:pw@host:1/x"),
        ("mongodb://me:***@host:1", "mongodb://you:pw@host:1", None),
        ("mongodb://me:***@host:1", "mongodb://me:pw@other:1", None),
        ("mongodb://me:***@host:1", "postgresql://me:pw@host:1", None),
        (
            "postgresql://me@host/db?password=***",
            "postgresql://me@host/db?password=pw",
            "postgresql://me@host/db?password=pw",
        ),
    ],
)
def test_urls_are_completed(hidden, url, whole):
    assert completed(hidden, url) == whole


def leaks(secret, *texts, folders=()):
    """Where the secret stands."""
    found = [text[:200] for text in texts if secret in text]
    for folder in folders:
        files = (path for path in Path(folder).rglob("*") if path.is_file())
        found += [str(path) for path in files if secret.encode() in path.read_bytes()]
    return found


def test_a_whole_run(script, tmp_path, postgres_server, postgres_database):
    secret = postgres_server.password
    url = postgres_server.url_of(re.search(r"/(\w+)$", postgres_database)[1], password=True)
    assert secret in url
    done = script("-s", url, "-F", "runs", "-l", "debug")
    assert done.returncode == 0, done.stderr
    assert leaks(secret, done.stdout, done.stderr, folders=[tmp_path / "runs", tmp_path / "state"]) == []
    with open_store(url) as store:
        (record,) = store.runs()
        told = [repr(record), repr(record.meta), repr(record.host), repr(record.details), store.url, repr(store)]
        assert leaks(secret, *told, record.output) == []
        assert record.meta["options"]["--sql"] == without_password(url)


def test_a_recovery_is_given_the_password_again(script, tmp_path, postgres_server, postgres_database):
    secret = postgres_server.password
    url = postgres_server.url_of(re.search(r"/(\w+)$", postgres_database)[1], password=True)
    assert script("-s", url, "with", "die=True").returncode == -signal.SIGKILL
    assert leaks(secret, folders=[tmp_path / "state"]) == []
    without = script("recover", module="hallow")
    assert without.returncode == 1
    assert "--store" in without.stdout
    assert leaks(secret, without.stdout, without.stderr) == []
    again = script("recover", "--store", url, module="hallow")
    assert (again.returncode, "closed as DIED" in again.stdout) == (0, True), again.stdout + again.stderr
    assert leaks(secret, again.stdout, again.stderr) == []
    with open_store(url) as store:
        (record,) = store.runs()
        assert (record.stored_status, len(record.metrics["m"])) == ("DIED", 100)
    assert "Nothing to recover" in script("recover", module="hallow").stdout


def test_a_recovery_by_the_url_of_the_store(script, postgres_server, postgres_database):
    url = postgres_server.url_of(re.search(r"/(\w+)$", postgres_database)[1], password=True)
    assert script("-s", url, "with", "die=True").returncode == -signal.SIGKILL
    done = script("recover", url, module="hallow")
    assert (done.returncode, "closed as DIED" in done.stdout) == (0, True), done.stdout + done.stderr
    assert leaks(postgres_server.password, done.stdout, done.stderr) == []


def test_a_wrong_password(script, postgres_server, postgres_database):
    url = postgres_server.url_of(re.search(r"/(\w+)$", postgres_database)[1], password=True)
    url = url.replace(postgres_server.password, "wr0ng-s3cret")
    done = script("-s", url)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "password" in done.stderr
    assert leaks("wr0ng-s3cret", done.stdout, done.stderr) == []
    with pytest.raises(hallow.errors.StoreError) as raised:
        open_store(url)
    assert leaks("wr0ng-s3cret", str(raised.value), repr(raised.value)) == []
