# $ with seed=1 -F runs
# $ fails with seed=1 -F runs
from sacred import SETTINGS, Experiment

SETTINGS.CAPTURE_MODE = "sys"
ex = Experiment("metrics")


@ex.capture
def log(_run):
    for value in (0.5, 0.25):
        _run.log_scalar("loss", value)
    _run.log_scalar("loss", 0.1, 10)
    _run.log_scalar("loss", 0.05)
    _run.log_scalar("back", 1, 5)
    _run.log_scalar("back", 2, 2)
    _run.log_scalar(metric_name="back", value=3)
    ex.log_scalar("acc.train", 1, step=3)
    ex.log_scalar(name="half", value=True, step=2.5)
    ex.log_scalar("half", 7)
    import numpy as np

    ex.log_scalar("np", np.float32(0.5), np.int64(4))


@ex.command
def fails():
    log()
    raise ValueError("after the metrics")


@ex.automain
def main():
    log()
