"""Whether other programs may be started from this process."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from hallow.settings import SETTINGS

if TYPE_CHECKING:
    from hallow.settings import Settings

_MPI_VARIABLES = ("OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "MV2_COMM_WORLD_RANK", "MPI_LOCALRANKID")


def mpi_is_running() -> bool:
    """Whether this process is a rank of an MPI job; forks upset some MPI libraries."""
    return "mpi4py.MPI" in sys.modules or any(name in os.environ for name in _MPI_VARIABLES)


def starts_no_processes(settings: Settings = SETTINGS) -> bool:
    """Whether no other program may be started here: MPI is running, or the settings say so.

    ``settings.HOST_INFO.MAY_START_PROCESSES`` decides; ``"auto"`` means: unless MPI is running.
    """
    may = settings.HOST_INFO.MAY_START_PROCESSES
    return mpi_is_running() if may == "auto" else not may
