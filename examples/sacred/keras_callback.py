"""A Keras model whose callback logs losses and accuracies after each epoch.

Run:    python -m hallow.as_sacred examples/sacred/keras_callback.py with num_epochs=2 -F runs
Prints: test accuracy ...

Needs Keras 3 with a back-end, here JAX: `pip install keras jax`. The data are made up: stripes in two directions.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
from sacred import Experiment

ex = Experiment("stripes")


METRICS = {
    "loss": "training.loss",
    "accuracy": "training.acc",
    "val_loss": "validation.loss",
    "val_accuracy": "validation.acc",
}


class LogMetrics(keras.callbacks.Callback):
    """Logs what Keras tells at the end of an epoch."""

    def __init__(self, run):
        super().__init__()
        self._run = run

    def on_epoch_end(self, epoch, logs=None):
        """Called by Keras."""
        for key, name in METRICS.items():
            self._run.log_scalar(name, logs[key], epoch)


@ex.config
def cfg():
    batch_size = 64
    num_epochs = 5
    learning_rate = 0.01


@ex.capture
def stripes(count, _rnd):
    """Images of 8 by 8 with noise, and whether their stripes lie or stand."""
    labels = _rnd.integers(0, 2, count)
    lying = (np.arange(8) % 2).repeat(8).reshape(8, 8)
    images = np.where(labels[:, None, None] == 0, lying, lying.T) + _rnd.normal(0, 0.5, (count, 8, 8))
    return images.astype("float32"), labels


@ex.automain
def run(_run, batch_size, num_epochs, learning_rate):
    images, labels = stripes(256)
    layers = [keras.layers.Flatten(), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(2)]
    model = keras.Sequential(layers)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(learning_rate), loss=loss, metrics=["accuracy"])
    model.fit(
        images,
        labels,
        batch_size=batch_size,
        epochs=num_epochs,
        validation_split=0.25,
        callbacks=[LogMetrics(_run)],
        verbose=0,
    )
    _, accuracy = model.evaluate(*stripes(128), verbose=0)
    print(f"test accuracy {accuracy:.2f}")
    return accuracy
