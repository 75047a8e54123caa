# $ with seed=1 -F runs
# $ steps with seed=1 -F runs
import numpy as np
from sacred import SETTINGS, Experiment

SETTINGS.CAPTURE_MODE = "no"
ex = Experiment("metrics")


@ex.main
def main(_run):
    ex.log_scalar("float", 0.5)
    _run.log_scalar("int", 3)
    _run.log_scalar("numpy", np.float32(0.25))
    _run.log_scalar("numpy", np.int64(7))
    _run.log_scalar("text", "word")
    _run.log_scalar("none", None)
    _run.log_scalar("bool", True)
    _run.log_scalar("a.b", 1)
    _run.log_scalar(metric_name="keyword", value=1, step=3)
    ex.log_scalar(name="keyword", value=2, step=4)


@ex.command
def steps(_run):
    for step in (None, 10, None, 2, None, 2.5, None, np.int64(20), None):
        _run.log_scalar("m", 1.0, step)


if __name__ == "__main__":
    ex.run_commandline()
