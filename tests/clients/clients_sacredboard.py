"""What Sacredboard 0.4.2 does with a store, as far as it can fail: only the table in its documentation of behaviour."""

from __future__ import annotations

import json
import os
from datetime import datetime

#: The only form of a time that its file reader takes.
TIME = "%Y-%m-%dT%H:%M:%S.%f"


def list_folder(basedir):
    """The rows of the runs in a file store.

    Every entry but ``_sources`` is tried as a run; one without the three files is left out, and anything else that goes
    wrong with one run is the end of the whole list.

    Raises:
        NotADirectoryError: for a plain file among the runs.
        KeyError: for a run without ``stop_time``.
        TypeError: for one that is null.
        ValueError: for a time in another form than :data:`TIME`.
    """
    rows = {}
    for entry in os.listdir(basedir):
        if entry == "_sources":
            continue
        try:
            read = {name: _read(basedir, entry, name) for name in ("config", "run", "info")}
        except FileNotFoundError:
            continue
        run = read["run"]
        times = {name: _time(run[name]) for name in ("start_time", "stop_time", "heartbeat")}
        rows[entry] = {**run, **times, "config": read["config"], "info": read["info"]}
    return rows


def _time(text):
    return datetime.strptime(text, TIME)  # noqa: DTZ007 - times are stored without zone


def _read(basedir, entry, name):
    with open(os.path.join(basedir, entry, f"{name}.json"), encoding="utf-8") as file:
        return json.load(file)


def mongo_row(document):
    """A row of its list of the runs in MongoDB.

    Raises:
        AttributeError: for a time that is null; KeyError: for one that is missing.
    """
    return {
        "id": document["_id"],
        "experiment_name": document["experiment"]["name"],
        "command": document["command"],
        "status": document["status"],
        "hostname": document["host"]["hostname"],
        "result": document.get("result"),
        **{name: document[name].strftime("%Y-%m-%d %H:%M:%S") for name in ("start_time", "heartbeat")},
    }
