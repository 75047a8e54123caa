# $ dotted with seed=1
# $ identifiers with seed=1
# $ strict with seed=1 a=word
# $ strict with seed=1 'a="word"'
# L6 a value refused by strict parsing is a usage error without traceback
#   3 - err| Traceback (most recent call last):
#   3 - err| line 44 in <module>
import sys

from sacred import SETTINGS, Experiment

which = sys.argv[1]
SETTINGS.CONFIG.ENFORCE_KEYS_MONGO_COMPATIBLE = which != "dotted"
SETTINGS.CONFIG.ENFORCE_VALID_PYTHON_IDENTIFIER_KEYS = which == "identifiers"
SETTINGS.COMMAND_LINE.STRICT_PARSING = which == "strict"
ex = Experiment("keys")


@ex.config
def cfg():
    a = 1
    d = {"x.y": 1, "$z": 2} if which == "dotted" else {}


if which == "identifiers":
    try:
        ex.add_config({"a b": 1})
    except KeyError:
        print("KeyError")


@ex.command
def dotted(d, a):
    print(d, a)


ex.command(lambda: 1)


@ex.command
def identifiers(a):
    print(a)


@ex.command
def strict(a):
    print(repr(a))


if __name__ == "__main__":
    ex.run_commandline()
