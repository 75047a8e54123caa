# $ greet
# $ greet with seed=1 name=Bob
# $ with seed=1
# $ greet with seed=1 missing=1
# $ prefixed with seed=1
# $ prefixed with seed=1 sub.y=5
# $ silent with seed=1 -F runs
# $ help greet
# $ help silent
# $ print_config
# $ help
from sacred import Experiment

ex = Experiment("commands")


@ex.config
def cfg():
    name = "Alice"
    sub = {"x": 1}
    seed = 5


@ex.command
def greet(name, punctuation="!"):
    """Say hello.

    To somebody.
    """
    print(f"Hello {name}{punctuation}")
    return name


@ex.command(prefix="sub")
def prefixed(x, _config, y=2):
    """With a prefix."""
    print(x, y, dict(_config))


@ex.command(unobserved=True)
def silent():
    print("silent")


@ex.command
def silent_too():
    pass


@ex.main
def first():
    print("first")


@ex.automain
def second():
    print("second")
