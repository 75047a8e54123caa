"""The stores written by Sacred hold what expected.json says, as far as json, sqlite3 and bson can tell.

Nothing of hallow is used here: when a reader fails on a fixture, this file tells whose fault it is.
"""

from __future__ import annotations

import json
import re
import sqlite3
from base64 import b64decode
from datetime import datetime
from hashlib import md5, sha256
from pathlib import Path

import pytest
from raw_stores import READERS, Raw, as_tinydb, mongo_collection, tagged_plain

HERE = Path(__file__).resolve().parent / "sacred_0_8_7"
EXPECTED = json.loads((HERE / "expected.json").read_text("utf-8"))
RUNS = [(store, run) for store, entry in EXPECTED["stores"].items() for run in entry["ids"]]
SAME_STORES = ["file", "mongo", "s3"]
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}")


def stored(store: str, run: str) -> Raw:
    entry = EXPECTED["stores"][store]
    return READERS[entry["kind"]](HERE / entry["path"], entry["ids"][run])


def told(store: str, run: str) -> dict:
    """What the run told, with what is known to be stored otherwise."""
    entry = EXPECTED["stores"][store]
    found = dict(EXPECTED["runs"][run])
    if entry["kind"] == "tinydb":
        found.update({name: as_tinydb(found[name]) for name in ("config", "info", "result")})
    return {**found, **entry["deviations"].get(run, {})}


def kept(store: str, name: str) -> bool:
    return name not in EXPECTED["kinds"][EXPECTED["stores"][store]["kind"]]["not_kept"]


def in_order(value):
    """Without the order of dicts, which not every store keeps."""
    if isinstance(value, dict) and "$map" in value:
        return {"$map": sorted((in_order(pair) for pair in value["$map"]), key=json.dumps)}
    if isinstance(value, dict):
        return {key: in_order(value[key]) for key in sorted(value)}
    return [in_order(item) for item in value] if isinstance(value, list) else value


def same(one, other) -> bool:
    """Equal in kind too: 1, 1.0 and True are three values."""
    return json.dumps(in_order(one)) == json.dumps(in_order(other))


# ------------------------------------------------------------------------------------------------ every run


@pytest.mark.parametrize(("store", "run"), RUNS)
def test_status_and_command_are_stored(store, run):
    raw, expected = stored(store, run), told(store, run)
    assert (raw.status, raw.command, raw.experiment) == (
        expected["status"],
        expected["command"],
        expected["experiment"],
    )
    assert expected["given_id"] in {None, raw.id}


@pytest.mark.parametrize(("store", "run"), RUNS)
def test_config_is_stored(store, run):
    assert same(stored(store, run).config, told(store, run)["config"])


@pytest.mark.parametrize(("store", "run"), RUNS)
def test_info_and_result_are_stored(store, run):
    raw, expected = stored(store, run), told(store, run)
    if run == "completed" and EXPECTED["stores"][store]["kind"] != "tinydb":
        # Met a second time: the seventh object after info itself, in the order the run told them.
        assert raw.info["right"] == {"$id": 7}
        raw.info["right"] = raw.info["left"]
    assert same(raw.info, expected["info"])
    assert same(raw.result, expected["result"])


@pytest.mark.parametrize(("store", "run"), RUNS)
def test_output_is_stored(store, run):
    raw, expected = stored(store, run), told(store, run)
    if expected["printed"] is None or (expected["status"] == "QUEUED"):
        assert raw.output is None
    else:
        assert expected["printed"] in raw.output
        assert expected["lost"].get("printed", "\0") not in raw.output


@pytest.mark.parametrize(("store", "run"), RUNS)
def test_metrics_are_stored(store, run):
    raw, expected = stored(store, run), told(store, run)
    if not kept(store, "metrics") or expected["status"] == "QUEUED":
        assert not raw.metrics
        return
    found = {
        name: [list(point) for point in zip(metric["steps"], tagged_plain(metric["values"]), strict=True)]
        for name, metric in raw.metrics.items()
    }
    assert same(found, expected["metrics"])
    assert all(len(metric["timestamps"]) == len(metric["steps"]) for metric in raw.metrics.values())


