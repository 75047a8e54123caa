"""How the ranks of one launch find each other: rank 0 leads, the others join its run.

All of it happens in the folder ``ranks/<key>`` below the state directory, which clusters share between machines:

``seat-<rank>.json``
    the process that is this rank. A process that finds its seat taken by another living one was started by it: it
    has the rank's variables, but is no rank.
``leader-<n>.json``
    what rank 0 says about its n-th run: seed, id, owner, name of the run's group.
``run-<n>-<word>/``
    the run's group: ``member-<rank>.json`` (who joined), ``member-<rank>.done``, ``closed`` (the leader has left), and
    the folders ``rank-<rank>`` for the journals of members.
"""

from __future__ import annotations

import logging
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hallow.records.jsonfile import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hallow.running.ranks.detection import Rank

__all__ = ["Group", "join", "lead"]

PATIENCE = 60.0
"""Seconds that a rank waits for rank 0."""

CLOSING = 2.0
"""Seconds that rank 0 waits for members at the end of its run."""

_SKEW = 60.0  # seconds that the clocks of two machines, or the starts of two ranks, may be apart
_OLD, _FORGOTTEN = 3600.0, 30 * 86_400.0  # age of what ended and what dead launches have left behind
_log = logging.getLogger("hallow.ranks")


class Group:
    """The run that all ranks of a launch have in common, as one of them sees it.

    Attributes:
        rank: the place of this process.
        number: of the run in its process, from 1.
        seed: the seed of the run.
        folder: where the ranks leave what they have for each other; ``None`` if rank 0 was not found.
    """

    def __init__(self, rank: Rank, number: int, seed: int, folder: str | None) -> None:
        self.rank = rank
        self.number = number
        self.seed = seed
        self.folder = folder
        self._process = os.getpid()
        self._settled = False

    def __repr__(self) -> str:
        return f"<Group of run {self.number}, rank {self.rank.rank} of {self.rank.world_size}, in {self.folder}>"

    @property
    def leads(self) -> bool:
        """Whether this process owns the run."""
        return self.rank.rank == 0

    @property
    def run_id(self) -> Any:
        """The id of the run, once rank 0 has told it; ``None`` before."""
        return None if self.folder is None else _read(self._leader_file()).get("run_id")

    def announce(self, run_id: Any) -> None:
        """Rank 0 tells the id of its run."""
        path = self._leader_file()
        with suppress(OSError):  # it is a comfort, no necessity
            write_json(path, {**_read(path), "run_id": run_id})

    def member_journal(self, rank: int | None = None) -> str | None:
        """The folder for the journal of a member, by default of this one; made by whoever fills it."""
        if self.folder is None:
            return None
        return os.path.join(self.folder, f"rank-{self.rank.rank if rank is None else rank}")

    def settle(self, seconds: float = CLOSING) -> list[int]:
        """Rank 0 waits until all members have joined and have closed their groups, or died.

        Args:
            seconds: at most so long.

        Returns:
            The members that are still at work.
        """
        self._settled = True
        end = time.monotonic() + seconds
        for pause in _pauses(0.2):
            working = self._working()
            left = end - time.monotonic()
            if left <= 0 or not (working or self._absent()):
                return working
            time.sleep(min(pause, left))
        return []

    def close(self) -> None:
        """Leave the group; nothing may be written into its folder afterwards.

        Rank 0 waits for the members (see :meth:`settle`), unless it has done so before. Who leaves last removes the
        folder; a rank that comes later than that finds out that the run has ended, and its seed.
        """
        if self.folder is None or os.getpid() != self._process:
            return
        if self.leads and not self._settled:
            self.settle()
        with suppress(OSError):
            if self.leads:
                path = self._leader_file()
                write_json(path, {**_read(path), "closed": True})
            name = "closed" if self.leads else f"member-{self.rank.rank}.done"
            with open(os.path.join(self.folder, name), "w", encoding="ascii"):
                pass
        if os.path.exists(os.path.join(self.folder, "closed")) and not self._working() and not self._absent():
            if _read(self._leader_file()).get("group") == os.path.basename(self.folder):
                _remove(self._leader_file())
            _remove_tree(self.folder)

    @property
    def ended(self) -> bool:
        """Whether rank 0 has closed the group: what members log from then on is in no record."""
        return self.folder is not None and not (
            os.path.isdir(self.folder) and not os.path.exists(os.path.join(self.folder, "closed"))
        )

    def _leader_file(self) -> str:
        return os.path.join(os.path.dirname(self.folder or ""), f"leader-{self.number}.json")

    def _working(self) -> list[int]:
        """Members that have joined, have not closed and may be alive."""
        names = set(_listed(self.folder))
        joined = [rank for rank in range(1, self.rank.world_size) if f"member-{rank}.json" in names]
        owners = {
            rank: _read(os.path.join(self.folder or "", f"member-{rank}.json")).get("owner")
            for rank in joined
            if f"member-{rank}.done" not in names
        }
        return [rank for rank, owner in owners.items() if _alive(owner) is not False]

    def _absent(self) -> bool:
        """Whether a rank has not joined."""
        joined = [name for name in _listed(self.folder) if name.startswith("member-") and name.endswith(".json")]
        return len(joined) < self.rank.world_size - 1


