"""hallow: experiments that configure, run and record themselves, and lose nothing.

Names are loaded on first use; ``import hallow`` alone does nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__author__ = "The hallow developers"
__author_email__ = ""
__url__ = ""

if TYPE_CHECKING:
    import hallow.stores as stores
    from hallow import errors as errors
    from hallow import observers as observers
    from hallow import utils as utils
    from hallow.cli.options import cli_option as cli_option
    from hallow.config.filling import Replace as Replace
    from hallow.config.schema import Range as Range
    from hallow.experiment import Experiment as Experiment
    from hallow.experiment import Ingredient as Ingredient
    from hallow.experiment import Slot as Slot
    from hallow.provenance.host import host_info_gatherer as host_info_gatherer
    from hallow.provenance.host import host_info_getter as host_info_getter
    from hallow.running.posthoc import reopen as reopen
    from hallow.running.recovery import recover as recover
    from hallow.running.run import Run as Run
    from hallow.settings import SETTINGS as SETTINGS
    from hallow.stores.opening import open_store as open_store

_HOME = {
    "Experiment": "hallow.experiment",
    "Ingredient": "hallow.experiment",
    "Range": "hallow.config.schema",
    "Replace": "hallow.config.filling",
    "Run": "hallow.running.run",
    "SETTINGS": "hallow.settings",
    "Slot": "hallow.experiment",
    "cli_option": "hallow.cli.options",
    "host_info_gatherer": "hallow.provenance.host",
    "host_info_getter": "hallow.provenance.host",
    "open_store": "hallow.stores.opening",
    "recover": "hallow.running.recovery",
    "reopen": "hallow.running.posthoc",
}
# Modules that only Sacred has can be imported as ``hallow.run``, ``hallow.dependencies`` ... too: changing the name of
# the package is all that imports need. The same stands in hallow.config and hallow.observers.
__path__.append(f"{__path__[0]}/as_sacred/sacred")
_ROOMS = frozenset(
    {"config", "errors", "experiment", "integrations", "observers", "settings", "stores", "testing", "utils"}
)

__all__ = [*sorted(_HOME), "errors", "observers", "stores", "utils"]  # noqa: PLE0604 - all are strings


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(import_module(_HOME[name]), name)
    elif name in _ROOMS:
        value = import_module(f"hallow.{name}")
    else:
        raise AttributeError(f"module 'hallow' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
