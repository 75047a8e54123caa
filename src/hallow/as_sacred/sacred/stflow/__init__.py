"""Log folders of TensorFlow and TensorBoard writers, kept with the run."""

from __future__ import annotations

from .method_interception import LogFileWriter

__all__ = ["LogFileWriter"]
