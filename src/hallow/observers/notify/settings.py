"""Config files of observers that send messages: JSON or YAML, with the arguments of the constructor as keys."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from hallow.errors import ConfigFileError, ConfigFileNotFoundError, MissingExtraError
from hallow.utils import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["read_settings"]


def read_settings(
    filename: str | os.PathLike[str], known: Iterable[str], required: Iterable[str] = ()
) -> dict[str, Any]:
    """The entries of a config file. Nothing of its content shows up in errors, because it holds secrets.

    Args:
        filename: ends with .json, .yaml or .yml.
        known: keys that it may have.
        required: keys that it must have.

    Raises:
        ConfigFileNotFoundError: (a FileNotFoundError) if it is not there.
        ConfigFileError: (a ValueError) if it cannot be understood, is a pickle, or has the wrong keys.
        MissingExtraError: (an ImportError) for YAML without PyYAML.
    """
    name = os.fspath(filename)
    extension = os.path.splitext(name)[1].lower()
    if extension not in _READERS:
        raise _refusal(name, extension)
    try:
        with open(name, encoding="utf-8-sig") as file:
            text = file.read()
    except FileNotFoundError:
        raise ConfigFileNotFoundError(
            f'there is no config file "{name}" (in {os.getcwd()})', print_traceback=False
        ) from None
    except UnicodeDecodeError:
        raise _error(f'"{name}" is not UTF-8 text; save it as UTF-8') from None
    except OSError as error:
        raise _error(f'"{name}" cannot be read: {error.strerror}') from None
    settings = _READERS[extension](name, text)
    if not isinstance(settings, dict):
        raise _error(f'"{name}": the top level must be a mapping of names to values')
    _check_keys(name, settings, list(known), required)
    return settings


def _check_keys(name: str, settings: dict[str, Any], known: list[str], required: Iterable[str]) -> None:
    for key in settings:
        if key not in known:
            hint = did_you_mean(str(key), known, "{!r}")
            raise _error(f'"{name}" has the key {key!r}, which is not known here.{hint} Known are {", ".join(known)}')
    missing = [key for key in required if settings.get(key) is None]
    if missing:
        raise _error(f'"{name}" lacks {" and ".join(missing)}')


def _from_json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise _error(f'"{name}", line {error.lineno}, column {error.colno}: this is not JSON: {error.msg}') from None
    except RecursionError:
        raise _error(f'"{name}" is nested too deeply') from None


def _from_yaml(name: str, text: str) -> Any:
    try:
        import yaml
    except ImportError as error:
        raise MissingExtraError(
            f'"{name}" needs PyYAML, which is not installed: pip install PyYAML', print_traceback=False
        ) from error
    try:
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = "" if mark is None else f", line {mark.line + 1}, column {mark.column + 1}"
        raise _error(f'"{name}"{place}: this is not YAML') from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise _error(f'"{name}" is not YAML') from None


_READERS = {".json": _from_json, ".yaml": _from_yaml, ".yml": _from_yaml}


def _refusal(name: str, extension: str) -> ConfigFileError:
    if extension in (".pickle", ".pkl"):
        return _error(
            f'"{name}" is a pickle file, and loading a pickle can run any code that its author wrote into it; it is '
            "not read. Save the settings as JSON: json.dump(settings, open('settings.json', 'w'))"
        )
    return _error(f'"{name}" has the extension "{extension}"; known are {", ".join(_READERS)}')


def _error(message: str) -> ConfigFileError:
    return ConfigFileError(message, print_traceback=False)
