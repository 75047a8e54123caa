"""Values checked by pydantic, whose findings become errors of ours."""

from __future__ import annotations

import typing
from typing import Any

from hallow.config.wording import bare, kind_of
from hallow.config.words import NOTHING
from hallow.errors import ConfigTypeError
from hallow.records.updates import Append, Word
from hallow.utils import join_paths

if typing.TYPE_CHECKING:
    from collections.abc import Mapping


def convert_by_pydantic(value: Any, annotation: Any, path: str) -> Any:
    """A value as pydantic makes it from ``value``, with models as plain dicts."""
    from pydantic import TypeAdapter, ValidationError

    if isinstance(value, Append) or (isinstance(value, dict) and typing.get_origin(bare(annotation)[0]) is list):
        # A change of a list; the whole list is checked when it has been made.
        return value
    adapter = TypeAdapter(annotation, config=None)
    given = str(value) if isinstance(value, Word) else value
    try:
        return adapter.dump_python(adapter.validate_python(given))
    except ValidationError as error:
        if isinstance(value, Word) and value.lower() in NOTHING:
            return convert_by_pydantic(None, annotation, path)
        raise _rewritten(error, path, annotation) from None


def build_model(cls: Any, values: Mapping[str, Any], prefix: str) -> Any:
    """An instance of a model; ``prefix`` is where its values stand, for messages."""
    from pydantic import ValidationError

    known = {info.alias or name: values[name] for name, info in cls.model_fields.items() if name in values}
    try:
        return cls.model_validate(known)
    except ValidationError as error:
        raise _rewritten(error, prefix, cls) from None


def _rewritten(error: Any, path: str, annotation: Any) -> ConfigTypeError:
    """Pydantic's findings, each with the path of the entry."""
    lines = []
    for found in error.errors(include_url=False):
        where = join_paths(path, *found["loc"])
        shown = f"{found['input']!r} is refused: " if found["loc"] or not kind_of(annotation) else ""
        lines.append(f"{where}: {shown}{found['msg']}" if where else f"{shown}{found['msg']}")
    return ConfigTypeError("; ".join(lines), print_traceback=False)
