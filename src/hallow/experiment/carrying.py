"""Captured functions and ingredients on their way to another process.

What stands in an importable module is pickled by reference. A captured function that is pickled during a run carries
what its run knows along: in the other process, a :class:`WorkerRun` takes the place of the run for it and for all
captured functions that it calls there.
"""

from __future__ import annotations

import itertools
import logging
import os
import pickle
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hallow.experiment.caller import under_cloudpickle
from hallow.experiment.captured import BoundCaptured, Captured, core_of
from hallow.experiment.logs import root_logger
from hallow.experiment.view import View
from hallow.running.context import active_runs, current_run, enclosing_run, entered
from hallow.running.handle import RunHandle, facts_of
from hallow.running.seeding import named_stream

if TYPE_CHECKING:
    from hallow.experiment.binding import Binding, Core
    from hallow.running.seeding import Stream

_log = logging.getLogger("hallow")

# ------------------------------------------------------------------------------------------------- the pickled form


def reduced(captured: Captured[Any, Any]) -> str | tuple[Any, ...]:
    """What ``__reduce_ex__`` of a captured function returns."""
    core = captured._self_core
    carried = snapshot_of(core) if not isinstance(captured, Carried) else captured._self_run
    module, name = _function_place(captured) or ("", "")
    if not name or (module == "__main__" and under_cloudpickle()):
        flags = (core.index, core.unobserved, core.is_command)
        return _made, (core.function, core.prefix, key_of(core.owner), flags, carried)
    if carried is not None:
        return _found_and_carried, (module, name, carried)
    if name == getattr(core.function, "__qualname__", None) and module == getattr(core.function, "__module__", None):
        return name
    return _found, (module, name)


def reduced_ingredient(ingredient: Any) -> tuple[Any, ...]:
    """What ``__reduce_ex__`` of an ingredient returns: where it stands, else everything but runs and observers."""
    module = str(ingredient._globals.get("__name__", ""))
    for place in dict.fromkeys((module, "__main__")):
        name = _name_in(place, lambda value: value is ingredient)
        if name is not None and not (place == "__main__" and under_cloudpickle()):
            return _found, (place, name)
    state = {
        **ingredient.__dict__,
        "logger": None,
        "last_run": None,
        "_globals": {name: ingredient._globals.get(name) for name in ("__name__", "__doc__", "__file__")},
    }
    if "observers" in state:
        state["observers"] = []  # they have connections, and folders of runs that are not the worker's
    return _bare, (type(ingredient),), state, None, None, _fill


def _function_place(captured: Captured[Any, Any]) -> tuple[str, str] | None:
    """Module and name under which the captured function can be imported, or ``None``."""
    core = captured._self_core

    def is_it(value: Any) -> bool:
        return isinstance(value, Captured | BoundCaptured) and _unbound(value)._self_core is core

    function = core.function
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    if isinstance(module, str) and isinstance(name, str) and is_it(_at(module, name)):
        return module, name
    # A lambda, a partial, or a function captured under another name.
    home = str(getattr(core.owner, "_globals", {}).get("__name__", ""))
    other = _name_in(home, is_it)
    return None if other is None else (home, other)


def _name_in(module: str, is_it: Callable[[Any], bool]) -> str | None:
    names = getattr(sys.modules.get(module), "__dict__", {})
    return next((name for name, value in list(names.items()) if is_it(value)), None)


def _at(module: str, path: str) -> Any:
    found: Any = sys.modules.get(module)
    for name in path.split("."):
        found = getattr(found, name, None)
    return found


def _unbound(value: Any) -> Any:
    return value._captured if isinstance(value, BoundCaptured) else value


# ------------------------------------------------------------------------------------------------ in the other process


def _found(module: str, name: str) -> Any:
    from importlib import import_module

    import_module(module)
    found = _unbound(_at(module, name))
    if found is None:
        raise pickle.UnpicklingError(
            f"{module} has no {name} in this process; define it at the top level of the module, not below "
            'if __name__ == "__main__"'
        )
    return found


def _found_and_carried(module: str, name: str, run: Any) -> Captured[Any, Any]:
    return _carried(_found(module, name), run)


def _made(function: Any, prefix: str | None, key: Any, flags: tuple[int, bool, bool], run: Any) -> Any:
    owner: Any = _owner_at_home(key, run) or AbsentOwner(key)
    captured: Captured[Any, Any] = Captured(function, prefix, owner)
    core = captured._self_core
    core.index, core.unobserved, core.is_command = flags
    return captured if run is None else _carried(captured, run)


def _carried(captured: Captured[Any, Any], run: Any) -> Captured[Any, Any]:
    return Carried(captured._self_core, run) if isinstance(run, WorkerRun) and run.home is None else captured