def lead(rank: Rank, seed: int, number: int) -> Group | None:
    """Publish the n-th run of rank 0.

    Args:
        rank: of this process, which is 0.
        seed: of the run.
        number: n, from 1; all ranks count their runs alike.

    Returns:
        The group, or ``None`` if this process only inherited the rank's variables from the process that is rank 0: it
        has a run of its own then. If there is nowhere to write, a group without folder.
    """
    try:
        home = _home(rank)
        _sweep(os.path.dirname(home))
        if not _take_seat(home, rank):
            return None
        name = f"run-{number}-{os.urandom(5).hex()}"
        group = Group(rank, number, seed, os.path.join(home, name))
        os.mkdir(group.folder or "")
        owner, now = _owner(), time.time()
        write_json(group._leader_file(), {"seed": seed, "run_id": None, "owner": owner, "time": now, "group": name})
    except OSError as error:
        _log.warning("The other ranks cannot be told of this run: %s", error)
        return Group(rank, number, seed, None)
    return group


def join(rank: Rank, number: int, fallback: str, patience: float = PATIENCE) -> Group | None:
    """Wait for the n-th run of rank 0 and join it.

    Args:
        rank: of this process, 1 or more.
        number: n, from 1.
        fallback: name of the experiment. If rank 0 is not found, the seed is derived from this name, the launch and
            ``number``: then all ranks that did not find it have the same one.
        patience: seconds to wait.

    Returns:
        The group, or ``None`` if this process only inherited the rank's variables: it has a run of its own then.
    """
    try:
        home = _home(rank)
        if not _take_seat(home, rank):
            return None
        leader = _wait(home, rank, number, patience)
        if leader is not None:
            return Group(rank, number, int(leader["seed"]), os.path.join(home, leader["group"]))
        reason = f"it did not appear within {patience:g} s in {home}"
    except OSError as error:
        reason = str(error)
    _log.warning(
        "Rank 0 was not found: %s. Rank %d goes on alone, with a seed derived from the launch; what it logs is in no "
        "record",
        reason,
        rank.rank,
    )
    return Group(rank, number, _derived_seed(rank.key, fallback, number), None)


def _wait(home: str, rank: Rank, number: int, patience: float) -> dict[str, Any] | None:
    end = time.monotonic() + patience
    for pause in _pauses(0.5):
        leader = _leader(home, number)
        if leader is not None and _enter(os.path.join(home, leader["group"]), rank):
            return leader
        left = end - time.monotonic()
        if left <= 0:
            return None
        time.sleep(min(pause, left))
    return None


def _leader(home: str, number: int) -> dict[str, Any] | None:
    """What rank 0 has published, unless that is left over from an earlier launch."""
    name = f"leader-{number}.json"
    # Network file systems remember that a file was not there; reading the folder makes them look again.
    if name not in _listed(home):
        return None
    leader = _read(os.path.join(home, name))
    if not {"seed", "group", "owner", "time"} <= set(leader):
        return None
    alive = _alive(leader["owner"])
    if alive is None or leader.get("closed"):  # on another machine, or at its end before this rank has begun
        alive = leader["time"] > _started() - _SKEW
    return leader if alive else None


