"""The read side: what runs left, from any store.

Importing this loads nothing; back-ends are found by name when a store of theirs is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hallow.records.record import RecordedFile, RunRecord
    from hallow.stores.base import Store
    from hallow.stores.copying import Copied, copy_runs
    from hallow.stores.metrics import MetricsTable, metrics_table
    from hallow.stores.opening import open_store

__all__ = [
    "Copied",
    "MetricsTable",
    "RecordedFile",
    "RunRecord",
    "Store",
    "copy_runs",
    "metrics_table",
    "open_store",
]

_HOMES = {
    "Copied": "hallow.stores.copying",
    "copy_runs": "hallow.stores.copying",
    "RecordedFile": "hallow.records.record",
    "RunRecord": "hallow.records.record",
    "Store": "hallow.stores.base",
    "open_store": "hallow.stores.opening",
    "MetricsTable": "hallow.stores.metrics",
    "metrics_table": "hallow.stores.metrics",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"hallow.stores has no {name!r}; this version has {', '.join(sorted(_HOMES))}")
    from importlib import import_module

    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
