"""An ingredient's share of the configuration, under the names by which programs take the configuration step apart.

The work is done by hallow's own sections and sources; a :class:`Scaffold` is another face of a section.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hallow.config.chain import chain_evaluate_config_scopes
from hallow.config.resolution import call_hook
from hallow.config.section import Section
from hallow.config.sources import source_from_file
from hallow.config.summary import ConfigSummary
from hallow.config.suspicious import check_suspicious
from hallow.config.trees import leaf_paths, merge, nested, placed
from hallow.config.values import plain_copy
from hallow.errors import NamedConfigNotFoundError
from hallow.experiment.assembly import Assembly, taken_arguments
from hallow.experiment.binding import Binding
from hallow.experiment.captured import core_of
from hallow.experiment.view import View
from hallow.running.seeding import checked_seed, create_rnd, get_seed, new_seed
from hallow.utils import is_prefix, join_paths, rel_path

if TYPE_CHECKING:
    from hallow.config.origins import Origin
    from hallow.running.run import Run

__all__ = ["Scaffold"]


class _Shared:
    """An attribute that is one of the section."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, scaffold: Scaffold | None, owner: type | None = None) -> Any:
        return self if scaffold is None else getattr(scaffold.section, self.name)

    def __set__(self, scaffold: Scaffold, value: Any) -> None:
        setattr(scaffold.section, self.name, value)


