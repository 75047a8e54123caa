"""The containers of the configuration, and what is done with them.

:mod:`hallow.config.dogmatic` has those of the time when config sources are evaluated, :mod:`hallow.config.readonly`
those that captured functions may receive.
"""

from __future__ import annotations

from hallow.config.dogmatic import DogmaticDict, DogmaticList, dogmatize, undogmatize
from hallow.config.filling import Replace, fallback_dict, recursive_fill_in
from hallow.config.readonly import ReadOnlyContainer, ReadOnlyDict, ReadOnlyList, make_read_only
from hallow.config.values import is_different, type_changed

__all__ = [
    "DogmaticDict",
    "DogmaticList",
    "ReadOnlyContainer",
    "ReadOnlyDict",
    "ReadOnlyList",
    "Replace",
    "dogmatize",
    "fallback_dict",
    "is_different",
    "make_read_only",
    "recursive_fill_in",
    "type_changed",
    "undogmatize",
]
