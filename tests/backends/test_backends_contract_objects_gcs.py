"""The contract on Google Cloud Storage, as far as its emulator goes."""

from types import SimpleNamespace
from typing import ClassVar
from uuid import uuid4

import pytest
from test_backends_contract_objects import Objects

from hallow.backends.objects.clouds import GoogleCloudStorageObserver
from hallow.backends.objects.store import ObjectStore
from hallow.testing import BackendContract

pytest.importorskip("gcsfs")
pytest.importorskip("gcp_storage_emulator")
pytestmark = pytest.mark.slow  # the emulator takes its time
OBSERVER = "__import__('hallow.backends.objects.clouds', fromlist=['_']).GoogleCloudStorageObserver"


@pytest.fixture(scope="module")
def emulator():
    from gcp_storage_emulator.server import create_server

    server = create_server("127.0.0.1", 0, in_memory=True)
    server.start()
    yield SimpleNamespace(server=server, port=server._api._httpd.server_port)
    server.stop()


class Gcs(Objects):
    cannot: ClassVar = {
        **Objects.cannot,
        "processes": "the emulator does not bear many clients at once; other stores without conditions are tried",
        "outage": "the emulator is a thread of the tests; S3 is cut off instead",
        "traffic": "requests of gcsfs are not counted; those of s3fs are",
    }
    folder = "deep/runs/"

    def __init__(self, bucket):
        self.bucket, self.url = bucket, f"gs://{bucket}/deep/runs"
        import gcsfs.core

        self.fs = gcsfs.core.GCSFileSystem(token="anon", skip_instance_cache=True, use_listings_cache=False)
        self.fs.mkdir(bucket)

    def observer(self):
        return GoogleCloudStorageObserver(self.bucket, "deep/runs", token="anon")

    def open(self):
        return ObjectStore(self.url, token="anon")

    def code(self):
        return f"{OBSERVER}({self.bucket!r}, 'deep/runs', token='anon')"

    def objects(self):
        start = f"{self.bucket}/{self.folder}"
        return {path.removeprefix(start): self.fs.cat_file(path) for path in self.fs.find(self.bucket)}

    def damage(self, run_id):
        self.fs.pipe_file(f"{self.bucket}/{self.folder}{run_id}/run.json", b'{"status": "RUNN')


class TestGcs(BackendContract):
    @pytest.fixture
    def backend(self, emulator, monkeypatch):
        import gcsfs.core
        from fsspec.registry import _registry

        monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{emulator.port}")
        # Asks for kinds of buckets that the emulator does not have, in a protocol that it does not speak.
        monkeypatch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
        monkeypatch.setitem(_registry, "gs", gcsfs.core.GCSFileSystem)
        return Gcs(f"bucket-{uuid4().hex[:12]}")
