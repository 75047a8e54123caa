"""LightGBM: a callback that records every round of a training."""

from __future__ import annotations

from typing import Any

from hallow.integrations.recorder import Recorder, numbers, plain

__all__ = ["LightGBMCallback"]


class LightGBMCallback:
    """Records a training: ``lightgbm.train(..., callbacks=[LightGBMCallback(_run)])``.

    For ``train``, ``cv`` and the ``fit`` of LightGBM's estimators. A metric is called ``valid_0.binary_logloss``, its
    step is the number of the round from 0, counted on where a training goes on from an earlier model. ``cv`` gives the
    mean over the folds, and the standard deviation under the same name with ``.std``.

    ``_run.info["lightgbm"]`` has the ``params`` of the training, the number of ``rounds``, and for each metric its
    ``best`` value with the step (LightGBM's ``best_iteration`` counts from 1, so it is one more).

    Args:
        run: a run, an experiment, or ``None`` for the run that is going on.
        prefix: of the names of metrics.
    """

    # After LightGBM has printed, and before early stopping, which ends the round with an exception.
    order = 25
    before_iteration = False

    def __init__(self, run: Any = None, prefix: str = "") -> None:
        self._recorder = Recorder(run, prefix, "lightgbm")
        self._best: dict[str, dict[str, Any]] = {}

    def __deepcopy__(self, memo: Any) -> LightGBMCallback:
        """For scikit-learn, which copies what it clones: the run is the same."""
        copied = type(self)()
        copied._recorder = self._recorder
        return copied

    def __call__(self, env: Any) -> None:
        """Log one round; LightGBM calls it with its ``CallbackEnv``."""
        step = env.iteration
        if step == env.begin_iteration:
            self._best = {}
        values: dict[str, Any] = {}
        for data, metric, value, higher_is_better, *deviation in env.evaluation_result_list or ():
            # Older versions call the data of `cv` "cv_agg", and name both in one: "valid binary_logloss".
            name = metric.replace(" ", ".", 1) if data == "cv_agg" else f"{data}.{metric}"
            values[name] = value
            values.update((f"{name}.std", spread) for spread in deviation)
            self._note_best(name, step, value, higher_is_better)
        self._recorder.log(values, step)
        best = {name: dict(entry) for name, entry in self._best.items()}
        self._recorder.facts.update(params=plain(env.params), rounds=step + 1, best=best)

    def _note_best(self, name: str, step: int, value: Any, higher_is_better: bool) -> None:
        best = self._best.get(name)
        if best is None or (value > best["value"] if higher_is_better else value < best["value"]):
            self._best[name] = {"step": step, **numbers({"value": value})}
