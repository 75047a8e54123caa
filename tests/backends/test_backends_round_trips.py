"""How often stores are asked, in numbers; the contract holds that none of them grows with what is there already."""

from __future__ import annotations

import pytest

from hallow.observers import MongoObserver, ObjectStoreObserver, SqlObserver
from hallow.testing.contract.support import Session, T


def end(session: Session) -> None:
    """As a run does it: a last beat, and at once how it ended."""
    session.observer.last_beat_event(info={}, captured_out=None, beat_time=T, result=None)
    session.observer.completed_event(stop_time=T, result=None)
    session.observer.join()


def costs(observer, counted) -> dict[str, int]:
    """Round trips of a start, of a beat with ten points and a line, of a beat without news, and of the end.

    Another run goes ahead, so that whatever is made once for a store is there.
    """
    found: dict[str, int] = {}
    before = 0

    def took(name):
        nonlocal before
        found[name], before = counted() - before, counted()

    session = Session(None, observer=observer)
    session.log("first", 10)
    session.write("first line\n")
    session.complete()
    before = counted()
    session = Session(None, observer=observer)
    took("start")
    session.log("loss", 10)
    session.write("line\n")
    session.beat()
    took("first beat")
    session.log("loss", 10)
    session.write("line\n")
    session.beat()
    took("beat")
    session.beat()
    took("beat without news")
    end(session)
    took("end")
    return found


def within(found: dict[str, int], **limits: int) -> None:
    assert all(found[name.replace("_", " ")] <= limit for name, limit in limits.items()), str(found)


def test_mongo(mongo_server, mongo_database, mongo_commands):
    observer = MongoObserver(mongo_server.uri, db_name=mongo_database)
    found = costs(observer, lambda: mongo_commands.total)
    within(found, start=3, first_beat=4, beat=4, beat_without_news=1, end=1)


def _of_sql(url) -> dict[str, int]:
    """Statements, and commits with them, each of which goes to the server and back."""
    from sqlalchemy import event

    observer = SqlObserver(url)
    trips = []
    event.listen(observer.engine, "before_cursor_execute", lambda *given: trips.append(given[2]))
    event.listen(observer.engine, "commit", lambda connection: trips.append("COMMIT"))
    return costs(observer, lambda: len(trips))


def test_sqlite(tmp_path):
    pytest.importorskip("sqlalchemy")
    within(_of_sql(f"sqlite:///{tmp_path}/runs.db"), start=8, first_beat=11, beat=10, beat_without_news=3, end=4)


def test_postgres(postgres_database):
    within(_of_sql(postgres_database), start=7, first_beat=8, beat=7, beat_without_news=2, end=2)


def test_s3(s3_bucket, monkeypatch):
    import s3fs

    requests = []
    call = s3fs.S3FileSystem._call_s3

    async def counting(self, method, *args, **kwargs):
        requests.append(method)
        return await call(self, method, *args, **kwargs)

    monkeypatch.setattr(s3fs.S3FileSystem, "_call_s3", counting)
    found = costs(ObjectStoreObserver(f"s3://{s3_bucket}/runs"), lambda: len(requests))
    within(found, start=7, first_beat=5, beat=5, beat_without_news=1, end=3)
