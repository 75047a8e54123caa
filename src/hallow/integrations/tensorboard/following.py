"""Log folders of other writers as metrics of a run."""

from __future__ import annotations

import os
import warnings
from typing import Any

from hallow.errors import HallowWarning
from hallow.integrations.recorder import named, run_of
from hallow.integrations.tensorboard.frames import Frames
from hallow.integrations.tensorboard.reading import Scalars, event_files, way_to

__all__ = ["EventsMirror", "log_events"]


def log_events(run: Any, logdir: str | os.PathLike[str], prefix: str = "") -> int:
    """Log the scalars in a log folder that a ``SummaryWriter`` has filled; see :class:`EventsMirror`.

    Args:
        run: whose metrics they become: a run, an experiment, or ``None`` for the run that is going on.
        logdir: the folder, or one above it.
        prefix: of the metrics' names.

    Returns:
        how many points were logged.

    Raises:
        FileNotFoundError: if there is no such folder.
        NotRunningError: (a RuntimeError) if there is no run.
        MissingExtraError: (an ImportError) without the package tensorboard.
    """
    return EventsMirror(run, logdir, prefix).update(closed=True)


class EventsMirror:
    """Logs scalars that another writer puts into a log folder, as they come.

    Steps are those of the event files; times are those of the logging. Tags in folders below ``logdir`` begin with
    the way there, such as ``validation/epoch_loss``.

    Args:
        run: whose metrics they become: a run, an experiment, or ``None`` for the run that is going on.
        logdir: the folder; it need not be there before the first update.
        prefix: of the metrics' names.
    """

    def __init__(self, run: Any, logdir: str | os.PathLike[str], prefix: str = "") -> None:
        self.run = run
        self.logdir = os.path.abspath(logdir)
        self.prefix = prefix
        self._files: dict[str, _Followed] = {}

    def update(self, closed: bool = False) -> int:
        """Log what is new since the last update.

        Args:
            closed: whether the writer has finished, so that the end of a file that is not whole is worth a warning.

        Returns:
            how many points were logged.

        Raises:
            FileNotFoundError: if there is no such folder.
            NotRunningError: (a RuntimeError) if there is no run.
            MissingExtraError: (an ImportError) without the package tensorboard.
        """
        if not os.path.isdir(self.logdir):
            raise FileNotFoundError(f"there is no log folder {self.logdir}")
        run, count = run_of(self.run), 0
        for name, path in event_files(self.logdir):
            followed = self._files.setdefault(name, _Followed(path))
            count += followed.log_new(run, named(self.prefix, way_to(name)), closed)
        return count


class _Followed:
    """One event file, and how far it has been read."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._position = 0
        self._scalars = Scalars()
        self._noted: set[str] = set()

    def log_new(self, run: Any, prefix: str, closed: bool) -> int:
        count = 0
        with open(self._path, "rb") as file:
            file.seek(self._position)
            frames = Frames(file, self._position)
            for scalars in self._scalars.each(frames):
                self._position = frames.position
                for tag, step, value, _ in scalars:
                    run.log_scalar(prefix + tag, value, step)
                    count += 1
            self._position = frames.position
        self._note(frames.problems(whole=closed))
        return count

    def _note(self, problems: str) -> None:
        if problems and problems not in self._noted:
            self._noted.add(problems)
            warnings.warn(f"the event file {self._path} is damaged: {problems}", HallowWarning, stacklevel=4)
