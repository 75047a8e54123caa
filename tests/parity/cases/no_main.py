# $
# $ other with seed=1
# $ help
# text the error says the same in its own words
#   1 - out| Error: No command found to be run. Specify a command or define main function. Available commands are: print_config, print_dependencies, save_config, print_named_configs, other
#   1 + out| Error: There is no command to run: specify one, or define a main function with @ex.main or @ex.automain. Available commands are: print_config, print_dependencies, save_config, print_named_configs, other
from sacred import Experiment

ex = Experiment("no_main")


@ex.command
def other():
    print("other")


if __name__ == "__main__":
    ex.run_commandline()
