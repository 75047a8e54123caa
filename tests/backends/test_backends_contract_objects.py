"""The contract on objects: in S3 (moto's server, through a proxy), and in a folder."""

import json
from contextlib import contextmanager
from typing import ClassVar

import pytest

from hallow.backends.objects.observer import ObjectStoreObserver
from hallow.backends.objects.store import ObjectStore
from hallow.testing import Backend, BackendContract, RawRun, Traffic

TO_BE_CUT = ("test_an_outage_in_the_middle_loses_nothing", "test_a_start_while_the_store_is_away")
OBSERVER = "__import__('hallow.backends.objects.observer', fromlist=['_']).ObjectStoreObserver"


class Raw(RawRun):
    """By the bytes of all objects, below the folder of the store."""

    def __init__(self, objects, run_id, bucket=""):
        self.objects, self.run, self.bucket = objects, str(run_id), bucket
        self.entry = json.loads(self.own("run.json"))

    def own(self, name):
        return self.objects[f"{self.run}/{name}"]

    def status(self):
        return self.entry["status"]

    def output(self):
        return self.own("cout.txt")

    def artifact(self, name):
        assert name in self.entry["artifacts"]
        return self.own(name)

    def resource(self, path):
        key = dict(self.entry["resources"])[path]
        assert key.startswith(self.bucket)
        return self.objects[key.removeprefix(self.bucket)]

    def source(self, path):
        return self.objects[dict(self.entry["experiment"]["sources"])[path]]

    def points(self, metric):
        return len(json.loads(self.own("metrics.json"))[metric]["values"])


class Objects(Backend):
    cannot: ClassVar = {"reserved": "artifacts lie beside the objects of the run, whose names are not theirs"}
    url = folder = ""

    def objects(self):
        raise NotImplementedError

    options: ClassVar = {}

    def observer(self):
        return ObjectStoreObserver(self.url, **self.options)

    def code(self):
        return f"{OBSERVER}({self.url!r})"

    def open(self):
        return ObjectStore(self.url, **self.options)

    def raw(self, run_id):
        return Raw(self.objects(), run_id, self.folder)

    def contents(self):
        return sum(name.startswith(("_sources/", "_resources/")) for name in self.objects())

    def everything(self):
        return sum(not name.startswith(".hallow/") for name in self.objects())


class S3(Objects):
    folder = "deep/runs/"

    def __init__(self, server, bucket, proxy, sent, options):
        self.server, self.bucket, self.proxy, self.sent, self.options = server, bucket, proxy, sent, options
        self.url = f"s3://{bucket}/deep/runs"

    def objects(self):
        found = self.server.objects(self.bucket)
        assert all(key.startswith(self.folder) for key in found)
        return {key.removeprefix(self.folder): content for key, content in found.items()}

    def damage(self, run_id):
        client = self.server.client()
        client.put_object(Bucket=self.bucket, Key=f"{self.folder}{run_id}/run.json", Body=b'{"status": "RUNN')
        client.close()

    def traffic(self):
        return Traffic(len(self.sent), sum(self.sent))

    @contextmanager
    def outage(self):
        self.proxy.cut()
        try:
            yield
        finally:
            self.proxy.heal()


@pytest.fixture(scope="module")
def shared_session():
    """Saves loading the description of the protocol again for each observer."""
    from aiobotocore.session import AioSession

    return {"session": AioSession()}


@pytest.fixture
def sent(monkeypatch):
    """The bytes in the body of every request of s3fs, also of its multi-part uploads."""
    import s3fs

    found = []
    call = s3fs.S3FileSystem._call_s3

    async def counting(self, method, *args, **kwargs):
        found.append(len(kwargs.get("Body") or b""))
        return await call(self, method, *args, **kwargs)

    monkeypatch.setattr(s3fs.S3FileSystem, "_call_s3", counting)
    return found


class TestS3(BackendContract):
    @pytest.fixture
    def backend(self, request, s3_server, s3_bucket, proxy_to, monkeypatch, sent, shared_session):
        proxy = None
        if request.node.name in TO_BE_CUT:  # the others are faster without
            proxy = proxy_to(s3_server)
            monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server.environment(proxy)["AWS_ENDPOINT_URL"])
        return S3(s3_server, s3_bucket, proxy, sent, shared_session)


class Folder(Objects):
    cannot: ClassVar = {
        **Objects.cannot,
        "outage": "it is on this machine",
        "traffic": "files are written by the system",
    }

    def __init__(self, folder):
        self.path = folder
        self.folder = f"{folder}/"
        self.url = f"file://{folder}"

    def objects(self):
        return {
            path.relative_to(self.path).as_posix(): path.read_bytes() for path in self.path.rglob("*") if path.is_file()
        }

    def damage(self, run_id):
        (self.path / run_id / "run.json").write_bytes(b'{"status": "RUNN')


class TestFolder(BackendContract):
    @pytest.fixture
    def backend(self, tmp_path):
        return Folder(tmp_path / "store")
