"""Reading metrics from a file store: one file per run, nothing else of it."""

from __future__ import annotations

import json
import os
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hallow.backends.file.layout import OWN
from hallow.backends.file.metrics import CLASSIC, LOG, checked_lists, read_classic
from hallow.records.points import Points
from hallow.stores.metrics import RunPoints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["read_metrics", "read_run_points"]

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - naive, as stored
_START, _STEPS = b'{"name": ', b', "steps": '


def read_metrics(
    basedir: str, runs: Iterable[str], wanted: Callable[[str], bool] | None, at_most: int | None
) -> Iterator[RunPoints]:
    """The metrics of each run that has some; nothing else is read.

    Args:
        basedir: the folder of the store.
        runs: names of run folders.
        wanted: whether a metric is to be read.
        at_most: see :func:`hallow.stores.metrics_table`.
    """
    for name in runs:
        found = _read(os.path.join(basedir, name), name, wanted, at_most)
        if found.points or found.problem:
            yield found


def _read(folder: str, name: str, wanted: Callable[[str], bool] | None, at_most: int | None) -> RunPoints:
    try:
        return RunPoints(name, list(read_run_points(folder, wanted, at_most)))
    except (OSError, ValueError, RecursionError) as error:
        return RunPoints(name, problem=f"{type(error).__name__}: {error}")


def read_run_points(
    folder: str, wanted: Callable[[str], bool] | None = None, at_most: int | None = None
) -> Iterator[Points]:
    """The points of each metric of one run, in order of first appearance.

    Raises:
        OSError: if a file cannot be read.
        ValueError: if it is damaged, but for a torn end.
    """
    for metric in _metrics(folder, wanted or (lambda _: True)):
        yield _thinned(metric, at_most)


#: One metric of a run: its name, and its three lists, the times as stored.
_Stored = tuple[str, list[Any], list[Any], list[str]]


def _metrics(folder: str, wanted: Callable[[str], bool]) -> Iterable[_Stored]:
    try:
        with open(os.path.join(folder, OWN, LOG), "rb") as file:
            return _joined(_lines(file, wanted))
    except (FileNotFoundError, NotADirectoryError):
        pass
    try:
        metrics = read_classic(os.path.join(folder, CLASSIC))
    except FileNotFoundError:
        return ()
    return [
        (name, metric["steps"], metric["values"], metric["timestamps"])
        for name, metric in metrics.items()
        if wanted(name)
    ]


def _lines(file: Iterable[bytes], wanted: Callable[[str], bool]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The lines of a log; a last one that is being written, or was torn, is left out.

    Raises:
        ValueError: for another line that is damaged.
    """
    names: dict[bytes, str] = {}
    problem: ValueError | None = None
    for number, line in enumerate(file, 1):
        if problem is not None:
            raise problem
        try:
            name = _name_in(line, names)
            if wanted(name):
                yield name, checked_lists(name, json.loads(line))
        except ValueError as error:
            problem = ValueError(f"line {number} of {OWN}/{LOG} is damaged: {error}")


def _name_in(line: bytes, known: dict[bytes, str]) -> str:
    """The name at the beginning of a line, which is not parsed for it."""
    end = line.find(_STEPS)
    if end < 0 or not line.startswith(_START) or not line.endswith(b"}\n"):
        raise ValueError("it is no line of metrics")
    text = line[len(_START) : end]
    name = known.get(text)
    if name is None:
        name = known[text] = str(json.loads(text))
    return name


def _joined(lines: Iterable[tuple[str, dict[str, Any]]]) -> list[_Stored]:
    """The lists of each metric over all lines."""
    found: dict[str, _Stored] = {}
    for name, lists in lines:
        if name not in found:
            found[name] = (name, lists["steps"], lists["values"], lists["timestamps"])
        else:
            _, steps, values, times = found[name]
            steps += lists["steps"]
            values += lists["values"]
            times += lists["timestamps"]
    return list(found.values())


def _thinned(metric: _Stored, at_most: int | None) -> Points:
    name, steps, values, texts = metric
    if at_most is not None:  # before the times are parsed, which costs the most
        thin = Points(name, steps, values, texts).thinned(at_most)  # type: ignore[arg-type]
        steps, values, texts = thin.steps, thin.values, thin.times  # type: ignore[assignment]
    return Points(name, steps, values, _epochs(texts))


def _epochs(texts: list[str]) -> list[float]:
    """Seconds since 1970 of stored times, which are naive UTC.

    Raises:
        ValueError: if they are something else.
    """
    parsed = datetime.fromisoformat
    try:
        return [(parsed(text) - _EPOCH).total_seconds() for text in texts]
    except TypeError as error:
        raise ValueError(f"a timestamp is no naive time: {error}") from error
