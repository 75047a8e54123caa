"""Captured functions: callables whose missing arguments are filled from the configuration of the current run.

What a run hands to a function lives in a :class:`Binding` that belongs to that run; the function itself holds no state
of any run. A call looks up its run, its binding and a plan made for the number of positional arguments; with nothing
unusual about the call the plan's values go straight to the function.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, NoReturn, ParamSpec, TypeVar

from wrapt import FunctionWrapper

from hallow.config.containers import make_read_only
from hallow.config.values import plain_copy
from hallow.errors import CaptureError, ConfigError, MissingConfigError
from hallow.experiment.signature import Signature, callable_name
from hallow.running.context import CURRENT, current_run
from hallow.running.seeding import get_seed, lazy_rnd
from hallow.settings import SETTINGS
from hallow.utils import get_by_dotted_path

if TYPE_CHECKING:
    from hallow.experiment.ingredient import Ingredient
    from hallow.experiment.view import View
    from hallow.running.run import Run

P = ParamSpec("P")
R = TypeVar("R")
_DEBUG = logging.DEBUG
_RANDOM = frozenset({"_seed", "_rnd"})
SPECIAL_ARGUMENTS = frozenset({"_config", "_run", "_log", *_RANDOM})


class Core:
    """What is known of a captured function before any run."""

    __slots__ = (
        "_detached",
        "first",
        "function",
        "index",
        "is_command",
        "lock",
        "owner",
        "prefix",
        "signature",
        "unobserved",
        "uses_randomness",
        "warned",
        "wrapper",
    )

    def __init__(self, function: Callable[..., Any], prefix: str | None, owner: Ingredient | None) -> None:
        self.function = function
        self.signature = Signature(function)
        self.prefix = prefix
        self.owner = owner
        self.index = 0
        self.unobserved = False
        self.is_command = False
        self.uses_randomness = bool(_RANDOM.intersection(self.signature.arguments))
        self.warned = False
        self.lock = threading.Lock()
        self._detached: Binding | None = None

    @property
    def name(self) -> str:
        """What its random stream is keyed by: the qualified name, without enclosing functions."""
        qualified = getattr(self.function, "__qualname__", self.signature.name)
        return str(qualified).rpartition("<locals>.")[2]

    def find(self, run: Run | None) -> Binding:
        """The binding for a call made in ``run``; the slow way round, taken once per run."""
        run = run or current_run()
        while run is not None:
            binding = run.bindings.get(self)
            if binding is None and self.owner in run.views:
                binding = run.bindings.setdefault(self, Binding(self, view=run.views[self.owner]))
            if binding is not None:
                return binding  # type: ignore[no-any-return] # bindings are kept untyped below this floor
            run = run.parent
        return self._outside()

    def _outside(self) -> Binding:
        """The binding outside of every run: what was set by hand, else the owner's last run, else nothing."""
        if self._detached is not None:
            return self._detached
        last = getattr(self.owner, "current_run", None)
        if self.is_command and not self.warned:
            self.warned = True
            logging.getLogger("hallow").warning(
                "%s was called directly: nothing is recorded. Start a run with ex.run(%r) or from the command line.",
                self.signature.name,
                self.signature.name,
            )
        if last is not None and self.owner in last.views:
            return self.find(last)
        return Binding(self)

    def detached(self) -> Binding:
        """The binding that holds what is set by hand on the function, for calls outside of runs."""
        if self._detached is None:
            self._detached = Binding(self)
        return self._detached


