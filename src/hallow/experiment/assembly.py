"""Building a run: sections from ingredients, the resolved configuration, views and the Run itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple

from hallow.cli.grammar import nest_updates
from hallow.cli.options import log_level as level_of
from hallow.config.resolution import Resolution, Resolved
from hallow.config.section import Section
from hallow.config.suspicious import check_suspicious
from hallow.errors import CommandNotFoundError, IngredientPathError
from hallow.experiment.binding import SPECIAL_ARGUMENTS
from hallow.experiment.captured import core_of
from hallow.experiment.facts import Facts
from hallow.experiment.logs import root_logger
from hallow.experiment.view import View
from hallow.running.context import enclosing_run
from hallow.running.run import Run
from hallow.running.seeding import checked_seed, named_child_seed, new_seed, positional_child_seeds
from hallow.settings import SETTINGS
from hallow.utils import did_you_mean, join_paths

if TYPE_CHECKING:
    import logging

    from hallow.experiment.experiment import Experiment
    from hallow.experiment.ingredient import Ingredient


class Asked(NamedTuple):
    """What a command line asks for beside the arguments that a ``run`` method of a subclass is called with.

    Attributes:
        experiment: whose command line it is.
        updates: those it gives, the very object; ``None`` if whatever the run is built with comes from there.
        args: the words after ``--``.
    """

    experiment: Experiment
    updates: Mapping[str, Any] | None
    args: list[str]


#: The command line that is being carried out by a ``run`` method of a subclass.
ASKED: ContextVar[Asked | None] = ContextVar("hallow_asked", default=None)


def asked_of(experiment: Experiment) -> Asked | None:
    """What the command line asks for that makes ``experiment`` build a run; ``None`` if something else does."""
    asked = ASKED.get()
    return asked if asked is not None and asked.experiment is experiment and enclosing_run() is None else None


class Assembly:
    """Builds one run of an experiment.

    Args:
        experiment: what to run.
        command_name: full name of the command.
        config_updates: nested updates, keys may be dotted paths.
        named_configs: names of named configs or config files.
        force: accept suspicious updates.
        log_level: level of the run's root logger while the run is built.
        updates_from: kind of the updates' origin, ``"update"`` or ``"command line"``.
        command: what is run; default: the experiment's command of that name.
        draw_seed: gives the seed of a run for which none is chosen.

    Raises:
        CircularDependencyError: if ingredients use each other in a circle.
        KeyError: if there is no such command.
        ConfigError: if the configuration does not fit.
    """

    #: Refuses or warns of suspicious updates; :mod:`hallow.experiment.scaffold` puts its own in its place.
    check_updates: Callable[..., None] = staticmethod(check_suspicious)

    def __init__(
        self,
        experiment: Experiment,
        command_name: str,
        config_updates: Mapping[str, Any] | None = None,
        named_configs: Sequence[str] | str = (),
        force: bool = False,
        log_level: int | str | None = None,
        updates_from: str = "update",
        command: Any = None,
        draw_seed: Callable[[], int] = new_seed,
    ) -> None:
        self.experiment = experiment
        self._draw_seed = draw_seed
        self.command_name = command_name
        self.command = find_command(experiment, command_name) if command is None else command
        self.root_logger = root_logger(experiment.logger)
        if log_level is not None:
            self.root_logger.setLevel(level_of(log_level))
        self.run_logger = self.root_logger.getChild(experiment.path)
        self.asked = asked_of(experiment)
        if self.asked is not None and (self.asked.updates is None or self.asked.updates is config_updates):
            updates_from = "command line"
        self.owners: dict[int, tuple[Section, Ingredient]] = {}
        self.root = self._section(experiment)
        check_paths(experiment)
        resolution = Resolution(
            self.root,
            nest_updates(self._with_choices(config_updates or {})),
            named_configs,
            command_name,
            self.run_logger,
            updates_from,
            force,
            self.check_updates,
        )
        self.resolved = resolution.resolve()
        self.seed = self._root_seed(self.resolved)
        self._check_seeds()
        self._child_seeds: dict[int, int] | None = None

    # ---------------------------------------------------------------------------------------------- sections

    def _section(self, ingredient: Ingredient, path: str | None = None) -> Section:
        """The section of an ingredient and those below it; an ingredient reached twice has one section."""
        if id(ingredient) in self.owners:
            return self.owners[id(ingredient)][0]
        is_root = ingredient is self.experiment
        path = "" if is_root else path or ingredient.path
        section = Section(
            path=path,
            label=ingredient.path,
            sources=list(ingredient.configurations),
            named=ingredient.named_configs,
            hooks=ingredient.config_hooks,
            arguments=taken_arguments(ingredient.captured_functions, self.command),
            children=[self._section(child) for child in ingredient.ingredients],
            logger=self._entries_logger() if is_root else self.root_logger.getChild(path),
        )
        choices = getattr(ingredient, "choices", None)
        if choices is not None:
            section.choices = {name: self._section(choice, path) for name, choice in choices.items()}
            section.default = ingredient.default  # type: ignore[attr-defined]
        self.owners[id(ingredient)] = (section, ingredient)
        return section

    def _entries_logger(self) -> logging.Logger:
        """Where warnings about the experiment's own entries go: Sacred says them as its root logger."""
        return self.run_logger if SETTINGS.LOGGING.ROOT_LOGGER == "untouched" else self.root_logger

    def _with_choices(self, updates: Mapping[str, Any]) -> dict[str, Any]:
        """Updates in which slots are filled by their entry ``choice``: ``model=resnet model.depth=7`` go together."""
        slots = slot_paths(self.experiment)
        return {
            f"{path}.choice" if path in slots and not isinstance(value, Mapping) else path: value
            for path, value in updates.items()
        }

    def _active(self) -> list[tuple[Section, Ingredient]]:
        """Sections that take part in the run, in order of evaluation, with their ingredients.

        The functions of a slot's chosen ingredient see the slot's section.
        """
        owner = {id(section): ingredient for section, ingredient in self.owners.values()}
        pairs = []
        for section in self.resolved.sections:
            ingredient = owner[id(section)]
            pairs.append((section, ingredient))
            if section.choice is not None:
                pairs.append((section, ingredient.choices[section.choice]))  # type: ignore[attr-defined]
        return pairs

    # ------------------------------------------------------------------------------------------------- seeds

    def _root_seed(self, resolved: Resolved) -> int:
        given = resolved.config.get("seed")
        seed = self._draw_seed() if given is None else checked_seed(given)
        resolved.config["seed"] = self.root.config["seed"] = seed
        return seed

    def _check_seeds(self) -> None:
        """Refuse a wrong seed of an ingredient before anything starts, not when its functions are called."""
        for section in self.resolved.sections:
            if section.config.get("seed") is not None:
                checked_seed(section.config["seed"], join_paths(section.path, "seed"))

    def _seed_of(self, section: Section) -> int:
        """Root of a section's random streams."""
        if section is self.root:
            return self.seed
        if section.config.get("seed") is not None:
            return checked_seed(section.config["seed"], join_paths(section.path, "seed"))
        if SETTINGS.RANDOM.STREAMS == "by_name":
            return named_child_seed(self.seed, section.path)
        if self._child_seeds is None:
            self._child_seeds = {}
            self._draw_child_seeds(self.root, self.seed)
        return self._child_seeds[id(section)]

    def _draw_child_seeds(self, parent: Section, seed: int) -> None:
        """Draw seeds in Sacred's order: children backwards, each serving its own before the next one draws."""
        assert self._child_seeds is not None
        children = [child for child in reversed(parent.children) if id(child) not in self._child_seeds]
        own = [child.config.get("seed") for child in children]
        drawn = iter(positional_child_seeds(seed, own.count(None)))
        for child, given in zip(children, own, strict=True):
            if id(child) in self._child_seeds:
                continue  # reached through an earlier sibling
            child_seed = next(drawn) if given is None else checked_seed(given, join_paths(child.path, "seed"))
            self._child_seeds[id(child)] = child_seed
            self._draw_child_seeds(child, child_seed)

    # --------------------------------------------------------------------------------------------------- run

    def build(self) -> Run:
        """The run, ready to be started."""
        experiment = self.experiment
        facts = Facts(experiment)
        is_builtin = core_of(self.command).function.__module__ == "hallow.experiment.commands"
        hooks = [] if is_builtin else [ingredient for _, ingredient in self._active()]
        run = Run(
            self.resolved.config,
            self.resolved.summary,
            self.command,
            list(experiment.observers),
            self.root_logger,
            self.run_logger,
            facts.experiment_info,
            facts.host_info,
            [hook for ingredient in hooks for hook in ingredient.pre_run_hooks],
            [hook for ingredient in hooks for hook in ingredient.post_run_hooks],
            experiment.captured_out_filter,
            settings=SETTINGS.frozen_copy(),
        )
        run.command = join_paths(self.command_name.rpartition(".")[0], run.command)
        run.unobserved = core_of(self.command).unobserved
        run.args = list(self.asked.args) if self.asked is not None else []
        self._add_views(run)
        facts.add_to(run)
        return run

    def _add_views(self, run: Run) -> None:
        for section, ingredient in self._active():
            run.views[ingredient] = View(
                run,
                section.path,
                section.visible(),
                self.root_logger if section is self.root else section.logger,
                lambda section=section: self._seed_of(section),  # type: ignore[misc]
                [core_of(captured).name for captured in ingredient.captured_functions],
                run.settings,
                section.schema,
                section.choice,
            )


