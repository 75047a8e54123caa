# $ text with seed=1
# $ nothing with seed=1
# $ zero with seed=1
# $ false with seed=1
# $ lines with seed=1
# $ late with seed=1
from sacred import Experiment

ex = Experiment("result")


@ex.command
def text():
    return "some text"


@ex.command
def nothing():
    return None


@ex.command
def zero():
    return 0


@ex.command
def false():
    return False


@ex.command
def lines():
    return ["a", {"b": (1, 2)}]


@ex.command
def late(_run):
    _run.result = "set before"


if __name__ == "__main__":
    ex.run_commandline()
