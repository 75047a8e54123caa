"""Refusing what was handed over in the wrong place, before anything is made of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from hallow.cli.options import CLIOption
from hallow.errors import ExperimentError, OptionError, UpdateError

_EVENTS = (
    "started_event",
    "queued_event",
    "heartbeat_event",
    "completed_event",
    "interrupted_event",
    "failed_event",
    "resource_event",
    "artifact_event",
    "detail_event",
    "log_metrics",
    "join",
)


def check_run_arguments(command_name: object, config_updates: object, options: object) -> None:
    """Refuse what was handed to ``ex.run`` in the wrong place.

    Raises:
        ExperimentError: if the command's name is no string.
        UpdateError: if the updates are no mapping.
        OptionError: if the options are no mapping.
    """
    if command_name is not None and not isinstance(command_name, str):
        hint = "; updates of the configuration are given as config_updates={...}" * isinstance(command_name, Mapping)
        raise ExperimentError(
            f"the first argument of run is the name of a command, not {type(command_name).__name__} "
            f"({command_name!r}){hint}"
        )
    if config_updates is not None and not isinstance(config_updates, Mapping):
        raise UpdateError(
            f"config_updates must be a dict of entries and values, like {{'lr': 0.1}}, not "
            f"{type(config_updates).__name__} ({config_updates!r}); words of a command line go to run_commandline"
        )
    if options is not None and not isinstance(options, Mapping):
        raise OptionError(
            f"options must be a dict of flags and values, like {{'--loglevel': 'DEBUG'}}, not "
            f"{type(options).__name__} ({options!r})"
        )


def check_cli_options(options: Iterable[object]) -> None:
    """Raise OptionError for additional options that were not made with ``cli_option``."""
    for option in options:
        if not isinstance(option, CLIOption):
            raise OptionError(f"{option!r} is no command line option; make one with @cli_option('-a', '--attempts')")


def check_host_info(gatherers: Iterable[object]) -> None:
    """Raise ExperimentError for gatherers of host info that were not made with ``host_info_gatherer``."""
    from hallow.provenance.host import HostInfoGetter

    for gatherer in gatherers:
        if not isinstance(gatherer, HostInfoGetter):
            raise ExperimentError(
                f"{gatherer!r} is no gatherer of host info; make one with @host_info_gatherer('name')"
            )


def check_observers(observers: object) -> None:
    """Refuse observers that would silently record nothing.

    Raises:
        ExperimentError: if ``observers`` is no list, or one of them is a class, a path or without any event.
    """
    if not isinstance(observers, Iterable) or isinstance(observers, str):
        raise ExperimentError(
            f"ex.observers must be a list of observers, not {type(observers).__name__}; add one with "
            "ex.observers.append(...)"
        )
    for observer in observers:
        if isinstance(observer, type):
            raise ExperimentError(
                f"the class {observer.__name__} is no observer, but its instances are; append {observer.__name__}(...)"
            )
        if isinstance(observer, str | os.PathLike):
            raise ExperimentError(
                f"{observer!r} is no observer; to record into that folder append FileStorageObserver({str(observer)!r})"
            )
        if not any(hasattr(observer, event) for event in _EVENTS):
            raise ExperimentError(
                f"{observer!r} is no observer: it has none of the methods {', '.join(_EVENTS)}; derive its class from "
                "hallow.observers.RunObserver"
            )
