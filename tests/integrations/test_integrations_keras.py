"""Keras: metrics, steps and facts of real trainings, on JAX."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import hallow
from hallow.errors import LogValueError, NotRunningError

# Keras gives numpy its variables in the old way.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning:keras"
)
keras = pytest.importorskip("keras")
from hallow.integrations import KerasCallback  # noqa: E402 - needs Keras

X = np.linspace(-1, 1, 48, dtype="float32").reshape(16, 3)
Y = X.sum(axis=1)


def small_model(**compiled):
    model = keras.Sequential([keras.layers.Dense(1)], name="small")
    model.compile(**{"optimizer": keras.optimizers.SGD(0.1), "loss": "mse", "metrics": ["mae"], **compiled})
    return model


def fit(model, callback, **options):
    return model.fit(X, Y, **{"batch_size": 4, "epochs": 2, "verbose": 0, "callbacks": [callback], **options})


def test_epochs_become_metrics(recorded):
    """What Keras keeps in its history is what the record has, at the same epochs."""
    histories = []

    def train(_run):
        histories.append(fit(small_model(), KerasCallback(_run), validation_split=0.25).history)

    record = recorded.run(train)
    assert set(record.metrics) == {"loss", "mae", "val_loss", "val_mae", "learning_rate"}
    for name, values in histories[0].items():
        assert record.metrics[name].steps == [0, 1]
        assert record.metrics[name].values == pytest.approx(values)
    assert record.metrics["learning_rate"].values == pytest.approx([0.1, 0.1])


def test_facts_of_the_training(recorded):
    def train(_run):
        fit(small_model(), KerasCallback(_run))

    record = recorded.run(train)
    facts = record.info["keras"]
    assert facts["params"]["epochs"] == 2
    assert facts["model"] == {"name": "small", "class": "Sequential", "parameters": 4}
    assert (facts["loss"], facts["optimizer"]["class"], facts["epochs"]) == ("mse", "SGD", 2)
    assert facts["optimizer"]["learning_rate"] == pytest.approx(0.1)
    assert facts["last"]["loss"] == pytest.approx(record.metrics["loss"].values[-1])
    assert facts["stopped_early"] is False
    assert "dense" in record.artifact("texts/model/00000000.txt").read_text()


def test_epochs_go_on_counting(recorded):
    """Over several fits, also with another callback, and where the user counts with initial_epoch."""

    def train(_run):
        model = small_model()
        first = KerasCallback()
        fit(model, first)
        fit(model, first)
        fit(model, KerasCallback(), epochs=6, initial_epoch=4)
        fit(model, KerasCallback(), epochs=1)

    record = recorded.run(train)
    assert record.metrics["loss"].steps == list(range(7))
    assert record.info["keras"]["epochs"] == 7


def test_a_resumed_run_goes_on_counting(recorded):
    def train(_run):
        fit(small_model(), KerasCallback(_run))
        if not _run.resumed:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recorded.run(train)
    run_id = recorded.experiment.current_run._id
    recorded.experiment.run("train", resume=run_id, loglevel="ERROR", capture="no")
    assert recorded.record(run_id).metrics["loss"].steps == [0, 1, 2, 3]


def test_batches(recorded):
    """Each second of the eight batches of two epochs, with counts that the epochs do not reset."""

    def train(_run):
        fit(small_model(), KerasCallback(_run, every=2))

    record = recorded.run(train)
    assert record.metrics["batch.loss"].steps == [1, 3, 5, 7]
    assert record.metrics["loss"].steps == [0, 1]
    assert record.info["keras"]["batches"] == 8
    # The last batch of an epoch has the mean over the epoch.
    assert record.metrics["batch.loss"].values[1::2] == pytest.approx(record.metrics["loss"].values)


def test_evaluation_is_apart_from_validation(recorded):
    found = []

    def train(_run):
        model, callback = small_model(), KerasCallback(_run)
        fit(model, callback, validation_data=(X, Y))
        found.extend(model.evaluate(X, Y, verbose=0, callbacks=[callback]))

    record = recorded.run(train)
    assert record.metrics["val_loss"].steps == [0, 1]
    assert (record.metrics["test_loss"].steps, record.metrics["test_loss"].values) == ([1], [pytest.approx(found[0])])
    assert record.info["keras"]["last"]["test_mae"] == pytest.approx(found[1])


def test_evaluation_after_an_interrupted_fit(recorded):
    """Keras does not say that an interrupted fit ends."""

    class Interrupt(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise ZeroDivisionError

    def train(_run):
        model, callback = small_model(), KerasCallback(_run)
        with pytest.raises(ZeroDivisionError):
            model.fit(X, Y, verbose=0, callbacks=[callback, Interrupt()])
        model.evaluate(X, Y, verbose=0, callbacks=[callback])

    assert set(recorded.run(train).metrics) >= {"loss", "test_loss"}


def test_learning_rates_that_change_and_early_stopping(recorded):
    def train(_run):
        schedule = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.1 / (epoch + 1))
        stop = keras.callbacks.EarlyStopping(monitor="loss", mode="max", patience=2)
        small_model().fit(X, Y, epochs=9, verbose=0, callbacks=[schedule, KerasCallback(_run), stop])

    record = recorded.run(train)
    assert record.metrics["learning_rate"].values == pytest.approx([0.1, 0.05, 0.1 / 3])
    assert record.info["keras"]["stopped_early"] is True


def test_prefixes_keep_models_apart(recorded):
    def train(_run):
        fit(small_model(), KerasCallback(_run, prefix="teacher"), epochs=3)
        fit(small_model(loss=keras.losses.Huber()), KerasCallback(_run, prefix="student/"))

    record = recorded.run(train)
    assert record.metrics["teacher.loss"].steps == [0, 1, 2]
    assert record.metrics["student/loss"].steps == [0, 1]
    assert record.info["keras"]["teacher"]["epochs"] == 3
    assert record.info["keras"]["student"]["loss"] == "Huber"


def test_a_run_that_was_reopened(recorded):
    def train(_run):
        fit(small_model(), KerasCallback(_run))

    run_id = recorded.run(train).run_id
    with hallow.reopen(str(recorded.folder), run_id) as ended:
        fit(small_model(), KerasCallback(ended), epochs=1)
    record = recorded.record(run_id)
    assert record.metrics["loss"].steps == [0, 1, 2]
    assert [file.name for file in record.artifacts] == [f"texts/model/0000000{step}.txt" for step in range(2)]


def test_without_a_run():
    with pytest.raises(NotRunningError, match="there is no run to record into"):
        fit(small_model(), KerasCallback())


def test_an_experiment_stands_for_its_run(recorded):
    callback = KerasCallback(recorded.experiment)

    def train(_run):
        fit(small_model(), callback)

    assert len(recorded.run(train).metrics["loss"]) == 2
    with pytest.raises(NotRunningError, match=r"has ended \(COMPLETED\).*hallow\.reopen"):
        fit(small_model(), callback)


def test_the_documentation(documented, recorded):
    exec(documented("Keras"), {"ex": recorded.experiment, "model": small_model(), "x": X, "y": Y})
    done = recorded.record(recorded.experiment.run("train", capture="no", loglevel="ERROR")._id)
    assert set(done.metrics) >= {"loss", "val_mae", "learning_rate", "test_loss"}
    assert done.metrics["val_loss"].steps == [0, 1, 2]


@pytest.mark.parametrize("every", [0, -1, "batch", 2.5])
def test_every_is_checked(every):
    with pytest.raises(LogValueError, match=r'every=.*: give "epoch"'):
        KerasCallback(every=every)


KERAS_2 = """
import sys, types
sys.modules["keras"] = None                             # as if it were not installed

