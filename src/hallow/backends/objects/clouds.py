"""Observers for S3 and Google Cloud Storage, called as in Sacred."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from hallow.backends.objects.observer import ObjectStoreObserver
from hallow.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["DEFAULT_GCS_PRIORITY", "DEFAULT_S3_PRIORITY", "GoogleCloudStorageObserver", "S3Observer"]

DEFAULT_S3_PRIORITY = 20
DEFAULT_GCS_PRIORITY = 20

_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_S3_NAME = re.compile(r"(?!-)[a-z0-9-]+(?<!-)(?:\.(?!-)[a-z0-9-]+(?<!-))*")
_GCS_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*[a-z0-9]")


class S3Observer(ObjectStoreObserver):
    """Keeps runs in S3; credentials and address are those of the AWS configuration.

    Nothing is connected before a run starts. A bucket that is missing is made when a run starts whose id is not given.

    Args:
        bucket: its name.
        basedir: the folder in it.
        resource_dir: where resources are kept, within the bucket; by default ``<basedir>/_resources``.
        source_dir: where source files are kept, within the bucket; by default ``<basedir>/_sources``.
        priority: see :class:`~hallow.observers.base.RunObserver`.
        region: by default that of the AWS profile.
        storage_options: of s3fs, such as ``endpoint_url``; see
            :class:`~hallow.backends.objects.observer.ObjectStoreObserver`.

    Attributes:
        bucket: its name.
        region: of AWS.

    Raises:
        UsageError: (a ValueError) if the bucket cannot have that name, or no region is known.
        MissingExtraError: (an ImportError) if s3fs is missing.
    """

    VERSION = "S3Observer-0.1.0"

    def __init__(
        self,
        bucket: str,
        basedir: str,
        resource_dir: str | None = None,
        source_dir: str | None = None,
        priority: float = DEFAULT_S3_PRIORITY,
        region: str | None = None,
        **storage_options: Any,
    ) -> None:
        if not 3 <= len(bucket) <= 63 or not _S3_NAME.fullmatch(bucket) or _ADDRESS.fullmatch(bucket):
            raise _bad_bucket(
                bucket, "labels of lower-case letters, digits and inner dashes, joined by dots; no address"
            )
        self.bucket = bucket
        self.region = region or _profile_region()
        config = {"region_name": self.region, **storage_options.pop("config_kwargs", {})}
        url = f"s3://{bucket}/{basedir.strip('/')}"
        dirs = {"resource_dir": resource_dir, "source_dir": source_dir}
        super().__init__(url, priority, **dirs, config_kwargs=config, **storage_options)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The observer for ``s3://bucket/folder``.

        Raises:
            UsageError: (a ValueError) if the text is something else.
        """
        return cls(*_bucket_and_folder(text, "s3://"))

    def _arguments(self) -> dict[str, Any]:
        return {**_of_bucket(self.bucket, self.basedir, super()._arguments()), "region": self.region}


class GoogleCloudStorageObserver(ObjectStoreObserver):
    """Keeps runs in Google Cloud Storage, in a bucket that exists.

    Args:
        bucket: its name.
        basedir: the folder in it.
        resource_dir: where resources are kept, within the bucket; by default ``<basedir>/_resources``.
        source_dir: where source files are kept, within the bucket; by default ``<basedir>/_sources``.
        priority: see :class:`~hallow.observers.base.RunObserver`.
        storage_options: of gcsfs, such as ``token``; see
            :class:`~hallow.backends.objects.observer.ObjectStoreObserver`.

    Attributes:
        bucket: its name.

    Raises:
        UsageError: (a ValueError) if the bucket cannot have that name.
        ConnectionError: if no credentials are found.
        MissingExtraError: (an ImportError) if gcsfs is missing.
    """

    VERSION = "GoogleCloudStorageObserver-0.1.0"
    _makes_buckets = False

    def __init__(
        self,
        bucket: str,
        basedir: str,
        resource_dir: str | None = None,
        source_dir: str | None = None,
        priority: float = DEFAULT_GCS_PRIORITY,
        **storage_options: Any,
    ) -> None:
        wrong = "goog" in bucket or "g00g" in bucket or ".." in bucket or _ADDRESS.fullmatch(bucket)
        if wrong or not 3 <= len(bucket) <= 63 or not _GCS_NAME.fullmatch(bucket):
            raise _bad_bucket(bucket, "lower-case letters, digits, and inside '-', '_' and single dots; no 'goog'")
        self.bucket = bucket
        url = f"gs://{bucket}/{basedir.strip('/')}"
        super().__init__(url, priority, resource_dir=resource_dir, source_dir=source_dir, **storage_options)
        if "token" not in storage_options and "STORAGE_EMULATOR_HOST" not in os.environ:
            _check_google_credentials()

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The observer for ``gs://bucket/folder``.

        Raises:
            UsageError: (a ValueError) if the text is something else.
        """
        return cls(*_bucket_and_folder(text, "gs://"))

    def _arguments(self) -> dict[str, Any]:
        return _of_bucket(self.bucket, self.basedir, super()._arguments())


def _bad_bucket(bucket: str, rules: str) -> UsageError:
    return UsageError(f"a bucket cannot be called {bucket!r}: 3 to 63 characters, {rules}", print_usage=False)


def _bucket_and_folder(text: str, start: str) -> tuple[str, str]:
    bucket, _, folder = text.removeprefix(start).partition("/")
    if not text.startswith(start) or not bucket or not folder.strip("/"):
        raise UsageError(f"write it like {start}bucket/folder, not {text!r}", print_usage=False)
    return bucket, folder


def _of_bucket(bucket: str, basedir: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"bucket": bucket, "basedir": basedir, **{key: arguments[key] for key in arguments if key != "url"}}


def _profile_region() -> str:
    try:
        from botocore.session import Session
    except ImportError as error:
        raise _missing("S3Observer", error) from None
    region = Session().get_config_variable("region")
    if not region:
        raise UsageError(
            "S3Observer does not know the region: give region=..., or name it in your AWS configuration "
            "(AWS_DEFAULT_REGION, or `region` of the profile)",
            print_usage=False,
        )
    return str(region)


def _check_google_credentials() -> None:
    try:
        from google.auth import default
        from google.auth.exceptions import DefaultCredentialsError
    except ImportError as error:
        raise _missing("GoogleCloudStorageObserver", error) from None
    try:
        default()
    except DefaultCredentialsError as error:
        raise ConnectionError(
            "GoogleCloudStorageObserver finds no credentials for Google Cloud; set GOOGLE_APPLICATION_CREDENTIALS to "
            f"the file of a service account, or run: gcloud auth application-default login ({error})"
        ) from None


def _missing(what: str, error: ImportError) -> MissingExtraError:
    return MissingExtraError(
        f'{what} cannot be used ({error}); install what it needs with: pip install "hallow[remote]"',
        print_traceback=False,
    )
