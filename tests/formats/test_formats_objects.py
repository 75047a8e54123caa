"""Stores that Sacred's S3Observer wrote, and damaged ones, read by hallow."""

from __future__ import annotations

import json
import shutil
from itertools import islice

import hostile
import pytest
from hypothesis import given
from reading import EXPECTED, HERE, check, looked_at, runs_of

import hallow
from hallow.backends.objects.store import ObjectStore
from properties import examples

STORE = HERE / EXPECTED["stores"]["s3"]["path"]
IDS = EXPECTED["stores"]["s3"]["ids"]


@pytest.fixture
def on_server(s3_server, s3_bucket):
    """The URL of the store where Sacred put it, but for the name of the bucket."""
    client = s3_server.client()
    for line in (HERE / "s3" / "objects.jsonl").read_text().splitlines():
        entry = json.loads(line)
        body = (HERE / "s3" / entry["bucket"] / entry["key"]).read_bytes()
        client.put_object(Bucket=s3_bucket, Key=entry["key"], Body=body, ContentType=entry["content_type"])
    client.close()
    return f"s3://{s3_bucket}/lab/runs"


@pytest.mark.parametrize(("store", "run"), runs_of("s3"))
def test_what_was_told_is_what_is_read(store, run):
    check(ObjectStore(f"file://{STORE}").get(IDS[run]), store, run)


def test_what_was_told_is_what_is_read_from_s3(on_server):
    with hallow.open_store(on_server) as store:
        records = {record.run_id: record for record in store.runs()}
        assert set(records) == set(IDS.values())
        for run, run_id in IDS.items():
            check(records[run_id], "s3", run)


def test_O_40_sources_under_the_key_that_run_json_says_are_found_too(tmp_path):
    """Whoever has moved them to where they belong finds them there."""
    shutil.copytree(STORE, tmp_path / "runs")
    for folder in ("_sources", "_resources"):
        (tmp_path / "runs" / folder).mkdir()
        for path in (tmp_path / "runs").glob(f"*/lab/runs/{folder}/*"):
            path.replace(tmp_path / "runs" / folder / path.name)
    store = ObjectStore(f"file://{tmp_path}/runs")
    for run, run_id in IDS.items():
        check(store.get(run_id), "s3", run)


def test_every_run_is_listed():
    records = list(ObjectStore(f"file://{STORE}").runs())
    assert [record.run_id for record in records] == [*range(1, 16), "trial-ü 1"]
    assert [record.problem for record in records] == [""] * len(records)


def test_reading_a_store_of_sacred_changes_nothing(tmp_path):
    shutil.copytree(STORE, tmp_path / "runs")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").rglob("*")}
    for record in ObjectStore(f"file://{tmp_path}/runs").runs():
        assert record.details == {}
        assert record.output is not None
        assert record.metrics is not None
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").rglob("*")} == before


# ------------------------------------------------------------------------------------------------------- damage

SUITED = examples(15)
CLASSIC = ("run.json", "config.json", "info.json", "metrics.json")
OWN = ".hallow"
POINTS = f"{OWN}/metrics/000000000000000-000000000000003.jsonl"
FILES = f"{OWN}/files/000000000000000-000000000000001.jsonl"
ADDED = (f"{OWN}/layout.json", f"{OWN}/details/tags.json", f"{OWN}/details/owner.json", POINTS, FILES)


@pytest.fixture
def three_runs(tmp_path):
    """Three runs of Sacred, to which hallow has added."""
    (made := tmp_path / "made.txt").write_text("late")
    for number in (1, 2, 3):
        shutil.copytree(STORE / "1", tmp_path / "runs" / str(number))
        observer = ObjectStore(f"file://{tmp_path}/runs").observer()
        observer.reopen(number)
        observer.artifact_event(name="late/made.txt", filename=str(made), metadata={"n": 1})
        observer.details_event([("tags", ["one", "two"]), ("owner", {"pid": 1, "host": "elsewhere"})])
        observer.join()
        folder = tmp_path / "runs" / str(number)
        (folder / POINTS).parent.mkdir()
        row = {"name": "m", "steps": [0, 1, 2], "values": [0.5, 1, 2], "times": [1.7e9, 1.7e9, 1.7e9]}
        (folder / POINTS).write_text(json.dumps(row) + "\n")
        (folder / OWN / "layout.json").write_text('{"version": 1, "token": "a"}')
    return tmp_path / "runs"


