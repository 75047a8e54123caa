"""Slot: a place for one of several ingredients, chosen by configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hallow.errors import IngredientPathError, NotRunningError
from hallow.experiment.ingredient import Ingredient, checked_ingredients
from hallow.running.context import current_run


class Slot(Ingredient):
    """One of several ingredients, chosen by name: ``with model=resnet``.

    Only the entries of the chosen ingredient are part of the configuration, under the slot's path, beside the entry
    ``choice`` that names it. Its captured functions are reachable through the slot: ``model.build()`` calls the
    ``build`` of the ingredient that is chosen in the current run.

    Args:
        path: dotted place in the configuration.
        choices: the ingredients by name, or ingredients whose paths are their names.
        default: name of the choice if nothing chooses; without it a choice is required.

    Raises:
        IngredientPathError: if there are no choices or the default is none of them.
    """

    def __init__(
        self,
        path: str,
        choices: Mapping[str, Ingredient] | Iterable[Ingredient],
        default: str | None = None,
    ) -> None:
        super().__init__(path, interactive=True)
        given = checked_ingredients(path, choices.values() if isinstance(choices, Mapping) else choices)
        names = choices if isinstance(choices, Mapping) else [choice.path for choice in given]
        self.choices: dict[str, Ingredient] = dict(zip(names, given, strict=True))
        self.default = default
        if not self.choices:
            raise IngredientPathError(f'the slot "{path}" needs at least one ingredient to choose from')
        if default is not None and default not in self.choices:
            raise IngredientPathError(
                f'the default "{default}" of the slot "{path}" is none of its choices: {", ".join(self.choices)}'
            )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or "choices" not in self.__dict__:
            raise AttributeError(name)
        if not any(_function(choice, name) for choice in self.choices.values()):
            raise AttributeError(f'no choice of the slot "{self.path}" has a captured function {name!r}')

        def call(*args: Any, **kwargs: Any) -> Any:
            return self.chosen_function(name)(*args, **kwargs)

        call.__name__ = name
        return call

    def chosen_function(self, name: str) -> Any:
        """The captured function ``name`` of the ingredient chosen in the current run.

        Raises:
            NotRunningError: outside of a run.
            AttributeError: if the chosen ingredient has no such function.
        """
        run = current_run() or self.last_run
        if run is None or self not in run.views:
            raise NotRunningError(
                f'{self.path}.{name} can only be called during a run: only then is it known what "{self.path}" holds'
            )
        choice = self.choices[run.views[self].choice]
        found = _function(choice, name)
        if found is None:
            raise AttributeError(f'the ingredient chosen for "{self.path}" has no captured function {name!r}')
        return found


def _function(ingredient: Ingredient, name: str) -> Any:
    for captured in ingredient.captured_functions:
        if captured.signature.name == name:
            return captured
    return None
