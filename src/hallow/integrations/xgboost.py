"""XGBoost: a callback that records every round of a training."""

from __future__ import annotations

import json
from typing import Any

from hallow.integrations.recorder import Recorder
from hallow.records.optional import imported

__all__ = ["XGBoostCallback"]

_Callback: Any = imported("xgboost.callback", who="XGBoostCallback needs", package="xgboost").TrainingCallback


class XGBoostCallback(_Callback):  # type: ignore[misc] # seen without its types
    """Records a training: ``xgboost.train(..., callbacks=[XGBoostCallback(_run)])``.

    For ``train``, ``cv`` and XGBoost's estimators. A metric is called ``validation_0.logloss``, its step is the number
    of the round from 0, counted on where a training goes on from an earlier model. ``cv`` gives the mean over the
    folds, and the standard deviation under the same name with ``.std``.

    After the training ``_run.info["xgboost"]`` has its ``params`` (all that the learner works with, defaults too, in
    XGBoost's own form), the number of ``rounds``, and after early stopping ``best_iteration`` (from 0) and
    ``best_score``.

    Args:
        run: a run, an experiment, or ``None`` for the run that is going on.
        prefix: of the names of metrics.
    """

    def __init__(self, run: Any = None, prefix: str = "") -> None:
        super().__init__()
        self._recorder = Recorder(run, prefix, "xgboost")
        self._first = 0

    def __deepcopy__(self, memo: Any) -> XGBoostCallback:
        """For scikit-learn, which copies what it clones: the run is the same."""
        copied = type(self)()
        copied._recorder = self._recorder
        return copied

    def before_training(self, model: Any) -> Any:
        """Find out how many rounds the model has already."""
        self._first = model.num_boosted_rounds()
        return model

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:  # noqa: ARG002 - the interface of XGBoost
        """Log one round; the training goes on."""
        values: dict[str, Any] = {}
        for data, metrics in evals_log.items():
            for metric, history in metrics.items():
                name, latest = f"{data}.{metric}", history[-1]
                if isinstance(latest, tuple):
                    latest, values[f"{name}.std"] = latest
                values[name] = latest
        self._recorder.log(values, self._first + epoch)
        return False

    def after_training(self, model: Any) -> Any:
        """Put parameters and the best round into the info."""
        folds = getattr(model, "cvfolds", None)
        booster = folds[0].bst if folds else model
        facts = {"params": json.loads(booster.save_config())["learner"], "rounds": booster.num_boosted_rounds()}
        attributes = booster.attributes()
        if "best_iteration" in attributes:
            facts["best_iteration"] = int(attributes["best_iteration"])
            facts["best_score"] = float(attributes["best_score"])
        self._recorder.facts.update(facts)
        return model
