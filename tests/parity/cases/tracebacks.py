# $ chained with seed=1
# $ caused with seed=1
# $ silenced with seed=1
# $ captured with seed=1
# $ syntax with seed=1
# $ group with seed=1
from sacred import Experiment

ex = Experiment("traced")
ex.add_config(a=1)


@ex.capture
def inner(a):
    raise ValueError(a)


@ex.command
def chained():
    try:
        inner()
    except ValueError:
        raise TypeError("second")


@ex.command
def caused():
    try:
        inner()
    except ValueError as error:
        raise TypeError("second") from error


@ex.command
def silenced():
    try:
        inner()
    except ValueError:
        raise TypeError("second") from None


@ex.command
def captured():
    inner()


@ex.command
def syntax():
    compile("a b", "text", "exec")


@ex.command
def group():
    raise KeyError("a key")


if __name__ == "__main__":
    ex.run_commandline()
