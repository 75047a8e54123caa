"""Runs built by hand, in this process and in scripts."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import hallow
from hallow.running.run import Run


def as_main(function, name="main", prefix=None):
    """A callable with the attributes that a run asks of its main function."""

    def main(*args):
        return function(*args)

    main.prefix = prefix
    main.signature = SimpleNamespace(name=name)
    return main


@pytest.fixture
def make_run():
    """``make_run(function, *observers, pre=[...], post=[...], seed=42, filter=None, name="main", **attributes)``."""

    def make(function=lambda: None, *observers, pre=(), post=(), seed=42, filter=None, name="main", **attributes):
        root = logging.getLogger("test_run")
        run = Run(
            {"seed": seed},
            None,
            as_main(function, name),
            list(observers),
            root,
            root.getChild("exp"),
            {"name": "exp", "sources": [("a.py", "0" * 32)]},
            {"hostname": "here"},
            list(pre),
            list(post),
            filter,
        )
        run.capture_mode = "sys"
        for key, value in attributes.items():
            setattr(run, key, value)
        return run

    return make


@pytest.fixture
def no_frameworks(monkeypatch):
    """None is loaded, whatever other tests have loaded in this process."""
    for name in ("tensorflow", "torch"):
        monkeypatch.delitem(sys.modules, name, raising=False)


PREAMBLE = """
import json, logging, os, subprocess, sys, time
from types import SimpleNamespace
from hallow.running.run import Run
from hallow.testing import RecordingObserver

observer = RecordingObserver(1)

def start(function, mode="fd", observers=None, **attributes):
    def main(*args):
        return function(*args)
    main.prefix, main.signature = None, SimpleNamespace(name="main")
    logger = logging.getLogger("exp")
    observers = [observer] if observers is None else observers
    run = Run({"seed": 1}, None, main, observers, logger, logger, {"name": "exp", "sources": []}, {}, [], [])
    run.capture_mode = mode
    for key, value in attributes.items():
        setattr(run, key, value)
    try:
        return run()
    finally:
        with open("record.json", "w", encoding="utf-8") as file:
            json.dump({"status": run.status, "output": run.captured_out, "beat": observer.output,
                       "mode": run.capture_mode, "exit_code": run.exit_code, "names": observer.names}, file)
"""


@pytest.fixture
def run_record(run_script):
    """Run a script (``start`` and ``observer`` are there already); returns what it left, with ``record``."""
    import json
    import textwrap

    def run(source, *args, env=None, **options):
        path = os.pathsep.join(filter(None, [str(Path(hallow.__file__).parents[1]), os.environ.get("PYTHONPATH")]))
        done = run_script(
            PREAMBLE + textwrap.dedent(source),
            *args,
            env={"PYTHONPATH": path, "PYTHONUNBUFFERED": "", **(env or {})},
            **options,
        )
        record = done.folder / "record.json"
        done.record = json.loads(record.read_text(encoding="utf-8")) if record.exists() else None
        return done

    return run
