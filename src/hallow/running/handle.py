"""A run as another process knows it: facts without connections."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from hallow.errors import NotRunningError

if TYPE_CHECKING:
    from hallow.running.run import Run

__all__ = ["RunHandle", "handle_of"]


class RunHandle:
    """What a run becomes when it is pickled, for a worker process.

    Its facts are those of the moment at which it was pickled. Nothing can be recorded through it: the record belongs
    to the process of the run, to which workers return what they find.

    Attributes:
        _id: of the run.
        config: its configuration.
        status: at that time.
        command: full name of the command.
        args: the words after ``--``.
        start_time: naive datetime in UTC.
        rank, world_size: the place of the run's process among several.
        resumed: how often the run was taken up again.
        tags, group: as of the run.
        dir: the folder of its record, or ``None``.
        settings: those of the run.
    """

    def __init__(self, facts: dict[str, Any]) -> None:
        self._facts = facts
        self._id: Any = facts["_id"]
        self.config: Any = facts["config"]
        self.status: str | None = facts["status"]
        self.command: str = facts["command"]
        self.args: list[str] = facts["args"]
        self.start_time: Any = facts["start_time"]
        self.rank: int = facts["rank"]
        self.world_size: int = facts["world_size"]
        self.resumed: int = facts["resumed"]
        self.tags: list[str] = facts["tags"]
        self.group: str | None = facts["group"]
        self.dir: str | None = facts["dir"]
        self.settings: Any = facts["settings"]
        # As of a run, for the code that asks any run; nobody observes this one.
        self.parent: Any = None
        self.observers: list[Any] = []
        self.seeded: list[str] = []
        self.children: list[dict[str, Any]] = []
        self.views: Any = {}
        self.bindings: dict[Any, Any] = {}
        #: In a forked process, its copy of the run, which answers whatever a handle would refuse.
        self.forked: Any = None

    def __repr__(self) -> str:
        return f"<RunHandle {self._id} of {self.command!r}, {self.status or 'not started'} when it was pickled>"

    def __reduce__(self) -> tuple[Any, ...]:
        return RunHandle, (self._facts,)

    @cached_property
    def info(self) -> dict[str, Any]:
        """The run's ``info`` at that time, without what cannot be pickled; it cannot be changed."""
        import pickle

        if self.forked is not None:
            return self.forked.info  # type: ignore[no-any-return]
        return _Info((key, pickle.loads(value)) for key, value in self._facts["info"].items())  # noqa: S301 - our own

    def open_artifact(self, name: str, mode: str = "rb") -> Any:
        """Open a file of the run's folder for reading.

        Raises:
            NotRunningError: if the run has no folder on this machine, or for writing.
            FileNotFoundError: if it has no such file.
        """
        if self.forked is not None:
            return self.forked.open_artifact(name, mode)
        if self.dir is None or not os.path.isdir(self.dir) or set(mode) & set("wax+"):
            self._refuse("open_artifact")
        return open(os.path.join(self.dir, name), mode)

    def _refuse(self, what: str) -> NoReturn:
        raise NotRunningError(
            f"_run.{what} cannot be called in a worker process: the record of run {self._id} belongs to process "
            f"{self._facts['pid']}. Return what is to be recorded, such as metrics, and record it there"
        )

    def __call__(self, *_args: Any) -> NoReturn:
        """Refused: the run goes on in another process."""
        self._refuse("__call__")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "forked":
            raise AttributeError(name)
        if self.forked is not None:
            return getattr(self.forked, name)
        if name in _RECORDING:
            return lambda *_args, **_kwargs: self._refuse(name)
        raise NotRunningError(
            f"_run.{name} is not known in a worker process: it has a handle of the run with its id, config, info and "
            f"status, but not the run itself, which goes on elsewhere"
        )


_RECORDING = frozenset(
    {
        "add_artifact",
        "add_detail",
        "add_resource",
        "log_histogram",
        "log_image",
        "log_scalar",
        "log_scalars",
        "log_table",
        "log_text",
        "open_resource",
    }
)


class _Info(dict[str, Any]):
    """A dict that says why it cannot be changed."""

    def _refuse(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise NotRunningError(
            "_run.info cannot be changed in a worker process: nobody would record it; return the value and put it into "
            "_run.info there"
        )

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return _Info, (dict(self),)


def handle_of(run: Run) -> RunHandle:
    """The handle of a run as it is now; changes of the run's config and info do not reach a handle once pickled."""
    return RunHandle(facts_of(run))


def facts_of(run: Run) -> dict[str, Any]:
    """What a handle is made of; all of it can be pickled as far as the configuration can."""
    return {
        "_id": run._id,
        "config": run.config,
        "info": _pickled(run.info),
        "status": run.status,
        "command": run.command,
        "args": list(run.args),
        "start_time": run.start_time,
        "rank": run.rank,
        "world_size": run.world_size,
        "resumed": run.resumed,
        "tags": list(run.tags),
        "group": run.group,
        "dir": run.dir,
        "settings": run.settings,
        "pid": os.getpid(),
    }


def _pickled(info: dict[str, Any]) -> dict[str, bytes]:
    """Each entry on its own: one that cannot be pickled must not keep the others back."""
    import pickle

    entries = {}
    for key, value in list(info.items()):
        try:
            entries[key] = pickle.dumps(value)
        except Exception:  # noqa: PERF203, S112 - whatever a class of the user's raises
            continue
    return entries
