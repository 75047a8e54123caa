"""Rows that runs share: machines, experiments with their code, sources, resources."""

from __future__ import annotations

import logging
from functools import cache
from hashlib import md5
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, select

from hallow.backends.sql.contents import add_bytes, add_row, add_text
from hallow.backends.sql.layout import (
    dependency,
    experiment,
    experiments_dependencies,
    experiments_repositories,
    experiments_sources,
    hallow_experiment,
    host,
    repository,
    resource,
    source,
)
from hallow.backends.sql.shape import exclusively
from hallow.records.decoding import restore
from hallow.records.jsonfile import strict_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Select, Table

    from hallow.backends.keeping import SourceFile
    from hallow.backends.sql.shape import Shape

__all__ = ["experiment_row", "host_row", "keep_resource", "keep_sources", "known_rows"]

_log = logging.getLogger("hallow.store")
_REPOSITORY = ("url", "commit", "dirty")
# Values in one list of a query.
_MANY = 500


def _found(connection: Connection, table: Table, values: Mapping[str, Any]) -> int | None:
    """The number of the first row with these values."""
    query, parameters = _query(table, values)
    return connection.execute(query, parameters).scalar()


def _query(table: Table, values: Mapping[str, Any]) -> tuple[Select[Any], dict[str, Any]]:
    """A query for that number, with its parameters."""
    absent = frozenset(name for name, value in values.items() if value is None)
    query = _finding(table, tuple(values), absent)
    return query, {f"{table.name}_{name}": value for name, value in values.items() if name not in absent}


@cache  # to put a query together costs more than to have it answered
def _finding(table: Table, names: tuple[str, ...], absent: frozenset[str]) -> Select[Any]:
    columns, key = table.c, next(iter(table.primary_key))
    same = [
        columns[name].is_(None) if name in absent else columns[name] == bindparam(f"{table.name}_{name}")
        for name in names
    ]
    return select(key).where(*same).order_by(key).limit(1)


@cache
def _both(one: Select[Any], other: Select[Any]) -> Select[Any]:
    return select(one.scalar_subquery(), other.scalar_subquery())


def _row(connection: Connection, table: Table, values: Mapping[str, Any]) -> int:
    """The number of a row with these values, which is made if there is none."""
    found = _found(connection, table, values)
    if found is None:
        exclusively(connection, f"hallow: {table.name}")
        found = _found(connection, table, values)
    return add_row(connection, table, values) if found is None else found


def known_rows(
    connection: Connection, shape: Shape, document: Mapping[str, Any], facts: Mapping[str, Any]
) -> tuple[int | None, int | None]:
    """The rows of an experiment and of a machine, in one query; ``None`` where there is none yet.

    Args:
        connection: in a transaction.
        shape: of the tables.
        document: as for :func:`experiment_row`. If there is a row, all that it refers to is there, too.
        facts: as for :func:`host_row`.
    """
    one, parameters = _query(experiment, _experiment_key(shape, document, strict_json(document)))
    other, further = _query(host, _host_values(shape, facts))
    found = connection.execute(_both(one, other), {**parameters, **further}).one()
    return found[0], found[1]


def host_row(connection: Connection, shape: Shape, facts: Mapping[str, Any]) -> int:
    """The row of a machine.

    Args:
        connection: in a transaction.
        shape: of the tables.
        facts: about the machine, flattened.
    """
    return _row(connection, host, _host_values(shape, facts))


def _host_values(shape: Shape, facts: Mapping[str, Any]) -> dict[str, Any]:
    system = restore(facts.get("os"))
    names = [*(system if isinstance(system, list | tuple) else [system]), None, None]
    found = {
        "cpu": facts.get("cpu"),
        "hostname": facts.get("hostname"),
        "os": names[0],
        "os_info": names[1],
        "python_version": facts.get("python_version"),
    }
    texts = {name: None if value is None else str(value) for name, value in found.items()}
    return shape.fitted(host, texts)


# ---------------------------------------------------------------------------------------------------- experiments


def experiment_row(connection: Connection, shape: Shape, document: Mapping[str, Any]) -> int:
    """The row of an experiment with its code in one state.

    Args:
        connection: in a transaction.
        shape: of the tables.
        document: its part of the document of a run, flattened; the sources are pairs of path and MD5.
    """
    text = strict_json(document)
    key = _experiment_key(shape, document, text)
    found = _found(connection, experiment, key)
    if found is None:
        exclusively(connection, f"hallow: experiment {key['md5sum']}")
        found = _found(connection, experiment, key)
    if found is not None:
        return found
    base_dir = document.get("base_dir")
    facts = {"base_dir": None if base_dir is None else str(base_dir)}
    number = add_row(connection, experiment, {**key, **shape.fitted(experiment, facts)})
    connection.execute(insert(hallow_experiment).values(experiment=number, document=text))
    _link(connection, shape, number, document)
    return number