def _owner_at_home(key: Any, run: Any) -> Any:
    """The ingredient of a function that has come back to the process of its run."""
    ingredients = run.home.views if isinstance(run, WorkerRun) and run.home is not None else ()
    return next((ingredient for ingredient in ingredients if key_of(ingredient) == key), None)


def _bare(cls: Any) -> Any:
    return cls.__new__(cls)


def _fill(ingredient: Any, state: dict[str, Any]) -> None:
    ingredient.__dict__.update(state)
    own: dict[int, Any] = {}
    for captured in state["captured_functions"]:
        core = core_of(captured)
        if isinstance(core.owner, AbsentOwner):
            core.owner = ingredient  # type: ignore[unreachable] # owners are declared as ingredients
            own[id(core)] = captured
        else:  # imported, and hence another's
            made = own[id(core)] = Captured(core.function, core.prefix, ingredient)
            new = made._self_core
            new.index, new.unobserved, new.is_command = core.index, core.unobserved, core.is_command
    for name in ("captured_functions", "pre_run_hooks", "post_run_hooks"):
        setattr(ingredient, name, [own[id(core_of(captured))] for captured in state[name]])
    ingredient.commands = {name: own[id(core_of(captured))] for name, captured in state["commands"].items()}


class AbsentOwner:
    """Stands for the ingredient of a function that came without it.

    Attributes:
        key: see :func:`key_of`.
    """

    current_run = None

    def __init__(self, key: Any) -> None:
        self.key = key

    @property
    def path(self) -> str:
        """The ingredient's path."""
        return str(self.key[1]) if self.key else ""


def key_of(ingredient: Any) -> tuple[str, str] | None:
    """What an ingredient is recognised by in another process; unique among those of one run."""
    if isinstance(ingredient, AbsentOwner):
        return ingredient.key  # type: ignore[no-any-return]
    return None if ingredient is None else (type(ingredient).__name__, ingredient.path)


class Carried(Captured[Any, Any]):
    """A captured function in another process than that of the run it was pickled in.

    A run that the process itself has started, and that the function's ingredient takes part in, goes before; a copy
    of the function's own run, which forked processes have, does not.
    """

    def __init__(self, core: Core, run: WorkerRun) -> None:
        super(Captured, self).__init__(core.function, _unreachable)
        self._self_core = core
        self._self_run = run

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function as during its run."""
        own = self._self_run
        run: Any = enclosing_run()
        while run is not None and self._self_core.owner not in run.views:
            run = run.parent
        if run is not None:
            if not own.is_copied_in(run):
                return super().__call__(*args, **kwargs)
            own.forked = run
        with entered(own):  # type: ignore[arg-type] # it has what captured functions ask of a run
            return super().__call__(*args, **kwargs)

    def _now(self) -> Binding:
        return self._self_core.find(self._self_run)  # type: ignore[arg-type]


def _unreachable(*_: Any) -> None:
    """Wrapt wants a wrapper function."""


# ------------------------------------------------------------------------------------------------- the run's side


def snapshot_of(core: Core) -> Snapshot | WorkerRun | None:
    """The run that a captured function pickled now carries along; ``None`` if it takes part in none."""
    run: Any = current_run()
    while run is not None and core.owner not in run.views:
        run = run.parent
    if run is None or isinstance(run, WorkerRun):
        return run
    return run.bindings.setdefault(Snapshot, Snapshot(run))  # type: ignore[no-any-return]


def _token(run: Any) -> str | None:
    snapshot = run.bindings.get(Snapshot)
    return None if snapshot is None else snapshot.token


class Snapshot:
    """A run as seen by what pickles its captured functions; unpickled, it is a :class:`WorkerRun`.

    Attributes:
        token: no other run has it.
    """

    def __init__(self, run: Any) -> None:
        self.token = os.urandom(8).hex()
        self._run = run
        self._numbers = itertools.count(1)
        self._left_out: list[Any] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        facts = facts_of(self._run)
        root = self._run.root_logger
        views = {key_of(ingredient): _described(view, root) for ingredient, view in self._run.views.items()}
        # Two pickles must not lead to the same random numbers. Without random numbers, they are equal.
        number = str(next(self._numbers)) if self._is_random() else ""
        if not under_cloudpickle():
            self._leave_out(facts, views)
        return WorkerRun, (facts, views, _logger_facts(root), self.token, number)

    def _is_random(self) -> bool:
        return any(
            core_of(captured).uses_randomness
            for ingredient in self._run.views
            for captured in ingredient.captured_functions
        )

    def _leave_out(self, facts: dict[str, Any], views: dict[Any, dict[str, Any]]) -> None:
        """Entries of the configuration that cannot be pickled stay at home; the functions may not need them."""
        if self._left_out is None:
            self._left_out = []
            if not _can_be_pickled((facts, views)):
                self._left_out = sorted(set(_unpicklable(facts["config"])))
                _log.warning(
                    "These entries of the configuration cannot be pickled, and captured functions do not see them in "
                    "other processes: %s",
                    ", ".join(self._left_out),
                )
        if self._left_out:
            facts["config"] = _picklable_part(facts["config"])
            for view in views.values():
                view["config"] = _picklable_part(view["config"])
                if not _can_be_pickled(view["schema"]):
                    view["schema"] = None


def _described(view: View, root: logging.Logger) -> dict[str, Any]:
    return {
        "path": view.path,
        "config": view.config,
        "logger": None if view.logger is root else view.logger.name,
        "seed": view.seed,
        "names": list(view.names),
        "schema": view.schema,
        "choice": view.choice,
    }


def _logger_facts(root: logging.Logger) -> tuple[str | None, int]:
    """Name and level of the root of a run's loggers; no name for one that hallow has made."""
    is_known = root is logging.root or logging.Logger.manager.loggerDict.get(root.name) is root
    return (root.name if is_known else None), root.level


