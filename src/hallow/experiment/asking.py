"""What may be asked of a run beside its configuration, and how it reaches the run."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any

from hallow.experiment.captured import create_captured_function
from hallow.records.urls import without_password
from hallow.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hallow.cli.options import CLIOption
    from hallow.running.ranks.attaching import Attachment
    from hallow.running.run import Run

__all__ = ["BODY", "mark", "options_among", "rank_of", "run_to_resume", "showable", "with_keywords"]


@cache
def _flags() -> dict[str, str]:
    """The flags of the options that there are from the start, by the keyword of ``ex.run``."""
    from hallow.cli.builtin import BUILT_IN

    return {option.long_flag[2:].replace("-", "_"): option.long_flag for option in BUILT_IN}


def options_among(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Those arguments of ``ex.run`` that are options."""
    flags = _flags()
    return {name: value for name, value in arguments.items() if name in flags}


def with_keywords(options: Mapping[str, Any] | None, keywords: Mapping[str, Any]) -> dict[str, Any]:
    """Options by flag, with the keywords of ``ex.run`` laid over them; those that are ``None`` were not given."""
    flags = _flags()
    asked = {
        flags.get(name, "--" + name.replace("_", "-")): os.fspath(value) if isinstance(value, os.PathLike) else value
        for name, value in keywords.items()
        if value is not None
    }
    return {**(options or {}), **asked}


def run_to_resume(values: Mapping[str, Any], options: Iterable[CLIOption]) -> Any:
    """The id of the run that is to go on, if any; a program written for Sacred may have a --resume of its own."""
    from hallow.cli.builtin import resume_option

    meant = any(option.apply_function is resume_option.apply_function for option in options)
    return values[resume_option.long_flag] if meant else None


def showable(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options as a record may show them: without the passwords in URLs."""

    def shown(value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [shown(item) for item in value]
        return without_password(value) if isinstance(value, str) else value

    def hidden(value: Any) -> Any:
        """All but the kind of service, because every part of the URL may be a secret."""
        if isinstance(value, list | tuple):
            return [hidden(item) for item in value]
        return f"{value.partition('://')[0]}://***" if isinstance(value, str) and "://" in value else value

    return {flag: hidden(value) if flag == "--notify" else shown(value) for flag, value in options.items()}


def mark(run: Run, tags: Sequence[str] | str | None, group: str | None) -> None:
    """Give a run its tags and its group.

    Raises:
        UsageError: if they are no texts.
    """
    if tags is not None or group is not None:
        from hallow.running.family import check_group, check_tags

        run.tags = check_tags(tags)
        run.group = check_group(group)


def rank_of(experiment: Any) -> Attachment | None:
    """What the next run has to do with other processes of a distributed job; ``None`` where there is none."""
    from hallow.running.ranks import detect

    rank = None if SETTINGS["RANKS"] == "off" else detect()
    if rank is None:
        return None
    from hallow.running.ranks.attaching import attach

    return attach(rank, experiment.path)


def _start() -> None:
    """The body of ``with ex.start() as run``."""


_start.__name__ = _start.__qualname__ = "start"

#: Stands for a command where the work is the body of a ``with`` statement.
BODY = create_captured_function(_start)
