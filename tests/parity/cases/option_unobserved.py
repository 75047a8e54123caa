# $ with seed=1 -F runs -u
# $ silent with seed=1 -F runs
# $ with seed=1 -u
from sacred import Experiment
from sacred.observers import FileStorageObserver

ex = Experiment("unobserved")
ex.observers.append(FileStorageObserver("always"))


@ex.command(unobserved=True)
def silent(_run):
    print(_run.unobserved, _run.observers)


@ex.automain
def main(_run):
    print(_run.unobserved, _run.observers)
