"""A run that died goes on under its id."""

from __future__ import annotations

import re
import signal

import pytest

from faults.records import damage, only


@pytest.mark.parametrize("recovered", [False, True], ids=["at once", "after recover"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["SIGKILL", "SIGTERM"])
@pytest.mark.fault("resume", "one record, steps go on, first output kept, 2 attempts, same config and seed")
def test_resume(stage, number, recovered):
    first = stage.start("resumed.py", "-b", "0.05", "with", "lr=0.25")
    first.until("points", 25)
    first.signal(number)
    first.wait()
    logged = first.acked("points")
    if recovered:
        assert stage.recover().code == 0
    second = stage.run("resumed.py", "--resume", "1")
    assert second.code == 0, second
    run = only(stage.store)
    assert damage(stage.store) == []
    assert run.folder.name == "1"
    assert run.status == "COMPLETED"
    assert run.run["result"] == 60
    steps, values = run.metrics["number"]
    done = logged // 10 * 10
    again = len(steps) - (60 - done)
    assert again in (logged, logged + 1)
    assert steps == list(range(len(steps)))
    assert values == [*range(again), *range(done, 60)]
    begun = re.findall(r"^from (\d+) with lr (\S+) and seed (\d+)$", run.output, re.MULTILINE)
    assert begun == [("0", "0.25", begun[0][2]), (str(done), "0.25", begun[0][2])]
    assert run.json("info.json").keys() == {"from 0", f"from {done}"}
    attempts = run.facts["attempts"]
    assert len(attempts) == 2, attempts


@pytest.mark.fault("resume with another config", "refused, key named; with --force it goes on")
def test_resume_with_another_config(stage):
    first = stage.start("resumed.py", "-b", "0.05")
    first.until("points", 25)
    first.signal(signal.SIGKILL)
    first.wait()
    refused = stage.run("resumed.py", "--resume", "1", "with", "lr=0.5")
    assert refused.code != 0, refused
    assert "lr" in refused.err, refused
    forced = stage.run("resumed.py", "--resume", "1", "--force", "with", "lr=0.5")
    assert forced.code == 0, forced
    assert only(stage.store).status == "COMPLETED"
