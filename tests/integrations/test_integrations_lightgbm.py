"""LightGBM: rounds of real trainings as metrics."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from hallow.integrations.lightgbm import LightGBMCallback

lightgbm = pytest.importorskip("lightgbm")

RANDOM = np.random.default_rng(0)
X = RANDOM.random((120, 4))
Y = (X[:, 0] + 0.3 * RANDOM.random(120) > 0.6).astype(int)
PARAMS = {
    "objective": "binary",
    "metric": ["binary_logloss", "auc"],
    "num_leaves": 4,
    "num_threads": 1,
    "verbose": -1,
    "min_data_in_leaf": 5,
}


def train(callbacks, rounds=6, **options):
    first = lightgbm.Dataset(X[:80], Y[:80], free_raw_data=False)
    second = lightgbm.Dataset(X[80:], Y[80:], reference=first, free_raw_data=False)
    return lightgbm.train(PARAMS, first, rounds, valid_sets=[second], callbacks=callbacks, **options)


def test_every_round_is_logged(recorded):
    """The record has what LightGBM itself says that it found, and the parameters that it used."""
    history = {}

    def main(_run):
        train([LightGBMCallback(_run), lightgbm.record_evaluation(history)])

    record = recorded.run(main)
    assert set(record.metrics) == {"valid_0.binary_logloss", "valid_0.auc"}
    for name, points in record.metrics.items():
        assert points.values == history["valid_0"][name.split(".")[1]]
        assert points.steps == [0, 1, 2, 3, 4, 5]
    facts = record.info["lightgbm"]
    assert facts["rounds"] == 6
    assert facts["params"]["num_leaves"] == 4


def test_the_best_round_in_the_direction_of_each_metric(recorded):
    """Early stopping ends the training by an exception; the last round is there nevertheless."""
    boosters = []

    def main(_run):
        boosters.append(
            train(
                [LightGBMCallback(_run), lightgbm.early_stopping(3, first_metric_only=True, verbose=False)], rounds=300
            )
        )

    record = recorded.run(main)
    best = record.info["lightgbm"]["best"]
    loss, auc = record.metrics["valid_0.binary_logloss"], record.metrics["valid_0.auc"]
    assert boosters[0].best_iteration == best["valid_0.binary_logloss"]["step"] + 1
    assert loss.steps[-1] == boosters[0].best_iteration + 2 < 299
    assert best["valid_0.binary_logloss"]["value"] == min(loss.values)
    assert best["valid_0.auc"] == {"step": auc.values.index(max(auc.values)), "value": max(auc.values)}


def test_a_training_that_goes_on_from_a_model_counts_on(recorded):
    def main(_run):
        booster = train([LightGBMCallback()], rounds=3)
        train([LightGBMCallback()], rounds=2, init_model=booster)

    assert recorded.run(main).metrics["valid_0.auc"].steps == [0, 1, 2, 3, 4]


def test_cross_validation_gives_mean_and_deviation(recorded):
    results = []

    def main(_run):
        data = lightgbm.Dataset(X, Y)
        results.append(lightgbm.cv(PARAMS, data, 4, nfold=3, callbacks=[LightGBMCallback(_run, "cv")]))

    record = recorded.run(main)
    assert record.metrics["cv.valid.auc"].values == pytest.approx(results[0]["valid auc-mean"])
    assert record.metrics["cv.valid.auc.std"].values == pytest.approx(results[0]["valid auc-stdv"])
    assert record.info["lightgbm"]["cv"]["rounds"] == 4


def test_the_form_that_older_versions_give_to_cv(recorded):
    """`cv` called its data "cv_agg", and put its name into that of the metric."""

    def main(_run):
        callback = LightGBMCallback(_run)
        for step, value in enumerate([0.5, 0.25]):
            result = [("cv_agg", "valid binary_logloss", np.float64(value), False, 0.1)]
            callback(lightgbm.callback.CallbackEnv(None, {"eta": 1}, step, 0, 2, result))

    record = recorded.run(main)
    assert record.metrics["valid.binary_logloss"].values == [0.5, 0.25]
    assert record.metrics["valid.binary_logloss.std"].values == [0.1, 0.1]
    assert record.info["lightgbm"]["best"]["valid.binary_logloss"] == {"step": 1, "value": 0.25}


# From 4.7 on it is called eval_X and eval_y.
@pytest.mark.filterwarnings("ignore:The argument 'eval_set' is deprecated")
def test_estimators(recorded):
    pytest.importorskip("sklearn")

    def main(_run):
        model = lightgbm.LGBMClassifier(n_estimators=3, num_leaves=4, n_jobs=1, verbose=-1)
        model.fit(X[:80], Y[:80], eval_set=[(X[80:], Y[80:])], callbacks=[LightGBMCallback(_run)])

    assert recorded.run(main).metrics["valid_0.binary_logloss"].steps == [0, 1, 2]


def test_the_callback_does_not_load_the_library():
    """LightGBM calls any function; who has one of its trainings has loaded it."""
    script = "import sys\nfrom hallow.integrations.lightgbm import LightGBMCallback\nprint('lightgbm' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "False"
