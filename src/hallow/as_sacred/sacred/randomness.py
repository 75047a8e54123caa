"""Seeds and random generators."""

from __future__ import annotations

from hallow.running.generators import SEEDRANGE, create_rnd, get_seed
from hallow.running.seeding import set_global_seed

__all__ = ["SEEDRANGE", "create_rnd", "get_seed", "set_global_seed"]
