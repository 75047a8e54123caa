# $ with seed=1
# $ with seed=1 -l DEBUG
# $ broken with seed=1
# $ broken with seed=1 gap=4
# text no heartbeat is started, or said to be started, for a run that nobody observes
#   2 - log| DEBUG - captured - Starting Heartbeat
#   2 - log| DEBUG - captured - Stopping Heartbeat
# text a missing argument of the command is reported before the run starts
#   3 - log| WARNING - captured - No observers have been added to this run
#   3 - log| INFO - captured - Started
#   3 - log| ERROR - captured - Failed after H:MM:SS!
# L21 an ingredient's command is called by its full name
#   3 - log| INFO - captured - Running command 'broken'
from sacred import Experiment

ex = Experiment("captured")


@ex.config
def cfg():
    a = 1


@ex.capture
def f(a, gap, b=2):
    return a, gap, b


def attempt(*args, **kwargs):
    try:
        print(f(*args, **kwargs))
    except TypeError as error:
        print("TypeError", type(error).__name__)
    except Exception as error:
        print(type(error).__name__)


@ex.command
def broken(gap):
    print(gap)


@ex.automain
def main():
    attempt()
    attempt(1, 2)
    attempt(1, 2, 3, 4)
    attempt(zz=3)
    attempt(1, a=1)
    attempt(gap=4)
