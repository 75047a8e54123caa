"""The fixtures, as a pytest plug-in; :mod:`servers` lists them."""

from __future__ import annotations

import os
from contextlib import ExitStack
from importlib.util import find_spec
from uuid import uuid4

import pytest

_DEV = "the extra `dev` has it"


def _need(*modules: str) -> None:
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed ({_DEV})")


def _fresh(prefix: str, joint: str = "_") -> str:
    return f"{prefix}{joint}{uuid4().hex[:12]}"


@pytest.fixture(scope="session")
def mongo_server():
    """A MongoDB server; what it has in other databases than those of this test is none of a test's business."""
    _need("pymongo")
    from servers.mongo import VARIABLE, Mongo, MongoServer

    if given := os.environ.get(VARIABLE):
        yield Mongo(given)
        return
    _need("secantus")
    with MongoServer() as server:
        yield server


@pytest.fixture
def mongo_database(mongo_server):
    """The name of a database of its own."""
    name = _fresh("hallow_test")
    yield name
    mongo_server.drop(name)


@pytest.fixture
def mongo_commands(mongo_database):
    """Counts what every client made in this test sends to ``mongo_database``."""
    from servers.mongo import counting

    with counting(mongo_database) as counter:
        yield counter


@pytest.fixture
def breakable_mongo():
    """A server of this test alone, on disk: it may be killed and restarted."""
    _need("pymongo", "secantus")
    from servers.mongo import MongoServer

    with MongoServer(durable=True) as server:
        yield server


def _need_postgres() -> None:
    from servers.postgres import MISSING, binaries

    _need("psycopg")
    if binaries() is None:
        pytest.skip(MISSING)


@pytest.fixture(scope="session")
def postgres_server():
    """A PostgreSQL server."""
    _need_postgres()
    from servers.postgres import PostgresServer

    with PostgresServer() as server:
        yield server


@pytest.fixture
def postgres_database(postgres_server):
    """The URL of an empty database of its own, for SQLAlchemy."""
    name = _fresh("hallow_test")
    postgres_server.create(name)
    yield postgres_server.url_of(name)
    postgres_server.drop(name)


@pytest.fixture
def breakable_postgres():
    """A server of this test alone that syncs to disk: it may be killed and restarted."""
    _need_postgres()
    from servers.postgres import PostgresServer

    with PostgresServer(durable=True) as server:
        yield server


@pytest.fixture(scope="session")
def s3_server():
    """An S3 server."""
    _need("moto", "flask", "flask_cors")
    from servers.s3 import S3Server, protocol_loaded_once

    with protocol_loaded_once(), S3Server() as server:
        yield server


@pytest.fixture
def s3_bucket(s3_server, monkeypatch):
    """The name of an empty bucket of its own; the environment says where it is."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    for name, value in s3_server.environment().items():
        monkeypatch.setenv(name, value)
    name = _fresh("hallow-test", "-")
    s3_server.create(name)
    return name


@pytest.fixture
def proxy_to():
    """``proxy_to(server)``: a proxy in front of a server, closed at the end of the test."""
    from servers.proxy import Proxy

    with ExitStack() as proxies:

        def start(server) -> Proxy:
            host, port = getattr(server, "address", None) or ("127.0.0.1", server.port)
            return proxies.enter_context(Proxy(port, host))

        yield start
