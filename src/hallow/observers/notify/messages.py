"""The texts of messages: templates with fields of the run, such as ``{experiment[name]}`` or ``{config[lr]}``."""

from __future__ import annotations

from string import Formatter
from typing import TYPE_CHECKING, Any

from hallow.observers.base import td_format
from hallow.records.encoding import safe_repr

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

__all__ = ["elapsed", "failure_fields", "filled", "run_fields"]

#: Characters of one field; of a longer one, its beginning and its end.
LONGEST_FIELD = 3000


def run_fields(
    ex_info: Mapping[str, Any],
    command: str,
    host_info: Mapping[str, Any],
    start_time: datetime,
    config: Mapping[str, Any],
    run_id: Any,
) -> dict[str, Any]:
    """What every text can refer to; ``ex_info`` is another name of ``experiment``."""
    return {
        "_id": run_id,
        "config": config,
        "start_time": start_time,
        "experiment": ex_info,
        "ex_info": ex_info,
        "command": command,
        "host_info": host_info,
        "elapsed_time": "less than a second",
    }


def elapsed(fields: Mapping[str, Any], when: datetime) -> dict[str, Any]:
    """The field ``elapsed_time``, in words; nothing if it is not known when the run began."""
    start = fields.get("start_time")
    return {} if start is None else {"elapsed_time": td_format(when - start)}


def failure_fields(fail_time: datetime, fail_trace: Sequence[str] | None) -> dict[str, Any]:
    """The fields of a failure: its time, the traceback as list and as text, and its last line."""
    trace = list(fail_trace or ())
    error = trace[-1].strip() if trace else ""
    return {"fail_time": fail_time, "fail_trace": trace, "error": error, "backtrace": "".join(trace)}


def filled(template: str, fields: Mapping[str, Any]) -> tuple[str, list[str]]:
    """A text with the fields filled in, and what was wrong with the template.

    A field that is not there stays as it is written, and so does a template with a lone brace: a message with a mistake
    in it says more than none.
    """
    formatter = _Tolerant()
    try:
        text = formatter.vformat(template, (), fields)
    except (ValueError, RecursionError) as error:
        return template, [f"{error} in {template!r}"]
    return text, [f"there is no {{{name}}}; known are {', '.join(sorted(fields))}" for name in formatter.missing]


class _Tolerant(Formatter):
    """``str.format``, but for what it raises."""

    def __init__(self) -> None:
        self.missing: list[str] = []

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        try:
            return super().get_field(field_name, args, kwargs)
        except Exception:  # no such entry or attribute, or one whose code raises
            self.missing.append(field_name)
            return f"{{{field_name}}}", field_name

    def convert_field(self, value: Any, conversion: Any) -> Any:
        return value if conversion is None else safe_repr(value) if conversion == "r" else _text(value)

    def format_field(self, value: Any, format_spec: str) -> Any:
        try:
            text = str(format(value, format_spec))
        except Exception:  # a format that the value does not know, or a value that cannot be shown
            text = _text(value)
        if len(text) <= LONGEST_FIELD:
            return text
        half = LONGEST_FIELD // 2
        return f"{text[:half]}\n[...]\n{text[-half:]}"


def _text(value: Any) -> str:
    try:
        return str(value)
    except Exception:
        return safe_repr(value)
