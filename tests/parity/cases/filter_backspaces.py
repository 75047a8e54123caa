# $ with seed=1 -F runs
# $ constant with seed=1 -F runs
# $ broken with seed=1 -F runs
# R-7 a filter that fails neither fails the run nor loses the output
#   0 - runs/3/cout.txt| (empty)
#   0 + runs/3/cout.txt| many words
#   0 - runs/3/run.json| status = "FAILED"
#   0 + runs/3/run.json| status = "COMPLETED"
#   3 - exit 1
#   3 + exit 0
#   3 - error| ZeroDivisionError: division by zero
#   3 - log| ERROR - filtered - Failed after H:MM:SS!
#   3 - err| Traceback (most recent calls WITHOUT Sacred internals):
#   3 + log| WARNING - filtered - The filter of captured output failed; from here on it is kept unfiltered
#   3 + err| Traceback (most recent call last):
#   0 - runs/3/run.json| fail_trace = ["Traceback (most recent call last):", "  File \"DIR/filter_backspaces.py\", line 8, in <lambda>\n    filters = {\"constant\": lambda text: \"always this\\n\", \"broken\": lambda text: 1 / 0}", "ZeroDivisionError: division by zero"]
import sys

from sacred import SETTINGS, Experiment
from sacred.utils import apply_backspaces_and_linefeeds

SETTINGS.CAPTURE_MODE = "sys"
ex = Experiment("filtered")
filters = {"constant": lambda text: "always this\n", "broken": lambda text: 1 / 0}
ex.captured_out_filter = filters.get(sys.argv[1], apply_backspaces_and_linefeeds)


@ex.command
def constant():
    print("many words")


@ex.command
def broken():
    print("many words")


@ex.main
def main():
    for step in range(5):
        print(f"\rstep {step} of 5", end="")
    print()
    print("abc\b\b\bxyz")
    return apply_backspaces_and_linefeeds("12\r3")


if __name__ == "__main__":
    ex.run_commandline()
