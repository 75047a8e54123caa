# $ paused with seed=1 -F runs
# $ timeout with seed=1 -F runs
# $ keyboard with seed=1 -F runs
# $ paused with seed=1 -d
from sacred import SETTINGS, Experiment
from sacred.utils import SacredInterrupt, TimeoutInterrupt

SETTINGS.CAPTURE_MODE = "no"
ex = Experiment("interrupted")


class Paused(SacredInterrupt):
    STATUS = "PAUSED"


@ex.command
def paused():
    raise Paused()


@ex.command
def timeout():
    raise TimeoutInterrupt("too late")


@ex.command
def keyboard():
    raise KeyboardInterrupt()


if __name__ == "__main__":
    ex.run_commandline()
