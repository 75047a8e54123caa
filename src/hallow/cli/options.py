"""Command line options: what they are called, what they mean, what they do to a run.

The built-in options act on a run through its documented attributes only. Options that add an observer look it
up in :mod:`hallow.observers` when they are used.
"""

from __future__ import annotations

import re
import sys
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from hallow.errors import DirtyRepositoryError, MissingExtraError, OptionError
from hallow.settings import SETTINGS
from hallow.utils import closest, convert_camel_case_to_snake_case, get_inheritors, noted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

_SHORT = re.compile(r"-\w")
_LONG = re.compile(r"--[\w-]+\w")


class CLIOption:
    """An option of the command line.

    Args:
        apply_function: called with ``(args, run)`` before the run starts; its docstring is the help text and
            its name the name of the option. ``args`` is ``True`` for flags, otherwise the value (text if it
            comes from the command line).
        short_flag: like ``-a``, or ``None``.
        long_flag: like ``--attempts``.
        is_flag: whether the option has no value.
        repeatable: whether it may be given several times; it is then applied to each value in turn.
        check: called with a value before anything starts; raises ``ValueError`` saying what is wrong.

    Raises:
        OptionError: if a flag is malformed.
    """

    arg_description: str | None = None

    def __init__(
        self,
        apply_function: Callable[[Any, Any], Any],
        short_flag: str | None,
        long_flag: str,
        is_flag: bool,
        *,
        repeatable: bool = False,
        check: Callable[[Any], Any] | None = None,
    ) -> None:
        _check_flags(short_flag, long_flag)
        self.apply_function = apply_function
        self.short_flag = short_flag
        self.long_flag = long_flag
        self.is_flag = is_flag
        self.arg = None if is_flag else "VALUE"
        self.repeatable = repeatable
        self.check = check
        self.__doc__ = apply_function.__doc__

    def __call__(self, args: Any, run: Any) -> Any:
        """Call the function."""
        return self.apply_function(args, run)

    def apply(self, args: Any, run: Any) -> None:
        """Do what the option says to a run; values given several times one after another."""
        for value in args if self.repeatable and isinstance(args, list | tuple) else (args,):
            self.apply_function(value, run)

    def validate(self, args: Any) -> None:
        """Check a value before anything starts.

        Raises:
            OptionError: naming option and value.
        """
        if self.check is None or not args:
            return
        for value in args if self.repeatable and isinstance(args, list | tuple) else (args,):
            try:
                self.check(value)
            except (ValueError, TypeError) as error:  # noqa: PERF203 - there is one value as a rule
                raise OptionError(f"{self.long_flag}: {error}") from None

    def get_flag(self) -> str:
        """The long flag."""
        return self.long_flag

    def get_short_flag(self) -> str | None:
        """The short flag, or ``None``."""
        return self.short_flag

    def get_flags(self) -> tuple[str | None, str]:
        """Short and long flag."""
        return self.short_flag, self.long_flag

    def get_name(self) -> str:
        """The name of the function."""
        return self.apply_function.__name__

    def get_description(self) -> str:
        """The docstring as one paragraph."""
        return " ".join((self.apply_function.__doc__ or "").split())

    def __repr__(self) -> str:
        return f"<option {'/'.join(filter(None, self.get_flags()))}>"


def _check_flags(short_flag: str | None, long_flag: str) -> None:
    if short_flag is not None and not (isinstance(short_flag, str) and _SHORT.fullmatch(short_flag)):
        raise OptionError(f"a short flag is a hyphen and one letter, like '-a', or None; not {short_flag!r}")
    if not (isinstance(long_flag, str) and _LONG.fullmatch(long_flag)):
        raise OptionError(f"a long flag is two hyphens and at least two letters, like '--attempts'; not {long_flag!r}")


def cli_option(
    short_flag: str | None,
    long_flag: str,
    is_flag: bool = False,
    *,
    repeatable: bool = False,
    check: Callable[[Any], Any] | None = None,
) -> Callable[[Callable[[Any, Any], Any]], CLIOption]:
    """Make an option from a function of ``(args, run)``; see :class:`CLIOption`.

    Raises:
        OptionError: if a flag is malformed.
    """
    _check_flags(short_flag, long_flag)

    def decorate(function: Callable[[Any, Any], Any]) -> CLIOption:
        return CLIOption(function, short_flag, long_flag, is_flag, repeatable=repeatable, check=check)

    return decorate


# ------------------------------------------------------------------------------------------ Sacred's old form


