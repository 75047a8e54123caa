"""Runs in Google Cloud Storage."""

from __future__ import annotations

from hallow.backends.objects.clouds import DEFAULT_GCS_PRIORITY, GoogleCloudStorageObserver
from hallow.cli.builtin import gcs_option

__all__ = ["DEFAULT_GCS_PRIORITY", "GoogleCloudStorageObserver", "gcs_option"]
