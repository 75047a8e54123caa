"""Parents and children, tags and groups, and which runs are kept."""

from __future__ import annotations

import json
import statistics
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallow.errors import HallowError, SettingError
from hallow.records.points import Points
from hallow.running.family import aggregate, check_group, check_tags, child_facts
from hallow.running.outcomes import is_kept, why_not_kept
from hallow.running.summary import MetricSummary
from hallow.settings import SETTINGS

NAN = float("nan")


def child(result=None, number=1, status="COMPLETED", **metrics):
    summary = MetricSummary()
    for name, value in metrics.items():
        summary.add(Points(name, [0, 1], [0.0, value], [0.0, 0.0]))
    run = SimpleNamespace(_id=number, command="fold", status=status, result=result)
    facts = child_facts(run, summary)
    json.dumps(facts, allow_nan=False)
    return facts


def test_what_a_child_tells():
    assert child(0.5, 7, loss=0.25) == {
        "id": 7,
        "command": "fold",
        "status": "COMPLETED",
        "result": 0.5,
        "metrics": {"loss": 0.25},
    }
    assert child(loss=NAN)["metrics"] == {"loss": {"py/float": "nan"}}


@pytest.mark.parametrize(
    ("result", "kept"),
    [
        (3, 3),
        (True, True),
        (np.float32(0.5), 0.5),
        (np.array([2]), 2),
        ({"acc": np.float64(0.5), 3: 1, "model": "x", "bad": NAN}, {"acc": 0.5, "3": 1}),
    ],
)
def test_results_that_are_numbers(result, kept):
    assert child(result)["result"] == kept


@pytest.mark.parametrize("result", [None, "0.5", [1, 2], {}, {"a": "b"}, np.zeros(2), NAN, 1j, 10**400, object()])
def test_other_results_are_left_out(result):
    assert "result" not in child(result)


def test_ids_of_any_kind():
    assert child(number="abc")["id"] == "abc"
    assert child(number=None)["id"] is None


def test_parent_child():
    """Cross-validation with five children: the parent has the aggregate of their results and metrics."""
    accuracies = [0.5, 0.75, 1.0, 0.25, 0.5]
    children = [child({"acc": acc, "n": 3}, number, loss=1 - acc) for number, acc in enumerate(accuracies)]
    found = aggregate(children)
    json.dumps(found, allow_nan=False)
    assert list(found) == ["result.acc", "result.n", "loss"]
    assert found["result.acc"] == {
        "mean": pytest.approx(0.6),
        "std": pytest.approx(statistics.stdev(accuracies)),
        "min": 0.25,
        "max": 1.0,
        "count": 5,
    }
    assert found["loss"]["mean"] == pytest.approx(0.4)
    assert found["result.n"] == {"mean": 3, "std": 0, "min": 3, "max": 3, "count": 5}


def test_a_single_child():
    assert aggregate([child(2)]) == {"result": {"mean": 2, "std": 0, "min": 2, "max": 2, "count": 1}}
    assert aggregate([]) == aggregate([child("text")]) == {}


def test_what_is_not_finite_is_left_out():
    found = aggregate([child(loss=NAN), child(loss=1.0), child(acc=3.0)])
    assert found["loss"]["count"] == found["acc"]["count"] == 1


def test_children_that_failed_are_left_out():
    assert aggregate([child(1, status="FAILED"), child(3), child(5, status="TIMEOUT")])["result"]["mean"] == 4


def test_a_metric_called_result():
    facts = {**child(1), "metrics": {"result": 7.0}}
    assert aggregate([facts])["metrics.result"]["mean"] == 7
    assert aggregate([{"metrics": {"result": 7.0}}])["result"]["mean"] == 7


def test_records_of_other_versions_are_read():
    assert aggregate([{}, {"metrics": None, "result": None}, {"metrics": {"a": "text"}}]) == {}


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_any_results_give_strict_json(values):
    found = aggregate([child(value) for value in values])["result"]
    json.dumps(found, allow_nan=False)
    assert found["count"] == len(values)
    assert (found["min"], found["max"]) == (min(values), max(values))


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20))
def test_the_statistics_are_those_of_the_library(values):
    found = aggregate([child(value) for value in values])["result"]
    assert found["mean"] == pytest.approx(statistics.fmean(values), rel=1e-9, abs=1e-9)
    assert found["std"] == pytest.approx(np.std(values, ddof=1), rel=1e-6, abs=1e-6)


