# $ zero with seed=1 -F runs
# $ three with seed=1 -F runs
# $ text with seed=1 -F runs
# $ hard with seed=1 -F runs
# R-9 exit code 0 is success
#   0 - runs/1/run.json| status = "FAILED"
#   0 + runs/1/run.json| status = "COMPLETED"
#   1 - log| ERROR - left - Failed after H:MM:SS!
#   1 + log| INFO - left - Completed after H:MM:SS
#   0 - runs/1/run.json| fail_trace = ["Traceback (most recent call last):", "  File \"DIR/exit_in_main.py\", line 12, in zero\n    sys.exit(0)", "SystemExit: 0"]
import os
import sys

from sacred import SETTINGS, Experiment

SETTINGS.CAPTURE_MODE = "no"
ex = Experiment("left")


@ex.command
def zero():
    sys.exit(0)


@ex.command
def three():
    sys.exit(3)


@ex.command
def text():
    sys.exit("said at the end")


@ex.command
def hard():
    os._exit(4)


if __name__ == "__main__":
    ex.run_commandline()
