"""The journal as a folder: its making, its copies of files, its place, its owner, its end."""

from __future__ import annotations

import os
import re
import socket
import stat
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from hallow.journal import copying, layout, owner, place
from hallow.journal.journal import Journal
from hallow.journal.owner import death_cause, describe_owner, is_alive
from hallow.journal.place import journals_dir, new_folder, state_dir
from hallow.journal.reader import scan

# ------------------------------------------------------------------------------------------------- the folder


def test_create_and_open(tmp_path):
    folder = tmp_path / "a" / "b" / "journal"
    header = {"run": {"id": 7, "nan": float("nan")}, "observers": [{"class": "x:Y", "arguments": {"path": Path("p")}}]}
    made = Journal.create(str(folder), header)
    assert os.listdir(folder) == ["journal.json"]
    found = Journal.open(str(folder))
    assert found.problems == []
    assert found.header["format"] == "hallow-journal"
    assert found.header["version"] == 1
    assert found.header["run"]["id"] == 7
    assert found.header["owner"]["pid"] == os.getpid()
    assert found.header["run"]["nan"] != found.header["run"]["nan"]
    assert list(map(repr, found.header)) == list(map(repr, made.header))
    assert "NaN" not in (folder / "journal.json").read_text()


def test_the_folder_must_be_new(tmp_path):
    Journal.create(str(tmp_path / "j"), {})
    with pytest.raises(FileExistsError):
        Journal.create(str(tmp_path / "j"), {})
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError):
        Journal.create(str(tmp_path / "file" / "j"), {})


def test_headers_take_any_value(tmp_path):
    class Hostile:
        def __repr__(self):
            raise RuntimeError

    journal = Journal.create(str(tmp_path / "j"), {"observers": [Hostile(), threading.Lock(), {1: {2, 3}}, "\ud800"]})
    assert len(Journal.open(journal.folder).header["observers"]) == 4


def test_a_relative_folder(tmp_path, monkeypatch):
    """Where the program goes later does not matter."""
    monkeypatch.chdir(tmp_path)
    journal = Journal.create("j", {})
    monkeypatch.chdir("/")
    journal.metrics.log("x", 1.0)
    journal.events.append({})
    assert sorted(os.listdir(tmp_path / "j")) == ["events.jsonl", "journal.json", "metrics", "names.jsonl"]


def test_remove(tmp_path):
    journal = Journal.create(str(tmp_path / "j"), {})
    journal.metrics.log("x", "text")
    journal.events.append({})
    journal.remove()
    assert not os.path.exists(journal.folder)
    journal.remove()
    journal.metrics.log("x", 1.0)
    assert not os.path.exists(journal.folder)


def test_remove_with_anything_inside(tmp_path):
    journal = Journal.create(str(tmp_path / "j"), {})
    (tmp_path / "data").write_text("x")
    journal.stash(tmp_path / "data")
    (tmp_path / "j" / "unknown").mkdir()
    (tmp_path / "j" / "link").symlink_to(tmp_path / "data")
    journal.remove()
    assert not os.path.exists(journal.folder)
    assert (tmp_path / "data").read_text() == "x"


def test_scan(tmp_path):
    journal = Journal.create(str(tmp_path / "j"), {"run": {"id": 3}})
    for number in range(10):
        journal.metrics.log("xy"[number % 2], number)
    journal.events.append({"event": "x"})
    journal.state.write({"beat": 1.0})
    Path(journal.path("output")).write_bytes(b"12345")
    found = scan(journal.folder)
    assert (found.points, found.names, found.output, found.text, found.events) == (10, ["x", "y"], 5, 0, 1)
    assert found.alive is True
    assert found.header["run"] == {"id": 3}
    assert found.state == {"beat": 1.0}
    assert found.problems == []


def test_last_sign(tmp_path):
    journal = Journal.create(str(tmp_path / "j"), {"owner": {"started": 5.0}})
    os.utime(journal.path("journal.json"), (7, 7))
    assert journal.last_sign() == 7
    journal.state.write({"beat": 9.0})
    journal.metrics.log("x", 1.0, at=8.0)
    assert journal.last_sign() == 9
    journal.metrics.log("x", 1.0, at=11.0)
    assert journal.last_sign() == 11


# -------------------------------------------------------------------------------------------- copies of files


@pytest.fixture
def journal(tmp_path):
    return Journal.create(str(tmp_path / "j"), {})


