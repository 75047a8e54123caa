"""Databases that end connections, die and come back, and runs that die while they write to one."""

from __future__ import annotations

import random
import signal
import sqlite3
import time
from contextlib import closing
from types import SimpleNamespace

import pytest

import hallow

from faults.records import check_lines, check_points

pytest.importorskip("sqlalchemy")

#: Logs, prints and adds files, so many rounds or until there is a file that says that it is enough.
SCRIPT = """
import os, time
from itertools import count
from pathlib import Path
from hallow import Experiment
from hallow.backends.sql.observer import SqlObserver
from kit import acknowledgements, line, log_point

ex = Experiment("sql", save_git_info=False)
ex.observers.append(SqlObserver(os.environ["FAULTS_URL"]))

@ex.config
def cfg():
    rounds = 0  # of a hundred points each

@ex.automain
def main(rounds, _run):
    acked, longest, enough = acknowledgements(), 0.0, Path(os.environ["FAULTS_FOLDER"], "enough")
    for number in range(rounds) if rounds else count():
        if enough.exists():
            break
        began = time.perf_counter()
        for point in range(100 * number, 100 * number + 100):
            log_point(_run.log_scalar, point)
            acked[0] = point + 1
        print(line(number))
        acked[1] = number + 1
        longest = max(longest, time.perf_counter() - began)
        if number % 20 == 0:
            path = Path(os.environ["FAULTS_FOLDER"], f"made-{number}.txt")
            path.write_text(f"made in round {number}")
            _run.add_artifact(path)
        time.sleep(0.005)
    acked[3] = time.monotonic_ns()
    _run.info["rounds"] = acked[1]
    return longest
"""


@pytest.fixture
def begin(stage):
    """Starts the script on a database."""

    def start(url: str, *words: str, **more: str):
        (stage.scripts / "sql.py").write_text(SCRIPT, encoding="utf-8")
        return stage.start("sql.py", "-b", "0.02", *words, FAULTS_URL=url, **more)

    return start


def enough(actor):
    """Have it come to an end, which it does well if the server is there."""
    (actor.folder / "enough").touch()
    return actor.wait(120)


def recorded(url: str):
    with hallow.open_store(url) as store:
        (record,) = store.runs()
        assert record.problem == ""
        metrics = {name: (points.steps, points.values) for name, points in record.metrics.items()}
        artifacts = {file.name: file.read_text() for file in record.artifacts}
        return record, SimpleNamespace(metrics=metrics), record.output, artifacts


def complete(url: str, rounds: int) -> float:
    """Assert that everything of a run that went well is there; gives its longest round in seconds."""
    record, points, output, artifacts = recorded(url)
    assert record.status == "COMPLETED"
    check_points(points, 100 * rounds, 100 * rounds)
    check_lines(output, rounds, rounds)
    assert artifacts == {f"made-{number}.txt": f"made in round {number}" for number in range(0, rounds, 20)}
    assert record.info == {"rounds": rounds}
    return record.result


@pytest.mark.fault("PostgreSQL ends connections in the middle of a run", "record complete, nothing twice, run unharmed")
def test_connections_ended_by_the_server(begin, postgres_server, postgres_database, times, saw):
    chance = random.Random()
    actor = begin(postgres_database)
    actor.until("lines", 2)
    ended, wanted = 0, times(10, 200)
    while ended < wanted:
        ended += postgres_server.terminate_backends(postgres_database.rpartition("/")[2])
        time.sleep(chance.random() * 0.05)
        assert actor.popen.poll() is None, actor.wait()
    done = enough(actor)
    assert done.code == 0, done
    longest = complete(postgres_database, actor.acked("lines"))
    assert longest < 1, "the loop had to wait for the server"
    saw(f"{ended} connections ended, longest round of 100 points {longest * 1e3:.0f} ms")


@pytest.mark.fault("PostgreSQL killed and restarted in the middle of a run", "record complete, nothing twice")
def test_the_server_is_killed_and_restarted(begin, breakable_postgres, times, saw):
    server = breakable_postgres
    server.create("runs")
    url = server.url_of("runs")
    actor = begin(url)
    killed = times(2, 12)
    for _ in range(killed):
        actor.until("lines", actor.acked("lines") + 30)
        server.kill()
        actor.until("lines", actor.acked("lines") + 20)
        server.restart()
    done = enough(actor)
    assert done.code == 0, done
    longest = complete(url, actor.acked("lines"))
    saw(f"killed {killed} times, longest round of 100 points {longest * 1e3:.0f} ms")


@pytest.mark.fault(
    "PostgreSQL away at the end of a run", "exit in time, told how; recover delivers all, twice adds none"
)
def test_a_server_that_is_gone_at_the_end(stage, begin, breakable_postgres):
    server = breakable_postgres
    server.create("runs")
    url = server.url_of("runs")
    actor = begin(url, "with", "rounds=60")
    actor.until("lines", 20)
    server.kill()
    done = actor.wait(120)
    assert done.code == 0, done
    assert "hallow recover" in done.err, done
    server.restart()
    assert recorded(url)[0].stored_status == "RUNNING"
    for _ in range(2):
        assert stage.recover_everything().code == 0
        complete(url, 60)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
@pytest.mark.fault("SIGKILL of a run that writes to a database", "database sound, every point and line, DIED")
def test_sigkill_while_writing(stage, begin, request, times, saw, kind, tmp_path):
    chance = random.Random()
    logged = 0
    for number in range(times(1, 25)):
        url = f"sqlite:///{tmp_path}/runs-{number}.db"
        if kind == "postgres":
            server = request.getfixturevalue("postgres_server")
            name = request.getfixturevalue("postgres_database").rpartition("/")[2] + f"_{number}"
            server.create(name)
            url = server.url_of(name)
        actor = begin(url)
        actor.until("lines", 5)
        time.sleep(chance.random() * 0.3)
        actor.signal(signal.SIGKILL)
        assert actor.wait().code == 137
        # What lies there already is the beginning of what was logged.
        check_points(recorded(url)[1], 0, actor.acked("points") + 1)
        if kind == "sqlite":
            with closing(sqlite3.connect(f"{tmp_path}/runs-{number}.db")) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        recovered = stage.recover_everything()
        assert recovered.code == 0, recovered
        record, points, output, artifacts = recorded(url)
        assert record.stored_status == "DIED"
        check_points(points, actor.acked("points"), actor.acked("points") + 1)
        check_lines(output, actor.acked("lines"), actor.acked("lines") + 1)
        assert artifacts["made-0.txt"] == "made in round 0"
        logged += actor.acked("points")
        if kind == "postgres":
            server.drop(name)
    saw(f"{logged:,} points, none missing")
