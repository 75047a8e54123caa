"""Messages to Slack."""

from __future__ import annotations

from hallow.observers.notify.slack import DEFAULT_SLACK_PRIORITY, SlackObserver

__all__ = ["DEFAULT_SLACK_PRIORITY", "SlackObserver"]
