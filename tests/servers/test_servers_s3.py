"""The S3 server of the tests, as s3fs and botocore see it when nobody tells them where it is."""

from __future__ import annotations

import os
import subprocess
import sys

import fsspec
import pytest
from botocore.session import Session

SEEN = []


@pytest.mark.parametrize("time", [1, 2])
def test_every_test_has_an_empty_bucket(s3_bucket, time):
    files = fsspec.filesystem("s3")
    assert files.ls(s3_bucket) == []
    assert s3_bucket not in SEEN
    SEEN.append(s3_bucket)
    files.pipe(f"{s3_bucket}/runs/1/run.json", b"{}")
    assert files.cat(f"{s3_bucket}/runs/1/run.json") == b"{}"
    assert files.ls(f"{s3_bucket}/runs/1") == [f"{s3_bucket}/runs/1/run.json"]


def test_large_files_are_sent_in_parts(s3_bucket):
    content = os.urandom(12 << 20)
    with fsspec.filesystem("s3").open(f"{s3_bucket}/weights.bin", "wb", block_size=5 << 20) as file:
        file.write(content)
    with fsspec.open(f"s3://{s3_bucket}/weights.bin", "rb") as file:
        file.seek(7 << 20)
        assert file.read(1000) == content[7 << 20 : (7 << 20) + 1000]


def test_botocore_finds_it_too(s3_bucket, s3_server):
    client = Session().create_client("s3")
    try:
        client.put_object(Bucket=s3_bucket, Key="a", Body=b"1", IfNoneMatch="*")
        with pytest.raises(client.exceptions.ClientError, match="PreconditionFailed"):
            client.put_object(Bucket=s3_bucket, Key="a", Body=b"2", IfNoneMatch="*")
    finally:
        client.close()
    assert s3_server.objects(s3_bucket) == {"a": b"1"}


def test_child_processes_find_it_too(s3_bucket, s3_server):
    script = f"import fsspec; fsspec.filesystem('s3').pipe('{s3_bucket}/child', b'done')"
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
    assert s3_server.objects(s3_bucket) == {"child": b"done"}


def test_a_bucket_that_cannot_be_made_says_why(s3_server):
    with pytest.raises(AssertionError, match="400.*InvalidBucketName"):
        s3_server.create("x")


def test_what_is_sent_is_counted(s3_bucket, s3_server, proxy_to, monkeypatch):
    proxy = proxy_to(s3_server)
    for name, value in s3_server.environment(proxy).items():
        monkeypatch.setenv(name, value)
    files = fsspec.filesystem("s3", skip_instance_cache=True)
    files.pipe(f"{s3_bucket}/x", b"x" * 100_000)
    assert 100_000 < proxy.sent < 110_000
    assert proxy.received < 5_000
