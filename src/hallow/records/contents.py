"""What a store gives of one run on request: the parts that are too large to be read with its record."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hallow.records.points import Points
    from hallow.records.record import RecordedFile

__all__ = ["Contents"]


class Contents(ABC):
    """The large parts of one recorded run; each is read when it is asked for.

    Every method may raise:

    - ``StoreError`` if the store cannot be reached;
    - ``RecordError`` if what is stored makes no sense.
    """

    @abstractmethod
    def details(self) -> dict[str, Any]:
        """Everything that stands beside the document: name to JSON value."""

    @abstractmethod
    def annotate(self, name: str, value: Any) -> None:
        """Replace one of the details."""

    @abstractmethod
    def output_size(self) -> int:
        """How many bytes of UTF-8 the captured output has."""

    @abstractmethod
    def read_output(self, start: int, stop: int) -> bytes:
        """The bytes of the output from ``start`` to before ``stop``; fewer where it ends."""

    @abstractmethod
    def read_points(self, wanted: Callable[[str], bool] | None = None) -> Iterator[Points]:
        """Points of metrics as they were logged; a metric may come in several pieces.

        Args:
            wanted: whether a metric is to be read, by its name; default is all.
        """

    @abstractmethod
    def open(self, file: RecordedFile) -> BinaryIO:
        """The content of a source, resource or artifact.

        Raises:
            FileNotFoundError: if the store does not have it, or not any more.
        """

    def count_points(self) -> int:
        """How many points of all metrics are stored."""
        return sum(len(points) for points in self.read_points())
