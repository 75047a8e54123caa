"""Observers behind a queue."""

from __future__ import annotations

from hallow.observers.queue import QueueObserver

__all__ = ["QueueObserver"]
