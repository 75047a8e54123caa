"""A configuration with types: editors complete it, type checkers check it, wrong values are refused before the start.

Run:    python examples/typed.py with optimiser.name=adam steps=2
Prints: adam: 0.1
        adam: 0.05
"""

from dataclasses import dataclass, field
from typing import Literal

from hallow import Experiment

ex = Experiment("typed")


@dataclass
class Optimiser:
    """How weights are changed."""

    lr: float = 0.1  # step width
    name: Literal["sgd", "adam"] = "sgd"


@ex.config
@dataclass
class Config:
    """Everything that can be changed from the command line."""

    steps: int = 3
    optimiser: Optimiser = field(default_factory=Optimiser)


@ex.capture
def learning_rate(config: Config, step: int = 0) -> float:
    """Return the rate of a step."""
    return config.optimiser.lr / (step + 1)


@ex.automain
def main(config: Config) -> None:
    """Show the rate of each step."""
    for step in range(config.steps):
        print(f"{config.optimiser.name}: {learning_rate(step=step)}")
