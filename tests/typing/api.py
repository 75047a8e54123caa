"""The public API as a user writes it; type-checked in strict mode, never run."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from typing_extensions import assert_type

import hallow
from hallow import SETTINGS, Experiment, Ingredient, Replace, Run, Slot, cli_option, host_info_gatherer
from hallow.config.scope import ConfigScope
from hallow.errors import ConfigError
from hallow.experiment.captured import Captured
from hallow.observers import FileStorageObserver, RunObserver
from hallow.records.points import Points
from hallow.stores import RunRecord, Store
from hallow.testing import RecordingObserver
from hallow.utils import apply_backspaces_and_linefeeds

data = Ingredient("data")
ex = Experiment("typed", ingredients=[data])
observer = FileStorageObserver("runs")
assert_type(observer, FileStorageObserver)
ex.observers.append(observer)
ex.captured_out_filter = apply_backspaces_and_linefeeds
SETTINGS.CAPTURE_MODE = "sys"


@ex.config
def cfg() -> None:
    pass


assert_type(cfg, ConfigScope)


@ex.config
@dataclass
class Training:
    lr: float = 0.1
    optimiser: Literal["sgd", "adam"] = "sgd"


assert_type(Training(), Training)


@ex.capture
def load(rows: int, header: bool = True) -> list[str]:
    return ["x"] * rows


assert_type(load(), list[str])
assert_type(load(3, header=False), list[str])
original_type: Captured[..., list[str]] = load
original: Callable[..., list[str]] = load.original


@ex.capture(prefix="opt")
def step(lr: float) -> float:
    return lr


assert_type(step(), float)


@ex.command(unobserved=True)
def show() -> None:
    pass


@ex.pre_run_hook
def before(_run: Run) -> None:
    assert_type(_run.status, str | None)


@ex.automain
def main(training: Training, _run: Run) -> float:
    _run.log_scalar("loss", training.lr, 1)
    _run.log_scalars({"loss": training.lr, "epoch": 3}, step=2)
    _run.log_text("notes", "text", step="best")
    assert_type((_run.rank, _run.resumed, _run.tags), tuple[int, int, list[str]])
    if _run.resumed:
        _run.open_artifact("checkpoint.pt").read()
    return training.lr


assert_type(main(), float)

run = ex.run(config_updates={"lr": 0.5}, named_configs=["x"], beat_interval=3.0, comment="c", capture="no")
assert_type(run, Run)
assert_type(run.config, dict[str, Any])
assert_type(ex.current_run, Run | None)


@host_info_gatherer("site")
def site() -> str:
    return "lab"


@cli_option("-a", "--attempts")
def attempts(args: Any, run: Any) -> None:
    run.info["attempts"] = int(args)


class Mine(RunObserver):
    priority = 5

    def completed_event(self, stop_time: Any, result: Any) -> None:
        print(result)


slot = Slot("model", [data], default="data")
with ex.configured(lr=1.0) as config:
    assert_type(config, dict[str, Any])
try:
    ex.run()
except ConfigError as error:
    print(error.conflicting_configs)

assert_type(ex.run(resume="7", tags=["paper"], group="ablation", strict_observers=True), Run)
with ex.start(config_updates={"lr": 0.5}, tags="try") as started:
    assert_type(started, Run)
    started.result = 1.0

with hallow.reopen("runs", 7) as ended:
    ended.log_scalar("test.acc", 0.9)
    ended.log_scalars({"test.acc": 0.9}, step=3)
    ended.add_artifact("report.pdf", metadata={"by": "evaluation"})
    ended.info["checked"] = True
    ended.tags.append("paper")
    ended.notes = "as in table 3"
assert_type(ended.status, str)
assert_type(ended.config, dict[str, Any])

for found in hallow.recover("runs", dry_run=True):
    assert_type(found.problems, list[str])

metrics = hallow.stores.metrics_table("runs", runs=[1, "2"], names=["train.*"], at_most=100)
assert_type(metrics.value, list[Any])
assert_type(metrics.rows(), Iterator[tuple[str, str, Any, float, Any]])

with hallow.open_store("runs") as store:
    assert_type(store, Store)
    for record in store.runs():
        assert_type(record, RunRecord)
        assert_type((record.status, record.config, record.tags), tuple[str, dict[str, Any], list[str]])
        assert_type(record.metrics["loss"].values, list[Any])
        assert_type(record.read_metrics(["loss"], at_most=10), dict[str, Points])
        assert_type(record.artifact("weights.npz").read_text(), str)
        record.annotate(tags=["paper"], notes="as in table 3")
    store.delete(7)

recording = RecordingObserver()
assert_type(recording.names, list[str])
ex.observers.append(recording)

ex.add_config({"optimiser": Replace({"name": "adam"})})
ex.add_config(lr=0.1, momentum=0.9)


@ex.named_config
def quick() -> None:
    pass


assert_type(quick, ConfigScope)


@ex.config_hook
def hook(config: dict[str, Any], command_name: str, logger: Any) -> dict[str, Any]:
    return {"lr": config["lr"] / 2}


assert_type(hook({}, "main", None), dict[str, Any])
assert_type(inspect.signature(load), inspect.Signature)