# ---------------------------------------------------------------------------------------------------- tags and group


@pytest.mark.parametrize(
    ("tags", "kept"),
    [
        (None, []),
        ([], []),
        ("paper", ["paper"]),
        (["b", "a", "b"], ["b", "a"]),
        (("a",), ["a"]),
        ({"b", "a"}, ["a", "b"]),
    ],
)
def test_tags(tags, kept):
    assert check_tags(tags) == kept


@pytest.mark.parametrize("tags", [3, {"a": 1}, ["a", 3], [""], "  ", [["a"]], b"a"])
def test_what_is_no_tag_is_refused(tags):
    with pytest.raises(HallowError, match="tag.* must be a string"):
        check_tags(tags)
    with pytest.raises(ValueError, match="not"):
        check_tags(tags)


def test_groups():
    assert check_group("ablation") == "ablation"
    assert check_group(None) is None
    for group in (3, "", " ", ["a"]):
        with pytest.raises(HallowError, match="group"):
            check_group(group)


# ------------------------------------------------------------------------------------------------ which runs are kept


@pytest.fixture
def settings():
    return SETTINGS.frozen_copy()._copy(frozen=False)


def test_all_runs_are_kept_by_default(settings):
    assert settings.KEEP_RUNS == "all"
    for status in ("COMPLETED", "FAILED", "INTERRUPTED", "TIMEOUT", "MINE"):
        assert is_kept(status, 0.0, settings)
        assert why_not_kept(status, 0.0, settings) is None


def test_discard_failed(settings):
    settings.KEEP_RUNS = ["COMPLETED", "mine"]
    kept = {status: is_kept(status, 3600, settings) for status in ("COMPLETED", "FAILED", "INTERRUPTED", "Mine")}
    assert kept == {"COMPLETED": True, "FAILED": False, "INTERRUPTED": False, "Mine": True}
    assert why_not_kept("FAILED", 1, settings.frozen_copy()) == (
        "The record of this run is removed: FAILED is not in SETTINGS.KEEP_RUNS=['COMPLETED', 'mine']"
    )


def test_long_runs_are_kept_whatever_their_status(settings):
    settings.update({"KEEP_RUNS": ["COMPLETED"], "KEEP_RUNS_LONGER_THAN": 60})
    assert is_kept("FAILED", 60.5, settings)
    assert not is_kept("FAILED", 60, settings)
    assert is_kept("COMPLETED", 1, settings)
    assert "no longer than 60 s" in why_not_kept("FAILED", 1, settings)


def test_only_long_runs(settings):
    settings.update({"KEEP_RUNS": [], "KEEP_RUNS_LONGER_THAN": 60})
    assert not is_kept("COMPLETED", 1, settings)
    assert is_kept("COMPLETED", 61, settings)


def test_the_time_alone_removes_nothing(settings):
    settings.KEEP_RUNS_LONGER_THAN = 60
    assert is_kept("FAILED", 1, settings)


@pytest.mark.parametrize("status", ["QUEUED", "RUNNING", None])
def test_what_is_no_end_is_kept(settings, status):
    settings.KEEP_RUNS = []
    assert is_kept(status, 0, settings)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("KEEP_RUNS", "COMPLETED"),
        ("KEEP_RUNS", [1]),
        ("KEEP_RUNS", None),
        ("KEEP_RUNS_LONGER_THAN", -1),
        ("EXIT_TIMEOUT", "30"),
        ("EXIT_TIMEOUT", NAN),
        ("STRICT_OBSERVERS", 1),
        ("KEEP_JOURNAL", "yes"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, key, value):
    with pytest.raises(SettingError, match=key):
        settings[key] = value


def test_settings_of_output_and_metrics(settings):
    assert settings.OUTPUT == {"STREAMS": "both", "MAX_BYTES": 0, "FOLD": True, "DURABLE": True}
    assert settings.METRICS == {"NON_SCALARS": "refuse"}
    settings.use_profile("sacred")
    assert settings.OUTPUT.FOLD is False
    assert settings.METRICS.NON_SCALARS == "keep"
    for group, key, value in [("OUTPUT", "STREAMS", "none"), ("OUTPUT", "MAX_BYTES", 1.5), ("OUTPUT", "MAX_BYTES", -1)]:
        with pytest.raises(SettingError, match=key):
            settings[group][key] = value
