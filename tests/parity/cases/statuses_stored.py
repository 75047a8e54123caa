# $ interrupt with seed=1 -F runs
# $ enough with seed=1 -F runs
# $ exit with seed=1 -F runs
# $ chained with seed=1 -F runs
# $ hook with seed=1 -F runs
from sacred import SETTINGS, Experiment
from sacred.utils import SacredInterrupt

SETTINGS.CAPTURE_MODE = "sys"
ex = Experiment("statuses")


class Enough(SacredInterrupt):
    STATUS = "ENOUGH"


@ex.post_run_hook
def after(_run):
    if _run.meta_info["command"] == "hook":
        raise RuntimeError("after the work")


@ex.command
def interrupt():
    raise KeyboardInterrupt


@ex.command
def enough():
    raise Enough


@ex.command
def exit():
    raise SystemExit(4)


@ex.command
def chained():
    try:
        {}["missing"]
    except KeyError as error:
        raise ValueError("wrapped") from error


@ex.command
def hook():
    return "kept"


if __name__ == "__main__":
    ex.run_commandline()
