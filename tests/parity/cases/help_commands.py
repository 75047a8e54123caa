# $ help data.stats
# $ help main
# $ help
# $ help nope
# $ greet --help
# L16 an unknown command is named, with those that there are
#   4 - error| KeyError
#   4 - err| Traceback (most recent call last):
#   4 - err| line 28 in <module>
#   4 + out| Usage:
#   4 + out|   help_commands.py [(with UPDATE...)] [options]
#   4 + out|   help_commands.py help [COMMAND]
#   4 + out|   help_commands.py (-h | --help)
#   4 + out|   help_commands.py COMMAND [(with UPDATE...)] [options]
#   4 + out| Error: Command "nope" not found. Available commands are: print_config, print_dependencies, save_config, print_named_configs, greet, main, data.stats
# L16 COMMAND --help explains the command
#   5 - exit 1
#   5 + exit 0
#   5 - err| Usage
#   5 + out| greet(name='Bob', times=1)
#   5 + out|     Say hello.
from sacred import Experiment, Ingredient

data = Ingredient("data")


@data.command
def stats(rows, *columns, header=True, **more):
    """Count.

    Everything that there is.
    """


ex = Experiment("helped", ingredients=[data])


@ex.command
def greet(name="Bob", times: int = 1) -> str:
    "Say hello."


@ex.main
def main():
    pass


if __name__ == "__main__":
    ex.run_commandline()
