# $ with seed=1 -q -F runs
# $ with seed=1 -q -F runs -i named -c "for later" -P 7
# $ with seed=1 -q -F runs -u
# $ print_config with seed=1 -q -F runs
# $ other with seed=1 a=3 -q -F runs
# O-19 sources of a queued run are kept like those of a run that starts, which it may become
#   0 + runs/_sources/option_queue_cfadef7e24ffd2b390e418369631fd77.py| a copy
from sacred import Experiment

ex = Experiment("queued")
ex.add_config(a=1)


@ex.pre_run_hook
def before():
    print("never printed")


@ex.command
def other():
    print("never printed")


@ex.automain
def main():
    print("never printed")
