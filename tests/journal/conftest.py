"""A place of their own for the journals of these tests."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import textwrap

import pytest

from hallow.journal.metrics import MetricsLog


@pytest.fixture(autouse=True)
def state_dir(tmp_path, monkeypatch):
    """Where journals without a store's folder lie."""
    folder = tmp_path / "state"
    monkeypatch.setenv("HALLOW_STATE_DIR", str(folder))
    return folder


@pytest.fixture
def folder(tmp_path):
    """An empty folder."""
    path = tmp_path / "journal"
    path.mkdir()
    return str(path)


@pytest.fixture
def logger(caplog):
    """A logger whose messages ``caplog`` has."""
    caplog.set_level(logging.DEBUG, logger="hallow.test")
    return logging.getLogger("hallow.test")


@pytest.fixture
def metrics(folder, logger):
    """An open log of metrics in ``folder``."""
    log = MetricsLog(folder, logger)
    yield log
    log.close()


@pytest.fixture
def child(tmp_path):
    """Start ``source`` as a process of its own: ``child(source, *args)``; whatever is left is killed."""
    started = []

    def start(source, *args, **options):
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(source), *map(str, args)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            **options,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()
