"""Logistic regression by stochastic gradient descent, with metrics and three artifacts.

Run:    python examples/omniboard/train.py with rate=0.05 -m localhost:27017:sacred
"""

import csv
import math
import random
from tempfile import TemporaryDirectory

from hallow import Experiment

ex = Experiment("two moons")


@ex.config
def cfg():
    rate = 0.1  # of the first step; later ones are smaller
    steps = 4000
    degree = 3  # of the polynomial in the coordinates
    tags = ["demo"]  # Omniboard shows these


@ex.capture
def features(x, y, degree):
    return [x**i * y**j for i in range(degree + 1) for j in range(degree + 1 - i)]


def moon(rnd):
    label = rnd.random() < 0.5
    angle = rnd.uniform(0, math.pi)
    x, y = (math.cos(angle), math.sin(angle)) if label else (1 - math.cos(angle), 0.4 - math.sin(angle))
    return x + rnd.gauss(0, 0.15), y + rnd.gauss(0, 0.15), int(label)


def probability(weights, values):
    score = sum(weight * value for weight, value in zip(weights, values, strict=True))
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))


def accuracy(weights, points):
    return sum((probability(weights, features(x, y)) > 0.5) == label for x, y, label in points) / len(points)


def picture(weights, points):
    """The points as SVG, in the colour of the guess; those that are wrong have a black rim."""
    dots = []
    for x, y, label in points:
        guess = probability(weights, features(x, y)) > 0.5
        style = f'fill="{"teal" if guess else "orange"}" stroke="{"none" if guess == label else "black"}"'
        dots.append(f'<circle cx="{100 * x + 150:.0f}" cy="{150 - 100 * y:.0f}" r="4" stroke-width="2" {style}/>')
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="400" height="260">{"".join(dots)}</svg>'


@ex.automain
def main(_run, _seed, rate, steps):
    rnd = random.Random(_seed)
    held_out = [moon(rnd) for _ in range(200)]
    weights = [0.0] * len(features(0.0, 0.0))
    for step in range(steps):
        x, y, label = moon(rnd)
        values = features(x, y)
        guess = probability(weights, values)
        pace = rate / (1 + step / 1000)
        weights = [weight + pace * (label - guess) * value for weight, value in zip(weights, values, strict=True)]
        _run.log_scalar("train.loss", -math.log(guess if label else 1 - guess), step)
        if step % 500 == 499:
            _run.log_scalar("held_out.accuracy", accuracy(weights, held_out), step)
            print(f"step {step + 1}: accuracy {accuracy(weights, held_out):.3f}")
    with TemporaryDirectory() as folder:
        files = {name: f"{folder}/{name}" for name in ("held_out.csv", "plane.svg", "weights.html")}
        with open(files["held_out.csv"], "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("x", "y", "label"), *held_out])
        with open(files["plane.svg"], "w", encoding="utf-8") as file:
            file.write(picture(weights, held_out))
        with open(files["weights.html"], "w", encoding="utf-8") as file:
            file.write("".join(f"<p>{weight:.3f}</p>" for weight in weights))
        for path in files.values():
            _run.add_artifact(path)
    return accuracy(weights, held_out)
