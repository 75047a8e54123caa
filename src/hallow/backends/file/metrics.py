"""The metrics of one run: an append-only log, and the one file that readers of Sacred's stores expect.

Numbers that are not finite are bare ``NaN`` and ``Infinity`` in both, which is what those readers parse.
"""

# os.path, because this runs at every start and pathlib costs several times as much.

from __future__ import annotations

import json
import os
from datetime import datetime, timezone
from functools import partial
from typing import IO, TYPE_CHECKING, Any

from hallow.backends.file.layout import OWN
from hallow.records.appending import append
from hallow.records.decoding import restore
from hallow.records.encoding import flatten
from hallow.records.jsonfile import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from hallow.records.points import Points

__all__ = ["CLASSIC", "LOG", "MetricsFiles", "checked_lists", "read_classic"]

CLASSIC, LOG = "metrics.json", "metrics.jsonl"

_KEYS = ("steps", "timestamps", "values")
_PLAIN = frozenset({int, float, bool, type(None)})
_SMALL = 1000  # points up to which the classic file is written at every beat
_GROWTH = 2.0  # beyond, it is written when there are so many times the points it holds

#: Where a list is in the log, and whether it holds plain numbers only.
_Part = tuple[int, int, bool]


class MetricsFiles:
    """Stores points as they come; what a beat costs depends on what is new only.

    ``.hallow/metrics.jsonl`` has one line per metric and beat: ``{"name", "steps", "values", "timestamps", "after"}``,
    the last one being the number of all points after that beat: whether a batch is whole can be told by it.
    ``metrics.json`` is made from it at the end, and before that at intervals that grow with it.

    Args:
        folder: the run's folder.

    Attributes:
        points: how many points are stored.
        steps: the last step of each metric.
    """

    def __init__(self, folder: str) -> None:
        self._classic = os.path.join(folder, CLASSIC)
        self._log = os.path.join(folder, OWN, LOG)
        self._size = 0
        self._written = -1
        self._before_more: Callable[[], None] | None = None
        self._parts: dict[str, list[tuple[_Part, _Part, _Part]]] = {}
        self.points = 0
        self.steps: dict[str, Any] = {}

    def append(self, metrics_by_name: Mapping[str, Mapping[str, Any]]) -> None:
        """Store new points, given as ``log_metrics`` is given them.

        Raises:
            OSError: if they cannot be written; then none of them is stored.
        """
        self._append(
            (name, metric["steps"], metric["values"], json.dumps(list(_texts(metric["timestamps"]))))
            for name, metric in metrics_by_name.items()
        )

    def append_points(self, points: Iterable[Points]) -> None:
        """Store new points.

        Raises:
            OSError: if they cannot be written; then none of them is stored.
        """
        self._append((some.name, some.steps, some.values, _iso_times(some.times)) for some in points)

    def _append(self, metrics: Iterable[tuple[str, Any, Any, str]]) -> None:
        found = list(metrics)
        if not found:
            return
        if self._before_more is not None:
            self._before_more()
        after = self.points + sum(len(steps) for _, steps, _, _ in found)
        lines = [(name, steps, *_line(name, steps, values, times, after)) for name, steps, values, times in found]
        position = append(self._log, b"".join(line for _, _, line, _ in lines), make_folder=True)
        for name, steps, line, parts in lines:
            self._add(name, steps, position, parts)
            position += len(line)
        self._size = position

    def _add(self, name: str, steps: Any, position: int, parts: tuple[_Part, ...]) -> None:
        first, second, third = ((start + position, end + position, plain) for start, end, plain in parts)
        self._parts.setdefault(name, []).append((first, second, third))
        self.points += len(steps)
        if steps:
            self.steps[name] = steps[-1]

    def take_up(self) -> None:
        """Read what an earlier process left, to go on after it.

        Nothing is changed before there are more points, since that process may still be at work. Then the rest of a
        line that was torn is cut off, and points that only ``metrics.json`` has, as in Sacred's stores, come first.

        Raises:
            OSError: if there is something that cannot be read.
            ValueError: if ``metrics.json`` is all there is, and broken.
        """
        try:
            log = open(self._log, "rb")  # noqa: SIM115 - the file may be missing
        except FileNotFoundError:
            self._take_up_classic()
            return
        with log:
            position = self._take_up_lines(log)
            if _changed(self._classic) >= os.fstat(log.fileno()).st_mtime_ns:
                self._written = self.points
        self._size = position

    def _take_up_lines(self, log: IO[bytes]) -> int:
        """Read whole batches; where the file ends within one, that is cut off later. Gives the size of those read.

        A batch that a kill has cut off may have whole lines; they count for nothing, because the points are told in
        the order in which they were logged, and those of other metrics between them are missing.
        """
        position = taken = 0
        batch: list[tuple[str, list[Any], int, tuple[_Part, ...]]] = []
        for line in log:
            found = _read(line)
            if found is None:
                break
            name, steps, parts, after = found
            batch.append((name, steps, position, parts))
            position += len(line)
            if after is None or self.points + sum(len(one[1]) for one in batch) == after:
                for one in batch:
                    self._add(*one)
                batch, taken = [], position
        if taken < os.fstat(log.fileno()).st_size:
            self._before_more = partial(self._cut, taken)
        return taken

    def _cut(self, position: int) -> None:
        os.truncate(self._log, position)
        self._before_more = None

    def _take_up_classic(self) -> None:
        try:
            metrics = read_classic(self._classic)
        except FileNotFoundError:
            return
        self.steps = {name: metric["steps"][-1] for name, metric in metrics.items() if metric["steps"]}
        self.points = self._written = sum(len(metric["steps"]) for metric in metrics.values())
        if self.points:
            self._before_more = partial(self._carry_over, metrics)

    def _carry_over(self, metrics: Mapping[str, Mapping[str, Any]]) -> None:
        """Begin the log with the points of ``metrics.json``."""
        carry_over, self._before_more = self._before_more, None
        known, self.points = self.points, 0
        try:
            self.append(metrics)
        except BaseException:
            self._before_more, self.points = carry_over, known
            raise

    def refresh(self, final: bool = False) -> None:
        """Bring ``metrics.json`` up to date if it is time for that, in any case at the end."""
        if self._written == self.points and os.path.exists(self._classic):
            return
        if final or self.points <= _SMALL or self.points >= _GROWTH * self._written:
            self._write_classic()
            self._written = self.points

    def _write_classic(self) -> None:
        if not self._parts:
            write_json(self._classic, {}, strict=False)
            return
        folder, name = os.path.split(self._classic)
        temporary = os.path.join(folder, f".{name}.{os.getpid()}.tmp")
        try:
            with open(self._log, "rb") as log, open(temporary, "wb") as out:
                self._write_metrics(log, out)
            os.replace(temporary, self._classic)
        except BaseException:
            if os.path.exists(temporary):
                os.unlink(temporary)
            raise

    def _write_metrics(self, log: IO[bytes], out: IO[bytes]) -> None:
        for number, metric in enumerate(sorted(self._parts)):
            out.write(b",\n  " if number else b"{\n  ")
            out.write(json.dumps(metric).encode() + b": {")
            for column, key in enumerate(_KEYS):
                out.write(b",\n    " if column else b"\n    ")
                self._write_column(out, log, metric, column, key)
            out.write(b"\n  }")
        out.write(b"\n}")

    def _write_column(self, out: IO[bytes], log: IO[bytes], metric: str, column: int, key: str) -> None:
        """One list, piece by piece, so that memory does not grow with the number of points."""
        opened = False
        for parts in self._parts[metric]:
            start, end, plain = parts[column]
            log.seek(start)
            items = _indented(log.read(end - start), plain)
            if items:
                out.write(b",\n      " if opened else f'"{key}": [\n      '.encode())
                out.write(items)
                opened = True
        out.write(b"\n    ]" if opened else f'"{key}": []'.encode())


