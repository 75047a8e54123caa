"""Stores that are chosen in the code, one or several at once.

Run:    python -m hallow.as_sacred examples/sacred/stores.py with stores='["file", "tinydb", "sql"]'
Prints: recorded in file, tinydb, sql

TinyDB, SQL and MongoDB need their packages: `pip install "hallow[tinydb,sql,mongo]"`. The server is named by the
environment, MONGO_URL=mongodb://host:27017. On the command line the same are `-F runs`, `-t runs_db`,
`-s sqlite:///runs.db`, `-m host:27017:sacred`.
"""

import os

from sacred import Experiment
from sacred.observers import FileStorageObserver, MongoObserver, SqlObserver, TinyDbObserver

ex = Experiment("stores")

MAKERS = {
    "file": lambda: FileStorageObserver("stores_file"),
    "tinydb": lambda: TinyDbObserver("stores_tinydb"),
    "sql": lambda: SqlObserver("sqlite:///stores.db"),
    "mongo": lambda: MongoObserver(url=os.environ["MONGO_URL"], db_name=os.environ.get("MONGO_DATABASE", "sacred")),
}


@ex.config
def cfg():
    stores = ["file"]
    steps = 3


@ex.config_hook
def observe(config, command_name, logger):  # noqa: ARG001 - Sacred asks for these three
    ex.observers.extend(MAKERS[name]() for name in config["stores"])
    return {}


@ex.automain
def main(stores, steps, _run):
    for step in range(steps):
        _run.log_scalar("loss", 1 / (step + 1), step)
    _run.info["stores"] = list(stores)
    print("recorded in", ", ".join(stores))
    return steps