def _experiment_key(shape: Shape, document: Mapping[str, Any], text: str) -> dict[str, Any]:
    digest = md5(text.encode(), usedforsecurity=False).hexdigest()
    return shape.fitted(experiment, {"name": str(document.get("name") or ""), "md5sum": digest})


def _link(connection: Connection, shape: Shape, number: int, document: Mapping[str, Any]) -> None:
    pairs = [(str(path), str(digest)) for path, digest in document.get("sources") or ()]
    known = _known_sources(connection, [digest for _, digest in pairs])
    keys = [(shape.fitted(source, {"filename": path})["filename"], digest) for path, digest in pairs]
    facts = [{name: one.get(name) for name in _REPOSITORY} for one in document.get("repositories") or ()]
    repositories = [_row(connection, repository, shape.fitted(repository, one)) for one in facts]
    dependencies = _dependency_rows(connection, shape, document.get("dependencies") or ())
    for table, name, numbers in (
        (experiments_sources, "source_id", [known[key] for key in keys if key in known]),
        (experiments_repositories, "repository_id", repositories),
        (experiments_dependencies, "dependency_id", dependencies),
    ):
        rows = [{"experiment_id": number, name: other} for other in dict.fromkeys(numbers)]
        if rows:
            connection.execute(insert(table), rows)


def _dependency_rows(connection: Connection, shape: Shape, packages: Sequence[Any]) -> list[int]:
    parts = [str(package).partition("==") for package in packages]
    wanted = [shape.fitted(dependency, {"name": name, "version": version}) for name, _, version in parts]
    known = _known_dependencies(connection, wanted)
    new = [row for row in wanted if (row["name"], row["version"]) not in known]
    if new:
        exclusively(connection, "hallow: dependency")
        known = _known_dependencies(connection, wanted)
        new = [row for row in wanted if (row["name"], row["version"]) not in known]
    if new:
        connection.execute(insert(dependency), new)
        known = _known_dependencies(connection, wanted)
    return [known[row["name"], row["version"]] for row in wanted]


def _known_dependencies(connection: Connection, wanted: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], int]:
    columns = dependency.c
    known = {}
    for names in _portions([row["name"] for row in wanted]):
        query = select(columns.name, columns.version, columns.dependency_id).where(columns.name.in_(names))
        known.update({(name, version): number for name, version, number in connection.execute(query)})
    return known


def _portions(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), _MANY):
        yield items[start : start + _MANY]


# ---------------------------------------------------------------------------------------------------------- files


def keep_sources(connection: Connection, shape: Shape, sources: Sequence[SourceFile]) -> list[list[str]]:
    """Keep source files by name and content; gives pairs of path and MD5.

    A file that cannot be read is left out with a warning; of one that was changed since it was found, the content that
    it has now is kept, with a warning too.
    """
    known = _known_sources(connection, [file.md5 for file in sources])
    if any(_source_key(shape, file.path, file.md5) not in known for file in sources):
        exclusively(connection, "hallow: source")
        known = _known_sources(connection, [file.md5 for file in sources])
    kept = []
    for file in sources:
        digest: str | None = file.md5
        if _source_key(shape, file.path, file.md5) not in known:
            digest = _keep_source(connection, shape, file)
        if digest is not None:
            kept.append([file.path, digest])
    return kept


def _source_key(shape: Shape, path: str, digest: str) -> tuple[str, str]:
    return shape.fitted(source, {"filename": path})["filename"], digest


def _known_sources(connection: Connection, digests: Sequence[str]) -> dict[tuple[str, str], int]:
    columns = source.c
    known = {}
    for some in _portions(digests):
        query = select(columns.filename, columns.md5sum, columns.source_id).where(columns.md5sum.in_(some))
        known.update({(name, digest): number for name, digest, number in connection.execute(query)})
    return known


def _keep_source(connection: Connection, shape: Shape, file: SourceFile) -> str | None:
    try:
        with open(file.filename, "rb") as opened:
            content = opened.read()
    except OSError as error:
        _log.warning("the source file %s cannot be kept: %s", file.filename, error.strerror or error)
        return None
    digest = md5(content, usedforsecurity=False).hexdigest()
    values = shape.fitted(source, {"filename": file.path, "md5sum": digest})
    if digest != file.md5:
        _log.warning("the source file %s was changed since it was imported; what is kept is new", file.filename)
        if _found(connection, source, values) is not None:
            return digest
    add_text(connection, source, values, content)
    return digest


def keep_resource(connection: Connection, shape: Shape, filename: str, digest: str, content: str) -> int:
    """Keep a file by name and content; gives its number.

    Args:
        connection: in a transaction.
        shape: of the tables.
        filename: absolute path.
        digest: MD5.
        content: path of the file to be read.

    Raises:
        OSError: if it cannot be read.
    """
    values = shape.fitted(resource, {"filename": filename, "md5sum": digest})
    found = _found(connection, resource, values)
    if found is None:
        exclusively(connection, f"hallow: resource {digest}")
        found = _found(connection, resource, values)
    return add_bytes(connection, resource, values, content) if found is None else found
