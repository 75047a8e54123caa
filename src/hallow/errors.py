"""Every exception of hallow.

An error says what was wrong, where, the nearest right thing and the next move; ``slug`` names its paragraph in
``docs/messages.md``. Classes that Sacred has keep names, arguments and built-in bases; its own names are at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Literal

FilterTraceback = Literal["always", "default", "never"]


class HallowError(Exception):
    """Base of the errors that hallow raises for something the user can mend.

    Classes with ``is_usage`` are mistakes of usage or configuration: found before a run starts, they end the process
    with ``SETTINGS.COMMAND_LINE.ERROR_EXIT_CODE``.

    Args:
        message: what was wrong and what to do.
        print_traceback: whether the command line shows a traceback at all.
        filter_traceback: ``"always"`` hides hallow's own frames, ``"default"`` does so unless the innermost frame is
            hallow's, ``"never"`` shows everything.
        print_usage: whether the command line shows the short usage first.
    """

    slug: ClassVar[str] = "hallow-error"
    is_usage: ClassVar[bool] = False
    defaults: ClassVar[tuple[bool, FilterTraceback, bool]] = (True, "default", False)  # of the last three arguments

    def __init__(
        self,
        message: str = "",
        print_traceback: bool | None = None,
        filter_traceback: FilterTraceback | None = None,
        print_usage: bool | None = None,
    ) -> None:
        if filter_traceback is None:
            filter_traceback = self.defaults[1]
        if filter_traceback not in ("always", "default", "never"):
            raise ValueError(f"filter_traceback must be 'always', 'default' or 'never', not {filter_traceback!r}")
        super().__init__(message)
        self.message = message
        self.print_traceback = self.defaults[0] if print_traceback is None else print_traceback
        self.filter_traceback = filter_traceback
        self.print_usage = self.defaults[2] if print_usage is None else print_usage

    def __str__(self) -> str:
        # KeyError among the bases would show the repr of the message.
        return self.message


class CircularDependencyError(HallowError):
    """Ingredients use each other in a circle; the text ends with the way round, like ``a->b->a``."""

    slug = "circular-dependency"

    def __init__(
        self,
        message: str = "Circular dependency detected:",
        ingredients: Iterable[Any] | None = None,
        print_traceback: bool = True,
        filter_traceback: FilterTraceback = "default",
        print_usage: bool = False,
    ) -> None:
        super().__init__(message, print_traceback, filter_traceback, print_usage)
        self.ingredients = list(ingredients or [])

    def __str__(self) -> str:
        return self.message + "->".join(str(getattr(i, "path", i)) for i in self.ingredients)


class IngredientPathError(HallowError, ValueError):
    """Two different ingredients have the same path, or a path is not usable."""

    slug = "ingredient-path"


# --------------------------------------------------------------------------------------------- configuration


class ConfigError(HallowError):
    """Something is wrong with configuration values.

    Args:
        message: what was wrong.
        conflicting_configs: one dotted path or several; they are shown with their values.
        print_conflicting_configs: whether they are shown.
        config: where the values are looked up (a nested dict); filled in by whoever knows it.
    """

    slug = "config-error"
    is_usage = True

    def __init__(
        self,
        message: str = "",
        conflicting_configs: str | Iterable[str] = (),
        print_conflicting_configs: bool = True,
        print_traceback: bool = True,
        filter_traceback: FilterTraceback = "default",
        print_usage: bool = False,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, print_traceback, filter_traceback, print_usage)
        self.print_conflicting_configs = print_conflicting_configs
        if isinstance(conflicting_configs, str):
            conflicting_configs = (conflicting_configs,)
        self.conflicting_configs: tuple[str, ...] = tuple(conflicting_configs)
        self.config: Mapping[str, Any] = {} if config is None else config
        self.prefix = ""

    def locate(self, config: Mapping[str, Any], prefix: str = "") -> None:
        """Remember where the paths are to be looked up, unless somebody nearer to the mistake already did."""
        if not self.config:
            self.config = config
            self.prefix = prefix

    def __str__(self) -> str:
        text = self.message
        if self.print_conflicting_configs and self.conflicting_configs:
            text += "\nConflicting configuration values:"
            for path in self.conflicting_configs:
                shown = f"{self.prefix}.{path}" if self.prefix else path
                text += f"\n  {shown}={_at(self.config, path)}"
        return text


def _at(config: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted ``path``, or ``None``."""
    if path in config:
        return config[path]
    node: Any = config
    for part in path.split("."):
        if not isinstance(node, Mapping) or part not in node:
            return None
        node = node[part]
    return node