class Callback:                                         # what callbacks of Keras 2 are
    def __init__(self):
        self.params, self.model = None, None
    def set_params(self, params):
        self.params = params
    def set_model(self, model):
        self.model = model

tf_keras = types.ModuleType("tf_keras")
tf_keras.callbacks = types.SimpleNamespace(Callback=Callback)
sys.modules["tf_keras"] = tf_keras

from hallow import Experiment
from hallow.integrations import KerasCallback

assert issubclass(KerasCallback, Callback)

class Optimizer:
    learning_rate = 0.5
    def get_config(self):
        return {"name": "SGD", "learning_rate": 0.5}

class Model:
    name, loss, optimizer, built, stop_training = "old", "mse", Optimizer(), True, False
    def count_params(self):
        return 3
    def summary(self, print_fn):
        print_fn("a layer")

ex = Experiment("old", interactive=True, save_git_info=False)

@ex.main
def main(_run):
    callback = KerasCallback()
    callback.set_model(Model())
    callback.set_params({"epochs": 2, "steps": 1, "verbose": 0})
    callback.on_train_begin({})
    for epoch in range(2):
        callback.on_epoch_begin(epoch, {})
        callback.on_test_end({"loss": 2.0})
        callback.on_epoch_end(epoch, {"loss": 1.0, "val_loss": 2.0})
    callback.on_train_end({})
    return [_run.info["keras"][key] for key in ("epochs", "last", "model")]

print(ex.run(unobserved=True, loglevel="ERROR", capture="no").result)
"""


def test_the_interface_of_keras_2():
    """The base class comes from what is there, and the calls of Keras 2 are understood."""
    out = subprocess.check_output([sys.executable, "-W", "error", "-c", KERAS_2], text=True)
    assert out.strip() == str(
        [2, {"learning_rate": 0.5, "loss": 1.0, "val_loss": 2.0}, {"name": "old", "class": "Model", "parameters": 3}]
    )


def test_without_keras():
    source = (
        "import sys; sys.modules.update(dict.fromkeys(['keras', 'tf_keras', 'tensorflow']))\n"
        "import hallow.integrations\n"
        "try: hallow.integrations.KerasCallback\n"
        "except ImportError as error: print(type(error).__name__, error)"
    )
    out = subprocess.check_output([sys.executable, "-c", source], text=True)
    assert out.startswith("MissingExtraError KerasCallback needs keras (")
    assert out.strip().endswith("install it: pip install keras")
