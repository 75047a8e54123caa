"""Sacred's way to look at a TinyDB store, and the classes with which programs open it."""

import copy
import io
import json
from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from tinydb import Query, TinyDB

from hallow.backends.tinydb.database import get_db_file_manager
from hallow.backends.tinydb.hashed import HashedFiles
from hallow.observers import TinyDbObserver
from hallow.observers import TinyDbReader
from hallow.backends.tinydb.serializers import (
    BufferedReaderWrapper,
    DataFrameSerializer,
    DateTimeSerializer,
    FileSerializer,
    NdArraySerializer,
    SeriesSerializer,
)

START, STOP = datetime(1999, 5, 4, 3, 2, 1), datetime(1999, 5, 5, 6, 6, 6)
RUNS = [
    ("1234", "experiment 1 alpha", {"foo": "bar", "answer": 42}, 42),
    (1235, "experiment 2 beta", {}, None),
    ("1236", "experiment 1 gamma", {"B": [1, {"x": None}], "a": "two\nlines", "A": {"z": 1, "y": 2}}, "te\nxt"),
]


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "runs_db"
    (made := tmp_path / "about").write_text("an artifact")
    (source := tmp_path / "train.py").write_text("a source")
    for run_id, name, config, result in RUNS:
        observer = TinyDbObserver(folder)
        dependencies = ["somepkg==0.7"] if result else []
        sources = [("train.py", "")] if result else []
        observer.started_event(
            ex_info={
                "name": name,
                "base_dir": str(tmp_path),
                "sources": sources,
                "dependencies": dependencies,
                "repositories": [],
                "mainfile": None,
            },
            command="run",
            host_info={},
            start_time=START,
            config=config,
            meta_info={},
            _id=run_id,
        )
        observer.heartbeat_event(info={}, captured_out="", beat_time=STOP, result=result)
        if result:
            observer.artifact_event("about", str(made))
            observer.completed_event(stop_time=STOP, result=result)
    source.unlink()
    return folder


@pytest.fixture
def reader(root):
    return TinyDbReader(root)


def ids(documents):
    return [document["_id"] for document in documents]


def test_runs_are_selected(reader):
    assert ids(reader.fetch_metadata(indices=-1)) == ["1236"]
    assert ids(reader.fetch_metadata(indices=[0, 2])) == ["1234", "1236"]
    assert ids(reader.fetch_metadata(indices=(1,))) == [1235]
    assert ids(reader.fetch_metadata(exp_name="experiment 1")) == ["1234", "1236"]
    assert ids(reader.fetch_metadata("^.*beta$")) == [1235]
    assert reader.fetch_metadata(exp_name="nothing") == []
    by_config = Query().config.answer == 42
    assert ids(reader.search(by_config)) == ["1234"]
    assert ids(reader.fetch_metadata(query=by_config, exp_name="beta", indices=1)) == ["1234"]
    assert ids(reader.fetch_metadata(exp_name="beta", indices=0)) == [1235]


def test_nothing_or_too_much_is_selected(reader, tmp_path):
    with pytest.raises(ValueError, match="exp_name, query or indices"):
        reader.fetch_metadata()
    for index in (3, -4):
        with pytest.raises(ValueError, match=rf"Index value \({index}\) must be less than number of records \(3\)"):
            reader.fetch_report(indices=[0, index])
    with pytest.raises(OSError, match="Path does not exist: nothing"):
        TinyDbReader("nothing")
    (tmp_path / "empty").mkdir()
    assert TinyDbReader(tmp_path / "empty").fetch_files(exp_name="x") == []
    assert list((tmp_path / "empty").iterdir()) == []


def test_metadata_are_the_documents(reader):
    (document,) = reader.fetch_metadata(indices=0)
    assert (document["config"], document["result"], document["start_time"]) == ({"foo": "bar", "answer": 42}, 42, START)
    assert document["artifacts"][0][3].read() == b"an artifact"


def test_files_are_open(reader):
    first, second, _ = reader.fetch_files(exp_name="experiment")
    assert (first["exp_name"], first["exp_id"], first["date"]) == ("experiment 1 alpha", "1234", START)
    assert first["artifacts"]["about"].read() == b"an artifact"
    assert first["sources"]["train.py"].read() == b"a source"
    assert "resources" not in first
    assert second == {"exp_name": "experiment 2 beta", "exp_id": 1235, "date": START}


REPORT = """
-------------------------------------------------
Experiment: experiment 1 alpha
-------------------------------------------------
ID: 1234
Date: Tue 04 May 1999    Duration: 27:04:05.0

Parameters:
    answer: 42
    foo: bar

Result:
    42

Dependencies:
    somepkg==0.7

Resources:
    None

Source Files:
    train.py

Outputs:
    about
"""


def test_reports(reader):
    first, second, third = reader.fetch_report(indices=[0, 1, 2])
    assert first == REPORT
    # Of a run that goes on, until it was last heard of; Sacred's reader fails on it.
    assert "Duration: 27:04:05.0\n\nParameters:\n    None\n\nResult:\n    None\n" in second
    assert "Parameters:\n    A: {'z': 1, 'y': 2}\n    B: [1, {'x': None}]\n    a: two\n    lines\n" in third
    assert "Result:\n    'te\\nxt'\n" in third


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.04, "00:00:00.0"), (59.96, "00:01:00.0"), (61.75, "00:01:01.8"), (360001, "100:00:01.0")]
)
def test_durations(seconds, shown):
    from datetime import timedelta

    from hallow.backends.tinydb.reader import _duration

    assert _duration(START, START + timedelta(seconds=seconds)) == shown


