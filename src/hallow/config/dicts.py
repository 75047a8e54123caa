"""Config sources that are plain dicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hallow.config.evaluation import Evaluation
from hallow.config.filling import Replace
from hallow.config.keys import check_keys
from hallow.config.origins import Origin
from hallow.config.values import normalise, plain_copy

if TYPE_CHECKING:
    from hallow.config.summary import ConfigSummary


class ConfigDict:
    """Entries given as a mapping.

    Args:
        d: the entries; copied, checked and normalised now.
        kind: kind of their origin.
        file: where they stand.
        line: line in the file.

    Raises:
        ConfigKeyError: on a key that is not allowed.
    """

    def __init__(
        self, d: Mapping[str, Any], kind: str = "dict", file: str | None = None, line: int | None = None
    ) -> None:
        self._conf: dict[str, Any] = normalise(dict(d))
        check_keys(self._conf)
        self._origin = Origin(kind, file, line)
        self._replacing = list(_replacing(d, ()))

    def part(self, conf: Mapping[str, Any]) -> ConfigDict:
        """A source for some of the entries, with the same origin."""
        return ConfigDict(conf, self._origin.kind, self._origin.file, self._origin.line)

    def __call__(
        self,
        fixed: Mapping[str, Any] | None = None,
        preset: Mapping[str, Any] | None = None,
        fallback: Mapping[str, Any] | None = None,
    ) -> ConfigSummary:
        """The entries, with fixed values in force, over what earlier sources said.

        Args:
            fixed: nested values that win.
            preset: entries of earlier sources; dicts are merged.
            fallback: values that are no entries.
        """
        evaluation = Evaluation(fixed, preset, fallback, lambda _line: self._origin)
        entries = {name: evaluation.assign(name, value) for name, value in self._marked().items()}
        return evaluation.summary(entries)

    def _marked(self) -> dict[str, Any]:
        """A copy of the entries in which dicts that replace earlier ones can be told from those that are merged."""
        marked: dict[str, Any] = plain_copy(self._conf)
        for path in self._replacing:
            node = marked
            for key in path[:-1]:
                node = node[key]
            node[path[-1]] = Replace(node[path[-1]])
        return marked

    def __repr__(self) -> str:
        return f"<ConfigDict {self._conf!r}>"


def _replacing(value: Any, path: tuple[Any, ...]) -> Any:
    """Paths of the dicts that replace those of earlier sources, inner ones first."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _replacing(item, (*path, key))
        if isinstance(value, Replace) and path:
            yield path