def read_classic(path: str) -> dict[str, dict[str, Any]]:
    """The content of a ``metrics.json``: by metric, the parallel lists ``steps``, ``values`` and ``timestamps``.

    Raises:
        OSError: if it cannot be read.
        ValueError: if it is no such file.
    """
    metrics = read_json(path)
    if not isinstance(metrics, dict):
        raise ValueError(f"{CLASSIC} holds no metrics")  # noqa: TRY004 - a matter of the file, not of the call
    return {name: checked_lists(name, metric) for name, metric in metrics.items()}


def checked_lists(name: str, metric: Any) -> dict[str, Any]:
    """The three lists of a stored metric; values and steps that are no plain numbers are restored.

    Raises:
        ValueError: if they are not there, or of different lengths.
    """
    lists: list[Any] = [metric.get(key) for key in _KEYS] if isinstance(metric, dict) else [None]
    if not all(isinstance(one, list) and len(one) == len(lists[0]) for one in lists):
        raise ValueError(f"the lists of the metric {name!r} do not fit together")
    steps, times, values = lists
    return {"steps": restored_list(steps), "values": restored_list(values), "timestamps": times}


def restored_list(values: list[Any]) -> list[Any]:
    """The list that was stored as ``values``."""
    return values if _PLAIN.issuperset(map(type, values)) else restore(values)


