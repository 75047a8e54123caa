# $ done with seed=1 -F runs
# $ fails with seed=1 -F runs
# $ stops with seed=1 -F runs
# $ replaced with seed=1 -F runs
from sacred import SETTINGS, Experiment
from sacred.utils import SacredInterrupt

SETTINGS.CAPTURE_MODE = "no"
ex = Experiment("early")


@ex.command
def done(_run):
    _run.result = "early"


@ex.command
def replaced(_run):
    _run.result = "early"
    return "late"


@ex.command
def fails(_run):
    _run.result = 0.5
    raise ValueError("after the result")


@ex.command
def stops(_run):
    _run.result = {"best": 1}
    raise SacredInterrupt()


if __name__ == "__main__":
    ex.run_commandline()
