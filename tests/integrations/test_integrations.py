"""What all integrations have in common: loading, the run, names of metrics, plain values."""

from __future__ import annotations

import enum
import json
import logging
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import hallow.integrations
from hallow.errors import NotRunningError
from hallow.integrations.recorder import Recorder, class_name, named, numbers, plain, run_of

FRAMEWORKS = {
    "jax",
    "keras",
    "lightgbm",
    "lightning",
    "mlflow",
    "numpy",
    "optuna",
    "pandas",
    "pytorch_lightning",
    "scipy",
    "sklearn",
    "tensorboard",
    "tensorflow",
    "torch",
    "transformers",
    "wandb",
    "xgboost",
}


def loaded_by(statement):
    source = f"import sys\n{statement}\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    return set(subprocess.check_output([sys.executable, "-c", source], text=True).split())


def test_importing_loads_no_framework():
    assert FRAMEWORKS.isdisjoint(loaded_by("import hallow.integrations; dir(hallow.integrations)"))


def test_those_that_need_none_load_none():
    """The framework calls them with objects of its own."""
    loaded = loaded_by("from hallow.integrations import OptunaCallback; from hallow.integrations.sklearn import record")
    assert FRAMEWORKS.isdisjoint(loaded)


def test_names():
    assert set(hallow.integrations.__all__) <= set(dir(hallow.integrations))
    assert {"KerasCallback", "HallowLogger", "TransformersCallback", "OptunaCallback", "sklearn"} <= set(
        hallow.integrations.__all__
    )
    assert hallow.integrations.sklearn.record.__module__ == "hallow.integrations.sklearn"
    with pytest.raises(AttributeError, match=r"hallow\.integrations has no 'Keras'; it has .*KerasCallback"):
        hallow.integrations.Keras


def test_which_run(recorded):
    """The run given, that of an experiment, or the one that is going on."""

    def main(_run):
        assert run_of() is run_of(_run) is run_of(recorded.experiment) is _run

    assert recorded.run(main).status == "COMPLETED"
    for nothing in (None, hallow.Experiment("never", interactive=True)):
        with pytest.raises(NotRunningError, match="there is no run to record into"):
            run_of(nothing)


def test_a_recorder_stays_with_the_run_in_which_it_was_made(recorded):
    def main(_run):
        recorder = Recorder(None, "", "test")
        with recorded.experiment.start(unobserved=True, loglevel="ERROR", capture="no") as inner:
            recorder.log({"x": 1})
            Recorder(None, "", "test").log({"inner": 2})
            assert inner is not _run

    assert set(recorded.run(main).metrics) == {"x"}


def test_a_recorder_made_before_finds_the_run_of_each_call(recorded):
    recorder = Recorder(None, "", "test")

    def main():
        recorder.log({"x": 1})

    assert [len(recorded.run(main).metrics["x"]) for _ in range(2)] == [1, 1]


@pytest.mark.parametrize(
    ("prefix", "expected"), [("", "loss"), ("a", "a.loss"), ("a.", "a.loss"), ("a/", "a/loss"), ("a_", "a_loss")]
)
def test_prefixes(prefix, expected):
    assert named(prefix, "loss") == expected


def test_numbers_are_told_from_the_rest():
    values = {"a": 1, "b": np.float32(0.5), "c": np.array([2.0]), "d": True, "e": float("nan"), 5: 0}
    rest = {"f": "text", "g": None, "h": np.ones(3), "i": [1], "j": {"k": 1}, "l": object()}
    found = numbers({**values, **rest})
    assert found.keys() == {str(name) for name in values}
    assert all(type(value) in (int, float, bool) for value in found.values())


def test_what_is_left_out_is_said_once(recorded, caplog):
    def main(_run):
        recorder = Recorder(_run, "", "test")
        with caplog.at_level(logging.WARNING, "hallow.integrations"):
            for _ in range(3):
                recorder.log({"x": 1, "matrix": np.ones((2, 3))})

    assert len(recorded.run(main).metrics["x"]) == 3
    assert [message for message in caplog.messages if "matrix" in message] == [
        "test gave a numpy.ndarray of shape (2, 3) for the metric 'matrix', which is left out: only single numbers are logged"
    ]


class Colour(enum.Enum):
    RED = "red"


class Word(str, enum.Enum):
    ONE = "one"


class Level(enum.IntEnum):
    LOW = 1


class Path:
    def __fspath__(self):
        return "x"


class Thing:
    def method(self):
        """A method."""


class Shown:
    def __str__(self):
        return f"shown {object()}"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.arange(3), [0, 1, 2]),
        ((1, (2.5, "x")), [1, [2.5, "x"]]),
        ({1: {"a"}, "b": frozenset({2, 1})}, {"1": ["a"], "b": [1, 2]}),
        (range(3), [0, 1, 2]),
        (Word.ONE, "one"),
        (Level.LOW, 1),
        (Colour.RED, "Colour.RED"),
        (pathlib.PurePosixPath("/data/x"), "/data/x"),
        (os.path.join, "posixpath.join"),
        (len, "len"),
        (dict, "dict"),
        (np.float64, "numpy.float64"),
        (Shown(), "shown <object object>"),
        (b"ab", "b'ab'"),
    ],
    ids=lambda value: type(value).__name__,  # not the value: it may show its address, and xdist compares
)
def test_plain_values(value, expected):
    found = plain(value)
    assert found == expected
    assert type(found) is type(expected)
    assert json.loads(json.dumps(found)) == expected


def test_plain_values_have_no_addresses():
    assert plain(Thing()) == class_name(Thing()) == f"{Thing.__module__}.Thing"
    assert plain(Thing().method) == f"{Thing.__module__}.Thing.method"
    assert len(plain("x" * 5000)) == 5000
