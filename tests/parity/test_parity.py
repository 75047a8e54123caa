"""hallow's Sacred profile does what Sacred 0.8.7 did, line by line, but for the differences that cases list."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest

_SPEC = importlib.util.spec_from_file_location("parity_runner", Path(__file__).with_name("runner.py"))
runner = importlib.util.module_from_spec(_SPEC)
sys.modules.setdefault("parity_runner", runner)
_SPEC.loader.exec_module(runner)

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="cases run in forks")
CASES = {case.name: case for case in runner.all_cases()}


@pytest.fixture(scope="session")
def results():
    """All cases at once, in few processes."""
    return runner.run_cases(list(CASES.values()), "hallow")


#: Cases in which Python itself differs from the version that the expectations were recorded with: the lines of a
#: traceback before 3.11, and docstrings, which 3.13 strips of their indentation.
PYTHON = {"options_run": ((3, 11), (3, 99)), "named_configs": ((3, 0), (3, 12))}


@pytest.mark.parametrize("name", CASES)
def test_parity(name, results):
    first, last = PYTHON.get(name, ((3, 0), (3, 99)))
    if not first <= sys.version_info[:2] <= last:
        pytest.skip("Python words this differently in this version")
    case = CASES[name]
    found = runner.differences(runner.expectation(case), results[name])
    unlisted = list((found - case.differences).elements())
    gone = list((case.differences - found).elements())
    assert not unlisted, "differs from Sacred without a reason in the header:\n" + "\n".join(unlisted[:40])
    assert not gone, "listed differences that do not occur (any more):\n" + "\n".join(gone)


def test_every_expectation_has_its_case():
    assert {path.stem for path in runner.EXPECTED.glob("*.json")} == set(CASES)
