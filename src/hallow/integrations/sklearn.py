"""scikit-learn: parameters and scores of any estimator, search or cross-validation, also of libraries in its manner."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from hallow.errors import LogValueError
from hallow.integrations.recorder import Recorder, class_name, numbers, plain
from hallow.running.scalars import described

if TYPE_CHECKING:
    Scoring = str | Callable[..., Any] | Iterable[str] | Mapping[str, Any] | None

__all__ = ["record", "record_cross_validation", "record_params", "record_scores", "record_search"]

_FRAMEWORK = "sklearn"


def record(
    estimator: Any,
    run: Any = None,
    X: Any = None,  # noqa: N803 - scikit-learn's name
    y: Any = None,
    *,
    name: str | None = None,
    prefix: str = "",
    scoring: Scoring = None,
    step: Any = None,
) -> dict[str, float]:
    """Record what there is: the parameters, of a fitted search its candidates, and with data the scores.

    Args:
        estimator: anything with ``get_params``: estimators, pipelines, searches, those of other libraries as well.
        run: a run, an experiment, or ``None`` for the run that is going on.
        X: data to score the estimator on, as its ``score`` takes them.
        y: the right answers.
        name: of the entry in ``run.info["sklearn"]``; default is the name of the class. An older entry is replaced.
        prefix: of the names of the scores.
        scoring: see :func:`record_scores`.
        step: of the scores; default is the last step + 1.

    Returns:
        The scores by name, without prefix; empty without data.
    """
    record_params(estimator, run, name)
    if hasattr(estimator, "cv_results_"):
        record_search(estimator, run, name)
    return {} if X is None else record_scores(estimator, X, y, run, prefix=prefix, scoring=scoring, step=step)


def record_params(estimator: Any, run: Any = None, name: str | None = None) -> dict[str, Any]:
    """Record class and parameters of an estimator, fitted or not, in ``run.info["sklearn"][name]``.

    Parameters of nested estimators have the names that ``set_params`` takes, such as ``svc__C``.

    Returns:
        ``{"class": import path, "params": {...}}``, as recorded.

    Raises:
        LogValueError: (a TypeError) if it has no ``get_params``.
    """
    if not hasattr(estimator, "get_params") or isinstance(estimator, type):
        raise LogValueError(
            f"only an object with get_params, such as an estimator, has parameters: {described(estimator)}"
        )
    params = {key: _listed(value) for key, value in estimator.get_params(deep=True).items()}
    entry = {"class": class_name(estimator), "params": params}
    Recorder(run, "", _FRAMEWORK).facts[name or type(estimator).__name__] = entry
    return entry


def record_scores(
    estimator: Any,
    X: Any,  # noqa: N803
    y: Any = None,
    run: Any = None,
    *,
    prefix: str = "",
    scoring: Scoring = None,
    step: Any = None,
) -> dict[str, float]:
    """Score a fitted estimator and log the scores.

    Args:
        estimator: fitted.
        X: the data.
        y: the right answers, if there are any.
        run: a run, an experiment, or ``None`` for the run that is going on.
        prefix: of the names, such as ``"test"`` for ``test.accuracy``.
        scoring: as scikit-learn takes it: ``None`` for the estimator's own (``score``), a name such as
            ``"accuracy"``, several names, a function ``(estimator, X, y)`` that returns a number or a dict of them,
            or a dict of names to names or functions.
        step: default is the last step + 1.

    Returns:
        The scores by name, without prefix.

    Raises:
        ValueError: if there is no scorer of that name; scikit-learn's own.
    """
    scores: dict[str, Any] = {}
    for name, scorer in _scorers(scoring).items():
        if scorer is None:
            value = estimator.score(X) if y is None else estimator.score(X, y)
        else:
            value = scorer(estimator, X) if y is None else scorer(estimator, X, y)
        scores.update(value if isinstance(value, Mapping) else {name: value})
    return Recorder(run, prefix, _FRAMEWORK).log(scores, step)


def record_search(search: Any, run: Any = None, name: str | None = None, prefix: str = "search") -> dict[str, Any]:
    """Record a fitted search over parameters: ``GridSearchCV``, ``RandomizedSearchCV``, the halving ones and the like.

    Means, deviations and ranks of each candidate become metrics, with the number of the candidate as step:
    ``search.mean_test_score``, ``search.rank_test_score``. All parameters and results, those of single splits too, are
    in the table ``search``. The best parameters and scores come into ``run.info["sklearn"][name]["search"]``.

    Args:
        search: fitted.
        run: a run, an experiment, or ``None`` for the run that is going on.
        name: of the entry in ``info``; default is the name of the class.
        prefix: of the names of metrics, and the name of the table.

    Returns:
        What is in ``info``: ``candidates``, ``splits``, and as far as the search has them ``best_index``,
        ``best_score``, ``best_params``, ``refit_time`` (seconds).

    Raises:
        LogValueError: (a TypeError) if it is no search, or not fitted yet.
    """
    results = getattr(search, "cv_results_", None)
    if results is None:
        raise LogValueError(f"only a search that is fitted has candidates (cv_results_): {described(search)}")
    recorder = Recorder(run, prefix, _FRAMEWORK)
    rows = list(_candidates(results))
    for row in rows:
        recorder.log({key: value for key, value in row.items() if key.startswith(_SUMMARIES)}, row["candidate"])
    recorder.run.log_table(prefix.rstrip("./_-") or "search", rows)
    found = {"candidates": len(rows), "splits": getattr(search, "n_splits_", None)}
    for key in ("best_index", "best_score", "best_params", "refit_time"):
        value = getattr(search, f"{key}_", None)
        if value is not None:
            found[key] = plain(value)
    facts = Recorder(run, "", _FRAMEWORK).facts
    facts.setdefault(name or type(search).__name__, {"class": class_name(search)})["search"] = found
    return found


_SUMMARIES = ("mean_", "std_", "rank_", "n_resources")


def record_cross_validation(
    results: Any, run: Any = None, name: str = "cross_validation", prefix: str = "cv"
) -> dict[str, Any]:
    """Record the results of ``cross_validate``, or the scores of ``cross_val_score``.

    Each becomes a metric, such as ``cv.test_score``, with the number of the split as step; mean and standard deviation
    come into ``run.info["sklearn"][name]``.

    Returns:
        What is in ``info``: ``{"test_score": {"mean": ..., "std": ...}, ...}``.
    """
    from statistics import fmean, pstdev

    columns = results if isinstance(results, Mapping) else {"test_score": results}
    recorder = Recorder(run, prefix, _FRAMEWORK)
    found = {}
    for key, column in columns.items():
        # What else is there: the fitted estimators and the indices of the splits.
        values = [number for value in column for number in numbers({key: value}).values()]
        if key in ("indices", "estimator") or not values:
            continue
        for split, value in enumerate(values):
            recorder.log({key: value}, split)
        found[key] = {"mean": fmean(values), "std": pstdev(values)}
    Recorder(run, "", _FRAMEWORK).facts[name] = found
    return found


# ------------------------------------------------------------------------------------------------------- details


def _listed(value: Any) -> Any:
    """A parameter as JSON has it; of estimators only the class, as their parameters are listed under their names."""
    if isinstance(value, list | tuple):
        return [_listed(item) for item in value]
    if hasattr(value, "get_params") and not isinstance(value, type):
        return class_name(value)
    return plain(value)


def _scorers(scoring: Scoring) -> dict[str, Any]:
    """Name to scorer, ``None`` for the estimator's own."""
    if scoring is None:
        return {"score": None}
    if isinstance(scoring, str):
        return {scoring: _scorer(scoring)}
    if isinstance(scoring, Mapping):
        return {str(name): _scorer(scorer) for name, scorer in scoring.items()}
    return {"score": scoring} if callable(scoring) else {name: _scorer(name) for name in scoring}


def _scorer(given: Any) -> Any:
    from hallow.records.optional import imported

    return imported("sklearn.metrics", who="scoring by name needs", package="scikit-learn").get_scorer(given)


def _candidates(results: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """One flat row for each candidate of a search; a parameter that it does not have is ``None``."""
    params = [dict(one) for one in results["params"]]
    names = sorted({name for one in params for name in one})
    columns = [key for key in results if key != "params" and not key.startswith("param_")]
    for number, one in enumerate(params):
        row: dict[str, Any] = {"candidate": number}
        row.update((f"param_{name}", plain(one.get(name))) for name in names)
        row.update((key, plain(results[key][number])) for key in columns)
        yield row
