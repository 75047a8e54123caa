from sacred import Experiment

ex = Experiment("outside")


@ex.config
def cfg():
    a = 1


@ex.capture
def f(a, b=2):
    return a, b


@ex.main
def main():
    return f()


try:
    print(f())
except Exception as error:
    print(type(error).__name__)
print(f(5), f(a=6, b=7))
print(ex.run(config_updates={"seed": 1}).result)
print(f())
print(ex.run(config_updates={"seed": 1, "a": 3, "b": 4}).result)
print(f(), f(b=0))