class InvalidConfigError(ConfigError):
    """Raised by users, in scopes or captured functions, for values that do not go together."""

    slug = "invalid-config"


class ConfigAddedError(ConfigError):
    """An update names an entry that nothing declares or uses."""

    slug = "config-added"

    SPECIAL_ARGS: ClassVar[set[str]] = {"_log", "_config", "_seed", "__doc__", "config_filename", "_run"}

    def __init__(
        self,
        conflicting_configs: str | Iterable[str],
        message: str = "Added new config entry that is not used anywhere",
        captured_args: Iterable[str] = (),
        print_conflicting_configs: bool = True,
        print_traceback: bool = False,
        filter_traceback: FilterTraceback = "default",
        print_usage: bool = False,
        print_suggestions: bool = True,
        config: Mapping[str, Any] | None = None,
        hints: Iterable[str] = (),
    ) -> None:
        report = (print_traceback, filter_traceback, print_usage)
        super().__init__(message, conflicting_configs, print_conflicting_configs, *report, config)
        self.captured_args = tuple(captured_args)
        self.print_suggestions = print_suggestions
        self.hints = tuple(hints)

    def __str__(self) -> str:
        text = super().__str__()
        known = sorted(set(self.captured_args) - self.SPECIAL_ARGS)
        if self.print_suggestions and known:
            text += f"\nPossible config keys are: {{{', '.join(known)}}}"
        return "\n".join([text, *self.hints])


class ConfigTypeError(ConfigError, TypeError):
    """A value does not have the declared type, is not one of the choices, or cannot be converted."""

    slug = "config-type"


class MissingValueError(ConfigError):
    """A required entry has no value."""

    slug = "missing-value"


class ConfigKeyError(ConfigError, KeyError):
    """A key of the configuration is not allowed, or not there."""

    slug = "config-key"


class ConfigFileError(ConfigError, ValueError):
    """A configuration file cannot be used: unknown format, broken syntax, wrong content, or unsafe."""

    slug = "config-file"


class ConfigSourceError(ConfigError, ValueError, TypeError):
    """What was given as configuration is none: nothing, too much, or something of the wrong kind."""

    slug = "config-source"


class ConfigFileNotFoundError(ConfigError, FileNotFoundError):
    """A configuration file is not there."""

    slug = "config-file-not-found"


class UpdateError(ConfigError, ValueError):
    """An update (``with key=value`` or ``config_updates``) cannot be applied."""

    slug = "update-error"


class ScopeError(ConfigError, SyntaxError):
    """A config scope holds a statement that it cannot hold; names file, line and statement."""

    slug = "scope-error"


class ScopeSignatureError(ConfigError, AssertionError):
    """A config scope has a parameter that it cannot have."""

    slug = "scope-signature"


class ScopeSourceError(ConfigError, OSError):
    """The code of a config scope cannot be had."""

    slug = "scope-source"


class SeedError(ConfigError, AssertionError):
    """A seed is not a whole number in the legal range."""

    slug = "seed-error"


class HookSignatureError(HallowError, ValueError, KeyError):
    """A config hook or option hook does not take the arguments it is called with."""

    slug = "hook-signature"


class NamedConfigNotFoundError(HallowError, KeyError):
    """A named config is not known."""

    slug = "named-config-not-found"
    is_usage = True

    def __init__(
        self,
        named_config: str,
        message: str = "Named config not found:",
        available_named_configs: Iterable[str] = (),
        print_traceback: bool = False,
        filter_traceback: FilterTraceback = "default",
        print_usage: bool = False,
        hint: str = "",
    ) -> None:
        super().__init__(message, print_traceback, filter_traceback, print_usage)
        self.named_config = named_config
        self.available_named_configs = tuple(available_named_configs)
        self.hint = hint

    def __str__(self) -> str:
        available = ", ".join(f'"{name}"' for name in self.available_named_configs) or "none"
        hint = f" {self.hint}" if self.hint else ""
        return f'{self.message} "{self.named_config}".{hint} Available config values are: {available}'


class NameInUseError(HallowError, KeyError):
    """A named config, command or option of this name exists already."""

    slug = "name-in-use"


# ---------------------------------------------------------------------------------------- captured functions


class MissingConfigError(HallowError):
    """A captured function was called without a value for one of its arguments."""

    slug = "missing-config"
    is_usage = True

    def __init__(
        self,
        message: str = "Configuration values are missing:",
        missing_configs: Iterable[str] = (),
        print_traceback: bool = False,
        filter_traceback: FilterTraceback = "default",
        print_usage: bool = True,
    ) -> None:
        super().__init__(message, print_traceback, filter_traceback, print_usage)
        self.missing_configs: Sequence[str] = list(missing_configs)

    def __str__(self) -> str:
        if not self.missing_configs:
            return self.message
        return f"{self.message} {self.missing_configs}"


