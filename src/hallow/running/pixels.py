"""Images in the shapes that people have them, as the bytes of an image file."""

from __future__ import annotations

import os
import struct
import zlib
from math import isfinite
from typing import Any

from hallow.errors import LogValueError
from hallow.running.scalars import described, plain_scalar

__all__ = ["encoded", "png"]

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", ".png", "image/png"),
    (b"\xff\xd8\xff", ".jpg", "image/jpeg"),
    (b"GIF8", ".gif", "image/gif"),
)
_FORMS = (
    "the path of an image file, PNG or JPEG data as bytes, a matplotlib figure, a PIL image, or an array of the shape "
    "height x width or height x width x 1, 3 or 4"
)
#: PNG's number for grey, RGB and RGBA.
_COLOUR = {1: 0, 3: 2, 4: 6}
#: Floats may leave 0..1 by so much, as the output of a model does; they are clipped.
_SLACK = 0.1
_PLAIN = frozenset({int, bool, float})


def encoded(name: str, image: Any) -> tuple[bytes, str, str]:
    """An image as the content of a file, its extension and its MIME type.

    Args:
        name: how errors call the image.
        image: the path of an image file, PNG or JPEG data, anything with ``savefig(file, format="png")`` (matplotlib)
            or ``save(file, format="PNG")`` (PIL), or an array or nested lists of the shape height x width (grey) or
            height x width x 1, 3 (RGB) or 4 (RGBA). Their elements are ints from 0 to 255, bools, or floats from 0 to
            1 (a little beyond is clipped, nan is black).

    Raises:
        LogValueError: if it is none of these. The order of the axes is never guessed.
    """
    if isinstance(image, bytes | bytearray | memoryview) and getattr(image, "ndim", 1) == 1:
        return _recognised(name, bytes(image), f"{len(image)} bytes that are neither PNG nor JPEG")
    if isinstance(image, str | os.PathLike):
        return _from_file(name, os.fspath(image))
    if hasattr(image, "savefig"):
        return _saved(name, image, image.savefig, "png")
    if hasattr(image, "save"):
        return _saved(name, image, image.save, "PNG")
    return png(*_pixels(name, image)), ".png", "image/png"


def _recognised(name: str, content: bytes, what: str) -> tuple[bytes, str, str]:
    for magic, extension, content_type in _MAGIC:
        if content.startswith(magic):
            return content, extension, content_type
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return content, ".webp", "image/webp"
    raise LogValueError(f"the image {name!r} was given {what}; give {_FORMS}")


def _from_file(name: str, path: str) -> tuple[bytes, str, str]:
    try:
        with open(path, "rb") as file:
            content = file.read()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise LogValueError(
            f"the image {name!r} cannot be read from the file {path!r}: {why}; give {_FORMS}"
        ) from error
    if path.lower().endswith(".svg") and b"<svg" in content:
        return content, ".svg", "image/svg+xml"
    return _recognised(name, content, f"the file {path!r}, which is no PNG, JPEG, GIF, WebP or SVG image")


def _saved(name: str, image: Any, save: Any, form: str) -> tuple[bytes, str, str]:
    from io import BytesIO

    file = BytesIO()
    try:
        save(file, format=form)
    except Exception as error:  # whatever a foreign type raises
        raise LogValueError(
            f"the image {name!r} was given {described(image)}, which cannot be saved as PNG "
            f"({type(error).__name__}: {error}); give {_FORMS}"
        ) from error
    return _recognised(name, file.getvalue(), f"{described(image)}, which does not save itself as PNG")


# ----------------------------------------------------------------------------------------------------------- arrays


def _pixels(name: str, image: Any) -> tuple[bytes, int, int, int]:
    """The bytes of the pixels row by row, height, width and channels."""
    flat, shape = _buffer(image) or _listed(name, image)
    height, width, channels = _checked_shape(name, shape)
    if isinstance(flat, bytes):
        return flat, height, width, channels
    kinds = set(map(type, flat))
    if not kinds <= _PLAIN:
        flat = [plain_scalar(value) for value in flat]
        kinds = set(map(type, flat))
    if kinds <= {bool}:
        return bytes([255 if value else 0 for value in flat]), height, width, channels
    if kinds <= {int, bool}:
        if min(flat) < 0 or max(flat) > 255:
            raise LogValueError(
                f"the image {name!r} has ints from {min(flat)} to {max(flat)}; they must be from 0 to 255 (floats are "
                f"taken as 0 to 1)"
            )
        return bytes(flat), height, width, channels
    if not kinds <= _PLAIN:
        odd = next(value for value in flat if type(value) not in _PLAIN)
        raise LogValueError(f"the pixels of the image {name!r} must be numbers, but there is {described(odd)}")
    return _levels(name, flat), height, width, channels


