"""A search for the minimum of a function, recorded in the MongoDB that MONGO_URI names.

Run:    docker compose run --rm experiment with rate=0.3
Prints: x = 2.000
"""

import os

from sacred import Experiment
from sacred.observers import MongoObserver

ex = Experiment("minimum")
uri = os.environ.get("MONGO_URI")  # with its password it stays out of the configuration, which is recorded
if uri:
    database = uri.partition("?")[0].rpartition("/")[2]
    ex.observers.append(MongoObserver(url=uri, db_name=database))


@ex.config
def cfg():
    rate = 0.1  # length of a step, as a part of the slope
    steps = 60


@ex.automain
def main(_run, rate, steps):
    x = 10.0
    for step in range(steps):
        _run.log_scalar("value", (x - 2) ** 2, step)
        x -= rate * 2 * (x - 2)
    print(f"x = {x:.3f}")
    return x
