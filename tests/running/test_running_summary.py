"""What is kept about each metric with its run."""

from __future__ import annotations

import json
import math
import statistics
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallow.records.encoding import untag_nonfinite
from hallow.records.points import Points
from hallow.running.summary import MetricSummary, mean_of

NAN, INF = float("nan"), float("inf")


def points(values, steps=None, name="m"):
    return Points(name, list(range(len(values))) if steps is None else steps, values, [0.0] * len(values))


def stored(summary):
    """The summary as it comes back from strict JSON."""
    return untag_nonfinite(json.loads(json.dumps(summary.as_dict(), allow_nan=False)))


def summary_of(*batches):
    summary = MetricSummary()
    for batch in batches:
        summary.add(points(batch))
    return stored(summary)["m"]


def test_metrics_link():
    """Count, steps, last, least, greatest and mean of each metric, in order of appearance."""
    summary = MetricSummary()
    summary.add(points([3.0, 1.0], [10, 20], "loss"))
    summary.add(points([1, 2], name="epoch"))
    summary.add(points([2.0], [5], "loss"))
    assert summary.as_dict() == {
        "loss": {"count": 3, "first_step": 10, "last_step": 5, "last": 2.0, "min": 1.0, "max": 3.0, "mean": 2.0},
        "epoch": {"count": 2, "first_step": 0, "last_step": 1, "last": 2, "min": 1, "max": 2, "mean": 1.5},
    }
    assert list(summary.as_dict()) == ["loss", "epoch"]


def test_nothing_is_nothing():
    summary = MetricSummary()
    summary.add(points([]))
    assert summary.as_dict() == {}


@pytest.mark.parametrize("values", [[1.0, NAN, 3.0], [INF, 1.0, 3.0], [-INF, INF, 1.0, 3.0], [1.0, 3.0, NAN]])
def test_nan_and_infinities_do_not_spoil_the_rest(values):
    found = summary_of(values)
    assert (found["count"], found["min"], found["max"], found["mean"]) == (len(values), 1.0, 3.0, 2.0)
    assert found["nonfinite"] == len(values) - 2
    assert repr(found["last"]) == repr(values[-1])


def test_nothing_finite():
    found = summary_of([NAN, INF])
    assert (found["min"], found["max"], found["mean"], found["last"], found["nonfinite"]) == (None, None, None, INF, 2)
    assert summary_of([NAN], [1.0])["mean"] == 1.0


def test_what_is_no_number_is_counted_only():
    found = summary_of(["a", 2.0, None, [1, 2], {"b": 1}, 4.0, object(), 1j])
    assert (found["count"], found["other"], found["last"], found["mean"]) == (8, 6, 4.0, 3.0)
    assert "nonfinite" not in found
    found = summary_of(["a"])
    assert (found["last"], found["min"], found["mean"], found["other"]) == (None, None, None, 1)


def test_numbers_of_other_kinds():
    found = summary_of([True, Decimal("2.5"), Fraction(1, 2)], [Decimal("NaN"), 10**400], [Decimal("sNaN")])
    assert (found["min"], found["max"], found["nonfinite"]) == (0.5, 2.5, 3)
    assert found["mean"] == pytest.approx(4 / 3)
    assert summary_of([np.float64(0.5)])["max"] == 0.5
    assert summary_of([True, False]) == {
        "count": 2, "first_step": 0, "last_step": 1, "last": 0, "min": 0, "max": 1, "mean": 0.5,
    }  # fmt: skip


def test_values_that_do_not_compare():
    class Odd:
        def __float__(self):
            return 2.0

    found = summary_of([Odd(), 1.0])
    assert (found["min"], found["max"], found["mean"]) == (1.0, 2.0, 1.5)


def test_whole_numbers_stay_whole():
    found = summary_of([3, 2**60 + 1])
    assert found["max"] == found["last"] == 2**60 + 1
    assert type(found["min"]) is int


LARGEST = sys.float_info.max


@pytest.mark.parametrize(
    "values",
    [
        [1e308, 1e308, 1e308],
        [LARGEST] * 3,
        [-LARGEST] * 7,
        [LARGEST, -LARGEST, LARGEST],
        [1.7e308, -1.7e308, 1.7e308, 1.7e308],
    ],
)
def test_sums_that_are_too_large(values):
    for found in (summary_of(values), summary_of(*([value] for value in values))):
        assert found["mean"] == pytest.approx(mean_of(values))
        assert math.isfinite(found["mean"])
        assert "nonfinite" not in found


@pytest.mark.parametrize("step", ["best", 2.5, NAN, (1, 2), None, object(), [1]])
def test_steps_of_any_kind(step):
    summary = MetricSummary()
    summary.add(points([1.0], [step]))
    found = json.loads(json.dumps(summary.as_dict(), allow_nan=False))["m"]
    assert found["first_step"] == found["last_step"]
    assert json.loads(json.dumps(MetricSummary.restored({"m": found}).as_dict(), allow_nan=False)) == {"m": found}


numbers = st.floats(-1e9, 1e9) | st.integers(-(10**6), 10**6)
anything = numbers | st.sampled_from([NAN, INF, -INF, "text", None])


@given(st.lists(st.lists(numbers, min_size=1, max_size=30), min_size=1, max_size=6))
def test_the_summary_is_that_of_all_points(batches):
    found = summary_of(*batches)
    everything = [value for batch in batches for value in batch]
    assert found["count"] == len(everything)
    assert found["last"] == everything[-1]
    assert (found["min"], found["max"]) == (min(everything), max(everything))
    size = max(map(abs, everything))
    assert found["mean"] == pytest.approx(statistics.fmean(everything), rel=1e-9, abs=size * 1e-12 + 1e-300)
    assert found["mean"] == pytest.approx(np.mean(everything), rel=1e-9, abs=size * 1e-12 + 1e-300)


@given(st.lists(st.lists(anything, min_size=1, max_size=10), min_size=1, max_size=6), st.integers(0, 6))
def test_a_restored_summary_goes_on(batches, cut):
    whole = MetricSummary()
    for batch in batches:
        whole.add(points(batch))
    first = MetricSummary()
    for batch in batches[:cut]:
        first.add(points(batch))
    for state in (first.as_dict(), stored(first)):
        second = MetricSummary.restored(state)
        for batch in batches[cut:]:
            second.add(points(batch))
        assert repr(stored(second)) == repr(stored(whole))


@given(st.lists(anything, max_size=30))
def test_each_value_is_counted_once(values):
    if not values:
        return
    found = summary_of(values)
    real = [value for value in values if isinstance(value, int | float)]
    finite = [value for value in real if math.isfinite(value)]
    assert found.get("other", 0) == len(values) - len(real)
    assert found.get("nonfinite", 0) == len(real) - len(finite)
    assert repr(found["last"]) == repr(real[-1] if real else None)
    assert (found["min"] is None) == (not finite)
    if finite:
        assert (found["min"], found["max"]) == (min(finite), max(finite))
        assert found["mean"] == pytest.approx(statistics.fmean(finite), rel=1e-9, abs=1e-2)
