"""S3Observer and GoogleCloudStorageObserver, called as in Sacred; and its defects in them."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from hallow.backends.objects import clouds
from hallow.backends.objects.clouds import GoogleCloudStorageObserver, S3Observer
from hallow.backends.objects.observer import ObjectStoreObserver
from hallow.backends.objects.store import ObjectStore
from hallow.cli.builtin import gcs_option, s3_option
from hallow.errors import MissingExtraError, OptionError, StoreError
from hallow.testing.contract.support import Session, T


@pytest.fixture(autouse=True)
def _no_profile(monkeypatch, tmp_path):
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))


# --------------------------------------------------------------------------------------------- constructors of S3


@pytest.mark.parametrize("bucket", ["abc", "a-b.c-d", "123", "a.b", "a" * 63, "1.2.3"])
def test_names_of_buckets_in_s3(bucket):
    observer = S3Observer(bucket, "runs", region="eu-west-1")
    assert (observer.bucket, observer.region, observer.basedir) == (bucket, "eu-west-1", "runs")


@pytest.mark.parametrize(
    "bucket",
    [
        "",
        "ab",
        "a" * 64,
        "Upper",
        "under_score",
        "-abc",
        "abc-",
        "a..b",
        ".abc",
        "abc.",
        "a.-b",
        "1.2.3.4",
        "a b",
        "a/b",
    ],
)
def test_no_names_of_buckets_in_s3(bucket):
    with pytest.raises(ValueError, match="bucket cannot be called"):
        S3Observer(bucket, "runs", region="eu-west-1")


def test_the_region_is_that_of_the_argument_or_of_the_profile(monkeypatch, tmp_path):
    with pytest.raises(ValueError, match="does not know the region"):
        S3Observer("bucket", "runs")
    (tmp_path / "config").write_text("[default]\nregion = ap-south-1\n[profile other]\nregion = eu-north-1\n")
    assert S3Observer("bucket", "runs").region == "ap-south-1"
    monkeypatch.setenv("AWS_PROFILE", "other")
    assert S3Observer("bucket", "runs").region == "eu-north-1"
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    assert S3Observer("bucket", "runs").region == "us-west-2"
    assert S3Observer("bucket", "runs", region="sa-east-1").region == "sa-east-1"


def test_attributes_of_s3_observers():
    observer = S3Observer("bucket", "a/runs", region="eu-west-1")
    assert (observer.priority, observer.VERSION, observer.dir, observer.run_entry) == (
        20,
        "S3Observer-0.1.0",
        None,
        None,
    )
    assert (observer.resource_dir, observer.source_dir) == ("a/runs/_resources", "a/runs/_sources")
    assert repr(observer) == "S3Observer('s3://bucket/a/runs')"
    other = S3Observer("bucket", "a/runs/", "res", "src", 5, "eu-west-1")
    assert (other.resource_dir, other.source_dir, other.priority) == ("res", "src", 5)
    assert other == observer != S3Observer("bucket", "a", region="eu-west-1")
    assert observer != S3Observer("bucket2", "a/runs", region="eu-west-1")
    assert clouds.DEFAULT_S3_PRIORITY == clouds.DEFAULT_GCS_PRIORITY == 20


def test_the_option_for_s3(monkeypatch):
    import hallow.observers

    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setattr(hallow.observers, "S3Observer", S3Observer, raising=False)
    run = SimpleNamespace(observers=[])
    s3_option("s3://bucket/deep/runs", run)
    (observer,) = run.observers
    assert (observer.bucket, observer.basedir) == ("bucket", "deep/runs")
    for text in ("s3://bucket", "bucket/runs", "gs://bucket/runs", "s3://bucket/", ""):
        with pytest.raises(ValueError, match="s3://bucket/folder"):
            S3Observer.from_text(text)
    with pytest.raises(OptionError):
        s3_option.validate("bucket/runs")


def test_s3_without_its_packages(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "botocore.session", None)
    with pytest.raises(MissingExtraError, match=r"hallow\[remote\]"):
        S3Observer("bucket", "runs")


def test_an_s3_observer_is_made_again():
    observer = S3Observer("bucket", "runs", "res", priority=3, region="eu-west-1", endpoint_url="http://here")
    spec = json.loads(json.dumps(observer.recovery()))
    assert spec["class"] == "hallow.backends.objects.clouds:S3Observer"
    again = S3Observer(**spec["arguments"])
    assert (again, again.region, again.resource_dir, again.priority) == (observer, "eu-west-1", "res", 3)
    assert again.recovery() == observer.recovery()


# ----------------------------------------------------------------------------------------------------- events


def start(observer, **changes):
    facts = {"name": "e", "base_dir": "/", "sources": [], "dependencies": [], "repositories": [], "mainfile": None}
    arguments = {
        "ex_info": facts,
        "command": "main",
        "host_info": {},
        "start_time": T,
        "config": {"a": 1},
        "meta_info": {},
    }
    return observer.started_event(**{**arguments, "_id": None, **changes})


@pytest.fixture
def observer(s3_bucket):
    return S3Observer(s3_bucket, "lab/runs", region="us-east-1")


def test_O_40_sources_and_resources_are_where_run_json_says(observer, s3_server, s3_bucket, tmp_path):
    (source := tmp_path / "net.py").write_text("x = 1")
    facts = {"name": "e", "base_dir": str(tmp_path), "dependencies": [], "repositories": [], "mainfile": "net.py"}
    digest = "a4ac9155cc89aeb2a47ef8a7a7d8ef55"
    start(observer, ex_info={**facts, "sources": [("net.py", digest)]})
    observer.resource_event(filename=str(source))
    observer.completed_event(stop_time=T, result=1)
    objects = s3_server.objects(s3_bucket)
    entry = json.loads(objects["lab/runs/1/run.json"])
    ((name, stored),) = entry["experiment"]["sources"]
    assert (name, objects[f"lab/runs/{stored}"]) == ("net.py", b"x = 1")
    ((path, key),) = entry["resources"]
    assert (path, objects[key]) == (str(source), b"x = 1")
    assert stored.startswith("_sources/net_")
    assert key.startswith("lab/runs/_resources/net_")
    assert [name for name in objects if "1/lab" in name] == []


def test_O_41_the_file_of_the_output_has_all_of_it(observer, s3_server, s3_bucket):
    start(observer)
    for text in ("first ", "first second "):
        observer.heartbeat_event(info={}, captured_out=text, beat_time=T, result=None)
        assert s3_server.objects(s3_bucket)["lab/runs/1/cout.txt"] == text.encode()
    observer.completed_event(stop_time=T, result=None)
    assert s3_server.objects(s3_bucket)["lab/runs/1/cout.txt"] == b"first second "


def test_O_42_metrics_of_one_run_do_not_appear_in_the_next(observer, s3_server, s3_bucket):
    for name in ("one", "two"):
        start(observer)
        metric = {name: {"name": name, "steps": [0], "values": [1.5], "timestamps": [T]}}
        observer.log_metrics(metrics_by_name=metric, info={})
        observer.heartbeat_event(info={}, captured_out="", beat_time=T, result=None)
        observer.completed_event(stop_time=T, result=None)
    objects = s3_server.objects(s3_bucket)
    assert set(json.loads(objects["lab/runs/1/metrics.json"])) == {"one"}
    assert set(json.loads(objects["lab/runs/2/metrics.json"])) == {"two"}


def test_O_43_run_1_is_not_run_10_and_a_start_lists_nothing(observer, s3_bucket, monkeypatch):
    start(observer, _id="10")
    observer.completed_event(stop_time=T, result=None)
    start(observer, _id="1")
    with pytest.raises(FileExistsError, match="run 1 exists"):
        start(observer, _id="1")
    import s3fs

    calls = []
    call = s3fs.S3FileSystem._call_s3

    async def noting(self, method, *args, **kwargs):
        calls.append(method)
        return await call(self, method, *args, **kwargs)

    monkeypatch.setattr(s3fs.S3FileSystem, "_call_s3", noting)
    assert start(S3Observer(s3_bucket, "lab/runs", region="us-east-1")) == 11
    assert set(calls) == {"get_object", "put_object"}
    assert len(calls) <= 8


def test_the_bucket_is_made_when_the_id_is_not_given(s3_server, s3_bucket, monkeypatch):
    """In the region of the observer; the server is particular about that."""
    for region in ("us-east-1", "eu-central-1"):
        bucket = f"{s3_bucket}-{region}"
        with pytest.raises(StoreError, match="no bucket"):
            start(S3Observer(bucket, "runs", region=region), _id="7")
        assert start(S3Observer(bucket, "runs", region=region)) == 1
        client = s3_server.client()
        place = client.get_bucket_location(Bucket=bucket)["LocationConstraint"]
        client.close()
        assert (place or "us-east-1") == region


def test_a_queued_run_in_s3(observer, s3_server, s3_bucket, tmp_path):
    (tmp_path / "net.py").write_text("x = 1")
    facts = {"name": "e", "base_dir": str(tmp_path), "dependencies": [], "repositories": [], "mainfile": "net.py"}
    arguments = {"command": "main", "host_info": {}, "queue_time": T, "config": {"a": 1}, "meta_info": {}, "_id": None}
    run = observer.queued_event(ex_info={**facts, "sources": [("net.py", "0" * 32)]}, **arguments)
    objects = s3_server.objects(s3_bucket)
    assert objects["lab/runs/1/net.py"] == b"x = 1"
    assert json.loads(objects["lab/runs/1/run.json"])["status"] == "QUEUED"
    assert start(observer, _id=run) == 1
    observer.completed_event(stop_time=T, result=3)
    with ObjectStore(f"s3://{s3_bucket}/lab/runs") as store:
        assert store.get("1").result == 3


def test_folders_for_sources_and_resources_elsewhere_in_the_bucket(s3_server, s3_bucket, tmp_path):
    (data := tmp_path / "d.csv").write_text("1,2")
    observer = S3Observer(s3_bucket, "lab/runs", "shared/res", "src", region="us-east-1")
    start(observer)
    observer.resource_event(filename=str(data))
    observer.completed_event(stop_time=T, result=None)
    objects = s3_server.objects(s3_bucket)
    ((_, key),) = json.loads(objects["lab/runs/1/run.json"])["resources"]
    assert key.startswith("shared/res/d_")
    assert objects[key] == b"1,2"
    with observer.store() as store:
        assert store.get(1).resources[0].read_bytes() == b"1,2"


# -------------------------------------------------------------------------------------- Google Cloud Storage


@pytest.mark.parametrize("bucket", ["abc", "a-b_c.d", "123", "a" * 63])
def test_names_of_buckets_in_google_cloud_storage(bucket):
    observer = GoogleCloudStorageObserver(bucket, "runs", token="anon")
    assert (observer.bucket, observer.basedir, observer.priority) == (bucket, "runs", 20)
    assert observer.VERSION == "GoogleCloudStorageObserver-0.1.0"
    assert observer._objects.url == f"gs://{bucket}/runs"


@pytest.mark.parametrize(
    "bucket",
    ["", "ab", "a" * 64, "Upper", "gs://abc", "-abc", "abc-", "a..b", "1.2.3.4", "my-google", "g00gle", "a b", "a/b"],
)
def test_no_names_of_buckets_in_google_cloud_storage(bucket):
    with pytest.raises(ValueError, match="bucket cannot be called"):
        GoogleCloudStorageObserver(bucket, "runs", token="anon")


def test_google_cloud_storage_without_credentials(monkeypatch, tmp_path):
    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")  # nobody asks the network whether this machine is one of theirs
    with pytest.raises(ConnectionError, match="GOOGLE_APPLICATION_CREDENTIALS"):
        GoogleCloudStorageObserver("bucket", "runs")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing.json"))
    with pytest.raises(ConnectionError, match=r"missing\.json"):
        GoogleCloudStorageObserver("bucket", "runs")


def test_the_option_for_google_cloud_storage(monkeypatch):
    import hallow.observers

    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:9")
    monkeypatch.setattr(hallow.observers, "GoogleCloudStorageObserver", GoogleCloudStorageObserver, raising=False)
    run = SimpleNamespace(observers=[])
    gcs_option("gs://bucket/deep/runs", run)
    (observer,) = run.observers
    assert (observer.bucket, observer.basedir) == ("bucket", "deep/runs")
    with pytest.raises(ValueError, match="gs://bucket/folder"):
        GoogleCloudStorageObserver.from_text("s3://bucket/runs")


def test_equality_of_observers_of_different_classes():
    observer = GoogleCloudStorageObserver("bucket", "runs", token="anon")
    assert observer == ObjectStoreObserver("gs://bucket/runs")
    assert observer != S3Observer("bucket", "runs", region="eu-west-1")
    assert observer != "gs://bucket/runs"


def test_runs_in_google_cloud_storage_by_way_of_a_stand_in(monkeypatch):
    """A file system under its scheme that has nothing but buckets in memory; the emulator is tried elsewhere."""
    from fsspec.implementations.memory import MemoryFileSystem
    from fsspec.registry import _registry

    class StandIn(MemoryFileSystem):
        protocol = "gs"
        store, pseudo_dirs = {}, [""]

        @classmethod
        def _strip_protocol(cls, path):
            return path.removeprefix("gs://").strip("/")

        @classmethod
        def _parent(cls, path):
            return path.rpartition("/")[0]

        def pipe_file(self, path, value, mode="overwrite", content_type=None):
            types[path.rpartition("/")[2]] = content_type
            if path.split("/")[0] not in self.pseudo_dirs:
                raise FileNotFoundError(path)
            super().pipe_file(path, value, mode=mode)

        def put_file(self, lpath, rpath, content_type=None, chunksize=None):
            with open(lpath, "rb") as file:
                self.pipe_file(rpath, file.read(), content_type=content_type)

    types = {}
    monkeypatch.setitem(_registry, "gs", StandIn)
    with pytest.raises(StoreError, match="no bucket 'bucket'"):
        start(GoogleCloudStorageObserver("bucket", "runs", token="x"))
    StandIn.pseudo_dirs.append("bucket")
    observer = GoogleCloudStorageObserver("bucket", "runs", token="x")
    session = Session(None, observer=observer)
    session.observer.artifact_event(name="me", filename=__file__)
    session.log("m", 3)
    session.complete(result=4)
    record = ObjectStore("gs://bucket/runs").get(1)
    assert (record.result, len(record.metrics["m"]), record.artifact("me").name) == (4, 3, "me")
    assert start(observer) == 2
    assert {path.split("/")[0] for path in StandIn.store} == {"bucket"}
    assert (types["run.json"], types["cout.txt"], types["me"]) == ("text/json", "text/plain", None)
