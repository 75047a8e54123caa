"""What hallow knows of a run beyond Sacred's documents: a log of facts, one JSON object a line."""

# os.path, because this runs at every start and pathlib costs several times as much.

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hallow.backends.file.layout import LAYOUT_VERSION, OWN
from hallow.records.appending import append
from hallow.records.encoding import flatten, untag_nonfinite
from hallow.records.jsonfile import strict_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["FACTS", "LISTED", "FactsFile", "read_facts"]

FACTS = "facts.jsonl"
#: Facts of which a run has any number; of the others, the last line counts.
LISTED = frozenset({"source", "resource", "artifact"})


class FactsFile:
    """The facts of one run, ``<run>/.hallow/facts.jsonl``.

    Each line is ``{"name": ..., "value": ...}`` in strict JSON, the first one ``{"name": "layout", "value": 1}``.
    Lines are only ever appended, each whole, so what was said once survives whatever happens later.

    Args:
        folder: the run's folder.
    """

    def __init__(self, folder: str) -> None:
        self._path = os.path.join(folder, OWN, FACTS)
        self._said: set[str] | None = None

    def add(self, *facts: tuple[str, Any]) -> None:
        """Append facts, given as name and value; a listed fact that is there already is not repeated.

        Raises:
            OSError: if they cannot be written; then none of them is.
        """
        said = self._known()
        lines = [] if said else [_line("layout", LAYOUT_VERSION)]
        new = dict.fromkeys(_line(name, value) for name, value in facts)
        lines.extend(line for line in new if line not in said)
        if lines:
            append(self._path, "".join(lines).encode("ascii"), make_folder=True)
        said.add(_LAYOUT)
        said.update(line for line in lines if line.startswith(_LISTED_STARTS))

    def _known(self) -> set[str]:
        """Lines not to be repeated; a run that was queued has a file already."""
        if self._said is None:
            self._said = set()
            with suppress(FileNotFoundError), open(self._path, "rb") as file:
                text = file.read()
                if text and not text.endswith(b"\n"):
                    os.truncate(self._path, text.rfind(b"\n") + 1)  # a line that was torn
                lines = text.decode("ascii", "replace").splitlines(keepends=True)
                self._said.update(line for line in lines if line.startswith((*_LISTED_STARTS, _LAYOUT)))
        return self._said


def _line(name: str, value: Any) -> str:
    text = strict_json(flatten(value, path=name))
    return f'{{"name": {json.dumps(name)}, "value": {text}}}\n'


_LISTED_STARTS = tuple(f'{{"name": "{name}", ' for name in sorted(LISTED))
_LAYOUT = _line("layout", LAYOUT_VERSION)


def read_facts(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """The facts of the run in ``folder``: name to value, or to the list of values for those in :data:`LISTED`.

    Lines that are no whole JSON object are left out: the last one may be being written, or have been torn when the
    process was killed. A run of another program has no facts.
    """
    facts: dict[str, Any] = {}
    try:
        with open(os.path.join(folder, OWN, FACTS), "rb") as file:
            for name, value in _read(file):
                if name in LISTED:
                    facts.setdefault(name, []).append(value)
                else:
                    facts[name] = value
    except FileNotFoundError:
        pass
    return facts


def _read(lines: Iterable[bytes]) -> Iterator[tuple[str, Any]]:
    for line in lines:
        with suppress(ValueError, KeyError, TypeError):
            fact = json.loads(line)
            yield fact["name"], untag_nonfinite(fact["value"])