def _enter(group: str, rank: Rank) -> bool:
    """Whether this process is the first of its rank in the group; a second one belongs to a later run of rank 0."""
    path = os.path.join(group, f"member-{rank.rank}.json")
    owner = _owner()
    if os.path.exists(path) or not os.path.isdir(group):
        return _same(_read(path).get("owner"), owner)
    try:
        write_json(path, {"rank": rank.rank, "owner": owner})
    except OSError:  # the leader has just removed the folder
        return False
    return True


# ------------------------------------------------------------------------------------------------------- seats


def _take_seat(home: str, rank: Rank) -> bool:
    """Whether this process is the rank, rather than one that the rank has started."""
    path = os.path.join(home, f"seat-{rank.rank}.json")
    owner = _owner()
    holder = _read(path).get("owner")
    if _same(holder, owner):
        return True
    if holder is not None and _alive(holder):
        _log.info("This process was started by rank %d; its run is recorded on its own", rank.rank)
        return False
    write_json(path, {"rank": rank.rank, "owner": owner})
    import atexit

    atexit.register(_leave_seat, path, os.getpid())
    return True


def _leave_seat(path: str, process: int) -> None:
    if os.getpid() == process:  # and no forked child, which inherited the registration
        _remove(path)
        with suppress(OSError):  # others are still there
            os.rmdir(os.path.dirname(path))


def _same(one: Any, other: Any) -> bool:
    """Whether two owners are one process."""
    if not isinstance(one, dict) or not isinstance(other, dict):
        return False
    return {**one, "started": 0} == {**other, "started": 0}  # that is the time of the question


def _owner() -> dict[str, Any]:
    from hallow.journal.owner import describe_owner

    return describe_owner()


def _alive(owner: Any) -> bool | None:
    from hallow.journal.owner import is_alive

    return is_alive(owner) if isinstance(owner, dict) else False


def _started() -> float:
    """When this process began, in seconds since 1970; the present time where the system does not tell."""
    ticks = _owner().get("start")
    if ticks is None or not hasattr(time, "CLOCK_BOOTTIME"):
        return time.time()
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return time.time() - max(0.0, float(age))


# ------------------------------------------------------------------------------------------------------- files


def _home(rank: Rank) -> str:
    from hallow.journal.place import state_dir

    home = os.path.join(state_dir(), "ranks", rank.key)
    os.makedirs(home, mode=0o700, exist_ok=True)
    return home


def _read(path: str) -> dict[str, Any]:
    """What a file says; nothing if it is not there or is no such file."""
    try:
        found = read_json(path)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _listed(folder: str | None) -> list[str]:
    try:
        return os.listdir(folder) if folder else []
    except OSError:
        return []


def _remove(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)


def _remove_tree(folder: str) -> None:
    from shutil import rmtree

    rmtree(folder, ignore_errors=True)
    with suppress(OSError):  # other runs are still there
        os.rmdir(os.path.dirname(folder))


def _sweep(ranks: str) -> None:
    """Remove what earlier launches have left behind; what members of a killed one have logged stays for a while."""
    for name in _listed(ranks):
        home = os.path.join(ranks, name)
        with suppress(OSError):
            age = time.time() - os.stat(home).st_mtime
            if age < _OLD or any(_alive(_read(path).get("owner")) for path in _entries(home, "seat-")):
                continue
            groups = _entries(home, "run-")
            if age > _FORGOTTEN or all(os.path.exists(os.path.join(group, "closed")) for group in groups):
                _remove_tree(home)


def _entries(folder: str, start: str) -> list[str]:
    return [os.path.join(folder, name) for name in _listed(folder) if name.startswith(start)]


def _pauses(longest: float) -> Iterator[float]:
    pause = 0.005
    while True:
        yield pause
        pause = min(longest, pause * 1.5)


def _derived_seed(key: str, name: str, number: int) -> int:
    from hallow.running.seeding import named_child_seed

    return named_child_seed(0, f"launch {key}, run {number} of {name}")
