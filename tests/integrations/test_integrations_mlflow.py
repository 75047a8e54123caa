"""MLflow: what its own client finds of runs that were mirrored into a local tracking store."""

from __future__ import annotations

import math
import subprocess
import sys
import threading
from datetime import datetime

import pytest

from hallow.integrations.mlflow import MLflowObserver
from hallow.records.points import Points

pytest.importorskip("mlflow")
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:mlflow"),
    pytest.mark.filterwarnings("ignore::FutureWarning:mlflow"),
]


@pytest.fixture
def tracking(tmp_path, monkeypatch):
    """A tracking store of files, which needs no database."""
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    return (tmp_path / "mlruns").as_uri()


@pytest.fixture
def mirrored(recorded, tracking):
    """Runs a body with a mirror; gives MLflow's client and its run."""
    from mlflow import MlflowClient

    def run(body, observer=None, **options):
        observer = observer or MLflowObserver(tracking, "of the test")
        recorded.experiment.observers.append(observer)
        try:
            recorded.run(body, **options)
        finally:
            client = MlflowClient(tracking)
            found = client.get_run(observer.mlflow_run_id)
        return client, found

    return run


def history(client, run, metric):
    return client.get_metric_history(run.info.run_id, metric)


def test_mlflow_has_what_the_run_had(mirrored, recorded, tmp_path):
    recorded.experiment.add_config(lr=0.5, opt={"name": "sgd", "betas": [0.9, 0.99]}, nothing=None)

    def main(_run):
        for step in range(3):
            _run.log_scalar("train.loss", 1 / (step + 1), step * 10)
        _run.log_scalar("odd", math.nan)
        _run.log_scalar("odd", math.inf)
        (tmp_path / "m.txt").write_text("first")
        _run.add_artifact(tmp_path / "m.txt")
        (tmp_path / "m.txt").write_text("second")
        _run.add_artifact(tmp_path / "m.txt")
        _run.add_artifact(tmp_path / "m.txt", name="deep/er/n.txt")
        (tmp_path / "all" / "of").mkdir(parents=True)
        (tmp_path / "all" / "of" / "it.txt").write_text("third")
        _run.add_artifact(tmp_path / "all")
        return 42

    client, run = mirrored(main, tags=["good", "small"])
    assert run.data.params["opt.name"] == "sgd"
    assert run.data.params["opt.betas"] == "[0.9, 0.99]"
    assert run.data.params["nothing"] == "None"
    assert "seed" in run.data.params
    assert run.info.status == "FINISHED"
    assert client.get_experiment(run.info.experiment_id).name == "of the test"
    tags = run.data.tags
    assert tags["hallow.run_id"] == "1"
    assert tags["hallow.command"] == "main"
    assert tags["hallow.result"] == "42"
    assert tags["hallow.tags"] == "good, small"
    points = recorded.record(1).metrics["train.loss"]
    found = history(client, run, "train.loss")
    assert [(one.step, one.value) for one in found] == list(zip(points.steps, points.values, strict=True))
    assert [one.timestamp for one in found] == [round(time * 1000) for time in points.times]
    assert math.isnan(history(client, run, "odd")[0].value)
    assert history(client, run, "odd")[1].value == math.inf
    folder = tmp_path / "down"
    folder.mkdir()
    client.download_artifacts(run.info.run_id, "", str(folder))
    assert {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()} == {
        "m.txt": "first",
        "m.2.txt": "second",
        "deep/er/n.txt": "second",
        "all/of/it.txt": "third",
    }


def test_names_and_texts_beyond_the_limits(mirrored, recorded):
    """Names are spelled so that MLflow takes them, and stay apart; long texts are cut off visibly."""
    recorded.experiment.add_config({"a@b": 1, "a_b": 2, "long": "x" * 10_000, "n" * 300: 3})
    recorded.experiment.add_config({f"many{number}": number for number in range(250)})

    def main(_run):
        for name in ("loss@1", "loss_1", "a//b", "../c", ""):
            _run.log_scalar(name, 1.0)
        _run.log_scalar("complex", 1j)

    _, run = mirrored(main)
    params = run.data.params
    assert {params["a_b"], params["a_b_2"]} == {"1", "2"}
    assert params["long"].endswith("xxx...")
    assert params["n" * 250] == "3"
    assert params["many249"] == "249"
    assert set(run.data.metrics) == {"loss_1", "loss_1_2", "a/b", "c", "_"}


