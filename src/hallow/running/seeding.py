"""Seeds of the process-wide generators of libraries, and the streams that captured functions draw from."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from functools import cache
from itertools import count as counter
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from hallow.errors import SeedError
from hallow.running.context import current_run
from hallow.running.generators import SEEDRANGE, create_rnd, get_seed, lazy_rnd
from hallow.settings import SETTINGS, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = [
    "SEEDRANGE",
    "NamedStream",
    "PositionalStream",
    "Stream",
    "checked_seed",
    "create_rnd",
    "get_seed",
    "global_state_kept",
    "lazy_rnd",
    "named_child_seed",
    "named_stream",
    "new_seed",
    "positional_child_seeds",
    "positional_streams",
    "set_global_seed",
]

_LARGEST = 2**32 - 1

# ----------------------------------------------------------------------------------------------- single seeds


def new_seed() -> int:
    """A seed from the operating system's entropy; the state of no generator matters or changes."""
    import os

    return int.from_bytes(os.urandom(8), "little") % SEEDRANGE[1] + 1


def checked_seed(value: Any, path: str = "seed") -> int:
    """``value`` as a plain ``int``; numpy integers and whole floats such as ``1.0`` are accepted.

    Raises:
        SeedError: if it is not a whole number from 0 to 2**32 - 1; names the entry ``path``.
    """
    plain = value.item() if hasattr(value, "item") and getattr(value, "size", 1) == 1 else value
    if isinstance(plain, int | float) and plain == plain // 1 and 0 <= plain <= _LARGEST:
        return int(plain)
    raise SeedError(
        f"{path}={value!r} is not a seed: it must be a whole number from 0 to {_LARGEST} (2**32 - 1); "
        f"leave {path} out to have one drawn"
    )


# ------------------------------------------------------------------------------------ process-wide generators


def _seed_module(module: Any, seed: int) -> None:
    module.seed(seed)


def _seed_torch(torch: Any, seed: int) -> None:
    torch.manual_seed(seed)
    if torch.cuda.is_available():
        torch.cuda.manual_seed_all(seed)


def _seed_tensorflow(tensorflow: Any, seed: int) -> None:
    compat = getattr(tensorflow, "compat", None)
    getattr(compat, "v1", tensorflow).set_random_seed(seed)


# Name of the module whose presence decides -> setting, library as reported, what seeds it. Recent releases of
# numpy load numpy.random only when it is used.
_SEEDERS: dict[str, tuple[str, str, Callable[[Any, int], None]]] = {
    "numpy.random": ("SEED_NUMPY", "numpy", _seed_module),
    "tensorflow": ("SEED_TENSORFLOW", "tensorflow", _seed_tensorflow),
    "torch": ("SEED_TORCH", "torch", _seed_torch),
}


def set_global_seed(seed: int, settings: Settings = SETTINGS) -> list[str]:
    """Seed Python's ``random`` and the libraries that are imported already; returns the names of those.

    The others are seeded when they are imported, provided that happens during a run.
    ``settings.RANDOM.SEED_*`` switch each of them.

    Raises:
        SeedError: if ``seed`` is not a whole number from 0 to 2**32 - 1.
    """
    seed = checked_seed(seed)
    seeded = []
    switches = settings.RANDOM
    if switches.SEED_RANDOM:
        import random

        random.seed(seed)
        seeded.append("random")
    for module_name, (switch, library, _) in _SEEDERS.items():
        if not switches[switch]:
            continue
        module = sys.modules.get(module_name)
        if module is None:
            _seed_when_imported(module_name)
        elif _seed_library(module_name, module, seed):
            seeded.append(library)
    return seeded


def _seed_library(module_name: str, module: Any, seed: int) -> bool:
    """Whether it worked; a library that is half imported or not what it seems must not stop the run."""
    _, library, seeder = _SEEDERS[module_name]
    try:
        seeder(module, seed)
    except Exception:
        from logging import getLogger

        getLogger("hallow.seeding").warning("The random generators of %s were not seeded", library, exc_info=True)
        return False
    return True


