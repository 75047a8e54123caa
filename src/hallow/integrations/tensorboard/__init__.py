"""TensorBoard: runs written as event files, and event files read as metrics.

Nothing here needs TensorFlow; the messages in event files are those of the package ``tensorboard``, loaded on use.
"""

from __future__ import annotations

from hallow.integrations.tensorboard.following import EventsMirror, log_events
from hallow.integrations.tensorboard.observer import TensorBoardObserver
from hallow.integrations.tensorboard.reading import event_metrics, read_events

__all__ = ["EventsMirror", "TensorBoardObserver", "event_metrics", "log_events", "read_events"]
