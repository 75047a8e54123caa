"""The outcome of evaluating config sources."""

from __future__ import annotations

from functools import partial
from operator import methodcaller
from typing import TYPE_CHECKING, Any, TypeVar

from hallow.utils import iter_prefixes, join_paths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from hallow.config.origins import Origin

T = TypeVar("T")
SEED_DOC = {"seed": "the random seed for this experiment"}


class ConfigSummary(dict[str, Any]):
    """The entries a source gave, and what became of the values that were fixed beforehand.

    Every path above an added, modified or retyped one is in ``modified``; a retyped path is neither in ``added`` nor
    in ``modified``, an added one not in ``modified``.

    Attributes:
        added: paths of fixed values that no source assigned.
        modified: paths where the fixed value differs from the assigned one.
        typechanged: path to ``(type assigned, type fixed)``.
        ignored_fallbacks: names of ingredients that a scope tried to assign.
        docs: path to documentation.
        assigned: paths of fixed values, and of dicts with such values in them, that a source assigned with the same
            kind of value.
        origins: path to where the value was assigned.
        before: path to the value that the source itself had assigned where a fixed value won.
    """

    def __init__(
        self,
        added: Iterable[str] = (),
        modified: Iterable[str] = (),
        typechanged: Mapping[str, tuple[type, type]] | Iterable[tuple[str, tuple[type, type]]] = (),
        ignored_fallbacks: Iterable[str] = (),
        docs: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    ) -> None:
        super().__init__()
        self.added: set[str] = set(added)
        self.modified: set[str] = set(modified)
        self.typechanged: dict[str, tuple[type, type]] = dict(typechanged)
        self.ignored_fallbacks: set[str] = set(ignored_fallbacks)
        self.docs: dict[str, str] = dict(docs)
        self.assigned: set[str] = set()
        self.origins: dict[str, Origin] = {}
        self.before: dict[str, Any] = {}
        self._settle()

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Checkpoints hold summaries that Sacred made; they have only some of the attributes."""
        ConfigSummary.__init__(self)
        vars(self).update(state)

    def update_from(self, other: ConfigSummary, path: str = "") -> None:
        """Take up the summary of a later source of the same ingredient; entries stay.

        What either of the two assigned is not added; docs that are there already win.

        Args:
            other: the later summary.
            path: where its paths lie.
        """
        self.added &= {join_paths(path, added) for added in other.added}
        self._unite(other, path)

    def update_add(self, other: ConfigSummary, path: str = "") -> None:
        """Take up the summary of another ingredient, whose paths lie below ``path``; entries stay."""
        self.added |= {join_paths(path, added) for added in other.added}
        self._unite(other, path)

    def expect_seed(self) -> None:
        """Everything has a seed, so an update of it adds nothing."""
        if "seed" in self.added:
            self.added.discard("seed")
            self.modified.add("seed")

    def _unite(self, other: ConfigSummary, path: str) -> None:
        # Every path as join_paths makes it, with no function of ours called for the many of an experiment.
        at: Callable[[str], str] = partial(join_paths, path) if path else methodcaller("strip", ".")
        self.modified.update(map(at, other.modified))
        self.assigned.update(map(at, other.assigned))
        self.ignored_fallbacks.update(map(at, other.ignored_fallbacks))
        self.typechanged.update(_moved(other.typechanged, at))
        self.origins.update(_moved(other.origins, at))
        self.before.update(_moved(other.before, at))
        for key, doc in other.docs.items():
            full = at(key)
            self.docs[full] = self.docs.get(full) or doc
        self._settle()

    def _settle(self) -> None:
        """Restore what holds between the sets."""
        for path in [*self.added, *self.modified, *self.typechanged]:
            if "." in path:
                self.modified.update(iter_prefixes(path.rpartition(".")[0]))
        self.added.difference_update(self.typechanged)
        self.modified.difference_update(self.typechanged, self.added)


def _moved(values: Mapping[str, T], at: Callable[[str], str]) -> Iterator[tuple[str, T]]:
    """The values with the paths that ``at`` gives them."""
    return zip(map(at, values), values.values(), strict=True)
