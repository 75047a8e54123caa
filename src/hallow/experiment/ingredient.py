"""Ingredient: a piece of configuration with the functions that use it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, overload

from hallow.config.scope import ConfigScope
from hallow.config.sources import make_source, source_from_arguments
from hallow.errors import (
    CaptureError,
    CircularDependencyError,
    ExperimentError,
    HookSignatureError,
    IngredientPathError,
    NameInUseError,
)
from hallow.experiment.caller import defining_globals
from hallow.experiment.captured import Captured, capture, core_of
from hallow.experiment.signature import Signature
from hallow.settings import SETTINGS
from hallow.utils import join_paths

if TYPE_CHECKING:
    import logging
    from typing import ParamSpec

    from hallow.config.sources import ConfigSource
    from hallow.provenance.packages import PackageDependency
    from hallow.provenance.sources import Source
    from hallow.running.run import Run

    P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])
_HOOK_ARGUMENTS = ["config", "command_name", "logger"]


class Ingredient:
    """A reusable part of experiments: configuration, captured functions, commands and hooks under one path.

    Args:
        path: dotted place of its entries in the final configuration.
        ingredients: ingredients that it uses.
        interactive: allow construction where there is no source file (REPL, notebook); a scope, function or named
            config that is defined again under the same name then replaces the earlier one.
        base_dir: root for finding sources and for their relative names; default: the folder of the defining file.
        save_git_info: whether the state of the sources' repository is recorded.

    Attributes:
        configurations: config sources in the order in which they are evaluated; may be changed.
        named_configs: name to config source.
        current_run: the run that it takes part in, or took part in last; ``None`` before any.

    Raises:
        ExperimentError: if there is no source file and ``interactive`` is false.
    """

    def __init__(
        self,
        path: str,
        ingredients: Iterable[Ingredient] = (),
        interactive: bool = False,
        _caller_globals: dict[str, Any] | None = None,
        base_dir: str | os.PathLike[str] | None = None,
        save_git_info: bool = True,
    ) -> None:
        if not isinstance(path, str) or not path:
            raise IngredientPathError(f"the path of an ingredient must be a non-empty string, not {path!r}")
        self._check_path(path)
        found = _caller_globals if _caller_globals is not None else defining_globals(self)
        self.path = path
        self.ingredients: list[Ingredient] = checked_ingredients(path, ingredients)
        self.interactive = interactive
        self.save_git_info = save_git_info
        self.logger: logging.Logger | None = None
        self.doc: str | None = found.get("__doc__", "")
        self.configurations: list[ConfigSource] = []
        self.named_configs: dict[str, ConfigSource] = {}
        self.config_hooks: list[Callable[..., Any]] = []
        self.captured_functions: list[Captured[Any, Any]] = []
        self.pre_run_hooks: list[Captured[Any, Any]] = []
        self.post_run_hooks: list[Captured[Any, Any]] = []
        self.commands: dict[str, Captured[Any, Any]] = {}
        self.last_run: Run | None = None
        self._globals = found
        self._main_filename = self._find_main_file(found)
        self.base_dir = os.path.abspath(base_dir or os.path.dirname(self._main_filename or "") or ".")
        self._added_sources: set[Source] = set()
        self._added_dependencies: set[PackageDependency] = set()

    def _check_path(self, path: str) -> None:
        """Refuse a path that no update could address; the name of an experiment is no place and may be anything."""
        if "=" in path or not all(path.split(".")):
            raise IngredientPathError(
                f"the ingredient path {path!r} cannot be addressed by updates: write it like data or data.images, "
                "without equals signs and without leading, trailing or double dots"
            )

    def _find_main_file(self, module_globals: Mapping[str, Any]) -> str | None:
        filename: str | None = module_globals.get("__file__")
        if filename is None:
            if not self.interactive:
                raise ExperimentError(
                    f"{type(self).__name__} {self.path!r} is defined in an interactive session or notebook, so "
                    "its source cannot be recorded and the run could not be repeated from its record. To go on without "
                    f"it pass {type(self).__name__}({self.path!r}, interactive=True)"
                )
            return None
        main = os.path.abspath(filename)
        source = os.path.splitext(main)[0] + ".py"
        return source if main.endswith(".pyc") and os.path.exists(source) else main

    # ---------------------------------------------------------------------------------------- configuration

    @overload  # a class is a callable too, but here it is taken as what it declares
    def config(self, function: type[R]) -> type[R]: ...  # type: ignore[overload-overlap]
    @overload
    def config(self, function: Callable[..., Any]) -> ConfigScope: ...
    def config(self, function: Any) -> Any:
        """Make a function's local variables, or the fields of a dataclass, entries of the configuration.

        A function is replaced by its :class:`ConfigScope`; a dataclass, pydantic model or TypedDict stays what it is.
        Values are checked and converted to the declared types before a run starts.
        """
        source = make_source(function)
        self._replace_or_append(self.configurations, source)
        return function if isinstance(function, type) else source

    def add_config(self, cfg_or_file: Any = None, **kw_conf: Any) -> None:
        """Add entries from a mapping, a config file, a typed object, or keywords (exactly one of them).

        Raises:
            ValueError: if nothing, or both kinds, are given.
            TypeError: for something that is no configuration.
            OSError: if the file is not there.
        """
        self.configurations.append(source_from_arguments("add_config", cfg_or_file, kw_conf))

    def named_config(self, func: Callable[..., Any]) -> ConfigScope:
        """Make a function a config scope that is used on request, under the function's name."""
        scope = ConfigScope(func)
        self._add_named_config(func.__name__, scope)
        return scope

    def add_named_config(self, name: str, cfg_or_file: Any = None, **kw_conf: Any) -> None:
        """Like :meth:`add_config`, for a configuration that is used on request.

        Raises:
            NameInUseError: if the ingredient has a named config of this name.
        """
        self._add_named_config(name, source_from_arguments("add_named_config", cfg_or_file, kw_conf))

    def _add_named_config(self, name: str, source: ConfigSource) -> None:
        if name in self.named_configs and not self.interactive:
            raise NameInUseError(
                f'the name "{name}" is already in use for a named config of {self.path!r}; choose another name'
            )
        self.named_configs[name] = source

    def config_hook(self, func: F) -> F:
        """Register ``func(config, command_name, logger)``, called after the ingredient's config sources.

        It gets a copy of the configuration so far and returns a mapping of changes, or ``None``.

        Raises:
            ValueError: if it takes other arguments.
        """
        signature = Signature(func)
        if (
            signature.arguments != _HOOK_ARGUMENTS
            or signature.kwargs
            or signature.vararg_name
            or signature.kw_wildcard_name
        ):
            raise HookSignatureError(
                f"a config hook must take exactly the arguments (config, command_name, logger), unlike {signature}"
            )
        self._replace_or_append(self.config_hooks, func)
        return func

    # -------------------------------------------------------------------------------------------- functions

    @overload
    def capture(self, function: Callable[P, R], prefix: str | None = None) -> Captured[P, R]: ...
    @overload
    def capture(self, *, prefix: str | None = None) -> Callable[[Callable[P, R]], Captured[P, R]]: ...
    def capture(self, function: Any = None, prefix: str | None = None) -> Any:
        """Fill arguments of a function that a call leaves open from the configuration, by name.

        Takes functions, methods, classmethods, staticmethods, classes, partials, callable objects, generators and
        coroutine functions.

        Args:
            function: what to capture; left out when used as ``@ex.capture(prefix=...)``.
            prefix: dotted path below the ingredient's entries; only what is there is visible.
        """
        if function is None:
            return lambda function: self.capture(function, prefix=prefix)
        if isinstance(function, str):
            raise CaptureError(
                f"only callables can be captured, not the text {function!r}; for a prefix write "
                f"@capture(prefix={function!r})"
            )
        captured = capture(function, prefix, self)
        if captured is not function:
            self._register(captured)
        return captured

    def _register(self, captured: Any) -> None:
        wrapper = captured if isinstance(captured, Captured) else captured.__func__
        core_of(wrapper).index = self._replace_or_append(self.captured_functions, wrapper)

    @overload
    def command(
        self, function: Callable[P, R], prefix: str | None = None, unobserved: bool = False
    ) -> Captured[P, R]: ...
    @overload
    def command(
        self, *, prefix: str | None = None, unobserved: bool = False
    ) -> Callable[[Callable[P, R]], Captured[P, R]]: ...
    def command(self, function: Any = None, prefix: str | None = None, unobserved: bool = False) -> Any:
        """Make a captured function a command, to be named on the command line or in ``ex.run``.

        Args:
            function: what to capture; left out when used with keywords.
            prefix: as in :meth:`capture`.
            unobserved: runs of this command are not recorded.

        Raises:
            NameInUseError: for the reserved names ``help`` and ``with``.
        """
        if function is None:
            return lambda function: self.command(function, prefix=prefix, unobserved=unobserved)
        captured = self.capture(function, prefix=prefix)
        core = core_of(captured)
        if core.signature.name in ("help", "with"):
            raise NameInUseError(
                f'a command cannot be called "{core.signature.name}": the command line uses that word itself; rename it'
            )
        core.unobserved = unobserved
        core.is_command = True
        self.commands[core.signature.name] = captured
        return captured

    @overload
    def pre_run_hook(self, func: Callable[P, R], prefix: str | None = None) -> Captured[P, R]: ...
    @overload
    def pre_run_hook(self, *, prefix: str | None = None) -> Callable[[Callable[P, R]], Captured[P, R]]: ...
    def pre_run_hook(self, func: Any = None, prefix: str | None = None) -> Any:
        """Call a captured function before the main function of every run; its return value is ignored."""
        return self._hook(self.pre_run_hooks, func, prefix)

    @overload
    def post_run_hook(self, func: Callable[P, R], prefix: str | None = None) -> Captured[P, R]: ...
    @overload
    def post_run_hook(self, *, prefix: str | None = None) -> Callable[[Callable[P, R]], Captured[P, R]]: ...
    def post_run_hook(self, func: Any = None, prefix: str | None = None) -> Any:
        """Call a captured function after the main function returned; not called when it failed."""
        return self._hook(self.post_run_hooks, func, prefix)

    def _hook(self, hooks: list[Any], func: Any, prefix: str | None) -> Any:
        if func is None:
            return lambda func: self._hook(hooks, func, prefix)
        captured = self.capture(func, prefix=prefix)
        self._replace_or_append(hooks, captured)
        return captured

    def _replace_or_append(self, items: list[Any], new: Any) -> int:
        """Append; in an interactive session a new definition takes the place of the old one with its name."""
        if self.interactive:
            name = _name_of(new)
            for index, old in enumerate(items):
                if name and name != "<lambda>" and name == _name_of(old):
                    items[index] = new
                    return index
        items.append(new)
        return len(items) - 1

    # -------------------------------------------------------------------------------------------- structure

    def traverse_ingredients(self) -> Iterator[tuple[Ingredient, int]]:
        """``(ingredient, depth)`` of itself (depth 0) and all below it, parents first, once for each way to it.

        Raises:
            CircularDependencyError: if ingredients use each other in a circle.
        """
        yield from self._traverse(())

    def _traverse(self, above: tuple[Ingredient, ...]) -> Iterator[tuple[Ingredient, int]]:
        if any(self is ingredient for ingredient in above):
            raise CircularDependencyError(ingredients=[*above, self])
        yield self, len(above)
        for ingredient in self.ingredients:
            yield from ingredient._traverse((*above, self))

    def post_process_name(self, name: str, ingredient: Ingredient) -> str:  # noqa: ARG002 - for subclasses
        """Rewrite the full name of a command or named config; for subclasses."""
        return name

    def gather_commands(self) -> Iterator[tuple[str, Captured[Any, Any]]]:
        """``(full name, captured function)`` of all commands here and below."""
        for ingredient, _ in self.traverse_ingredients():
            for name, command in ingredient.commands.items():
                yield self.post_process_name(join_paths(ingredient.path, name), ingredient), command

    def gather_named_configs(self) -> Iterator[tuple[str, ConfigSource]]:
        """``(full name, config source)`` of all named configs here and below."""
        for ingredient, _ in self.traverse_ingredients():
            for name, source in ingredient.named_configs.items():
                yield self.post_process_name(join_paths(ingredient.path, name), ingredient), source

    @property
    def current_run(self) -> Run | None:
        """The run of this context that the ingredient takes part in, else the one it took part in last."""
        from hallow.running.context import current_run

        run = current_run()
        while run is not None and self not in run.views:
            run = run.parent
        return run or self.last_run

    @current_run.setter
    def current_run(self, run: Run | None) -> None:
        self.last_run = run

    # ------------------------------------------------------------------------------------------- provenance

    def add_source_file(self, filename: str | os.PathLike[str]) -> None:
        """Record a further source file, of any kind.

        Raises:
            ValueError: if the file is not there.
        """
        from hallow.provenance.sources import Source

        self._added_sources.add(Source.create(os.fspath(filename), self.save_git_info))

    def add_package_dependency(self, package_name: str, version: str) -> None:
        """Record a dependency that is not found by itself.

        Raises:
            ValueError: if the version is no PEP 440 version.
        """
        from hallow.provenance.packages import checked_dependency

        self._added_dependencies.add(checked_dependency(package_name, version))

    @property
    def mainfile(self) -> Source | None:
        """The file in which it is defined, or ``None`` in an interactive session."""
        from hallow.provenance.sources import Source

        return Source.create(self._main_filename, False) if self._main_filename else None

    @property
    def sources(self) -> set[Source]:
        """The source files as found now."""
        from hallow.provenance.sources import find_sources

        found = find_sources(SETTINGS.DISCOVER_SOURCES, self._main_filename, self.base_dir, self._globals)
        return found | self._added_sources

    @property
    def dependencies(self) -> set[PackageDependency]:
        """The packages used as found now."""
        from hallow.provenance.packages import find_packages

        found = find_packages(SETTINGS.DISCOVER_DEPENDENCIES, self._globals)
        return (found - self._added_dependencies) | self._added_dependencies

    def get_experiment_info(self) -> dict[str, Any]:
        """Name, folder, sources, dependencies and repositories of this and all ingredients below."""
        from hallow.experiment.facts import Facts

        return Facts(self).experiment_info()

    def __reduce_ex__(self, protocol: Any) -> Any:
        # A worker process has its own, of the same module.
        from hallow.experiment.carrying import reduced_ingredient

        return reduced_ingredient(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.path!r}>"


def _name_of(defined: Any) -> str | None:
    return getattr(defined, "__qualname__", None) or getattr(defined, "__name__", None)


def checked_ingredients(path: str, ingredients: object) -> list[Ingredient]:
    """The ingredients as a list; whatever is none is refused, naming the ``path`` that should hold it."""
    if isinstance(ingredients, str | Ingredient) or not isinstance(ingredients, Iterable):
        raise ExperimentError(
            f"ingredients of {path!r} must be a list of ingredients, like ingredients=[data], not {ingredients!r}"
        )
    checked = []
    for ingredient in ingredients:
        if not isinstance(ingredient, Ingredient):
            raise ExperimentError(
                f"ingredients of {path!r} must be Ingredient objects, not {type(ingredient).__name__} "
                f"({ingredient!r}); make one with Ingredient('path')"
            )
        checked.append(ingredient)
    return checked
