"""The fixture of these tests."""

from __future__ import annotations

import pytest

from hallow import Experiment


@pytest.fixture
def ex():
    """An experiment without entries, whose main function returns its configuration."""
    ex = Experiment("exp", interactive=True)

    @ex.main
    def main(_config):
        return _config

    return ex