def _changed(path: str) -> int:
    """When a file was changed last; -1 if it is not there."""
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return -1


def _line(name: str, steps: Any, values: Any, times: str, after: int) -> tuple[bytes, tuple[_Part, _Part, _Part]]:
    """The line of the log, and where its three lists are in it; ``after`` is the number of points after its batch."""
    texts, plain_steps = _list(steps)
    numbers, plain_values = _list(values)
    timestamps = times.encode("ascii")
    line = b"".join((b'{"name": ', json.dumps(name).encode(), b', "steps": '))
    at_steps = len(line)
    line = b"".join((line, texts, b', "values": '))
    at_values = len(line)
    line = b"".join((line, numbers, b', "timestamps": '))
    at_times = len(line)
    return b"".join((line, timestamps, b', "after": %d}\n' % after)), (
        (at_steps, at_steps + len(texts), plain_steps),
        (at_times, at_times + len(timestamps), True),
        (at_values, at_values + len(numbers), plain_values),
    )


def _read(line: bytes) -> tuple[str, list[Any], tuple[_Part, _Part, _Part], int | None] | None:
    """Name, steps, places of the lists, and points after the batch; ``None`` for a line that is not whole."""
    if not line.endswith(b"}\n"):
        return None
    try:
        text = line.decode("ascii")
        decode = json.JSONDecoder().raw_decode
        name, end = decode(text, len('{"name": '))
        steps, at_steps, end_steps = _value(decode, text, end, "steps")
        values, at_values, end_values = _value(decode, text, end_steps, "values")
        _, at_times, end_times = _value(decode, text, end_values, "timestamps")
        rest = text[end_times:].strip()
        after = None if rest == "}" else int(rest.removeprefix(', "after": ').removesuffix("}"))
    except ValueError:
        return None
    return (
        name,
        steps,
        (
            (at_steps, end_steps, _PLAIN.issuperset(map(type, steps))),
            (at_times, end_times, True),
            (at_values, end_values, _PLAIN.issuperset(map(type, values))),
        ),
        after,
    )


def _value(decode: Any, text: str, end: int, key: str) -> tuple[list[Any], int, int]:
    start = end + len(f', "{key}": ')
    value, end = decode(text, start)
    return value, start, end


def _list(values: Any) -> tuple[bytes, bool]:
    plain = _PLAIN.issuperset(map(type, values))
    flat = list(values) if plain else flatten(list(values))
    return json.dumps(flat).encode(), plain or _PLAIN.issuperset(map(type, flat))


def _iso_times(times: Iterable[float]) -> str:
    """Epoch seconds as a JSON list of naive UTC texts; like ``isoformat``, at a third of its cost.

    The microsecond is never 0, because readers of Sacred's stores expect the fraction.
    """
    texts = []
    second, prefix = None, ""
    for moment in times:
        whole = int(moment // 1)
        if whole != second:
            second = whole
            prefix = datetime.fromtimestamp(whole, timezone.utc).strftime('"%Y-%m-%dT%H:%M:%S.')
        texts.append(f'{prefix}{int((moment - whole) * 1e6) or 1:06d}"')
    return f"[{', '.join(texts)}]"


def _texts(timestamps: Any) -> Iterator[str]:
    return (time if isinstance(time, str) else time.isoformat() for time in timestamps)


def _indented(text: bytes, plain: bool) -> bytes:
    """The elements of a list, each on a line of its own."""
    if plain:
        return text[1:-1].replace(b", ", b",\n      ")
    shown = (json.dumps(item, sort_keys=True, indent=2) for item in json.loads(text))
    return ",\n".join(shown).replace("\n", "\n      ").encode()