def _buffer(image: Any) -> tuple[Any, tuple[int, ...]] | None:
    """The elements of something with a buffer (numpy) and its shape; bytes as they are."""
    try:
        view = memoryview(image)
        if view.ndim == 0:
            return None
        if view.format in ("B", "<B", ">B", "|B"):
            return view.tobytes(), view.shape or ()
        # `cast` wants native formats and contiguous memory; what it refuses is read as lists.
        whole = memoryview(view.tobytes()).cast(view.format)  # type: ignore[call-overload]
        return whole.tolist(), view.shape or ()
    except (TypeError, ValueError, NotImplementedError, BufferError):
        return None


def _listed(name: str, image: Any) -> tuple[list[Any], tuple[int, ...]]:
    """The elements of nested lists, or of what has ``tolist``, and their shape."""
    numpy_view = getattr(image, "numpy", None)
    nested = image
    try:
        if hasattr(image, "tolist"):
            nested = image.tolist()
        elif callable(numpy_view):
            nested = numpy_view().tolist()
    except Exception:  # whatever a foreign type raises, the message is about the value that was given
        nested = None
    if not isinstance(nested, list | tuple):
        raise LogValueError(f"the image {name!r} was given {described(image)}; give {_FORMS}")
    level: list[Any] = [nested]
    shape: list[int] = []
    while level and set(map(type, level)) <= {list, tuple}:
        lengths = set(map(len, level))
        if len(lengths) > 1:
            raise LogValueError(f"the image {name!r} has rows or pixels of different lengths: {sorted(lengths)[:5]}")
        shape += lengths
        level = [member for item in level for member in item]
        if any(hasattr(kind, "tolist") for kind in set(map(type, level))):
            level = [item.tolist() if hasattr(item, "tolist") else item for item in level]
    return level, tuple(shape)


def _checked_shape(name: str, shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Height, width and channels."""
    if len(shape) == 2 and min(shape) > 0:
        return shape[0], shape[1], 1
    if len(shape) == 3 and min(shape) > 0 and shape[2] in _COLOUR:
        return shape[0], shape[1], shape[2]
    found = f"the image {name!r} has the shape {shape}; it must be height x width or height x width x 1, 3 or 4"
    if len(shape) == 3 and shape[0] in _COLOUR:
        found += ". It looks like channels first: image.permute(1, 2, 0) (torch) or image.transpose(1, 2, 0) (numpy)"
    elif len(shape) == 4:
        found += ". Log the images of a batch one by one"
    raise LogValueError(found)


def _levels(name: str, flat: list[Any]) -> bytes:
    """Floats from 0 to 1 as bytes."""
    finite = [value for value in flat if isfinite(value)]
    if finite and (min(finite) < -_SLACK or max(finite) > 1 + _SLACK):
        raise LogValueError(
            f"the image {name!r} has floats from {min(finite):.4g} to {max(finite):.4g}; they must be from 0 to 1, so "
            f"scale or clip them, or convert them to ints from 0 to 255"
        )
    # Not nan > 0 is why the comparison stands in this order.
    return bytes([255 if value >= 1 else int(value * 255 + 0.5) if value > 0 else 0 for value in flat])


def png(pixels: bytes, height: int, width: int, channels: int) -> bytes:
    """A PNG file with 8 bits a channel.

    Args:
        pixels: row by row, without gaps.
        height: number of rows.
        width: pixels of a row.
        channels: 1 for grey, 3 for RGB, 4 for RGBA.
    """
    length = width * channels
    # Each row begins with the number of its filter; 0 is none.
    rows = b"".join(b"\0" + pixels[start : start + length] for start in range(0, height * length, length))
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR[channels], 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return _MAGIC[0][0] + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
