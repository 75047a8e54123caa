# ruff: noqa: ARG001 - all options share one signature
"""The options that every experiment has. Their docstrings are the help text."""

from __future__ import annotations

import math
from typing import Any

from hallow.cli.options import CLIOption, cli_option, log_level, observer_class, refuse_dirty
from hallow.errors import OptionError

CAPTURE_MODES = ("no", "sys", "fd")


def _number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if math.isnan(number):
        raise OptionError(f"a number is expected, not {value!r}")
    return number


def _capture_mode(value: Any) -> str:
    if value not in CAPTURE_MODES:
        raise OptionError(f"{value!r} is no capture mode; use one of {', '.join(CAPTURE_MODES)}")
    return str(value)


def _bucket(scheme: str) -> Any:
    def check(value: Any) -> None:
        bucket, _, folder = str(value).removeprefix(scheme).partition("/")
        if not str(value).startswith(scheme) or not bucket or not folder:
            raise OptionError(f"write it like {scheme}bucket/folder, not {value!r}")

    return check


def _add(run: Any, name: str, text: str) -> None:
    """Add an observer made from the text that was given."""
    cls = observer_class(name)
    run.observers.append(getattr(cls, "from_text", cls)(text))


@cli_option("-b", "--beat-interval", check=_number)
def beat_interval_option(args: Any, run: Any) -> None:
    """Set the time between two heartbeats, in seconds; 0 or less: only one at the end."""
    run.beat_interval = _number(args)


@cli_option("-C", "--capture", check=_capture_mode)
def capture_option(args: Any, run: Any) -> None:
    """Choose how printed output is captured: no, sys (Python's streams) or fd (also child processes)."""
    run.capture_mode = _capture_mode(args)


@cli_option("-c", "--comment")
def comment_option(args: Any, run: Any) -> None:
    """Add a comment to the record of this run."""
    run.meta_info["comment"] = args


@cli_option("-d", "--debug", is_flag=True)
def debug_option(args: Any, run: Any) -> None:
    """Do not filter tracebacks and do not warn about missing observers."""
    run.debug = True


@cli_option("-e", "--enforce_clean", is_flag=True)
def enforce_clean_option(args: Any, run: Any) -> None:
    """Refuse to run if the sources have uncommitted changes or are in no repository."""
    refuse_dirty(run.experiment_info["repositories"])


@cli_option("-F", "--file_storage", repeatable=True)
def file_storage_option(args: Any, run: Any) -> None:
    """Record this run in a folder of the file system."""
    _add(run, "FileStorageObserver", args)


@cli_option("-f", "--force", is_flag=True)
def force_option(args: Any, run: Any) -> None:
    """Accept unknown configuration entries and changed types without a word."""
    run.force = True


@cli_option("-G", "--gcs", repeatable=True, check=_bucket("gs://"))
def gcs_option(args: Any, run: Any) -> None:
    """Record this run in Google Cloud Storage; the value is like gs://bucket/folder."""
    _add(run, "GoogleCloudStorageObserver", args)


@cli_option("-h", "--help", is_flag=True)
def help_option(args: Any, run: Any) -> None:
    """Print this help and exit; after a command, help for that command."""


@cli_option("-i", "--id")
def id_option(args: Any, run: Any) -> None:
    """Choose the id of this run."""
    run._id = args


@cli_option(None, "--journal-only", is_flag=True)
def journal_only_option(args: Any, run: Any) -> None:
    """Run also if a store cannot be reached, and record for it in the journal; see hallow recover."""
    run.journal_only = True


@cli_option("-l", "--loglevel", check=log_level)
def loglevel_option(args: Any, run: Any) -> None:
    """Set the log level: a number from 0 to 50, or debug, info, warning, error, critical."""
    run.root_logger.setLevel(log_level(args))


