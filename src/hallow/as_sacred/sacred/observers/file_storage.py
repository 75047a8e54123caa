"""Runs in folders."""

from __future__ import annotations

from hallow.backends.file.observer import FileStorageObserver
from hallow.backends.file.writer import DEFAULT_FILE_STORAGE_PRIORITY
from hallow.cli.builtin import file_storage_option

__all__ = ["DEFAULT_FILE_STORAGE_PRIORITY", "FileStorageObserver", "file_storage_option"]
