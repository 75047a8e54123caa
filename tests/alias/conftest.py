"""The names of Sacred in this process, for the time of a test."""

from __future__ import annotations

import sys

import pytest

import hallow.as_sacred as as_sacred

_FINDER = as_sacred._Finder


def put_away():
    """As if hallow.as_sacred had not been imported."""
    while _FINDER in sys.meta_path:
        sys.meta_path.remove(_FINDER)
    while as_sacred._IMPORTABLE in sys.path:
        sys.path.remove(as_sacred._IMPORTABLE)
    for name in [name for name in sys.modules if name.partition(".")[0] == "sacred"]:
        del sys.modules[name]
    as_sacred.SETTINGS.use_profile("hallow")


# Other tests run in this process too.
put_away()


@pytest.fixture
def alias():
    """``import sacred`` works."""
    as_sacred.activate()
    yield as_sacred
    put_away()


@pytest.fixture
def ex(alias):
    from sacred import Experiment

    return Experiment("usage")


@pytest.fixture
def script(tmp_path, run_script):
    """Runs a script with Sacred's names: what it printed, what it complained of, its exit code."""

    def run(source, *arguments, name="train.py", **more):
        # From the file of the runner, so that the experiment's source is the script.
        return run_script(source, *arguments, name=name, flags=("-m", "hallow.as_sacred"), **more)

    return run