class Scaffold:
    """One ingredient while the configuration of a run is made.

    Args:
        config_scopes: its config sources.
        subrunners: path to scaffold of the ingredients that it uses.
        path: its path, empty for the experiment.
        captured_functions: its captured functions.
        commands: name to captured function.
        named_configs: name to config source.
        config_hooks: its config hooks.
        generate_seed: whether a seed that is drawn becomes an entry.

    Attributes:
        config_updates: nested values that win over the sources.
        presets: nested values of the named configs so far.
        named_configs_to_use: names of named configs that were asked for.
        config: the entries; empty before they are evaluated.
        summaries: of each source.
        config_mods: all of them together, made by :meth:`get_config_modifications`.
        fallback: what scopes can ask for, made by :meth:`gather_fallbacks`.
        fixture: what captured functions see, made by :meth:`get_fixture`.
        seed: root of the random streams, and ``rnd`` its generator; made by :meth:`set_up_seed`.
        section: where the configuration is kept.
    """

    section: Section
    config_scopes = _Shared("sources")
    path = _Shared("path")
    named_configs = _Shared("named")
    config_hooks = _Shared("hooks")
    config_updates = _Shared("updates")
    presets = _Shared("named_values")
    config = _Shared("config")
    config_mods = _Shared("summary")
    logger = _Shared("logger")

    def __init__(
        self,
        config_scopes: Sequence[Any],
        subrunners: Mapping[str, Scaffold],
        path: str,
        captured_functions: Sequence[Any],
        commands: Mapping[str, Any],
        named_configs: Mapping[str, Any],
        config_hooks: Sequence[Callable[..., Any]],
        generate_seed: bool,
    ) -> None:
        self.section = Section(
            path=path,
            label=path or "the experiment",
            sources=config_scopes,
            named=named_configs,
            hooks=config_hooks,
            arguments=taken_arguments(captured_functions),
            children=[scaffold.section for scaffold in subrunners.values()],
            logger=logging.getLogger(path or None),
        )
        self.subrunners = subrunners
        self.commands = commands
        self.generate_seed = generate_seed
        self._captured_functions = captured_functions
        self.named_configs_to_use: list[str] = []
        self.summaries: list[ConfigSummary] = []
        self.fallback: dict[str, Any] | None = None
        self.fixture: dict[str, Any] | None = None
        self.seed: int | None = None
        self.rnd: Any = None

    @classmethod
    def over(cls, section: Section) -> Scaffold:
        """The face of a section that has been evaluated."""
        scaffold = cls([], {}, section.path, [], {}, {}, [], not section.path)
        scaffold.section = section
        return scaffold

    @property
    def captured_args(self) -> set[str]:
        """Paths that captured functions take by name, and what is always taken."""
        return {*self.section.arguments, "__doc__"}

    # ------------------------------------------------------------------------------------------ configuration

    def gather_fallbacks(self) -> None:
        """Fetch what scopes may ask for beside their own entries: those of the ingredients below, and the logger."""
        self.fallback = {"_log": self.logger, **self.section.over({})}

    def get_config_updates_recursive(self) -> dict[str, Any]:
        """The updates of this ingredient and, at their places, of those that lie inside it."""
        updates = nested(self.config_updates)
        for scaffold in self.subrunners.values():
            inner = scaffold.get_config_updates_recursive()
            if inner and is_prefix(self.path, scaffold.path):
                merge(updates, placed(rel_path(self.path, scaffold.path), inner))
        return updates

    def run_named_config(self, config_name: str) -> ConfigSummary:
        """Evaluate a named config, or a config file.

        Raises:
            NamedConfigNotFoundError: if there is neither.
        """
        if os.path.isfile(config_name):
            source: Any = source_from_file(config_name)
        elif config_name in self.named_configs:
            source = self.named_configs[config_name]
        else:
            raise NamedConfigNotFoundError(config_name, available_named_configs=tuple(self.named_configs))
        summary: ConfigSummary = source(
            fixed=self.get_config_updates_recursive(), preset=self.presets, fallback=self.fallback
        )
        return summary

    def set_up_config(self) -> None:
        """Evaluate the config sources, the first of which sees the entries that there are."""
        self.config, self.summaries = chain_evaluate_config_scopes(
            self.config_scopes, fixed=self.config_updates, preset=self.config, fallback=self.fallback
        )

    def run_config_hooks(
        self, config: Mapping[str, Any], command_name: str | None, logger: logging.Logger | None
    ) -> dict[str, Any]:
        """What the config hooks want changed, with the updates over it; entries stay as they are.

        Args:
            config: the whole configuration so far; the hooks get copies.
            command_name: given to them.
            logger: given to them.
        """
        changes: dict[str, Any] = {}
        for hook in self.config_hooks:
            merge(changes, call_hook(hook, plain_copy(config), command_name, logger, self.section.label))
        return merge(changes, self.config_updates)

    def get_config_modifications(self) -> None:
        """Put the summaries of all sources together."""
        self.config_mods = ConfigSummary(added=leaf_paths(self.config_updates))
        for summary in self.summaries:
            self.config_mods.update_from(summary)
        self.config_mods.expect_seed()

    def _warn_about_suspicious_changes(self) -> None:
        """Refuse unknown entries, warn of changed types; programs put their own method in its place."""
        check_suspicious([self.section], {})

    # --------------------------------------------------------------------------------------- seeds and functions

    def set_up_seed(self, rnd: Any = None) -> None:
        """Choose the seed, and those of all ingredients below; does nothing if that was done.

        Args:
            rnd: where a seed is drawn from if no entry gives it; default: the operating system.
        """
        if self.seed is not None:
            return
        given = self.config.get("seed")
        if given is not None:
            self.seed = checked_seed(given, join_paths(self.path, "seed"))
        else:
            self.seed = new_seed() if rnd is None else get_seed(rnd)
        self.rnd = create_rnd(self.seed)
        if self.generate_seed:
            self.config["seed"] = self.seed
        for scaffold in reversed(list(self.subrunners.values())):
            scaffold.set_up_seed(self.rnd)

    def get_fixture(self) -> dict[str, Any]:
        """What captured functions see: the entries, and at their places those of all ingredients below."""
        if self.fixture is None:
            self.fixture = self.section.visible()
        return self.fixture

    def finalize_initialization(self, run: Run) -> None:
        """Check the updates unless the run is forced, and give the captured functions what they see in ``run``.

        Raises:
            ConfigAddedError: if updates are unknown.
        """
        if not run.force:
            self._warn_about_suspicious_changes()
        cores = [core_of(captured) for captured in self._captured_functions]
        names = [core.name for core in cores]
        view = View(run, self.path, self.get_fixture(), self.logger, self._chosen_seed, names, run.settings)
        for core in cores:
            run.bindings[core] = Binding(core, view)
            if core.owner is not None:
                run.views[core.owner] = view
                core.owner.last_run = run

    def _chosen_seed(self) -> int:
        self.set_up_seed()
        assert self.seed is not None
        return self.seed

    def __repr__(self) -> str:
        return f"<Scaffold: {self.path!r}>"


_own_check = Scaffold._warn_about_suspicious_changes


def _check_updates(sections: Sequence[Section], given: Mapping[str, Origin]) -> None:
    """The check of every run: hallow's, or what a program has put in its place in :class:`Scaffold`."""
    if Scaffold._warn_about_suspicious_changes is _own_check:
        check_suspicious(sections, given)
        return
    for section in sections:
        Scaffold.over(section)._warn_about_suspicious_changes()


# Without this module nobody can have put anything in the method's place.
Assembly.check_updates = staticmethod(_check_updates)