def taken_arguments(captured_functions: Iterable[Any], command: Any = None) -> frozenset[str]:
    """What captured functions of the user, or the command that runs, take by name."""
    names: set[str] = set()
    for captured in captured_functions:
        core = core_of(captured)
        if core.function.__module__ == "hallow.experiment.commands" and captured is not command:
            continue
        names.update(
            join_paths(core.prefix, name) for name in core.signature.arguments if name not in SPECIAL_ARGUMENTS
        )
    return frozenset(names)


def check_paths(experiment: Ingredient) -> None:
    """Refuse different ingredients with the same path.

    Raises:
        IngredientPathError: naming it.
    """
    paths: dict[str, Ingredient] = {}
    for ingredient, _ in experiment.traverse_ingredients():
        other = paths.setdefault(ingredient.path, ingredient)
        if other is not ingredient:
            raise IngredientPathError(
                f'two different ingredients have the path "{ingredient.path}"; give one of them another path '
                f"(all paths: {', '.join(sorted(i.path for i, _ in experiment.traverse_ingredients()))})"
            )


def find_command(experiment: Experiment, name: str) -> Any:
    """The captured function of a command.

    Raises:
        CommandNotFoundError: with the nearest name and all names.
    """
    paths = (ingredient.path for ingredient, _ in experiment.traverse_ingredients())
    return command_named(name, dict(experiment.gather_commands()), paths)


