"""Packages that only some need: imported when they are, and missed with a message that says what to install."""

from __future__ import annotations

from typing import Any

from hallow.errors import MissingExtraError

__all__ = ["imported"]


def imported(*modules: str, who: str, package: str | None = None) -> Any:
    """The first of some modules that can be imported.

    Args:
        modules: full names, the best first.
        who: needs it, with the verb: ``"arrays need"``.
        package: what to install; by default it is called like the first module.

    Raises:
        MissingExtraError: (an ImportError) if there is none; names the package and how to install it.
    """
    from importlib import import_module

    package = package or modules[0]
    problems: list[ImportError] = []
    for module in modules:
        try:
            return import_module(module)
        except ImportError as error:  # noqa: PERF203 - one to three tries
            problems.append(error)
    raise MissingExtraError(
        f"{who} {package} ({'; '.join(map(str, problems))}); install it: pip install {package}", print_traceback=False
    ) from problems[-1]
