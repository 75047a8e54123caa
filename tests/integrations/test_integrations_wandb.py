"""Weights & Biases: what its own offline files say of runs that were mirrored. Nothing is sent anywhere."""

from __future__ import annotations

import json
import math
import os
import struct
import subprocess
import sys

import pytest

from hallow.integrations.wandb import STEP, WandbObserver
from hallow.records.points import Points

wandb = pytest.importorskip("wandb")
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:wandb"),
    # The process of W&B lives as long as this one; its pipes and sockets are not ours.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(autouse=True)
def _at_home(tmp_path, monkeypatch):
    """W&B's caches are in the folder of the test, and it reports nothing to its makers."""
    for name in ("WANDB_DATA_DIR", "WANDB_CACHE_DIR", "WANDB_CONFIG_DIR", "WANDB_ARTIFACT_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "wandb-home"))
    monkeypatch.setenv("WANDB_ERROR_REPORTING", "false")
    monkeypatch.delenv("WANDB_MODE", raising=False)


def records(folder):
    """The messages in the offline file: a log in the format of LevelDB, after a header of seven bytes."""
    from wandb.proto.wandb_internal_pb2 import Record

    (path,) = folder.glob("wandb/offline-run-*/run-*.wandb")
    data, place, message = path.read_bytes(), 7, b""
    while place + 7 <= len(data):
        if 32768 - place % 32768 < 7:  # no header fits into the rest of this block
            place += 32768 - place % 32768
            continue
        length, kind = struct.unpack_from("<HB", data, place + 4)
        message += data[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):  # whole, or its last part
            yield Record.FromString(message)
            message = b""


def values(items):
    """The last value of each key."""
    return {item.key or ".".join(item.nested_key): json.loads(item.value_json) for item in items}


class Mirrored:
    """What the offline file of one run says."""

    def __init__(self, folder):
        self.history, self.summary, self.config, self.run, self.exit_code = [], {}, {}, None, None
        self.artifacts = []
        for record in records(folder):
            if record.HasField("history"):
                self.history.append(values(record.history.item))
            elif record.HasField("run"):
                self.run = record.run
                self.config.update(values(record.run.config.update))
            elif record.HasField("summary"):
                self.summary.update(values(record.summary.update))
            elif record.HasField("exit"):
                self.exit_code = record.exit.exit_code
            elif record.HasField("artifact"):
                self.artifacts.append(record.artifact)
            elif record.HasField("request") and record.request.HasField("log_artifact"):
                self.artifacts.append(record.request.log_artifact.artifact)


def test_wandb_has_what_the_run_had(recorded, tmp_path):
    recorded.experiment.observers.append(WandbObserver(dir=tmp_path / "wb", entity=None))
    recorded.experiment.add_config(lr=0.5, opt={"name": "sgd", "betas": [0.9, 0.99]})

    def main(_run):
        for step in (10, 20, 5):
            _run.log_scalar("loss", 1 / step, step)
            _run.log_scalar("acc", 1 - 1 / step, step)
        _run.log_scalar("odd", math.nan, 7)
        (tmp_path / "m.txt").write_text("first")
        _run.add_artifact(tmp_path / "m.txt", name="deep/m.txt", metadata={"kind": "text"})
        return 42

    record = recorded.run(main, tags=["good"])
    found = Mirrored(tmp_path / "wb")
    assert found.run.project == "integration"
    assert found.run.display_name == "integration 1"
    assert list(found.run.tags) == ["good"]
    assert found.config["lr"] == 0.5
    assert found.config["opt"] == {"name": "sgd", "betas": [0.9, 0.99]}
    assert found.config["seed"] == record.config["seed"]
    rows = [(row[STEP], row.get("loss"), row.get("acc")) for row in found.history]
    assert rows[:3] == [(10, 0.1, 0.9), (20, 0.05, 0.95), (5, 0.2, 0.8)]
    assert found.history[2]["_timestamp"] == pytest.approx(record.metrics["acc"].times[2])
    assert math.isnan(float(found.history[3]["odd"]))
    assert found.exit_code == 0
    assert found.summary["hallow"] == {"run_id": record.run_id, "command": "main", "status": "COMPLETED", "result": 42}
    (artifact,) = found.artifacts
    assert artifact.name == "deep_m.txt"
    assert json.loads(artifact.metadata) == {"kind": "text"}
    assert [entry.path for entry in artifact.manifest.contents] == ["deep/m.txt"]


def test_a_run_that_failed(recorded, tmp_path):
    recorded.experiment.observers.append(WandbObserver("project", dir=tmp_path / "wb"))

    def main():
        raise ValueError("no such thing")

    with pytest.raises(ValueError, match="no such thing"):
        recorded.run(main)
    found = Mirrored(tmp_path / "wb")
    assert found.run.project == "project"
    assert found.exit_code == 1
    assert found.summary["hallow"]["status"] == "FAILED"
    assert "no such thing" in found.summary["hallow"]["fail_trace"]


class Unreliable(WandbObserver):
    """A mirror whose third and fifth line of history fail."""

    lines = 0

    def send(self, rows):
        self.lines += 1
        if self.lines in (3, 5):
            raise ConnectionError("away")
        super().send(rows)


def test_points_that_are_told_again_are_not_there_twice(recorded, tmp_path):
    recorded.experiment.observers.append(Unreliable(dir=tmp_path / "wb"))

    def main(_run):
        for step in range(10):
            _run.log_scalars({"a": step, "b": -step}, step)

    recorded.run(main)
    rows = [(row[STEP], row["a"], row["b"]) for row in Mirrored(tmp_path / "wb").history]
    assert rows == [(step, step, -step) for step in range(10)]


def test_a_run_of_wandb_that_the_user_has_goes_on(recorded, tmp_path):
    """The mirror has a run of its own, which does not take the place of ``wandb.run``."""
    recorded.experiment.observers.append(WandbObserver(dir=tmp_path / "wb"))
    seen = []

    def main(_run):
        own = wandb.init(mode="disabled", dir=str(tmp_path))
        _run.log_scalar("a", 1.0)
        seen.append((wandb.run, own))
        own.finish()

    recorded.run(main)
    assert seen[0][0] is seen[0][1]
    assert Mirrored(tmp_path / "wb").history[0]["a"] == 1.0


def test_points_of_one_step_stand_together_and_each_metric_in_its_order(tmp_path):
    """Also where a clock went back."""
    observer = WandbObserver(mode="disabled", dir=tmp_path)
    points = [Points("a", [0, 1, 1], [1.0, 2.0, 3.0], [5.0, 9.0, 2.0]), Points("b", [0, 1], [4.0, 5.0], [6.0, 9.5])]
    batches = [[(row.name, row.step) for row in batch] for batch in observer.batches(list(observer._new(points)))]
    assert batches == [[("a", 0), ("b", 0)], [("a", 1)], [("a", 1), ("b", 1)]]


def test_without_wandb_the_error_names_it(tmp_path):
    script = (
        "import sys\nfrom hallow.integrations.wandb import WandbObserver\n"
        "WandbObserver(); assert 'wandb' not in sys.modules\n"
        "sys.modules['wandb'] = None\nWandbObserver()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env={**os.environ})
    assert "MissingExtraError" in done.stderr
    assert "pip install wandb" in done.stderr