class Binding:
    """What one captured function receives in one run."""

    __slots__ = (
        "config",
        "core",
        "function",
        "legacy_names",
        "logger",
        "mode",
        "options",
        "plans",
        "rnd",
        "run",
        "stream",
        "view",
    )

    def __init__(self, core: Core, view: View | None = None) -> None:
        self.core = core
        self.view = view
        self.function = core.function
        self.run: Any = view.run if view else None
        self.logger: logging.Logger | None = view.logger.getChild(core.signature.name) if view else None
        settings = view.settings if view else SETTINGS
        self.mode = _mode(settings)
        # Scripts written for older numpy call _rnd.randint; under Sacred's profile `_rnd` is exactly numpy's generator.
        self.legacy_names = settings.RANDOM.STREAMS == "by_name"
        self.rnd: Any = None
        self.stream = view.stream(core.index) if view and core.uses_randomness else None
        self.config: Any = self._visible(view.config) if view else {}
        self.refresh()

    def _visible(self, config: Mapping[str, Any]) -> Any:
        prefix = self.core.prefix
        visible = get_by_dotted_path(config, prefix, {}) if prefix else config
        if not isinstance(visible, Mapping):
            raise ConfigError(
                f"{self.core.signature.name} has the prefix {prefix!r}, but that entry is "
                f"{type(visible).__name__} ({visible!r}), not a dict; give a path that leads to a dict of entries"
            )
        return make_read_only(visible) if self.mode == "error" else visible

    def refresh(self) -> None:
        """Make the options anew after a change of config, logger or run; plans follow on demand."""
        special = {"_config": self.config, "_run": self.run, "_log": self.logger}
        self.options: dict[str, Any] = {**self.config, **special}
        self.options.update(self._typed_arguments())
        self.plans: dict[int, Plan] = {}

    def _typed_arguments(self) -> dict[str, Any]:
        schema = self.view.schema if self.view else None
        if schema is None:
            return {}
        return schema.typed_arguments(self.function, self.config)

    def plan(self, given: int) -> Plan:
        """The plan for calls with ``given`` positional arguments."""
        plan = self.plans.get(given)
        if plan is None:
            plan = self.plans[given] = Plan(self, given)
        return plan

    def check_complete(self) -> None:
        """Raise MissingConfigError unless a call without arguments would be complete."""
        signature = self.core.signature
        known = {*self.options, *signature.kwargs, *_RANDOM}
        missing = [name for name in signature.arguments if name not in known]
        if missing:
            raise MissingConfigError(f"{signature.name} is missing value(s):", missing)

    def random_values(self) -> tuple[int, Any]:
        """A new seed and its generator, for one call."""
        if self.stream is not None:
            seed = self.stream.next_seed()
        else:
            seed = get_seed(self.rnd)
        return seed, lazy_rnd(seed, self.legacy_names)

    def complete(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], bound: bool
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments of an unusual call, checked and filled one by one."""
        core = self.core
        signature = core.signature
        options = self.options
        if core.uses_randomness:
            seed, rnd = self.random_values()
            options = {**options, "_seed": seed, "_rnd": rnd}
        given = len(args) + bound
        if self.mode == "copy":
            options = {
                name: plain_copy(options[name])
                for name in signature.arguments[given:]
                if name in options and name not in kwargs
            }
        return signature.construct_arguments(args, kwargs, options, bound)


class Plan:
    """How a call with a certain number of positional arguments is completed when nothing is unusual about it.

    Attributes:
        easy: whether the quick way is open at all: nothing missing, too much, or to be given by position only.
        values: what is filled in.
        fresh: names in ``values`` whose containers must be copied for each call.
        random: whether the call gets ``_seed`` or ``_rnd``.
    """

    __slots__ = ("easy", "fresh", "plain", "random", "values")

    def __init__(self, binding: Binding, given: int) -> None:
        signature = binding.core.signature
        open_names = signature.arguments[given:]
        options = binding.options
        self.values = {name: options[name] for name in open_names if name in options}
        self.random = tuple(name for name in open_names if name in _RANDOM)
        needed = (
            n
            for n in open_names
            if n not in self.values and n not in signature.kwargs and n not in self.random
        )
        too_many = given > len(signature.positional) and signature.vararg_name is None
        by_position_only = bool(
            set(signature.positional_only[given:]) & (set(self.values) | set(self.random))
        )
        self.easy = not (any(needed) or too_many or by_position_only)
        self.fresh = (
            tuple(name for name, value in self.values.items() if isinstance(value, dict | list | tuple))
            if binding.mode == "copy"
            else ()
        )
        self.plain = self.easy and not self.fresh and not self.random

    def arguments(self, binding: Binding) -> dict[str, Any]:
        """The values for one call."""
        values = self.values.copy()
        for name in self.fresh:
            values[name] = plain_copy(values[name])
        if self.random:
            seed, rnd = binding.random_values()
            for name in self.random:
                values[name] = seed if name == "_seed" else rnd
        return values


class Captured(FunctionWrapper, Generic[P, R]):  # type: ignore[misc] # wrapt has no types
    """A function that is filled from configuration; see :meth:`hallow.Ingredient.capture`.

    Everything else about it (name, docstring, signature, equality, hash) is the original's. Any argument may be left
    out of a call, explicit arguments always win.
    """

    _self_core: Core

    def __init__(
        self, function: Callable[P, R], prefix: str | None = None, owner: Ingredient | None = None
    ) -> None:
        super().__init__(function, _never)
        self._self_core = Core(function, prefix, owner)

    def __call__(self, *args: Any, **kwargs: Any) -> R:
        """Call the original with open arguments filled in.

        Raises:
            MissingConfigError: if an argument has no value.
            SignatureError: for surplus, unknown or repeated arguments.
        """
        core = self._self_core
        run = CURRENT.get()
        binding = run.bindings.get(core) if run is not None else None
        if binding is None:
            binding = core.find(run)
        plan = binding.plans.get(len(args)) or binding.plan(len(args))
        if plan.easy and not kwargs:
            values = plan.values if plan.plain else plan.arguments(binding)
        else:
            args, values = binding.complete(args, kwargs, False)
        logger = binding.logger
        if logger is not None and logger.isEnabledFor(_DEBUG):
            return _logged(core, binding, core.function, args, values)  # type: ignore[no-any-return]
        try:
            return core.function(*args, **values)  # type: ignore[no-any-return]
        except (ConfigError, NameError) as error:
            _explain(error, core, binding)
            raise

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        return BoundCaptured(self, instance)

    @property
    def original(self) -> Callable[P, R]:
        """The function itself, with its full signature and without filling."""
        return self._self_core.function

    @property
    def signature(self) -> Signature:
        """What the function takes."""
        return self._self_core.signature

    @property
    def prefix(self) -> str | None:
        """Dotted path of the entries that the function sees, below its ingredient's."""
        return self._self_core.prefix

    @prefix.setter
    def prefix(self, value: str | None) -> None:
        self._self_core.prefix = value

    @property
    def unobserved(self) -> bool:
        """Whether runs of this command have no observers."""
        return self._self_core.unobserved

    @unobserved.setter
    def unobserved(self, value: bool) -> None:
        self._self_core.unobserved = value

    @property
    def uses_randomness(self) -> bool:
        """Whether it takes ``_seed`` or ``_rnd``."""
        return self._self_core.uses_randomness

    @property
    def config(self) -> Any:
        """The configuration it would see now; assigning sets it for calls outside of runs."""
        return self._now().config

    @config.setter
    def config(self, value: Any) -> None:
        self._set("config", value)

    @property
    def logger(self) -> logging.Logger | None:
        """Its logger in the current run; assigning sets it for calls outside of runs."""
        return self._now().logger

    @logger.setter
    def logger(self, value: logging.Logger | None) -> None:
        self._set("logger", value)

    @property
    def run(self) -> Any:
        """The current run; assigning sets it for calls outside of runs."""
        return self._now().run

    @run.setter
    def run(self, value: Any) -> None:
        self._set("run", value)

    @property
    def rnd(self) -> Any:
        """The generator that its seeds are drawn from outside of runs; in a run, its stream of seeds."""
        now = self._now()
        return now.stream or now.rnd

    @rnd.setter
    def rnd(self, value: Any) -> None:
        self._set("rnd", value)

    def _now(self) -> Binding:
        return self._self_core.find(CURRENT.get())

    def _set(self, name: str, value: Any) -> None:
        binding = self._self_core.detached()
        setattr(binding, name, value)
        binding.refresh()

    def __reduce_ex__(self, protocol: Any) -> str:
        # By reference, like any function: a spawned process imports the module and finds it there.
        return str(self._self_core.function.__qualname__)

    def __copy__(self) -> Captured[P, R]:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Captured[P, R]:
        return self

    def __repr__(self) -> str:
        return f"<captured {self._self_core.signature}>"


