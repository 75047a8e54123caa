"""Run: one execution of a command, as its code and its observers see it."""

from __future__ import annotations

import os
from errno import ENOENT
from typing import TYPE_CHECKING, Any

from hallow.errors import RunStateError
from hallow.running.logsmedia import LogsMedia
from hallow.running.metrics import MetricsLogger
from hallow.settings import SETTINGS
from hallow.utils import join_paths

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from hallow.journal.journal import Journal
    from hallow.records.stored import StoredRun
    from hallow.running.delivery import Delivery
    from hallow.running.lifecycle import Execution
    from hallow.running.output import Output
    from hallow.running.post import Post
    from hallow.running.ranks.attaching import Attachment
    from hallow.settings import Settings


class Run(LogsMedia):
    """One execution of a command.

    ``Experiment.run`` makes it; user code gets it as ``_run``. Called, it carries the command out and returns
    its result.

    Args:
        config: the final configuration, with the entry ``seed``.
        config_modifications: what was added, modified and retyped.
        main_function: is called with the arguments given to the run; has ``prefix`` and ``signature.name``.
        observers: who is told.
        root_logger: parent of all loggers of the run.
        run_logger: where the run itself logs.
        experiment_info: facts about the experiment, or a function that finds them when they are needed.
        host_info: facts about the machine, or such a function.
        pre_run_hooks: called without arguments before the main function.
        post_run_hooks: called without arguments after it.
        captured_out_filter: changes the captured text; must accept its own output.
        settings: the settings of the run; default is a frozen copy of ``SETTINGS``.

    Attributes:
        info: the user's own facts, sent with each heartbeat.
        result: what the main function returned; may be set before.
        status: ``None``, QUEUED, RUNNING, COMPLETED, INTERRUPTED, TIMEOUT, FAILED or the user's own.
        start_time: a naive datetime in UTC, or ``None``.
        stop_time: likewise.
        captured_out: what was printed so far, as it is stored: progress bars folded, after the filter.
        capture_mode: ``"no"``, ``"sys"``, ``"fd"`` or ``None`` for the setting.
        beat_interval: seconds between heartbeats; 0 or less: only the one at the end.
        unobserved: whether observers are left out.
        queue_only: whether the run is only put aside.
        print_config: whether the configuration is printed before the start.
        show_origins: whether ``print_config`` shows where each value comes from.
        fail_trace: lines of the traceback after a failure.
        parent: the run around this one, or ``None``.
        children: facts about the runs inside this one that have ended.
        rank: the rank of this process in a distributed job, 0 where there is none.
        world_size: how many processes such a job has.
        resumed: how often the run was taken up again; 0 for one that runs for the first time.
        tags: words that the user marks the run with.
        group: a name that it shares with others.
        journal_only: whether the run starts although a store cannot be reached, and records in its journal for it.
        strict_observers: whether the process exits with an error if an observer does not have everything.
        bindings: what captured functions remember during this run.
        views: what each ingredient's functions see of the configuration.
        command: full name of the command.
        args: the words after ``--`` on the command line.
        exit_code: what the process should exit with, ``None`` before the end.
        last_details: like details (see :meth:`add_detail`), but found and sent when the work is done.
        seeded: the libraries whose global generators were seeded.
    """

    def __init__(
        self,
        config: dict[str, Any],
        config_modifications: Any,
        main_function: Any,
        observers: Sequence[Any],
        root_logger: logging.Logger,
        run_logger: logging.Logger,
        experiment_info: dict[str, Any] | Callable[[], dict[str, Any]],
        host_info: dict[str, Any] | Callable[[], dict[str, Any]],
        pre_run_hooks: Sequence[Callable[[], Any]],
        post_run_hooks: Sequence[Callable[[], Any]],
        captured_out_filter: Callable[[str], str] | None = None,
        *,
        settings: Settings | None = None,
    ) -> None:
        self.settings: Any = SETTINGS.frozen_copy() if settings is None else settings
        self._id: Any = None
        self.config = config
        self.config_modifications = config_modifications
        self.main_function = main_function
        self.observers: list[Any] = list(observers)
        self.root_logger = root_logger
        self.run_logger = run_logger
        self._experiment_info = experiment_info
        self._host_info = host_info
        self.pre_run_hooks = pre_run_hooks
        self.post_run_hooks = post_run_hooks
        self.captured_out_filter = captured_out_filter
        self.capture_mode: str | None = None
        self.info: dict[str, Any] = {}
        self.meta_info: dict[str, Any] = {}
        self.result: Any = None
        self.status: str | None = None
        self.start_time: datetime | None = None
        self.stop_time: datetime | None = None
        self.fail_trace: list[str] | None = None
        self.exit_code: int | None = None
        self.debug = False
        self.pdb = False
        self.unobserved = False
        self.force = False
        self.queue_only = False
        self.print_config = False
        self.show_origins = False
        self.beat_interval: float = self.settings["DEFAULT_BEAT_INTERVAL"]
        self.parent: Run | None = None
        self.children: list[dict[str, Any]] = []
        self.rank = 0
        self.world_size = 1
        self.resumed = 0
        self.tags: list[str] = []
        self.group: str | None = None
        self.strict_observers: bool = self.settings["STRICT_OBSERVERS"]
        self.journal_only: bool = self.settings["JOURNAL_ONLY"]
        self.bindings: dict[Any, Any] = {}
        self.views: dict[Any, Any] = {}
        self.command = join_paths(main_function.prefix or "", main_function.signature.name)
        self.args: list[str] = []
        self.seeded: list[str] = []
        self._metrics = MetricsLogger(run_logger, self.settings.METRICS.NON_SCALARS == "refuse")
        self._details: list[tuple[str, Any]] = []
        self.last_details: list[tuple[str, Any]] = []
        self._delivery: Delivery | None = None
        self._journal: Journal | None = None
        self._output: Output | None = None
        self._output_file: Any = None
        self._text: str | None = None
        self._record: StoredRun | None = None
        self._attachment: Attachment | None = None

    def __repr__(self) -> str:
        return f"<Run {self._id} of {self.command!r}, {self.status or 'not started'}>"

    # ------------------------------------------------------------------------------------------- facts

    @property
    def experiment_info(self) -> dict[str, Any]:
        """Name, base_dir, mainfile, sources, dependencies and repositories of the experiment."""
        if callable(self._experiment_info):
            self._experiment_info = self._experiment_info()
        return self._experiment_info

    @experiment_info.setter
    def experiment_info(self, value: dict[str, Any]) -> None:
        self._experiment_info = value

    @property
    def host_info(self) -> dict[str, Any]:
        """Facts about the machine."""
        if callable(self._host_info):
            self._host_info = self._host_info()
        return self._host_info

    @host_info.setter
    def host_info(self, value: dict[str, Any]) -> None:
        self._host_info = value

    @property
    def captured_out(self) -> str:
        """What was printed so far, as it is stored; after the end of a long output, its beginning and its end."""
        if self._text is not None:
            return self._text
        if self._output is None:
            return ""
        self._output.advance()
        return self._output.text()

    @captured_out.setter
    def captured_out(self, text: str) -> None:
        self._text = text

    @property
    def _failed_observers(self) -> list[Any]:
        """Observers with which anything ever went wrong."""
        outlets = [] if self._delivery is None else self._delivery.outlets
        return [outlet.observer for outlet in outlets if outlet.failed]

    @property
    def dir(self) -> str | None:
        """The folder of the first observer that keeps one for the run, or ``None``."""
        for observer in self.observers:
            folder = getattr(observer, "dir", None)
            if isinstance(folder, str | os.PathLike):
                return os.fspath(folder)
        return None

    # ------------------------------------------------------------------------------------- carrying out

    def __call__(self, *args: Any) -> Any:
        """Carry the command out with ``args`` for its function; returns its result (``None`` if queued).

        Raises:
            RunStateError: (a RuntimeError) if the run has started already.
            BaseException: whatever ends the run; the observers have been told by then.
        """
        return self._execution().carry_out(args)

    def under_way(self) -> AbstractContextManager[Run]:
        """A context manager whose body is the work of the run: it is started before and ended after.

        Raises:
            RunStateError: (a RuntimeError) if the run has started already.
        """
        return self._execution().under_way()

    def _execution(self) -> Execution:
        from hallow.running.lifecycle import Execution

        if self.start_time is not None:
            raise RunStateError(f"A run can only be started once. (Last start was {self.start_time})")
        return Execution(self)

    def warn_if_unobserved(self) -> None:
        """Log a warning if nobody records the run and nobody asked for that."""
        if not self.observers and not self.debug and not self.unobserved:
            self.run_logger.warning("No observers have been added to this run")

    # ------------------------------------------------------------------------------------ for user code

    def open_resource(self, filename: str | os.PathLike[str], mode: str = "r") -> Any:
        """Report a file as a resource of the run and open it.

        Raises:
            FileNotFoundError: if it is not there and ``mode`` does not make it.
        """
        path = existing(filename, "resource") if "r" in mode else _absolute(filename)
        self._tell("resource_event", filename=path)
        return open(path, mode)

    def add_resource(self, filename: str | os.PathLike[str]) -> None:
        """Report a file as a resource of the run.

        Raises:
            FileNotFoundError: if it is not there.
        """
        self._tell("resource_event", filename=existing(filename, "resource"))

    def add_artifact(
        self,
        filename: str | os.PathLike[str],
        name: str | None = None,
        metadata: dict[str, Any] | None = None,
        content_type: str | None = None,
    ) -> None:
        """Have a file that the run made kept with its record.

        Args:
            filename: the file.
            name: under which it is kept; default is the last part of ``filename``.
            metadata: facts about it.
            content_type: MIME type.

        Raises:
            FileNotFoundError: if it is not there.
        """
        path = existing(filename, "artifact")
        self._tell(
            "artifact_event",
            name=os.path.basename(path) if name is None else os.fspath(name),
            filename=path,
            metadata=metadata,
            content_type=content_type,
        )

    def log_scalar(self, metric_name: str, value: Any, step: Any = None) -> None:
        """Log a number; returns when it is safe, whatever happens to the process.

        Args:
            metric_name: such as ``"train.loss"``; any text.
            value: a number: float, int, bool, or anything with ``.item()`` that holds one element. NaN and infinities
                are kept.
            step: any number, also smaller than earlier ones; default is the metric's last step + 1, 0 for the first.

        Raises:
            LogValueError: (a TypeError) if the value is no scalar.
        """
        # The quick way for what training loops log.
        if type(value) is float and (step is None or type(step) is int) and type(metric_name) is str:
            self._metrics.log(metric_name, value, step)
        else:
            self._metrics.log_scalar_metric(metric_name, value, step)

    def log_scalars(self, values: Mapping[str, Any], step: Any = None) -> None:
        """Log several numbers of one step; see :meth:`log_scalar`.

        Args:
            values: metric name to number.
            step: for all of them.

        Raises:
            LogValueError: (a TypeError) if a value is no scalar; those before it are logged.
        """
        for name, value in values.items():
            self.log_scalar(name, value, step)

    def _kept_before(self) -> Iterable[Mapping[str, Any] | None]:
        return () if self._record is None else (kept.get("metadata") for kept in self._record.artifacts)

    def open_artifact(self, name: str, mode: str = "rb") -> Any:
        """Open an artifact of this run for reading, also one that an earlier attempt at it left.

        Raises:
            FileNotFoundError: if there is none; names those there are.
            RunStateError: if no observer keeps artifacts where they can be opened.
        """
        for observer in self.observers:
            opener = getattr(type(observer), "open_artifact", None)
            if opener is not None:
                return opener(observer, name, mode)
        raise RunStateError(
            "artifacts of this run cannot be opened: no observer keeps them in a place that can be read; add a "
            "FileStorageObserver"
        )

    def add_detail(self, name: str, detail: Any) -> None:
        """Have a fact kept beside the record; it is sent after the start.

        Args:
            name: a word in lower case; a later detail of the same name replaces the earlier one.
            detail: JSON values, or a function that returns them and is called if anybody records the run.
        """
        if self.start_time is None:
            self._details.append((name, detail))
        elif self.observers and self._delivery is not None:
            self._delivery.tell_all(self._detail_posts([(name, detail)]))

    def _detail_posts(self, details: Iterable[tuple[str, Any]]) -> list[Post]:
        """Details as events, those that can be found."""
        from hallow.running.post import Post

        posts = []
        for name, detail in details:
            try:
                found = detail() if callable(detail) else detail
            except Exception:  # noqa: PERF203 - a fact that cannot be found must not cost the run
                self.run_logger.warning("The detail %s could not be found", name, exc_info=True)
            else:
                posts.append(Post("detail_event", {"name": name, "detail": found}))
        return posts

    def _emit_heartbeat(self) -> None:
        """Tell the observers what is new, now; programs written for Sacred do it before they read their own record."""
        if self._delivery is not None and self.status == "RUNNING":
            self._delivery.beat_now()

    def _tell(self, event: str, **kwargs: Any) -> None:
        if self._delivery is not None:
            self._delivery.tell(event, **kwargs)

    def __reduce__(self) -> Any:
        from hallow.running.handle import handle_of

        return handle_of(self).__reduce__()


def _absolute(filename: Any) -> str:
    return os.path.abspath(os.fsdecode(filename))


def existing(filename: Any, kind: str) -> str:
    """The absolute path of a file of the user's.

    Raises:
        FileNotFoundError: if it is not there; names what it was to be.
    """
    path = _absolute(filename)
    if not os.path.exists(path):
        raise FileNotFoundError(ENOENT, f"there is no such file to add as {kind}", path)
    return path