@pytest.mark.parametrize(("store", "run"), RUNS)
def test_files_are_stored(store, run):
    raw, expected = stored(store, run), told(store, run)
    artifacts = {name: b64decode(entry["content"]["$bytes"]) for name, entry in expected["artifacts"].items()}
    assert raw.artifacts == artifacts
    if kept(store, "resources"):
        resources = {name: b64decode(content["$bytes"]) for name, content in expected["resources"].items()}
        assert raw.resources == resources
    assert raw.sources == {name: EXPECTED["sources"][name]["text"].encode() for name in expected["sources"]}


@pytest.mark.parametrize(("store", "run"), RUNS)
def test_meta_is_stored(store, run):
    raw, expected = stored(store, run), told(store, run)
    missing = (None, None) if EXPECTED["stores"][store]["kind"] != "sql" else ("", 0.0)
    assert raw.meta.get("comment", None) == (expected["comment"] or missing[0])
    assert raw.meta.get("priority", None) == (expected["priority"] or missing[1])
    if kept(store, "options"):
        assert raw.meta["named_configs"] == expected["named_configs"]
        assert raw.meta["config_updates"] == expected["config_updates"]
        words = expected["arguments"]
        assert raw.meta["options"]["UPDATE"] == words[words.index("with") + 1 :]


@pytest.mark.parametrize(("store", "run"), RUNS)
def test_trace_is_stored_of_failures_only(store, run):
    raw, line = stored(store, run), told(store, run)["fails_with"]
    if line is None:
        assert raw.fail_trace is None
    else:
        # On SQL the lines, each with its end, are joined by ends of lines once more.
        assert line in {raw.fail_trace[-1], raw.fail_trace[-2] + "\n"}
        assert "forward(0)" in "".join(raw.fail_trace)


@pytest.mark.parametrize(("store", "run"), RUNS)
def test_beats_and_ends_are_stored(store, run):
    raw, expected = stored(store, run), told(store, run)
    beatless = expected["status"] == "QUEUED" or expected["info"] is None or (store, run) == ("tinydb", "scalars")
    assert (raw.heartbeat is None) == beatless
    ended = expected["status"] not in {"RUNNING", "QUEUED"}
    assert (raw.document.get("stop_time") is not None) == ended


# ------------------------------------------------------------------------------------------------ whole stores


def ids_in(store: str) -> set:
    entry = EXPECTED["stores"][store]
    path = HERE / entry["path"]
    if entry["kind"] in {"file", "s3"}:
        names = {found.parent.name for found in path.glob("*/run.json")}
        return {int(name) if entry["kind"] == "s3" and name.isdigit() else name for name in names}
    if entry["kind"] == "tinydb":
        return {run["_id"] for run in json.loads((path / "metadata.json").read_text("utf-8"))["runs"].values()}
    if entry["kind"] == "mongo":
        return {run["_id"] for run in mongo_collection(path, "runs")}
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return {row[0] for row in connection.execute("SELECT run_id FROM run")}
    finally:
        connection.close()


@pytest.mark.parametrize("store", EXPECTED["stores"])
def test_a_store_holds_the_runs_listed_and_no_other(store):
    ids = EXPECTED["stores"][store]["ids"].values()
    assert ids_in(store) == set(ids)
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("store", SAME_STORES)
def test_the_richest_stores_hold_every_run(store):
    assert set(EXPECTED["stores"][store]["ids"]) == set(EXPECTED["runs"])


def test_every_run_is_in_some_store_of_each_kind_that_can_hold_it():
    held = {}
    for entry in EXPECTED["stores"].values():
        held.setdefault(entry["kind"], set()).update(entry["ids"])
    assert held["sql"] == set(EXPECTED["runs"])
    assert held["tinydb"] == set(EXPECTED["runs"]) - {"queued", "objects"}


def test_digests_of_sources_are_right():
    for source in EXPECTED["sources"].values():
        assert md5(source["text"].encode()).hexdigest() == source["md5"]
    assert {name for run in EXPECTED["runs"].values() for name in run["sources"]} == set(EXPECTED["sources"])


