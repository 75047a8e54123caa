"""Parts that several experiments share: an ingredient for the data, a slot for one of two models.

Run:    python examples/ingredient.py with model=polynomial model.degree=3 data.rows=4
Prints: polynomial of degree 3
        [0, 1, 8, 27]
"""

from hallow import Experiment, Ingredient, Slot

data = Ingredient("data")
linear = Ingredient("linear")
polynomial = Ingredient("polynomial")


@data.config
def data_cfg():
    rows = 3


@data.capture
def load(rows):
    return list(range(rows))


@linear.config
def linear_cfg():
    slope = 2


@linear.capture
def predict(xs, slope):
    print(f"line of slope {slope}")
    return [slope * x for x in xs]


@polynomial.config
def polynomial_cfg():
    degree = 2


@polynomial.capture
def predict(xs, degree):  # noqa: F811 - the slot calls the one of the chosen ingredient
    print(f"polynomial of degree {degree}")
    return [x**degree for x in xs]


model = Slot("model", [linear, polynomial], default="linear")
ex = Experiment("ingredient", ingredients=[data, model])


@ex.automain
def main():
    print(model.predict(load()))
