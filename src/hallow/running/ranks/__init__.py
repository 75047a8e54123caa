"""Several processes of one distributed job, and what they have to do with each other's runs."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hallow.running.ranks.detection import Rank

_SIGNS = (
    "RANK",
    "OMPI_COMM_WORLD_RANK",
    "MV2_COMM_WORLD_RANK",
    "PMI_RANK",
    "PMIX_RANK",
    "SLURM_STEP_ID",
    "SLURM_STEPID",
)
_MODULES = ("torch.distributed", "mpi4py.MPI")


def detect(environ: Mapping[str, str] = os.environ) -> Rank | None:
    """The rank of this process, or ``None`` if it was launched alone; see :mod:`hallow.running.ranks.detection`.

    Whoever finds no sign of a launcher, as nearly always, has not loaded what could read one.
    """
    if not any(name in environ for name in _SIGNS) and not any(name in sys.modules for name in _MODULES):
        return None
    from hallow.running.ranks.detection import detect as look

    return look(environ)
