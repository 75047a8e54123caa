"""The package itself."""

from sacred import Experiment

from pack.shared import LIMIT

ex = Experiment("whole", save_git_info=False)


@ex.config
def config():
    a = LIMIT  # of the package


@ex.automain
def main(a):
    print("whole", a)
