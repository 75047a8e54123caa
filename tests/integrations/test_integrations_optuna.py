"""Optuna: what a study leaves in the record of the run around it."""

from __future__ import annotations

import json

import pytest

from hallow.errors import NotRunningError
from hallow.integrations import OptunaCallback
from hallow.integrations.optuna import record_study

optuna = pytest.importorskip("optuna")


@pytest.fixture(autouse=True)
def _quiet():
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield
    optuna.logging.set_verbosity(level)


def study_of(**options):
    return optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=3), **options)


def parabola(trial):
    x = trial.suggest_float("x", -1, 1)
    kind = trial.suggest_categorical("kind", ["plain", "shifted"])
    return x**2 + (1 if kind == "shifted" else 0)


def test_values_and_parameters_of_each_trial(recorded):
    study = study_of(study_name="parabola")

    def main(_run):
        study.optimize(parabola, n_trials=8, callbacks=[OptunaCallback(_run)])

    done = recorded.run(main)
    values = [trial.value for trial in study.trials]
    assert done.metrics["value"].steps == list(range(8))
    assert done.metrics["value"].values == values
    assert done.metrics["best_value"].values == [min(values[: n + 1]) for n in range(8)]
    assert done.metrics["param.x"].values == [trial.params["x"] for trial in study.trials]
    assert set(done.metrics["state"].values) == {1}
    assert min(done.metrics["duration"].values) > 0

    facts = done.info["optuna"]
    choices = facts["search_space"]["kind"]["choices"]
    assert [choices[int(n)] for n in done.metrics["param.kind"].values] == [
        trial.params["kind"] for trial in study.trials
    ]
    assert facts["search_space"]["x"] == {
        "distribution": "FloatDistribution",
        "low": -1,
        "high": 1,
        "log": False,
        "step": None,
    }
    assert (facts["study"], facts["directions"], facts["sampler"]) == ("parabola", ["minimize"], "RandomSampler")
    assert facts["trials"] == {"COMPLETE": 8}
    best = study.best_trial
    assert facts["best"] == [{"number": best.number, "values": {"value": best.value}, "params": best.params}]


def test_pruned_and_failed_trials(recorded):
    def objective(trial):
        x = trial.suggest_int("x", 0, 9)
        if trial.number == 1:
            raise ValueError("no luck")
        for step in range(3):
            trial.report(x + step, step)
            if trial.number == 2 and step == 1:
                raise optuna.TrialPruned
        if trial.number == 3:
            raise optuna.TrialPruned
        return x

    study = study_of(direction="maximize")

    def main(_run):
        study.optimize(objective, n_trials=5, catch=(ValueError,), callbacks=[OptunaCallback(_run, curves=True)])

    done = recorded.run(main)
    x = [trial.params["x"] for trial in study.trials]
    assert (done.metrics["value"].steps, done.metrics["value"].values) == ([0, 4], [x[0], x[4]])
    assert (done.metrics["pruned_value"].steps, done.metrics["pruned_value"].values) == ([2, 3], [x[2] + 1, x[3] + 2])
    assert done.metrics["state"].values == [1, 3, 2, 2, 1]
    assert done.metrics["best_value"].steps == [0, 4]
    assert done.info["optuna"]["trials"] == {"COMPLETE": 2, "FAIL": 1, "PRUNED": 2}
    assert (done.metrics["curve.2"].steps, done.metrics["curve.2"].values) == ([0, 1], [x[2], x[2] + 1])
    assert "curve.1" not in done.metrics


def test_several_objectives(recorded):
    def objective(trial):
        x = trial.suggest_float("x", 0, 1)
        return x, (1 - x) ** 2

    unnamed = study_of(directions=["minimize", "minimize"])
    named = study_of(directions=["minimize", "maximize"])
    with pytest.warns(optuna.exceptions.ExperimentalWarning):
        named.set_metric_names(["size", "accuracy"])

    def main(_run):
        unnamed.optimize(objective, n_trials=4, callbacks=[OptunaCallback(_run, prefix="a")])
        named.optimize(objective, n_trials=4, callbacks=[OptunaCallback(_run, prefix="b")])

    done = recorded.run(main)
    assert done.metrics["a.value.1"].values == [trial.values[1] for trial in unnamed.trials]
    # On this curve no trial is better than another in both.
    assert done.metrics["a.pareto_front"].values == [1, 2, 3, 4]
    assert done.metrics["b.accuracy"].values == [trial.values[1] for trial in named.trials]
    assert "a.best_value" not in done.metrics
    assert len(done.info["optuna"]["a"]["best"]) == 4
    assert done.info["optuna"]["b"]["best"][0]["values"].keys() == {"size", "accuracy"}


def test_threads(recorded):
    """All trials of several threads are there, and the best value never gets worse."""
    study = study_of()

    def main():
        study.optimize(parabola, n_trials=24, n_jobs=4, callbacks=[OptunaCallback()])

    done = recorded.run(main)
    assert sorted(done.metrics["value"].steps) == list(range(24))
    assert done.info["optuna"]["trials"] == {"COMPLETE": 24}
    best = done.metrics["best_value"].values
    assert best == sorted(best, reverse=True)
    assert done.info["optuna"]["best"][0]["number"] == study.best_trial.number


def test_a_study_that_is_over_as_a_table(recorded):
    def objective(trial):
        trial.set_user_attr("epochs", trial.number * 2)
        if trial.number == 1:
            trial.report(0.5, 4)
            raise optuna.TrialPruned
        return trial.suggest_float("y", 0, 1) if trial.number else parabola(trial)

    study = study_of()
    study.optimize(objective, n_trials=3)

    def main(_run):
        record_study(study, _run)

    done = recorded.run(main)
    table = json.loads(done.artifact("tables/trials/00000000.json").read_text())
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
    assert [row["state"] for row in rows] == ["COMPLETE", "PRUNED", "COMPLETE"]
    assert [row["param.kind"] for row in rows] == [study.trials[0].params["kind"], None, None]
    assert [row["value"] for row in rows] == [trial.value for trial in study.trials]
    assert [(row["user.epochs"], row["last_step"]) for row in rows] == [(0, None), (2, 4), (4, None)]
    assert done.info["optuna"]["best"][0]["user_attrs"] == {"epochs": study.best_trial.number * 2}


def test_a_study_without_trials(recorded):
    def main(_run):
        assert record_study(study_of(), _run)["best"] == []

    assert list(recorded.run(main).artifacts) == []


def test_without_a_run():
    with pytest.raises(NotRunningError, match="there is no run to record into"):
        study_of().optimize(parabola, n_trials=1, callbacks=[OptunaCallback()])


def test_runs_of_trials_within_the_run_of_the_study(recorded):
    """Each trial can be a run of its own; the callback goes on recording into the outer one."""
    study = study_of()

    def trial_run(trial, _run):
        _run.log_scalar("inner", parabola(trial))
        return _run.info.setdefault("value", 1.0)

    def main(_run):
        def objective(trial):
            with recorded.experiment.start(unobserved=True, loglevel="ERROR", capture="no") as inner:
                return trial_run(trial, inner)

        study.optimize(objective, n_trials=2, callbacks=[OptunaCallback()])

    done = recorded.run(main)
    assert done.metrics["value"].values == [1.0, 1.0]
    assert "inner" not in done.metrics
