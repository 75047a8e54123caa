"""MLflow: an observer that mirrors runs into an MLflow tracking store."""

from __future__ import annotations

import os
import posixpath
import re
import shutil
import tempfile
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

from hallow.integrations.mirror import Mirror, Row, Started, check_installed, flat, whole
from hallow.records.names import artifact_name, versions
from hallow.records.optional import imported
from hallow.records.urls import without_password
from hallow.running.outlet import is_away

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

__all__ = ["MLflowObserver"]

# Limits of MLflow's interface, for one request and for one text.
_METRICS, _PARAMS = 1000, 100
_LONGEST_NAME, _LONGEST_PARAM, _LONGEST_TAG = 250, 6000, 5000
_STATUS = {"COMPLETED": "FINISHED", "FAILED": "FAILED"}


class MLflowObserver(Mirror):
    """Mirrors each run into MLflow: configuration as params, metrics, artifacts, tags and status.

    An entry of the configuration is a param with its dotted name. Names are spelled with the characters that MLflow
    takes, longer texts than it takes end with ``...``; the record has all of it. Tags that begin with ``hallow.`` have
    the run's id, command, result and, of a run that failed, its traceback.

    A tracking server that is away or broken never harms the run: what it missed is sent when it is back.

    Args:
        tracking_uri: of the tracking store; default is MLflow's own choice (``MLFLOW_TRACKING_URI``).
        experiment_name: default is the name of the run's experiment; is made if it is missing.
        artifacts: whether artifacts are mirrored.
        priority: see :class:`~hallow.observers.base.RunObserver`.

    Attributes:
        mlflow_run_id: MLflow's id of the present run or the last one, ``None`` before it is known.

    Raises:
        MissingExtraError: (an ImportError) without mlflow (``mlflow-skinny`` is enough).
    """

    def __init__(
        self,
        tracking_uri: str | None = None,
        experiment_name: str | None = None,
        artifacts: bool = True,
        priority: float = 5,
    ) -> None:
        check_installed("mlflow", who="MLflowObserver needs")
        self.tracking_uri = tracking_uri
        self.experiment_name = experiment_name
        self.artifacts = artifacts
        super().__init__(priority)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({without_password(self.tracking_uri or '')!r})"

    def _reset(self) -> None:
        super()._reset()
        self.mlflow_run_id: str | None = None
        self._client: Any = None
        self._names: dict[str, str] = {}
        self._taken_names: set[str] = set()
        self._kept: set[str] = set()

    # ----------------------------------------------------------------------------------------------- the mirror

    def begin(self, run: Started) -> None:
        """Make the run in MLflow, once, with its params."""
        mlflow = imported("mlflow", who="MLflowObserver needs")
        with _reachable():
            self._client = self._client or mlflow.MlflowClient(tracking_uri=self.tracking_uri)
            if self.mlflow_run_id is None:
                made = self._client.create_run(
                    self._experiment_id(self.experiment_name or run.name or "Default"),
                    start_time=round(run.time * 1000),
                    tags=_tags(run),
                    run_name=f"{run.name} {run.label}".strip(),
                )
                self.mlflow_run_id = made.info.run_id
            params = (
                mlflow.entities.Param(name, _cut(str(entry), _LONGEST_PARAM))
                for name, entry in _unique(flat(run.config)).items()
            )
            for some in _in_pieces(params, _PARAMS):
                self._client.log_batch(self.mlflow_run_id, params=some)

    def batches(self, rows: list[Row]) -> Iterable[list[Row]]:
        """As many points as one request may have."""
        return _in_pieces(rows, _METRICS)

    def send(self, rows: Sequence[Row]) -> None:
        """Send points in one request."""
        from mlflow.entities import Metric

        points = [Metric(self._name(row.name), row.value, round(row.time * 1000), whole(row.step)) for row in rows]
        with _reachable():
            self._client.log_batch(self.mlflow_run_id, metrics=points)

    def artifact_event(
        self,
        name: str,
        filename: str,
        metadata: dict[str, Any] | None = None,
        content_type: str | None = None,
    ) -> None:
        """Mirror a file or a folder; of several with one name, later ones become ``m.2.txt`` and so on."""
        del metadata, content_type
        if not self.artifacts:
            return
        self.ready()
        kept = next(each for each in versions(artifact_name(name)) if each not in self._kept)
        folder, last = posixpath.split(kept)
        with _called(filename, last) as path, _reachable():
            if os.path.isdir(path):
                self._client.log_artifacts(self.mlflow_run_id, path, kept)
            else:
                self._client.log_artifact(self.mlflow_run_id, path, folder or None)
        self._kept.add(kept)

    def finish(self, status: str, time: float, result: Any = None, trace: str = "") -> None:
        """Set how the run ended."""
        from mlflow.entities import RunTag

        facts = {"hallow.status": status, "hallow.tags": ", ".join(self._tags)}
        facts["hallow.result"] = "" if result is None else str(result)
        # The end of a traceback says most.
        facts["hallow.fail_trace"] = trace[-_LONGEST_TAG:]
        tags = [RunTag(name, _cut(text, _LONGEST_TAG)) for name, text in facts.items() if text]
        with _reachable():
            self._client.log_batch(self.mlflow_run_id, tags=tags)
            self._client.set_terminated(self.mlflow_run_id, _STATUS.get(status, "KILLED"), round(time * 1000))

    def discard(self) -> None:
        """Remove the run from MLflow, which keeps it among those that are deleted."""
        if self.mlflow_run_id is not None:
            with _reachable():
                self._client.delete_run(self.mlflow_run_id)

    def _experiment_id(self, name: str) -> str:
        found = self._client.get_experiment_by_name(name)
        if found is None:
            try:
                return str(self._client.create_experiment(name))
            except Exception:
                found = self._client.get_experiment_by_name(name)
                if found is None:  # it was not another run that made it meanwhile
                    raise
        return str(found.experiment_id)

    def _name(self, metric: str) -> str:
        """What a metric is called in MLflow; different metrics have different names there, too."""
        if metric not in self._names:
            self._names[metric] = _free(_spelled(metric), self._taken_names)
            self._taken_names.add(self._names[metric])
        return self._names[metric]