class SignatureError(HallowError, TypeError):
    """A captured function was called with arguments that it does not take."""

    slug = "signature-error"
    defaults = (True, "always", False)


class CaptureError(HallowError, TypeError):
    """Something that is not callable was given to ``capture``, or twice with different prefixes."""

    slug = "capture-error"


class ReadOnlyConfigError(HallowError, TypeError):
    """A captured function tried to change the configuration in the mode that refuses it."""

    slug = "read-only-config"


# ---------------------------------------------------------------------------------------- experiment and run


class ExperimentError(HallowError, RuntimeError):
    """An experiment cannot be made or run as asked (no name, no source file, no main function ...)."""

    slug = "experiment-error"


class CommandNotFoundError(HallowError, KeyError):
    """There is no such command."""

    slug = "command-not-found"
    is_usage = True


class NotRunningError(HallowError, AssertionError, AttributeError):
    """Something that needs a run was used outside of one."""

    slug = "not-running"


class RunStateError(HallowError, RuntimeError):
    """A run was used in a way its state does not allow, such as started twice."""

    slug = "run-state"


class ProvenanceError(HallowError, ValueError):
    """A source file or a package version given by the user cannot be recorded."""

    slug = "provenance-error"


class DirtyRepositoryError(HallowError, RuntimeError):
    """``--enforce_clean`` found uncommitted changes, or no repository."""

    slug = "dirty-repository"
    is_usage = True


class StoreError(HallowError, OSError):
    """A store cannot be opened or written."""

    slug = "store-error"
    is_usage = True


class RunExistsError(StoreError, FileExistsError):
    """The id that was asked for is taken."""

    slug = "run-exists"


class RunNotFoundError(StoreError, KeyError):
    """A store has no run of the id that was asked for."""

    slug = "run-not-found"
    is_usage = True


class ResumeError(HallowError, RuntimeError):
    """A run cannot be taken up again as asked; names what differs."""

    slug = "resume-error"
    is_usage = True
    defaults = (False, "default", False)


class IncompleteRecordError(HallowError, RuntimeError):
    """With ``--strict-observers``: the run went well, but some observer does not have everything of it."""

    slug = "incomplete-record"
    exit_code: ClassVar[int] = 3
    defaults = (False, "default", False)


class JournalError(HallowError, OSError):
    """A journal cannot be found, read, or delivered."""

    slug = "journal-error"
    is_usage = True


class ArtifactNameError(HallowError, FileExistsError):
    """An artifact's name would leave the run's folder or hide one of its own files."""

    slug = "artifact-name"


class LogValueError(HallowError, TypeError, ValueError):
    """A value does not fit the call that should log it (``log_scalar``, ``log_text``, ``log_image`` ...)."""

    slug = "log-value"


class RecordError(HallowError, ValueError):
    """A stored record, or a part of it, cannot be understood."""

    slug = "record-error"


# ---------------------------------------------------------------------------------------------- command line


class UsageError(HallowError, ValueError):
    """The command line, or the options given to ``run``, cannot be understood."""

    slug = "usage-error"
    is_usage = True
    defaults = (False, "default", True)


class OptionError(UsageError):
    """A command line option is declared or used wrongly; names the option."""

    slug = "option-error"


class SettingError(HallowError, AttributeError, KeyError):
    """A setting does not exist or got a value it cannot have."""

    slug = "setting-error"


class MissingExtraError(HallowError, ImportError):
    """An optional package is needed; names the extra that installs it."""

    slug = "missing-extra"
    is_usage = True


# -------------------------------------------------------------------------------------- signals, not mistakes


class AliasError(HallowError, ImportError):
    """hallow cannot stand in for Sacred in this process."""

    slug = "alias-error"


class RunInterrupt(Exception):  # noqa: N818 - an interrupt is not an error; Sacred's users subclass it
    """Ends a run with the status in ``STATUS``; subclass it for statuses of your own."""

    STATUS: ClassVar[str] = "INTERRUPTED"


class TimeoutInterrupt(RunInterrupt):
    """Ends a run with the status TIMEOUT."""

    STATUS = "TIMEOUT"


class ObserverError(Exception):
    """Raised by an observer for something it cannot store; the run goes on."""


class IgnoreHostInfo(Exception):  # noqa: N818 - Sacred's name; it says "leave me out", not "error"
    """Raised by a host info gatherer that has nothing to say."""


class HallowWarning(UserWarning):
    """Something was not done as the caller may expect."""


SacredError = HallowError
SacredInterrupt = RunInterrupt
