"""Run a program that was written for Sacred: ``python -m hallow.as_sacred script.py ...`` or ``-m package.module``.

The program finds ``__main__``, ``sys.argv``, ``sys.path`` and the place of its main file as Python itself would have
left them.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import find_spec
from types import CodeType, ModuleType, TracebackType
from typing import Any, NoReturn

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
    elif arguments[:1] == ["-m"] and len(arguments) > 1:
        _set_first_path(os.getcwd())
        sys.argv[:] = ["-m", *arguments[2:]]
        spec = _found(arguments[1])
        sys.argv[0] = spec.origin or arguments[1]
        _execute(_code_of(spec), sys.argv[0], spec.loader, spec)
    elif arguments and not arguments[0].startswith("-"):
        sys.argv[:] = arguments
        _run_path(arguments[0])
    else:
        _refuse(f"hallow-as-sacred: {_mistake(arguments)}\n\n{_USAGE.rstrip()}", code=2)


def _mistake(arguments: list[str]) -> str:
    if not arguments:
        return "there is no program to run: give a script, or -m and a module"
    if arguments == ["-m"]:
        return "behind -m comes the name of a module, such as package.train"
    return (
        f"there is no option {arguments[0]}; options of the program stand behind its name, and those of Python in "
        "front: python -u -m hallow.as_sacred train.py"
    )


# --------------------------------------------------------------------------------------------- finding the program


def _run_path(given: str) -> None:
    path = os.path.join(os.getcwd(), given)
    if os.path.isdir(path) or _is_archive(path):
        spec = PathFinder.find_spec("__main__", [path])
        if spec is None:
            _refuse(f"{sys.executable}: can't find '__main__' module in {path!r}")
        _set_first_path(path, always=True)
        _execute(_code_of(spec), spec.origin or path, spec.loader, spec)
        return
    try:
        with io.open_code(path) as file:
            source = file.read()
    except OSError as error:
        _refuse(f"{sys.executable}: can't open file {path!r}: [Errno {error.errno}] {error.strerror}", code=2)
    _set_first_path(os.path.dirname(os.path.realpath(path)))
    _execute(lambda: compile(source, path, "exec", dont_inherit=True), path, SourceFileLoader("__main__", path), None)


def _found(name: str) -> ModuleSpec:
    """What is run for ``-m name``; a package is run by its ``__main__``."""
    if name.startswith("."):
        _refuse(f"{sys.executable}: Relative module names not supported")
    spec = _spec_of(name)
    if spec is not None and spec.submodule_search_locations is not None:
        spec = _spec_of(f"{name}.__main__")
        if spec is None:
            what = f"{name!r} is a package and cannot be directly executed"
            _refuse(f"{sys.executable}: No module named {name}.__main__; {what}")
    if spec is None:
        _refuse(f"{sys.executable}: No module named {name}")
    return spec


def _spec_of(name: str) -> ModuleSpec | None:
    parent = name.rpartition(".")[0]
    if parent:
        try:
            _without_our_frames(lambda: __import__(parent))
        except ImportError as error:
            if error.name is None or not f"{parent}.".startswith(f"{error.name}."):
                raise  # the package is there, and misses something itself
    try:
        return find_spec(name)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        what = f"{name!r} ({type(error).__name__}: {error})"
        _refuse(f"{sys.executable}: Error while finding module specification for {what}")


def _code_of(spec: ModuleSpec) -> Callable[[], CodeType]:
    loader: Any = spec.loader

    def code() -> CodeType:
        found = loader.get_code(spec.name) if hasattr(loader, "get_code") else None
        if found is None:
            _refuse(f"{sys.executable}: No code object available for {spec.name}")
        return found  # type: ignore[no-any-return]

    return code


def _is_archive(path: str) -> bool:
    if not os.path.isfile(path):
        return False
    from zipfile import is_zipfile

    return is_zipfile(path)


def _set_first_path(folder: str, always: bool = False) -> None:
    """Put the program's folder where modules are looked for first."""
    isolated = getattr(sys.flags, "safe_path", sys.flags.isolated)
    if not isolated:
        sys.path[0] = folder
    elif always:
        sys.path.insert(0, folder)


# --------------------------------------------------------------------------------------------- running the program


def _execute(code_of: Callable[[], CodeType], file: str, loader: Any, spec: ModuleSpec | None) -> None:
    """Run the program as ``__main__``, which it remains: threads and pickled objects ask for it later."""
    code = _without_our_frames(code_of)
    program = ModuleType("__main__")
    own = vars(program)
    own.update(__file__=file, __loader__=loader, __spec__=spec, __builtins__=__builtins__)
    own.update(__package__=spec.parent if spec is not None else None, __cached__=spec.cached if spec else None)
    if "__annotations__" in vars(sys.modules["__main__"]):  # not since Python 3.14
        own["__annotations__"] = {}
    sys.modules["__main__"] = program
    _without_our_frames(lambda: exec(code, own))  # noqa: S102 - that is what Python does with a script


def _without_our_frames(work: Callable[[], Any]) -> Any:
    """Do ``work``; what it raises is reported by Python as if nobody had called it from here."""
    try:
        return work()
    except SystemExit:
        raise
    except BaseException:
        report = sys.excepthook

        def report_of_program(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
            trace = _of_program(trace)
            report(kind, error.with_traceback(trace), trace)

        sys.excepthook = report_of_program
        raise


def _of_program(trace: TracebackType | None) -> TracebackType | None:
    """The frames behind the last one of this module."""
    first = trace
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == __file__:
            first = trace.tb_next
        trace = trace.tb_next
    return first


def _refuse(message: str, code: int = 1) -> NoReturn:
    sys.stderr.write(message + "\n")
    sys.exit(code)


if __name__ == "__main__":
    main()
