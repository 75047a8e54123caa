# $
# needs docopt
from docopt import docopt
from sacred import Experiment
from sacred.arg_parser import get_config_updates

ex = Experiment("parsed")
ex.add_config(a=1)


@ex.named_config
def big():
    a = 100


@ex.command
def other(a):
    "Something else."
    return a


@ex.main
def main(a):
    return a


short, printed, internal = ex.get_usage("prog.py")
print(short)
print(internal.startswith("Usage:"), printed.startswith("Usage:"))
for line in (["with", "a=3"], ["other", "with", "big", "seed=1"], ["-l", "ERROR"], ["help", "other"]):
    args = docopt(internal, line, default_help=False)
    updates, named = get_config_updates(args["UPDATE"])
    print(args["COMMAND"], args["UPDATE"], args["with"], args["help"], args["--loglevel"], updates, named)

args = docopt(internal, ["other", "with", "big", "-c", "text"], default_help=False)
updates, named = get_config_updates(args["UPDATE"])
run = ex.run(args["COMMAND"], {"seed": 1, **updates}, named, options=args)
print(run.result, run.meta_info["comment"])