def _can_be_pickled(value: Any) -> bool:
    try:
        pickle.dumps(value)
    except Exception:  # whatever a class of the user's raises
        return False
    return True


def _unpicklable(config: Mapping[str, Any], path: str = "") -> Iterator[str]:
    for key, value in config.items():
        if type(value) is dict:
            yield from _unpicklable(value, f"{path}{key}.")
        elif not _can_be_pickled(value):
            yield f"{path}{key}"


def _picklable_part(config: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _picklable_part(value) if type(value) is dict else value
        for key, value in config.items()
        if type(value) is dict or _can_be_pickled(value)
    }


class WorkerRun(RunHandle):
    """Takes the place of a run for the captured functions that came from it to this process.

    Attributes:
        token: of the run's :class:`Snapshot`.
    """

    def __init__(
        self, facts: dict[str, Any], views: dict[Any, Any], logger: tuple[str | None, int], token: str, number: str
    ) -> None:
        super().__init__(facts)
        self.token = token
        self._described = views
        self._logger = logger
        self._number = number
        self._numbers = itertools.count(1)
        self.views = _Views(self)

    @property
    def home(self) -> Any:
        """The run itself, if this is its process and it is active; else ``None``."""
        if self._facts["pid"] != os.getpid():
            return None
        return next((run for run in active_runs() if _token(run) == self.token), None)

    def is_copied_in(self, run: Any) -> bool:
        """Whether ``run`` is the run that this stands for, in a process that was forked from the run's."""
        if isinstance(run, WorkerRun) or self._facts["pid"] == os.getpid():
            return False
        return bool(run._id == self._id and run.start_time == self.start_time)

    def __reduce__(self) -> tuple[Any, ...]:
        number = f"{self._number}.{next(self._numbers)}" if self._number else ""
        return WorkerRun, (self._facts, self._described, self._logger, self.token, number)

    def view_of(self, ingredient: Any) -> View:
        """What the ingredient's functions see."""
        facts = self._described[key_of(ingredient)]
        captured_functions = getattr(ingredient, "captured_functions", None)
        return _WorkerView(
            self,  # type: ignore[arg-type]
            facts["path"],
            facts["config"],
            self.root_logger if facts["logger"] is None else self.root_logger.getChild(facts["logger"]),
            lambda: facts["seed"],
            [core_of(c).name for c in captured_functions] if captured_functions else facts["names"],
            self.settings,
            facts["schema"],
            facts["choice"],
        )

    @cached_property
    def root_logger(self) -> logging.Logger:
        """Parent of the functions' loggers; like that of the run, as far as it can be had here."""
        name, level = self._logger
        if name is not None:
            return logging.getLogger(name)
        root = root_logger(None)
        if root is not logging.root:
            root.setLevel(level)
        return root


class _Views(Mapping[Any, View]):
    """The views of a worker's run by ingredient; made when they are asked for."""

    def __init__(self, run: WorkerRun) -> None:
        self._run = run
        self._made: dict[Any, View] = {}

    def __contains__(self, ingredient: Any) -> bool:
        return key_of(ingredient) in self._run._described

    def __getitem__(self, ingredient: Any) -> View:
        key = key_of(ingredient)
        if key not in self._made:
            self._made[key] = self._run.view_of(ingredient)
        return self._made[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._run._described)

    def __len__(self) -> int:
        return len(self._run._described)


class _WorkerView(View):
    def stream(self, index: int) -> Stream:
        """Seeds that neither the run's process nor another pickle of the function gets."""
        run: Any = self.run
        return named_stream(self.seed, self.path, f"{self.names[index]}@{run._number}")
