"""S3 for tests: moto's server, in a process of its own."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from functools import cache
from http.client import HTTPConnection
from importlib.util import find_spec
from pathlib import Path

from servers.processes import Process, Server

_KEY, _REGION = "hallow-tests", "us-east-1"

# `python -m moto.server`, but it lists the folder of its services once, and keeps no log of requests. Listing it twice for
# each of them takes near half of the time, and the log a tenth.
_SERVING = """
from moto import backends
from moto.server import main
from werkzeug.serving import WSGIRequestHandler

services = tuple(backends.list_of_moto_modules())
backends.list_of_moto_modules = lambda: services
WSGIRequestHandler.log_request = lambda *_: None
main()
"""


@contextmanager
def protocol_loaded_once():
    """All clients made in this process share the description of the protocol; loading it takes a tenth of a second."""
    from botocore import session

    create = session.create_loader
    session.create_loader = cache(create)
    try:
        yield
    finally:
        session.create_loader = create


class S3Server(Server):
    """An object store in memory that speaks the protocol of S3.

    It takes every key and secret. What is put into it stays until it stops.

    Attributes:
        secret: the secret that belongs to the key in the environment; to be found in no record.
    """

    kind = "s3"
    secret = "unspoken-4712"

    @property
    def endpoint(self) -> str:
        """Its URL."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self, proxy=None) -> dict[str, str]:
        """The variables that lead botocore, s3fs and child processes to it, and only there.

        Args:
            proxy: the way to the server.
        """
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{proxy.port}" if proxy else self.endpoint,
            "AWS_ACCESS_KEY_ID": _KEY,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_DEFAULT_REGION": _REGION,
            "AWS_CONFIG_FILE": str(self.folder / "no-config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.folder / "no-credentials"),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CA_BUNDLE": str(self.folder / "one-authority.pem"),
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }

    def client(self):
        """A botocore client of its own for whoever asks, whatever the environment says, to be closed by them."""
        from botocore.session import Session

        return Session().create_client(
            "s3",
            region_name=_REGION,
            endpoint_url=self.endpoint,
            aws_access_key_id=_KEY,
            aws_secret_access_key=self.secret,
        )

    def create(self, bucket: str) -> None:
        """Make an empty bucket."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)  # loading botocore takes longer than the rest
        try:
            connection.request("PUT", f"/{bucket}")
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        assert answer.status == 200, f"bucket {bucket}: {answer.status} {said[:500]!r}"

    def objects(self, bucket: str) -> dict[str, bytes]:
        """Everything in a bucket, by key, read without s3fs."""
        client = self.client()
        try:
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
            keys = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
            return {key: client.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}
        finally:
            client.close()

    def start(self) -> None:
        """Start it, and return when it takes connections."""
        (self.folder / "one-authority.pem").write_text(_one_authority())
        self._process = Process(
            [sys.executable, "-c", _SERVING, "-H", "127.0.0.1", "-p", str(self.port)],
            self.folder,
            ready=r"Running on http://127\.0\.0\.1:(\d+)",
        )
        self.port = int(self._process.ready[1])


def _one_authority() -> str:
    """The first of botocore's certificates: every client loads all 140, also where it has no use for any, as here."""
    known = Path(find_spec("botocore").origin).with_name("cacert.pem").read_text()
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----\n"
    return begin + known.split(begin)[1].split(end)[0] + end
