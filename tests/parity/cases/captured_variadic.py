# $ with seed=1
# E4 positional-only arguments are filled, extra positional arguments pass through
#   1 - out| all TypeError
#   1 + out| all (5, (6,), 7, [('k', 8)])
#   1 - out| positional only TypeError
#   1 + out| positional only (1, 2)
#   1 - out| two TypeError
#   1 + out| two (5, (6,), 2, [])
#   1 - out| positions ((1, 2), 5, None)
#   1 + out| positions ((1, 2), 1, 172310075)
from sacred import Experiment

ex = Experiment("variadic")
ex.add_config(a=1, b=2)


@ex.capture
def f(a, *args, b, **kwargs):
    return a, args, b, sorted(kwargs.items())


@ex.capture
def g(*args, a=5, _seed=None):
    return args, a, _seed


@ex.capture
def h(a, /, b):
    return a, b


def attempt(text, function):
    try:
        print(text, function())
    except TypeError as error:
        print(text, "TypeError")


@ex.automain
def main():
    attempt("none", lambda: f())
    attempt("one", lambda: f(5))
    attempt("two", lambda: f(5, 6))
    attempt("all", lambda: f(5, 6, b=7, k=8))
    attempt("keywords", lambda: f(k=8, b=7))
    attempt("no position", lambda: g())
    attempt("positions", lambda: g(1, 2))
    attempt("positional only", lambda: h())
    attempt("positional only given", lambda: h(7))
