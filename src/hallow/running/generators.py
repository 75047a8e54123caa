"""Random generators: made from a seed, now or on first use, and asked for seeds."""

from __future__ import annotations

import sys
from functools import cache
from threading import Lock
from typing import Any

from hallow.errors import SeedError
from hallow.settings import SETTINGS

#: Smallest and largest seed that is drawn (numpy generators exclude the upper one).
SEEDRANGE = (1, 1_000_000_000)

_CONFIG = SETTINGS.CONFIG  # the group itself: one look-up less where each call counts


def get_seed(rnd: Any = None) -> int:
    """Draw a seed from ``rnd`` (a ``Generator``, or anything with ``randint``), or Python's ``random``."""
    if rnd is None:
        import random

        return random.randint(*SEEDRANGE)
    integers = getattr(rnd, "integers", None)
    if integers is not None:
        return int(integers(*SEEDRANGE, dtype=int))
    return int(rnd.randint(*SEEDRANGE))


def create_rnd(seed: int) -> Any:
    """A generator seeded with ``seed``.

    It is a ``numpy.random.Generator`` (``RandomState`` if ``SETTINGS.CONFIG.NUMPY_RANDOM_LEGACY_API``), or a
    ``random.Random`` where numpy is not installed.

    Raises:
        SeedError: (an AssertionError) if ``seed`` is not an ``int``.
    """
    if not isinstance(seed, int):
        raise SeedError(f"Seed has to be integer but was {seed!r} of type {type(seed).__name__}")
    if not _numpy_installed():
        import random

        return random.Random(seed)
    import numpy as np

    if SETTINGS.CONFIG.NUMPY_RANDOM_LEGACY_API:
        return np.random.RandomState(seed)
    return np.random.default_rng(seed)


@cache
def _numpy_installed() -> bool:
    from importlib.util import find_spec

    return "numpy" in sys.modules or find_spec("numpy") is not None


def lazy_rnd(seed: int) -> Any:
    """``create_rnd(seed)``, made on first use, for making one takes longer than most functions need.

    A numpy ``Generator`` also answers to ``randint``, ``rand``, ``randn`` and ``random_sample``, with the meaning they
    have for a ``RandomState``: code is older than generators.
    """
    if "numpy.random" not in sys.modules:
        return _LazyRnd(seed)
    if _CONFIG["NUMPY_RANDOM_LEGACY_API"]:
        return create_rnd(seed)
    kind = _lazy_generator()
    generator = kind.__new__(kind)
    generator.__dict__["seed"] = seed
    return generator


class _LazyRnd:
    """Stands for a generator while numpy is not loaded."""

    __slots__ = ("_made", "_seed")

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._made: Any = None

    def _real(self) -> Any:
        if self._made is None:
            made = create_rnd(self._seed)
            self._made = _lazy_generator()(made.bit_generator) if hasattr(made, "bit_generator") else made
        return self._made

    def __getattr__(self, name: str) -> Any:
        __tracebackhide__ = True
        return getattr(self._real(), name)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self._real().__reduce_ex__(protocol)

    def __repr__(self) -> str:
        return repr(self._real())

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return type(self._real())


class _LegacyNames:
    """What users call on a ``RandomState``, for a ``Generator``."""

    def randint(self: Any, low: Any, high: Any = None, size: Any = None, dtype: Any = int) -> Any:
        return self.integers(low, high, size, dtype)

    def random_sample(self: Any, size: Any = None) -> Any:
        return self.random(size)

    def rand(self: Any, *shape: int) -> Any:
        return self.random(shape or None)

    def randn(self: Any, *shape: int) -> Any:
        return self.standard_normal(shape or None)


@cache
def _lazy_generator() -> Any:
    """The class of numpy generators that get their bit generator when the first attribute is asked for.

    Afterwards the object changes its class and is a numpy ``Generator`` without detours.
    """
    import numpy as np

    Settled: Any = type("Generator", (_LegacyNames, np.random.Generator), {})  # noqa: N806
    settling = Lock()

    def settle(generator: Any, bit_generator: Any) -> None:
        Settled.__init__(generator, bit_generator)
        generator.__class__ = Settled

    class LazyGenerator(Settled):  # type: ignore[misc]
        def __init__(self, bit_generator: Any) -> None:
            settle(self, bit_generator)

        def __getattribute__(self, name: str) -> Any:
            __tracebackhide__ = True  # an attribute that is not there is the caller's mistake
            if name in ("__dict__", "__class__"):
                return object.__getattribute__(self, name)
            with settling:
                if type(self) is LazyGenerator:
                    settle(self, np.random.PCG64(self.__dict__.pop("seed")))
            return getattr(self, name)

        def __repr__(self) -> str:
            return str(self.__getattribute__("__repr__")())

        def __str__(self) -> str:
            return str(self.__getattribute__("__str__")())

    return LazyGenerator
