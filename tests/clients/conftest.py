"""Two stores with the same runs, for tests that only read them, and a database for tests that write."""

from __future__ import annotations

from types import SimpleNamespace
from uuid import uuid4

import pytest
from clients_experiment import record_runs, training

from hallow.observers import FileStorageObserver


@pytest.fixture(scope="session")
def _state_of_shared_stores(tmp_path_factory):
    """Journals of their runs are not among the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HALLOW_STATE_DIR", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session")
def folder(tmp_path_factory, _state_of_shared_stores):
    """A file store with the runs of :func:`clients_experiment.record_runs`."""
    made = tmp_path_factory.mktemp("clients_folder")
    record_runs(training(made, FileStorageObserver(made / "runs")))
    return made / "runs"


@pytest.fixture(scope="session")
def lab(tmp_path_factory, mongo_server, _state_of_shared_stores):
    """A database with the same runs; see :func:`mongo` for what it has."""
    name = f"hallow_test_{uuid4().hex[:12]}"
    with mongo_server.client() as client:
        found = _described(mongo_server, client, name)
        record_runs(training(tmp_path_factory.mktemp("clients_mongo"), found.observer()))
        yield found
        client.drop_database(name)


@pytest.fixture
def mongo(mongo_server, mongo_database):
    """An empty database: ``client`` of pymongo, ``name``, ``database``, ``uri``, and ``observer(**more)`` for it."""
    with mongo_server.client() as client:
        yield _described(mongo_server, client, mongo_database)


def _described(server, client, name):
    from hallow.observers import MongoObserver

    def observer(**more):
        return MongoObserver(client=client, db_name=name, **more)

    return SimpleNamespace(
        client=client, name=name, database=client[name], uri=server.uri_of(name), server=server.uri, observer=observer
    )
