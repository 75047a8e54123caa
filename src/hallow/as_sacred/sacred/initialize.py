"""The steps in which the configuration of a run is made, for programs that carry them out themselves."""

from __future__ import annotations

import logging
import os
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hallow.cli.grammar import nest_updates
from hallow.cli.options import log_level as level_of
from hallow.config.resolution import hand_down_overrides, ingredient_error
from hallow.config.section import place_config
from hallow.config.summary import ConfigSummary
from hallow.config.trees import MISSING, merge, nested, take
from hallow.errors import NamedConfigNotFoundError
from hallow.experiment.assembly import Assembly, check_paths, command_named
from hallow.experiment.logs import root_logger
from hallow.experiment.scaffold import Scaffold
from hallow.utils import join_paths, set_by_dotted_path

if TYPE_CHECKING:
    from hallow.experiment.experiment import Experiment
    from hallow.experiment.ingredient import Ingredient
    from hallow.running.run import Run

__all__ = [
    "Scaffold",
    "create_run",
    "create_scaffolding",
    "distribute_config_updates",
    "distribute_named_configs",
    "distribute_presets",
    "find_best_match",
    "gather_ingredients_topological",
    "get_command",
    "get_config_modifications",
    "get_configuration",
    "get_scaffolding_and_config_name",
    "initialize_logging",
]

Scaffolding = Mapping[str, Scaffold]


def create_run(
    experiment: Experiment,
    command_name: str,
    config_updates: Mapping[str, Any] | None = None,
    named_configs: Sequence[str] = (),
    force: bool = False,
    log_level: int | str | None = None,
) -> Run:
    """A run without options, not started yet.

    Raises:
        KeyError: if there is no such command.
        ConfigError: if the configuration does not fit.
    """
    run = Assembly(experiment, command_name, config_updates, named_configs, force, log_level).build()
    for ingredient in run.views:
        ingredient.last_run = run
    return run


def gather_ingredients_topological(ingredient: Ingredient) -> list[Ingredient]:
    """An ingredient and all below it, the deepest first."""
    found: dict[int, Ingredient] = {}
    depths: dict[int, int] = {}
    for below, depth in ingredient.traverse_ingredients():
        found[id(below)] = below
        depths[id(below)] = max(depth, depths.get(id(below), 0))
    return sorted(found.values(), key=lambda below: -depths[id(below)])


def create_scaffolding(experiment: Experiment, sorted_ingredients: Sequence[Ingredient]) -> OrderedDict[str, Scaffold]:
    """Path to scaffold of all ingredients, the experiment with an empty path.

    Args:
        experiment: the experiment.
        sorted_ingredients: it and all below it, the deepest first.

    Raises:
        ValueError: if two of them have the same path.
    """
    check_paths(experiment)
    made: dict[int, Scaffold] = {}
    for ingredient in sorted_ingredients:
        is_root = ingredient is experiment
        subrunners = OrderedDict((below.path, made[id(below)]) for below in ingredient.ingredients)
        made[id(ingredient)] = Scaffold(
            ingredient.configurations,
            subrunners,
            "" if is_root else ingredient.path,
            ingredient.captured_functions,
            ingredient.commands,
            ingredient.named_configs,
            ingredient.config_hooks,
            is_root,
        )
    hand_down_overrides([scaffold.section for scaffold in made.values()])
    return OrderedDict((scaffold.path, scaffold) for scaffold in made.values())


def initialize_logging(
    experiment: Experiment, scaffolding: Scaffolding, log_level: int | str | None = None
) -> tuple[logging.Logger, logging.Logger]:
    """Give each scaffold its logger; returns the root logger and that of the run."""
    root = root_logger(experiment.logger)
    if log_level is not None:
        root.setLevel(level_of(log_level))
    for path, scaffold in scaffolding.items():
        scaffold.logger = root.getChild(path) if path else root
    return root, root.getChild(experiment.path)


# ------------------------------------------------------------------------------------------------------ distributing


