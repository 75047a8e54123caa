# $ with seed=1 -D
# $ with seed=1 --pdb zz=3
# $ fine with seed=1 -D
# L24 the exit code tells of the failure after the debugger as well
#   1 - exit 0
#   1 + exit 1
#   1 + error| ValueError: 5
# L24 the debugger starts for every exception
#   2 + out| debugger
import pdb

from sacred import Experiment

ex = Experiment("entered")


def post_mortem(trace=None):
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    print("debugger")


pdb.post_mortem = post_mortem


@ex.command
def fine(_run):
    return _run.pdb


@ex.automain
def main():
    wanted = 5
    raise ValueError(wanted)