def test_a_copy_survives_the_original(journal, tmp_path):
    source = tmp_path / "mödel.bin"
    source.write_bytes(bytes(range(256)) * 10_000)
    source.chmod(0o750)
    os.utime(source, (1000, 2000))
    copy = journal.stash(source)
    assert os.path.basename(copy) == source.name
    assert os.stat(copy).st_mtime == 2000
    assert stat.S_IMODE(os.stat(copy).st_mode) == 0o750
    with source.open("r+b") as file:
        file.write(b"changed")
    again = journal.stash(source)
    assert again != copy
    source.unlink()
    assert Path(copy).read_bytes() == bytes(range(256)) * 10_000
    assert Path(again).read_bytes()[:7] == b"changed"


def test_a_copy_without_help_of_the_system(journal, tmp_path, monkeypatch):
    def refuse(*args):
        raise OSError(18, "not between these file systems")

    source = tmp_path / "data"
    source.write_bytes(b"x" * 3_000_000)
    monkeypatch.setattr(os, "copy_file_range", refuse, raising=False)
    assert Path(journal.stash(source)).read_bytes() == source.read_bytes()
    monkeypatch.delattr(os, "copy_file_range")
    assert Path(journal.stash(source)).read_bytes() == source.read_bytes()


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="needs files without a size")
def test_a_copy_of_a_file_without_size(journal):
    assert Path(journal.stash("/proc/self/status")).read_bytes().startswith(b"Name:")


