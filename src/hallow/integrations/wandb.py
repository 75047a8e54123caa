"""Weights & Biases: an observer that mirrors runs into W&B."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from hallow.integrations.mirror import Mirror, Row, Started, by_time, check_installed
from hallow.integrations.recorder import plain
from hallow.records.names import artifact_name
from hallow.records.optional import imported

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["STEP", "WandbObserver"]

#: The entry of W&B's history that metrics are drawn over: W&B's own step cannot go back, ours may.
STEP = "hallow_step"
# hallow captures the output, and knows machine, sources and repository.
_SETTINGS = {
    "console": "off",
    "silent": True,
    "disable_code": True,
    "disable_git": True,
    "x_disable_meta": True,
    "x_disable_stats": True,
}
_EXIT_CODES = {"COMPLETED": 0, "FAILED": 1}


class WandbObserver(Mirror):
    """Mirrors each run into Weights & Biases: configuration, metrics, artifacts, tags, result and status.

    Nothing is sent unless ``mode`` is ``"online"``: by default W&B writes files, which ``wandb sync`` sends later.
    Metrics keep their steps as ``hallow_step``, over which W&B draws them. The output stays with hallow, and so do
    facts about the machine and the repository, unless ``settings`` say otherwise.

    Args:
        project: default is the name of the run's experiment.
        mode: ``"offline"``, ``"online"`` or ``"disabled"``.
        dir: folder in which W&B makes its folder ``wandb``; default is W&B's own choice.
        artifacts: whether artifacts are mirrored.
        settings: for ``wandb.Settings``, in addition to ours or in place of them.
        priority: see :class:`~hallow.observers.base.RunObserver`.
        options: for ``wandb.init``, such as ``entity``, ``group`` or ``name``.

    Attributes:
        wandb_run: the ``wandb.Run`` of the present run or the last one, ``None`` before it is made.

    Raises:
        MissingExtraError: (an ImportError) without wandb.
    """

    def __init__(
        self,
        project: str | None = None,
        mode: str = "offline",
        dir: str | os.PathLike[str] | None = None,  # noqa: A002 - W&B's name
        artifacts: bool = True,
        settings: dict[str, Any] | None = None,
        priority: float = 5,
        **options: Any,
    ) -> None:
        check_installed("wandb", who="WandbObserver needs")
        self.project = project
        self.mode = mode
        # Not `dir`: that is the folder of an observer that keeps the record of the run.
        self.dir_of_wandb = None if dir is None else os.path.abspath(dir)
        self.artifacts = artifacts
        self.settings = {**_SETTINGS, **(settings or {})}
        self.options = options
        super().__init__(priority)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.project!r}, mode={self.mode!r})"

    def _reset(self) -> None:
        super()._reset()
        self.wandb_run: Any = None

    # ----------------------------------------------------------------------------------------------- the mirror

    def begin(self, run: Started) -> None:
        """Make the run in W&B."""
        wandb = imported("wandb", who="WandbObserver needs")
        if self.wandb_run is None:
            try:
                self.wandb_run = wandb.init(**{**self._facts(run), "settings": wandb.Settings(**self.settings)})
            except wandb.errors.CommError as error:
                raise ConnectionError(f"W&B cannot be reached: {error}") from error
        self.wandb_run.define_metric("*", step_metric=STEP)
        self.wandb_run.summary["hallow"] = {"run_id": plain(run.run_id), "command": run.command}
        if self.mode == "online":
            self._log.info("the run is mirrored at %s", self.wandb_run.url)

    def _facts(self, run: Started) -> dict[str, Any]:
        """What W&B is told of a run when it is made."""
        if self.dir_of_wandb is not None:
            os.makedirs(self.dir_of_wandb, exist_ok=True)
        return {
            "project": self.project or re.sub(r"[/\\#?%:]", "_", run.name) or None,
            "name": f"{run.name} {run.label}".strip(),
            "job_type": run.command,
            "config": plain(run.config),
            "mode": self.mode,
            "dir": self.dir_of_wandb,
            "reinit": "create_new",  # beside a run of W&B that the user's code may have
            **self.options,
        }

    def batches(self, rows: list[Row]) -> Iterable[list[Row]]:
        """The points of one step together, as far as they follow each other."""
        batch: list[Row] = []
        names: set[str] = set()
        for row in by_time(rows):
            if batch and (row.step != batch[0].step or row.name in names):
                yield batch
                batch, names = [], set()
            batch.append(row)
            names.add(row.name)
        if batch:
            yield batch

    def send(self, rows: Sequence[Row]) -> None:
        """Give W&B the points of one step; it sends them in a process of its own."""
        values: dict[str, Any] = {row.name: row.value for row in rows}
        self.wandb_run.log({**values, STEP: plain(rows[-1].step), "_timestamp": rows[-1].time})

    def artifact_event(
        self,
        name: str,
        filename: str,
        metadata: dict[str, Any] | None = None,
        content_type: str | None = None,
    ) -> None:
        """Mirror a file or folder as an artifact of W&B, with a version for each of several with one name."""
        del content_type
        if not self.artifacts:
            return
        self.ready()
        inside = artifact_name(name)
        wandb = imported("wandb", who="WandbObserver needs")
        artifact = wandb.Artifact(re.sub(r"[^\w.-]", "_", inside)[-128:], type="artifact", metadata=plain(metadata))
        if os.path.isdir(filename):
            artifact.add_dir(filename)
        else:
            artifact.add_file(filename, name=inside)
        self.wandb_run.log_artifact(artifact)

    def finish(self, status: str, time: float, result: Any = None, trace: str = "") -> None:
        """Tell how the run ended, and wait until W&B has everything."""
        del time
        summary = {"status": status, "result": plain(result), "fail_trace": trace}
        self.wandb_run.summary["hallow"] = {
            **dict(self.wandb_run.summary["hallow"]),
            **{name: fact for name, fact in summary.items() if fact not in (None, "")},
        }
        if self._tags:
            self.wandb_run.tags = (*(self.wandb_run.tags or ()), *self._tags)
        self.wandb_run.finish(exit_code=_EXIT_CODES.get(status, 255))
