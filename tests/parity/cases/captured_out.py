# $ with seed=1 -F runs
# $ with seed=1 -F runs -C sys
# $ with seed=1 -F runs -C no
# $ bar with seed=1 -F runs -C sys
from sacred import SETTINGS, Experiment
from sacred.utils import apply_backspaces_and_linefeeds

SETTINGS.CAPTURE_MODE = "sys"
ex = Experiment("output")


@ex.pre_run_hook
def before():
    print("from the hook")


@ex.command
def bar(_run):
    for i in range(3):
        print(f"\rstep {i}", end="")
    print("\b\bdone")


@ex.main
def main(_log):
    import sys

    print("out")
    print("err", file=sys.stderr)
    sys.stdout.write("no newline")


ex.captured_out_filter = apply_backspaces_and_linefeeds

if __name__ == "__main__":
    ex.run_commandline()
