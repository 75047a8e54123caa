"""Lightning: a logger that records what a ``Trainer`` logs. For ``lightning.pytorch`` and ``pytorch_lightning``."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Literal

from hallow.errors import LogValueError
from hallow.integrations.recorder import Recorder, plain
from hallow.records.optional import imported

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping

    from hallow.running.run import Run

__all__ = ["HallowLogger"]

# The two packages have a class of their own each; the one that the script has loaded is the one that it uses.
_MODULES = sorted(
    ("lightning.pytorch.loggers.logger", "pytorch_lightning.loggers.logger"),
    key=lambda name: name.removesuffix(".loggers.logger") not in sys.modules,
)
_base: Any = imported(*_MODULES, who="HallowLogger needs", package="lightning")
_rank_zero: Any = imported("lightning_utilities.core.rank_zero", who="HallowLogger needs", package="lightning")


class HallowLogger(_base.Logger):  # type: ignore[misc] # an optional package
    """Records the training of a module: ``Trainer(logger=HallowLogger(_run))``.

    Metrics have the names and steps that Lightning gives them. Hyperparameters come into ``_run.info["lightning"]``,
    and how the last call of the trainer ended (``success``, ``failed``). Only the process of rank 0 records.

    The trainer keeps its checkpoints in the folder of the run's record, if there is one (``save_dir``).

    Args:
        run: a run, an experiment, or ``None`` for the run that is going on.
        prefix: of the names of metrics.
        checkpoints: which checkpoints become artifacts, named ``checkpoints/<file>``: none (``False``), those that
            are left at the end (``True``), or each as soon as it is written (``"all"``).

    Raises:
        LogValueError: (a ValueError) for other values of ``checkpoints``.
    """

    def __init__(self, run: Any = None, prefix: str = "", checkpoints: bool | Literal["all"] = False) -> None:
        super().__init__()
        if checkpoints not in (False, True, "all"):
            raise LogValueError(f'checkpoints={checkpoints!r}: give False, True (those left at the end) or "all"')
        self._recorder = Recorder(run, prefix, "lightning")
        self._checkpoints = checkpoints
        self._savers: dict[int, Any] = {}
        self._kept: dict[str, float] = {}

    # ---------------------------------------------------------------------------------------------- who and where

    @property
    def experiment(self) -> Run:
        """The run; in processes of other ranks an object that does nothing."""
        run: Run = _base.rank_zero_experiment(lambda logger: logger._recorder.run)(self)
        return run

    @property
    def name(self) -> str:
        """The name of the experiment."""
        facts = getattr(self._recorder.run, "experiment_info", {"name": "hallow"})
        return str(facts["name"])

    @property
    def version(self) -> str:
        """The id of the run; ``"unobserved"`` if nobody records it."""
        run_id = self._recorder.run._id
        return "unobserved" if run_id is None else str(run_id)

    @property
    def save_dir(self) -> str | None:
        """The folder of the run's record, or ``None``, for which Lightning takes its ``default_root_dir``."""
        folder: str | None = getattr(self._recorder.run, "dir", None)
        return folder

    @property
    def log_dir(self) -> str | None:
        """The same as :attr:`save_dir`."""
        return self.save_dir

    # -------------------------------------------------------------------------------------------------- recording

    @_rank_zero.rank_zero_only  # type: ignore[untyped-decorator]
    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Log numbers of one step."""
        self._recorder.log(metrics, step)

    @_rank_zero.rank_zero_only  # type: ignore[untyped-decorator]
    def log_hyperparams(self, params: Mapping[str, Any] | Namespace, *_args: Any, **_kwargs: Any) -> None:
        """Put hyperparameters into ``info``; later ones are added."""
        given = params if hasattr(params, "items") else vars(params)
        self._recorder.facts.setdefault("hyperparameters", {}).update(plain(dict(given.items())))

    @_rank_zero.rank_zero_only  # type: ignore[untyped-decorator]
    def after_save_checkpoint(self, checkpoint_callback: Any) -> None:
        """A checkpoint was written."""
        if self._checkpoints:
            self._savers[id(checkpoint_callback)] = checkpoint_callback
        if self._checkpoints == "all":
            self._keep_checkpoints(checkpoint_callback)

    @_rank_zero.rank_zero_only  # type: ignore[untyped-decorator]
    def finalize(self, status: str) -> None:
        """A call of the trainer has ended; the run goes on."""
        self._recorder.facts["status"] = status
        for saver in self._savers.values():
            self._keep_checkpoints(saver)

    def _keep_checkpoints(self, saver: Any) -> None:
        """Keep those checkpoints of a callback that are new, or were written again."""
        best = getattr(saver, "best_model_path", "")
        scores = {getattr(saver, "last_model_path", ""): None, best: getattr(saver, "best_model_score", None)}
        scores.update(getattr(saver, "best_k_models", {}))
        for path, score in scores.items():
            if not path or not os.path.exists(path) or self._kept.get(path) == os.stat(path).st_mtime_ns:
                continue
            self._kept[path] = os.stat(path).st_mtime_ns
            facts = {"kind": "checkpoint", "best": path == best, "score": plain(score)}
            self._recorder.keep(path, f"checkpoints/{os.path.basename(path)}", facts)
