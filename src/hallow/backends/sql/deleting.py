"""Removing a run with everything that belongs to it alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, exists, select

from hallow.backends.sql.contents import remove
from hallow.backends.sql.layout import (
    artifact,
    dependency,
    experiment,
    experiments_dependencies,
    experiments_repositories,
    experiments_sources,
    hallow_artifact,
    hallow_detail,
    hallow_experiment,
    hallow_metric,
    hallow_output,
    hallow_point,
    hallow_run,
    host,
    repository,
    resource,
    run,
    runs_resources,
    source,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Column, Connection, Table

__all__ = ["delete_run", "forget", "release"]

_LINKS = (
    (experiments_sources, source),
    (experiments_repositories, repository),
    (experiments_dependencies, dependency),
)


def delete_run(connection: Connection, key: int) -> None:
    """Remove a run; files and facts that other runs share with it stay.

    Args:
        connection: in a transaction.
        key: ``run.id``.
    """
    run_id, experiment_id, host_id = connection.execute(
        select(run.c.run_id, run.c.experiment_id, run.c.host_id).where(run.c.id == key)
    ).one()
    forget(connection, key)
    _delete_artifacts(connection, run_id)
    read = _numbers(connection, runs_resources.c.resource_id, runs_resources.c.run_id == run_id)
    connection.execute(delete(runs_resources).where(runs_resources.c.run_id == run_id))
    _delete_unused(connection, resource, runs_resources, read)
    connection.execute(delete(run).where(run.c.id == key))
    release(connection, experiment_id, host_id)


def release(connection: Connection, experiment_id: int | None, host_id: int | None) -> None:
    """Remove an experiment and a machine, unless there are runs of them."""
    if _is_unused(connection, run.c.experiment_id, experiment_id):
        _delete_experiment(connection, experiment_id)
    if _is_unused(connection, run.c.host_id, host_id):
        connection.execute(delete(host).where(host.c.host_id == host_id))


def forget(connection: Connection, key: int) -> None:
    """Remove what the tables of ours have of a run."""
    for table in (hallow_point, hallow_metric, hallow_output, hallow_detail, hallow_run):
        connection.execute(delete(table).where(table.c.run == key))


def _numbers(connection: Connection, column: Column[Any], condition: Any) -> list[int]:
    return list(connection.execute(select(column).where(condition)).scalars())


def _delete_artifacts(connection: Connection, run_id: str) -> None:
    numbers = _numbers(connection, artifact.c.artifact_id, artifact.c.run_id == run_id)
    remove(connection, artifact, numbers)
    connection.execute(delete(hallow_artifact).where(hallow_artifact.c.artifact.in_(numbers)))
    connection.execute(delete(artifact).where(artifact.c.run_id == run_id))


def _is_unused(connection: Connection, column: Column[Any], number: int | None) -> bool:
    return number is not None and connection.execute(select(column).where(column == number).limit(1)).first() is None


def _delete_experiment(connection: Connection, number: int | None) -> None:
    for link, table in _LINKS:
        key = next(iter(table.primary_key))
        linked = _numbers(connection, link.c[key.name], link.c.experiment_id == number)
        connection.execute(delete(link).where(link.c.experiment_id == number))
        _delete_unused(connection, table, link, linked)
    connection.execute(delete(hallow_experiment).where(hallow_experiment.c.experiment == number))
    connection.execute(delete(experiment).where(experiment.c.experiment_id == number))


def _delete_unused(connection: Connection, table: Table, link: Table, numbers: Sequence[int]) -> None:
    """Of these rows, remove those that no link leads to."""
    key = next(iter(table.primary_key))
    is_unused = key.in_(numbers) & ~exists().where(link.c[key.name] == key)
    gone = _numbers(connection, key, is_unused)
    remove(connection, table, gone)
    connection.execute(delete(table).where(key.in_(gone)))
