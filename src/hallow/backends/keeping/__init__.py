"""What the back-ends have in common: the observer of a store, over the few operations in which they differ."""

from __future__ import annotations

from hallow.backends.keeping.files import ArtifactFile, SourceFile
from hallow.backends.keeping.observer import StoreObserver

__all__ = ["ArtifactFile", "SourceFile", "StoreObserver"]
