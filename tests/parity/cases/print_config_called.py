# $ with seed=1 a=2
# $ show with seed=1 a=2
# $ saves with seed=1
from sacred import Experiment
from sacred.commands import help_for_command, print_config, print_dependencies, save_config

ex = Experiment("called")


@ex.config
def cfg():
    a = 1  # a number
    d = {"x": "text"}


@ex.command
def show(_run, a):
    "Show everything."
    print_config(_run)


@ex.command
def saves(_config, _log):
    save_config(_config, _log, "named.json")
    save_config(_config, _log)


@ex.automain
def main(_run):
    print_config(_run)
    print(help_for_command(show))
