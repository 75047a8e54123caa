"""A MongoDB server that dies, hangs, refuses, loses answers: the run goes on, and its record is whole in the end."""

from __future__ import annotations

import random
import signal
import textwrap
import time
from uuid import uuid4

import pytest

pytest.importorskip("pymongo")

from hallow import open_store

from faults.harness import side_by_side
from faults.scripts.kit import line, points

#: Sleeps between its points, so that a test can do something meanwhile; waits for a file before it returns.
SCRIPT = """
    import os, time
    from pathlib import Path

    import hallow
    from hallow.observers import MongoObserver

    from kit import acknowledgements, line, log_point

    acked = acknowledgements()
    hallow.SETTINGS["EXIT_TIMEOUT"] = float(os.environ.get("FAULTS_EXIT", "30"))
    ex = hallow.Experiment("mongo", save_git_info=False)
    ex.observers.append(MongoObserver(os.environ["FAULTS_URL"], os.environ["FAULTS_DATABASE"]))

    @ex.config
    def cfg():
        count = 1000
        pause = 0.001

    @ex.main
    def main(count, pause, _run):
        made = Path(os.environ["FAULTS_FOLDER"]) / "made.txt"
        for number in range(count):
            log_point(_run.log_scalar, number)
            acked[0] = number + 1
            if number % 10 == 0:
                print(line(number // 10))
                acked[1] = number // 10 + 1
            if number % 250 == 249:
                made.write_text(f"made at {number}")
                _run.add_artifact(made)
                _run.info["at"] = number
            time.sleep(pause)
        acked[2] = 1
        go = Path(os.environ["FAULTS_GO"])
        while not go.exists():
            time.sleep(0.001)
        return count

    ex.run_commandline()
"""


