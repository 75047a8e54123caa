"""Sacred's tables as mapped classes, to query a database through a session of SQLAlchemy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import DeclarativeBase, relationship

from hallow.backends.sql import layout
from hallow.backends.sql.shape import public_id
from hallow.records.decoding import restore
from hallow.records.jsonfile import load_json

__all__ = ["Artifact", "Base", "Dependency", "Experiment", "Host", "Repository", "Resource", "Run", "Source"]


class Base(DeclarativeBase):
    """Base of the mapped classes; ``Base.metadata`` has all tables."""

    metadata = layout.metadata

    if TYPE_CHECKING:  # the columns

        def __getattr__(self, name: str) -> Any: ...


class Source(Base):
    """A source file."""

    __table__ = layout.source
    experiments = relationship("Experiment", secondary=layout.experiments_sources, back_populates="sources")

    def to_json(self) -> dict[str, Any]:
        """Name and MD5."""
        return {"filename": self.filename, "md5sum": self.md5sum}


class Repository(Base):
    """A repository that sources are in."""

    __table__ = layout.repository
    experiments = relationship("Experiment", secondary=layout.experiments_repositories, back_populates="repositories")

    def to_json(self) -> dict[str, Any]:
        """URL, commit and whether there were changes."""
        return {"url": self.url, "commit": self.commit, "dirty": self.dirty}


class Dependency(Base):
    """A package in one version."""

    __table__ = layout.dependency
    experiments = relationship("Experiment", secondary=layout.experiments_dependencies, back_populates="dependencies")

    def to_json(self) -> str:
        """Such as ``numpy==2.1.0``."""
        return f"{self.name}=={self.version}"


class Resource(Base):
    """A file that runs read."""

    __table__ = layout.resource
    runs = relationship("Run", secondary=layout.runs_resources, back_populates="resources")

    def to_json(self) -> dict[str, Any]:
        """Name and MD5."""
        return {"filename": self.filename, "md5sum": self.md5sum}


class Artifact(Base):
    """A file that a run made."""

    __table__ = layout.artifact
    run = relationship("Run", back_populates="artifacts")

    def to_json(self) -> dict[str, Any]:
        """Number and name."""
        return {"_id": self.artifact_id, "filename": self.filename}


class Host(Base):
    """A machine with one version of Python."""

    __table__ = layout.host
    runs = relationship("Run", back_populates="host")

    def to_json(self) -> dict[str, Any]:
        """All columns, those of the system as a pair."""
        return {
            "cpu": self.cpu,
            "hostname": self.hostname,
            "os": [self.os, self.os_info],
            "python_version": self.python_version,
        }


class Experiment(Base):
    """An experiment with its code in one state."""

    __table__ = layout.experiment
    sources = relationship(
        "Source", secondary=layout.experiments_sources, back_populates="experiments", order_by=layout.source.c.source_id
    )
    repositories = relationship(
        "Repository",
        secondary=layout.experiments_repositories,
        back_populates="experiments",
        order_by=layout.repository.c.repository_id,
    )
    dependencies = relationship(
        "Dependency",
        secondary=layout.experiments_dependencies,
        back_populates="experiments",
        order_by=layout.dependency.c.dependency_id,
    )
    runs = relationship("Run", back_populates="experiment")

    def to_json(self) -> dict[str, Any]:
        """Everything but MD5 and runs."""
        return {
            "name": self.name,
            "base_dir": self.base_dir,
            "sources": [source.to_json() for source in self.sources],
            "repositories": [repository.to_json() for repository in self.repositories],
            "dependencies": [dependency.to_json() for dependency in self.dependencies],
        }


class Run(Base):
    """A run."""

    __table__ = layout.run
    host = relationship("Host", back_populates="runs")
    experiment = relationship("Experiment", back_populates="runs")
    resources = relationship(
        "Resource", secondary=layout.runs_resources, back_populates="runs", order_by=layout.resource.c.resource_id
    )
    artifacts = relationship("Artifact", back_populates="run", order_by=layout.artifact.c.artifact_id)

    def to_json(self) -> dict[str, Any]:
        """The run as Sacred's class gives it: in the keys of a document, without its info and the contents of files."""
        return {
            "_id": public_id(self.id, self.run_id),
            "command": self.command,
            "start_time": self.start_time,
            "heartbeat": self.heartbeat,
            "stop_time": self.stop_time,
            "queue_time": self.queue_time,
            "status": self.status,
            "result": self.result,
            "meta": {"comment": self.comment, "priority": self.priority},
            "resources": [resource.to_json() for resource in self.resources],
            "artifacts": [artifact.to_json() for artifact in self.artifacts],
            "host": None if self.host is None else self.host.to_json(),
            "experiment": None if self.experiment is None else self.experiment.to_json(),
            "config": _restored(self.config),
            "captured_out": self.captured_out,
            "fail_trace": self.fail_trace,
        }


def _restored(text: str | None) -> Any:
    return None if text is None else restore(load_json(text))
