# $ with seed=1
from sacred import SETTINGS, Experiment

SETTINGS.CONFIG.READ_ONLY_CONFIG = False
ex = Experiment("writable")


@ex.config
def cfg():
    d = {"x": 1}
    l = [1]


@ex.capture
def look(d, l):
    return d, l


@ex.automain
def main(d, l):
    d["x"] = 2
    l.append(5)
    print(look(), type(d).__name__, type(l).__name__)