def test_a_copy_of_a_folder(journal, tmp_path):
    """Also of one that the journal lies in."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.txt").write_text("a")
    (tmp_path / "sub" / "dangling").symlink_to(tmp_path / "nowhere")
    copy = Path(journal.stash(str(tmp_path)))
    assert (copy / "sub" / "a.txt").read_text() == "a"
    assert not (copy / "j").exists()


def test_no_copy(journal, tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError):
        journal.stash(tmp_path / "missing")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(OSError, match="only files and folders"):
            journal.stash(tmp_path / "pipe")
    (tmp_path / "data").write_text("x")

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(copying, "write_all", full)
    monkeypatch.setattr(os, "copy_file_range", full, raising=False)
    with pytest.raises(OSError, match="No space"):
        journal.stash(tmp_path / "data")
    assert os.listdir(journal.path("files")) == []


def test_copies_from_several_threads(journal, tmp_path):
    (tmp_path / "data").write_text("x")
    found = []
    threads = [threading.Thread(target=lambda: found.append(journal.stash(tmp_path / "data"))) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 10


# --------------------------------------------------------------------------------------------------- its place


def test_the_place_of_journals(state_dir, monkeypatch, tmp_path):
    assert place.state_dir() == str(state_dir)
    assert journals_dir() == str(state_dir / "journals")
    if os.name == "posix":
        assert stat.S_IMODE(state_dir.stat().st_mode) == 0o700
    folders = {new_folder() for _ in range(100)}
    assert len(folders) == 100
    assert not any(map(os.path.exists, folders))
    assert {os.path.dirname(folder) for folder in folders} == {journals_dir()}
    monkeypatch.delenv("HALLOW_STATE_DIR")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    assert place.state_dir() == str(tmp_path / "xdg" / "hallow")
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert place.state_dir() == str(tmp_path / "home" / ".local" / "state" / "hallow")


def test_a_place_that_cannot_be_written(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HALLOW_STATE_DIR", str(tmp_path / "file" / "x"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file" / "y"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    folder = state_dir()
    assert os.path.dirname(folder) == str(tmp_path)
    assert re.fullmatch(r"hallow-\d+", os.path.basename(folder))
    assert state_dir() == folder
    monkeypatch.setenv("TMPDIR", str(tmp_path / "file"))
    with pytest.raises(OSError, match="x"):
        new_folder()


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give folders away")
def test_a_folder_of_somebody_else(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HALLOW_STATE_DIR", str(tmp_path / "file"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    (tmp_path / "hallow-0").mkdir()
    os.chown(tmp_path / "hallow-0", 1234, 1234)
    with pytest.raises(OSError):
        state_dir()


# --------------------------------------------------------------------------------------------------- its owner

linux = pytest.mark.skipif(sys.platform != "linux", reason="what other systems tell is less")


def test_this_process_is_alive():
    assert is_alive(describe_owner()) is True


@linux
def test_a_child(child):
    source = "import json; from hallow.journal.owner import *; print(json.dumps(describe_owner()), flush=True); input()"
    import json

    process = child(source, stdin=subprocess.PIPE)
    found = json.loads(process.stdout.readline())
    assert found["pid"] == process.pid
    assert is_alive(found) is True
    process.stdin.close()
    deadline = time.monotonic() + 30
    while is_alive(found) and time.monotonic() < deadline:
        time.sleep(0.01)
    # Nobody has asked for its exit code yet.
    assert is_alive(found) is False
    process.wait()
    assert is_alive(found) is False


@linux
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"start": 1}, False),  # another process has the number now
        ({"pid": 2**22 + 1}, False),
        ({"boot": "other"}, False),  # the machine was started anew
        ({"boot": "other", "host": "elsewhere"}, None),
        ({"boot": "other", "machine": "ffff"}, None),
        ({"boot": None}, None),
        ({"host": "renamed"}, True),
        ({"namespace": 1}, None),
        ({"pid": None}, None),
        ({"pid": -1}, None),
        ({"pid": 1, "start": 1}, False),
        ({"started": 0}, True),
    ],
)
def test_who_is_alive(changes, expected):
    assert is_alive({**describe_owner(), **changes}) is expected


def test_nobody_in_particular():
    assert not is_alive({})


def test_where_the_system_tells_nothing(monkeypatch):
    monkeypatch.setattr(owner, "_content", lambda path: None)
    monkeypatch.setattr(owner, "_namespace", lambda: None)
    monkeypatch.setattr(owner, "_this_process", owner._this_process.__wrapped__)
    found = describe_owner()
    assert found["host"] == socket.gethostname()
    assert is_alive(found) is True
    assert is_alive({**found, "host": "elsewhere"}) is None
    assert is_alive({**found, "pid": 2**22 + 1}) is (None if sys.platform == "win32" else False)
    assert is_alive({**found, "pid": os.getppid()}) is (None if sys.platform == "win32" else True)


@pytest.mark.parametrize(
    ("events", "code", "name", "words"),
    [
        ([], None, None, "is gone without a word"),
        ([{"event": "exit", "exit_code": 3, "how": "os._exit"}], 3, None, "os._exit with exit code 3"),
        ([{"event": "watched", "exit_code": None, "signal": "SIGKILL", "oom": False}], None, "SIGKILL", "by SIGKILL"),
        ([{"event": "watched", "exit_code": None, "signal": "SIGKILL", "oom": True}], None, "SIGKILL", "of memory"),
        ([{"event": "watched", "signal": 11}], None, "SIGSEGV", "by SIGSEGV"),
        ([{"event": "watched", "exit_code": 4, "signal": None}], 4, None, "exit code 4"),
        ([{"event": "exit", "exit_code": 3}, {"event": "watched", "exit_code": 4}, {"other": 1}], 4, None, "code 4"),
    ],
)
def test_causes_of_death(events, code, name, words):
    found = death_cause(describe_owner(), events)
    assert (found["exit_code"], found["signal"]) == (code, name)
    assert words in found["cause"]


@linux
def test_a_restart_as_cause_of_death():
    found = death_cause({**describe_owner(), "boot": "other"}, [])
    assert "was restarted" in found["cause"]
    assert "gone" in death_cause({}, [])["cause"]


# ----------------------------------------------------------------------------------------------- documentation

PAGE = Path(__file__).resolve().parents[2] / "docs" / "journal.md"
CODES = {"float64": "d", "int64": "q", "uint32": "I", "uint64": "Q", "uint16": "H", "uint8": "B"}


def table(heading):
    """The rows of the table below a heading: offset, size, type, meaning."""
    section = PAGE.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"]
    return [row for row in rows if row[0].isdigit() and len(row) == 4]


@pytest.mark.parametrize(
    ("heading", "struct_", "size"),
    [("The record", layout.RECORD, layout.RECORD_SIZE), ("The state", layout.SLOT, layout.SLOT.size)],
)
def test_the_documented_bytes(heading, struct_, size):
    """The table of the page is the struct of the code, field by field."""
    position, codes = 0, "<"
    for offset, length, kind, _ in table(heading):
        assert int(offset) == position
        code = "8s" if " or " in kind else CODES[kind]
        assert struct.calcsize(f"<{code}") == int(length)
        position += int(length)
        codes += code
    assert position == size
    assert codes == struct_.format


def test_the_documented_numbers():
    text = PAGE.read_text(encoding="utf-8")
    assert f"Version {layout.VERSION}" in text
    assert f'"{layout.FORMAT}"' in text
    assert f"({hex(layout.CHECK_ZERO).upper().replace('X', 'x')} + {layout.CHECK_STEP} * number) mod 65536" in text
    for name, kind in (("float", layout.FLOAT), ("int", layout.INT), ("bool", layout.BOOL), ("object", layout.OBJECT)):
        assert re.search(rf"^\| {kind} \| {name} \|", text, re.M)
    for name in (layout.HEADER, layout.STATE, layout.METRICS, layout.NAMES, layout.OBJECTS, layout.EVENTS):
        assert f"`{name}`" in text
    assert f"two slots of {layout.SLOT_SIZE:,} bytes" in text