def test_a_damaged_file_is_told_of(reader, root):
    (root / "metadata.json").write_text("{")
    with pytest.raises(ValueError, match="metadata.json is damaged"):
        reader.fetch_metadata(indices=0)


def test_plain_tinydb_reads_the_store(root):
    with TinyDB(root / "metadata.json") as db:
        assert ids(db.table("runs").all()) == ["1234", 1235, "1236"]


def test_what_is_not_there_does_not_hide_the_rest(reader, root):
    for path in list((root / "hashfs").rglob("*")):
        if path.is_file():
            path.unlink()
    (document,) = reader.fetch_metadata(indices=0)
    with pytest.raises(FileNotFoundError):
        document["artifacts"][0][3].read()


# ---------------------------------------------------------------------------------------------------- serializers


def test_serializers_of_values():
    times, arrays, frames, series = DateTimeSerializer(), NdArraySerializer(), DataFrameSerializer(), SeriesSerializer()
    assert times.OBJ_CLASS is datetime
    assert times.encode(START) == "1999-05-04T03:02:01.000000"
    assert times.decode("1999-05-04T03:02:01.000007") == START.replace(microsecond=7)
    assert (arrays.OBJ_CLASS, frames.OBJ_CLASS, series.OBJ_CLASS) == (np.ndarray, pd.DataFrame, pd.Series)
    assert arrays.encode(np.array([[1.5, 2]])) == "[[1.5, 2.0]]"
    assert arrays.decode("[[1, 2]]").tolist() == [[1, 2]]
    assert frames.encode(pd.DataFrame({"a": [1, 2]})) == '{"a":{"0":1,"1":2}}'
    assert frames.decode('{"a":{"0":1,"1":2}}').equals(pd.DataFrame({"a": [1, 2]}))
    assert series.encode(pd.Series([1, 2])) == '{"0":1,"1":2}'
    assert series.decode('{"0":1,"1":2}').tolist() == [1, 2]


def test_serializer_of_files(tmp_path):
    (tmp_path / "file").write_bytes(b"content")
    fs = HashedFiles(tmp_path / "hashfs")
    serializer = FileSerializer(fs)
    with open(tmp_path / "file", "rb") as file:
        text = serializer.encode(file)
    assert text == '"9a0364b9e99bb480dd25e1f0284c8555"'
    found = serializer.decode(text)
    assert isinstance(found, io.BufferedReader)
    assert isinstance(found, serializer.OBJ_CLASS)
    assert (found.hash, found.name) == ("9a0364b9e99bb480dd25e1f0284c8555", fs.get(found.hash).abspath)
    assert serializer.encode(found) == text
    for bad in ('"../../etc/passwd"', "5", "[]", "nonsense"):
        with pytest.raises(ValueError):
            serializer.decode(bad)


def test_readers_can_be_copied(tmp_path):
    (tmp_path / "file").write_bytes(b"content")
    reader = BufferedReaderWrapper(tmp_path / "file")
    assert reader.read(3) == b"con"
    for other in (copy.copy(reader), copy.deepcopy(reader), copy.deepcopy([reader])[0]):
        assert other.read() == b"content"
        other.close()
    assert reader.read() == b"tent"
    reader.seek(1)
    assert (reader.tell(), reader.readline(), reader.fileno() > 0, reader.closed) == (1, b"ontent", True, False)
    with reader:
        pass
    assert reader.closed
    # Thousands of them may be about, and none is open before it is read.
    assert len([BufferedReaderWrapper(tmp_path / "file") for _ in range(5000)]) == 5000


def test_a_database_and_its_files(root, tmp_path):
    db, fs = get_db_file_manager(root)
    (tmp_path / "file").write_bytes(b"content")
    with open(tmp_path / "file", "rb") as file:
        db.table("runs").insert({"when": START, "array": np.arange(2), "file": file, "nested": [(1, START)]})
    stored = json.loads((root / "metadata.json").read_text())["runs"]["4"]
    assert stored == {
        "when": "{TinyDate}:1999-05-04T03:02:01.000000",
        "array": "{TinyArray}:[0, 1]",
        "file": '{TinyFile}:"9a0364b9e99bb480dd25e1f0284c8555"',
        "nested": [[1, "{TinyDate}:1999-05-04T03:02:01.000000"]],
    }
    found = db.table("runs").all()[-1]
    assert (found["when"], found["array"].tolist(), found["nested"]) == (START, [0, 1], [[1, START]])
    assert found["file"].read() == b"content"
    assert "9a0364b9e99bb480dd25e1f0284c8555" in fs


# ------------------------------------------------------------------------------------------------------- contents


def test_contents_lie_where_hashfs_has_them(tmp_path):
    fs = HashedFiles(tmp_path / "hashfs")
    (tmp_path / "file").write_bytes(b"content")
    address = fs.put(tmp_path / "file")
    assert address.relpath == "9a/03/64/b9e99bb480dd25e1f0284c8555"
    assert (address.id, address.is_duplicate) == ("9a0364b9e99bb480dd25e1f0284c8555", False)
    assert fs.put(io.BytesIO(b"content"), "txt").is_duplicate
    assert (fs.exists(address.id), fs.get(address.id).abspath, len(fs)) == (True, address.abspath, 1)
    assert list(fs) == [address.abspath]
    with fs.open(address.id) as file:
        assert file.read() == b"content"
    assert fs.get("0" * 32) is None
    for bad in ("../../file", "", "0" * 31, "file"):
        assert not fs.exists(bad)
        fs.delete(bad)
        with pytest.raises(FileNotFoundError):
            fs.open(bad)
    fs.delete(address.id)
    assert (len(fs), list((tmp_path / "hashfs").iterdir())) == (0, [])
