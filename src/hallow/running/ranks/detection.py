"""Which rank of which launch is this process? Told by the environment variables of launchers."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Rank", "detect"]

_Environ = Mapping[str, str]
# Steps of SLURM that are no launch of several tasks: interactive, batch script, extern.
_PSEUDO_STEPS = frozenset({"4294967290", "4294967291", "4294967292", "interactive", "batch", "extern"})
_JOBS = ("SLURM_JOB_ID", "SLURM_RESTART_COUNT", "PBS_JOBID", "LSB_JOBID", "JOB_ID")


@dataclass(frozen=True)
class Rank:
    """The place of this process among those that were launched together.

    Attributes:
        rank: from 0 to ``world_size - 1``.
        world_size: number of processes, at least 2.
        local_rank: its number on this machine, if the launcher tells.
        launcher: ``torchrun``, ``torch``, ``slurm``, ``openmpi``, ``pmix``, ``pmi``, ``mvapich`` or
            ``mpi``.
        key: what all ranks of this launch have in common and no other launch of the same time has; letters and digits.
    """

    rank: int
    world_size: int
    local_rank: int | None
    launcher: str
    key: str


def detect(environ: _Environ = os.environ) -> Rank | None:
    """The rank of this process, or ``None`` if it was launched alone.

    Also a process that a rank has started has the variables of that rank; see
    :func:`~hallow.running.ranks.rendezvous.join` for how it is told from it.
    """
    for recognise in _LAUNCHERS:
        found = recognise(environ)
        if found is not None:
            rank, size, local, launcher, key = found
            return Rank(rank, size, local, launcher, key()) if size > 1 else None
    return None


_Found = tuple[int, int, "int | None", str, Callable[[], str]]


def _torch(environ: _Environ) -> _Found | None:
    place = _place(environ, "RANK", "WORLD_SIZE")
    if place is None:
        return _initialised_torch(environ)
    run = _word(environ, "TORCHELASTIC_RUN_ID")
    one_node = _number(environ, "LOCAL_WORLD_SIZE") == place[1]
    # The nodes of one launch may have counted different numbers of restarts.
    names = ["MASTER_ADDR", "MASTER_PORT", *(["TORCHELASTIC_RESTART_COUNT"] if one_node else [])]
    # torchrun's default id is the word none.
    known = run not in ("", "none")
    one_node = one_node or "LOCAL_WORLD_SIZE" not in environ

    def key() -> str:
        return _key(environ, ["torch", run if known else "", place[1]], names, not known and one_node, "RANK")

    return (*place, _number(environ, "LOCAL_RANK"), "torchrun" if run else "torch", key)


def _initialised_torch(environ: _Environ) -> _Found | None:
    """Processes that were spawned by hand have no variables, but have told torch."""
    distributed: Any = sys.modules.get("torch.distributed")
    try:
        if environ is not os.environ or distributed is None or not distributed.is_initialized():
            return None
        place = int(distributed.get_rank()), int(distributed.get_world_size())
    except Exception:  # half imported, or built without it
        return None

    def key() -> str:
        return _key(environ, ["torch", place[1]], ["MASTER_ADDR", "MASTER_PORT"], True, "RANK")

    return (*place, _number(environ, "LOCAL_RANK"), "torch", key)


# The launchers of MPI come before SLURM: where they start their helpers through srun, ranks see its variables as well.


def _openmpi(environ: _Environ) -> _Found | None:
    return _mpi(
        environ,
        "openmpi",
        ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE"),
        ("PMIX_NAMESPACE", "OMPI_MCA_ess_base_jobid"),
    )


def _mvapich(environ: _Environ) -> _Found | None:
    return _mpi(
        environ,
        "mvapich",
        ("MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_LOCAL_RANK", "MV2_COMM_WORLD_LOCAL_SIZE"),
        ("MPIRUN_ID",),
    )


def _pmi(environ: _Environ) -> _Found | None:
    """Hydra (MPICH, Intel MPI) and whatever else speaks PMI 1 or 2."""
    return _mpi(
        environ,
        "pmi",
        ("PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS"),
        ("PMI_JOBID", "PALS_APID"),
    )


def _mpi(environ: _Environ, launcher: str, names: tuple[str, str, str, str], ids: tuple[str, ...]) -> _Found | None:
    rank, size, local_rank, local_size = names
    place = _place(environ, rank, size)
    if place is None:
        return None
    named = any(environ.get(name) for name in ids)
    one_node = _number(environ, local_size) in (None, place[1])

    def key() -> str:
        return _key(environ, [launcher, place[1]], ids if named else _JOBS, not named and one_node, rank)

    return (*place, _number(environ, local_rank), launcher, key)


def _slurm(environ: _Environ) -> _Found | None:
    """A task of ``srun``; batch scripts and interactive shells have variables of SLURM too, but are no tasks."""
    step = _word(environ, "SLURM_STEP_ID") or _word(environ, "SLURM_STEPID")
    if not step or step in _PSEUDO_STEPS or environ.get("SLURM_PTY_PORT"):
        return None
    size = "SLURM_STEP_NUM_TASKS" if "SLURM_STEP_NUM_TASKS" in environ else "SLURM_NTASKS"
    place = _place(environ, "SLURM_PROCID", size)
    if place is None:
        return None
    launcher = "pmix" if "PMIX_RANK" in environ else "slurm"

    def key() -> str:
        return _key(environ, ["slurm", step], ["SLURM_JOB_ID", "SLURM_RESTART_COUNT"], False, "")

    return (*place, _number(environ, "SLURM_LOCALID"), launcher, key)


def _pmix(environ: _Environ) -> _Found | None:
    """PMIx itself tells no number of ranks; whoever uses it may."""
    size = "OMPI_COMM_WORLD_SIZE" if "OMPI_COMM_WORLD_SIZE" in environ else "SLURM_NTASKS"
    return _mpi(environ, "pmix", ("PMIX_RANK", size, "PMIX_LOCAL_RANK", "PMIX_LOCAL_SIZE"), ("PMIX_NAMESPACE",))


def _initialised_mpi(environ: _Environ) -> _Found | None:
    """Whatever the launcher, mpi4py knows the place once it is initialised."""
    mpi: Any = sys.modules.get("mpi4py.MPI")
    try:
        if environ is not os.environ or mpi is None or not mpi.Is_initialized() or mpi.Is_finalized():
            return None
        place = int(mpi.COMM_WORLD.Get_rank()), int(mpi.COMM_WORLD.Get_size())
    except Exception:  # half imported
        return None

    def key() -> str:
        return _key(
            environ, ["mpi", place[1]], ("PMIX_NAMESPACE", *_JOBS), "PMIX_NAMESPACE" not in environ, "PMIX_RANK"
        )

    return (*place, None, "mpi", key)


_LAUNCHERS = (_torch, _openmpi, _mvapich, _pmi, _slurm, _pmix, _initialised_mpi)

# ------------------------------------------------------------------------------------------------------ reading


def _word(environ: _Environ, name: str) -> str:
    return (environ.get(name) or "").strip()


def _number(environ: _Environ, name: str) -> int | None:
    text = _word(environ, name)
    return int(text) if text.isdecimal() else None


def _place(environ: _Environ, rank_name: str, size_name: str) -> tuple[int, int] | None:
    rank, size = _number(environ, rank_name), _number(environ, size_name)
    return None if rank is None or size is None or rank >= size else (rank, size)


# --------------------------------------------------------------------------------------------------------- keys


def _key(environ: _Environ, parts: list[Any], names: Any, launcher_counts: bool, rank_name: str) -> str:
    """A hash of ``parts``, of the variables ``names`` and, if these do not tell launches apart, of the launcher."""
    from hashlib import blake2b

    words = [*map(str, parts), *(f"{name}={_word(environ, name)}" for name in names)]
    if launcher_counts:
        words += map(str, _launcher(rank_name))
    return blake2b("\0".join(words).encode("utf-8", "surrogateescape"), digest_size=10).hexdigest()


def _launcher(rank_name: str) -> tuple[int, str]:
    """Process id and start of the process that launched the ranks.

    That is the nearest process above that has not the variable of the rank: between it and the ranks there may be
    shells, one for each.
    """
    mark = f"{rank_name}=".encode()
    pid = os.getppid()
    for pid in _ancestors():
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                words = file.read().split(b"\0")
        except OSError:  # the launcher of another user, or a system without /proc
            break
        if not any(word.startswith(mark) for word in words):
            break
    return pid, _start(pid)


def _ancestors() -> Iterator[int]:
    pid = os.getppid()
    while pid > 1:
        yield pid
        fields = _stat(pid)
        if not fields:
            return
        pid = int(fields[1])


def _start(pid: int) -> str:
    """When a process was started, as a word that no later process of the same number has."""
    fields = _stat(pid)
    return fields[19] if len(fields) > 19 else ""


def _stat(pid: int) -> list[str]:
    """The fields of ``/proc/PID/stat`` after the name, which may hold blanks: state, parent, ..., 19: start."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return []
