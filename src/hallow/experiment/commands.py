"""The commands that every experiment has: showing and saving its configuration, showing what it depends on."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from hallow.utils import PATHCHANGE, iterate_flattened_separately

if TYPE_CHECKING:
    import logging

    from hallow.config.summary import ConfigSummary
    from hallow.experiment.experiment import Experiment
    from hallow.experiment.ingredient import Ingredient
    from hallow.running.run import Run

COLOR_DIRTY = "\033[31m"
COLOR_TYPECHANGED = "\033[31m"
COLOR_ADDED = "\033[32m"
COLOR_MODIFIED = "\033[34m"
COLOR_DOC = "\033[2m"
ENDC = "\033[0m"
LEGEND = (
    f"({COLOR_MODIFIED}modified{ENDC}, {COLOR_ADDED}added{ENDC}, {COLOR_TYPECHANGED}typechanged{ENDC}, "
    f"{COLOR_DOC}doc{ENDC})"
)
_WIDTH = 100


class ConfigEntry(NamedTuple):
    """One entry as shown."""

    key: str
    value: Any
    added: bool
    modified: bool
    typechanged: Any
    doc: str | None


class PathEntry(NamedTuple):
    """The heading of a dict of entries as shown."""

    key: str
    added: bool
    modified: bool
    typechanged: Any
    doc: str | None


def stock_commands(experiment: Experiment) -> list[Callable[..., Any]]:
    """The commands of an experiment that are there from the start.

    Their number and order are part of Sacred's random streams: each of them takes one seed.
    """

    def print_named_configs() -> None:
        """Print the available named configs."""
        _write(format_named_configs(experiment))

    return [print_config, print_dependencies, save_config, print_named_configs]


# ----------------------------------------------------------------------------------------------- print_config


def print_config(_run: Run) -> None:
    """Print the configuration that a run would have.

    Colours: blue for modified entries, green for added ones, red for changed types, dim for documentation.
    """
    origins = getattr(_run, "show_origins", False)
    _write(format_config(_run.config, _run.config_modifications, origins=origins))


def print_config_before(run: Run) -> None:
    """What the option ``--print-config`` asks for: the configuration and a line of dashes."""
    print_config(run)
    _write("-" * 79)


def format_config(config: Mapping[str, Any], summary: ConfigSummary, origins: bool = False) -> str:
    """The text of ``print_config``, with colour codes.

    Args:
        config: the whole configuration.
        summary: what was added, modified and retyped, docs and origins.
        origins: whether each entry's origin is shown below it.
    """
    lines = [f"Configuration {LEGEND}:"]
    for path, value in iterate_flattened_separately(config, ["__doc__"]):
        indent = "  " + "  " * path.count(".")
        lines += _entry_lines(path, value, summary, indent)
        if origins and value is not PATHCHANGE and not path.endswith("__doc__"):
            lines.append(f"{indent}    {COLOR_DOC}<- {_origin(path, summary)}{ENDC}")
    return "\n".join(lines)


def _entry_lines(path: str, value: Any, summary: ConfigSummary, indent: str) -> list[str]:
    key = path.rpartition(".")[2]
    state = (
        path in summary.added,
        path in summary.modified,
        summary.typechanged.get(path),
        summary.docs.get(path),
    )
    if value is PATHCHANGE:
        return [_coloured(indent + key + ":", PathEntry(key, *state))]
    if key == "__doc__":
        return [f'{indent}{COLOR_DOC}"""{str(value).replace(chr(10), chr(10) + indent)}"""{ENDC}']
    return [_coloured(f"{indent}{key} = {_value_text(value, indent, key)}", ConfigEntry(key, value, *state))]


def _value_text(value: Any, indent: str, key: str) -> str:
    """The value on one line where it fits, else wrapped with its lines below each other."""
    text = _safe_repr(value)
    room = _WIDTH - len(indent) - len(key) - 3
    if len(text) <= room:
        return text
    from pprint import pformat

    try:
        text = pformat(value, width=max(room, 40), compact=True)
    except Exception:  # a foreign repr that raises must not hide the rest of the configuration
        return text
    return text.replace("\n", "\n" + " " * (len(indent) + len(key) + 3))


def _safe_repr(value: Any) -> str:
    if isinstance(value, dict) and not value:
        return "{}"
    try:
        return repr(value)
    except Exception as error:  # any foreign repr may raise
        return f"<{type(value).__name__} whose repr raises {type(error).__name__}>"


def _coloured(text: str, entry: ConfigEntry | PathEntry) -> str:
    colour = ""
    if entry.typechanged:
        colour = COLOR_TYPECHANGED
    elif entry.added:
        colour = COLOR_ADDED
    elif entry.modified:
        colour = COLOR_MODIFIED
    shown = f"{colour}{text}{ENDC}" if colour else text
    if not entry.doc:
        return shown
    width = len(text.rpartition("\n")[2])
    gap = " " * (35 - width + 2) if width <= 35 else "    "
    return f"{shown}{gap}{COLOR_DOC}# {entry.doc}{ENDC}"


def _origin(path: str, summary: ConfigSummary) -> str:
    """Where an entry comes from, with what it replaced."""
    probe = path
    while probe and probe not in summary.origins:
        probe = probe.rpartition(".")[0]
    origin = summary.origins.get(probe)
    if origin is None:
        return "generated" if path == "seed" or path.endswith(".seed") else "unknown"
    text: str = origin.describe()
    if probe in summary.before:
        text += f", before: {_safe_repr(summary.before[probe])}"
        if origin.before_at is not None:
            text += f" ({origin.before_at.describe()})"
    return text


# ---------------------------------------------------------------------------------------------- other commands


def save_config(_config: Mapping[str, Any], _log: logging.Logger, config_filename: str = "config.json") -> None:
    """Save the configuration to a file (entry config_filename, default config.json) that `with` can read."""
    from hallow.config.files import save_config_file

    config = {key: value for key, value in _config.items() if key != "config_filename"}
    _log.info('Saving config to "%s"', config_filename)
    save_config_file(config, config_filename)


def print_dependencies(_run: Run) -> None:
    """Print the packages, source files and repositories that the experiment uses."""
    info = _run.experiment_info
    lines = ["Dependencies:"]
    for dependency in info["dependencies"]:
        name, _, version = dependency.partition("==")
        lines.append(f"  {name:<20} == {version}")
    lines += ["", "Sources:"]
    lines += [f"  {name:<43}  {digest}" for name, digest in info["sources"]]
    if info["repositories"]:
        lines += ["", "Version Control:"]
        for repository in info["repositories"]:
            mark = f"{COLOR_DIRTY}M{ENDC}" if repository["dirty"] else " "
            lines.append(f"{mark} {repository['url']:<43}  {repository['commit']}")
    _write("\n".join(lines) + "\n")


def format_named_configs(ingredient: Ingredient) -> str:
    """The text of ``print_named_configs``, with colour codes."""
    lines = [f"Named Configurations ({COLOR_DOC}doc{ENDC}):"]
    for name, source in ingredient.gather_named_configs():
        doc = getattr(source, "__doc__", None)
        if not doc or type(source).__doc__ == doc:
            lines.append(f"  {name}")
        elif "\n" not in doc.strip():
            lines.append(f"  {name}   {COLOR_DOC}# {doc.strip()}{ENDC}")
        else:
            lines.append(f'  {name}\n    {COLOR_DOC}"""{doc.replace(chr(10), chr(10) + "  ")}"""{ENDC}')
    if len(lines) == 1:
        lines.append("  No named configs")
    return "\n".join(lines)


def _write(text: str) -> None:
    """Print, with colours only where somebody sees them."""
    print(text if _shows_colours() else _without_colours(text))


def _shows_colours() -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    try:
        seen = sys.stdout.isatty()
    except (AttributeError, ValueError):
        return False
    if seen and sys.platform == "win32":
        import colorama

        colorama.just_fix_windows_console()
    return seen


def _without_colours(text: str) -> str:
    for code in (COLOR_DIRTY, COLOR_ADDED, COLOR_MODIFIED, COLOR_DOC, ENDC):
        text = text.replace(code, "")
    return text
