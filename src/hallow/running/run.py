"""Run: one execution of a command, as its code and its observers see it."""

from __future__ import annotations

import os
from errno import ENOENT
from typing import TYPE_CHECKING, Any

from hallow.errors import RunStateError
from hallow.running.metrics import MetricsLogger
from hallow.settings import SETTINGS
from hallow.utils import join_paths

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from hallow.settings import Settings


class Run:
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
        start_time, stop_time: naive datetimes in UTC.
        captured_out: what was printed so far, after the filter.
        capture_mode: ``"no"``, ``"sys"``, ``"fd"`` or ``None`` for the setting.
        beat_interval: seconds between heartbeats; 0 or less: only the one at the end.
        unobserved: whether observers are left out.
        queue_only: whether the run is only put aside.
        print_config: whether the configuration is printed before the start.
        show_origins: whether ``print_config`` shows where each value comes from.
        fail_trace: lines of the traceback after a failure.
        parent: the run around this one, or ``None``.
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
        self.captured_out = ""
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
        self.bindings: dict[Any, Any] = {}
        self.views: dict[Any, Any] = {}
        self.command = join_paths(main_function.prefix or "", main_function.signature.name)
        self.args: list[str] = []
        self.seeded: list[str] = []
        self._metrics = MetricsLogger(run_logger)
        self._details: list[tuple[str, Any]] = []
        self.last_details: list[tuple[str, Any]] = []
        self._failed_observers: list[Any] = []
        self._fanout: Any = None
        self._heartbeat: Any = None
        self._output_file: Any = None

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
        from hallow.running.lifecycle import Execution

        if self.start_time is not None:
            raise RunStateError(f"A run can only be started once. (Last start was {self.start_time})")
        return Execution(self).carry_out(args)

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
        path = _existing(filename, "resource") if "r" in mode else _absolute(filename)
        self._tell("resource_event", filename=path)
        return open(path, mode)

    def add_resource(self, filename: str | os.PathLike[str]) -> None:
        """Report a file as a resource of the run.

        Raises:
            FileNotFoundError: if it is not there.
        """
        self._tell("resource_event", filename=_existing(filename, "resource"))

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
        path = _existing(filename, "artifact")
        self._tell(
            "artifact_event",
            name=os.path.basename(path) if name is None else os.fspath(name),
            filename=path,
            metadata=metadata,
            content_type=content_type,
        )

    def log_scalar(self, metric_name: str, value: Any, step: Any = None) -> None:
        """Log a number; see :meth:`hallow.running.metrics.MetricsLogger.log_scalar_metric`."""
        self._metrics.log_scalar_metric(metric_name, value, step)

    def add_detail(self, name: str, detail: Any) -> None:
        """Have a fact kept beside the record; it is sent after the start.

        Args:
            name: a word in lower case; a later detail of the same name replaces the earlier one.
            detail: JSON values, or a function that returns them and is called if anybody records the run.
        """
        if self.start_time is None:
            self._details.append((name, detail))
        elif self.observers:
            try:
                found = detail() if callable(detail) else detail
            except Exception:  # a fact that cannot be found must not cost the run
                self.run_logger.warning("The detail %s could not be found", name, exc_info=True)
            else:
                self._tell("detail_event", name=name, detail=found)

    def _tell(self, event: str, **kwargs: Any) -> None:
        if self._fanout is not None:
            self._fanout.tell(event, **kwargs)


def _absolute(filename: Any) -> str:
    return os.path.abspath(os.fsdecode(filename))


def _existing(filename: Any, kind: str) -> str:
    path = _absolute(filename)
    if not os.path.exists(path):
        raise FileNotFoundError(ENOENT, f"there is no such file to add as {kind}", path)
    return path
