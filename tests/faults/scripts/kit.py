"""What the scripts and the tests that start them agree on."""

from __future__ import annotations

import mmap
import os

PAGE = 4096
#: What a script acknowledges: how many points were logged, lines printed, that it has come to some place, and when
#: main returned (``time.monotonic_ns``).
SLOTS = ("points", "lines", "place", "returned")
NAMES = ("loss", "acc/top 1", "größe.κ")


def acknowledgements() -> memoryview:
    """Numbers by index in SLOTS; each is known to the test as soon as it is assigned, whatever happens then."""
    with open(os.environ["FAULTS_ACKS"], "r+b") as file:
        return memoryview(mmap.mmap(file.fileno(), PAGE)).cast("Q")


def line(number: int) -> str:
    return f"line {number} äöü {number * 7919 % 10007}"


def log_point(log_scalar, number: int) -> None:
    """Points of three metrics in turn: floats with steps that are given, integers and booleans with automatic ones."""
    kind = number % 3
    if kind == 0:
        log_scalar("loss", number / 8, number)
    elif kind == 1:
        log_scalar("acc/top 1", number)
    else:
        log_scalar("größe.κ", number % 2 == 0)


def point_of(name: str, index: int) -> tuple[int, object]:
    """Step and value of a metric's point, counted from 0."""
    kind = NAMES.index(name)
    number = 3 * index + kind
    return (number, number / 8) if kind == 0 else (index, number if kind == 1 else number % 2 == 0)


def points(count: int) -> dict[str, tuple[list, list]]:
    """Steps and values by name after so many points."""
    loss, top, size = (range(first, count, 3) for first in range(3))
    found = {
        "loss": (list(loss), [number / 8 for number in loss]),
        "acc/top 1": (list(range(len(top))), list(top)),
        "größe.κ": (list(range(len(size))), [number % 2 == 0 for number in size]),
    }
    return {name: lists for name, lists in found.items() if lists[0]}
