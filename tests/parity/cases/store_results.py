# $ number with seed=1 -F runs
# $ nothing with seed=1 -F runs
# $ text with seed=1 -F runs
# $ nested with seed=1 -F runs
# $ tuples with seed=1 -F runs
# $ early with seed=1 -F runs
from sacred import SETTINGS, Experiment

SETTINGS.CAPTURE_MODE = "sys"
ex = Experiment("results")


@ex.command
def number():
    return 0.25


@ex.command
def nothing():
    pass


@ex.command
def text():
    return "naïve"


@ex.command
def nested():
    return {"a": [1, {"b": None}], "c": True}


@ex.command
def tuples():
    return (1, (2, 3)), {4}


@ex.command
def early(_run):
    _run.result = 17
    raise RuntimeError("late")


if __name__ == "__main__":
    ex.run_commandline()
