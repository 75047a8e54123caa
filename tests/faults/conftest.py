"""The stage of each scenario, and the table at the end."""

from __future__ import annotations

import os
import sys

import pytest

if sys.platform.startswith("win"):
    collect_ignore_glob = ["test_*.py"]  # signals, pseudo terminals and process groups
else:
    from faults.harness import LONG, Stage


def pytest_configure(config):
    config.addinivalue_line("markers", "fault(scenario, checked): a row in the table of `make faults`")


@pytest.fixture
def stage(tmp_path):
    """A store, a state folder and scripts to start."""
    stage = Stage(tmp_path / "stage")
    yield stage
    stage.close()


@pytest.fixture(autouse=True)
def _row(request, record_property):
    marker = request.node.get_closest_marker("fault")
    if marker is not None:
        record_property("fault", marker.args)


@pytest.fixture
def times(record_property):
    """``times(short, long)``: how often to do it in this lane."""

    def choose(short: int, long: int) -> int:
        chosen = long if LONG else short
        record_property("times", chosen)
        return chosen

    return choose


@pytest.fixture
def saw(record_property):
    """``saw(text)``: something measured, for the table."""
    return lambda text: record_property("saw", text)


def pytest_terminal_summary(terminalreporter):
    if not os.environ.get("HALLOW_FAULTS"):
        return
    rows = [("scenario", "times", "checked", "seen", "result")]
    for result in ("passed", "failed", "error", "skipped", "xfailed"):
        for report in terminalreporter.stats.get(result, []):
            facts = dict(getattr(report, "user_properties", ()))
            if "fault" in facts:
                scenario, checked = facts["fault"]
                variant = report.nodeid.partition("[")[2].removesuffix("]")
                name = f"{scenario} ({variant})" if variant else scenario
                rows.append((name, str(facts.get("times", 1)), checked, facts.get("saw", ""), result))
    if len(rows) > 1:
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        terminalreporter.section("faults")
        for row in rows:
            terminalreporter.write_line(" | ".join(map(str.ljust, row, widths)).rstrip())
