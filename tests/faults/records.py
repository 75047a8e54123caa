"""What a file store holds, read without hallow, and what it ought to hold."""

from __future__ import annotations

import json
import re
from pathlib import Path

from hallow.backends.file.facts import read_facts

from faults.scripts.kit import line, points

_LINE = re.compile(r"^line .*$", re.MULTILINE)


def damage(folder: Path, torn: bool = False) -> list[str]:
    """Every JSON file below ``folder`` that does not parse, and every line of hallow's own files that does not.

    With ``torn``, the last line of a file that only grows may be cut off: readers leave it out.
    """
    found = []
    for path in sorted(folder.rglob("*.json")):
        found.extend(_damage(path, path.read_bytes()))
    for path in sorted(folder.rglob(".hallow/*.jsonl")):
        content = path.read_bytes()
        lines = content[: content.rfind(b"\n") + 1] if torn else content
        for number, text in enumerate(lines.splitlines(), 1):
            found.extend(_damage(f"{path}:{number}", text))
    return found


def _damage(where: object, text: bytes) -> list[str]:
    try:
        json.loads(text)
    except ValueError as error:
        return [f"{where}: {error}: {text[:80]!r}"]
    return []


class Stored:
    """One run in a file store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def json(self, name: str) -> dict:
        return json.loads((self.folder / name).read_text(encoding="utf-8"))

    @property
    def run(self) -> dict:
        return self.json("run.json")

    @property
    def status(self) -> str:
        return self.run["status"]

    @property
    def ending(self) -> dict:
        return read_facts(self.folder)["run"]

    @property
    def facts(self) -> dict:
        return read_facts(self.folder)

    @property
    def output(self) -> str:
        return (self.folder / "cout.txt").read_bytes().decode("utf-8")

    @property
    def metrics(self) -> dict[str, tuple[list, list]]:
        """Name to steps and values."""
        path = self.folder / "metrics.json"
        stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        assert all(len({len(m[key]) for key in ("steps", "values", "timestamps")}) == 1 for m in stored.values())
        return {name: (metric["steps"], metric["values"]) for name, metric in stored.items()}


def runs(store: Path) -> list[Stored]:
    """All runs, by number; folders without ``run.json`` are none."""
    folders = [path.parent for path in store.glob("[0-9]*/run.json")]
    return [Stored(folder) for folder in sorted(folders, key=lambda path: int(path.name))]


def only(store: Path) -> Stored:
    """The one run of the store."""
    (run,) = runs(store)
    return run


def check_points(run: Stored, least: int, most: int | None = None) -> int:
    """Assert that the metrics are the points of ``busy.py``, in order, none missing, none twice, and that there are at
    least ``least``; gives how many there are."""
    stored = run.metrics
    count = sum(len(steps) for steps, _ in stored.values())
    expected = points(count)
    for name in {*expected, *stored}:
        for kind, have, want in zip(
            ("step", "value"), stored.get(name, ([], [])), expected.get(name, ([], [])), strict=True
        ):
            assert len(have) == len(want), f"{name}: {len(have)} of {len(want)} points, {least} acknowledged"
            wrong = _first_difference(have, want)
            assert wrong is None, (
                f"{name}: {kind} {wrong} is {have[wrong]!r}, not {want[wrong]!r}; {least} acknowledged"
            )
    assert count >= least, f"{count} points are stored, {least} were acknowledged"
    assert most is None or count <= most, f"{count} points are stored, only {most} can have been logged"
    return count


def check_lines(text: str, least: int, most: int | None = None) -> int:
    """Assert that the lines of ``busy.py`` in ``text`` are in order, none missing, none twice, at least ``least``; the
    last one may be torn if it is not among those. Gives how many there are."""
    have = _LINE.findall(text)
    if len(have) > least and have and have[-1] != line(len(have) - 1):
        have.pop()
    wrong = _first_difference(have, [line(number) for number in range(len(have))])
    assert wrong is None, f"line {wrong} is {have[wrong]!r}; {len(have)} are stored, {least} were acknowledged"
    assert len(have) >= least, f"{len(have)} lines are stored, {least} were acknowledged"
    assert most is None or len(have) <= most, f"{len(have)} lines are stored, only {most} can have been printed"
    return len(have)


def kept_lines(text: str) -> int:
    """How many lines of ``busy.py`` are whole in ``text``; asserts that none is there twice and that they are in order."""
    begun = re.finditer(r"^line (\d+) .*$", text, re.MULTILINE)
    numbers = [int(found[1]) for found in begun if found[0] == line(int(found[1]))]
    assert numbers == sorted(set(numbers))
    return len(numbers)


def _first_difference(have: list, want: list) -> int | None:
    if have == want and list(map(type, have)) == list(map(type, want)):
        return None
    pairs = enumerate(zip(have, want, strict=False))
    return next((n for n, (one, other) in pairs if one != other or type(one) is not type(other)), len(want) - 1)
