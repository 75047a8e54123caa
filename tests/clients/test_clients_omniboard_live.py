"""Omniboard itself over stores of hallow, asked as its page asks it; `make omniboard` installs it."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest
from clients_experiment import FILES, MANY, document, training
from servers.processes import free_port

from hallow import open_store

SERVE = Path(__file__).resolve().parents[2] / "examples" / "omniboard" / "serve.py"
LIST = (
    "_id,heartbeat,experiment,command,host,stop_time,config,duration,result,start_time,resources,format,status,"
    "omniboard,metrics,meta"
)


def serve():
    spec = importlib.util.spec_from_file_location("omniboard_serve", SERVE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_runs_that_make_omniboard_shows(mongo, mongo_server, tmp_path):
    host, port = mongo_server.address
    serve().record(f"{host}:{port}:{mongo.name}", tmp_path)
    runs = list(mongo.database.runs.find())
    assert [(run["_id"], run["status"], len(run["artifacts"])) for run in runs] == [
        (n, "COMPLETED", 3) for n in (1, 2, 3)
    ]
    assert [run["config"]["tags"] for run in runs] == [["demo"], ["fast"], ["long"]]
    assert {run["experiment"]["sources"][0][0] for run in runs} == {"train.py"}
    sizes = [len(one["steps"]) for one in mongo.database.metrics.find({"name": "train.loss"}).sort("run_id")]
    assert sizes == [4000, 4000, 10_001]


def test_make_omniboard_says_what_is_missing(tmp_path):
    done = subprocess.run(
        [sys.executable, SERVE], env={**os.environ, "PATH": str(tmp_path)}, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr.startswith("make omniboard: there is no `node`: ")) == (1, True)


@pytest.fixture(scope="session")
def start(tmp_path_factory, mongo_server):
    """``start(mongo)``: Omniboard over that database, as a function that asks it."""
    example = serve()
    if not example.PROGRAM.exists():
        pytest.skip("Omniboard is not installed (make omniboard does it)")
    host, port = mongo_server.address

    def omniboard(mongo):
        patch.setenv("PORT", str(free_port()))
        folder = tmp_path_factory.mktemp("omniboard")
        return example.omniboard(f"{host}:{port}:{mongo.name}", folder)

    with pytest.MonkeyPatch.context() as patch:
        yield omniboard


def asking(url):
    """``ask(path, method, body)``: the answer as bytes, or what its JSON says."""

    def ask(path, method="GET", body=None, raw=False):
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{url}/api/v1/{path}", data, {"Content-Type": "application/json"}, method=method)
        with urlopen(request, timeout=30) as answer:
            content = answer.read()
        return content if raw else json.loads(content or "null")

    return ask


@pytest.fixture(scope="module")
def ask(start, lab):
    """Asks Omniboard about the shared runs."""
    with start(lab) as (url, _):
        yield asking(url)


def test_the_list_of_runs(ask):
    runs = ask(f"Runs?select={LIST}&sort_by=_id&order_by=-1")
    assert [run["_id"] for run in runs] == [5, 4, 3, 2, 1]
    assert [run["status"] for run in runs] == ["COMPLETED", "PENDING", "QUEUED", "FAILED", "COMPLETED"]
    assert (runs[-1]["result"], runs[-1]["config"]["lr"], runs[-1]["meta"]["comment"]) == (0.875, 0.5, "the first")
    assert all(run["duration"] >= 0 for run in runs if run["_id"] != 3)
    assert ask("Runs/count") == {"count": 5}
    filtered = quote(json.dumps({"$and": [{"status": {"$in": ["FAILED"]}}, {"config.lr": {"$lt": 0.2}}]}))
    assert [run["_id"] for run in ask(f"Runs?select=_id,status,config&query={filtered}")] == [2]


def test_one_run(ask):
    run = ask("Runs/1?select=captured_out,info,meta,host,experiment,artifacts,config,fail_trace,status")
    assert "trained" in run["captured_out"]
    assert [artifact["name"] for artifact in run["artifacts"]] == list(FILES)
    assert ask("Runs/2")["fail_trace"][-1] == "ValueError: no such data\n"


def test_metrics(ask):
    found = {one["name"]: one for one in ask(f"Metrics?query={quote(json.dumps({'run_id': 1}))}")}
    assert found["acc"]["steps"] == list(range(0, 100, 10))
    (long,) = ask(f"Metrics?query={quote(json.dumps({'run_id': 5}))}")
    assert (len(long["steps"]), long["steps"][-1], long["values"][-1]) == (
        len(long["values"]),
        MANY - 1,
        (MANY - 1) / 2,
    )


def test_files(ask):
    run = ask("Runs/1")
    ids = {artifact["name"]: artifact["file_id"] for artifact in run["artifacts"]}
    for name, file_id in ids.items():
        assert ask(f"files/download/{file_id}/{name}", raw=True) == FILES[name]
    assert ask(f"files/preview/{ids['plot.png']}/plot.png", raw=True) == FILES["plot.png"]
    name, source = next(pair for pair in run["experiment"]["sources"] if pair[0] == "clients_experiment.py")
    text = (Path(run["experiment"]["base_dir"]) / name).read_bytes()
    assert ask(f"files/download/{source}/{name}", raw=True) == ask(f"files/{source}", raw=True) == text
    with zipfile.ZipFile(io.BytesIO(ask("files/downloadAll/1/artifacts", raw=True))) as archive:
        assert {Path(name).name: archive.read(name) for name in archive.namelist()} == FILES
    assert {one["count"] for one in ask("SourceFilesCount/1")} == {5}


def test_columns_of_metrics(start, mongo, tmp_path):
    training(tmp_path, mongo.observer()).run()
    with start(mongo) as (url, _):
        ask = asking(url)
        for column, rolled_up in (("best", "max"), ("lowest", "min"), ("mean", "avg"), ("final", "last")):
            ask("Omniboard.Metric.Columns", "POST", {"name": column, "metric_name": "acc", "extrema": rolled_up})
        (run,) = ask("Runs?select=_id,best,lowest,mean,final&sort_by=best")
    assert (run["best"], run["lowest"], run["final"]) == (0.9, 0.0, 0.9)
    assert run["mean"] == pytest.approx(0.45)


def test_marks_and_deletion_during_a_run(start, mongo, tmp_path):
    """What its page does when somebody marks a run and deletes another one, while a third goes on."""
    ex = training(tmp_path, mongo.observer())
    with start(mongo) as (url, _):
        ask = asking(url)

        @ex.command
        def watched(_run):
            ask(f"Runs/{_run._id}", "PUT", {"omniboard": {"tags": ["good"], "notes": "look again"}})
            ask(f"Metrics/?query={quote(json.dumps({'run_id': 1}))}", "DELETE", raw=True)
            ask("Runs/1", "DELETE", raw=True)
            _run.log_scalar("loss", 0.5)

        ex.run()
        ex.run("watched")
        assert [run["_id"] for run in ask("Runs?select=_id")] == [2]
    assert document(mongo, 2)["omniboard"] == {"tags": ["good"], "notes": "look again"}
    with open_store(mongo.uri) as store:
        (record,) = store.runs()
        assert (record.run_id, record.status, record.tags, record.problem) == (2, "COMPLETED", ["good"], "")
        assert list(record.metrics["loss"].values) == [0.5]
