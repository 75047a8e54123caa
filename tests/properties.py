"""How often a property is tried: a few times by default, many times by ``make fuzz``."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_TIMES = int(os.environ.get("HALLOW_FUZZ", "1"))


def examples(number: int) -> settings:
    """Hypothesis tries that many examples, and ``HALLOW_FUZZ`` times as many if that is set.

    How long one takes depends on the machine and on what else runs there. Fixtures of a test serve all its examples.
    """
    suited = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(max_examples=number * _TIMES, deadline=None, suppress_health_check=suited)
