"""Facts about the package."""

from __future__ import annotations

from hallow import __author__, __author_email__, __url__
from hallow.as_sacred import VERSION

__all__ = ["__author__", "__author_email__", "__url__", "__version__"]

__version__ = VERSION
