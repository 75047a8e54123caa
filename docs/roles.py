"""An extension of mkdocstrings for what it cannot know by reading: names that are loaded on first use, and our roles.

What docstrings refer to (``:class:`hallow.Run```) becomes a link where the reference has it, else plain code. Errors
lead to their paragraph in messages.md, which their ``slug`` names.
"""

from __future__ import annotations

import re
from typing import Any

from griffe import Alias, Extension, Module, Object

from hallow import observers

_ROLE = re.compile(r":(class|meth|func|attr|data|mod|exc):`(~?)([^`]+)`")


class Roles(Extension):
    """Gives ``hallow.observers`` its lazy names, and turns roles into links."""

    def on_package(self, *, pkg: Module, **_: Any) -> None:
        """Add the observers that live with their back-ends."""
        if pkg.path == "hallow":
            for name in observers.__all__:
                home = getattr(observers, name).__module__
                if name not in pkg["observers"].members:
                    pkg["observers"].set_member(name, Alias(name, f"{home}.{name}"))

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Rewrite the docstring of a module, class, function or attribute."""
        if obj.docstring is not None:
            text = _ROLE.sub(lambda found: _link(found, obj), obj.docstring.value)
            obj.docstring.value = _explained(obj, text)


def _explained(obj: Object, text: str) -> str:
    """The docstring of an error with a link to its paragraph, behind what it says first."""
    if obj.path.startswith("hallow.errors.") and obj.is_class and "slug" in obj.members:
        slug = str(obj.members["slug"].value).strip("\"'")
        first, blank, rest = text.partition("\n\n")
        return f'{first}\n\nMore in messages: <autoref identifier="{slug}">{slug}</autoref>.{blank}{rest}'
    return text


def _link(found: re.Match[str], obj: Object) -> str:
    role, short, target = found.groups()
    text = target.rpartition(".")[2] if short else target
    if role == "meth" and "." not in target:  # of the class that the docstring belongs to
        owner = obj if obj.is_class else obj.parent
        target = f"{owner.path}.{target}" if owner is not None else target
    return f'<autoref identifier="{target}" optional><code>{text}</code></autoref>'