def content(name):
    """A valid one."""
    if name in CLASSIC:
        return json.loads((STORE / "1" / name).read_text())
    row = {"name": "m", "steps": [0, 1, 2], "values": [0.5, 1, 2], "times": [1.7e9, 1.7e9, 1.7e9]}
    fact = {"field": "artifacts", "entry": "late/made.txt", "given": "made.txt", "md5": "0", "metadata": {"n": 1}}
    return {POINTS: row, FILES: fact}.get(name, {"version": 1, "token": "a"})


def test_added_parts_are_read(three_runs):
    record = ObjectStore(f"file://{three_runs}").get(2)
    assert record.artifact("late/made.txt").metadata == {"n": 1}
    assert record.tags == ["one", "two"]
    assert record.metrics["m"].values == [0.5, 1, 2]


@pytest.mark.parametrize("name", [*CLASSIC, *ADDED])
def test_a_damaged_object_is_one_damaged_run(three_runs, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    hostile.write_payload(tmp_path, tmp_path / "went_off")
    store = ObjectStore(f"file://{three_runs}")
    variants = hostile.damaged(content(name), tmp_path / "went_off")
    # What all stores have in common is tried with every variant by the tests of file stores.
    for number, (_, text) in enumerate(islice(variants, 0, None, 1 if name in (POINTS, FILES) else 4)):
        (three_runs / "2" / name).write_bytes(text if name.endswith(".json") else text + b"\n")
        looked_at([store.get(2)])
        if number % 50 == 0:
            looked_at(store.runs())
            assert [store.get(run).problem for run in (1, 3)] == ["", ""]
    assert not (tmp_path / "went_off").exists()


# Where no test makes a file of its own; the strategies are costly to make.
MARKER = HERE.parent / "went_off"
DAMAGE = {name: hostile.damage(content(name), MARKER) for name in (*CLASSIC, POINTS, FILES)}


@pytest.mark.parametrize("name", DAMAGE)
def test_bytes_changed_at_random(three_runs, name):
    @SUITED
    @given(text=DAMAGE[name])
    def try_one(text):
        (three_runs / "2" / name).write_bytes(text)
        looked_at([ObjectStore(f"file://{three_runs}").get(2)])

    try_one()
    assert not MARKER.exists()


@pytest.mark.parametrize("escape", hostile.escapes())
def test_names_that_lead_elsewhere_open_nothing(three_runs, tmp_path, escape):
    (tmp_path / "secret").write_text("secret")
    entry = content("run.json")
    for name in (escape, "../../secret", str(tmp_path / "secret")):
        entry["artifacts"] = [name]
        entry["resources"] = [["/data.csv", name]]
        entry["experiment"]["sources"] = [["x.py", name]]
        (three_runs / "2" / "run.json").write_text(json.dumps(entry))
        record = ObjectStore(f"file://{three_runs}").get(2)
        for file in (*record.sources, *record.resources):
            with pytest.raises(FileNotFoundError):
                file.read_bytes()
        for file in record.artifacts:
            try:
                assert file.read_bytes() != b"secret"
            except (FileNotFoundError, hallow.errors.StoreError):
                pass


def test_other_objects_beside_runs_are_left_alone(three_runs):
    (three_runs / "notes").mkdir()
    (three_runs / "notes" / "a.txt").write_text("mine")
    (three_runs / "b.txt").write_text("mine")
    (three_runs / "4").mkdir()
    (three_runs / "4" / "c.txt").write_text("left over from something")
    (three_runs / ("9" * 5000)[:200]).mkdir()
    store = ObjectStore(f"file://{three_runs}")
    assert list(store.ids()) == [1, 2, 3, 4]
    assert [bool(record.problem) for record in store.runs()] == [False, False, False, True]
    looked_at(store.runs())
    store.delete(4)
    assert list(store.ids()) == [1, 2, 3]
    assert (three_runs / "notes" / "a.txt").exists()
