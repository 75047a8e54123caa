"""Config files: JSON, YAML and, after an explicit opt-in, pickle.

JSON and YAML files are data: tags of plain types (tuple, set, bytes, dates, paths, arrays) are restored. Objects that
were saved come back as descriptions; what a function would have to be called for is refused. No code of a file is ever
run.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from io import StringIO
from typing import Any, Protocol

from hallow.config.values import plain_copy
from hallow.errors import ConfigError, ConfigFileError, ConfigFileNotFoundError, ConfigKeyError
from hallow.records.described import descriptions
from hallow.records.encoding import flatten, restore
from hallow.records.jsonfile import dump_json, load_json, replace_file
from hallow.settings import SETTINGS
from hallow.utils import did_you_mean, did_you_mean_path

__all__ = ["HANDLER_BY_EXT", "get_handler", "load_config_file", "save_config_file"]  # noqa: F822 - made on first use

_ESCAPED = ("py/", "json://", "hallow/")


class Handler(Protocol):
    """Reads and writes one format; ``mode`` is ``"b"`` for files of bytes, otherwise ``""``."""

    mode: str

    def load(self, fp: Any) -> Any:
        """The content of an open file."""

    def dump(self, obj: Any, fp: Any) -> None:
        """Write ``obj`` to an open file."""


def load_config_file(filename: str | os.PathLike[str]) -> dict[str, Any]:
    """The entries of a config file; an empty file has none.

    Args:
        filename: relative to the current directory; the extension, in any case, tells the format.

    Raises:
        ConfigFileNotFoundError: if it is not there.
        ConfigFileError: naming file, place and reason: unknown extension, broken syntax, a tag that is not
            data, a function to be called, a top level that is no mapping, a pickle file without the opt-in.
        ConfigKeyError: for YAML if PyYAML is not installed.
    """
    name = os.fspath(filename)
    handler = get_handler(name)
    try:
        with open(name, "r" + handler.mode, **_text(handler, "utf-8-sig")) as file:
            config = handler.load(file)
    except FileNotFoundError:
        raise missing_file(name) from None
    except IsADirectoryError:
        raise _error(f'"{name}" is a folder, not a config file') from None
    except UnicodeDecodeError as error:
        raise _error(f'"{name}" is not UTF-8 text (byte {error.start}); save it as UTF-8') from None
    if config is None:
        return {}
    if not isinstance(config, Mapping):
        raise _error(f'"{name}": the top level must be a mapping of names to values, not {type(config).__name__}')
    _refuse_calls(name, config)
    return dict(config)


def _refuse_calls(name: str, config: Mapping[Any, Any]) -> None:
    """Nobody wants ``lr = os.system('...')``, even if it is never carried out."""
    for key, value in config.items():
        for found in descriptions([key, value]):
            if found.is_call:
                raise _error(
                    f'"{name}": the entry {key!r} asks for {found!r:.200}: a config file is data and calls no '
                    "functions. Nothing was run; take the entry out, or have the value made in a config scope"
                )


def save_config_file(config: Mapping[str, Any], filename: str | os.PathLike[str]) -> None:
    """Write a configuration so that :func:`load_config_file` gives an equal one, in one step.

    Values of foreign classes are written as descriptions (those that pickling makes with a function, such as random
    generators, are refused when they are loaded); a value that cannot be written is replaced by its repr, with a
    :class:`~hallow.errors.HallowWarning` that names its path.

    Raises:
        ConfigFileError: if the extension is unknown.
        ConfigFileNotFoundError: if the folder is not there.
        ConfigKeyError: for YAML if PyYAML is not installed.
    """
    from io import BytesIO

    name = os.fspath(filename)
    handler = get_handler(name)
    buffer: Any = BytesIO() if handler.mode else StringIO()
    handler.dump(config, buffer)
    content = buffer.getvalue()
    try:
        replace_file(name, content if handler.mode else content.encode("utf-8", "surrogatepass"))
    except FileNotFoundError:
        raise ConfigFileNotFoundError(
            f'cannot save the config to "{name}": there is no folder "{os.path.dirname(name)}"',
            print_traceback=False,
        ) from None


def get_handler(filename: str | os.PathLike[str]) -> Handler:
    """What reads and writes a file, chosen by its extension.

    Raises:
        ConfigFileError: if the extension is unknown.
        ConfigKeyError: for YAML if PyYAML is not installed.
    """
    name = os.fspath(filename)
    extension = os.path.splitext(name)[1].lower()
    handler = _HANDLERS.get(extension)
    if handler is None:
        hint = did_you_mean(extension, _HANDLERS, "{}")
        raise _error(
            f'"{name}" has the extension "{extension}", which is not the extension of a config file.{hint} '
            f"Known are {', '.join(_HANDLERS)}"
        )
    if isinstance(handler, _Yaml) and not _has_yaml():
        raise ConfigKeyError(
            f'"{name}" needs PyYAML, which is not installed: pip install PyYAML', print_traceback=False
        )
    return handler


def _text(handler: Handler, encoding: str) -> dict[str, Any]:
    return {} if handler.mode else {"encoding": encoding}


def _error(message: str) -> ConfigFileError:
    return ConfigFileError(message, print_traceback=False)


def looks_like_config_file(name: str) -> bool:
    """Whether a name ends like that of a config file."""
    return name.lower().endswith(tuple(_HANDLERS))


def missing_file(name: str) -> ConfigFileNotFoundError:
    """The error for a config file that is not there, with the nearest name beside it."""
    return ConfigFileNotFoundError(
        f'there is no config file "{name}" (in {os.getcwd()}).{did_you_mean_path(name)}',
        print_traceback=False,
    )


def _place(fp: Any, line: int | None = None, column: int | None = None) -> str:
    """``"conf.json", line 3, column 7``."""
    name = f'"{getattr(fp, "name", "config")}"'
    return name if line is None else f"{name}, line {line}, column {column}"


def _has_yaml() -> bool:
    from importlib.util import find_spec

    return find_spec("yaml") is not None


class _Json:
    mode = ""

    def load(self, fp: Any) -> Any:
        from json import JSONDecodeError

        text = fp.read()
        if not text.strip():
            return {}
        try:
            return restore(load_json(text), ordered=False)
        except JSONDecodeError as error:
            raise _error(f"{_place(fp, error.lineno, error.colno)}: this is not JSON: {error.msg}") from None
        except RecursionError:
            raise _error(f"{_place(fp)} is nested too deeply") from None

    def dump(self, obj: Any, fp: Any) -> None:
        fp.write(dump_json(flatten(obj)))


# What a pickle may name: making these runs nothing else.
_PLAIN_CLASSES = {
    ("builtins", "set"),
    ("builtins", "frozenset"),
    ("builtins", "complex"),
    ("collections", "OrderedDict"),
}


class _Pickle:
    mode = "b"

    def load(self, fp: Any) -> Any:
        import pickle

        class Loader(pickle.Unpickler):
            """Numbers, text, lists and dicts come without a name; whatever runs has to be found by one."""

            def find_class(self, module: str, name: str) -> Any:
                if SETTINGS.CONFIG.PICKLE_FILES_MAY_RUN_CODE or (module, name) in _PLAIN_CLASSES:
                    return super().find_class(module, name)
                raise _error(
                    f"{_place(fp)} asks for {module}.{name}, and loading that can run any code that the author of "
                    "the file wants. If you made the file yourself, set SETTINGS.CONFIG.PICKLE_FILES_MAY_RUN_CODE = "
                    "True; otherwise ask for the configuration as JSON or YAML"
                )

        try:
            return Loader(fp).load()
        except ConfigError:
            raise
        except Exception as error:
            raise _error(f"{_place(fp)} cannot be unpickled: {type(error).__name__}: {error}") from error

    def dump(self, obj: Any, fp: Any) -> None:
        import pickle

        pickle.dump(plain_copy(dict(obj) if isinstance(obj, Mapping) else obj), fp)


class _Yaml:
    mode = ""

    def load(self, fp: Any) -> Any:
        import yaml

        try:
            loaded = yaml.load(fp, _loader())  # noqa: S506 - derived from SafeLoader
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = _place(fp, mark.line + 1, mark.column + 1) if mark else _place(fp)
            raise _error(f"{place}: {error.problem or error.context}") from None
        except (yaml.YAMLError, ValueError) as error:
            raise _error(f"{_place(fp)}: this is not YAML: {error}") from None
        except RecursionError:
            raise _error(f"{_place(fp)} is nested too deeply") from None
        return _restored(loaded)

    def dump(self, obj: Any, fp: Any) -> None:
        import yaml

        yaml.dump(obj, fp, _dumper(), default_flow_style=False)


def _restored(value: Any) -> Any:
    """The values that tags of the JSON form stand for, also inside what YAML itself can express."""
    if isinstance(value, dict):
        if any(isinstance(key, str) and key.startswith(_ESCAPED) for key in value):
            return restore(value)
        return {key: _restored(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_restored(item) for item in value)
    return value


def _loader() -> Any:
    """YAML's safe loader, which also knows the tags of Python's plain types."""
    import yaml

    class _Loader(yaml.SafeLoader):
        pass

    Loader: Any = _Loader  # noqa: N806 - a class

    def refuse(_: Any, node: Any) -> Any:
        raise yaml.constructor.ConstructorError(
            None,
            None,
            f'the tag "{node.tag.replace("tag:yaml.org,2002:", "!!")}" is refused: '
            "a config file is data and cannot name objects to be made",
            node.start_mark,
        )

    plain: dict[str, Any] = {
        "tuple": lambda loader, node: tuple(loader.construct_sequence(node, deep=True)),
        "complex": lambda loader, node: complex(loader.construct_scalar(node)),
        "bytes": yaml.SafeLoader.construct_yaml_binary,
        "list": yaml.SafeLoader.construct_yaml_seq,
        "dict": yaml.SafeLoader.construct_yaml_map,
        "str": yaml.SafeLoader.construct_yaml_str,
        "unicode": yaml.SafeLoader.construct_yaml_str,
        "int": yaml.SafeLoader.construct_yaml_int,
        "long": yaml.SafeLoader.construct_yaml_int,
        "float": yaml.SafeLoader.construct_yaml_float,
        "bool": yaml.SafeLoader.construct_yaml_bool,
        "none": yaml.SafeLoader.construct_yaml_null,
    }
    for name, construct in plain.items():
        Loader.add_constructor(f"tag:yaml.org,2002:python/{name}", construct)
    Loader.add_constructor(None, refuse)
    return Loader


class _Flat(dict[str, Any]):
    """A dict in JSON form, whose keys may be tags."""


def _as_flat(flat: Any) -> Any:
    if isinstance(flat, dict):
        return _Flat({key: _as_flat(value) for key, value in flat.items()})
    return [_as_flat(item) for item in flat] if isinstance(flat, list) else flat


_YAML_KEYS = (str, int, float, bool, type(None), bytes)


def _dumper() -> Any:
    """YAML's safe dumper; what YAML cannot express is written with the tags of the JSON form."""
    import yaml

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - a method of PyYAML
            # Equal values are written out: an anchor would be one more thing to understand.
            return True

    def mapping(dumper: Any, data: Any) -> Any:
        if all(_is_key(key) for key in data):
            return dumper.represent_dict(dict(data))
        return tagged(dumper, data)

    def members(dumper: Any, data: Any) -> Any:
        return dumper.represent_set(data) if all(map(_is_key, data)) else tagged(dumper, data)

    def tagged(dumper: Any, data: Any) -> Any:
        return dumper.represent_data(_as_flat(flatten(data)))

    def tagged_tuple(dumper: Any, data: Any) -> Any:
        return dumper.represent_sequence("tag:yaml.org,2002:python/tuple", data)

    Dumper.add_representer(dict, mapping)
    Dumper.add_representer(tuple, tagged_tuple)
    Dumper.add_representer(set, members)
    Dumper.add_representer(_Flat, yaml.SafeDumper.represent_dict)
    Dumper.add_multi_representer(object, tagged)
    return Dumper


def _is_key(key: Any) -> bool:
    if isinstance(key, tuple):
        return all(_is_key(part) for part in key)
    return type(key) in _YAML_KEYS and not (isinstance(key, str) and key.startswith(_ESCAPED))


_HANDLERS: dict[str, Handler] = {".json": _Json(), ".pickle": _Pickle(), ".yaml": _Yaml(), ".yml": _Yaml()}


def __getattr__(name: str) -> Any:
    if name != "HANDLER_BY_EXT":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return {ext: h for ext, h in _HANDLERS.items() if not isinstance(h, _Yaml) or _has_yaml()}
