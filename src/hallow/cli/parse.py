"""From argv to command, updates and options."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hallow.cli.grammar import split_words
from hallow.cli.options import by_flag, default_options, find_option
from hallow.cli.usage import parser_usage
from hallow.errors import OptionError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hallow.cli.options import CLIOption

    Known = Mapping[str, CLIOption]
    Found = list[tuple[CLIOption, str | None]]

__all__ = ["ParsedCommandLine", "parse_command_line"]


@dataclass
class ParsedCommandLine:
    """What a command line asks for.

    Attributes:
        command: the command, or ``None`` for the default one.
        updates: the words after ``with``.
        options: value by long flag as declared, for every option; a list if it was given several times.
        help_requested: whether help is to be printed instead of anything else.
        help_for: the command that is to be explained; ``None``: the whole script.
        script_args: the words after ``--``, which are left to the script.
    """

    command: str | None = None
    updates: list[str] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    help_requested: bool = False
    help_for: str | None = None
    script_args: list[str] = field(default_factory=list)

    def as_args(self) -> dict[str, Any]:
        """Options and words in one dict, as option hooks see and records keep them."""
        return {
            **self.options,
            "COMMAND": self.command,
            "UPDATE": list(self.updates),
            "help": self.help_requested and not self.options.get("--help"),
            "with": bool(self.updates),
        }


def parse_command_line(
    argv: Sequence[str], options: Iterable[CLIOption], program_name: str = "script.py"
) -> ParsedCommandLine:
    """Understand a command line.

    Args:
        argv: all words; the first is the program and is ignored.
        options: the options there are; no two may have a flag in common.
        program_name: how messages call the script.

    Raises:
        OptionError: naming an option that is unknown, given twice, lacks its value or has a wrong one.
        UsageError: naming a word that cannot be understood where it stands.
    """
    options = list(options)
    words, script_args = _spelt_out(list(argv[1:]), by_flag(options), program_name)
    values = _by_docopt(words, options, program_name)
    given = {option.long_flag: _value(values, option) for option in options}
    for option in options:
        option.validate(given[option.long_flag])
    try:
        parsed = split_words(values["WORDS"])
    except UsageError as error:
        raise UsageError(f"{program_name}: {error}") from None
    asked = bool(given.get("--help"))
    return ParsedCommandLine(
        command=parsed.command,
        updates=parsed.updates,
        options=given,
        help_requested=asked or parsed.help_requested,
        help_for=parsed.command if asked and not parsed.help_requested else parsed.help_for,
        script_args=script_args,
    )


def _value(values: dict[str, Any], option: CLIOption) -> Any:
    value = values[option.long_flag]
    if option.is_flag:
        return bool(value)
    if isinstance(value, list):
        return value if len(value) > 1 else (value[0] if value else None)
    return value


def _by_docopt(words: list[str], options: list[CLIOption], program_name: str) -> dict[str, Any]:
    if not words:  # nothing to parse: a script without arguments need not wait for the parser
        return {"WORDS": [], **default_options(options)}
    from docopt import DocoptExit, docopt

    try:
        return dict(docopt(parser_usage(options), words, default_help=False))
    except DocoptExit as error:
        raise UsageError(f"{program_name}: {str(error).partition('Usage:')[0].strip()}") from None


# -------------------------------------------------------------------------------------------------- spelling


def _spelt_out(words: list[str], known: Known, program_name: str) -> tuple[list[str], list[str]]:
    """Every option as its declared long flag, with ``=`` before its value; and the words after ``--``.

    Flags may be abbreviated, joined (``-ul10``) and spelt with hyphens or underscores, which the parser does
    not know all at once; and an error found here can name the word and the nearest option.
    """
    clear: list[str] = []
    seen: set[str] = set()
    try:
        while words:
            word = words.pop(0)
            if word == "--":
                return clear, words
            if not word.startswith("-") or word == "-":
                clear.append(word)
                continue
            for option, value in _long(word, words, known) if word.startswith("--") else _short(word, words, known):
                if option.long_flag in seen and not option.repeatable:
                    raise OptionError(f"{option.long_flag} is given twice")  # noqa: TRY301 - gets its prefix below
                seen.add(option.long_flag)
                clear.append(option.long_flag if option.is_flag else f"{option.long_flag}={value}")
    except OptionError as error:
        raise OptionError(f"{program_name}: {error}") from None
    return clear, []


def _find(flag: str, known: Known, update: str = "") -> CLIOption:
    """The option of a flag; ``update`` is how the configuration would be changed, if that is what was meant."""
    entry = f"; the configuration is changed after with: with {update}" if update else ""
    return find_option(flag, known, f" Words for the script itself come after --{entry}")


def _long(word: str, following: list[str], known: Known) -> Found:
    flag, equals, value = word.partition("=")
    after = value if equals else "".join(following[:1])
    is_update = bool(after) and not after.startswith("-") and after != "with"
    option = _find(flag, known, f"{flag.lstrip('-')}={after}" if is_update else "")
    if option.is_flag:
        if equals:
            raise OptionError(f"{option.long_flag} takes no value, but was given {value!r}")
        return [(option, None)]
    return [(option, value if equals else _taken(option, following))]


def _short(word: str, following: list[str], known: Known) -> Found:
    """Joined short flags; the first that needs a value takes the rest of the word or the next word."""
    found: Found = []
    letters = word[1:]
    while letters:
        flag, letters = "-" + letters[0], letters[1:]
        try:
            option = _find(flag, known)
        except OptionError as error:
            raise OptionError(str(error) if flag == word else f"{error} (in {word})") from None
        if not option.is_flag:
            return [*found, (option, letters or _taken(option, following))]
        found.append((option, None))
    return found


def _taken(option: CLIOption, following: list[str]) -> str:
    if not following:
        raise OptionError(f"{option.long_flag} needs a value: {option.long_flag}=VALUE")
    return following.pop(0)
