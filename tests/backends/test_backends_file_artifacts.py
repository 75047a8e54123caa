"""Artifacts, resources and simultaneous starts of the file store."""

import errno
import json
import os
import subprocess
import sys
from datetime import datetime
from hashlib import md5
from pathlib import Path

import pytest

from hallow.backends.file.facts import read_facts
from hallow.observers import FileStorageObserver

T = datetime(2020, 1, 1, 1, 1, 1, 1)
START = {
    "ex_info": {
        "name": "e",
        "base_dir": "/",
        "sources": [],
        "dependencies": [],
        "repositories": [],
        "mainfile": None,
    },
    "command": "main",
    "host_info": {},
    "start_time": T,
    "config": {},
    "meta_info": {},
    "_id": None,
}


@pytest.fixture
def observer(tmp_path):
    made = FileStorageObserver(tmp_path / "runs")
    made.started_event(**START)
    return made


@pytest.fixture
def file(tmp_path):
    def make(name, content="content"):
        path = tmp_path / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return str(path)

    return make


def entry(observer):
    return json.loads(Path(observer.dir, "run.json").read_text())


# ------------------------------------------------------------------------------------------------- artifacts


def test_artifact_names(observer, file):
    """Whatever it is called, an artifact is kept or refused, and nothing else is lost."""
    observer.artifact_event(name="m.txt", filename=file("a1/m.txt", "1"))
    second = observer.artifact_event(name="m.txt", filename=file("a2/m.txt", "2"))
    assert second == os.path.join(observer.dir, "m.2.txt")
    again = observer.artifact_event(name="m.txt", filename=file("a3/m.txt", "2"))
    assert again == second
    assert Path(observer.dir, "m.txt").read_text() == "1"
    assert Path(second).read_text() == "2"
    before = entry(observer)
    assert before["artifacts"] == ["m.txt", "m.2.txt"]
    names = (
        "run.json",
        "config.json",
        "cout.txt",
        "metrics.json",
        "info.json",
        "../x",
        "/x",
        ".hallow/facts.jsonl",
    )
    for name in (*names, "a/../run.json", "."):
        with pytest.raises(FileExistsError):
            observer.artifact_event(name=name, filename=file("b.txt"))
    assert entry(observer) == before
    assert not Path(observer.basedir, "x").exists()
    folder = Path(file("d/sub/one.txt", "one")).parent.parent
    kept = observer.artifact_event(name="results", filename=str(folder))
    assert Path(kept, "sub/one.txt").read_text() == "one"
    assert entry(observer)["artifacts"][-1] == "results"


def test_the_message_lists_the_names_of_the_store(observer, file):
    with pytest.raises(FileExistsError, match=r"run.json, config.json, cout.txt, metrics.json"):
        observer.save_file(file("b.txt"), "run.json")


def test_O14_folders_in_names(observer, file):
    observer.artifact_event(name="sub/x.txt", filename=file("x.txt"), metadata=None, content_type=None)
    assert Path(observer.dir, "sub/x.txt").read_text() == "content"


def test_name_and_facts_of_an_artifact(observer, file):
    path = file("plot.png")
    observer.artifact_event(name=None, filename=path, metadata={"k": 1}, content_type="image/png")
    assert entry(observer)["artifacts"] == ["plot.png"]
    assert read_facts(observer.dir)["artifact"] == [
        {
            "name": "plot.png",
            "stored": "plot.png",
            "path": path,
            "metadata": {"k": 1},
            "content_type": "image/png",
        }
    ]


def test_a_file_written_into_the_run_folder_is_its_own_copy(observer):
    Path(observer.dir, "model.pt").write_text("weights")
    observer.artifact_event(name="model.pt", filename=os.path.join(observer.dir, "model.pt"))
    assert entry(observer)["artifacts"] == ["model.pt"]
    assert sorted(name for name in os.listdir(observer.dir) if "model" in name) == ["model.pt"]


def test_a_folder_that_holds_the_store_can_be_kept(tmp_path, observer, file):
    file("x.txt")
    kept = observer.artifact_event(name="all", filename=str(tmp_path))
    assert Path(kept, "files/x.txt").exists()
    assert not Path(kept, "runs").exists()


