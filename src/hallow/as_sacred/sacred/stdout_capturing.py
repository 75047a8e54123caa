"""Captured output."""

from __future__ import annotations

from hallow.running.capture import CapturedStdout, flush, get_stdcapturer, no_tee, tee_output_fd, tee_output_python

__all__ = ["CapturedStdout", "flush", "get_stdcapturer", "no_tee", "tee_output_fd", "tee_output_python"]
