"""A dataset that several experiments share, with its own configuration and a command.

Run:    python -m hallow.as_sacred examples/sacred/ingredient.py with short dataset.normalize=False
Prints: 3 rows of short.csv
        total 6

The ingredient's command: `ingredient.py dataset.stats`.
"""

from sacred import Experiment, Ingredient

dataset = Ingredient("dataset")


@dataset.config
def dataset_cfg():
    filename = "long.csv"
    rows = 100
    normalize = True


@dataset.capture
def load(filename, rows, normalize):
    print(f"{rows} rows of {filename}")
    numbers = list(range(1, rows + 1))
    return [number / rows for number in numbers] if normalize else numbers


@dataset.command
def stats(filename, rows, digits=1):
    print(f"{filename}: mean {(rows + 1) / 2:.{digits}f}")


@dataset.config
def corrected():  # a later scope wins
    filename = "corrected.csv"


ex = Experiment("ingredient", ingredients=[dataset])


@ex.named_config
def short():
    dataset = {"filename": "short.csv", "rows": 3}


@ex.automain
def main():
    total = sum(load())
    print("total", total)
    return total
