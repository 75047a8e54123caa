"""SETTINGS: what can be chosen for all experiments of a process.

Every setting is declared here with its default, its legal values and its meaning, and has two sides: hallow's own
default and the value that code written for Sacred expects (``SETTINGS.use_profile("sacred")``). Values are checked
when they are assigned; keys can be neither added nor removed. A run takes a frozen copy when it starts.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hallow.errors import SettingError

_SAME = object()


class Setting:
    """One declared setting: default, Sacred's value, legal values, meaning."""

    __slots__ = ("accepts", "default", "doc", "legal", "sacred")

    def __init__(self, default: Any, doc: str, legal: str, accepts: Callable[[Any], bool], sacred: Any = _SAME) -> None:
        self.default = default
        self.sacred = default if sacred is _SAME else sacred
        self.doc = doc
        self.legal = legal
        self.accepts = accepts


def _flag(default: bool, doc: str, sacred: Any = _SAME) -> Setting:
    return Setting(default, doc, "True or False", lambda v: isinstance(v, bool), sacred)


def _choice(default: Any, doc: str, *choices: Any, sacred: Any = _SAME) -> Setting:
    def accepts(value: Any) -> bool:
        return any(type(value) is type(choice) and value == choice for choice in choices)

    return Setting(default, doc, " or ".join(repr(c) for c in choices), accepts, sacred)


def _names(default: list[str], doc: str) -> Setting:
    def accepts(value: Any) -> bool:
        return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)

    return Setting(default, doc, "a list of strings", accepts)


def _signals(default: list[str], doc: str) -> Setting:
    def accepts(value: Any) -> bool:
        names = value if isinstance(value, list | tuple) else [None]
        return all(isinstance(name, str) and name.startswith("SIG") and name.isupper() for name in names)

    return Setting(default, doc, "a list of names of signals, such as ['SIGUSR1']", accepts)


def _seconds(default: float, doc: str) -> Setting:
    def accepts(value: Any) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool)

    return Setting(default, doc, "a number of seconds", accepts)


def _length_of_time(default: float, doc: str) -> Setting:
    def accepts(value: Any) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0

    return Setting(default, doc, "a number of seconds, 0 or more", accepts)


def _amount(default: int, doc: str) -> Setting:
    def accepts(value: Any) -> bool:
        return type(value) is int and value >= 0

    return Setting(default, doc, "a whole number, 0 or more", accepts)


def _all_or_names(doc: str) -> Setting:
    def accepts(value: Any) -> bool:
        listed = isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
        return listed or (isinstance(value, str) and value == "all")

    return Setting("all", doc, "'all' or a list of strings, such as ['COMPLETED']", accepts)


