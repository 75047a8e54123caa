"""A progress bar that is one line of the stored output, not hundreds.

Run:    python -m hallow.as_sacred examples/sacred/progress_bar.py -F runs
Prints: ...100%
        done
"""

from sacred import Experiment, utils

ex = Experiment("progress_bar")
ex.captured_out_filter = utils.apply_backspaces_and_linefeeds


@ex.automain
def main():
    for percent in range(101):
        print(f"\r[{'#' * (percent // 5):20}] {percent:3}%", end="", flush=True)
    print()
    print("done")
