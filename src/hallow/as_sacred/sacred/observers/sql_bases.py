"""Tables of SQL databases."""

from __future__ import annotations

from hallow.backends.sql.tables import Artifact, Base, Dependency, Experiment, Host, Repository, Resource, Run, Source

__all__ = ["Artifact", "Base", "Dependency", "Experiment", "Host", "Repository", "Resource", "Run", "Source"]
