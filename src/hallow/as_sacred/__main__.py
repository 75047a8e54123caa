"""Run a program that was written for Sacred: ``python -m hallow.as_sacred script.py ...`` or ``-m package.module``.

The program finds ``__main__``, ``sys.argv``, ``sys.path`` and the place of its main file as Python itself would have
left them.
"""

from __future__ import annotations

import io
import os
import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import CodeType, ModuleType, TracebackType
from typing import Any, NoReturn

import hallow.as_sacred

__all__ = ["main"]

_USAGE = """\
Run a program that was written for Sacred with hallow.

Usage:
  python -m hallow.as_sacred SCRIPT [ARGUMENT...]
  python -m hallow.as_sacred -m MODULE [ARGUMENT...]

SCRIPT is a file, or a folder or zip archive with a __main__.py.
"""


def main() -> None:
    """Do what the command line says; comes back when the program has ended without an exit code of its own."""
    arguments = sys.argv[1:]
    if arguments[:1] in (["-h"], ["--help"]):
        sys.stdout.write(_USAGE)
        return
    # For processes that are started afresh and import what the program's functions need.
    sys.path.append(os.path.dirname(hallow.as_sacred.__file__))
    if arguments[:1] == ["-m"] and len(arguments) > 1:
        _set_first_path(os.getcwd())
        _run_module(arguments[1], arguments[1:])
    elif arguments and not arguments[0].startswith("-"):
        _run_file(arguments[0], arguments)
    else:
        _refuse(_USAGE.rstrip())


def _run_file(path: str, argv: list[str]) -> None:
    if os.path.isdir(path) or _is_archive(path):
        _set_first_path(path)
        _run_module("__main__", argv)
        return
    try:
        with io.open_code(os.path.abspath(path)) as file:
            source = file.read()
    except OSError as error:
        _refuse(f"{sys.executable}: can't open file {os.path.abspath(path)!r}: [Errno {error.errno}] {error.strerror}")
    _set_first_path(os.path.dirname(os.path.realpath(path)))
    _execute(lambda name: compile(source, name, "exec", dont_inherit=True), os.path.abspath(path), argv, None)


def _run_module(name: str, argv: list[str]) -> None:
    spec = None if name == "__main__" else _found(name)
    if spec is not None and spec.submodule_search_locations is not None:
        spec = _found(f"{name}.__main__")
    if name == "__main__":
        spec = _found_in_first_path()
    if spec is None or spec.origin is None or spec.loader is None:
        _refuse(f"{sys.executable}: No module named {name}", 1)
    loader: Any = spec.loader
    argv = argv if name == "__main__" else [spec.origin, *argv[1:]]
    _execute(lambda _: loader.get_code(spec.name), spec.origin, argv, spec)


def _found(name: str) -> ModuleSpec | None:
    try:
        return find_spec(name)
    except (ModuleNotFoundError, ValueError):
        return None


def _found_in_first_path() -> ModuleSpec | None:
    from importlib.machinery import PathFinder

    return PathFinder.find_spec("__main__", sys.path[:1])


def _is_archive(path: str) -> bool:
    if not os.path.isfile(path):
        return False
    from zipfile import is_zipfile

    return is_zipfile(path)


def _set_first_path(folder: str) -> None:
    if not getattr(sys.flags, "safe_path", False):
        sys.path[0] = folder


def _execute(code_of: Any, file: str, argv: list[str], spec: ModuleSpec | None) -> None:
    """Run the program as ``__main__``, which it remains: threads and pickled objects ask for it later."""
    sys.argv[:] = argv
    program = ModuleType("__main__")
    vars(program).update(__file__=file, __spec__=spec, __builtins__=__builtins__)
    vars(program)["__package__"] = spec.parent if spec is not None else None
    if spec is not None:
        vars(program)["__loader__"] = spec.loader
    program.former = sys.modules["__main__"]  # type: ignore[attr-defined] # its globals live on
    sys.modules["__main__"] = program
    del program.former
    try:
        code: CodeType = code_of(file)
        exec(code, vars(program))  # noqa: S102 - that is what Python does with a script
    except Exception as error:
        # As Python reports it, without the frames of this module.
        sys.excepthook(type(error), error, _of_program(error.__traceback__))
        sys.exit(1)


def _of_program(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return trace


def _refuse(message: str, code: int = 2) -> NoReturn:
    sys.stderr.write(message + "\n")
    sys.exit(code)


if __name__ == "__main__":
    main()
