"""Not times but counts: 64 processes that start at once, and 100 that are killed at a random moment.

What must be there is known from outside: a process says in memory that it shares with a file what it has logged.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rows.places import STORES, places
from rows.stores import HALLOW, SACRED
from rows.table import Row, percent
from rows.turn import EXPERIMENT, TurnError

if TYPE_CHECKING:
    from rows.turn import Turn

STARTS = {store: f"64 processes start at once, empty store, recorded: {name}" for store, name in STORES.items()}
KILLED = "killed at a random moment, 100 times, record whole (Sacred: 20 times)"
ROWS = [
    *(Row(STARTS[store], 1, "64 of 64", show=percent, at_least=True) for store in STORES),
    Row(KILLED, 1, "100 of 100", show=percent, at_least=True),
]
MOST_TURNS = 1
LIBS = ("sacred", "hallow")
ENVIRONMENT = "stores"
setting = places

START = """
    import os

    ex = Experiment("starts", save_git_info=False)
    ex.observers.append(observer)

    @ex.config
    def cfg():
        number = 0

    @ex.main
    def main(number, _run):
        print(f"this is number {{number}}")
        _run.log_scalar("number", number)
        return number

    open(f"ready{{sys.argv[1]}}", "w").close()
    while not os.path.exists("go"):
        time.sleep(0.001)
    ex.run(config_updates={{"number": int(sys.argv[1])}}, options=quiet)
"""

BUSY = (
    EXPERIMENT
    + """
    import mmap, sys

    ex.observers.append(FileStorageObserver("runs"))

    @ex.main
    def main(_run):
        with open("acked", "r+b") as file:
            acked = memoryview(mmap.mmap(file.fileno(), 8)).cast("Q")
        step = 0
        while True:
            _run.log_scalar("training.loss", 0.125, step)
            step += 1
            acked[0] = step

    ex.run(options={{"--beat_interval" if {lib!r} == "sacred" else "--beat-interval": 0.1, "--loglevel": "ERROR"}})
"""
)

COUNTED = """
    import json, sys
    from hallow import open_store

    with open_store({url!r}) as store:
        results = {{record.result for record in store.runs() if record.status == "COMPLETED"}}
    print("FOUND " + json.dumps({{"recorded": len(results & set(range({count})))}}), file=sys.stderr)
"""


def measure(turn: Turn) -> dict[str, float]:
    found: dict[str, float] = {}
    turn.environ = turn.given.environ
    for store in STORES:
        if store in turn.given.missing or (turn.lib == "sacred" and store == "s3"):
            continue
        found[STARTS[store]] = _starts(turn, store, 8 if turn.quick else 64)
    times = 3 if turn.quick else 20 if turn.lib == "sacred" else 100
    with ThreadPoolExecutor(2) as pool:
        found[KILLED] = (
            sum(pool.map(lambda number: _killed(turn, turn.folder / f"killed{number}"), range(times))) / times
        )
    return found


def _starts(turn: Turn, store: str, count: int) -> float:
    """The share of processes whose run is in the store, with its own result."""
    url = turn.given.fresh(store)
    home = turn.folder / store
    home.mkdir()
    code = ((HALLOW if turn.lib == "hallow" else SACRED) + START).format(url=url)
    script = turn.script(code, home)
    with (home / "err").open("wb") as err:
        options: dict[str, Any] = {"cwd": home, "env": turn.environment(), "stdout": err, "stderr": err}
        started = [subprocess.Popen([turn.python, script, str(number)], **options) for number in range(count)]
    end = time.monotonic() + 300
    while len(list(home.glob("ready*"))) < count and time.monotonic() < end:
        time.sleep(0.01)
    (home / "go").touch()
    while any(process.poll() is None for process in started) and time.monotonic() < end:
        time.sleep(0.01)
    for process in started:
        process.kill()  # without effect on those that have ended
        process.wait()
    reader = replace(turn, python=turn.given.python)
    try:
        return float(reader.measured(COUNTED.format(url=url, count=count))["recorded"]) / count
    except TurnError as error:
        turn.note(f"{STORES[store]} with {turn.lib}: {str(error).splitlines()[-1]}")
        return 0.0


def _killed(turn: Turn, home: Path) -> bool:
    """Whether the record of a killed process is whole."""
    home.mkdir()
    acked = home / "acked"
    acked.write_bytes(bytes(8))
    script = turn.script(BUSY.format(lib=turn.lib), home)
    with (home / "err").open("wb") as err:
        options: dict[str, Any] = {"cwd": home, "env": turn.environment(), "stdout": err, "stderr": err}
        process = subprocess.Popen([turn.python, script], **options)
        while not any(acked.read_bytes()):
            if process.poll() is not None:
                raise TurnError(
                    f"{script} failed with {turn.lib}:\n{(home / 'err').read_text(errors='replace')[-2000:]}"
                )
            time.sleep(0.001)
        time.sleep(random.random() * 0.5)
        process.send_signal(signal.SIGKILL)
        process.wait()
        if turn.lib == "hallow":
            subprocess.run([turn.python, "-m", "hallow", "recover", "runs"], check=True, **options)
    return _whole(home / "runs" / "1", int.from_bytes(acked.read_bytes(), "little"))


def _whole(run: Path, count: int) -> bool:
    """Whether every file parses, every point is there, and the status says that the process has died."""
    try:
        status = json.loads((run / "run.json").read_text(encoding="utf-8"))["status"]
        steps = json.loads((run / "metrics.json").read_text(encoding="utf-8"))["training.loss"]["steps"]
    except (OSError, ValueError, KeyError):
        return False
    return status == "DIED" and steps[:count] == list(range(count)) and len(steps) <= count + 1
