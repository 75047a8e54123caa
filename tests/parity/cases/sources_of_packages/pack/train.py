"""Trains, as a module."""

from sacred import SETTINGS, Experiment

from . import shared
from .model import size

SETTINGS.CAPTURE_MODE = "no"
ex = Experiment()
ex.add_config(a=1)


@ex.automain
def main(a, _run):
    print(ex.path, size(), shared.LIMIT, a, __name__, __package__)
    print(sorted(name for name, digest in _run.experiment_info["sources"]), _run.experiment_info["mainfile"])
