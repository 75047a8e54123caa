# $ with seed=1
from sacred import Experiment

ex = Experiment("methods")
ex.add_config(a=1, b={"c": 2})


class Model:
    @ex.capture
    def __init__(self, a, size=3):
        self.a, self.size = a, size

    @ex.capture(prefix="b")
    def method(self, c, extra):
        return self.a, c, extra

    @classmethod
    @ex.capture
    def made(cls, a):
        return cls(a + 1)

    @staticmethod
    @ex.capture
    def still(a):
        return a * 5


def plain(a, seed):
    return a, seed


captured = ex.capture(plain)
prefixed = ex.capture(lambda c: c, prefix="b")


@ex.capture
def generator(a):
    yield from range(a + 1)


@ex.capture
def many(a, *args, key=4, **kwargs):
    "Documented."
    return a, args, key, kwargs


@ex.automain
def main():
    model = Model()
    print(model.a, model.size, model.method(extra=4), model.method(7, 8), Model.made().a, Model.still())
    print(captured(), plain(9, 8), prefixed(), list(generator()), captured(a=3), ex.capture(captured) is captured)
    print(many(), many(2, 3, 4), many(key=5, other=6), many.__doc__, many.__name__)
    print(many.signature, many.signature.arguments, many.signature.vararg_name, many.signature.kw_wildcard_name)
