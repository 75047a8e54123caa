# $ with seed=1 -F runs
# readonly what is read-only is stored like any list
#   0 - runs/1/run.json| result.pair.py/object = "LIBRARY.ReadOnlyList"
#   0 - runs/1/run.json| result.pair.py/seq[0] = 1
#   0 + runs/1/run.json| result.pair[0] = 1
#   0 - runs/1/run.json| result.pair.py/seq[1].py/object = "LIBRARY.ReadOnlyList"
#   0 - runs/1/run.json| result.pair.py/seq[1].py/seq = [2, "x"]
#   0 + runs/1/run.json| result.pair[1] = [2, "x"]
import datetime
from pathlib import Path

import numpy as np
from sacred import SETTINGS, Experiment

SETTINGS.CAPTURE_MODE = "no"
ex = Experiment("values")


@ex.config
def cfg():
    array = np.arange(3)
    pair = (1, (2, "x"))
    nested = {"a": {"b": [{"c": None}]}}
    text = "ünïcode \n line"
    big = 2**70
    negative = -0.0
    empty_list = []
    empty_dict = {}
    flag = False


@ex.automain
def main(_run, pair, array):
    _run.info["array"] = np.array([[1.5, 2.5]])
    _run.info["pair"] = (1, 2)
    _run.info["set"] = {1}
    _run.info["int keys"] = {1: "x"}
    return {"pair": pair, "kind": type(array).__name__}