class Lab:
    """Runs of the script into a database of their own; they look for the server for ``patience`` milliseconds."""

    def __init__(self, stage, server, database, proxy=None, patience=1500):
        self.stage, self.server, self.database, self.proxy = stage, server, database, proxy
        (stage.scripts / "mongo.py").write_text(textwrap.dedent(SCRIPT))
        self.name = uuid4().hex
        # The server for tests does not say by itself that it is there again.
        options = {"heartbeatFrequencyMS": 500, "serverSelectionTimeoutMS": patience, "appName": self.name}
        self.url = server.uri_of(database, proxy, **options)
        self.go = stage.home / "go"

    def start(self, *words, **more):
        """A run; ``count=...`` and the like, or options."""
        facts = {"FAULTS_URL": self.url, "FAULTS_DATABASE": self.database, "FAULTS_GO": str(self.go), **more}
        return self.stage.start("mongo.py", "-b", "0.05", *words, stdout="pipe", **facts)

    def finish(self, actor, code=0):
        self.go.touch()
        ended = actor.wait()
        assert ended.code == code, ended
        return ended

    def finish_and_recover(self, actor):
        """A file that failed three times while everything else arrived is left to the journal."""
        if "hallow recover" in self.finish(actor).err:
            self.recover()

    def recover(self):
        done = self.stage.hallow("recover")
        assert done.code == 0, done
        return done

    def check(self, count, lines=None, status="COMPLETED", run_id=1):
        """The whole record, and that the documents for clients say the same."""
        lines = (count + 9) // 10 if lines is None else lines
        with open_store(self.server.uri_of(self.database)) as store:
            record = store.get(run_id)
            assert (record.problem, record.stored_status) == ("", status)
            found = {name: (some.steps, some.values) for name, some in record.metrics.items()}
            assert found == points(count)
            printed = _lines(record.output)
            assert printed == [line(number) for number in range(lines)]
            kept = {file.read_text() for file in record.artifacts}  # one that failed comes after others
            if status == "COMPLETED":
                assert kept == {f"made at {number}" for number in range(249, count, 250)}
                assert len(record.artifacts) == len(kept)
                assert record.result == count
                assert record.info["at"] == (count // 250) * 250 - 1
        with self.server.client() as client:
            database = client[self.database]
            documents = {one["name"]: one for one in database.metrics.find({"run_id": run_id})}
            assert {name: (one["steps"], one["values"]) for name, one in documents.items()} == points(count)
            run = database.runs.find_one({"_id": run_id})
            assert _lines(run["captured_out"]) == printed
            if status == "COMPLETED":
                assert {link["id"] for link in run["info"]["metrics"]} == {
                    str(one["_id"]) for one in documents.values()
                }


def _lines(output):
    """Tracebacks in the log have lines, too."""
    return [text for text in output.splitlines() if text.startswith("line ")]


@pytest.fixture
def lab(stage, mongo_server, mongo_database):
    return Lab(stage, mongo_server, mongo_database)


@pytest.mark.fault("MongoDB is killed and comes back, again and again", "record complete, nothing twice")
def test_connection_loss_in_the_middle(stage, breakable_mongo, times):
    """The server dies with SIGKILL, and is started again."""
    lab = Lab(stage, breakable_mongo, "lab")
    outages = times(2, 12)
    actor = lab.start("with", f"count={outages * 800}")
    for number in range(outages):
        actor.until("points", 200 + number * 600)
        breakable_mongo.kill()
        time.sleep(0.1)
        breakable_mongo.restart()
    actor.until("place", timeout=120)
    lab.finish(actor)
    lab.check(outages * 800)


@pytest.mark.fault(
    "MongoDB is away at the end and stays so", "bounded exit; recover completes; a second one changes nothing"
)
def test_connection_loss(stage, mongo_server, mongo_database, proxy_to):
    proxy = proxy_to(mongo_server)
    lab = Lab(stage, mongo_server, mongo_database, proxy, patience=300)
    actor = lab.start("with", "count=500", FAULTS_EXIT="1")
    actor.until("points", 300)
    proxy.cut()
    actor.until("place")
    start = time.monotonic()
    ended = lab.finish(actor)
    assert time.monotonic() - start < 1 + 10
    assert "hallow recover" in ended.err
    proxy.heal()
    lab.recover()
    lab.check(500)
    before = _content(lab)
    lab.recover()
    assert _content(lab) == before


@pytest.mark.fault("MongoDB is away before the start", "with --journal-only the run goes on; recover completes")
def test_connection_loss_before_the_start(stage, mongo_server, mongo_database, proxy_to):
    proxy = proxy_to(mongo_server)
    lab = Lab(stage, mongo_server, mongo_database, proxy, patience=300)
    proxy.cut()
    actor = lab.start("with", "count=500")
    assert actor.wait().code == 1
    actor = lab.start("--journal-only", "with", "count=500", FAULTS_EXIT="1")
    actor.until("place")
    assert "hallow recover" in lab.finish(actor).err
    proxy.heal()
    lab.recover()
    lab.check(500)


def _content(lab):
    with lab.server.client() as client:
        database = client[lab.database]
        return {name: list(map(str, database[name].find())) for name in sorted(database.list_collection_names())}


COMMANDS = ("find", "insert", "update", "delete", "findAndModify", "aggregate")
FAULTS = {
    "close": {"close": True},
    "not primary": {"error": 10107},
    "shutting down": {"error": 91},
    "failing": {"error": 8},
    "slow": {"block": 0.3},
}


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.fault("MongoDB fails commands at random", "record complete, nothing twice")
def test_commands_that_fail(lab, times, kind):
    """Each of them, some at a time, while the run goes on."""
    chance = random.Random(kind)
    actor = lab.start("with", "count=1000", f"pause={times(0.001, 0.01)}")
    actor.until("points", 1)
    while not actor.acked("place"):
        command = chance.choice(COMMANDS)
        with lab.server.fail_point(command, times=chance.randint(1, 3), app_name=lab.name, **FAULTS[kind]):
            time.sleep(chance.uniform(0.02, 0.2))
    lab.finish_and_recover(actor)
    lab.check(1000)


@pytest.mark.fault("answers of MongoDB are lost", "nothing is stored twice")
def test_answers_that_are_lost(stage, mongo_server, mongo_database, proxy_to, times):
    """A client cannot tell whether the command was done."""
    proxy = proxy_to(mongo_server)
    lab = Lab(stage, mongo_server, mongo_database, proxy)
    chance = random.Random(1)
    count = times(1000, 10_000)
    actor = lab.start("with", f"count={count}")
    actor.until("points", 1)
    lost = 0
    while not actor.acked("place"):
        proxy.lose_reply(
            chance.choice([b"hallow_points", b"hallow_output", b"metrics", b"runs", b"fs.chunks", b"fs.files"])
        )
        end = time.monotonic() + 0.3
        while not proxy.has_lost_reply and time.monotonic() < end and not actor.acked("place"):
            time.sleep(0.005)
        lost += proxy.has_lost_reply
    proxy.heal()
    lab.finish_and_recover(actor)
    assert lost > 0
    lab.check(count)


@pytest.mark.fault("a hanging MongoDB", "the run is not held up; record complete")
def test_a_server_that_hangs(lab, times):
    """Commands take seconds, longer than the beats."""
    actor = lab.start("with", "count=300")
    actor.until("points", 10)
    start = time.monotonic()
    with lab.server.fail_point("insert", "update", block=2.0, times=2, app_name=lab.name):
        actor.until("place")
        assert time.monotonic() - start < 2.0
    lab.finish(actor)
    lab.check(300)


@pytest.mark.fault("SIGKILL of a run that records in MongoDB", "DIED; every point, line and file after recover")
def test_runs_that_are_killed(stage, mongo_server, mongo_database, times):
    lab = Lab(stage, mongo_server, mongo_database)
    chance = random.Random(3)

    def kill(number):
        part = Lab(stage.part(number), mongo_server, mongo_database)
        actor = part.start("with", "count=100000")
        actor.until("points", chance.randint(1, 1500))
        actor.signal(signal.SIGKILL)
        actor.wait()
        part.recover()
        return actor

    killed = side_by_side(kill, range(times(2, 40)))
    with open_store(lab.server.uri_of(lab.database)) as store:
        records = list(store.runs())
        assert {record.stored_status for record in records} == {"DIED"}
        assert len(records) == len(killed)
        acked = sorted((actor.acked("points"), actor.acked("lines")) for actor in killed)
        stored = sorted((record.contents.count_points(), len(_lines(record.output))) for record in records)
        for (acked_points, acked_lines), (stored_points, stored_lines) in zip(acked, stored, strict=True):
            assert stored_points - acked_points in (0, 1)
            assert stored_lines - acked_lines in (0, 1)
        for record in records:
            count = record.contents.count_points()
            lab.check(count, len(_lines(record.output)), "DIED", record.run_id)
