"""Runs in S3."""

from __future__ import annotations

from hallow.backends.objects.clouds import DEFAULT_S3_PRIORITY, S3Observer
from hallow.cli.builtin import s3_option

__all__ = ["DEFAULT_S3_PRIORITY", "S3Observer", "s3_option"]
