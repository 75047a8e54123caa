"""One command line of an experiment, from the words to the exit code."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from hallow.cli.grammar import get_config_updates
from hallow.cli.parse import ParsedCommandLine, parse_command_line
from hallow.cli.usage import docopt_usage, format_usage, help_for_command, short_usage
from hallow.errors import CommandNotFoundError, HallowError, UsageError
from hallow.experiment.asking import run_to_resume
from hallow.experiment.assembly import ASKED, Asked, check_main_arguments, find_command, slot_paths, spelt_as_choice
from hallow.experiment.caller import runs_in_debugger
from hallow.experiment.captured import core_of
from hallow.experiment.logs import restored_level
from hallow.experiment.reports import format_report
from hallow.settings import SETTINGS
from hallow.utils import ensure_wellformed_argv

if TYPE_CHECKING:
    from hallow.experiment.experiment import Experiment
    from hallow.running.run import Run


class CommandLine:
    """One command line of an experiment.

    Args:
        experiment: whose command line it is.
        argv: the program's name and the words after it; default ``sys.argv``.
    """

    def __init__(self, experiment: Experiment, argv: str | Sequence[str] | None = None) -> None:
        self.experiment = experiment
        try:
            self.argv = ensure_wellformed_argv(argv)  # type: ignore[arg-type]
        except ValueError as error:
            raise UsageError(f"the command line {argv!r} cannot be understood: {error}") from None
        self.program = program_name(experiment)
        self.debug = self.pdb = False

    def run(self) -> Run | None:
        """Parse, run, report errors and leave with the exit code that fits."""
        run: Run | None = None
        earlier = self.experiment.current_run
        try:
            parsed = parse_command_line(self.argv, self.experiment.all_cli_options, self.program)
            self.debug, self.pdb = bool(parsed.options["--debug"]), bool(parsed.options["--pdb"])
            if parsed.help_requested:
                self._help(parsed)
            command = checked_command(self.experiment, parsed.command)
            slots = slot_paths(self.experiment)
            updates, named_configs = get_config_updates(spelt_as_choice(word, slots) for word in parsed.updates)
            with restored_level(self.experiment.logger):
                if self._has_own_run():
                    return self._run_overridden(command, updates, named_configs, parsed)
                run = self._create(command, updates, named_configs, parsed)
                check_main_arguments(run)
                run()
        except KeyboardInterrupt:
            if self.debug:
                raise
            print("interrupted", file=sys.stderr)
            sys.exit(130)
        except Exception as error:
            latest = self.experiment.current_run  # a run method of a subclass that raises does not tell its run
            self._fail(error, run or (None if latest is earlier else latest))
        return run

    def _create(
        self, command: str, updates: dict[str, Any], named_configs: list[str], parsed: ParsedCommandLine
    ) -> Run:
        run = self.experiment._create_run(
            command, updates, named_configs, {}, {}, parsed.as_args(), updates_from="command line"
        )
        run.args = parsed.script_args
        return run

    def _has_own_run(self) -> bool:
        from hallow.experiment.experiment import Experiment

        return type(self.experiment).run is not Experiment.run

    def _run_overridden(
        self, command: str, updates: dict[str, Any], named_configs: list[str], parsed: ParsedCommandLine
    ) -> Run:
        """A subclass that has a ``run`` of its own wants to know of every run; it is called as Sacred calls it."""
        # A run that is resumed is built with updates that were put together from these and the record.
        resumed = run_to_resume(parsed.options, self.experiment.all_cli_options)
        asked = Asked(self.experiment, None if resumed else updates, parsed.script_args)
        token = ASKED.set(asked)
        try:
            return self.experiment.run(command, updates, named_configs, info={}, meta_info={}, options=parsed.as_args())
        finally:
            ASKED.reset(token)

    def _help(self, parsed: ParsedCommandLine) -> NoReturn:
        print(help_text(self.experiment, parsed.help_for, usage_of(self.experiment, self.program)[1]))
        sys.exit(0)

    def _fail(self, error: Exception, run: Run | None) -> NoReturn:
        """Report an error and leave; under a debugger it is raised, so that the debugger stops where it happened."""
        if self.debug or runs_in_debugger():
            raise error
        if self.pdb:
            self._post_mortem(error)
        started = run is not None and run.status is not None
        is_usage = isinstance(error, HallowError) and error.is_usage and not started
        to_stdout = isinstance(error, CommandNotFoundError) and SETTINGS.COMMAND_LINE.COMMAND_ERRORS_TO == "stdout"
        report = format_report(error, short_usage(self.program))
        print(report, file=sys.stdout if to_stdout else sys.stderr)
        sys.exit(SETTINGS.COMMAND_LINE.ERROR_EXIT_CODE if is_usage else getattr(error, "exit_code", 1))

    def _post_mortem(self, error: Exception) -> NoReturn:
        import pdb
        import traceback

        traceback.print_exception(type(error), error, error.__traceback__)
        pdb.post_mortem(error.__traceback__)
        sys.exit(1)


def checked_command(experiment: Experiment, given: str | None) -> str:
    """The name of the command to run, by default of the main function.

    Raises:
        CommandNotFoundError: if there is no such command, or nothing to run.
    """
    command = experiment.default_command if given is None else given
    if command is None:
        commands = ", ".join(name for name, _ in experiment.gather_commands())
        raise CommandNotFoundError(
            "There is no command to run: specify one, or define a main function with @ex.main or @ex.automain. "
            f"Available commands are: {commands}",
            print_traceback=False,
            print_usage=True,
        )
    find_command(experiment, command)
    return command


def help_text(experiment: Experiment, command: str | None, usage: str) -> str:
    """The help for a command, or the whole ``usage``.

    Raises:
        CommandNotFoundError: if there is no such command.
    """
    if command is None:
        return usage
    core = core_of(find_command(experiment, command))
    name, signature = core.signature.name, str(core.signature)
    return help_for_command(name, signature[len(name) :], core.function.__doc__)


def command_problem(experiment: Experiment, command: str | None) -> str | None:
    """What is wrong with the name of a command."""
    try:
        checked_command(experiment, command)
    except CommandNotFoundError as error:
        return f"Error: {error}"
    return None


def handle_help(experiment: Experiment, args: Mapping[str, Any], usage: str) -> bool:
    """Print the help that a parsed command line asks for; whether it does."""
    if not (args.get("help") or args.get("--help")):
        return False
    print(help_text(experiment, args.get("COMMAND"), usage))
    return True


def program_name(experiment: Experiment) -> str:
    """How usage texts call the script: its path from the experiment's folder, quoted for a shell."""
    script = sys.argv[0] if sys.argv else ""
    if not script or script == "-c":
        return "Dummy"
    return shlex.quote(os.path.relpath(script, experiment.base_dir))


def usage_of(experiment: Experiment, program: str | None = None) -> tuple[str, str, str]:
    """Short usage, whole help text, and a text that can be given to docopt."""
    program = program or program_name(experiment)
    options = experiment.all_cli_options
    commands = {name: core_of(command).function for name, command in experiment.gather_commands()}
    return (
        short_usage(program).strip(),
        format_usage(program, experiment.doc, commands, options),
        docopt_usage(options),
    )
