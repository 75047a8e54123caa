"""Runs that are killed while they write into each kind of store."""

from __future__ import annotations

import random
import signal
import sqlite3
import time

import pytest

from faults.harness import side_by_side
from faults.records import check_lines, damage
from faults.scripts.kit import points
from hallow.stores import open_store

KINDS = ("sqlite", "tinydb", "objects", "mongo", "postgres")


@pytest.fixture
def place(request, tmp_path):
    """``place(kind, number)``: the URL of an empty store."""

    def make(kind: str, number: int) -> str:
        folder = tmp_path / f"{kind}-{number}"
        if kind == "mongo":
            server, name = (request.getfixturevalue(fixture) for fixture in ("mongo_server", "mongo_database"))
            return f"{server.uri.rstrip('/')}/{name}_{number}" if "?" not in server.uri else server.uri_of(name)
        if kind == "postgres":
            server = request.getfixturevalue("postgres_server")
            server.create(f"faults_{number}")
            request.addfinalizer(lambda: server.drop(f"faults_{number}"))
            return server.url_of(f"faults_{number}")
        return {"sqlite": f"sqlite:///{folder}.db", "tinydb": f"tinydb:{folder}", "objects": f"file://{folder}"}[kind]

    return make


def is_sound(kind: str, url: str) -> bool:
    """Whether what lies on the disk can be read without hallow."""
    path = url.partition(":")[2].removeprefix("///").removeprefix("//")
    if kind == "sqlite":
        with sqlite3.connect(f"/{path}" if not path.startswith("/") else path) as database:
            answer = database.execute("pragma integrity_check").fetchone()
        database.close()
        return answer == ("ok",)
    return kind not in ("tinydb", "objects") or damage_in(path) == []


def damage_in(path: str) -> list[str]:
    from pathlib import Path

    folder = Path("/", path)
    assert folder.is_dir()
    return damage(folder, torn=True)


@pytest.mark.fault("SIGKILL while a store is written", "files parse, every point and line, DIED, the next run starts")
@pytest.mark.parametrize("kind", KINDS)
def test_torn_files(stage, place, times, saw, kind):
    chance = random.Random()
    # Made beforehand, because the servers are this thread's.
    places = [place(kind, number) for number in range(times(1, 20))]

    def kill(number: int) -> tuple[int, int]:
        part = stage.part(f"{kind}-{number}")
        url = places[number]
        actor = part.start("everywhere.py", "-b", "0.05", FAULTS_STORE=url)
        actor.until("points")
        time.sleep(0.1 + chance.random() * 0.8)
        actor.signal(signal.SIGKILL)
        assert actor.wait().code == 137
        assert is_sound(kind, url)
        with open_store(url) as store:
            (record,) = store.runs()
            assert (record.status, record.problem) == ("DIED", "")
            assert record.metrics is not None
        recovered = part.recover_everything()
        recovered = part.recover(url) if "Nothing to recover" in recovered.out.decode() else recovered
        assert recovered.code == 0, recovered
        logged, printed = actor.acked("points"), actor.acked("lines")
        with open_store(url) as store:
            (record,) = store.runs()
            assert record.stored_status == "DIED"
            count = sum(map(len, record.metrics.values()))
            assert logged <= count <= logged + 1
            stored = {name: (metric.steps, metric.values) for name, metric in record.metrics.items()}
            assert stored == points(count)
            check_lines(record.output, printed, logged)
        assert is_sound(kind, url)
        return logged, printed

    found = side_by_side(kill, range(len(places)))
    saw(f"{sum(logged for logged, _ in found):,} points, {sum(lines for _, lines in found):,} lines, none missing")
