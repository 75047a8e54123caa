"""Wrong, missing and unreachable stores: one clear error each, before anything starts, and no password anywhere."""

import os
import re
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import hallow
from hallow.stores import open_store

SECRET = "s3cr3tW0rd"
SCRIPT = """
    import sys
    for name in {missing!r}:
        sys.modules[name] = None
    import hallow
    ex = hallow.Experiment("e", save_git_info=False)
    {setup}

    @ex.automain
    def main(_run):
        print("main has begun")
"""


@pytest.fixture
def script(tmp_path, monkeypatch):
    """Run a script that records as ``setup`` or options say; gives what it printed and its code."""
    monkeypatch.setenv("HALLOW_STATE_DIR", str(tmp_path / "state"))

    def run(*words, setup="", missing=(), env=None):
        (tmp_path / "script.py").write_text(textwrap.dedent(SCRIPT).format(setup=setup, missing=tuple(missing)))
        return subprocess.run(
            [sys.executable, "script.py", *words],
            cwd=tmp_path,
            text=True,
            capture_output=True,
            timeout=60,
            env={**os.environ, **(env or {})},
        )

    return run


def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


AWAY = {
    # How long it waits of itself: test_O_28_an_unreachable_server_is_one_error_soon.
    "mongo": ("-m", "mongodb://me:{secret}@127.0.0.1:{port}/db?serverSelectionTimeoutMS=200", "127.0.0.1:{port}"),
    "postgres": ("-s", "postgresql+psycopg://me:{secret}@127.0.0.1:{port}/db", "127.0.0.1:{port}"),
    "s3": ("-S", "s3://some-bucket/folder", "s3://some-bucket/folder"),
}


@pytest.mark.parametrize("kind", AWAY)
def test_a_server_that_is_not_there(script, kind, tmp_path):
    flag, url, said = AWAY[kind]
    port = closed_port()
    env = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    done = script(flag, url.format(secret=SECRET, port=port), env=env)
    assert done.returncode == 1
    assert "main has begun" not in done.stdout
    assert "Traceback" not in done.stderr
    assert "StoreError" in done.stderr
    assert said.format(port=port) in done.stderr
    assert "--journal-only" in done.stderr
    assert SECRET not in done.stderr + done.stdout


@pytest.mark.parametrize("kind", AWAY)
def test_the_same_with_journal_only(script, kind, tmp_path):
    flag, url, _ = AWAY[kind]
    env = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{closed_port()}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    done = script("--journal-only", flag, url.format(secret=SECRET, port=closed_port()), env=env)
    assert done.returncode == 0, done.stderr
    assert "main has begun" in done.stdout
    assert "hallow recover" in done.stderr
    assert SECRET not in done.stderr + done.stdout
    assert leaks(tmp_path / "state") == []


def leaks(folder):
    """Files that hold the secret."""
    return [str(path) for path in Path(folder).rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]


EXTRAS = {
    "mongo": ("-m", "db", ["pymongo"]),
    "sql": ("-s", "sqlite:///runs.db", ["sqlalchemy"]),
    "tinydb": ("-t", "folder", ["tinydb"]),
    "remote": ("-S", "s3://bucket/folder", ["fsspec", "s3fs"]),
    "notify": ("--notify", "json://127.0.0.1:9/x", ["apprise"]),
}


@pytest.mark.parametrize("extra", EXTRAS)
def test_a_missing_extra(script, extra):
    flag, value, missing = EXTRAS[extra]
    done = script(flag, value, missing=missing, env={"AWS_DEFAULT_REGION": "us-east-1"})
    assert done.returncode == 2
    assert f"hallow[{extra}]" in done.stderr
    assert "Traceback" not in done.stderr
    assert "main has begun" not in done.stdout


@pytest.mark.parametrize("extra", EXTRAS)
def test_a_missing_extra_in_python(script, extra):
    calls = {
        "mongo": "MongoObserver()",
        "sql": "SqlObserver('sqlite:///runs.db')",
        "tinydb": "TinyDbObserver('folder')",
        "remote": "S3Observer('bucket', 'folder', region='us-east-1')",
        "notify": "NotifyObserver('json://127.0.0.1:9/x')",
    }
    setup = (
        "import hallow.observers\n"
        "    try:\n"
        f"        hallow.observers.{calls[extra]}\n"
        "    except ImportError as error:\n"
        "        sys.exit(f'as it should be: {error}')"
    )
    done = script(setup=textwrap.indent(textwrap.dedent(setup), "").replace("\n    ", "\n"), missing=EXTRAS[extra][2])
    assert "as it should be" in done.stderr, done.stderr
    assert f"hallow[{extra}]" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-s", "nodialect://host/db"], "nodialect"),
        (["-m", "1foo"], "localhost:27017:lab"),
        (["-m", "h:db"], "localhost:27017:lab"),
        (["-S", "bucket/folder"], "s3://bucket/folder"),
        (["-S", "s3://Bad_Bucket/folder"], "Bad_Bucket"),
        (["-G", "s3://bucket/folder"], "gs://bucket/folder"),
    ],
)
def test_values_of_options(script, words, said):
    done = script(*words)
    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "main has begun" not in done.stdout


@pytest.mark.parametrize("flag", ["-F", "-t", "-s"])
def test_a_file_where_a_folder_is_expected(script, flag, tmp_path):
    (tmp_path / "taken").write_text("a file")
    value = "sqlite:///taken/runs.db" if flag == "-s" else "taken"
    done = script(flag, value)
    assert done.returncode in (1, 2)
    assert "taken" in done.stderr
    assert "Traceback" not in done.stderr
    assert "main has begun" not in done.stdout
    assert (tmp_path / "taken").read_text() == "a file"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize("flag", ["-F", "-t", "-s"])
def test_a_folder_that_cannot_be_written(script, flag, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    value = "sqlite:///locked/runs.db" if flag == "-s" else "locked/runs"
    done = script(flag, value)
    assert done.returncode in (1, 2)
    assert "locked" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("nothing", "there is no file store"),
        ("sqlite:///nothing.db", "nothing.db"),
        ("tinydb:nothing", "nothing"),
        ("magic://somewhere", "there is no kind of store 'magic'"),
        ("mongodb+ssh://host/db", "mongodb"),
        (7, "by its URL or path"),
    ],
)
def test_what_cannot_be_opened(target, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(hallow.errors.StoreError, match=re.escape(said)):
        list(open_store(target).runs())
    assert os.listdir(tmp_path) == []  # looking makes nothing
