"""Usage and help texts."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hallow.cli.options import CLIOption

__all__ = ["docopt_usage", "format_usage", "help_for_command", "parser_usage", "printable_usage", "short_usage"]

_ARGUMENTS = {
    "COMMAND": "The function to run, by its name; see below for those there are. Default: the main function.",
    "UPDATE": "A change of the configuration, such as foo.bar=17, the name of a named config, or a config file.",
}


def short_usage(program_name: str) -> str:
    """The block that shows the four ways to call a script."""
    return textwrap.dedent(f"""\
        Usage:
          {program_name} [(with UPDATE...)] [options]
          {program_name} help [COMMAND]
          {program_name} (-h | --help)
          {program_name} COMMAND [(with UPDATE...)] [options]
        """)


def format_usage(
    program_name: str,
    description: str | None,
    commands: Mapping[str, Callable[..., Any]] | None = None,
    options: Iterable[CLIOption] = (),
) -> str:
    """The long usage text of an experiment.

    Args:
        program_name: how the script is called.
        description: what the experiment says of itself (the docstring of its module).
        commands: functions by full name, in the order in which they are shown.
        options: in the order in which they are shown.
    """
    options = list(options)
    parts = [short_usage(program_name)]
    if description and description.strip():
        parts.append(textwrap.dedent(description).strip() + "\n")
    if options:
        parts.append("Options:\n" + "".join(map(_option_text, options)))
    described = {option.arg: option.arg_description for option in options if option.arg and option.arg_description}
    parts.append("Arguments:\n" + "".join(_argument_text(*item) for item in {**_ARGUMENTS, **described}.items()))
    if commands:
        parts.append("Commands:\n" + _commands_text(commands))
    return "\n".join(parts)


def printable_usage(doc: str) -> str:
    """The first block of a usage text that names the ways to call the script."""
    start = doc.lower().find("usage:")
    return doc[max(start, 0) :].partition("\n\n")[0].strip()


def _flags_text(option: CLIOption) -> str:
    short, long = option.get_flags()
    if option.arg:
        return f"{short} {option.arg} {long}={option.arg}" if short else f"{long}={option.arg}"
    return f"{short} {long}" if short else long


def _option_text(option: CLIOption) -> str:
    lines = textwrap.wrap(option.get_description(), 79 - 32) or [""]
    text = f"  {_flags_text(option):<28}  " + ("\n" + 32 * " ").join(lines)
    return text.rstrip() + "\n"


def _argument_text(name: str, description: str | None) -> str:
    lines = textwrap.wrap(" ".join((description or "").split()), 79 - 12)
    return f"  {name:<8}  " + ("\n" + 12 * " ").join(lines) + "\n"


def _commands_text(commands: Mapping[str, Callable[..., Any]]) -> str:
    width = max(8, *map(len, commands))
    return "".join(f"  {name:<{width}}  {_first_line(function)}".rstrip() + "\n" for name, function in commands.items())


def _first_line(function: Callable[..., Any]) -> str:
    return (getattr(function, "__doc__", None) or "").strip().partition("\n")[0].strip()


def help_for_command(name: str, signature: str, doc: str | None) -> str:
    """Signature and docstring of a command.

    Args:
        name: the name of the function.
        signature: its arguments, such as ``(a, name='Bob')``.
        doc: its docstring.
    """
    text = f"{name}{signature}"
    lines = (doc or "").strip("\n").expandtabs().splitlines()
    if not any(line.strip() for line in lines):
        return text
    # As inspect.cleandoc has it, without importing inspect: the first line does not count for the margin.
    body = textwrap.dedent("\n".join(lines[1:])).rstrip()
    whole = lines[0].strip() + ("\n" + body if body else "")
    return text + "\n" + textwrap.indent(whole, "    ").rstrip()


def docopt_usage(options: Iterable[CLIOption]) -> str:
    """The text for callers who parse by themselves: docopt's grammar, without words of users that could break it.

    What docopt makes of a command line with it can be handed to ``Experiment.run`` as its ``options``.
    """
    described = "".join(f"  {_flags_text(option)}\n" for option in options)
    return f"{short_usage('dummy')}\nOptions:\n{described}"


def parser_usage(options: Iterable[CLIOption]) -> str:
    """The text from which the parser is made: flags only, so that no docstring of a user can break it."""
    options = list(options)
    repeated = " ".join(f"[{option.long_flag}=VALUE]..." for option in options if option.repeatable)
    described = "".join(f"  {option.long_flag}{'' if option.is_flag else '=VALUE'}\n" for option in options)
    return f"Usage:\n  PROG {repeated} [options] [WORDS...]\n\nOptions:\n{described}"
