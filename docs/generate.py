"""Write the pages that come from the code: `python docs/generate.py`; tests check that they are current.

Settings, options, the command, the stored formats and the list of what the reference documents are made here. Of
messages.md only the line below each heading is: the paragraphs are written by hand.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from hallow import errors
from hallow.cli.builtin import BUILT_IN
from hallow.settings import DECLARED, Setting

if TYPE_CHECKING:
    from collections.abc import Callable

HOME = Path(__file__).resolve().parent


def settings() -> str:
    lines = [
        "# Settings",
        "",
        "`from hallow import SETTINGS`; write them by attribute (`SETTINGS.CONFIG.KEEP_TYPES = False`) or by item",
        "(`SETTINGS['CAPTURE_MODE'] = 'sys'`). Values are checked when they are assigned. A run takes a frozen copy",
        "when it starts. `SETTINGS.use_profile('sacred')` sets every setting to what code written for Sacred expects.",
        "",
        "| setting | default | Sacred's profile | meaning |",
        "|---|---|---|---|",
    ]
    for name, declared in _flat("", DECLARED):
        default = "`'fd'` (`'sys'` on Windows)" if name == "CAPTURE_MODE" else f"`{declared.default!r}`"
        other = "same" if declared.sacred == declared.default else f"`{declared.sacred!r}`"
        lines.append(f"| `{name}` | {default} | {other} | {declared.doc} |")
    return "\n".join(lines) + "\n"


def _flat(prefix: str, declared: dict[str, object]) -> list[tuple[str, Setting]]:
    found: list[tuple[str, Setting]] = []
    for key, value in declared.items():
        if isinstance(value, Setting):
            found.append((prefix + key, value))
        else:
            found += _flat(f"{prefix}{key}.", value)  # type: ignore[arg-type]
    return found


def options() -> str:
    lines = [
        "# Command line options",
        "",
        "Options may stand anywhere on the command line. Hyphens and underscores are the same; a long flag may be",
        "shortened as long as it stays unique. Every option is also a keyword of `ex.run`",
        "(`ex.run(beat_interval=3)`), or an item of its `options` (`{'--beat-interval': 3}`).",
        "",
        "| flag | value | may be repeated | meaning |",
        "|---|---|---|---|",
    ]
    for option in BUILT_IN:
        flags = ", ".join(f"`{flag}`" for flag in option.get_flags() if flag)
        lines.append(
            f"| {flags} | {'' if option.is_flag else 'yes'} | {'yes' if option.repeatable else ''} | "
            f"{option.get_description().replace('|', '&#124;').replace('[', '&#91;')} |"
        )
    return "\n".join(lines) + "\n"


# --------------------------------------------------------------------------------------------------- the command


def command() -> str:
    """What ``hallow --help`` prints."""
    text = import_module("hallow.__main__").__doc__ or ""
    lines = [
        "# The command hallow",
        "",
        "What can be done about runs outside of the scripts that make them. A script's own command line is described",
        "in [options](options.md) and [configuration](configuration.md#updates). `ls`, `show`, `copy` and `rm` are",
        "tried out in [stores](stores.md#reading), `recover` and `watch` in [running](running.md#nothing-is-lost) and",
        "[resuming](howto/resuming.md#close-runs-that-will-not-go-on).",
        "",
        "<!-- not run: it is made from the command itself -->",
        "```text",
        text.rstrip(),
        "```",
    ]
    return "\n".join(lines) + "\n"


# ------------------------------------------------------------------------------------------------------ messages


def messages() -> str:
    """The page as it is, with the line about the classes below each heading made anew."""
    classes = {cls.slug: cls for cls in _error_classes() if "slug" in vars(cls)}
    lines: list[str] = []
    text = re.sub(r"(?m)^(## .*\n)\n?\*`.*\*\n\n?", r"\1", (HOME / "messages.md").read_text(encoding="utf-8"))
    for line in text.splitlines():
        lines.append(line)
        found = classes.get(line.removeprefix("## ")) if line.startswith("## ") else None
        if found is not None:
            lines += ["", f"*{_kind(found)}*", ""]
    return "\n".join(lines) + "\n"


def _error_classes() -> list[type[errors.HallowError]]:
    found = (c for c in vars(errors).values() if inspect.isclass(c) and issubclass(c, errors.HallowError))
    return list(dict.fromkeys(found))  # some have a second name


def _kind(cls: type[errors.HallowError]) -> str:
    """The name of an error, what else catches it, and when it ends the process."""
    others = [base.__name__ for base in cls.__mro__[1:] if issubclass(base, Exception) and base is not Exception]
    caught = f", caught as {', '.join(f'`{name}`' for name in others)}" if others else ""
    return f"`{cls.__name__}`{caught}{'; before the run' if cls.is_usage else ''}"


# ----------------------------------------------------------------------------------------------- stored formats

_FORMATS = [
    ("Folders", ["hallow.backends.file.layout"]),
    ("SQL", ["hallow.backends.sql.layout"]),
    ("MongoDB", ["hallow.backends.mongo.layout", "hallow.backends.mongo.packing", "hallow.backends.mongo.values"]),
    ("TinyDB", ["hallow.backends.tinydb.layout"]),
    ("Object stores", ["hallow.backends.objects.layout"]),
    ("Values", ["hallow.records.encoding"]),
]


def formats() -> str:
    lines = [
        "# Stored formats",
        "",
        "What lies in each kind of store. What Sacred has a place for stands where Sacred puts it, in its form;",
        "what hallow adds stands beside. [The journal](journal.md), which a run keeps while it goes on, has a page",
        "of its own.",
        "",
    ]
    for title, modules in _FORMATS:
        lines += [f"## {title}", ""]
        for name in modules:
            text = prose(import_module(name))
            if name != modules[0]:
                heading, text = text.split(".\n\n", 1)
                lines += [f"### {heading}", ""]
            lines += [text, ""]
        if title == "SQL":
            lines += [_tables(), ""]
    return "\n".join(lines).rstrip() + "\n"


def prose(module: ModuleType) -> str:
    """The docstring of a module in Markdown."""
    text = inspect.cleandoc(module.__doc__ or "")
    text = re.sub(r":data:`(\w+)`", lambda name: f"`{name[1]}` ({getattr(module, name[1])})", text)
    text = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text).replace("``", "`")
    text = re.sub(r"(?ms)^=+ =+\n(.*?)^=+ =+$", _table, text)
    return re.sub(r"(?ms)(^::|::)\n\n((?: +\S[^\n]*\n|\n)*(?: +\S[^\n]*))", _literal, text)


def _literal(found: re.Match[str]) -> str:
    """An indented block that follows two colons, as a fenced one."""
    opening = ":\n\n" if found.start() and found.string[found.start() - 1] != "\n" else ""
    return f"{opening}<!-- not run: a layout -->\n```text\n{textwrap.dedent(found[2])}\n```"


def _table(found: re.Match[str]) -> str:
    """A table of two columns; a line that begins with blanks goes on with the second one."""
    rows: list[list[str]] = []
    for line in found[1].splitlines():
        if line.startswith(" "):
            rows[-1][1] += " " + line.strip()
        else:
            rows.append([part.strip() for part in re.split(r"\s{2,}|(?<=`) ", line, maxsplit=1)])
    return "\n".join(["| name | content |", "|---|---|", *(f"| {name} | {text} |" for name, text in rows)])


def _tables() -> str:
    """Every table of the SQL store with its columns."""
    from hallow.backends.sql.layout import metadata

    lines = ["| table | columns |", "|---|---|"]
    for table in metadata.sorted_tables:
        columns = ", ".join(
            f"`{column.name}` {column.type!s}{' (key)' if column.primary_key else ''}" for column in table.columns
        )
        lines.append(f"| `{table.name}` | {columns} |")
    return "\n".join(lines)


# ---------------------------------------------------------------------------------------------------- reference


def _public(module: str) -> list[str]:
    """The public names of a module, by their full names, without those that are modules."""
    found = import_module(module)
    return [f"{module}.{name}" for name in found.__all__ if not isinstance(getattr(found, name), ModuleType)]


#: Page -> title, what it says first, and what it documents.
REFERENCE: dict[str, tuple[str, str, Callable[[], list[str]]]] = {
    "experiment": (
        "Experiments",
        "What a script declares.",
        lambda: [
            *("hallow.Experiment", "hallow.Ingredient", "hallow.Slot", "hallow.Replace", "hallow.Range"),
            *("hallow.cli_option", "hallow.cli.options.CLIOption"),
            *("hallow.host_info_gatherer", "hallow.host_info_getter"),
            *("hallow.experiment.captured.Captured", "hallow.config.scope.ConfigScope"),
        ],
    ),
    "run": (
        "Runs",
        "What code of yours gets as `_run`, and what can be done about runs that have ended.",
        lambda: [
            *("hallow.Run", "hallow.reopen", "hallow.running.posthoc.ReopenedRun"),
            *("hallow.recover", "hallow.running.recovery.Recovered"),
        ],
    ),
    "observers": (
        "Observers",
        "Those who are told what happens in a run. How to use each: [how-to pages](../howto/index.md).",
        partial(_public, "hallow.observers"),
    ),
    "stores": (
        "Stores",
        "Reading what was recorded.",
        lambda: [*_public("hallow.stores"), "hallow.records.points.Points"],
    ),
    "settings": (
        "SETTINGS",
        "The object. What can be set is listed in [settings](../settings.md).",
        lambda: ["hallow.settings.Settings"],
    ),
    "errors": (
        "Errors",
        "What each means and what to do: [messages](../messages.md).",
        lambda: [*(f"hallow.errors.{c.__name__}" for c in _error_classes()), "hallow.errors.HallowWarning"],
    ),
    "testing": ("Testing", "For tests of experiments and of stores.", partial(_public, "hallow.testing")),
    "utils": ("Utilities", "Helpers that scripts and observers may use.", lambda: ["hallow.utils"]),
}
#: What they have in common is documented with each.
_WITH_INHERITED = {"hallow.Run", "hallow.running.posthoc.ReopenedRun"}
# These are documented by a page that says what is where.
_ELSEWHERE = {"hallow.SETTINGS": "settings", "hallow.open_store": "stores"}


def reference(page: str) -> str:
    title, says, names = REFERENCE[page]
    lines = [f"# {title}", "", says, ""]
    for name in names():
        options = ["    options:", "      inherited_members: true"] if name in _WITH_INHERITED else []
        lines += [f"::: {name}", *options, ""]
    return "\n".join(lines).rstrip() + "\n"


def documented() -> set[str]:
    """The full names that the reference has."""
    return {name for _, _, names in REFERENCE.values() for name in names()} | set(_ELSEWHERE)


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings,
    "options.md": options,
    "command.md": command,
    "messages.md": messages,
    "formats.md": formats,
    **{f"reference/{page}.md": partial(reference, page) for page in REFERENCE},
}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (HOME / name).write_text(page(), encoding="utf-8")