class BoundCaptured:
    """A captured method of one object."""

    __slots__ = ("__dict__", "_captured", "_instance")

    def __init__(self, captured: Captured[Any, Any], instance: Any) -> None:
        self._captured = captured
        self._instance = instance

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the method; ``self`` is never filled from configuration."""
        return self._captured(self._instance, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._captured, name)

    @property
    def __self__(self) -> Any:
        return self._instance

    @property
    def __func__(self) -> Captured[Any, Any]:
        return self._captured

    @property
    def __wrapped__(self) -> Any:
        function = self._captured.original
        return function.__get__(self._instance)  # type: ignore[attr-defined]

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, BoundCaptured)
            and self._instance is other._instance
            and self._captured == other._captured
        )

    def __hash__(self) -> int:
        return hash((id(self._instance), self._captured))

    def __repr__(self) -> str:
        return f"<bound {self._captured!r} of {self._instance!r}>"


def create_captured_function(function: Callable[P, R], prefix: str | None = None) -> Captured[P, R]:
    """Wrap a function without an owner; its ``config``, ``logger``, ``rnd`` and ``run`` are set by hand."""
    return capture(function, prefix, None)  # type: ignore[no-any-return]


def capture(function: Any, prefix: str | None, owner: Ingredient | None) -> Any:
    """Capture any callable; classmethods and staticmethods stay what they are.

    Raises:
        CaptureError: if it is not callable, or captured already with another prefix.
    """
    if isinstance(function, classmethod | staticmethod):
        return type(function)(capture(function.__func__, prefix, owner))
    if isinstance(function, Captured):
        core = function._self_core
        if core.owner is owner:
            if prefix is not None and prefix != core.prefix:
                raise CaptureError(
                    f"{core.signature.name} is captured already, with the prefix {core.prefix!r}; it cannot get the "
                    f"prefix {prefix!r} as well. Capture the original function: capture({core.signature.name}.original)"
                )
            return function
    elif not callable(function):
        raise CaptureError(f"only callables can be captured, not {type(function).__name__} ({function!r})")
    return Captured(function, prefix, owner)


def core_of(captured: Any) -> Core:
    """The core of a captured function, also through a classmethod or staticmethod."""
    if isinstance(captured, classmethod | staticmethod):
        captured = captured.__func__
    return captured._self_core  # type: ignore[no-any-return]


def _never(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> NoReturn:
    """wrapt wants a wrapper function; Captured.__call__ takes its place."""
    raise RuntimeError("unreachable")


def _mode(settings: Any) -> str:
    mode = settings.CONFIG.READ_ONLY_CONFIG
    if isinstance(mode, bool):
        return "error" if mode else "off"
    return str(mode)


def _logged(core: Core, binding: Binding, function: Any, args: Any, values: Any) -> Any:
    logger = binding.logger
    assert logger is not None
    logger.debug("Started")
    start = time.monotonic()
    try:
        result = function(*args, **values)
    except (ConfigError, NameError) as error:
        _explain(error, core, binding)
        raise
    logger.debug("Finished after %s.", timedelta(seconds=round(time.monotonic() - start)))
    return result


def _explain(error: Exception, core: Core, binding: Binding) -> None:
    """Add what the function knows about an error that came out of it."""
    if isinstance(error, ConfigError):
        path = binding.view.path if binding.view else ""
        error.locate(binding.config, ".".join(filter(None, (path, core.prefix))))
    else:
        _explain_name_error(error, core)


def _explain_name_error(error: Exception, core: Core) -> None:
    """A name that is defined below ``automain`` does not exist yet when the script runs."""
    from hallow.experiment.hints import name_defined_later

    name = getattr(error, "name", None)
    line = name_defined_later(core.function, name) if core.is_command and name else None
    if line is not None and len(error.args) == 1 and "automain" not in str(error):
        error.args = (
            f"{error.args[0]}. It is defined in line {line}, after the function decorated with automain, which runs at "
            "once: automain must be the last definition of the file",
        )
