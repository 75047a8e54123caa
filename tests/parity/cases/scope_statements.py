# $ with seed=1
# $ with seed=1 a=9
# $ with seed=1 gone=2
from sacred import Experiment

ex = Experiment("statements")


@ex.config
def cfg():
    a = 1
    a += 1
    b = c = a
    (d, e), f = (1, 2), 3
    try:
        g = 1 // 0
    except ZeroDivisionError:
        g = -1
    gone = 5
    del gone
    if (w := a * 3) > 3:
        h = w
    while a < 0:
        a += 1
    _hidden = "yes"


@ex.main
def main(_config):
    return dict(sorted((k, v) for k, v in _config.items() if k != "__doc__"))


if __name__ == "__main__":
    ex.run_commandline()
