"""Hugging Face Transformers: a callback that records what a ``Trainer`` logs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from hallow.integrations.recorder import Recorder, plain
from hallow.records.optional import imported

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["TransformersCallback"]

_TrainerCallback: Any = imported(
    "transformers.trainer_callback", who="TransformersCallback needs", package="transformers"
).TrainerCallback


class TransformersCallback(_TrainerCallback):  # type: ignore[misc] # an optional package
    """Records a training: ``Trainer(..., callbacks=[TransformersCallback(_run)])``.

    Metrics have the names of the trainer (``loss``, ``learning_rate``, ``eval_loss``, ``test_...`` of ``predict``), and
    its ``global_step`` as step. ``_run.info["transformers"]`` has the arguments of the training, the model's class,
    configuration and size, and at the end the steps and epochs done, the best metric and the best checkpoint. Only the
    process of rank 0 records.

    Args:
        run: a run, an experiment, or ``None`` for the run that is going on.
        prefix: of the names of metrics.
        checkpoints: whether each checkpoint is kept, as artifacts ``checkpoint-<step>/<file>``.
    """

    def __init__(self, run: Any = None, prefix: str = "", checkpoints: bool = False) -> None:
        super().__init__()
        self._recorder = Recorder(run, prefix, "transformers")
        self._checkpoints = checkpoints

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:  # noqa: ARG002
        """Record arguments and model."""
        if state.is_world_process_zero:
            # Secrets are masked by to_dict.
            self._recorder.facts.update(arguments=plain(args.to_dict()), model=_described(model))

    def on_log(
        self,
        args: Any,  # noqa: ARG002 - the interface of Transformers
        state: Any,
        control: Any,  # noqa: ARG002
        logs: Mapping[str, Any] | None = None,
        **_: Any,
    ) -> None:
        """Log what the trainer logs."""
        if state.is_world_process_zero:
            self._recorder.log(logs or {}, state.global_step)

    def on_predict(self, args: Any, state: Any, control: Any, metrics: Mapping[str, Any] | None, **_: Any) -> None:
        """Log the metrics of ``predict``, which the trainer itself does not log."""
        self.on_log(args, state, control, metrics)

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        """Keep a checkpoint, if that is wanted."""
        name = f"checkpoint-{state.global_step}"
        folder = os.path.join(args.output_dir, name)
        if self._checkpoints and state.is_world_process_zero and os.path.isdir(folder):
            facts = {"kind": "checkpoint", "step": state.global_step, "epoch": state.epoch}
            self._recorder.keep(folder, name, facts)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        """Record how far the training came."""
        if state.is_world_process_zero:
            names = ("global_step", "max_steps", "epoch", "total_flos", "best_metric", "best_model_checkpoint")
            self._recorder.facts.update((name, plain(getattr(state, name, None))) for name in names)


def _described(model: Any) -> dict[str, Any]:
    """Class, configuration and size of a model, as far as it has them."""
    facts: dict[str, Any] = {"class": type(model).__name__}
    config: Any = getattr(model, "config", None)
    if config is not None and hasattr(config, "to_dict"):
        facts["config"] = plain(config.to_dict())
    if hasattr(model, "parameters"):
        facts["parameters"] = sum(parameter.numel() for parameter in model.parameters())
    return facts