def find_best_match(path: str, prefixes: Sequence[Sequence[str]]) -> tuple[str, str]:
    """The first of ``prefixes`` (each a list of parts) in which a path lies, and where in it; else the experiment."""
    parts = path.split(".")
    for prefix in prefixes:
        if parts[: len(prefix)] == list(prefix):
            return ".".join(prefix), ".".join(parts[len(prefix) :])
    return "", path


def distribute_config_updates(
    prefixes: Sequence[Sequence[str]], scaffolding: Scaffolding, config_updates: Mapping[str, Any]
) -> None:
    """Give each scaffold its part of nested updates.

    Args:
        prefixes: the paths of the ingredients as lists of parts, the longest first.
        scaffolding: what is changed.
        config_updates: nested, from the experiment's point of view.

    Raises:
        UpdateError: if the path of an ingredient has a value.
    """
    _distribute("config_updates", prefixes, scaffolding, config_updates)


def distribute_presets(
    sc_path: str, prefixes: Sequence[Sequence[str]], scaffolding: Scaffolding, config_updates: Mapping[str, Any]
) -> None:
    """Give each scaffold its part of what a named config of the ingredient ``sc_path`` said."""
    whole: dict[str, Any] = {}
    set_by_dotted_path(whole, sc_path, config_updates)
    _distribute("presets", prefixes, scaffolding, whole if sc_path else config_updates)


def _distribute(
    attribute: str, prefixes: Sequence[Sequence[str]], scaffolding: Scaffolding, values: Mapping[str, Any]
) -> None:
    rest = nest_updates(values)
    for path in map(".".join, prefixes):
        part = take(rest, path)
        if isinstance(part, Mapping):
            merge(getattr(scaffolding[path], attribute), part)
        elif part is not MISSING:
            raise ingredient_error(path, part)
    merge(getattr(scaffolding[""], attribute), rest)


def distribute_named_configs(scaffolding: Scaffolding, named_configs: Sequence[str]) -> None:
    """Note for each scaffold which of its named configs are to be used."""
    for name in named_configs:
        scaffold, own = get_scaffolding_and_config_name(name, scaffolding)
        scaffold.named_configs_to_use.append(own)


def get_scaffolding_and_config_name(named_config: str, scaffolding: Scaffolding) -> tuple[Scaffold, str]:
    """The scaffold to which a full name of a named config belongs, and the name there; files are the experiment's.

    Raises:
        NamedConfigNotFoundError: (a KeyError) if there is no such ingredient.
    """
    path, _, name = named_config.rpartition(".")
    if not path or os.path.isfile(named_config):
        return scaffolding[""], named_config
    if path not in scaffolding:
        known = [join_paths(path, own) for path, scaffold in scaffolding.items() for own in scaffold.named_configs]
        raise NamedConfigNotFoundError(named_config, "Ingredient for named config not found:", known)
    return scaffolding[path], name


# --------------------------------------------------------------------------------------------------------- results


def get_configuration(scaffolding: Scaffolding) -> dict[str, Any]:
    """The whole configuration as it stands; ingredients without entries are left out."""
    whole: dict[str, Any] = nested(scaffolding[""].config) if "" in scaffolding else {}
    for path, scaffold in reversed(list(scaffolding.items())):
        if path and scaffold.config:
            place_config(whole, path, scaffold.config)
    return whole


def get_config_modifications(scaffolding: Scaffolding) -> ConfigSummary:
    """What became of the updates of all ingredients, by full paths."""
    whole = ConfigSummary()
    for path, scaffold in scaffolding.items():
        scaffold.get_config_modifications()
        whole.update_add(scaffold.config_mods, path)
        if path:
            whole.docs.pop(join_paths(path, "seed"), None)
    return whole


def get_command(scaffolding: Scaffolding, command_path: str) -> Any:
    """The captured function of a command, given by its full name.

    Raises:
        CommandNotFoundError: (a KeyError) if there is none.
    """
    commands = {
        join_paths(path, name): command
        for path, scaffold in scaffolding.items()
        for name, command in scaffold.commands.items()
    }
    return command_named(command_path, commands, scaffolding)
