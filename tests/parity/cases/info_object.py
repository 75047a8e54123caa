# $ with seed=1 -F runs
# S-2 numpy scalars are stored as numbers
#   0 - runs/1/info.json| scalar.dtype = "float64"
#   0 - runs/1/info.json| scalar.py/object = "numpy.float64"
#   0 - runs/1/info.json| scalar.value = 2.5
#   0 + runs/1/info.json| scalar = 2.5
#   0 - runs/1/run.json| result.dtype = "int64"
#   0 - runs/1/run.json| result.py/object = "numpy.int64"
#   0 - runs/1/run.json| result.value = 3
#   0 + runs/1/run.json| result = 3
from sacred import SETTINGS, Experiment

SETTINGS.CAPTURE_MODE = "sys"
ex = Experiment("info")


@ex.automain
def main(_run):
    import numpy as np

    print(ex.info is _run.info)
    _run.info["number"] = 1
    ex.info["nested"] = {"list": [1, 2], "tuple": (1, 2), "none": None, "deep": {"x": {"y": "z"}}}
    ex.info["array"] = np.array([[1, 2], [3, 4]])
    ex.info["scalar"] = np.float64(2.5)
    ex.info["text"] = "naïve"
    ex.info[5] = "integer key"
    ex.info["set"] = {3}
    return np.int64(3)