# ------------------------------------------------------------------------------------------------ kinds of stores


def test_files_have_times_without_zone():
    for run, run_id in EXPECTED["stores"]["file"]["ids"].items():
        document = json.loads((HERE / "file" / run_id / "run.json").read_text("utf-8"))
        for name in {"start_time", "stop_time", "heartbeat"} & set(document):
            assert TIME.fullmatch(document[name])
        assert ("start_time" in document) == (run != "queued")


def test_a_script_may_put_files_beside():
    for name, content in EXPECTED["runs"]["completed"]["beside"].items():
        assert (HERE / "file/1" / name).read_bytes() == b64decode(content["$bytes"])
    assert (HERE / "file/template.html").is_file()


def test_documents_have_the_types_of_bson():
    from bson import ObjectId

    for run in mongo_collection(HERE / "mongo", "runs"):
        queued = run["status"] == "QUEUED"
        assert queued or isinstance(run["start_time"], datetime)
        assert {"info", "artifacts", "format"} <= set(run) or queued
        assert all(isinstance(file_id, ObjectId) for _, file_id in run["experiment"]["sources"])
    for metric in mongo_collection(HERE / "mongo", "metrics"):
        assert all(isinstance(time, datetime) for time in metric["timestamps"])


def test_documents_point_at_their_metrics():
    metrics = {str(metric["_id"]): metric for metric in mongo_collection(HERE / "mongo", "metrics")}
    listed = []
    for run in mongo_collection(HERE / "mongo", "runs"):
        for entry in run.get("info", {}).get("metrics", []):
            listed.append(entry["id"])
            assert (metrics[entry["id"]]["run_id"], metrics[entry["id"]]["name"]) == (run["_id"], entry["name"])
    assert sorted(listed) == sorted(metrics)


def test_gridfs_describes_artifacts():
    files = {entry["filename"]: entry for entry in mongo_collection(HERE / "mongo", "fs.files")}
    guessed = {"notes.txt": "text/plain", "weights.bin": "application/x-weights", "no suffix": None}
    for name, artifact in EXPECTED["runs"]["completed"]["artifacts"].items():
        entry = files[f"artifact://runs/1/{name}"]
        assert (entry["metadata"], entry["contentType"]) == (artifact["metadata"], guessed[name])
        assert artifact["content_type"] in {None, entry["contentType"]}


def test_a_bucket_is_listed():
    lines = (HERE / "s3/objects.jsonl").read_text("utf-8").splitlines()
    listed = {f"{entry['bucket']}/{entry['key']}" for entry in map(json.loads, lines)}
    found = {path.relative_to(HERE / "s3").as_posix() for path in (HERE / "s3").rglob("*") if path.is_file()}
    assert found - {"objects.jsonl"} == listed


# ------------------------------------------------------------------------------------------------ the folder


def refuse(text: str):
    raise AssertionError(f"{text} is no JSON")


def test_expected_is_strict_json():
    assert json.loads((HERE / "expected.json").read_text("utf-8"), parse_constant=refuse) == EXPECTED


def test_no_fixture_was_changed():
    """They are evidence: an editor, a formatter or a change of line ends would make it false."""
    lines = (HERE / "sha256.txt").read_text("utf-8").splitlines()
    digests = dict(reversed(line.split("  ", 1)) for line in lines)
    assert {name: sha256((HERE / name).read_bytes()).hexdigest() for name in digests} == digests
    kinds = {name.split("/")[0] for name in digests}
    found = {
        path.relative_to(HERE).as_posix()
        for kind in kinds
        for path in (HERE / kind).rglob("*" if (HERE / kind).is_dir() else "")
        if path.is_file()
    }
    assert found | {"expected.json"} == set(digests)


def test_the_folder_is_small_and_names_no_machine():
    paths = [path for path in HERE.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert sum(path.stat().st_size for path in paths) < 1_500_000
    for path in paths:
        content = path.read_bytes()
        assert not [word for word in (b"/root/", b"/home/", b"/Users/", b"pyenv") if word in content], path
    assert EXPECTED["hostname"] == "box"
    assert stored("file", "completed").document["host"]["hostname"] == "box"
