"""TinyDB stores that Sacred wrote, and damaged ones, read by hallow."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import hostile
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from reading import EXPECTED, HERE, check, looked_at, runs_of

import hallow
from hallow.observers import TinyDbReader
from hallow.backends.tinydb.serializers import written
from properties import examples

TINY = HERE / EXPECTED["stores"]["tinydb"]["path"]


def opened(store: str, run: str):
    entry = EXPECTED["stores"][store]
    return hallow.open_store(HERE / entry["path"]).get(entry["ids"][run])


@pytest.mark.parametrize(("store", "run"), runs_of("tinydb"))
def test_what_was_told_is_what_is_read(store, run):
    record = opened(store, run)
    # What is expected is told in the form in which it is stored.
    plain = {name: written(getattr(record, name), None) for name in ("config", "info", "result")}
    check(replace(record, **plain), store, run)
    assert record.metrics == {}


@pytest.mark.parametrize("store", sorted({store for store, _ in runs_of("tinydb")}))
def test_every_run_is_listed_in_the_order_of_the_starts(store):
    entry = EXPECTED["stores"][store]
    records = list(hallow.open_store(HERE / entry["path"]).runs())
    assert {record.run_id for record in records} == set(entry["ids"].values())
    assert [record.problem for record in records] == [""] * len(records)
    starts = [record.start_time for record in records]
    assert starts == sorted(starts)


@pytest.mark.parametrize("store", ["tinydb", "tinydb_pandas_2", "tinydb_jsonpickle_3_0"])
def test_arrays_come_back(store):
    info = opened(store, "arrays").info
    assert isinstance(info["small"], np.ndarray)
    assert info["small"].tolist()[0] == [1.5, 2.5]
    assert info["large"].shape == (5, 8)


@pytest.mark.parametrize("store", ["tinydb_frames", "tinydb_pandas_2", "tinydb_jsonpickle_3_0"])
def test_O_38_frames_come_back_with_any_pandas(store):
    info = opened(store, "frames").info
    assert list(info["frame"].columns) == ["epoch", "loss", "name"]
    assert info["frame"]["epoch"].tolist() == [1, 2, 3]
    assert isinstance(info["series"], pd.Series)
    # Sacred's own reader fails on this store with pandas 3.
    documents = TinyDbReader(HERE / EXPECTED["stores"][store]["path"]).fetch_metadata(exp_name="demo")
    assert any(isinstance(document.get("info", {}).get("frame"), pd.DataFrame) for document in documents)


def test_reading_a_store_of_sacred_changes_nothing(tmp_path):
    shutil.copytree(TINY, tmp_path / "runs_db")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs_db").rglob("*")}
    for record in hallow.open_store(tmp_path / "runs_db").runs():
        assert record.details == {}
        assert record.output is not None
    assert TinyDbReader(tmp_path / "runs_db").fetch_report(exp_name=".")
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "runs_db").rglob("*")} == before


def test_files_can_be_opened(tmp_path):
    entry = EXPECTED["stores"]["tinydb"]
    (found,) = [
        files
        for files in TinyDbReader(TINY).fetch_files(exp_name="demo")
        if files["exp_id"] == entry["ids"]["completed"]
    ]
    assert found["sources"]["net.py"].read().decode() == EXPECTED["sources"]["net.py"]["text"]
    assert found["sources"]["net.py"].hash == EXPECTED["sources"]["net.py"]["md5"]
    assert set(found["artifacts"]) == set(EXPECTED["runs"]["completed"]["artifacts"])


# ------------------------------------------------------------------------------------------------------- damage

SUITED = examples(15)


def three_runs() -> dict:
    """Documents of Sacred's, under the numbers 1 to 3."""
    runs = json.loads((TINY / "metadata.json").read_text())["runs"]
    document = runs["1"]
    return {str(number): {**document, "_id": f"run-{number}"} for number in (1, 2, 3)}


def with_second(root: Path, second: bytes) -> Path:
    """A store whose second document is this text."""
    runs = three_runs()
    text = json.dumps({"runs": {**runs, "2": 22222}}).encode().replace(b"22222", second)
    root.mkdir(exist_ok=True)
    (root / "metadata.json").write_bytes(text)
    return root


@pytest.mark.parametrize("every", [11, pytest.param(1, marks=pytest.mark.slow)])
def test_a_damaged_document_hides_no_other(tmp_path, monkeypatch, every):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    hostile.write_payload(tmp_path, tmp_path / "went_off")
    for label, text in list(hostile.damaged(three_runs()["2"], tmp_path / "went_off"))[::every]:
        store = hallow.open_store(with_second(tmp_path / "runs_db", text))
        looked_at(store)
        records = {record.run_id: record for record in store.runs()}
        # A text that swallows what follows it may take the third with it, never the first.
        assert records["run-1"].problem == "", label
        if not any(record.run_id == "metadata.json" for record in records.values()):
            assert records["run-3"].problem == "", label
    assert not (tmp_path / "went_off").exists()


MARKER = HERE.parent / "went_off"
DAMAGE = hostile.damage(three_runs()["2"], MARKER)
WHOLE = hostile.damage({"runs": three_runs()}, MARKER)


@SUITED
@given(text=DAMAGE)
def test_bytes_of_a_document_changed_at_random(tmp_path, text):
    looked_at(hallow.open_store(with_second(tmp_path / "runs_db", text)))
    assert not MARKER.exists()


@SUITED
@given(text=WHOLE)
def test_bytes_of_the_file_changed_at_random(tmp_path, text):
    (tmp_path / "runs_db").mkdir(exist_ok=True)
    (tmp_path / "runs_db" / "metadata.json").write_bytes(text)
    looked_at(hallow.open_store(tmp_path / "runs_db"))
    assert not MARKER.exists()


@pytest.mark.parametrize("name", ["tinydb_torn", "tinydb_empty", "tinydb_kinds"])
def test_a_damaged_store_lists_what_is_whole(tmp_path, monkeypatch, name):
    shutil.copytree(hostile.STORES / name, tmp_path / "runs_db")
    monkeypatch.chdir(tmp_path)
    store = hallow.open_store("runs_db")
    looked_at(store)
    whole = [record for record in store.runs() if not record.problem]
    assert len(whole) == (name != "tinydb_empty")
    assert ("metadata.json" in store.ids()) == (name == "tinydb_torn")
    for record in list(store.runs()):
        if record.run_id in store:  # the damage is gone when the file is written afresh, and lies beside it
            store.delete(record.run_id)
    assert list(store.runs()) == []
    assert len(list((tmp_path / "runs_db").glob("metadata.json.damaged-*"))) == (name == "tinydb_torn")
    assert not (tmp_path / "went_off").exists()
