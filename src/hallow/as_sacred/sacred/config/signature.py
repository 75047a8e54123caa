"""Signatures of captured functions."""

from __future__ import annotations

from hallow.experiment.signature import Signature

__all__ = ["Signature"]