def _tags(run: Started) -> dict[str, str]:
    mainfile, repositories = run.experiment.get("mainfile"), run.experiment.get("repositories") or [{}]
    facts = {
        "hallow.run_id": run.run_id,
        "hallow.command": run.command,
        "mlflow.source.type": "LOCAL",
        "mlflow.source.name": mainfile,
        "mlflow.source.git.commit": repositories[0].get("commit"),
    }
    return {name: _cut(str(fact), _LONGEST_TAG) for name, fact in facts.items() if fact is not None}


def _unique(entries: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, entry in entries.items():
        found[_free(_spelled(name), found)] = entry
    return found


def _free(name: str, taken: Container[str]) -> str:
    """``name``, or the name with a number behind it."""
    candidate, number = name, 2
    while candidate in taken:
        candidate = f"{name[: _LONGEST_NAME - 10]}_{number}"
        number += 1
    return candidate


def _spelled(name: str) -> str:
    """A name with the characters that MLflow takes, which is a path for it."""
    parts = re.sub(r"[^\w.\- /]", "_", name).split("/")
    return "/".join(part for part in parts if part not in ("", ".", ".."))[:_LONGEST_NAME].rstrip("/") or "_"


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 3] + "..."


def _in_pieces(entries: Iterable[Any], size: int) -> Iterator[list[Any]]:
    rest = iter(entries)
    while piece := list(islice(rest, size)):
        yield piece


@contextmanager
def _called(path: str, name: str) -> Iterator[str]:
    """The path of a file or folder with the name wanted: itself, or a copy for a moment."""
    if os.path.basename(path) == name or os.path.isdir(path):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        yield shutil.copyfile(path, os.path.join(folder, name))


@contextmanager
def _reachable() -> Iterator[None]:
    """A server that cannot be reached is told from one that refuses what it is sent: the former is tried again.

    Raises:
        ConnectionError: if it cannot be reached.
    """
    try:
        yield
    except Exception as error:
        cause: BaseException | None = error
        while cause is not None and not is_away(cause):
            cause = cause.__cause__ or cause.__context__
        if cause is None or cause is error:
            raise
        raise ConnectionError(f"MLflow cannot be reached: {error}") from error
