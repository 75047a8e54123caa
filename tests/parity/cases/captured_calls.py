# $ with seed=1
# $ with seed=1 b=20
from sacred import Experiment

ex = Experiment("captured")


@ex.config
def cfg():
    a = 1
    b = 2
    d = {"x": 3, "y": {"z": 4}}


@ex.capture
def plain(a, b=10, c=30):
    return a, b, c


@ex.capture
def variadic(a, *args, b, **kwargs):
    return a, args, b, sorted(kwargs.items())


@ex.capture(prefix="d")
def prefixed(x, y, _config):
    return x, y, sorted(_config)


@ex.capture(prefix="d.y")
def deeper(z, _config, a=0):
    return z, dict(_config), a


@ex.capture(prefix="nowhere")
def missing(_config, a=0):
    return dict(_config), a


@ex.capture
def generator(a, b):
    yield a
    yield b


class Thing:
    @ex.capture
    def __init__(self, a):
        self.a = a

    @ex.capture
    def method(self, b, c=7):
        return self.a, b, c

    @staticmethod
    @ex.capture
    def static(a):
        return a

    @classmethod
    @ex.capture
    def of_class(cls, b):
        return cls.__name__, b


@ex.automain
def main(_config, _run, _log, _seed, _rnd):
    """Documented."""
    print(plain(), plain(5), plain(b=5), plain(5, 6, 7), plain(c=1, a=2))
    print(variadic(), variadic(5), variadic(5, k=8))
    print(prefixed(), prefixed(x=1), deeper(), missing())
    print(list(generator()), list(generator(b=3)))
    print(Thing().method(), Thing(9).method(8), Thing.static(), Thing.of_class())
    print(_config["a"], _run.status, _log.name, type(_seed).__name__, hasattr(_rnd, "integers"))
    print(plain.__name__, _run.main_function.__name__, _run.main_function.__doc__)
