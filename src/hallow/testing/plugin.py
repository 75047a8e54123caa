"""A pytest plug-in: ``pytest_plugins = ["hallow.testing.plugin"]``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest


@pytest.fixture
def configured() -> Iterator[Callable[..., dict[str, Any]]]:
    """Give captured functions a configuration until the test ends: ``configured(ex, lr=0.1)`` returns it.

    No run is started and nothing is recorded.
    """
    with ExitStack() as stack:

        def configure(experiment: Any, *args: Any, **updates: Any) -> dict[str, Any]:
            config: dict[str, Any] = stack.enter_context(experiment.configured(*args, **updates))
            return config

        yield configure
