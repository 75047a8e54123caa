# $
# $ other with seed=1
# $ help
# BUG a missing command is reported on stderr although COMMAND_ERRORS_TO is stdout
#   1 + err| Usage
#   1 - out| Usage:
#   1 - out|   no_main.py [(with UPDATE...)] [options]
#   1 - out|   no_main.py help [COMMAND]
#   1 - out|   no_main.py (-h | --help)
#   1 - out|   no_main.py COMMAND [(with UPDATE...)] [options]
#   1 - out| Error: No command found to be run. Specify a command or define main function. Available commands are: print_config, print_dependencies, save_config, print_named_configs, other
from sacred import Experiment

ex = Experiment("no_main")


@ex.command
def other():
    print("other")


if __name__ == "__main__":
    ex.run_commandline()
