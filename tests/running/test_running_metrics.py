"""Logged scalars, from the call to the payload."""

from __future__ import annotations

import logging
import threading
from decimal import Decimal

import numpy as np
import pytest

from hallow.running.metrics import MetricsLogger, linearize_metrics
from hallow.running.times import naive_utc, utc_now


def drained(logger):
    return linearize_metrics(logger.get_last_metrics())


def test_steps_count_from_the_last_one():
    logger = MetricsLogger()
    for step in (None, 10, None, 2, None, 2.5, None):
        logger.log_scalar_metric("m", 1.0, step)
    logger.log_scalar_metric("other", 1.0)
    metrics = drained(logger)
    assert metrics["m"]["steps"] == [0, 10, 11, 2, 3, 2.5, 3.5]
    assert metrics["other"]["steps"] == [0]
    logger.log_scalar_metric("m", 1.0)
    assert drained(logger)["m"]["steps"] == [4.5]
    assert drained(logger) == {}


def test_the_payload_has_parallel_lists_in_order_of_appearance():
    logger = MetricsLogger()
    before = utc_now()
    logger.log_scalar_metric("b", 1)
    logger.log_scalar_metric("a", 2)
    logger.log_scalar_metric("b", 3)
    entries = logger.get_last_metrics()
    assert [(entry.name, entry.step, entry.value) for entry in entries] == [
        ("b", 0, 1),
        ("a", 0, 2),
        ("b", 1, 3),
    ]
    metrics = linearize_metrics(entries)
    assert list(metrics) == ["b", "a"]
    assert set(metrics["b"]) == {"name", "steps", "values", "timestamps"}
    assert metrics["b"]["values"] == [1, 3]
    assert all(before <= moment <= utc_now() and moment.tzinfo is None for moment in metrics["b"]["timestamps"])


class OneElement:
    def item(self):
        return 2.5


def test_foreign_scalars_become_numbers():
    logger = MetricsLogger()
    values = [np.float32(0.5), np.int64(3), np.float64(1.5), np.bool_(True), np.array([7]), OneElement()]
    for value in values:
        logger.log_scalar_metric("m", value, np.int64(4))
    metric = drained(logger)["m"]
    assert metric["values"] == [0.5, 3, 1.5, True, 7, 2.5]
    assert {type(value) for value in metric["values"]} == {float, int, bool}
    assert {type(step) for step in metric["steps"]} == {int}


def test_arrays_become_lists_with_one_warning_for_each_name(caplog):
    logger = MetricsLogger(logging.getLogger("test"))
    for _ in range(3):
        logger.log_scalar_metric("m", np.array([[1, 2], [3, 4]]))
    assert drained(logger)["m"]["values"] == [[[1, 2], [3, 4]]] * 3
    assert caplog.text.count("'m'") == 1


@pytest.mark.parametrize("value", ["text", None, Decimal("1.5"), {"a": 1}, float("inf")])
def test_other_values_pass(value):
    logger = MetricsLogger()
    logger.log_scalar_metric("m", value)
    assert drained(logger)["m"]["values"] == [value]


def test_R21_concurrent_calls_never_repeat_a_step():
    logger = MetricsLogger()

    def log():
        for _ in range(500):
            logger.log_scalar_metric("m", 1)

    threads = [threading.Thread(target=log) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert drained(logger)["m"]["steps"] == list(range(2000))


def test_R19_times_are_naive_utc_with_a_fraction():
    assert naive_utc(0).isoformat() == "1970-01-01T00:00:00.000001"
    assert naive_utc(0.5).isoformat() == "1970-01-01T00:00:00.500000"
    assert utc_now().tzinfo is None
