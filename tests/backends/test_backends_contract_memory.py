"""The contract on runs in memory."""

from typing import ClassVar

import pytest

from hallow.backends.memory.store import MemoryStore
from hallow.observers import MemoryObserver
from hallow.testing import Backend, BackendContract, RawRun


class Raw(RawRun):
    def __init__(self, store, run_id):
        self.store, self.run = store, store._runs[store._known_id(run_id)]

    def status(self):
        return self.run.document["status"]

    def output(self):
        return bytes(self.run.output)

    def _content(self, files, name):
        return next(self.store._files[file.key] for file in files if file.name == name)

    def artifact(self, name):
        return self._content(self.run.document["artifacts"], name)

    def resource(self, path):
        return self._content(self.run.document["resources"], path)

    def source(self, path):
        return self._content(self.run.document["experiment"]["sources"], path)

    def points(self, metric):
        return sum(len(points) for _, batch in self.run.batches for points in batch if points.name == metric)


class Memory(Backend):
    cannot: ClassVar = {
        "processes": "memory belongs to one process",
        "outage": "memory is always there",
        "traffic": "nothing is sent anywhere",
        "dead": "the memory of a process is gone with it",
    }

    def __init__(self):
        self.store = MemoryStore()

    def observer(self):
        return MemoryObserver(self.store)

    def open(self):
        return self.store

    def raw(self, run_id):
        return Raw(self.store, run_id)

    def contents(self):
        return len(self.store._files)

    def everything(self):
        return len(self.store._files) + len(self.store._runs)

    def damage(self, run_id):
        self.store._runs[run_id].document["config"] = "no object"


class TestMemory(BackendContract):
    @pytest.fixture
    def backend(self):
        return Memory()