@contextmanager
def global_state_kept() -> Iterator[None]:
    """Put the generators of Python and of loaded libraries back to where they were; for a run in a run."""
    import random

    state = random.getstate()
    numpy_random: Any = sys.modules.get("numpy.random")
    torch: Any = sys.modules.get("torch")
    numpy_state = numpy_random.get_state() if numpy_random else None
    torch_state = torch.get_rng_state() if hasattr(torch, "get_rng_state") else None
    try:
        yield
    finally:
        random.setstate(state)
        if numpy_random:
            numpy_random.set_state(numpy_state)
        if torch_state is not None:
            torch.set_rng_state(torch_state)


@cache
def _seed_when_imported(module_name: str) -> None:
    import wrapt

    switch, library, _ = _SEEDERS[module_name]

    def seed_now(module: Any) -> None:
        run = current_run()
        seed = None if run is None else run.config.get("seed")
        if run is None or seed is None or not run.settings.RANDOM[switch]:
            return
        if _seed_library(module_name, module, checked_seed(seed)):
            run.seeded.append(library)

    wrapt.register_post_import_hook(seed_now, module_name)


# ------------------------------------------------------------------------------------------- streams of seeds


def _keyed_hash(*parts: Any) -> Any:
    from hashlib import blake2b

    return blake2b("\0".join(map(str, parts)).encode("utf-8", "surrogatepass"), digest_size=8)


def _seed_from(digest: bytes) -> int:
    return int.from_bytes(digest, "little") % (SEEDRANGE[1] - SEEDRANGE[0]) + SEEDRANGE[0]


class Stream(Protocol):
    """Where one captured function gets its seeds from."""

    def next_seed(self) -> int:
        """The seed of the next call."""
        ...


class NamedStream:
    """Seeds that depend only on the root seed, ingredient and name of the function, and the call's number."""

    __slots__ = ("_calls", "_hash", "_parts")

    def __init__(self, *parts: Any) -> None:
        self._parts = parts
        self._hash: Any = None
        self._calls = counter()

    def next_seed(self) -> int:
        """The seed of the next call; threads never get the same one."""
        if self._hash is None:
            self._hash = _keyed_hash(*self._parts)
        mine = self._hash.copy()
        mine.update(next(self._calls).to_bytes(8, "little"))
        return _seed_from(mine.digest())


def named_stream(root_seed: int, ingredient_path: str, function_name: str) -> NamedStream:
    """The seeds of one captured function; other functions never shift them."""
    return NamedStream(root_seed, ingredient_path, function_name)


def named_child_seed(parent_seed: int, path: str) -> int:
    """The seed of the ingredient at ``path``; its position among others does not matter."""
    return _seed_from(_keyed_hash("ingredient", parent_seed, path).digest())


class _Draws:
    """The seeds of an ingredient's functions by position, all drawn when the first is needed."""

    def __init__(self, seed: int, count: int) -> None:
        self.lock = Lock()
        self._source = (seed, count)
        self._seeds: list[int] | None = None

    def __getitem__(self, position: int) -> int:
        if self._seeds is None:
            self._seeds = positional_child_seeds(*self._source)
        return self._seeds[position]


class PositionalStream:
    """Seeds as Sacred gives them to the function registered at this position."""

    __slots__ = ("_draws", "_position", "_rnd")

    def __init__(self, draws: _Draws, position: int) -> None:
        self._draws = draws
        self._position = position
        self._rnd: Any = None

    @property
    def rnd(self) -> Any:
        """The generator that the seeds come from."""
        if self._rnd is None:
            with self._draws.lock:
                if self._rnd is None:
                    self._rnd = create_rnd(self._draws[self._position])
        return self._rnd

    def next_seed(self) -> int:
        """The seed of the next call."""
        return get_seed(self._rnd if self._rnd is not None else self.rnd)


def positional_streams(seed: int, count: int) -> list[PositionalStream]:
    """One stream for each of ``count`` functions, in order of registration; nothing is drawn yet."""
    draws = _Draws(seed, count)
    return [PositionalStream(draws, position) for position in range(count)]


def positional_child_seeds(seed: int, count: int) -> list[int]:
    """The first ``count`` seeds drawn from ``create_rnd(seed)``."""
    rnd = create_rnd(seed)
    return [get_seed(rnd) for _ in range(count)]
