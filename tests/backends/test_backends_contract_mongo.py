"""The contract on runs in MongoDB."""

from contextlib import contextmanager

import pytest
from bson import ObjectId
from pymongo import MongoClient

from hallow import open_store
from hallow.backends.mongo.observer import MongoObserver
from hallow.testing import Backend, BackendContract, RawRun, Traffic


class Raw(RawRun):
    """Read with the driver alone."""

    def __init__(self, database, run_id):
        self.database = database
        self.run = database.runs.find_one({"_id": run_id})

    def status(self):
        return self.run["status"]

    def output(self):
        chunks = self.database.hallow_output.find({"run_id": self.run["_id"]}).sort("start", 1)
        output = bytearray()
        for chunk in chunks:
            output[chunk["start"] :] = chunk["data"]
        shown = self.run["captured_out"].encode()
        assert bytes(output[-1000:]).endswith(shown[-1000:])
        return bytes(output)

    def _content(self, file_id):
        assert isinstance(file_id, ObjectId)
        return b"".join(chunk["data"] for chunk in self.database.fs.chunks.find({"files_id": file_id}).sort("n", 1))

    def artifact(self, name):
        (file_id,) = [one["file_id"] for one in self.run["artifacts"] if one["name"] == name]
        file = self.database.fs.files.find_one({"_id": file_id})
        assert file["filename"] == f"artifact://runs/{self.run['_id']}/{name}"
        return self._content(file_id)

    def resource(self, path):
        (md5,) = [md5 for name, md5 in self.run["resources"] if name == path]
        return self._content(self.database.fs.files.find_one({"md5": md5})["_id"])

    def source(self, path):
        (file_id,) = [file_id for name, file_id in self.run["experiment"]["sources"] if name == path]
        return self._content(file_id)

    def points(self, metric):
        """Of short runs, the document that clients read has all of them."""
        document = self.database.metrics.find_one({"run_id": self.run["_id"], "name": metric})
        assert len(document["steps"]) == len(document["values"]) == len(document["timestamps"])
        return len(document["values"])


class Mongo(Backend):
    def __init__(self, server, name, commands, proxy):
        self.server, self.name, self.commands, self.proxy = server, name, commands, proxy
        # How long it waits of itself: test_O_28_an_unreachable_server_is_one_error_soon.
        self.url = server.uri_of(name, proxy, serverSelectionTimeoutMS=1000)
        self.client = MongoClient(server.uri, serverSelectionTimeoutMS=5000)
        self.database = self.client[name]

    def observer(self):
        return MongoObserver(self.url, self.name)

    def open(self):
        return open_store(self.url)

    def raw(self, run_id):
        return Raw(self.database, run_id)

    def contents(self):
        return self.database.fs.files.count_documents({})

    def everything(self):
        names = [name for name in self.database.list_collection_names() if name != "hallow_meta"]
        return sum(self.database[name].count_documents({}) for name in names)

    def code(self):
        return f"__import__('hallow.backends.mongo.observer').backends.mongo.observer.MongoObserver({self.url!r}, {self.name!r})"

    def traffic(self):
        return Traffic(self.commands.total, self.commands.total_size)

    def damage(self, run_id):
        self.database.runs.update_one({"_id": run_id}, {"$set": {"config": "no object"}})

    @contextmanager
    def outage(self):
        self.proxy.cut()
        try:
            yield
        finally:
            self.proxy.heal()


class TestMongo(BackendContract):
    @pytest.fixture
    def backend(self, mongo_server, mongo_database, mongo_commands, proxy_to):
        backend = Mongo(mongo_server, mongo_database, mongo_commands, proxy_to(mongo_server))
        yield backend
        backend.client.close()
