"""What a user would pick instead, where it does the same: import, a run, a scalar, a run with scalars.

Each writes where it writes by default, without a network: MLflow into SQLite, W&B offline, the others into a folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rows.table import Row
from rows.turn import FILES, REPEATED, TOOLS

if TYPE_CHECKING:
    from rows.turn import Turn

IMPORT = "import"
RUN = "ex.run() in process, file store (others: start and finish a run)"
CALL = "log_scalar in the training thread (others: log a scalar)"
WHOLE = "1,000 scalars, whole process"
ROWS = [
    Row(
        IMPORT,
        0.050,
        "50 ms over the floor",
        over="minus",
        floor="the bare interpreter",
        buys="Nothing but the list of public names; they are loaded when they are used.",
    ),
    Row(
        RUN,
        0.005,
        "5 ms",
        floor="a folder and four files, written",
        buys="Everything that a run in process does, a claimed id, a journal on the disk before the first line of the "
        "run, each document replaced as a whole so that no reader ever sees half of one, and the output captured at "
        "the level of the descriptors.",
    ),
    Row(
        CALL,
        1.0e-6,
        "1 us",
        floor="a bare list append",
        buys="The point is in memory that the kernel writes to the journal also if the process is killed in the next "
        "moment, with its step, its time and a check; and threads, forks and wrong types are looked after.",
    ),
    Row(
        WHOLE,
        floor="the bare interpreter, writing the points as JSON",
        buys="A whole run with its record, see above.",
    ),
]
MOST_TURNS = 3
ENVIRONMENT = "main"


@dataclass(frozen=True)
class Tracker:
    """How a library does it.

    Attributes:
        package: its name in the package index.
        module: what is imported.
        start: statements that start a run; ``number`` tells runs apart.
        log: statements that log the number ``value`` at ``step``.
        finish: statements that end the run.
        points: scalars for the time of one.
        ready: statements before the first run.
    """

    package: str
    module: str
    start: str
    log: str
    finish: str
    points: int = 2000
    ready: str = "pass"


TRACKERS = {
    "tensorboardX": Tracker(
        "tensorboardX",
        "tensorboardX",
        "run = tensorboardX.SummaryWriter(f'{home}/{number}')",
        "run.add_scalar('training.loss', value, step)",
        "run.close()",
    ),
    "DVCLive": Tracker(
        "dvclive",
        "dvclive",
        "run = dvclive.Live(f'{home}/{number}', save_dvc_exp=False, dvcyaml=None)",
        "run.log_metric('training.loss', value); run.next_step()",
        "run.end()",
    ),
    "trackio": Tracker(
        "trackio",
        "trackio",
        "trackio.init(project='bench', name=str(number))",
        "trackio.log({'training.loss': value}, step=step)",
        "trackio.finish()",
    ),
    "W&B": Tracker(
        "wandb",
        "wandb",
        "run = wandb.init(project='bench', mode='offline', dir=home, settings=wandb.Settings(silent=True))",
        "run.log({'training.loss': value}, step=step)",
        "run.finish()",
    ),
    "MLflow": Tracker(
        "mlflow",
        "mlflow",
        "mlflow.start_run()",
        "mlflow.log_metric('training.loss', value, step=step)",
        "mlflow.end_run()",
        ready="mlflow.set_tracking_uri(f'sqlite:///{home}/mlflow.db')",
        points=500,
    ),
    "Aim": Tracker(
        "aim",
        "aim",
        "run = aim.Run(repo=home, log_system_params=False, capture_terminal_logs=False)",
        "run.track(value, name='training.loss', step=step)",
        "run.close()",
    ),
}
LIBS = ("bare", "sacred", "hallow", *TRACKERS)

TRACKED = (
    TOOLS
    + """
    import logging, os

    home = {home!r}
    os.makedirs(home)
    os.environ.update(TRACKIO_DIR=home, HF_HUB_OFFLINE="1", WANDB_SILENT="true", DVC_NO_ANALYTICS="1")
    import {module}

    logging.disable(logging.WARNING)
    {ready}

    def empty():
        global number
        number += 1
        {start}
        {finish}

    def whole(count):
        global number
        number += 1
        {start}
        start = time.perf_counter()
        for step in range(count):
            value = 0.125
            {log}
        taken = (time.perf_counter() - start) / count
        {finish}
        return taken

    number = 0
"""
)

TRACKED_EACH = (
    TRACKED
    + """
    empty()
    run = each(empty, {runs})
    found(run=run, call=whole({points}))
"""
)

TRACKED_WHOLE = TRACKED + "    whole({many})\n"

OWN = (
    REPEATED
    + """
    @ex.command
    def nothing():
        return None

    @ex.main
    def main(_run):
        log_scalar = _run.log_scalar
        start = time.perf_counter()
        for step in range({points}):
            log_scalar("training.loss", 0.125, step)
        return (time.perf_counter() - start) / {points}

"""
)

OWN_EACH = (
    OWN
    + """
    def empty():
        ex.run("nothing", options=quiet)

    empty()
    found(run=each(empty, {runs}), call=ex.run(options=quiet).result)
"""
)

OWN_WHOLE = OWN + "    ex.run(options=quiet)\n"

BARE = (
    TOOLS
    + FILES
    + """
    def call(count):
        points = []
        append = points.append
        start = time.perf_counter()
        for step in range(count):
            append(("training.loss", 0.125, step))
        return (time.perf_counter() - start) / count

    files()
    found(run=each(files, {runs}), call=call({points}))
"""
)

BARE_WHOLE = """
    import json

    points = [("training.loss", 0.125, step) for step in range({points})]
    with open("metrics.json", "w", encoding="utf-8") as file:
        json.dump(points, file)
"""


def measure(turn: Turn) -> dict[str, float]:
    points, runs = (20_000, 5) if turn.quick else (200_000, 100)
    if turn.lib in TRACKERS:
        return _tracked(turn, TRACKERS[turn.lib])
    each, whole, module = (OWN_EACH, OWN_WHOLE, f"import {turn.lib}")
    if turn.lib == "bare":
        each, whole, module = BARE, BARE_WHOLE, "pass"
    found = turn.measured(each.format(lib=turn.lib, store=turn.store, points=points, runs=runs))
    taken = turn.process(whole.format(lib=turn.lib, store=turn.store, points=1000))
    return {IMPORT: turn.process(module), RUN: found["run"], CALL: found["call"], WHOLE: taken}


def _tracked(turn: Turn, tracker: Tracker) -> dict[str, float]:
    words = {name: getattr(tracker, name) for name in ("module", "ready", "start", "log", "finish", "points")}
    words |= {"runs": 2 if turn.quick else 5, "many": 1000}
    found = turn.measured(TRACKED_EACH.format(home=turn.store, **words))
    taken = turn.process(TRACKED_WHOLE.format(home=turn.store, **words))
    return {IMPORT: turn.process(f"import {tracker.module}"), RUN: found["run"], CALL: found["call"], WHOLE: taken}
