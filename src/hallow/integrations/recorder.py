"""What the integrations have in common: which run, which names, and plain values of foreign objects."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from hallow.errors import NotRunningError
from hallow.records.names import files_below
from hallow.running.context import current_run
from hallow.running.scalars import described, is_number, plain_scalar

__all__ = ["Recorder", "class_name", "named", "numbers", "plain", "run_of"]

_log = logging.getLogger("hallow.integrations")
_LONGEST = 1000


def run_of(given: Any = None) -> Any:
    """The run to record into.

    Args:
        given: a run, an experiment for its current run, or ``None`` for the run that this code belongs to.

    Raises:
        NotRunningError: (a RuntimeError) if there is none.
    """
    run = given
    if given is None:
        run = current_run()
    elif hasattr(given, "current_run"):
        run = given.current_run
        if run is not None and run.status != "RUNNING":
            raise NotRunningError(
                f"the last run of the experiment {given.path!r} has ended ({run.status}); to add to its record, give "
                f"the run of `with hallow.reopen(store, {run._id!r}) as run:`"
            )
    if run is None:
        raise NotRunningError(
            "there is no run to record into; call this during a run (ex.run(...), with ex.start()), or give it the run"
        )
    return run


def named(prefix: str, name: str) -> str:
    """``prefix.name``; a prefix that ends with a separator of its own (``. / _ -``) stands as it is."""
    return f"{prefix}.{name}" if prefix and prefix[-1] not in "./_-" else f"{prefix}{name}"


def numbers(values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of ``values`` that are numbers, as Python's own; arrays and tensors count if they hold one element."""
    found = {}
    for name, value in values.items():
        number = plain_scalar(value)
        # What resisted may be an array, whose type has __float__ for the case of one element.
        if is_number(number) and not hasattr(number, "tolist"):
            found[str(name)] = number
    return found


class Recorder:
    """Records into one run under one prefix; a callback or logger has one.

    Args:
        run: see :func:`run_of`. ``None`` means the run in which this is made; outside of runs, the one of each call.
        prefix: of the names of metrics.
        framework: the entry of ``run.info`` where facts are put.
    """

    def __init__(self, run: Any, prefix: str, framework: str) -> None:
        self._given = current_run() if run is None else run
        self.prefix = prefix
        self.framework = framework
        self._skipped: set[str] = set()

    @property
    def run(self) -> Any:
        """The run; see :func:`run_of`.

        Raises:
            NotRunningError: (a RuntimeError) if there is none.
        """
        return run_of(self._given)

    @property
    def facts(self) -> dict[str, Any]:
        """``run.info[framework]``, with a prefix ``run.info[framework][prefix]``; made when it is missing."""
        found: dict[str, Any] = self.run.info.setdefault(self.framework, {})
        return found.setdefault(self.prefix.rstrip("./_-"), {}) if self.prefix else found

    def named(self, name: str) -> str:
        """The name with the prefix."""
        return named(self.prefix, name)

    def log(self, values: Mapping[str, Any], step: Any = None) -> dict[str, Any]:
        """Log what is a number; the rest is left out, with one warning for each name.

        Returns:
            What was logged, without the prefix.
        """
        found = numbers(values)
        self.run.log_scalars({self.named(name): value for name, value in found.items()}, step)
        for name, value in values.items():
            if str(name) not in found and name not in self._skipped:
                self._skipped.add(name)
                _log.warning(
                    "%s gave %s for the metric '%s', which is left out: only single numbers are logged",
                    self.framework,
                    described(value),
                    name,
                )
        return found

    def keep(self, folder_or_file: str, name: str, metadata: dict[str, Any]) -> None:
        """Keep a file as the artifact ``name``, of a folder each file as ``name/path``.

        Raises:
            FileNotFoundError: if it is not there.
        """
        for inside, path in files_below(folder_or_file, name):
            self.run.add_artifact(path, name=inside, metadata=metadata)


# ------------------------------------------------------------------------------------------------- plain values


def class_name(value: Any) -> str:
    """The public import path of an object's class: ``sklearn.svm.SVC`` for one of ``sklearn.svm._classes``."""
    return _path(type(value))


def _path(thing: Any) -> str:
    module = getattr(thing, "__module__", None) or ""
    parts = [part for part in module.split(".") if part and not part.startswith("_") and part != "builtins"]
    return ".".join([*parts, thing.__qualname__])


def plain(value: Any) -> Any:
    """``value`` as JSON has it, for parameters: readable, and the same each time.

    Numbers, texts, lists and dicts stay; numpy's scalars and arrays become numbers and lists; classes and functions
    become their import path; objects with parameters ``{"class": path, "params": {...}}``; others become their text.
    Of arrays of more than 1000 numbers only type and shape remain.
    """
    if isinstance(value, type):  # some have the attributes of their objects
        return _path(value)
    value = _array_size(value) or plain_scalar(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value if type(value) in _JSON else _unwrapped(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | range):
        return [plain(item) for item in value]
    if isinstance(value, AbstractSet):
        return sorted((plain(item) for item in value), key=str)
    if hasattr(value, "get_params"):
        return {"class": class_name(value), "params": plain(value.get_params(deep=False))}
    if hasattr(value, "dist") and hasattr(value, "kwds"):  # a distribution of scipy with its arguments
        return {"distribution": value.dist.name, "args": plain(value.args), "kwds": plain(value.kwds)}
    return _path(value) if hasattr(value, "__qualname__") else _text(value)


def _array_size(value: Any) -> str | None:
    """Type and shape of an array that is too large to be a parameter, else ``None``."""
    if not hasattr(value, "tolist") or math.prod(getattr(value, "shape", ())) <= _LONGEST:
        return None
    return described(value)


_JSON = frozenset({type(None), bool, int, float, str})


def _unwrapped(value: Any) -> Any:
    """Members of enums and other subclasses of the plain types as their plain value."""
    inner = getattr(value, "value", value)
    base = next(kind for kind in (bool, int, float, str) if isinstance(value, kind))
    return inner if type(inner) in _JSON else base(value)


def _text(value: Any) -> str:
    """The text of an object, without addresses in memory, which differ each time."""
    import re

    kind: Any = type(value)
    if kind.__str__ is object.__str__ and kind.__repr__ is object.__repr__:
        return class_name(value)
    return re.sub(r" at 0x[0-9a-fA-F]+", "", str(value))[:_LONGEST]
