"""The built-in commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hallow.cli.usage import help_for_command as _help_text
from hallow.experiment.commands import print_config, print_dependencies, save_config, stock_commands
from hallow.experiment.signature import callable_name

__all__ = ["help_for_command", "print_config", "print_dependencies", "print_named_configs", "save_config"]


def print_named_configs(ingredient: Any) -> Callable[[], None]:
    """The command that shows the named configs of an ingredient."""
    return next(command for command in stock_commands(ingredient) if command.__name__ == "print_named_configs")


def help_for_command(command: Callable[..., Any]) -> str:
    """The command's name, arguments and docstring."""
    from inspect import signature

    return _help_text(callable_name(command), str(signature(command)), command.__doc__) + "\n"