@cli_option("-m", "--mongo_db", repeatable=True)
def mongo_db_option(args: Any, run: Any) -> None:
    """Record this run in MongoDB; the value is [host:port:]db_name[.collection[:id]][!priority] or a URI."""
    _add(run, "MongoObserver", args)


@cli_option("-n", "--name")
def name_option(args: Any, run: Any) -> None:
    """Set the name of the experiment for this run."""
    run.experiment_info["name"] = args
    run.run_logger = run.root_logger.getChild(args)


@cli_option(None, "--notify", repeatable=True)
def notify_option(args: Any, run: Any) -> None:
    """Send a message when this run ends or fails; the value is a URL as apprise takes it, or a JSON or YAML file."""
    _add(run, "NotifyObserver", args)


@cli_option(None, "--origins", is_flag=True)
def origins_option(args: Any, run: Any) -> None:
    """Let print_config show where each value comes from."""
    run.show_origins = True


@cli_option("-D", "--pdb", is_flag=True)
def pdb_option(args: Any, run: Any) -> None:
    """Start the debugger where an exception was raised."""
    run.pdb = True


@cli_option("-p", "--print-config", is_flag=True)
def print_config_option(args: Any, run: Any) -> None:
    """Print the configuration before the run starts."""
    run.print_config = True


@cli_option("-P", "--priority", check=_number)
def priority_option(args: Any, run: Any) -> None:
    """Set the priority of a run in the queue; a number."""
    run.meta_info["priority"] = _number(args)


@cli_option("-q", "--queue", is_flag=True)
def queue_option(args: Any, run: Any) -> None:
    """Only record this run as queued; do not execute it."""
    run.queue_only = True


@cli_option("-R", "--resume")
def resume_option(args: Any, run: Any) -> None:
    """Take up the run with this id again: same id, configuration and seed; metrics and output go on."""


@cli_option("-S", "--s3", repeatable=True, check=_bucket("s3://"))
def s3_option(args: Any, run: Any) -> None:
    """Record this run in S3; the value is like s3://bucket/folder."""
    _add(run, "S3Observer", args)


@cli_option("-s", "--sql", repeatable=True)
def sql_option(args: Any, run: Any) -> None:
    """Record this run in an SQL database; the value is a URL as SQLAlchemy takes it."""
    _add(run, "SqlObserver", args)


@cli_option(None, "--strict-observers", is_flag=True)
def strict_observers_option(args: Any, run: Any) -> None:
    """Exit with code 3 if an observer failed, even if the command itself went well."""
    run.strict_observers = True


@cli_option("-t", "--tiny_db", repeatable=True)
def tiny_db_option(args: Any, run: Any) -> None:
    """Record this run in a TinyDB store; the value is its folder."""
    _add(run, "TinyDbObserver", args)


@cli_option("-u", "--unobserved", is_flag=True)
def unobserved_option(args: Any, run: Any) -> None:
    """Ignore all observers and do not warn about their absence."""
    run.unobserved = True


#: Options that add an observer.
OBSERVER_OPTIONS = frozenset({"--file_storage", "--gcs", "--mongo_db", "--s3", "--sql", "--tiny_db"})

#: Options that Sacred does not have.
BEYOND_SACRED = frozenset(
    {gcs_option, journal_only_option, notify_option, origins_option, resume_option, strict_observers_option}
)

#: Sorted by name, which is also the order in which they are applied.
BUILT_IN: tuple[CLIOption, ...] = (
    beat_interval_option,
    capture_option,
    comment_option,
    debug_option,
    enforce_clean_option,
    file_storage_option,
    force_option,
    gcs_option,
    help_option,
    id_option,
    journal_only_option,
    loglevel_option,
    mongo_db_option,
    name_option,
    notify_option,
    origins_option,
    pdb_option,
    print_config_option,
    priority_option,
    queue_option,
    resume_option,
    s3_option,
    sql_option,
    strict_observers_option,
    tiny_db_option,
    unobserved_option,
)
