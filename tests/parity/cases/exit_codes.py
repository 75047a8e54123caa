# $ value with seed=1
# $ error with seed=1
# $ chained with seed=1
# $ exit3 with seed=1
# $ text with seed=1
# $ interrupt with seed=1
# $ timeout with seed=1
# $ custom with seed=1
# $ invalid with seed=1
# $ error with seed=1 -d
# $ timeout with seed=1 -d
from sacred import Experiment
from sacred import SETTINGS

ex = Experiment("exits")


@ex.config
def cfg():
    a = 1


@ex.command
def value():
    return {"answer": 42}


def deep(n):
    if n:
        return deep(n - 1)
    raise ValueError("from the script")


@ex.capture
def middle(a):
    deep(a)


@ex.command
def error():
    middle()


@ex.command
def chained():
    try:
        middle()
    except ValueError as problem:
        raise RuntimeError("second") from problem


@ex.command
def exit3():
    raise SystemExit(3)


@ex.command
def text():
    raise SystemExit("some text")


@ex.command
def interrupt():
    raise KeyboardInterrupt


@ex.command
def timeout():
    from sacred.utils import TimeoutInterrupt

    raise TimeoutInterrupt()


@ex.command
def custom():
    from sacred.utils import SacredInterrupt

    class Enough(SacredInterrupt):
        STATUS = "ENOUGH"

    raise Enough("custom")


@ex.command
def invalid(a):
    from sacred.utils import InvalidConfigError

    raise InvalidConfigError("must be even", "a")


if __name__ == "__main__":
    ex.run_commandline()