DECLARED: dict[str, Any] = {
    "CONFIG": {
        "ENFORCE_KEYS_MONGO_COMPATIBLE": _flag(
            False, "Refuse keys that contain a dot or start with a dollar sign.", sacred=True
        ),
        "ENFORCE_KEYS_JSONPICKLE_COMPATIBLE": _flag(
            True, "Refuse keys that jsonpickle uses as tags, such as `py/object`."
        ),
        "ENFORCE_VALID_PYTHON_IDENTIFIER_KEYS": _flag(False, "Refuse keys that are not Python identifiers."),
        "ENFORCE_STRING_KEYS": _flag(False, "Refuse keys that are not strings."),
        "ENFORCE_KEYS_NO_EQUALS": _flag(True, "Refuse keys that contain an equals sign."),
        "READ_ONLY_CONFIG": _choice(
            "copy",
            "What captured functions receive: `'copy'` plain copies, a change stays local to the call; `'error'` (or "
            "True) read-only containers; `'off'` (or False) the shared containers.",
            "copy",
            "error",
            "off",
            True,
            False,
            sacred=True,
        ),
        "IGNORED_COMMENTS": _names(
            ["^pylint:", "^noinspection"], "Patterns of comments that do not document an entry."
        ),
        "NUMPY_RANDOM_LEGACY_API": _flag(False, "`_rnd` is a numpy `RandomState` instead of a `Generator`."),
        "KEEP_TYPES": _flag(
            True,
            "Entries keep the type that was written. If False, tuples become lists and numpy scalars become numbers.",
            sacred=False,
        ),
        "UNKNOWN_KEYS": _choice(
            "refuse",
            "`'refuse'`: an update of an entry that nothing declares or uses is an error at any depth. `'warn'`: below "
            "the arguments of captured functions it is a warning.",
            "refuse",
            "warn",
            sacred="warn",
        ),
        "SCOPE_ENTRIES": _choice(
            "assigned",
            "Which names of a scope become entries: `'assigned'` those that are assigned and hold neither a module nor "
            "an open file; `'all'` every name that is bound at the end (imported values, loop variables, inner "
            "functions).",
            "assigned",
            "all",
            sacred="all",
        ),
        "SCOPE_ANNOTATIONS": _flag(
            True,
            "Annotations in scopes (`lr: float = 0.1`) declare the type; values are checked and converted.",
            sacred=False,
        ),
        "NOTE_STALE_VALUES": _flag(
            True,
            "Note in the log when a later scope sets an entry again from which another value was computed.",
            sacred=False,
        ),
        "DOTTED_KEYS": _choice(
            "top",
            "Where a dot in a key of `config_updates` separates a path: `'top'` in the keys of the outermost dict, "
            "`'all'` in keys at any depth.",
            "top",
            "all",
            sacred="all",
        ),
        "LIST_UPDATES": _flag(True, "`l.0=9`, `l[0]=9` and `l+=[x]` change elements of a list.", sacred=False),
        "PICKLE_FILES_MAY_RUN_CODE": _flag(
            False,
            "Allow `.pickle` config files that hold more than plain data. Loading one can run any code that its author "
            "wrote into it: allow only files that you made yourself.",
        ),
    },
    "RANDOM": {
        "STREAMS": _choice(
            "by_name",
            "How `_seed` and `_rnd` are derived: `'by_name'` from the root seed, the function's name and the number of "
            "its call, so that adding a function changes no other stream; `'by_position'` from the order of "
            "registration, which reproduces Sacred's numbers.",
            "by_name",
            "by_position",
            sacred="by_position",
        ),
        "SEED_RANDOM": _flag(True, "Seed Python's global `random` when a run starts."),
        "SEED_NUMPY": _flag(True, "Seed numpy's global generator, at start or when numpy is imported."),
        "SEED_TORCH": _flag(True, "Seed torch's global generators, at start or when torch is imported."),
        "SEED_TENSORFLOW": _flag(True, "Seed TensorFlow, at start or when it is imported."),
    },
    "HOST_INFO": {
        "INCLUDE_GPU_INFO": _flag(True, "Ask `nvidia-smi` about GPUs."),
        "INCLUDE_CPU_INFO": _flag(True, "Record the CPU model."),
        "CAPTURED_ENV": _names([], "Names or patterns (`SLURM_*`) of environment variables to record."),
        "MAY_START_PROCESSES": _choice(
            "auto",
            "Whether programs such as `git` and `nvidia-smi` may be started to ask them; `'auto'`: unless this process "
            "belongs to an MPI job, which that may upset.",
            "auto",
            True,
            False,
        ),
    },
    "COMMAND_LINE": {
        "STRICT_PARSING": _flag(False, "A value that is no Python literal is an error instead of a string."),
        "SHOW_DISABLED_OPTIONS": _flag(True, "Show legacy options with `_enabled = False` in the help."),
        "TYPED_WORDS": _flag(
            True,
            "A bare word is converted to the type of the entry it replaces (`true`, `null`, `nan`, `a,b`) or refused.",
            sacred=False,
        ),
        "BARE_WORDS": _flag(
            True,
            "Brackets may hold words without quotes: `c=[hello, world]` is a list of two texts. If False, what is no "
            "literal of Python is one text.",
            sacred=False,
        ),
        "ERROR_EXIT_CODE": _choice(2, "Exit code of usage and configuration errors.", 2, 1, sacred=1),
        "COMMAND_ERRORS_TO": _choice(
            "stderr", "Where an unknown command is reported.", "stderr", "stdout", sacred="stdout"
        ),
        "LIBRARY_NAME": _choice(
            "hallow",
            "What filtered tracebacks call the library in their headings.",
            "hallow",
            "Sacred",
            sacred="Sacred",
        ),
    },
    "LOGGING": {
        "ROOT_LOGGER": _choice(
            "untouched",
            "`'untouched'`: hallow logs through a logger of its own; `'configure'`: through the root logger, which "
            "gets a handler and level INFO if it has none.",
            "untouched",
            "configure",
            sacred="configure",
        ),
    },
    "OUTPUT": {
        "STREAMS": _choice("both", "Which of the two streams is captured.", "both", "stdout", "stderr"),
        "MAX_BYTES": _amount(
            0,
            "How much of the output of a run is stored, 0 without limit. If there is more, the stored text keeps its "
            "head and its tail, and says between them how many bytes were left out.",
        ),
        "FOLD": _flag(True, "Progress bars and other terminal control are folded in the stored text.", sacred=False),
        "DURABLE": _flag(
            True,
            "What Python has printed is safe at once, also from SIGKILL, where standard output is no terminal and "
            "Python buffers it. If `False`, what is in Python's buffer dies with the process.",
        ),
    },
    "METRICS": {
        "NON_SCALARS": _choice(
            "refuse",
            "What `log_scalar` does with a value that is no number: `'refuse'` it with an error that names the right "
            "call, `'keep'` it as it is.",
            "refuse",
            "keep",
            sacred="keep",
        ),
    },
    "CAPTURE_MODE": _choice(
        "sys" if sys.platform.startswith("win") else "fd",
        "How printed output is captured: `'no'`, `'sys'` (Python's streams) or `'fd'` (file descriptors, also child "
        "processes).",
        "no",
        "sys",
        "fd",
    ),
    "DISCOVER_DEPENDENCIES": _choice(
        "sys",
        "Which packages are recorded: `'none'`, `'imported'` by the defining module, `'sys'` all imported ones, "
        "`'pkg'` all installed ones.",
        "none",
        "imported",
        "sys",
        "pkg",
        sacred="imported",
    ),
    "DISCOVER_SOURCES": _choice(
        "project",
        "Which source files are recorded: `'project'` all imported files inside the project (its git root, the folder "
        "with pyproject.toml, or base_dir), looked for again at the end; `'none'` the main file; `'imported'` by the "
        "defining module; `'sys'` all imported ones below base_dir; `'dir'` all `.py` files below base_dir.",
        "project",
        "none",
        "imported",
        "sys",
        "dir",
        sacred="imported",
    ),
    "RANKS": _choice(
        "auto",
        "What the processes of one distributed job (torchrun, SLURM, MPI) do: `'auto'`: rank 0 owns the one run, the "
        "others attach to it; `'off'`: every process has a run of its own.",
        "auto",
        "off",
    ),
    "PREEMPTION_SIGNALS": _signals(
        ["SIGUSR1"],
        "Signals by which a scheduler announces that it will take the machine away; they end a run as SIGTERM does. "
        "One that the program handles itself is left to it.",
    ),
    "DEFAULT_BEAT_INTERVAL": _seconds(10.0, "Seconds between heartbeats; 0 or less: only the one at the end."),
    "EXIT_TIMEOUT": _length_of_time(
        30.0, "Seconds that the end of a run waits for an observer that hangs or is away; 0: it does not wait."
    ),
    "STRICT_OBSERVERS": _flag(
        False, "A run that went well ends with exit code 3 if an observer does not have everything of it."
    ),
    "JOURNAL_ONLY": _flag(
        False,
        "A run starts also if a store cannot be reached: it is recorded in its journal, and `hallow recover` tells the "
        "store when it is back.",
    ),
    "KEEP_JOURNAL": _flag(False, "Keep the journal of a run also when every observer has everything."),
    "KEEP_RUNS": _all_or_names(
        "Which runs stay in the store after their end: `'all'`, or a list of statuses such as `['COMPLETED']`. A run "
        "with any other status is removed, with its artifacts. Runs that are only queued always stay.",
    ),
    "KEEP_RUNS_LONGER_THAN": _length_of_time(
        0.0,
        "With a list in `KEEP_RUNS`: runs that took more than so many seconds stay whatever their status; 0: only the "
        "status counts. So `KEEP_RUNS = []` with 60 here keeps exactly the runs of more than a minute.",
    ),
}


