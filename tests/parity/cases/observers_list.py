# $ with seed=1
# $ with seed=1 more=True
from sacred import Experiment
from sacred.observers import RunObserver


class Named(RunObserver):
    def __init__(self, word):
        self.word = word

    def started_event(self, **kwargs):
        print("started", self.word)


ex = Experiment("list")


@ex.config
def cfg():
    more = False
    if more:
        ex.observers.append(Named("by config"))


@ex.config_hook
def hook(config, command_name, logger):
    ex.observers[:] = [*ex.observers, Named("by hook")]
    return {}


@ex.main
def main(_run):
    print(len(_run.observers), len(ex.observers))
    ex.observers.clear()
    print(len(_run.observers), len(ex.observers))


if __name__ == "__main__":
    ex.run_commandline()
