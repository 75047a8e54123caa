"""What the contract needs to know of a back-end under test."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from hallow.stores.base import Store

__all__ = ["ABILITIES", "Backend", "RawRun", "Traffic"]

#: What a back-end may declare that it cannot do, and what the contract then leaves out.
ABILITIES = {
    "processes": "its runs are seen by other processes",
    "answers": "a write may succeed although its answer is lost",
    "outage": "it can be out of reach for a while",
    "traffic": "commands and bytes that are sent to it can be counted",
    "damage": "its documents can be damaged from outside",
    "dead": "a run whose process was killed can be found and closed by another process",
    "reserved": "every relative path is a name for an artifact",
}


@dataclass(frozen=True)
class Traffic:
    """What was sent to a store so far.

    Attributes:
        commands: or round trips, or calls of the system, as the back-end counts them.
        bytes: sent.
    """

    commands: int
    bytes: int

    def __sub__(self, other: Traffic) -> Traffic:
        return Traffic(self.commands - other.commands, self.bytes - other.bytes)


class RawRun(ABC):
    """One stored run, read around our own reader, so that an error in reading cannot hide one in writing."""

    @abstractmethod
    def status(self) -> str:
        """As stored."""

    @abstractmethod
    def output(self) -> bytes:
        """The whole output that is stored."""

    @abstractmethod
    def artifact(self, name: str) -> bytes:
        """The stored content of an artifact."""

    @abstractmethod
    def resource(self, path: str) -> bytes:
        """The stored content of a resource, by the path that the run read it from."""

    @abstractmethod
    def source(self, path: str) -> bytes:
        """The stored content of a source, by its path relative to the experiment's folder."""

    @abstractmethod
    def points(self, metric: str) -> int:
        """How many points of a metric are stored."""


class Backend(ABC):
    """One store, empty at first, of one kind; made anew for each test.

    Attributes:
        cannot: names of :data:`ABILITIES` that this back-end lacks, each with the reason.
    """

    cannot: ClassVar[dict[str, str]] = {}

    @abstractmethod
    def observer(self) -> Any:
        """A new observer that keeps runs in the store."""

    @abstractmethod
    def open(self) -> Store:
        """The store, opened for reading as users do it."""

    @abstractmethod
    def raw(self, run_id: Any) -> RawRun:
        """One of its runs, read around our own reader."""

    @abstractmethod
    def contents(self) -> int:
        """How many contents of sources, resources and artifacts are stored."""

    @abstractmethod
    def everything(self) -> int:
        """How many things there are in all: contents, documents, rows, files, whatever belongs to some run.

        Counters, hints, indexes and locks do not count.
        """

    def code(self) -> str:
        """An expression that makes the observer in another process; ``hallow`` is imported there."""
        raise NotImplementedError

    @contextmanager
    def lost_answer(self, observer: Any) -> Iterator[None]:
        """While this lasts, points are stored, but the observer raises ``ConnectionError``."""
        write = observer._write_points

        def answerless(*args: Any) -> None:
            write(*args)
            raise ConnectionError("the answer is lost")

        observer._write_points = answerless
        try:
            yield
        finally:
            del observer._write_points

    def traffic(self) -> Traffic:
        """What the observers of this back-end have sent so far."""
        raise NotImplementedError

    def damage(self, run_id: Any) -> None:
        """Make the document of a run unreadable, as a fault of the disk or another program might."""
        raise NotImplementedError

    def outage(self) -> AbstractContextManager[None]:
        """While this lasts, the store cannot be reached."""
        raise NotImplementedError
