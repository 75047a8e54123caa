"""What every store offers to readers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from hallow.errors import RunNotFoundError, StoreError
from hallow.stores.metrics import RunPoints
from hallow.utils import closest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

    from typing_extensions import Self

    from hallow.records.record import RunRecord

__all__ = ["Store"]


class Store(ABC):
    """The runs of one store, for reading, marking and deleting; see :func:`hallow.open_store`.

    Reading never runs code from a record. What is damaged is one run with a ``problem``, never a failed listing.

    Every method raises ``StoreError`` if the store cannot be reached.

    Attributes:
        url: of the store, without a password.
    """

    url: str

    @abstractmethod
    def ids(self) -> Iterator[Any]:
        """The ids of all runs, in the order in which they were started, as far as the store knows it."""

    @abstractmethod
    def get(self, run_id: Any) -> RunRecord:
        """One run; an id of digits may be given as text or as a number.

        Raises:
            RunNotFoundError: (a KeyError) if there is none of that id.
        """

    @abstractmethod
    def delete(self, run_id: Any) -> None:
        """Remove a run with everything that belongs to it alone; sources and resources of other runs stay.

        Raises:
            RunNotFoundError: (a KeyError) if there is none of that id.
        """

    def observer(self) -> Any:
        """An observer that records into this store, or adds to its runs.

        Raises:
            StoreError: if it can only be read.
        """
        raise StoreError(f"{self.url} can only be read")

    def runs(self) -> Iterator[RunRecord]:
        """All runs, in the order of :meth:`ids`, one after the other; neither metrics nor output are read."""
        for run_id in list(self.ids()):
            try:
                record = self.get(run_id)
            except RunNotFoundError:  # it was deleted meanwhile
                continue
            yield record

    def read_metrics(
        self, runs: Iterable[Any] | None, wanted: Callable[[str], bool] | None, at_most: int | None
    ) -> Iterator[RunPoints]:
        """The metrics of each run; of all runs, those without metrics are left out.

        Args:
            runs: ids; ``None`` for all.
            wanted: whether a metric is to be read, by its name; default is all.
            at_most: this many points of each, see :meth:`~hallow.records.record.RunRecord.read_metrics`.

        Raises:
            RunNotFoundError: if one of ``runs`` is not there.
        """
        for record in self.runs() if runs is None else map(self.get, runs):
            try:
                found = RunPoints(str(record.run_id), list(record.read_metrics(wanted, at_most).values()))
            except StoreError:  # it cannot be reached, and the other runs are no better off
                raise
            except (OSError, ValueError, RecursionError) as error:
                found = RunPoints(str(record.run_id), problem=f"{type(error).__name__}: {error}")
            if found.points or found.problem:
                yield found

    def close(self) -> None:  # noqa: B027 - not every store has something to close
        """Let connections go; records of this store cannot be read further after that."""

    def __iter__(self) -> Iterator[RunRecord]:
        return self.runs()

    def __len__(self) -> int:
        return sum(1 for _ in self.ids())

    def __contains__(self, run_id: object) -> bool:
        try:
            self.get(run_id)
        except RunNotFoundError:
            return False
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.url}>"

    def not_found(self, run_id: Any) -> RunNotFoundError:
        """The error for an id that is not there; names the ids that are, of words the nearest."""
        ids = list(map(str, self.ids()))
        if not ids:
            return RunNotFoundError(f"there is no run {run_id} in {self.url} (it has no runs)")
        words = [] if str(run_id).isdecimal() else [known for known in ids if not known.isdecimal()]
        near = closest(str(run_id), words)
        hint = f"; did you mean {near[0]}?" if near else ""
        there = f"ids {ids[0]}-{ids[-1]}" if len(ids) > 3 else f"ids {', '.join(ids)}"
        return RunNotFoundError(f"there is no run {run_id} in {self.url} ({there}){hint}")