class Settings(Mapping[str, Any]):
    """A group of settings, readable and writable by attribute and by item.

    Raises:
        SettingError: on an unknown key, a value that is not legal, a deletion, or an attempt to replace a group.
    """

    __slots__ = ("_declared", "_frozen", "_path", "_values")

    def __init__(self, declared: Mapping[str, Any], path: str = "", frozen: bool = False) -> None:
        fill = object.__setattr__
        fill(self, "_declared", declared)
        fill(self, "_path", path)
        fill(self, "_frozen", frozen)
        fill(self, "_values", {key: self._initial(key, d) for key, d in declared.items()})

    def _initial(self, key: str, declared: Any) -> Any:
        if isinstance(declared, Setting):
            return _own(declared.default)
        return Settings(declared, f"{self._path}{key}.", self._frozen)

    # ------------------------------------------------------------------ reading

    def __getitem__(self, key: str) -> Any:
        try:
            return self._values[key]
        except KeyError:
            raise self._unknown(key) from None

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__") or key in Settings.__slots__:
            raise AttributeError(key)
        return self[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._values]

    def __repr__(self) -> str:
        return f"<settings {dict(self._values)}>"

    # ------------------------------------------------------------------ writing

    def __setitem__(self, key: str, value: Any) -> None:
        if key not in self._values:
            raise self._unknown(key)
        if self._frozen:
            raise SettingError(f"settings of a run that has started cannot be changed ({self._path}{key})")
        declared = self._declared[key]
        if not isinstance(declared, Setting):
            raise SettingError(
                f"SETTINGS.{self._path}{key} is a group of settings; set its members, such as "
                f"SETTINGS.{self._path}{key}.{next(iter(declared))}"
            )
        if not declared.accepts(value):
            raise SettingError(f"SETTINGS.{self._path}{key} must be {declared.legal}, not {value!r}")
        self._values[key] = value

    def __setattr__(self, key: str, value: Any) -> None:
        self[key] = value

    def __delitem__(self, key: str) -> None:
        raise SettingError(f"settings cannot be deleted ({self._path}{key}); assign its default instead")

    def __delattr__(self, key: str) -> None:
        del self[key]

    def update(self, values: Mapping[str, Any]) -> None:
        """Assign several settings; groups may be given as nested mappings."""
        for key, value in values.items():
            current = self[key]
            if isinstance(current, Settings) and isinstance(value, Mapping):
                current.update(value)
            else:
                self[key] = value

    def use_profile(self, name: str) -> None:
        """Set every setting to the value of a profile: ``"hallow"`` (the defaults) or ``"sacred"``."""
        if name not in ("hallow", "sacred"):
            raise SettingError(f"there is no profile {name!r}; the profiles are 'hallow' and 'sacred'")
        for key, declared in self._declared.items():
            if isinstance(declared, Setting):
                self[key] = _own(declared.sacred if name == "sacred" else declared.default)
            else:
                self[key].use_profile(name)

    # ------------------------------------------------------------------ copies

    def frozen_copy(self) -> Settings:
        """An independent copy that cannot be changed."""
        return self._copy(frozen=True)

    def __deepcopy__(self, memo: dict[int, Any]) -> Settings:
        return self._copy(frozen=self._frozen)

    def _copy(self, frozen: bool) -> Settings:
        copied = Settings.__new__(Settings)
        fill = object.__setattr__
        fill(copied, "_declared", self._declared)
        fill(copied, "_path", self._path)
        fill(copied, "_frozen", frozen)
        values = {
            key: value._copy(frozen) if isinstance(value, Settings) else _own(value)
            for key, value in self._values.items()
        }
        fill(copied, "_values", values)
        return copied

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self._path, self._frozen, dict(self._values))

    def _unknown(self, key: str) -> SettingError:
        from difflib import get_close_matches

        close = get_close_matches(str(key), self._values, n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        return SettingError(
            f"there is no setting SETTINGS.{self._path}{key}.{hint} Possible keys: {', '.join(self._values)}"
        )


def _own(value: Any) -> Any:
    """Lists belong to one settings object each."""
    return list(value) if isinstance(value, list) else value


def _restore(path: str, frozen: bool, values: dict[str, Any]) -> Settings:
    declared = DECLARED
    for part in filter(None, path.split(".")):
        declared = declared[part]
    settings = Settings(declared, path)
    object.__setattr__(settings, "_values", values)
    object.__setattr__(settings, "_frozen", frozen)
    return settings


SETTINGS = Settings(DECLARED)
