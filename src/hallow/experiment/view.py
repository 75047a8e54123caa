"""What the captured functions of one ingredient see in one run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hallow.running.seeding import named_stream, positional_streams

if TYPE_CHECKING:
    from hallow.config.schema import Schema
    from hallow.running.run import Run
    from hallow.running.seeding import Stream
    from hallow.settings import Settings


class View:
    """The configuration, logger and random streams of one ingredient in one run.

    Args:
        run: the run.
        path: the ingredient's path, empty for the experiment.
        config: its entries and those of the ingredients below it, nested; never changed.
        logger: parent of its functions' loggers.
        seed: gives the root of its random streams; asked for at most once.
        names: the qualified names of its captured functions in order of registration.
        settings: those of the run.
        schema: its typed configuration.
        choice: for a slot, the name of the chosen ingredient.
    """

    def __init__(
        self,
        run: Run,
        path: str,
        config: Mapping[str, Any],
        logger: logging.Logger,
        seed: Callable[[], int],
        names: Sequence[str],
        settings: Settings,
        schema: Schema | None = None,
        choice: str | None = None,
    ) -> None:
        self.run = run
        self.path = path
        self.config = config
        self.logger = logger
        self.names = names
        self.settings = settings
        self.schema = schema
        self.choice = choice
        self._seed = seed

    @cached_property
    def seed(self) -> int:
        """Root of the ingredient's random streams."""
        return self._seed()

    @cached_property
    def _positional(self) -> Sequence[Stream]:
        return positional_streams(self.seed, len(self.names))

    def stream(self, index: int) -> Stream:
        """Where the captured function registered as number ``index`` gets its seeds from."""
        if self.settings.RANDOM.STREAMS == "by_position":
            return self._positional[index]
        name = self.names[index]
        earlier = list(self.names[:index]).count(name)
        return named_stream(self.seed, self.path, f"{name}#{earlier}" if earlier else name)
