"""hallow under Sacred's names does what Sacred 0.8.7 did, line by line, but for the differences that cases list."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def loaded(name):
    """A module of this folder, which is no package."""
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


runner, page = loaded("runner"), loaded("page")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="cases run in forks")
CASES = {case.name: case for case in runner.all_cases()}


@pytest.fixture(scope="session")
def results():
    """All cases at once, in few processes."""
    return runner.run_cases([case for case in CASES.values() if not case.missing()], "hallow")


#: Cases in which Python itself differs from the version that the expectations were recorded with: the lines of a
#: traceback before 3.11, and docstrings, which 3.13 strips of their indentation.
PYTHON = {
    "named_configs": ((3, 0), (3, 12)),
    "named_configs_printed": ((3, 0), (3, 12)),
    "option_debug": ((3, 11), (3, 99)),
    "options_run": ((3, 11), (3, 99)),
}


@pytest.mark.parametrize("name", CASES)
def test_parity(name, results):
    first, last = PYTHON.get(name, ((3, 0), (3, 99)))
    if not first <= sys.version_info[:2] <= last:
        pytest.skip("Python words this differently in this version")
    case = CASES[name]
    if case.missing():
        pytest.skip(f"needs {', '.join(case.missing())}")
    found = runner.differences(runner.expectation(case), results[name])
    unlisted = list((found - case.differences).elements())
    gone = list((case.differences - found).elements())
    assert not unlisted, "differs from Sacred without a reason in the header:\n" + "\n".join(unlisted[:40])
    assert not gone, "listed differences that do not occur (any more):\n" + "\n".join(gone)


def test_every_expectation_has_its_case():
    assert {path.stem for path in runner.EXPECTED.glob("*.json")} == set(CASES)


def test_no_difference_is_to_be_mended():
    assert [case.name for case in CASES.values() if any(reason.startswith("BUG") for reason in case.reasons)] == []


def test_the_page_of_differences_is_current():
    assert page.PAGE.read_text(encoding="utf-8") == page.page(), "run make compare, or python tests/parity/page.py"
