"""Listing the runs of a store that has many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rows.places import STORES, places
from rows.stores import HALLOW
from rows.table import Row
from rows.turn import TOOLS

if TYPE_CHECKING:
    from rows.turn import Turn

#: So many runs are listed. Filling the store takes longer than listing: an observer is told of run after run, and the
#: servers of the tests for MongoDB and S3 are slower the more they hold.
LISTED = dict.fromkeys(STORES, 10_000) | {"mongo": 500, "s3": 200}
LISTINGS = {store: f"open_store(), listing {LISTED[store]:,} runs, {name}" for store, name in STORES.items()}
ROWS = [
    Row(
        name,
        floor="as many JSON texts read from one file",
        buys="Opens the store, and makes a record of each run; a damaged one is a problem of that run alone.",
    )
    for name in LISTINGS.values()
]
MOST_TURNS = 1
LIBS = ("bare", "hallow")
ENVIRONMENT = "stores"
setting = places

LISTING = """
    import datetime

    now = datetime.datetime(2026, 1, 1)
    info = {{"name": "bench", "base_dir": "", "mainfile": "a.py"}}
    info.update(sources=[], dependencies=[], repositories=[])

    def one(number):
        self = observer.for_run() if hasattr(observer, "for_run") else observer
        self.started_event(
            ex_info=info, command="main", host_info={{"hostname": "here"}}, start_time=now,
            config={{"a": 1, "b": 2.0, "seed": number}}, meta_info={{"command": "main", "options": {{}}}}, _id=None,
        )
        self.completed_event(stop_time=now, result=1)
        self.join()

    for number in range({runs}):
        one(number)

    from hallow import open_store

    def listed():
        with open_store({url!r}) as store:
            assert sum(record.status == "COMPLETED" for record in store.runs()) == {runs}

    found(listed=sorted(timed(listed) for _ in range(3))[1])
"""

BARE = (
    TOOLS
    + """
    text = json.dumps({{"config": {{"a": 1, "b": 2.0}}, "status": "COMPLETED", "result": 1, "host": {{}}}})
    with open("listed", "w", encoding="utf-8") as out:
        out.writelines(text + "\\n" for _ in range({runs}))

    def listed():
        with open("listed", encoding="utf-8") as lines:
            assert sum(json.loads(line)["status"] == "COMPLETED" for line in lines) == {runs}

    found(listed=sorted(timed(listed) for _ in range(3))[1])
"""
)


def measure(turn: Turn) -> dict[str, float]:
    turn.environ = turn.given.environ
    code = BARE if turn.lib == "bare" else HALLOW + LISTING
    found = {}
    for store in (store for store in STORES if store not in turn.given.missing):
        runs = 50 if turn.quick else LISTED[store]
        url = turn.given.fresh(store)
        found[LISTINGS[store]] = turn.measured(code.format(url=url, runs=runs))["listed"]
    return found
