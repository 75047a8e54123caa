"""Work in processes that are started afresh; they import this file, and with it `sacred`.

Run:    python -m hallow.as_sacred examples/sacred/workers.py with base=10
Prints: [10, 11, 14, 19]
"""

import multiprocessing

from sacred import Experiment

ex = Experiment("workers")


@ex.config
def cfg():
    base = 0


def square(number):
    return number * number


@ex.automain
def main(base):
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        results = [base + result for result in pool.map(square, range(4))]
    print(results)
    return results
