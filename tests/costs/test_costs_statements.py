"""Statements that a database is sent: each is a round trip where it is on another machine."""

from __future__ import annotations

from datetime import datetime

import pytest

from hallow.observers import SqlObserver
from hallow.records.points import Points

sqlalchemy = pytest.importorskip("sqlalchemy")

INFO = {"name": "e", "base_dir": "/", "sources": [], "dependencies": [], "repositories": [], "mainfile": None}
NOW = datetime(2026, 1, 2, 3, 4, 5)


@pytest.fixture
def observer(tmp_path):
    """Of a run that has begun."""
    observer = SqlObserver(f"sqlite:///{tmp_path}/runs.db")
    observer.started_event(INFO, "main", {"hostname": "h"}, NOW, {}, {}, None)
    yield observer
    observer.join()


@pytest.fixture
def statements(observer):
    """The first word of each statement since it was cleared, ``COMMIT`` among them."""
    seen: list[str] = []
    sqlalchemy.event.listen(
        observer.engine, "before_cursor_execute", lambda *details: seen.append(details[2].split()[0])
    )
    sqlalchemy.event.listen(observer.engine, "commit", lambda _: seen.append("COMMIT"))
    return seen


def test_statements_of_a_beat(observer, statements):
    """What is new is added; nothing is looked for, or removed, that cannot be there."""

    def beat(number):
        statements.clear()
        observer.points_event([Points("loss", [number], [0.5], [1.0])])
        observer.output_event("line\n", 5 * number)
        observer.heartbeat_event({}, None, NOW, None)
        return list(statements)

    assert len(beat(0)) <= 11
    assert "DELETE" not in statements
    assert len(beat(1)) <= 10
    assert "DELETE" not in statements
    statements.clear()
    observer.heartbeat_event({}, None, NOW, None)
    assert len(statements) <= 3


def test_what_is_there_is_replaced(observer, statements):
    """Output that is written anew, such as the line of a progress bar."""
    observer.output_event("10%\n", 0)
    statements.clear()
    observer.output_event("20%\n", 0)
    assert "DELETE" in statements
    assert observer.store().get(1).output == "20%\n"
