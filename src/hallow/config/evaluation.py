"""One evaluation of one config source: fixed values against assigned ones, and the summary of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from io import IOBase
from types import ModuleType
from typing import TYPE_CHECKING, Any

from hallow.config.changes import Changes
from hallow.config.dogmatic import DogmaticDict, impose, protect, reveal
from hallow.config.filling import Replace, recursive_fill_in, replaces
from hallow.config.keys import check_keys
from hallow.config.summary import ConfigSummary
from hallow.config.trees import leaf_paths
from hallow.config.values import normalise, plain_copy, prepare_fixed
from hallow.utils import is_prefix

if TYPE_CHECKING:
    from hallow.config.origins import Origin


class Evaluation:
    """Keeps what is fixed in force while a source says its entries.

    Args:
        fixed: nested values that win.
        preset: entries of earlier sources; never changed.
        fallback: what may be asked for but is not part of the result; never changed.
        origin: gives the origin for a line of the source.

    Attributes:
        origins: name to the origin of its last assignment.
    """

    def __init__(
        self,
        fixed: Mapping[str, Any] | None,
        preset: Mapping[str, Any] | None,
        fallback: Mapping[str, Any] | None,
        origin: Callable[[int | None], Origin],
    ) -> None:
        self.fixed: dict[str, Any] = prepare_fixed(dict(fixed)) if fixed else {}
        self.preset = preset or {}
        self.fallback = fallback or {}
        self.origin = origin
        self.origins: dict[str, Origin] = {}
        # Names as a dict of local variables would have them: in the order in which they were bound first.
        self.bound: dict[str, None] = {}
        self.changes = Changes()
        self.names = DogmaticDict.over(self.fixed, "", self.changes)
        self._imposed: dict[str, Any] = {}

    # ------------------------------------------------------------------------- called while the source is evaluated

    def assign(self, name: str, value: Any, line: int | None = None) -> Any:
        """The value that an entry has after ``value`` was assigned to it."""
        self.origins[name] = self.origin(line)
        self.bound[name] = None
        if name not in self.fixed:
            return value
        self.names[name] = value
        return dict.__getitem__(self.names, name)

    def augment(self, name: str, value: Any, line: int | None = None) -> Any:
        """Like :meth:`assign` after ``+=`` and the like, which compute with the fixed value already."""
        if name not in self.fixed or name not in self.names:
            return self.assign(name, value, line)
        self.origins[name] = self.origin(line)
        return dict.__getitem__(self.names, name)

    def bind(self, name: str, value: Any, line: int | None = None) -> Any:
        """Like :meth:`assign` for names that are bound in passing; they are entries only if they are fixed."""
        self.bound[name] = None
        return self.assign(name, value, line) if name in self.fixed else value

    def delete(self, name: str) -> bool:
        """Whether a name may be deleted: not if it is fixed."""
        if name in self.fixed:
            return False
        self.origins.pop(name, None)
        self.bound.pop(name, None)
        return True

    def declare(self, name: str) -> bool:
        """Whether a declaration without value (``x: int``) makes the name known, because something else gives it."""
        return name not in self.origins and (name in self.fixed or name in self.preset)

    def given(self, name: str) -> Any:
        """The value that a name has before the source says anything: from earlier sources, else the fixed one.

        A value that is only fixed counts as asked for, not as added.
        """
        self.bound[name] = None
        if name in self.preset:
            self.names.pop(name, None)
            value = self.carried(name)
        else:
            value = protect(normalise(self.fixed[name]))
            self.use(name)
        if name in self.fixed:
            dict.__setitem__(self.names, name, value)
        return value

    def carried(self, name: str) -> Any:
        """A copy of an earlier source's value, with what is fixed in force in it."""
        value = plain_copy(self.preset[name])
        if name in self.fixed:
            value = impose(value, self.fixed[name], name, self.changes, again=True)
            self.changes.forget(name)
        return value

    def seen(self, name: str) -> Any:
        """A protected copy of a value that is not part of the result."""
        return protect(normalise(self.fallback[name]))

    def use(self, name: str) -> None:
        """What is fixed at a name and below was asked for, so it is not added."""
        self.changes.assigned.update(path for path in leaf_paths(self.fixed) if path == name or is_prefix(name, path))

    # --------------------------------------------------------------------------------------------------- the result

    def summary(
        self, entries: Mapping[str, Any], whole: Iterable[str] = (), docs: Mapping[str, str] | None = None
    ) -> ConfigSummary:
        """Put the result together.

        Args:
            entries: what the source says, in order.
            whole: names whose values contain what earlier sources said; other dicts are merged into those.
            docs: path to documentation.

        Raises:
            ConfigKeyError: on a key that is not allowed.
            UpdateError: if a fixed list element is not there.
        """
        values = {name: self._final(name, value) for name, value in entries.items()}
        reveal(values.values())
        for name in self.preset:
            if name not in values:
                values[name] = self.carried(name)
                reveal([values[name]])
            elif name not in whole and isinstance(values[name], dict):
                values[name] = _filled(values[name], self.preset[name])
        for name in self.fixed:
            values.setdefault(name, self.fixed[name])
        result = self._summary(docs or {})
        for name, value in values.items():
            self._put(result, name, value)
        check_keys(result)
        self._tell_origins(result, entries)
        return result

    def _put(self, result: ConfigSummary, name: str, value: Any) -> None:
        try:
            result[name] = normalise(value)
        except ValueError as error:
            skipped({name: str(error)})

    def _final(self, name: str, value: Any) -> Any:
        """The value at the end; a fixed one that was changed behind our back is restored."""
        if name in self.fixed and dict.get(self.names, name, self) is not value:
            self.names[name] = value
            return dict.__getitem__(self.names, name)
        return value

    def _summary(self, docs: Mapping[str, str]) -> ConfigSummary:
        changes = self.changes
        added = {path for path in leaf_paths(self.fixed) if path not in changes.assigned}
        ignored = {name for name in self.fallback if name in self.origins and _is_ingredient(self.fallback[name])}
        result = ConfigSummary(added, changes.modified, changes.typechanged, ignored, docs)
        result.before = dict(changes.before)
        result.assigned = changes.assigned.difference(changes.typechanged)
        return result

    def _tell_origins(self, result: ConfigSummary, entries: Mapping[str, Any]) -> None:
        result.origins = {str(name): origin for name, origin in self.origins.items() if name in entries}
        for path in self.changes.assigned:
            origin = result.origins.get(path.partition(".")[0])
            if origin is not None:
                result.origins[path] = origin


def _filled(value: dict[Any, Any], preset: Any) -> dict[Any, Any]:
    """A copy of ``value`` with what it lacks of ``preset``."""
    if not isinstance(preset, Mapping) or replaces(value):
        return value
    filled: dict[Any, Any] = _kept(value)
    recursive_fill_in(filled, preset)
    return filled


def _kept(value: Any) -> Any:
    """A copy of nested dicts that still tells which of them replace others."""
    if not isinstance(value, dict):
        return value
    kind = Replace if replaces(value) else dict
    return kind({key: _kept(item) for key, item in value.items()})


def _is_ingredient(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value)


def is_configuration(value: Any) -> bool:
    """Whether a value can be an entry: everything but modules and open files."""
    return not isinstance(value, ModuleType | IOBase)


def skipped(names: Mapping[str, str]) -> None:
    """Say in one debug message which names did not become entries, and why."""
    from logging import getLogger

    getLogger("hallow.config").debug(
        "not part of the configuration: %s", ", ".join(f"{name} ({reason})" for name, reason in names.items())
    )
