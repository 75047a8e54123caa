"""Keras: a callback that records what ``fit`` and ``evaluate`` find. For Keras 3, and Keras 2 of TensorFlow."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from hallow.errors import LogValueError
from hallow.integrations.recorder import Recorder, numbers, plain
from hallow.records.optional import imported

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["KerasCallback"]

# What the script has loaded already comes first: a model of Keras 2 takes no callbacks of Keras 3.
_MODULES = sorted(("keras", "tf_keras", "tensorflow.keras"), key=lambda name: name not in sys.modules)
_Callback: Any = imported(*_MODULES, who="KerasCallback needs", package="keras").callbacks.Callback


class KerasCallback(_Callback):  # type: ignore[misc] # Keras has no types
    """Records the training of a model: ``model.fit(x, y, callbacks=[KerasCallback(_run)])``.

    Metrics are those of Keras under its own names, such as ``loss`` and ``val_loss``, with the number of the epoch as
    step, and ``learning_rate``. ``evaluate`` gives ``test_loss`` and so on, at the last epoch trained. Epochs and
    batches go on counting from one ``fit`` to the next, also with another callback, and in a run that is resumed.

    ``_run.info["keras"]`` has the parameters of ``fit``, the model's class, name and size, the loss and the
    optimizer's configuration, the numbers of epochs and batches trained, and the last values of all metrics. The
    model's summary is kept as a text.

    Args:
        run: a run, an experiment, or ``None`` for the run that is going on.
        prefix: of the names of metrics.
        every: ``"epoch"``, or a number of batches, after which ``batch.loss`` and so on are logged in addition; their
            step counts the batches from 0.

    Raises:
        LogValueError: (a ValueError) if ``every`` is neither.
    """

    def __init__(self, run: Any = None, prefix: str = "", every: int | str = "epoch") -> None:
        super().__init__()
        if every != "epoch" and (not isinstance(every, int) or every < 1):
            raise LogValueError(f'every={every!r}: give "epoch", or after how many batches to log, 1 or more')
        self._recorder = Recorder(run, prefix, "keras")
        self._every = every
        self._fitting = False
        self._summarized = False
        self._offset: int | None = None
        self._batches = 0
        if every != "epoch":
            # Keras is quicker with callbacks that have no hook for batches, so it is there only if it is wanted.
            self.on_train_batch_end = self._batch_ended

    def set_params(self, params: Mapping[str, Any]) -> None:
        """A call of ``fit`` or ``evaluate`` begins; also one after a ``fit`` that was interrupted."""
        super().set_params(params)
        self._fitting = False

    # --------------------------------------------------------------------------------------------- training

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002 - the interface of Keras
        """Record the configuration of the training."""
        self._fitting = True
        self._offset = None
        facts = self._recorder.facts
        self._batches = facts.get("batches", 0)
        facts.update(_described(self.model), params=plain(self.params))

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Find out how the epochs of this ``fit`` continue those before."""
        if self._offset is None:
            # Who gives initial_epoch has counted already.
            self._offset = max(self._recorder.facts.get("epochs", 0) - epoch, 0)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Log the metrics of an epoch."""
        step = epoch + (self._offset or 0)
        rate = {"learning_rate": getattr(self.model.optimizer, "learning_rate", None)}
        logged = self._recorder.log({**numbers(rate), **(logs or {})}, step)
        facts = self._recorder.facts
        facts["epochs"] = step + 1
        facts.setdefault("last", {}).update(logged)

    def _batch_ended(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Log the metrics of a batch, each so many."""
        if (self._batches + 1) % int(self._every) == 0:
            self._recorder.log({f"batch.{name}": value for name, value in (logs or {}).items()}, self._batches)
        self._batches += 1
        self._recorder.facts["batches"] = self._batches

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Record how the training ended; the model is built by now."""
        self._fitting = False
        self._recorder.facts.update(_described(self.model), stopped_early=bool(self.model.stop_training))
        if not self._summarized:
            self._summarized = True
            lines: list[str] = []
            self.model.summary(print_fn=lambda line, **_: lines.append(line))
            self._recorder.run.log_text(self._recorder.named("model"), "\n".join(lines))

    # ------------------------------------------------------------------------------------------- evaluating

    def on_test_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Log what ``evaluate`` has found; a validation within ``fit`` is part of its epoch."""
        if not self._fitting:
            facts = self._recorder.facts
            found = {f"test_{name}": value for name, value in (logs or {}).items()}
            logged = self._recorder.log(found, max(facts.get("epochs", 0) - 1, 0))
            facts.setdefault("last", {}).update(logged)


def _described(model: Any) -> dict[str, Any]:
    """Facts about a model; its size only once it is built."""
    optimizer = model.optimizer
    facts = {
        "model": {"name": model.name, "class": type(model).__name__},
        "loss": _loss(getattr(model, "loss", None)),
        "optimizer": {"class": type(optimizer).__name__, **plain(optimizer.get_config())},
    }
    if model.built:
        facts["model"]["parameters"] = int(model.count_params())
    return facts


def _loss(loss: Any) -> Any:
    """Names stay; objects become the name of their class, also within lists and dicts for several outputs."""
    if isinstance(loss, dict):
        return {str(key): _loss(one) for key, one in loss.items()}
    if isinstance(loss, list | tuple):
        return [_loss(one) for one in loss]
    return loss if loss is None or isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)
