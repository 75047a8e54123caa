"""scikit-learn: what is recorded of estimators, searches and cross-validations."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.compose import ColumnTransformer
from sklearn.datasets import make_classification
from sklearn.dummy import DummyClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    cross_val_score,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from hallow.errors import LogValueError, NotRunningError
from hallow.integrations.sklearn import (
    record,
    record_cross_validation,
    record_params,
    record_scores,
    record_search,
)

X, Y = make_classification(n_samples=60, n_features=4, random_state=1)


def table_of(record, name):
    table = json.loads(record.artifact(f"tables/{name}/00000000.json").read_text())
    return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]


def test_parameters_of_nested_estimators(recorded):
    """Names as set_params takes them; values that JSON has, so that two runs can be compared."""
    columns = ColumnTransformer([("scaled", StandardScaler(), [0, 1]), ("rest", "passthrough", slice(2, None))])
    pipeline = make_pipeline(
        columns, SelectKBest(f_classif, k=np.int64(2)), SVC(C=np.float32(0.5), class_weight={0: 1, 1: 2})
    )

    def main(_run):
        record_params(pipeline, _run)

    entry = recorded.run(main).info["sklearn"]["Pipeline"]
    assert entry["class"] == "sklearn.pipeline.Pipeline"
    params = entry["params"]
    assert params["svc"] == "sklearn.svm.SVC"
    assert (params["svc__C"], params["svc__class_weight"], params["selectkbest__k"]) == (0.5, {"0": 1, "1": 2}, 2)
    assert params["selectkbest__score_func"] == "sklearn.feature_selection.f_classif"
    assert params["columntransformer__scaled__with_mean"] is True
    assert params["columntransformer__transformers"] == [
        ["scaled", "sklearn.preprocessing.StandardScaler", [0, 1]],
        ["rest", "passthrough", "slice(2, None, None)"],
    ]
    assert json.loads(json.dumps(params)) == params
    assert "0x" not in json.dumps(params)


def test_scores(recorded):
    fitted = LogisticRegression().fit(X, Y)

    def main(_run):
        found = record(fitted, _run, X, Y, prefix="train", scoring=["accuracy", "neg_log_loss"])
        assert found["accuracy"] == fitted.score(X, Y)
        record(fitted, _run, X[:30], Y[:30], prefix="half", name="the same")
        record_scores(fitted, X, Y, scoring={"f1": make_scorer(f1_score)}, step=7)
        record_scores(fitted, X, Y, scoring=lambda estimator, x, y: {"size": len(x), "ones": int(sum(y))})

    done = recorded.run(main)
    assert done.metrics["train.accuracy"].values == [fitted.score(X, Y)]
    assert done.metrics["train.neg_log_loss"].values[0] < 0
    assert done.metrics["half.score"].values == [fitted.score(X[:30], Y[:30])]
    assert (done.metrics["f1"].steps, done.metrics["f1"].values) == ([7], [f1_score(Y, fitted.predict(X))])
    assert (done.metrics["size"].values, done.metrics["ones"].values) == ([60], [sum(Y)])
    assert set(done.info["sklearn"]) == {"LogisticRegression", "the same"}


def test_an_estimator_without_answers_is_scored_on_the_data_alone(recorded):
    from sklearn.decomposition import PCA

    fitted = PCA(2).fit(X)

    def main(_run):
        record(fitted, _run, X)

    assert recorded.run(main).metrics["score"].values == [fitted.score(X)]


def test_a_grid_search(recorded):
    search = GridSearchCV(SVC(), {"C": [0.1, 1, 10], "kernel": ["linear", "rbf"]}, cv=3, return_train_score=True).fit(
        X, Y
    )

    def main(_run):
        record(search, _run)

    done = recorded.run(main)
    results = search.cv_results_
    scores = done.metrics["search.mean_test_score"]
    assert scores.steps == list(range(6))
    assert scores.values == pytest.approx(list(results["mean_test_score"]))
    assert done.metrics["search.rank_test_score"].values == list(results["rank_test_score"])
    assert set(done.metrics) >= {"search.std_test_score", "search.mean_train_score", "search.mean_fit_time"}
    facts = done.info["sklearn"]["GridSearchCV"]
    assert facts["params"]["param_grid"] == {"C": [0.1, 1, 10], "kernel": ["linear", "rbf"]}
    assert facts["search"]["best_params"] == search.best_params_
    assert facts["search"]["best_score"] == pytest.approx(search.best_score_)
    assert (facts["search"]["candidates"], facts["search"]["splits"]) == (6, 3)

    rows = table_of(done, "search")
    assert [(row["param_C"], row["param_kernel"]) for row in rows] == [(p["C"], p["kernel"]) for p in results["params"]]
    assert [row["split2_test_score"] for row in rows] == pytest.approx(list(results["split2_test_score"]))


def test_a_random_search_with_several_scores_and_no_refit(recorded):
    search = RandomizedSearchCV(
        LogisticRegression(),
        {"C": loguniform(0.01, 10)},
        n_iter=3,
        scoring=["accuracy", "roc_auc"],
        refit=False,
        cv=2,
        random_state=0,
    ).fit(X, Y)

    def main(_run):
        record(search, _run, name="first look")

    done = recorded.run(main)
    facts = done.info["sklearn"]["first look"]
    distribution = facts["params"]["param_distributions"]["C"]
    assert (distribution["distribution"], distribution["args"]) == (loguniform.name, [0.01, 10])
    assert facts["search"] == {"candidates": 3, "splits": 2}
    assert len(done.metrics["search.mean_test_roc_auc"]) == 3


def test_candidates_that_fail_or_are_estimators(recorded):
    """NaN stays NaN; a parameter that only some candidates have is empty for the others."""
    grid = [{"svc": [SVC()], "svc__C": [1, -1]}, {"svc": [DummyClassifier()]}]
    search = GridSearchCV(make_pipeline(StandardScaler(), SVC()), grid, cv=2)
    with pytest.warns():
        search.fit(X, Y)

    def main(_run):
        record_search(search, _run, prefix="models")

    done = recorded.run(main)
    assert np.isnan(done.metrics["models.mean_test_score"].values[1])
    rows = table_of(done, "models")
    assert [row["param_svc__C"] for row in rows] == [1, -1, None]
    assert [row["param_svc"]["class"] for row in rows] == ["sklearn.svm.SVC"] * 2 + ["sklearn.dummy.DummyClassifier"]
    assert done.info["sklearn"]["GridSearchCV"]["search"]["best_params"]["svc"]["params"]["C"] == 1


def test_a_halving_search(recorded):
    search = HalvingGridSearchCV(LogisticRegression(), {"C": [0.1, 1, 10, 100]}, cv=2, random_state=0, factor=2).fit(
        X, Y
    )

    def main(_run):
        record_search(search, _run)

    done = recorded.run(main)
    assert done.metrics["search.n_resources"].values == list(search.cv_results_["n_resources"])
    assert [row["iter"] for row in table_of(done, "search")] == list(search.cv_results_["iter"])


def test_cross_validation(recorded):
    results = cross_validate(SVC(), X, Y, cv=4, return_train_score=True, return_estimator=True, return_indices=True)
    scores = cross_val_score(SVC(C=10), X, Y, cv=3)

    def main(_run):
        record_cross_validation(results, _run)
        record_cross_validation(scores, _run, name="second", prefix="cv2")

    done = recorded.run(main)
    assert set(done.metrics) == {"cv.fit_time", "cv.score_time", "cv.test_score", "cv.train_score", "cv2.test_score"}
    assert done.metrics["cv.test_score"].steps == [0, 1, 2, 3]
    assert done.metrics["cv.test_score"].values == pytest.approx(list(results["test_score"]))
    found = done.info["sklearn"]["cross_validation"]["test_score"]
    assert (found["mean"], found["std"]) == pytest.approx((results["test_score"].mean(), results["test_score"].std()))
    assert done.info["sklearn"]["second"]["test_score"]["mean"] == pytest.approx(scores.mean())


def test_large_arrays_are_no_parameters(recorded):
    class Weighted(LogisticRegression):
        def __init__(self, weights=None):
            super().__init__()
            self.weights = weights

    def main(_run):
        record_params(Weighted(np.ones((100, 20))), _run, "large")
        record_params(Weighted(np.ones(3)), _run, "small")

    found = recorded.run(main).info["sklearn"]
    assert found["large"]["params"]["weights"] == "a numpy.ndarray of shape (100, 20)"
    assert found["small"]["params"]["weights"] == [1, 1, 1]


def test_mistakes(recorded):
    def main(_run):
        with pytest.raises(LogValueError, match="only an object with get_params"):
            record(SVC, _run)
        with pytest.raises(LogValueError, match="only a search that is fitted has candidates"):
            record_search(GridSearchCV(SVC(), {}), _run)
        with pytest.raises(ValueError, match="acuracy"):
            record(LogisticRegression().fit(X, Y), _run, X, Y, scoring="acuracy")

    assert recorded.run(main).status == "COMPLETED"
    with pytest.raises(NotRunningError, match="there is no run"):
        record(SVC())


def test_names_of_scores_need_the_package():
    source = (
        "import sys; sys.modules['sklearn'] = None\n"
        "from hallow.integrations.sklearn import record_scores\n"
        "try: record_scores(None, [1], scoring='accuracy')\n"
        "except ImportError as error: print(error)"
    )
    out = subprocess.check_output([sys.executable, "-c", source], text=True)
    assert out.strip().endswith("install it: pip install scikit-learn")