@pytest.mark.parametrize("system", ["copies", "cannot", "stops", "has no call for it"])
def test_large_files_are_copied_whole(observer, tmp_path, monkeypatch, system):
    """By the system, or else in another way; between some file systems it says that all is copied when nothing is."""
    if system == "cannot":
        monkeypatch.setattr(os, "copy_file_range", _cannot, raising=False)
    elif system == "stops":
        calls = iter([1000, 0])
        monkeypatch.setattr(os, "copy_file_range", lambda source, target, count: _copied(source, target, next(calls)))
    elif system == "has no call for it":
        monkeypatch.delattr(os, "copy_file_range", raising=False)
    content = os.urandom(3 * 1024 * 1024 + 1)
    (tmp_path / "large").write_bytes(content)
    path = observer.artifact_event(name="large", filename=str(tmp_path / "large"))
    (tmp_path / "large").write_bytes(b"")
    assert Path(path).read_bytes() == content


def _cannot(source, target, count):
    raise OSError(errno.EXDEV, "not between these")


def _copied(source, target, count):
    return os.write(target, os.read(source, count)) if count else 0


def test_no_temporary_file_is_left(observer, file, monkeypatch):
    monkeypatch.setattr(os, "replace", lambda *args: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        observer.save_file(file("x.txt"))
    assert [name for name in os.listdir(observer.dir) if "x.txt" in name] == []


# ------------------------------------------------------------------------------------------------- resources


def test_resources_are_kept_once_by_content(observer, file):
    path = file("data.csv", "1,2")
    for _ in range(2):
        observer.resource_event(filename=path)
    name = f"data_{md5(b'1,2').hexdigest()}.csv"
    stored = os.path.join(observer.basedir, "_resources", name)
    assert entry(observer)["resources"] == [[path, stored]] * 2
    assert os.listdir(observer.resource_dir) == [name]
    assert str(observer.find_or_save(path, observer.resource_dir)) == stored


def test_S7_resource_paths_relative_to_the_store(observer, file):
    observer.resource_event(filename=file("data.csv", "1,2"))
    assert read_facts(observer.dir)["resource"][0]["stored"] == f"_resources/data_{md5(b'1,2').hexdigest()}.csv"


@pytest.mark.parametrize("kind", [str, Path])
def test_O12_other_folders_as_text_or_path(tmp_path, file, kind):
    observer = FileStorageObserver(tmp_path / "runs", kind(tmp_path / "res"), kind(tmp_path / "src"))
    info = {**START["ex_info"], "base_dir": str(tmp_path / "files"), "sources": [("s.py", "")]}
    file("s.py", "s")
    observer.started_event(**{**START, "ex_info": info})
    observer.resource_event(filename=file("data.csv", "1"))
    assert os.listdir(tmp_path / "res") == [f"data_{md5(b'1').hexdigest()}.csv"]
    assert os.listdir(tmp_path / "src") == [f"s_{md5(b's').hexdigest()}.py"]
    assert entry(observer)["experiment"]["sources"] == [["s.py", f"../src/s_{md5(b's').hexdigest()}.py"]]


def test_files_of_the_store_can_stand_for_themselves(tmp_path, file):
    observer = FileStorageObserver(tmp_path, copy_artifacts=False)
    observer.started_event(**START)
    inside = file("data.csv")
    observer.resource_event(filename=inside)
    assert entry(observer)["resources"] == [[inside, inside]]


# -------------------------------------------------------------------------------------------- several starts

STARTER = """
import sys
from datetime import datetime
from hallow.observers import FileStorageObserver
observer = FileStorageObserver(sys.argv[1])
info = {"name": "e", "base_dir": sys.argv[1], "sources": [], "dependencies": [], "repositories": [], "mainfile": None}
for _ in range(8):
    print(observer.started_event(ex_info=info, command="c", host_info={}, start_time=datetime(2020, 1, 1),
                                 config={}, meta_info={}, _id=None))
    observer.completed_event(stop_time=datetime(2020, 1, 1), result=None)
"""


def test_file_races(tmp_path):
    """24 starts from three processes on an empty store: 24 runs, numbered from 1 without a gap."""
    command = [sys.executable, "-c", STARTER, str(tmp_path / "new/runs")]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    numbers = [[int(line) for line in child.communicate(timeout=60)[0].split()] for child in started]
    assert sorted(sum(numbers, [])) == list(range(1, 25))
    assert all(sorted(own) == own for own in numbers)
    for number in range(1, 25):
        json.loads((tmp_path / f"new/runs/{number}/run.json").read_text())