@pytest.mark.parametrize(
    ("error", "status", "word"),
    [(ValueError("no such thing"), "FAILED", "FAILED"), (KeyboardInterrupt(), "KILLED", "INTERRUPTED")],
)
def test_a_run_that_did_not_end_well(recorded, tracking, error, status, word):
    from mlflow import MlflowClient

    observer = MLflowObserver(tracking)
    recorded.experiment.observers.append(observer)

    def main():
        raise error

    with pytest.raises(type(error)):
        recorded.run(main)
    run = MlflowClient(tracking).get_run(observer.mlflow_run_id)
    assert run.info.status == status
    assert run.data.tags["hallow.status"] == word
    assert ("no such thing" in run.data.tags.get("hallow.fail_trace", "")) == (status == "FAILED")
    assert MlflowClient(tracking).get_experiment(run.info.experiment_id).name == "integration"


class Unreliable(MLflowObserver):
    """A mirror whose requests fail now and then, as those to a server that comes and goes."""

    requests = 0
    failing = ()
    last = None
    error = ConnectionError("away")

    def begin(self, run):
        super().begin(run)
        send = self._client.log_batch

        def log_batch(run_id, metrics=(), params=(), tags=()):
            if metrics:
                self.requests += 1
                if self.requests in self.failing:
                    raise self.error
                if self.requests == 5:
                    self.last.set()
            send(run_id, metrics=metrics, params=params, tags=tags)

        self._client.log_batch = log_batch


def test_points_after_some_that_were_given_up_are_all_there(tracking):
    """Who tells observers in another way than a run, and goes on after a failure, loses no more than that."""
    observer = Unreliable(tracking)
    observer.failing, observer.last = (2,), threading.Event()
    start = {"ex_info": {"name": "x"}, "command": "main", "host_info": {}, "config": {}, "meta_info": {}, "_id": 1}
    observer.started_event(start_time=datetime(2024, 1, 1), **start)
    many = Points("a", list(range(1500)), [1.0] * 1500, [1.0] * 1500)
    with pytest.raises(ConnectionError):
        observer.points_event([many])
    observer.points_event([Points("a", [1500, 1501], [2.0, 3.0], [2.0, 2.0])])
    observer.completed_event(stop_time=datetime(2024, 1, 1), result=None)
    found = observer._client.get_metric_history(observer.mlflow_run_id, "a")
    assert [one.step for one in found] == [*range(1000), 1500, 1501]


@pytest.mark.parametrize("error", [ConnectionError("away"), ValueError("broken")])
def test_points_that_are_told_again_are_not_there_twice(mirrored, tracking, error):
    """2,500 points are three requests, of which the second fails, and then the first of those that are left."""
    observer = Unreliable(tracking)
    observer.failing, observer.error, observer.last = (2, 3), error, threading.Event()

    def main(_run):
        for step in range(1250):
            _run.log_scalar("a", float(step))
            _run.log_scalar("b", -float(step))
        assert observer.last.wait(30)

    client, run = mirrored(main, observer, beat_interval=0.01)
    for name, sign in (("a", 1), ("b", -1)):
        assert [one.value for one in history(client, run, name)] == [sign * float(step) for step in range(1250)]


def test_mlflow_that_is_away_costs_the_run_nothing(recorded, tmp_path, monkeypatch):
    """Nobody listens there: the run is recorded, ends well, and says what is not mirrored."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    observer = MLflowObserver("http://127.0.0.1:9")
    recorded.experiment.observers.append(observer)

    def main(_run):
        _run.log_scalar("a", 1.0)
        (tmp_path / "m.txt").write_text("first")
        _run.add_artifact(tmp_path / "m.txt")
        return 7

    record = recorded.run(main)
    assert (record.status, record.result) == ("COMPLETED", 7)
    assert record.metrics["a"].values == [1.0]
    run = recorded.experiment.current_run
    assert run._failed_observers == [observer]
    errors = run._delivery.errors()[str(observer)]
    assert "MLflow cannot be reached" in errors["log_metrics"][0]


def test_a_run_of_which_only_a_mirror_knows_is_not_safe(tracking, tmp_path, monkeypatch):
    """A mirror does not have everything: what it misses keeps no journal, and it is no store to resume from."""
    from hallow import Experiment

    monkeypatch.setenv("HALLOW_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    ex = Experiment("alone", interactive=True, save_git_info=False)
    ex.observers.append(MLflowObserver("http://127.0.0.1:9"))
    ex.main(lambda _run: _run.log_scalar("a", 1.0))
    assert ex.run("<lambda>", loglevel="CRITICAL").status == "COMPLETED"
    assert list((tmp_path / "state" / "journals").iterdir()) == []


def test_passwords_in_the_address_are_not_shown():
    assert "secret" not in repr(MLflowObserver("https://me:secret@mlflow.example.org/x"))


def test_without_mlflow_the_error_names_it():
    script = (
        "import sys\nfrom hallow.integrations.mlflow import MLflowObserver\n"
        "MLflowObserver(); assert 'mlflow' not in sys.modules\n"
        "sys.modules['mlflow'] = None\nMLflowObserver()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "MissingExtraError" in done.stderr
    assert "pip install mlflow" in done.stderr
