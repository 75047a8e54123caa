"""What each store costs: a run, and a point."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rows.places import STORES, places
from rows.table import Row
from rows.turn import TOOLS, TurnError

if TYPE_CHECKING:
    from rows.turn import Turn

FLOORS = {
    "file": "a folder and four files, written",
    "sqlite": "two rows inserted, committed",
    "tinydb": "a JSON file, written",
    "mongo": "one document inserted",
    "postgres": "two rows inserted, committed",
    "s3": "four objects put",
}
RUNS = {store: f"ex.run(), {name}" for store, name in STORES.items()}
POINTS = {store: f"a point in a run of 20,000, {name}" for store, name in STORES.items()}
#: The others drop what is logged.
METRICS_IN_SACRED = ("file", "mongo")
ROWS = [
    row
    for store in STORES
    for row in (
        Row(
            RUNS[store],
            floor=FLOORS[store],
            buys="A run in process, and in the store: an id that nobody else gets, config, sources, host, packages, "
            "output, result, how it ended, each written when it is known and not at the end.",
        ),
        Row(
            POINTS[store],
            floor="a bare list append, and JSON of all in one file",
            buys="Each point is logged, safe from SIGKILL, brought to the store in batches at each beat, and kept "
            "there with step and time.",
        ),
    )
]
MOST_TURNS = 2
LIBS = ("bare", "sacred", "hallow")
ENVIRONMENT = "stores"
setting = places

HALLOW = (
    TOOLS
    + """
    import logging

    from hallow import Experiment
    from hallow.observers import observer_for

    logging.getLogger().addHandler(logging.NullHandler())
    observer = observer_for({url!r})
"""
)

SACRED = (
    TOOLS
    + """
    import logging

    from sacred import Experiment
    import sacred.observers as observers

    logging.getLogger().addHandler(logging.NullHandler())
    scheme, _, rest = {url!r}.partition(":")
    if scheme == "mongodb":
        url, _, name = {url!r}.rpartition("/")
        observer = observers.MongoObserver(url=url, db_name=name)
    elif scheme.startswith(("sqlite", "postgresql")):
        observer = observers.SqlObserver({url!r})
    elif scheme == "tinydb":
        observer = observers.TinyDbObserver(rest)
    else:
        observer = observers.FileStorageObserver(rest)
"""
)

MEASURED = """
    ex = Experiment("bench", save_git_info=False)
    ex.observers.append(observer)

    @ex.config
    def cfg():
        a = 1
        b = 2.0
        count = 0

    @ex.main
    def main(a, count, _run):
        print("line", a)
        for step in range(count):
            _run.log_scalar("training.loss", 0.125, step)
        return a

    def run(count=0):
        ex.run(config_updates={{"count": count}}, options=quiet)

    run()
    empty = each(run, {runs})
    many = timed(run, {points})
    found(run=empty, point=max(many - empty, 1e-9) / {points})
"""

BARE = (
    TOOLS
    + """
    import os, uuid

    store, url, points = {store!r}, {url!r}, {points}
    document = {{"config": {{"a": 1, "b": 2.0}}, "status": "COMPLETED", "result": 1, "host": {{"hostname": "here"}}}}
    text = json.dumps(document)

    def file():
        folder = f"bare/{{uuid.uuid4()}}"
        os.makedirs(folder)
        for name in ("run.json", "config.json", "cout.txt", "metrics.json"):
            with open(f"{{folder}}/{{name}}", "w", encoding="utf-8") as out:
                out.write(text)

    def tinydb():
        with open("bare.json", "w", encoding="utf-8") as out:
            json.dump(document, out)

    def sqlite():
        with database:
            database.execute("INSERT INTO run VALUES (?)", (text,))
            database.execute("INSERT INTO run VALUES (?)", (text,))

    def postgres():
        with database.transaction():
            database.execute("INSERT INTO run VALUES (%s)", (text,))
            database.execute("INSERT INTO run VALUES (%s)", (text,))

    def mongo():
        collection.insert_one({{**document, "_id": str(uuid.uuid4())}})

    def s3():
        for name in ("run.json", "config.json", "cout.txt", "metrics.json"):
            client.put_object(Bucket=url.split("/")[2], Key=f"bare/{{uuid.uuid4()}}/{{name}}", Body=text)

    def logged():
        kept = []
        for step in range(points):
            kept.append(("training.loss", 0.125, step))
        with open("points.json", "w", encoding="utf-8") as out:
            json.dump(kept, out)

    if store == "sqlite":
        import sqlite3

        database = sqlite3.connect("bare.db")
        database.execute("CREATE TABLE run (text TEXT)")
    elif store == "postgres":
        import psycopg

        database = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
        database.execute("CREATE TABLE run (text TEXT)")
    elif store == "mongo":
        import pymongo

        collection = pymongo.MongoClient(url).get_default_database()["bare"]
    elif store == "s3":
        from botocore.session import Session

        client = Session().create_client("s3")
    once = {{"file": file, "sqlite": sqlite, "tinydb": tinydb, "mongo": mongo, "postgres": postgres, "s3": s3}}[store]
    once()
    found(run=each(once, {runs}), point=timed(logged) / points)
"""
)


def measure(turn: Turn) -> dict[str, float]:
    found: dict[str, float] = {}
    turn.note("Sacred keeps no metrics in SQL and TinyDB, and writes to no S3 but Amazon's")
    turn.environ = turn.given.environ
    for store in STORES:
        if store in turn.given.missing:
            turn.note(f"{STORES[store]}: {turn.given.missing[store]}")
            continue
        try:
            found |= _of_store(turn, store)
        except TurnError as error:
            if turn.lib != "sacred":
                raise
            turn.note(f"{STORES[store]} with Sacred: {str(error).splitlines()[-1]}")
    return found


def _of_store(turn: Turn, store: str) -> dict[str, float]:
    if turn.lib == "sacred" and store == "s3":
        return {}  # its own client leads to the real S3 only
    runs = 3 if turn.quick else 10 if store == "s3" or turn.lib == "sacred" else 50
    points = 2_000 if turn.quick else 20_000
    words = {"store": store, "url": turn.given.fresh(store), "runs": runs, "points": points}
    library = {"bare": BARE, "hallow": HALLOW + MEASURED, "sacred": SACRED + MEASURED}[turn.lib]
    found = turn.measured(library.format(**words))
    if turn.lib == "sacred" and store not in METRICS_IN_SACRED:
        return {RUNS[store]: found["run"]}
    return {RUNS[store]: found["run"], POINTS[store]: found["point"]}
