"""Many runs at once: in many processes, in threads, one inside the other."""

from __future__ import annotations

import pytest

from faults.records import damage, runs


@pytest.mark.fault("simultaneous starts, empty store", "ids 1..n, each with its own config, output and points")
def test_simultaneous_starts(stage, times, saw):
    count = times(8, 64)
    go = stage.home / "go"
    actors = [
        stage.start("starts.py", "with", f"number={number}", stdout="pipe", FAULTS_GO=str(go))
        for number in range(count)
    ]
    for actor in actors:
        actor.until("place")
    go.touch()
    ended = [actor.wait() for actor in actors]
    assert [one.code for one in ended] == [0] * count, next(one for one in ended if one.code)
    assert damage(stage.store) == []
    found = runs(stage.store)
    assert [run.folder.name for run in found] == [str(number) for number in range(1, count + 1)]
    assert {run.status for run in found} == {"COMPLETED"}
    for run in found:
        number = run.json("config.json")["number"]
        assert run.run["result"] == number
        assert run.metrics == {"number": ([0], [number])}
        assert f"this is number {number}\n" in run.output
        assert run.output.count("this is number") == 1
    assert sorted(run.run["result"] for run in found) == list(range(count))
    saw(f"all within {max(one.ended_at for one in ended) - min(one.ended_at for one in ended):.1f} s")


@pytest.mark.fault(
    "5 threads, each with a nested run", "10 records, each with its own config, points and lines; parents"
)
def test_threads_and_nested_runs(stage, times):
    count = times(200, 5000)
    ended = stage.run("threads.py", stdout="pipe", FAULTS_COUNT=str(count))
    assert ended.code == 0, ended
    assert damage(stage.store) == []
    by_name = {run.json("config.json")["who"]: run for run in runs(stage.store)}
    assert by_name.keys() == {f"{kind}outer {number}" for kind in ("", "inner ") for number in range(5)}
    for who, run in by_name.items():
        assert run.status == "COMPLETED"
        assert run.run["result"] == who
        assert run.metrics == {f"of {who}": (list(range(count)), list(range(count)))}
        said = [text for text in run.output.splitlines() if text.startswith(f"{who} says ")]
        assert said == [f"{who} says {number}" for number in range(count)]
        parent = by_name[who.removeprefix("inner ")].folder.name if who.startswith("inner") else None
        assert run.ending["parent"] == parent
    for number in range(5):
        assert f"outer {number} says {count - 1}\n" in ended.out.decode()
