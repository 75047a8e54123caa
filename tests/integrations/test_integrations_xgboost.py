"""XGBoost: rounds of real trainings as metrics."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

xgboost = pytest.importorskip("xgboost")
XGBoostCallback = pytest.importorskip("hallow.integrations.xgboost").XGBoostCallback

RANDOM = np.random.default_rng(0)
X = RANDOM.random((120, 4))
Y = (X[:, 0] + 0.3 * RANDOM.random(120) > 0.6).astype(int)
PARAMS = {"objective": "binary:logistic", "max_depth": 2, "eta": 0.3, "nthread": 1, "eval_metric": ["logloss", "error"]}


def matrices():
    return xgboost.DMatrix(X[:80], Y[:80]), xgboost.DMatrix(X[80:], Y[80:])


def train(callbacks, rounds=6, **options):
    first, second = matrices()
    history = {}
    booster = xgboost.train(
        PARAMS,
        first,
        rounds,
        evals=[(first, "train"), (second, "valid")],
        evals_result=history,
        verbose_eval=False,
        callbacks=callbacks,
        **options,
    )
    return booster, history


def test_every_round_is_logged(recorded):
    """The record has what XGBoost itself says that it found, and the parameters that it used."""
    found = []

    def main(_run):
        found.append(train([XGBoostCallback(_run)])[1])

    record = recorded.run(main)
    assert set(record.metrics) == {"train.logloss", "train.error", "valid.logloss", "valid.error"}
    for name, points in record.metrics.items():
        data, metric = name.split(".")
        assert points.values == found[0][data][metric]
        assert points.steps == [0, 1, 2, 3, 4, 5]
    facts = record.info["xgboost"]
    assert facts["rounds"] == 6
    assert facts["params"]["gradient_booster"]["tree_train_param"]["max_depth"] == "2"
    assert "best_iteration" not in facts


def test_the_best_round_of_early_stopping(recorded):
    boosters = []

    def main(_run):
        boosters.append(train([XGBoostCallback(_run)], rounds=200, early_stopping_rounds=3)[0])

    record = recorded.run(main)
    facts, points = record.info["xgboost"], record.metrics["valid.error"]
    assert facts["best_iteration"] == boosters[0].best_iteration == points.values.index(min(points.values))
    assert facts["best_score"] == pytest.approx(min(points.values))
    assert points.steps[-1] == facts["best_iteration"] + 3


def test_a_training_that_goes_on_from_a_model_counts_on(recorded):
    def main(_run):
        booster, _ = train([XGBoostCallback()], rounds=3)
        train([XGBoostCallback()], rounds=2, xgb_model=booster)

    record = recorded.run(main)
    assert record.metrics["train.logloss"].steps == [0, 1, 2, 3, 4]
    assert record.info["xgboost"]["rounds"] == 5


def test_cross_validation_gives_mean_and_deviation(recorded):
    tables = []

    def main(_run):
        callbacks = [XGBoostCallback(_run, "cv")]
        tables.append(xgboost.cv(PARAMS, matrices()[0], 4, nfold=3, early_stopping_rounds=3, callbacks=callbacks))

    record = recorded.run(main)
    assert record.metrics["cv.test.logloss"].values == pytest.approx(list(tables[0]["test-logloss-mean"]))
    assert record.metrics["cv.test.logloss.std"].values == pytest.approx(list(tables[0]["test-logloss-std"]))
    assert record.info["xgboost"]["cv"]["best_iteration"] == tables[0]["test-error-mean"].idxmin()


def test_estimators_and_their_clones(recorded):
    """scikit-learn copies the parameters of estimators; the copies log into the same run."""
    base = pytest.importorskip("sklearn.base")

    def main(_run):
        model = xgboost.XGBClassifier(n_estimators=3, max_depth=2, n_jobs=1, callbacks=[XGBoostCallback(_run)])
        base.clone(model).fit(X[:80], Y[:80], eval_set=[(X[80:], Y[80:])], verbose=False)

    record = recorded.run(main)
    assert record.metrics["validation_0.logloss"].steps == [0, 1, 2]


def test_without_xgboost_the_error_names_it():
    script = "import sys; sys.modules['xgboost'] = None\nfrom hallow.integrations.xgboost import XGBoostCallback"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "MissingExtraError" in done.stderr
    assert "pip install xgboost" in done.stderr
