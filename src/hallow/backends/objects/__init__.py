"""Runs in object stores: S3, Google Cloud Storage, and whatever else fsspec reaches."""
