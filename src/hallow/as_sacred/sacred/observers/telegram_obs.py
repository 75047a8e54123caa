"""Messages to Telegram."""

from __future__ import annotations

from hallow.observers.notify.telegram import DEFAULT_TELEGRAM_PRIORITY, TelegramObserver

__all__ = ["DEFAULT_TELEGRAM_PRIORITY", "TelegramObserver"]