class CommandLineOption:
    """Base of options in the form that Sacred had first: every subclass is an option of every experiment.

    Deprecated: use :func:`cli_option` and ``additional_cli_options``.
    """

    _enabled: ClassVar[bool] = True
    short_flag: ClassVar[str | None] = None
    arg: ClassVar[str | None] = None
    arg_description: ClassVar[str | None] = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        warnings.warn(
            f"{cls.__name__}: subclasses of CommandLineOption are deprecated; use cli_option and give the option to "
            "the experiment as additional_cli_options=[...]",
            DeprecationWarning,
            stacklevel=2,
        )

    @classmethod
    def get_flag(cls) -> str:
        """The long flag: the name of the class without ``Option``, in snake_case."""
        name = cls.__name__
        return "--" + convert_camel_case_to_snake_case(name.removesuffix("Option"))

    @classmethod
    def get_short_flag(cls) -> str:
        """The short flag; by default the first letter of the long one."""
        return "-" + (cls.short_flag or cls.get_flag()[2])

    @classmethod
    def get_flags(cls) -> tuple[str, str]:
        """Short and long flag."""
        return cls.get_short_flag(), cls.get_flag()

    @classmethod
    def apply(cls, args: Any, run: Any) -> None:
        """Do what the option says to a run."""


def _from_class(cls: type[CommandLineOption], taken: set[str | None]) -> CLIOption:
    import weakref

    # As long as there is a class, it is an option of every experiment: options that are remembered keep none alive.
    declared = weakref.ref(cls)

    def apply_function(args: Any, run: Any) -> None:
        option_class = declared()
        if option_class is not None:
            option_class.apply(args, run)

    apply_function.__doc__ = cls.__doc__
    apply_function.__name__ = cls.__name__
    short: str | None = cls.get_short_flag()
    if cls.short_flag is None and short in taken:
        # Nobody chose this letter; another option has it.
        short = None
    option = CLIOption(apply_function, short, cls.get_flag(), cls.arg is None)
    option.arg, option.arg_description = cls.arg, cls.arg_description
    return option


def gather_command_line_options(
    additional: Sequence[CLIOption] = (), filter_disabled: bool | None = None
) -> list[CLIOption]:
    """All options of an experiment: those in the old form, the built-in ones by name, the additional ones.

    Args:
        additional: options of the experiment.
        filter_disabled: leave out old-form options with ``_enabled = False``; default: unless
            ``SETTINGS.COMMAND_LINE.SHOW_DISABLED_OPTIONS``.

    Raises:
        OptionError: if two options have a flag in common.
    """
    if filter_disabled is None:
        filter_disabled = not SETTINGS.COMMAND_LINE.SHOW_DISABLED_OPTIONS
    from hallow.cli.builtin import BUILT_IN

    old: list[CLIOption] = []
    taken = {option.short_flag for option in (*BUILT_IN, *additional)}
    for cls in sorted(get_inheritors(CommandLineOption), key=lambda cls: cls.__name__):
        if cls._enabled or not filter_disabled:
            old.append(_from_class(cls, taken))
            taken.add(old[-1].short_flag)
    options = [*old, *_giving_way(BUILT_IN, [*old, *additional]), *additional]
    check_clashes(options)
    return options


def _giving_way(built_in: Sequence[CLIOption], own: Sequence[CLIOption]) -> Sequence[CLIOption]:
    """The built-in options; those that Sacred does not have leave their flags to programs written for Sacred."""
    if not own or "hallow.as_sacred" not in sys.modules:
        return built_in
    from hallow.cli.builtin import BEYOND_SACRED

    taken = {_key(flag) for option in own for flag in option.get_flags() if flag}
    left = []
    for option in built_in:
        if option not in BEYOND_SACRED or taken.isdisjoint(_key(flag) for flag in option.get_flags() if flag):
            left.append(option)
        elif _key(option.long_flag) not in taken:
            left.append(_without_short_flag(option))
    return left


@lru_cache(maxsize=16)
def _without_short_flag(option: CLIOption) -> CLIOption:
    return CLIOption(
        option.apply_function, None, option.long_flag, option.is_flag, repeatable=option.repeatable, check=option.check
    )


def check_clashes(options: Iterable[CLIOption]) -> None:
    """Raise :class:`~hallow.errors.OptionError` if two options have a flag in common, naming both."""
    by_flag(options)


def by_flag(options: Iterable[CLIOption]) -> Mapping[str, CLIOption]:
    """Options by each of their flags, with underscores for the hyphens inside; see :func:`find_option`.

    Raises:
        OptionError: if two options have a flag in common, naming both.
    """
    return _by_flag(tuple((option, option.short_flag, option.long_flag) for option in options))


@lru_cache(maxsize=16)
def _by_flag(options: tuple[tuple[CLIOption, str | None, str], ...]) -> Mapping[str, CLIOption]:
    """Remembered, because every run asks, and the options of an experiment hardly ever change."""
    owners: dict[str, CLIOption] = {}
    for option, *flags in options:
        for flag in filter(None, flags):
            other = owners.setdefault(_key(flag), option)
            if other is not option:
                raise OptionError(
                    f"{flag} is a flag of two options, {other.get_name()} ({other.long_flag}) and "
                    f"{option.get_name()} ({option.long_flag}); give one of them another flag"
                )
    return owners


# --------------------------------------------------------------------------------------------------- values


