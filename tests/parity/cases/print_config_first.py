# $ with seed=1 a=3 -p -F runs
# $ -p -q with seed=1
# $ other -p with seed=1
from sacred import SETTINGS, Experiment

SETTINGS.CAPTURE_MODE = "sys"
ex = Experiment("shown_first")


@ex.config
def cfg():
    a = 1


@ex.pre_run_hook
def before():
    print("before")


@ex.command(unobserved=True)
def other(a):
    print("other", a)


@ex.automain
def main(a):
    print("main", a)