def command_named(name: str, commands: Mapping[str, Any], paths: Iterable[str]) -> Any:
    """The captured function of a command.

    Args:
        name: full name.
        commands: all of them by full name.
        paths: of the ingredients there are.

    Raises:
        CommandNotFoundError: with the nearest name and all names.
    """
    if name in commands:
        return commands[name]
    hint = did_you_mean(name, commands)
    ingredient, _, last = name.rpartition(".")
    if not ingredient:
        text = f'Command "{name}" not found.'
    elif ingredient in paths:
        text = f'Command "{last}" not found in ingredient "{ingredient}".'
    else:
        text = f'Ingredient for command "{name}" not found.'
    raise CommandNotFoundError(
        f"{text}{hint} Available commands are: {', '.join(commands)}", print_traceback=False, print_usage=True
    )


def slot_paths(experiment: Experiment) -> set[str]:
    """Where one of several ingredients can be chosen."""
    return {i.path for i, _ in experiment.traverse_ingredients() if getattr(i, "choices", None)}


def spelt_as_choice(word: str, slots: set[str]) -> str:
    """``model=resnet`` as ``model.choice=resnet`` where ``model`` is a slot."""
    path, equals, value = word.partition("=")
    return f"{path.strip()}.choice={value}" if equals and path.strip() in slots else word


def check_main_arguments(run: Run) -> None:
    """Refuse a run whose command or hooks need values that nothing gives, before anything is started or recorded.

    Raises:
        MissingConfigError: naming them.
    """
    for captured in (run.main_function, *run.pre_run_hooks, *run.post_run_hooks):
        core_of(captured).find(run).check_complete()
