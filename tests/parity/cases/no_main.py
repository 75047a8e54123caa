# $
# $ other with seed=1
# $ help
from sacred import Experiment

ex = Experiment("no_main")


@ex.command
def other():
    print("other")


if __name__ == "__main__":
    ex.run_commandline()
