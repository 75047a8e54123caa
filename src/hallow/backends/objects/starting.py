"""How a run gets its place in an object store: one that nobody else has, without looking through the store."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from hallow.backends.objects.connection import FIRST_PATIENCE
from hallow.backends.objects.layout import (
    HINT,
    JSON_TYPE,
    OWN,
    STORE_MARKER,
    check_version,
    marker,
    number_of,
    parsed,
)

if TYPE_CHECKING:
    from hallow.backends.objects.access import Objects

__all__ = ["Beginning", "give_back", "take_queued"]

_LOOK_AGAIN = 20  # numbers that were taken, until the store is listed for the highest one
_STEP = 4  # numbers that were taken, until one is left out


@dataclass(frozen=True)
class Beginning:
    """A store in which a run is to begin.

    Attributes:
        objects: of the store.
        highest: a number that was given to a run, the highest or one before it; ``None`` if that is not known.
    """

    objects: Objects
    highest: int | None

    @classmethod
    def of(cls, objects: Objects, make_bucket: bool) -> Beginning:
        """Look at a store, and prepare it if nothing was recorded there before.

        Args:
            objects: of the store.
            make_bucket: whether a bucket that is missing is made.

        Raises:
            StoreError: if it cannot be reached within seconds, or nothing may be written to it.
        """
        found = objects.read_many([STORE_MARKER, HINT], FIRST_PATIENCE)
        if STORE_MARKER in found:
            _agree(objects, found[STORE_MARKER])
        else:
            _prepare(objects, make_bucket)
        return cls(objects, number_of(found.get(HINT, b"").decode("ascii", "replace").strip()))

    def next_run(self, entry: bytes) -> str:
        """Make ``run.json`` of a new run under the next free number; gives the number.

        Of many that begin at the same moment, those who lose too often leave some numbers out.
        """
        number = (self._highest_listed() if self.highest is None else self.highest) + 1
        for attempt in count(1):
            if self.make_run(str(number), entry):
                break
            known = self._highest_listed() if attempt % _LOOK_AGAIN == 0 else 0
            number = max(number, known) + random.randint(1, max(1, attempt // _STEP))
        return str(number)

    def make_run(self, name: str, entry: bytes) -> bool:
        """Make ``run.json`` of a new run, if nobody else has the name; whether that is so."""
        claim = f"{name}/{OWN}/layout.json"
        if not self.objects.create(claim, marker(), JSON_TYPE):
            return False
        made = False
        try:
            # Sacred makes runs without a claim.
            made = self.objects.create(f"{name}/run.json", entry, JSON_TYPE)
        finally:
            if not made:
                with suppress(OSError):
                    self.objects.remove([claim])
        return made

    def _highest_listed(self) -> int:
        numbers = (number_of(name) for name in self.objects.folders() if name)
        return max((number for number in numbers if number is not None), default=0)


def take_queued(objects: Objects, name: str) -> dict[str, Any] | None:
    """What is in ``run.json`` of a run that is queued, if nobody else starts it; then it is ours."""
    try:
        entry = parsed(objects.read_many([f"{name}/run.json"]).get(f"{name}/run.json"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(entry, dict) or entry.get("status") != "QUEUED":
        return None
    return entry if objects.create(f"{name}/{OWN}/started.json", marker(), JSON_TYPE) else None


def give_back(objects: Objects, name: str) -> None:
    """A queued run was taken, but could not be started."""
    with suppress(OSError):
        objects.remove([f"{name}/{OWN}/started.json"])


def _prepare(objects: Objects, make_bucket: bool) -> None:
    """Make the marker of the store, and its bucket if need be."""
    try:
        _mark(objects)
    except FileNotFoundError:
        if not make_bucket:
            raise objects.no_bucket() from None
        objects.make_bucket()
        _mark(objects)


def _mark(objects: Objects) -> None:
    """Make the marker, unless somebody else does at the same moment: then do as that one says."""
    if _is_refused(objects):
        _agree(objects, objects.read_many([STORE_MARKER]).get(STORE_MARKER))
    else:
        _find_out(objects)


def _agree(objects: Objects, content: bytes | None) -> None:
    """All who write to a store give away ids in the same way."""
    said = check_version(content, objects.url).get("exclusive", False)
    if said is None:  # who made the marker a moment ago is about to find out, or was killed meanwhile
        _find_out(objects)
    else:
        objects.exclusive = objects.conditional and said is True


def _find_out(objects: Objects) -> None:
    """Whether the store creates an object for one of several only: it then refuses another marker. That says so."""
    objects.exclusive = _is_refused(objects)  # there are servers that overlook the condition
    objects.write(STORE_MARKER, marker(exclusive=objects.exclusive), JSON_TYPE)


def _is_refused(objects: Objects) -> bool:
    if objects.conditional:
        try:
            objects.create_at_once(STORE_MARKER, marker(exclusive=None), JSON_TYPE)
        except FileExistsError:
            return True
        except NotImplementedError:
            objects.conditional = False
    return False
