"""The damage is what it says: bombs go off in a careless reader, and every variant is really damaged."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import hostile
import pytest
from hypothesis import given
from properties import examples

RUN = {"status": "COMPLETED", "result": 0.5, "title": 'größe ☃ \\ "', "artifacts": ["a"], "host": {"os": ["Linux"]}}
GOOD = json.dumps(RUN).encode()
# What a reader must never be: jsonpickle decodes whatever it is given. In a process of its own, because it may do
# anything; every bomb has a marker and a payload module of its own.
CARELESS = """
import json, sys
import jsonpickle
import jsonpickle.ext.numpy, jsonpickle.ext.pandas
jsonpickle.ext.numpy.register_handlers()
jsonpickle.ext.pandas.register_handlers()
for folder, value in json.load(sys.stdin):
    sys.path.insert(0, folder)
    sys.modules.pop("hostile_payload", None)
    try:
        jsonpickle.decode(json.dumps(value), keys=True)
    except Exception:
        pass
"""
#: These are for other careless readers: of pickles, of paths, of code.
NOT_FOR_JSONPICKLE = {
    "reduce of datetime",
    "initargs",
    "repr",
    "bytes of pickle",
    "array of pickle",
    "dtype",
    "path for url",
    "tinydb frame",
    "tinydb file",
    "pickle protocol 0",
}


def test_bombs_go_off_in_a_careless_reader(tmp_path):
    work = []
    for number, label in enumerate(hostile.bombs("")):
        folder = tmp_path / str(number)
        folder.mkdir()
        hostile.write_payload(folder, folder / "went_off")
        work.append((str(folder), hostile.bombs(folder / "went_off")[label]))
    subprocess.run([sys.executable, "-c", CARELESS], input=json.dumps(work), text=True, check=True, cwd=tmp_path)
    silent = {label for label, (folder, _) in zip(hostile.bombs(""), work, strict=True) if not went_off(folder)}
    assert silent <= NOT_FOR_JSONPICKLE


def went_off(folder: str) -> bool:
    return (Path(folder) / "went_off").exists()


def test_reading_json_sets_off_nothing(tmp_path):
    marker = tmp_path / "went_off"
    for _, text in hostile.damaged(RUN, marker):
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            continue
    assert not marker.exists()


def test_a_small_document_is_cut_everywhere():
    cuts = list(hostile.truncated(GOOD))
    assert cuts == [GOOD[:place] for place in range(len(GOOD))]
    for cut in cuts:
        with pytest.raises(ValueError, match="."):
            json.loads(cut)


def test_a_large_document_is_cut_where_something_begins_or_ends():
    large = json.dumps({"text": "größe" + "x" * 1000, "list": ["\\", 1]}, ensure_ascii=False).encode()
    cuts = list(hostile.truncated(large))
    assert len(cuts) < 60
    assert {b"", large[:-1]} <= set(cuts)
    halves = [cut for cut in cuts if cut.endswith(b"gr\xc3")]
    assert halves, "one cut splits a character"


def test_every_entry_gets_every_other_kind():
    changed = list(hostile.wrong_types(RUN))
    for key in RUN:
        kinds = {type(document.get(key)) for _, document in changed if isinstance(document, dict)}
        assert {type(None), bool, int, float, str, list, dict} <= kinds
        assert any(key not in document for _, document in changed if isinstance(document, dict))
    assert all(json.dumps(document) != json.dumps(RUN) for _, document in changed)


def test_labels_are_unique(tmp_path):
    labels = [label for label, _ in hostile.damaged(RUN, tmp_path / "went_off")]
    assert len(labels) == len(set(labels))
    assert len(labels) > 500


def test_texts_are_what_they_say():
    texts = hostile.texts()
    assert json.loads(texts["duplicate keys"]) == {"a": []}
    assert json.loads(texts["beyond 64 bits"])["c"] == 2**64
    assert json.loads(texts["beyond float"])["a"] == float("inf")
    assert json.loads(texts["lone surrogate"])["a"] == "\ud800"
    for name in ("latin-1", "half a character", "overlong", "encoded surrogate"):
        with pytest.raises(UnicodeDecodeError):
            texts[name].decode("utf-8")
    for name in ("empty", "blank", "zeros", "text", "two documents", "trailing comma", "comment", "single quotes"):
        with pytest.raises(ValueError, match="."):
            json.loads(texts[name])


@pytest.mark.parametrize("name", hostile.nested(1))
def test_deep_documents_are_well_formed_but_too_deep(name):
    with pytest.raises((RecursionError, ValueError)):
        json.loads(hostile.nested()[name])
    if name != "never closed":
        assert json.loads(hostile.nested(3)[name])


def test_floods_are_small_themselves():
    assert all(len(json.dumps(value)) < 100_000 for value in hostile.floods().values())


@given(text=hostile.damage(RUN, "went_off"))
@examples(25)
def test_random_damage_is_bytes(text):
    assert isinstance(text, bytes)


@given(value=hostile.values("went_off"))
@examples(25)
def test_random_values_can_be_written(value):
    assert json.loads(json.dumps(value)) is not NotImplemented


# ------------------------------------------------------------------------------------------------ damaged stores


def test_damaged_stores_have_something_whole_in_them():
    assert json.loads((hostile.STORES / "file/1/run.json").read_text("utf-8"))["status"] == "COMPLETED"
    assert json.loads((hostile.STORES / "tinydb_kinds/metadata.json").read_text("utf-8"))["runs"]["1"]["config"]
    assert json.loads((hostile.STORES / "mongo/runs.jsonl").read_text("utf-8").splitlines()[0])["captured_out"]


def test_the_damaged_database_can_be_built():
    connection = sqlite3.connect(":memory:")
    connection.executescript((hostile.STORES / "sql/store.sql").read_text("utf-8"))
    assert [row[0] for row in connection.execute("SELECT status FROM run")] == [
        "COMPLETED",
        "DIVERGED",
        "",
        None,
        "QUEUED",
    ]
    connection.close()


@pytest.mark.parametrize(
    "name", ["file/6/config.json", "file/6/info.json", "tinydb_kinds/metadata.json", "sql/store.sql"]
)
def test_damaged_stores_hold_bombs(name):
    text = (hostile.STORES / name).read_text("utf-8")
    assert "went_off" in text
    assert "py/reduce" in text
