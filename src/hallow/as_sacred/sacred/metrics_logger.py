"""Metrics."""

from __future__ import annotations

from hallow.running.metrics import MetricsLogger, ScalarMetricLogEntry, linearize_metrics

__all__ = ["MetricsLogger", "ScalarMetricLogEntry", "linearize_metrics"]
