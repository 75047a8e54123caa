"""Containers of the configuration."""

from __future__ import annotations

from hallow.config.dogmatic import DogmaticDict, DogmaticList
from hallow.config.filling import fallback_dict
from hallow.config.readonly import ReadOnlyContainer, ReadOnlyDict, ReadOnlyList, make_read_only

__all__ = [
    "DogmaticDict",
    "DogmaticList",
    "ReadOnlyContainer",
    "ReadOnlyDict",
    "ReadOnlyList",
    "fallback_dict",
    "make_read_only",
]
