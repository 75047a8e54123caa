"""A model, as far as a fixture needs one."""

from collections import namedtuple

Size = namedtuple("Size", "rows columns")


class Schedule:
    """An object of the project: whoever reads a record has no such class."""

    def __init__(self, rates):
        self.rates = rates
        self.position = 0


def forward(value):
    """Fails as a training step does: one error while another is handled."""
    try:
        return 1 / value
    except ZeroDivisionError as error:
        raise ValueError(f"cannot step to {value!r}: größe ☃") from error
