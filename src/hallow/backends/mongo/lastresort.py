"""What a run has told is written to a file, when nothing else is left."""

from __future__ import annotations

import os
import pickle
from typing import TYPE_CHECKING, Any

from hallow.journal.place import state_dir

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hallow.records.points import Points

__all__ = ["dump"]


def dump(entry: Mapping[str, Any], unsent: Sequence[Points], folder: str | None) -> str:
    """Write the document of a run, and points that could not be stored, to a file; gives its path.

    Args:
        entry: the document; pickled as it is, as Sacred does, with a further key ``metrics``: one dict for each metric
            with ``name``, ``steps``, ``values`` and ``times`` (seconds since 1970).
        unsent: the points.
        folder: where the file is made, by default a folder ``failures`` among hallow's own files.

    Raises:
        OSError: if it cannot be written.
    """
    folder = os.path.join(state_dir(), "failures") if folder is None else os.fspath(folder)
    os.makedirs(folder, exist_ok=True)
    metrics = [{"name": p.name, "steps": p.steps, "values": p.values, "times": p.times} for p in unsent]
    name = f"sacred_mongo_fail_{str(entry.get('_id')).replace(os.sep, '_')}_{os.urandom(4).hex()}.pickle"
    path = os.path.join(folder, name)
    with open(path, "xb") as file:
        pickle.dump({**entry, "metrics": metrics}, file)
    return path
