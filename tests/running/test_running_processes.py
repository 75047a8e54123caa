"""Runs and the processes around them: forks, ranks, workers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import hallow
from hallow.backends.file.facts import read_facts

SCRIPT = """
import os, sys, time
from hallow import Experiment, SETTINGS
from hallow.observers import FileStorageObserver

ex = Experiment("job", save_git_info=False)
ex.observers.append(FileStorageObserver("runs"))
"""


@pytest.fixture
def start(tmp_path):
    """``start(body, env)`` starts a script and returns its process."""

    def start(body, env=None, name="job.py"):
        (tmp_path / name).write_text(SCRIPT + textwrap.dedent(body), encoding="utf-8")
        source = str(Path(hallow.__file__).parents[1])
        full = {**os.environ, "PYTHONPATH": source, "PYTHONUNBUFFERED": "", "HALLOW_STATE_DIR": str(tmp_path / "state")}
        full["PYTHONWARNINGS"] = "ignore::DeprecationWarning"  # from 3.12 on, of forks beside other threads
        return subprocess.Popen(
            [sys.executable, name],
            cwd=tmp_path,
            env={**full, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def finished(*processes):
    """Output, errors and exit code of each."""
    return [(*process.communicate(timeout=60), process.returncode) for process in processes]


def stored(tmp_path, run_id="1"):
    folder = tmp_path / "runs" / run_id
    return json.loads((folder / "run.json").read_text()), read_facts(folder)


def metrics(tmp_path, run_id="1"):
    return json.loads((tmp_path / "runs" / run_id / "metrics.json").read_text())


# -------------------------------------------------------------------------------------------------------- forks


def test_fork_safety(start, tmp_path):
    """A child that logs, prints and leaves through the run's own frames changes nothing in the parent's record."""
    process = start(
        """
        @ex.automain
        def main(_run):
            _run.log_scalar("loss", 1.0)
            print("before", flush=True)
            child = os.fork()
            if child == 0:
                _run.log_scalar("loss", -1.0)
                _run.info["child"] = True
                print("in the child", flush=True)
                _run.add_artifact(__file__)
                return "child"
            os.waitpid(child, 0)
            _run.log_scalar("loss", 2.0)
            print("after", flush=True)
            return "parent"
        """
    )
    ((_, err, code),) = finished(process)
    assert code == 0, err
    entry, facts = stored(tmp_path)
    assert (entry["status"], entry["result"], entry["artifacts"]) == ("COMPLETED", "parent", [])
    assert metrics(tmp_path)["loss"]["values"] == [1.0, 2.0]
    text = (tmp_path / "runs/1/cout.txt").read_text()
    assert [line for line in text.splitlines() if "INFO" not in line and "WARNING" not in line] == [
        "before",
        "in the child",
        "after",
    ]
    assert json.loads((tmp_path / "runs/1/info.json").read_text()) == {}
    assert sorted(path.name for path in (tmp_path / "runs").iterdir() if path.name.isdigit()) == ["1"]
    assert facts["run"]["exit_code"] == 0


def test_a_forked_pool_leaves_the_record_alone(start, tmp_path):
    process = start(
        """
        import multiprocessing

        def work(number):
            print("worker", number, flush=True)
            return number * 2

        @ex.automain
        def main(_run):
            with multiprocessing.get_context("fork").Pool(2) as pool:
                found = pool.map(work, range(4))
            _run.log_scalar("sum", sum(found))
            return found
        """
    )
    ((_, err, code),) = finished(process)
    assert code == 0, err
    entry, _ = stored(tmp_path)
    assert (entry["status"], entry["result"]) == ("COMPLETED", [0, 2, 4, 6])
    text = (tmp_path / "runs/1/cout.txt").read_text()
    assert sorted(line for line in text.splitlines() if line.startswith("worker")) == [f"worker {n}" for n in range(4)]


def test_a_signal_that_comes_to_a_child_at_once_ends_it(start, tmp_path):
    """Pools end workers that have hardly begun, and wait for them."""
    process = start(
        """
        import os, signal, time

        os.register_at_fork(after_in_child=lambda: os.kill(os.getpid(), signal.SIGTERM))

        @ex.automain
        def main():
            child = os.fork()
            if child == 0:
                time.sleep(30)
                os._exit(0)
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        """
    )
    ((_, err, code),) = finished(process)
    assert code == 0, err
    entry, _ = stored(tmp_path)
    assert (entry["status"], entry["result"]) == ("COMPLETED", -15)


# -------------------------------------------------------------------------------------------------------- ranks


def ranks(start, body, size=3, **more):
    """Start ``size`` processes with the variables that torchrun sets."""
    common = {
        "WORLD_SIZE": str(size),
        "LOCAL_WORLD_SIZE": str(size),
        "MASTER_ADDR": "localhost",
        "MASTER_PORT": "29511",
    }
    return [
        start(body, {**common, "RANK": str(rank), "LOCAL_RANK": str(rank), "TORCHELASTIC_RUN_ID": "abc", **more})
        for rank in range(size)
    ]


JOB = """
@ex.automain
def main(_run, seed, _seed):
    print("rank", _run.rank, "of", _run.world_size)
    for step in range(3):
        _run.log_scalar("loss", _run.rank + step / 10, step)
    return [seed, _seed]
"""


def test_ddp(start, tmp_path):
    """Several ranks make one record: one seed, everybody's points and output."""
    outcomes = finished(*ranks(start, JOB))
    assert [code for _, _, code in outcomes] == [0, 0, 0], outcomes
    assert sorted(path.name for path in (tmp_path / "runs").iterdir() if path.name.isdigit()) == ["1"]
    entry, facts = stored(tmp_path)
    assert entry["status"] == "COMPLETED"
    assert facts["run"]["world_size"] == 3
    found = metrics(tmp_path)
    assert {name: metric["values"] for name, metric in found.items()} == {
        "loss": [0.0, 0.1, 0.2],
        "loss.rank1": [1.0, 1.1, 1.2],
        "loss.rank2": [2.0, 2.1, 2.2],
    }
    results = {line for _, err, _ in outcomes for line in err.splitlines() if "Result" in line}
    assert len({line.rpartition("Result: ")[2] for line in results}) == 1
    outputs = [tmp_path / "runs/1" / name for name in ("cout.txt", "output.rank1.txt", "output.rank2.txt")]
    assert [f"rank {rank} of 3" in path.read_text() for rank, path in enumerate(outputs)] == [True] * 3
    assert not any((tmp_path / "state").rglob("journal.json"))


def test_ranks_may_be_on_their_own(start, tmp_path):
    body = 'SETTINGS.RANKS = "off"\n' + textwrap.dedent(JOB)
    outcomes = finished(*ranks(start, body, size=2))
    assert [code for _, _, code in outcomes] == [0, 0], outcomes
    assert sorted(path.name for path in (tmp_path / "runs").iterdir() if path.name.isdigit()) == ["1", "2"]


def test_a_rank_0_that_fails_marks_the_run(start, tmp_path):
    body = """
    @ex.automain
    def main(_run):
        _run.log_scalar("loss", 1.0)
        if _run.rank == 0:
            raise ValueError("rank 0 is broken")
    """
    outcomes = finished(*ranks(start, body, size=2))
    assert sorted(code for _, _, code in outcomes) == [0, 1], outcomes
    entry, _ = stored(tmp_path)
    assert entry["status"] == "FAILED"
    assert "rank 0 is broken" in entry["fail_trace"][-1]
