"""Content types of files by their names, the same on every machine."""

from __future__ import annotations

from functools import cache
from mimetypes import MimeTypes

__all__ = ["content_type_of"]

# What the standard library does not know; the registries of the system are not asked, because they differ.
_FURTHER = {
    ".csv": "text/csv",
    ".gz": "application/gzip",
    ".h5": "application/x-hdf5",
    ".hdf5": "application/x-hdf5",
    ".ipynb": "application/x-ipynb+json",
    ".jsonl": "application/jsonl",
    ".log": "text/plain",
    ".md": "text/markdown",
    ".npy": "application/x-npy",
    ".npz": "application/x-npz",
    ".parquet": "application/vnd.apache.parquet",
    ".pickle": "application/octet-stream",
    ".pkl": "application/octet-stream",
    ".pt": "application/octet-stream",
    ".pth": "application/octet-stream",
    ".py": "text/x-python",
    ".safetensors": "application/octet-stream",
    ".toml": "application/toml",
    ".webp": "image/webp",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}


def content_type_of(name: str) -> str | None:
    """The content type that the name of a file suggests, such as ``"image/png"``; ``None`` if it suggests none."""
    return _types().guess_type(name, strict=False)[0]


@cache
def _types() -> MimeTypes:
    types = MimeTypes(filenames=())
    for extension, kind in _FURTHER.items():
        types.add_type(kind, extension)
    return types
