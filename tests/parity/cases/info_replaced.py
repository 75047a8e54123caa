# $ with seed=1 -F runs
from sacred import SETTINGS, Experiment

SETTINGS.CAPTURE_MODE = "no"
ex = Experiment("info")


@ex.automain
def main(_run):
    print(ex.info is _run.info, _run.info)
    _run.info.setdefault("list", []).append(1)
    ex.info["list"].append({"x": (1, 2)})
    _run.info = {"replaced": True, **_run.info}
    ex.info["late"] = None
