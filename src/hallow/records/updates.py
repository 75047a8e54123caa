"""The words the command line and the configuration share when they speak of an update.

An update is a nested mapping of new values. Two kinds of value need more than their plain type can say: text
that was written without quotes, and a request to extend a list rather than to replace it.
"""

from __future__ import annotations

import warnings
from ast import literal_eval
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Append", "Word", "python_literal"]


class Word(str):
    """Text given without quotes on the command line.

    ``lr=ten`` gives ``Word("ten")`` while ``lr='"ten"'`` gives a plain string. A word may be converted to the
    type of the entry it replaces (a path, an enum member, a number); quoted text is text for ever.
    """

    __slots__ = ()


@dataclass(frozen=True)
class Append:
    """A request to extend the list at this place (``layers+=[128]``).

    Attributes:
        items: What goes to the end of the list, in order.
    """

    items: list[Any] = field(default_factory=list)


def python_literal(text: str) -> Any:
    """The value of a text that is a Python literal.

    Raises:
        ValueError: if it is none.
    """
    try:
        with warnings.catch_warnings():
            # "\d" and "1if" are texts here, not code to be improved.
            warnings.simplefilter("ignore")
            return literal_eval(text)
    except (SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise ValueError(str(error)) from None
