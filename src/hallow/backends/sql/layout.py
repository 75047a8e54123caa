"""What lies in the database: Sacred's tables with Sacred's columns, and beside them tables of our own.

Sacred's tables are ``run`` and what it refers to: ``experiment`` (with ``source``, ``repository`` and ``dependency`` by
way of link tables), ``host``, ``resource`` (by way of ``runs_resources``) and ``artifact``. Rows of all but ``run`` and
``artifact`` are shared by the runs that have them in common. In a database that Sacred made they are narrower: what
does not fit is cut there, and is whole in the tables of ours; and ``run.status`` only gets words that Sacred can read.

``config``, ``info`` and everything called JSON below is the text of :func:`~hallow.records.encoding.flatten`, with
numbers that are not finite as ``{"py/float": "nan"}``, so that the JSON functions of databases can read it. Times are
naive, in UTC.

Ours, where ``run`` is ``run.id``:

===================== ==============================================================================================
``hallow_schema``     ``version`` of these tables; ``runs``, the highest number that is the id of a run; ``sacred``, 1
                      if Sacred made its tables
``hallow_run``        what ``run`` cannot hold: ``status`` and ``result`` (JSON) only if the columns of that name
                      cannot say it; ``meta``, ``host`` and the lines of ``fail_trace`` (all JSON); ``format``; the
                      ``token`` of who started it
``hallow_experiment`` ``document`` (JSON): name, base_dir, mainfile, dependencies, repositories and sources in order,
                      these as pairs of path and MD5
``hallow_detail``     what stands beside the record: ``value`` (JSON) by ``name``
``hallow_metric``     the names of the metrics of a run, numbered from 0 in order of appearance
``hallow_point``      one row per point, numbered from 0 within the run. ``step`` and ``value`` are doubles; ``kind``
                      is a sum: 1 if the step is a float, else it is an integer; 2 if the value is an integer, else
                      it is a float. What is no finite double (NaN, large integers) is NULL there, and ``exact`` has
                      ``[step, value]`` (JSON). ``time`` is in seconds since 1970
``hallow_output``     the captured output in pieces of UTF-8, by the position of their first byte;
                      ``run.captured_out`` has the whole text, or the end of a long one
``hallow_artifact``   what ``artifact`` cannot hold: the whole ``name`` and the one that was ``given``, ``path`` of
                      the original, ``md5sum``, ``content_type``, ``metadata`` (JSON)
``hallow_content``    contents that their own table cannot hold, in pieces of 8 MiB: large files, and sources that
                      are no text; ``kind`` is the table, ``owner`` the row
===================== ==============================================================================================
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    column,
)
from sqlalchemy.sql.expression import TableClause
from sqlalchemy.types import UserDefinedType

__all__ = ["PIECE", "SACRED", "VERSION", "metadata", "plain", "raw"]

#: Of our tables.
VERSION = 1
#: Bytes of a content in one row of ``hallow_content``.
PIECE = 8 << 20


class Word(UserDefinedType[str]):
    """Short text whose parameters name no type, so that they fit a column of an enumeration, too."""

    cache_ok = True
    length = 255

    def get_col_spec(self, **_: Any) -> str:
        """The type of new columns."""
        return f"VARCHAR({self.length})"


# Plain TEXT and BLOB of MySQL end at 64 KiB.
_TEXT = Text().with_variant(Text(2**32 - 1), "mysql", "mariadb")
_BLOB = LargeBinary().with_variant(LargeBinary(2**32 - 1), "mysql", "mariadb")
_ID = String(255)
_MD5 = String(32)

metadata = MetaData()

# ------------------------------------------------------------------------------------------------------ Sacred's

source = Table(
    "source",
    metadata,
    Column("source_id", Integer, primary_key=True),
    Column("filename", _TEXT),
    Column("md5sum", _MD5),
    Column("content", _TEXT),
    Index("hallow_source_md5sum", "md5sum"),
)
repository = Table(
    "repository",
    metadata,
    Column("repository_id", Integer, primary_key=True),
    Column("url", _TEXT),
    Column("commit", String(255)),
    Column("dirty", Boolean),
    Index("hallow_repository_commit", "commit"),
)
dependency = Table(
    "dependency",
    metadata,
    Column("dependency_id", Integer, primary_key=True),
    Column("name", String(255)),
    Column("version", String(255)),
    Index("hallow_dependency_name", "name"),
)
resource = Table(
    "resource",
    metadata,
    Column("resource_id", Integer, primary_key=True),
    Column("filename", _TEXT),
    Column("md5sum", _MD5),
    Column("content", _BLOB),
    Index("hallow_resource_md5sum", "md5sum"),
)
host = Table(
    "host",
    metadata,
    Column("host_id", Integer, primary_key=True),
    Column("cpu", _TEXT),
    Column("hostname", String(255)),
    Column("os", _TEXT),
    Column("os_info", _TEXT),
    Column("python_version", _TEXT),
    Index("hallow_host_hostname", "hostname"),
)
experiment = Table(
    "experiment",
    metadata,
    Column("experiment_id", Integer, primary_key=True),
    Column("name", _TEXT),
    Column("md5sum", _MD5),
    Column("base_dir", _TEXT),
    Index("hallow_experiment_md5sum", "md5sum"),
)
experiments_sources = Table(
    "experiments_sources",
    metadata,
    Column("experiment_id", Integer, ForeignKey("experiment.experiment_id"), index=True),
    Column("source_id", Integer, ForeignKey("source.source_id"), index=True),
)
experiments_repositories = Table(
    "experiments_repositories",
    metadata,
    Column("experiment_id", Integer, ForeignKey("experiment.experiment_id"), index=True),
    Column("repository_id", Integer, ForeignKey("repository.repository_id"), index=True),
)
experiments_dependencies = Table(
    "experiments_dependencies",
    metadata,
    Column("experiment_id", Integer, ForeignKey("experiment.experiment_id"), index=True),
    Column("dependency_id", Integer, ForeignKey("dependency.dependency_id"), index=True),
)
run = Table(
    "run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", _ID, unique=True),
    Column("command", _TEXT),
    Column("start_time", DateTime),
    Column("heartbeat", DateTime),
    Column("stop_time", DateTime),
    Column("queue_time", DateTime),
    Column("priority", Double),
    Column("comment", _TEXT),
    Column("fail_trace", _TEXT),
    Column("captured_out", _TEXT),
    Column("config", _TEXT),
    Column("info", _TEXT),
    Column("status", Word),
    Column("host_id", Integer, ForeignKey("host.host_id"), index=True),
    Column("experiment_id", Integer, ForeignKey("experiment.experiment_id"), index=True),
    Column("result", Double),
    sqlite_autoincrement=True,  # the rows of ours must never belong to a later run
)
artifact = Table(
    "artifact",
    metadata,
    Column("artifact_id", Integer, primary_key=True),
    Column("filename", _TEXT),
    Column("content", _BLOB),
    Column("run_id", _ID, ForeignKey("run.run_id"), index=True),
)
runs_resources = Table(
    "runs_resources",
    metadata,
    Column("run_id", _ID, ForeignKey("run.run_id"), index=True),
    Column("resource_id", Integer, ForeignKey("resource.resource_id"), index=True),
)

#: The tables that are Sacred's.
SACRED = tuple(metadata.sorted_tables)

# ---------------------------------------------------------------------------------------------------------- ours


def _key(name: str, kind: Any = Integer) -> Column[Any]:
    """A part of a primary key that the database does not choose."""
    return Column(name, kind, primary_key=True, autoincrement=False)


hallow_schema = Table("hallow_schema", metadata, _key("name", String(64)), Column("value", BigInteger))
hallow_run = Table(
    "hallow_run",
    metadata,
    _key("run"),
    Column("format", _TEXT),
    Column("token", _TEXT),
    Column("status", _TEXT),
    Column("result", _TEXT),
    Column("meta", _TEXT),
    Column("host", _TEXT),
    Column("fail_trace", _TEXT),
)
hallow_experiment = Table("hallow_experiment", metadata, _key("experiment"), Column("document", _TEXT))
hallow_detail = Table("hallow_detail", metadata, _key("run"), _key("name", String(255)), Column("value", _TEXT))
hallow_metric = Table("hallow_metric", metadata, _key("run"), _key("number"), Column("name", _TEXT))
hallow_point = Table(
    "hallow_point",
    metadata,
    _key("run"),
    _key("number", BigInteger),
    Column("metric", Integer),
    Column("step", Double),
    Column("value", Double),
    Column("time", Double),
    Column("kind", SmallInteger),
    Column("exact", _TEXT),
    sqlite_with_rowid=False,  # a third smaller
)
hallow_output = Table("hallow_output", metadata, _key("run"), _key("position", BigInteger), Column("data", _BLOB))
hallow_artifact = Table(
    "hallow_artifact",
    metadata,
    _key("artifact"),
    Column("run", Integer, index=True),
    Column("name", _TEXT),
    Column("given", _TEXT),
    Column("path", _TEXT),
    Column("md5sum", _MD5),
    Column("content_type", _TEXT),
    Column("metadata", _TEXT),
)
hallow_content = Table(
    "hallow_content", metadata, _key("kind", String(16)), _key("owner"), _key("number"), Column("data", _BLOB)
)


def raw(table: Table) -> TableClause:
    """The same table for reading: what is stored comes as the driver gives it, and nothing fails because of it."""
    return TableClause(table.name, *(column(one.name) for one in table.c))


def plain(text: str) -> str:
    """Text without what databases do not take as such: zeros, halves of surrogate pairs."""
    if text.isascii():
        return text.replace("\0", "\ufffd")
    return text.replace("\0", "\ufffd").encode("utf-8", "backslashreplace").decode()
