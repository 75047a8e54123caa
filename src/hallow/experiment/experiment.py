"""Experiment: an ingredient with a main function that can be run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from hallow.cli.options import CLIOption, apply_options, default_options, gather_command_line_options, normalise_options
from hallow.errors import ExperimentError, HookSignatureError, NotRunningError
from hallow.experiment.asking import BODY, mark, options_among, rank_of, run_to_resume, showable, with_keywords
from hallow.experiment.assembly import Assembly, check_main_arguments, find_command
from hallow.experiment.caller import defines_in_notebook_cell, defining_globals, experiment_name
from hallow.experiment.captured import Captured, core_of
from hallow.experiment.checks import check_cli_options, check_host_info, check_observers, check_run_arguments
from hallow.experiment.commands import print_config_before, stock_commands
from hallow.experiment.ingredient import Ingredient
from hallow.experiment.logs import restored_level
from hallow.experiment.signature import Signature
from hallow.running.context import entered
from hallow.running.seeding import new_seed
from hallow.utils import noted

if TYPE_CHECKING:
    from typing import ParamSpec

    from hallow.provenance.host import HostInfoGetter
    from hallow.running.run import Run

    P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])


class Experiment(Ingredient):
    """The central class: declares configuration, functions and a main function, and makes runs of them.

    Args:
        name: of the experiment; default: the name of the defining file.
        ingredients: ingredients that it uses.
        interactive: see :class:`Ingredient`; needs a name.
        base_dir: see :class:`Ingredient`.
        additional_host_info: gatherers made with ``host_info_gatherer``.
        additional_cli_options: options made with ``cli_option``.
        save_git_info: see :class:`Ingredient`.

    Attributes:
        observers: observers of every run; may be changed until a run starts, also by its configuration.
        captured_out_filter: applied to captured output, or ``None``.
        default_command: name of the last function given to :meth:`main` or :meth:`automain`.
        option_hooks: functions that may change the options of a run.

    Raises:
        ExperimentError: without a name where there is no file to take it from.
        OptionError: if a flag of an additional option is taken.
    """

    def __init__(
        self,
        name: str | None = None,
        ingredients: Iterable[Ingredient] = (),
        interactive: bool = False,
        base_dir: str | os.PathLike[str] | None = None,
        additional_host_info: Sequence[HostInfoGetter] | None = None,
        additional_cli_options: Sequence[CLIOption] | None = None,
        save_git_info: bool = True,
    ) -> None:
        found = defining_globals(self)
        super().__init__(
            path=experiment_name(name, interactive, found),
            ingredients=ingredients,
            interactive=interactive,
            _caller_globals=found,
            base_dir=base_dir,
            save_git_info=save_git_info,
        )
        self.observers: list[Any] = []
        self.default_command: str | None = None
        self.captured_out_filter: Callable[[str], str] | None = None
        self.option_hooks: list[Callable[..., Any]] = []
        self.additional_host_info = list(additional_host_info or [])
        self.additional_cli_options = list(additional_cli_options or [])
        if self.additional_host_info:
            from hallow.provenance.host import check_additional_host_info

            check_host_info(self.additional_host_info)
            check_additional_host_info(self.additional_host_info)
        check_cli_options(self.additional_cli_options)
        gather_command_line_options(self.additional_cli_options)  # refuses clashing flags now, not when they are used
        for function in stock_commands(self):
            self.command(function, unobserved=True)

    # --------------------------------------------------------------------------------------------- declaring

    def main(self, function: Callable[P, R]) -> Captured[P, R]:
        """Make a function the command that runs when none is named."""
        captured: Captured[P, R] = self.command(function)
        self.default_command = core_of(captured).signature.name
        return captured

    def automain(self, function: Callable[P, R]) -> Captured[P, R]:
        """Like :meth:`main`; if the file is run as a script, parse the command line and run at once.

        Must be the last definition of the file: what stands below it does not exist when the run starts.

        Raises:
            ExperimentError: in a notebook, REPL or program read from standard input, where ``main`` is to be used.
        """
        if getattr(function, "__module__", None) == "__main__":
            code = getattr(function, "__code__", None)
            if code is not None and defines_in_notebook_cell(code.co_filename):
                raise ExperimentError(
                    "automain cannot be used in an interactive session or notebook, where there is no command line; "
                    "use @ex.main and call ex.run()"
                )
        captured = self.main(function)
        if core_of(captured).function.__module__ == "__main__":
            self.run_commandline()
        return captured

    def option_hook(self, function: F) -> F:
        """Register a function that gets the mapping of options (argument ``options``) and may change it.

        Raises:
            KeyError: if it does not take an argument of that name.
        """
        if "options" not in Signature(function).arguments:
            raise HookSignatureError(f"an option hook must take an argument named options: {Signature(function)}")
        self._replace_or_append(self.option_hooks, function)
        return function

    def _check_path(self, path: str) -> None:
        """A name may be any text."""

    def post_process_name(self, name: str, ingredient: Ingredient) -> str:
        """Commands and named configs of the experiment itself have bare names."""
        return name[len(self.path) + 1 :] if ingredient is self else name

    # ----------------------------------------------------------------------------------------------- running

    def run(
        self,
        command_name: str | None = None,
        config_updates: Mapping[str, Any] | None = None,
        named_configs: Sequence[str] | str = (),
        info: Mapping[str, Any] | None = None,
        meta_info: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        *,
        beat_interval: float | None = None,
        capture: Literal["no", "sys", "fd"] | None = None,
        comment: str | None = None,
        debug: bool | None = None,
        enforce_clean: bool | None = None,
        file_storage: str | os.PathLike[str] | None = None,
        force: bool | None = None,
        gcs: str | None = None,
        id: str | int | None = None,  # noqa: A002 - the name of the option
        journal_only: bool | None = None,
        loglevel: str | int | None = None,
        mongo_db: str | None = None,
        name: str | None = None,
        notify: str | Sequence[str] | None = None,
        origins: bool | None = None,
        pdb: bool | None = None,
        print_config: bool | None = None,
        priority: float | None = None,
        queue: bool | None = None,
        resume: str | int | None = None,
        s3: str | None = None,
        sql: str | None = None,
        strict_observers: bool | None = None,
        tiny_db: str | None = None,
        unobserved: bool | None = None,
        tags: Sequence[str] | str | None = None,
        group: str | None = None,
    ) -> Run:
        """Run a command and return its :class:`~hallow.Run`.

        Args:
            command_name: full name of a command; default: the main function.
            config_updates: entries to change, nested, keys of the outermost dict may be dotted paths.
            named_configs: names of named configs, or of config files, in order.
            info: put into ``run.info`` beforehand.
            meta_info: put into ``run.meta_info`` beforehand.
            options: command line options by flag (``{"--loglevel": "DEBUG"}``), also the experiment's own.
            beat_interval: seconds between heartbeats.
            capture: how output is captured.
            comment: stored with the run.
            debug: show whole tracebacks.
            enforce_clean: refuse to run with uncommitted changes.
            file_storage: record into this folder.
            force: accept suspicious updates.
            gcs: record into ``gs://bucket/folder``.
            id: of the run.
            journal_only: run also if a store cannot be reached, and record for it in the journal.
            loglevel: of the run's loggers.
            mongo_db: record into this MongoDB.
            name: of the experiment, for this run.
            notify: send messages about the run to this URL, or these.
            origins: let ``print_config`` show where values come from.
            pdb: only acts on the command line.
            print_config: print the configuration before the start.
            priority: stored with the run.
            queue: only queue the run.
            resume: id of an earlier run that goes on: with its configuration and seed, adding to its record.
            s3: record into ``s3://bucket/folder``.
            sql: record into the SQL database with this URL.
            strict_observers: raise IncompleteRecordError at the end if an observer failed.
            tiny_db: record into the TinyDB store in this folder.
            unobserved: do not record.
            tags: words to mark the run with, kept beside the record.
            group: a name that the run shares with others, kept beside the record.

        Raises:
            ExperimentError: if no command is given and there is no main function.
            KeyError: if there is no such command.
            ConfigError: if the configuration does not fit; nothing is recorded then.
            OptionError: for unknown or wrong options.
            Exception: whatever the command raises; ``ex.current_run`` then holds the failed run.
        """
        keywords = options_among(locals())
        check_run_arguments(command_name, config_updates, options)
        with restored_level(self.logger):
            run = self._create_run(
                command_name,
                config_updates,
                named_configs,
                info,
                meta_info,
                with_keywords(options, keywords),
            )
            mark(run, tags, group)
            check_main_arguments(run)
            run()
        return run

    async def run_async(self, *args: Any, **kwargs: Any) -> Run:
        """As :meth:`run`, without blocking the event loop: the run is carried out in a thread of its own."""
        import asyncio

        return await asyncio.to_thread(self.run, *args, **kwargs)

    @contextmanager
    def start(
        self,
        config_updates: Mapping[str, Any] | None = None,
        named_configs: Sequence[str] | str = (),
        info: Mapping[str, Any] | None = None,
        meta_info: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        *,
        tags: Sequence[str] | str | None = None,
        group: str | None = None,
        **keywords: Any,
    ) -> Iterator[Run]:
        """A run whose work is the body of a ``with`` statement, for notebooks: ``with ex.start() as run: ...``.

        No command is called. The body may set ``run.result``; what it raises ends the run as it would end a main
        function, and is raised again.

        Args:
            config_updates: as for :meth:`run`, like all other arguments.
            named_configs: see there.
            info: see there.
            meta_info: see there.
            options: see there.
            tags: see there.
            group: see there.
            **keywords: the further keywords of :meth:`run`.

        Raises:
            OptionError: for an unknown keyword.
        """
        check_run_arguments(None, config_updates, options)
        with restored_level(self.logger):
            run = self._create_run(
                None, config_updates, named_configs, info, meta_info, with_keywords(options, keywords), command=BODY
            )
            mark(run, tags, group)
            with run.under_way():
                yield run

    def _create_run(
        self,
        command_name: str | None = None,
        config_updates: Mapping[str, Any] | None = None,
        named_configs: Sequence[str] | str = (),
        info: Mapping[str, Any] | None = None,
        meta_info: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        *,
        updates_from: str = "update",
        command: Any = None,
    ) -> Run:
        """Build a run without starting it; calling it starts it."""
        check_run_arguments(command_name, config_updates, options)
        command_name = core_of(command).signature.name if command is not None else command_name or self.default_command
        if command_name is None:
            raise ExperimentError(
                "there is no command to run: name one, or define a main function with @ex.main or @ex.automain"
            )
        names = [named_configs] if isinstance(named_configs, str) else list(named_configs)
        known = self.all_cli_options
        chosen = self._chosen(options, known)
        command = find_command(self, command_name) if command is None else command
        attachment = None if command.unobserved else rank_of(self)
        record = None
        earlier = run_to_resume(chosen, known)
        if earlier:
            from hallow.experiment.resuming import resumed_updates, stored_record, take_up

            record = stored_record(earlier, self.observers, chosen, known)
            config_updates = resumed_updates(record, config_updates or {}, bool(chosen["--force"]))
        assembly = Assembly(
            self,
            command_name,
            config_updates,
            names,
            bool(chosen["--force"]) or record is not None,
            chosen["--loglevel"],
            updates_from,
            command,
            new_seed if attachment is None else attachment.draw_seed,
        )
        check_observers(self.observers)  # now, because the configuration may have changed them
        run = assembly.build()
        run.info.update(info or {})
        run.meta_info.update(command=command_name, options=showable(chosen), named_configs=names)
        if config_updates is not None:
            run.meta_info["config_updates"] = config_updates
        run.meta_info.update(meta_info or {})
        apply_options(chosen, known, run)
        if record is not None:
            take_up(run, record, bool(chosen["--force"]))
        if attachment is not None:
            run._attachment = attachment
            attachment.take_part(run, assembly.seed)
        if run.print_config:
            print_config_before(run)
        for ingredient in run.views:
            ingredient.last_run = run
        return run

    def _chosen(self, given: Mapping[str, Any] | None, options: Sequence[CLIOption]) -> dict[str, Any]:
        """All options with their values: defaults, what is given over them, then what option hooks make of it."""
        chosen = normalise_options(given, options)
        for hook in self.option_hooks:
            with noted(f"raised by the option hook {getattr(hook, '__name__', hook)}"):
                hook(options=chosen)
        return chosen

    def run_commandline(self, argv: str | Sequence[str] | None = None) -> Run | None:
        """Run what a command line asks for.

        Args:
            argv: words, the first being the program's name; a string is split as a shell does; default ``sys.argv``.

        Returns:
            The run.

        Raises:
            SystemExit: after an error (its report is on standard error) and after help.
        """
        from hallow.experiment.commandline import CommandLine

        return CommandLine(self, argv).run()

    @contextmanager
    def configured(
        self,
        config_updates: Mapping[str, Any] | None = None,
        named_configs: Sequence[str] | str = (),
        **updates: Any,
    ) -> Iterator[dict[str, Any]]:
        """Give captured functions a configuration without starting a run, to test them or try them out.

        Args:
            config_updates: as for :meth:`run`.
            named_configs: as for :meth:`run`.
            **updates: further top-level updates.

        Yields:
            The configuration.
        """
        run = Assembly(self, "print_config", {**(config_updates or {}), **updates}, named_configs).build()
        run.unobserved = True
        with entered(run):
            yield run.config

    # ------------------------------------------------------------------------------------------ during a run

    @property
    def info(self) -> dict[str, Any]:
        """The ``info`` of the current run, or of the last one.

        Raises:
            AttributeError: before any run.
        """
        run = self.current_run
        if run is None:
            raise NotRunningError("ex.info can only be used during a run (ex.run(...), or the command line)")
        return run.info

    def log_scalar(self, name: str, value: Any, step: float | None = None) -> None:
        """Record one measurement; see :meth:`hallow.Run.log_scalar`."""
        self._during_run("log_scalar").log_scalar(name, value, step)

    def open_resource(self, filename: str | os.PathLike[str], mode: str = "r") -> Any:
        """Record a file that the run reads, and open it."""
        return self._during_run("open_resource").open_resource(filename, mode)

    def add_resource(self, filename: str | os.PathLike[str]) -> None:
        """Record a file that the run reads."""
        self._during_run("add_resource").add_resource(filename)

    def add_artifact(
        self,
        filename: str | os.PathLike[str],
        name: str | None = None,
        metadata: dict[str, Any] | None = None,
        content_type: str | None = None,
    ) -> None:
        """Record a file that the run made."""
        self._during_run("add_artifact").add_artifact(filename, name, metadata, content_type)

    def _during_run(self, what: str) -> Run:
        run = self.current_run
        if run is None or run.status != "RUNNING":
            state = "there is no run" if run is None else f"the last run has ended ({run.status})"
            raise NotRunningError(f"ex.{what} can only be called during a run, and {state}")
        return run

    # --------------------------------------------------------------------------------------------- describing

    @property
    def all_cli_options(self) -> list[CLIOption]:
        """Built-in, legacy and additional options, in the order in which they are applied."""
        return gather_command_line_options(self.additional_cli_options)

    def get_default_options(self) -> dict[str, Any]:
        """Each option's long flag with ``False`` for flags and ``None`` for options with a value."""
        return default_options(self.all_cli_options)

    def get_usage(self, program_name: str | None = None) -> tuple[str, str, str]:
        """Short usage, whole help text, and a text that can be given to docopt."""
        from hallow.experiment.commandline import usage_of

        return usage_of(self, program_name)

    def _check_command(self, cmd_name: str | None) -> str | None:
        """What is wrong with the name of a command, for programs that read their command line themselves."""
        from hallow.experiment.commandline import command_problem

        return command_problem(self, cmd_name)

    def _handle_help(self, args: Mapping[str, Any], usage: str) -> bool:
        """Print the help that the result of docopt asks for; whether it does."""
        from hallow.experiment.commandline import handle_help

        return handle_help(self, args, usage)
