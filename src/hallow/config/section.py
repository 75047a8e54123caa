"""One ingredient's share of the configuration, before and after it is resolved."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hallow.config.summary import ConfigSummary
from hallow.config.trees import merge, nested
from hallow.errors import UpdateError
from hallow.utils import did_you_mean, is_prefix, rel_path

if TYPE_CHECKING:
    from hallow.config.schema import Schema


@dataclass(eq=False)
class Section:
    """One ingredient's share of the configuration.

    Attributes:
        path: dotted place in the whole configuration, empty for the experiment.
        label: how messages call it.
        sources: config sources in order.
        named: name to config source.
        hooks: called after the sources.
        arguments: paths that its captured functions take by name.
        children: sections of the ingredients that it uses.
        logger: where warnings about its entries go.
        choices: for a slot, the sections to choose from by name; else ``None``.
        default: for a slot, the choice if nothing chooses.
    """

    path: str
    label: str
    sources: Sequence[Any]
    named: Mapping[str, Any]
    hooks: Sequence[Callable[..., Any]]
    arguments: frozenset[str]
    children: list[Section]
    logger: logging.Logger
    choices: Mapping[str, Section] | None = None
    default: str | None = None

    choice: str | None = None
    updates: dict[str, Any] = field(default_factory=dict)
    named_values: dict[str, Any] = field(default_factory=dict)
    named_docs: dict[str, str] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    summary: ConfigSummary = field(default_factory=ConfigSummary)
    schema: Schema | None = None

    @property
    def fixed(self) -> dict[str, Any]:
        """What wins over the sources: named configs, and updates over them."""
        return merge(nested(self.named_values), self.updates)

    def below(self) -> list[Section]:
        """All sections below, each once, nearest first."""
        found: list[Section] = []
        for child in self.children:
            for section in (child, *child.below()):
                if not any(section is known for known in found):
                    found.append(section)
        return found

    def relative(self, other: Section) -> str:
        """Where the entries of ``other`` are seen from here."""
        return rel_path(self.path, other.path) if is_prefix(self.path, other.path) else other.path

    def visible(self) -> dict[str, Any]:
        """Own entries and those of all sections below, as captured functions see them."""
        return self.over(self.config)

    def over(self, config: Mapping[str, Any], empty: bool = True) -> dict[str, Any]:
        """``config`` with the entries of all sections below at their places.

        Args:
            config: not changed.
            empty: whether sections without entries are there too, as empty dicts.
        """
        seen = dict(config)
        for section in sorted(self.below(), key=lambda s: s.path.count(".")):
            if section.config or empty:
                place_config(seen, self.relative(section), section.config)
        return seen

    def choose(self, name: str) -> None:
        """Fill a slot.

        Raises:
            UpdateError: if there is no such choice.
        """
        assert self.choices is not None
        if name not in self.choices:
            hint = did_you_mean(str(name), self.choices)
            raise UpdateError(
                f'"{name}" is no choice for "{self.path}".{hint} The choices are: {", ".join(self.choices)}',
                print_traceback=False,
            )
        chosen = self.choices[name]
        self.choice = name
        self.sources, self.named, self.hooks = chosen.sources, chosen.named, chosen.hooks
        self.arguments, self.children = chosen.arguments, chosen.children


def ordered(root: Section) -> list[Section]:
    """All sections, deepest first, the experiment last; ties in order of first encounter."""
    depth: dict[int, int] = {}
    sections: dict[int, Section] = {}
    waiting = [(root, 0)]
    while waiting:
        section, level = waiting.pop(0)
        sections.setdefault(id(section), section)
        depth[id(section)] = max(level, depth.get(id(section), 0))
        waiting[:0] = [(child, level + 1) for child in section.children]
    return sorted(sections.values(), key=lambda section: -depth[id(section)])


def place_config(whole: dict[str, Any], path: str, config: Mapping[str, Any]) -> None:
    """Put a section's entries at its path, beside those of sections that lie inside it."""
    *parents, last = path.split(".")
    node = whole
    for part in parents:
        inner = node.get(part)
        node[part] = node = dict(inner) if isinstance(inner, dict) else {}
    node[last] = dict(config)
