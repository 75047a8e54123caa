"""One run for all ranks of a distributed job: rank 0 owns it, the others attach to it."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from hallow.running.ranks.members import Members
from hallow.running.ranks.rendezvous import join, lead
from hallow.running.seeding import new_seed

if TYPE_CHECKING:
    from hallow.running.ranks.detection import Rank
    from hallow.running.ranks.rendezvous import Group
    from hallow.running.run import Run

__all__ = ["Attachment", "attach"]

# Ranks find their common run by its number in each process.
_numbers = count(1)


def attach(rank: Rank, experiment: str) -> Attachment:
    """The attachment of the next run of this process.

    Args:
        rank: of this process.
        experiment: its name.
    """
    return Attachment(rank, next(_numbers), experiment)


class Attachment:
    """What one process has to do with the run that all ranks have in common.

    Args:
        rank: of this process.
        number: of the run in this process, from 1.
        experiment: its name.
    """

    def __init__(self, rank: Rank, number: int, experiment: str) -> None:
        self.rank = rank
        self._number = number
        self._experiment = experiment
        self._joined = False
        self._group: Group | None = None
        self._members = Members(None)

    @property
    def is_member(self) -> bool:
        """Whether the run is that of another process."""
        return self.rank.rank > 0 and self._group is not None

    @property
    def journal_folder(self) -> str | None:
        """Where what this member logs and prints is to be, so that rank 0 takes it into the record."""
        return self._group.member_journal() if self._group is not None and self.is_member else None

    def draw_seed(self) -> int:
        """A seed for a run that is given none; the same for all ranks."""
        if self.rank.rank == 0:
            return new_seed()
        self._join()
        return new_seed() if self._group is None else self._group.seed

    def _join(self) -> None:
        if not self._joined:
            self._joined = True
            self._group = join(self.rank, self._number, self._experiment)

    def take_part(self, run: Run, seed: int) -> None:
        """Lead or join, now that the run is sure to start; a member records nothing itself."""
        if self.rank.rank == 0:
            self._group = lead(self.rank, seed, self._number)
            self._members = Members(None if self._group is None else self._group.folder)
        else:
            self._join()
        if self._group is None:
            return
        run.rank, run.world_size = self.rank.rank, self.rank.world_size
        if self.is_member:
            run.unobserved = True

    # ---------------------------------------------------------------------------------------- during the run

    def announce(self, run_id: Any) -> None:
        """Rank 0 tells the others the id of the run."""
        if self._group is not None and not self.is_member:
            self._group.announce(run_id)

    def collect(self, run: Run) -> None:
        """Rank 0 takes in what the others have logged."""
        for points in self._members.collect():
            for step, value, at in zip(points.steps, points.values, points.times, strict=True):
                run._metrics.log(points.name, value, step, at)

    def wait_for_members(self, run: Run) -> None:
        """Rank 0, at the end: take in what the others still log, and keep what they printed."""
        if self._group is None or self.is_member:
            return
        working = self._group.settle()
        if working:
            run.run_logger.warning(
                "Rank(s) %s are still at work; what they do from here on is in no record", ", ".join(map(str, working))
            )
        self.collect(run)
        for rank, path in self._members.outputs().items():
            run.add_artifact(path, f"output.rank{rank}.txt", {"kind": "output", "rank": rank}, "text/plain")

    def close(self) -> None:
        """Leave the group."""
        if self._group is not None:
            self._group.close()
