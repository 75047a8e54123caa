"""Fixtures that many tests share."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings
from properties import examples

from hallow.settings import SETTINGS

settings.register_profile("hallow", parent=examples(50))
settings.load_profile("hallow")


# Files that take longest. They come first, so that no worker begins one when the others have nothing left to do; those
# that mostly wait come beside those that mostly compute.
LONGEST = (
    "faults/test_faults_mongo.py",
    "docs/test_pages.py",
    "seeds/test_seeds_examples.py",
    "faults/test_faults_observers.py",
    "parity/test_parity.py",
    "running/test_running_staging.py",
    "faults/test_faults_sql.py",
    "running/test_running_capture.py",
    "experiment/test_experiment_commandline.py",
    "faults/test_faults_stores.py",
    "seeds/test_seeds_configuration.py",
    "docs/test_generated.py",
    "faults/test_faults_disks.py",
    "faults/test_faults_signals.py",
    "experiment/test_experiment_pickling.py",
    "seeds/test_seeds_records.py",
    "backends/test_backends_contract_objects.py",
    "servers/test_servers_processes.py",
    "backends/test_backends_contract_sql.py",
    "formats/test_formats_objects.py",
    "stores/test_stores_mistakes.py",
    "backends/test_backends_objects.py",
    "backends/test_backends_mongo_observer.py",
    "backends/test_backends_contract_mongo.py",
    "clients/test_clients_omniboard_live.py",
)


def pytest_configure(config):
    """The fixtures of the servers; none is started before a test asks for it."""
    config.pluginmanager.import_plugin("servers.fixtures")
    if hasattr(signal, "SIGHUP"):
        # Ignored under nohup, and that is inherited by the scripts that are to be ended by it.
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """Half as many again as there are cores: tests wait for servers, for child processes, and until something is late."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None  # xdist reads it
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores + (cores + 1) // 2


def pytest_collection_modifyitems(items):
    """The longest files first; the others, and the tests in each, stay in their order."""
    places = {Path(__file__).parent / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


def pytest_collection_finish():
    """What has been loaded for all tests stays, so the collector need not look at it again with each of them."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _settings_restored():
    """Whatever a test sets is gone afterwards."""
    yield
    SETTINGS.use_profile("hallow")


@pytest.fixture(autouse=True)
def _state_of_its_own(tmp_path_factory, monkeypatch):
    """Journals of a test's runs are among themselves, also those of its child processes."""
    monkeypatch.setenv("HALLOW_STATE_DIR", str(tmp_path_factory.getbasetemp() / "state"))


@pytest.fixture
def sacred_profile():
    """The settings that code written for Sacred expects."""
    SETTINGS.use_profile("sacred")
    return SETTINGS


@dataclass
class Finished:
    """What a child process left behind."""

    out: str
    err: str
    code: int
    folder: Path


@pytest.fixture
def run_script(tmp_path):
    """Write ``source`` to a file and run it: ``run_script(source, "with", "a=1", env={...}, name="exp.py")``."""

    def run(
        source: str,
        *args: str,
        env=None,
        name: str = "exp.py",
        stdin=subprocess.DEVNULL,
        timeout=60,
        flags=(),
    ):
        script = tmp_path / name
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(textwrap.dedent(source), encoding="utf-8")
        full = {**os.environ, "PYTHONIOENCODING": "utf-8", **(env or {})}
        for noise in ("NO_COLOR", "FORCE_COLOR"):
            if env is None or noise not in env:
                full.pop(noise, None)
        done = subprocess.run(
            [sys.executable, *flags, str(script.name), *args],
            cwd=script.parent,
            env=full,
            stdin=stdin,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
        return Finished(
            done.stdout.decode("utf-8", "replace"),
            done.stderr.decode("utf-8", "replace"),
            done.returncode,
            tmp_path,
        )

    return run


# ------------------------------------------------------------------------------ the matrix of stores and promises


def pytest_terminal_summary(terminalreporter):
    """Which back-end keeps which promise of the contract: ok, FAILED, or what it has declared that it cannot do."""
    table, stores = {}, []
    for outcome in ("passed", "failed", "skipped", "error"):
        for report in terminalreporter.getreports(outcome):
            place, _, test = report.nodeid.rpartition("::")
            name = place.rpartition("::")[2].removeprefix("Test")
            if "test_backends_contract_" not in place or getattr(report, "when", "call") == "teardown":
                continue
            if name not in stores:
                stores.append(name)
            cell = {"passed": "ok", "skipped": "cannot"}.get(outcome, "FAILED")
            row = table.setdefault(test.partition("[")[0].removeprefix("test_").replace("_", " "), {})
            row[name] = cell if row.get(name, "ok") == "ok" else row[name]
    if not table:
        return
    terminalreporter.section("promises of the back-ends")
    terminalreporter.line(" " * 62 + "".join(f"{name:>10}" for name in sorted(stores)))
    for promise in sorted(table):
        cells = (table[promise].get(name, "-") for name in sorted(stores))
        terminalreporter.line(f"{promise:62}" + "".join(f"{cell:>10}" for cell in cells))
