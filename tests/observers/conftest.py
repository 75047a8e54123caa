"""Fixtures of the tests of observers."""

from __future__ import annotations

import pytest

from observers_http import Service


@pytest.fixture
def service(monkeypatch):
    """A service that takes everything; no proxy of the environment is in the way."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    service = Service()
    yield service
    service.close()