def _key(flag: str) -> str:
    """Hyphens and underscores inside a long flag are the same."""
    return "--" + flag[2:].replace("-", "_") if flag.startswith("--") else flag


def find_option(flag: str, known: Mapping[str, CLIOption], advice: str = "") -> CLIOption:
    """The option of a flag: long or short, with hyphens or underscores, or the beginning of one long flag.

    Args:
        flag: as it was written.
        known: what :func:`by_flag` gives.
        advice: ends the message about a flag that there is not.

    Raises:
        OptionError: naming the flag and the nearest known one.
    """
    key = _key(flag)
    if key in known:
        return known[key]
    long_ones = [other for other in known if other.startswith("--")]
    begun = [known[other] for other in long_ones if other.startswith(key) and len(key) > 2]
    if len(begun) == 1:
        return begun[0]
    if begun:
        raise OptionError(f"{flag} can be {' or '.join(option.long_flag for option in begun)}; write more of it")
    near = closest(key if key.startswith("--") else "--" + flag, long_ones)
    hint = f" Did you mean {known[near[0]].long_flag}?" if near else ""
    raise OptionError(f"there is no option {flag}.{hint}{advice}")


def default_options(options: Iterable[CLIOption]) -> dict[str, Any]:
    """Long flag to ``False`` for flags and ``None`` for options with a value."""
    return {option.long_flag: False if option.is_flag else None for option in options}


#: What the command line adds to the options it hands to hooks and records.
_WORDS = ("COMMAND", "UPDATE", "help", "with")


def normalise_options(given: Mapping[str, Any] | None, options: Iterable[CLIOption]) -> dict[str, Any]:
    """All options by their long flag as declared, with the given values laid over the defaults.

    Args:
        given: values by flag; long or short, spelt with hyphens or underscores.
        options: the options there are.

    Raises:
        OptionError: on an unknown flag, one given in two spellings, or a value that is not legal.
    """
    options = list(options)
    known = by_flag(options)
    values = default_options(options)
    spelt: dict[str, str] = {}
    for flag, value in (given or {}).items():
        if flag in _WORDS:
            values[flag] = value
            continue
        option = find_option(flag, known)
        other = spelt.setdefault(option.long_flag, flag)
        if other != flag:
            raise OptionError(f"{other} and {flag} are the same option")
        option.validate(value)
        values[option.long_flag] = value
    return values


def apply_options(values: Mapping[str, Any], options: Iterable[CLIOption], run: Any) -> None:
    """Apply every option whose value is true or not empty to a run, in the order of ``options``."""
    for option in options:
        value = values.get(option.long_flag)
        if value:
            with noted(f"raised by the option {option.long_flag}"):
                option.apply(value, run)


def log_level(value: Any) -> int:
    """A log level from a number, the text of a number, or a name in any case.

    Raises:
        OptionError: naming the value and the names there are.
    """
    names = {
        "NOTSET": 0,
        "DEBUG": 10,
        "INFO": 20,
        "WARNING": 30,
        "WARN": 30,
        "ERROR": 40,
        "CRITICAL": 50,
        "FATAL": 50,
    }
    text = str(value).strip().upper()
    if text in names:
        return names[text]
    try:
        return int(text)
    except ValueError:
        raise OptionError(
            f"{value!r} is no log level; use a number from 0 to 50 or one of NOTSET, DEBUG, INFO, WARNING, ERROR, "
            "CRITICAL"
        ) from None


def observer_class(name: str) -> Any:
    """An observer class by name, imported now.

    Raises:
        OptionError: if this version has no such observer.
        MissingExtraError: if a package it needs is not installed; names the extra.
    """
    from importlib import import_module

    observers = import_module("hallow.observers")
    try:
        return getattr(observers, name)
    except AttributeError as error:
        raise OptionError(f"{name} cannot be used: {error}") from None
    except MissingExtraError:
        raise
    except ImportError as error:
        advice = f'install what it needs with: pip install "hallow[{_EXTRAS.get(name, "all")}]"'
        raise MissingExtraError(f"{name} is not available ({error}); {advice}", print_traceback=False) from error


_EXTRAS = {
    "GoogleCloudStorageObserver": "remote",
    "MongoObserver": "mongo",
    "NotifyObserver": "notify",
    "S3Observer": "remote",
    "SqlObserver": "sql",
    "TinyDbObserver": "tinydb",
}


def refuse_dirty(repositories: Sequence[Mapping[str, Any]]) -> None:
    """Raise unless all sources are in repositories without uncommitted changes.

    Raises:
        DirtyRepositoryError: naming the repositories.
    """
    if not repositories:
        raise DirtyRepositoryError(
            "--enforce_clean: no repository was found that holds the sources; put them under version control or leave "
            "out the option",
            print_traceback=False,
        )
    dirty = [str(repository.get("url") or "?") for repository in repositories if repository.get("dirty")]
    if dirty:
        raise DirtyRepositoryError(
            f"--enforce_clean: uncommitted changes in {', '.join(dirty)}; commit or stash them",
            print_traceback=False,
        )
