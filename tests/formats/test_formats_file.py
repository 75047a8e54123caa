"""File stores that Sacred wrote, and damaged ones, read by hallow."""

from __future__ import annotations

import json
import shutil

import hostile
import pytest
from hypothesis import given
from reading import EXPECTED, HERE, check, looked_at, runs_of

import hallow
from hallow.records.decoding import restore
from properties import examples


@pytest.mark.parametrize(("store", "run"), runs_of("file"))
def test_what_was_told_is_what_is_read(store, run):
    entry = EXPECTED["stores"][store]
    check(hallow.open_store(HERE / entry["path"]).get(entry["ids"][run]), store, run)


@pytest.mark.parametrize("store", sorted({store for store, _ in runs_of("file")}))
def test_every_run_is_listed(store):
    entry = EXPECTED["stores"][store]
    records = list(hallow.open_store(HERE / entry["path"]).runs())
    assert {record.run_id for record in records} == set(entry["ids"].values())
    assert [record.problem for record in records] == [""] * len(records)


def test_reading_a_store_of_sacred_changes_nothing(tmp_path):
    shutil.copytree(HERE / "file", tmp_path / "runs")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").rglob("*")}
    for record in hallow.open_store(tmp_path / "runs").runs():
        assert record.details == {}
        assert record.output is not None
        assert record.metrics is not None
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").rglob("*")} == before


# ------------------------------------------------------------------------------------------------------- damage

SUITED = examples(15)
FILES = ("run.json", "config.json", "info.json", "metrics.json")


@pytest.fixture
def three_runs(tmp_path):
    for number in (1, 2, 3):
        shutil.copytree(HERE / "file" / "1", tmp_path / "runs" / str(number))
    return tmp_path / "runs"


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_one_damaged_run(three_runs, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    hostile.write_payload(tmp_path, tmp_path / "went_off")
    good = json.loads((HERE / "file" / "1" / name).read_text())
    store = hallow.open_store(three_runs)
    for number, (_, text) in enumerate(hostile.damaged(good, tmp_path / "went_off")):
        (three_runs / "2" / name).write_bytes(text)
        looked_at([store.get("2")])
        if number % 20 == 0:
            looked_at(store)
            assert [store.get(run).problem for run in ("1", "3")] == ["", ""]
    assert not (tmp_path / "went_off").exists()


# Where no test makes a file of its own; the strategies are costly to make.
MARKER = HERE.parent / "went_off"
DAMAGE = {name: hostile.damage(json.loads((HERE / "file" / "1" / name).read_text()), MARKER) for name in FILES}
VALUES = hostile.values(MARKER)


@pytest.mark.parametrize("name", FILES)
def test_bytes_changed_at_random(three_runs, name):
    @SUITED
    @given(text=DAMAGE[name])
    def try_one(text):
        (three_runs / "2" / name).write_bytes(text)
        looked_at(hallow.open_store(three_runs))

    try_one()
    assert not MARKER.exists()


@SUITED
@given(value=VALUES)
def test_restoring_never_fails(value):
    restore(value)
    assert not MARKER.exists()


@pytest.mark.parametrize("label", [*hostile.floods(), *hostile.bombs("")])
def test_a_hostile_value_costs_nothing(tmp_path, monkeypatch, label):
    monkeypatch.syspath_prepend(tmp_path)
    hostile.write_payload(tmp_path, tmp_path / "went_off")
    restore({**hostile.floods(), **hostile.bombs(tmp_path / "went_off")}[label])
    assert not (tmp_path / "went_off").exists()


def test_a_damaged_store_lists_what_is_whole(tmp_path, monkeypatch):
    shutil.copytree(hostile.STORES / "file", tmp_path / "runs")
    monkeypatch.chdir(tmp_path)
    store = hallow.open_store("runs")
    looked_at(store)
    assert any(record.problem for record in store.runs())
    assert any(not record.problem for record in store.runs())
    for record in list(store.runs()):
        store.delete(record.run_id)
    assert list(store.runs()) == []
    assert not (tmp_path / "went_off").exists()
