# $ with seed=42
from sacred import SETTINGS, Experiment

SETTINGS.CONFIG.NUMPY_RANDOM_LEGACY_API = True
ex = Experiment("legacy")


@ex.capture
def a(_seed, _rnd):
    return _seed, float(_rnd.rand()), type(_rnd).__name__


@ex.automain
def main(_seed):
    print(_seed, a(), a())
