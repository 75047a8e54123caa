"""Optuna: a callback that records each trial of a study, and a function that records all of them as a table."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

from hallow.integrations.recorder import Recorder, plain

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["OptunaCallback", "record_study"]


class OptunaCallback:
    """Records trials as they end: ``study.optimize(objective, callbacks=[OptunaCallback(_run)])``.

    The step of every metric is the number of the trial:

    - ``value`` of a complete trial, or for several objectives ``value.0``, ``value.1``, ..., or the names that the
      study gives them; ``pruned_value`` is the last value that a pruned trial reported;
    - ``best_value`` so far, with a single objective; ``pareto_front``, the number of best trials, with several;
    - ``param.<name>``, of a choice between categories its index among them;
    - ``state``, the number of Optuna's state (1 complete, 2 pruned, 3 failed), and ``duration`` in seconds.

    ``_run.info["optuna"]`` has the study, its search space with the categories, how many trials this run has had of
    each state, and the best trials. The callback may be called by several threads (``n_jobs``).

    Args:
        run: a run, an experiment, or ``None`` for the run that is going on.
        prefix: of the names of metrics.
        curves: whether the intermediate values of each trial become a metric of their own, ``curve.<number>``.
    """

    def __init__(self, run: Any = None, prefix: str = "", curves: bool = False) -> None:
        self._recorder = Recorder(run, prefix, "optuna")
        self._curves = curves
        self._facts_lock = Lock()

    def __call__(self, study: Any, trial: Any) -> None:
        """Record a trial that has ended; Optuna calls this."""
        state = trial.state.name
        values = _values(study, trial) if state == "COMPLETE" else {}
        if state == "PRUNED" and trial.intermediate_values:
            values = {"pruned_value": trial.intermediate_values[max(trial.intermediate_values)]}
        values.update((f"param.{name}", value) for name, value in _internal(trial).items())
        values["state"] = trial.state.value
        if trial.duration is not None:
            values["duration"] = trial.duration.total_seconds()
        # One at a time, so that the best value never gets worse.
        with self._facts_lock:
            best = _best(study)
            if best and state == "COMPLETE":
                values.update(_progress(best))
            self._recorder.log(values, trial.number)
            self._note(study, trial, best)
        if self._curves:
            for step, value in sorted(trial.intermediate_values.items()):
                self._recorder.log({f"curve.{trial.number}": value}, step)

    def _note(self, study: Any, trial: Any, best: list[Any]) -> None:
        facts = self._recorder.facts
        facts.update(_described(study), best=[_summary(study, one) for one in best])
        trials = facts.setdefault("trials", {})
        trials[trial.state.name] = trials.get(trial.state.name, 0) + 1
        space = facts.setdefault("search_space", {})
        space.update((name, _distribution(one)) for name, one in trial.distributions.items() if name not in space)


def record_study(study: Any, run: Any = None, prefix: str = "") -> dict[str, Any]:
    """Record all trials of a study as the table ``trials``, and the best ones in ``run.info["optuna"]``.

    Args:
        study: also one that was optimized earlier, or by other processes.
        run: a run, an experiment, or ``None`` for the run that is going on.
        prefix: of the name of the table.

    Returns:
        What is in ``info`` now.
    """
    recorder = Recorder(run, prefix, "optuna")
    trials = study.get_trials(deepcopy=False)
    if trials:
        recorder.run.log_table(recorder.named("trials"), _even([_row(study, trial) for trial in trials]))
    facts = recorder.facts
    facts.update(_described(study), best=[_summary(study, one) for one in _best(study)])
    return facts


# ------------------------------------------------------------------------------------------------------- details


def _values(study: Any, trial: Any) -> dict[str, Any]:
    """The values of a trial by the names of the objectives."""
    values = trial.values or []
    names = study.metric_names or (["value"] if len(values) == 1 else [f"value.{n}" for n in range(len(values))])
    return dict(zip(names, values, strict=True))


def _internal(trial: Any) -> dict[str, float]:
    """Parameters as Optuna stores them: numbers, also for choices."""
    return {name: trial.distributions[name].to_internal_repr(value) for name, value in trial.params.items()}


def _best(study: Any) -> list[Any]:
    """The best trials: at most one with a single objective, the Pareto front with several."""
    if len(study.directions) > 1:
        return list(study.best_trials)
    try:
        return [study.best_trial]
    except ValueError:  # none is complete, or none is feasible
        return []


def _progress(best: list[Any]) -> dict[str, Any]:
    if len(best[0].values) > 1:
        return {"pareto_front": len(best)}
    return {"best_value": best[0].value}


def _described(study: Any) -> dict[str, Any]:
    return {
        "study": study.study_name,
        "directions": [direction.name.lower() for direction in study.directions],
        "sampler": type(study.sampler).__name__,
        "pruner": type(study.pruner).__name__,
    }


def _summary(study: Any, trial: Any) -> dict[str, Any]:
    found = {"number": trial.number, "values": _values(study, trial), "params": plain(trial.params)}
    return {**found, "user_attrs": plain(trial.user_attrs)} if trial.user_attrs else found


def _distribution(distribution: Any) -> dict[str, Any]:
    import json

    from optuna.distributions import distribution_to_json

    found = json.loads(distribution_to_json(distribution))
    return {"distribution": found["name"], **found["attributes"]}


def _row(study: Any, trial: Any) -> dict[str, Any]:
    """A trial as a flat row."""
    row = {"number": trial.number, "state": trial.state.name}
    row.update(_values(study, trial) if trial.values else {})
    row.update((f"param.{name}", plain(value)) for name, value in trial.params.items())
    row.update((f"user.{name}", plain(value)) for name, value in trial.user_attrs.items())
    steps = trial.intermediate_values
    row["last_step"] = max(steps) if steps else None
    row["duration"] = trial.duration.total_seconds() if trial.duration is not None else None
    return row


def _even(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with all columns of any of them, missing ones ``None``."""
    rows = list(rows)
    columns = dict.fromkeys(key for row in rows for key in row)
    return [{key: row.get(key) for key in columns} for row in rows]
