"""Captured functions: callables whose missing arguments are filled from the configuration of the current run."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, NoReturn, ParamSpec, TypeVar

from hallow.errors import CaptureError, ConfigError
from hallow.experiment.binding import Binding, Core, explain, logged_call
from hallow.experiment.caller import asked_by_cloudpickle
from hallow.experiment.wrapping import FunctionWrapper
from hallow.running.context import CURRENT

if TYPE_CHECKING:
    from hallow.experiment.ingredient import Ingredient
    from hallow.experiment.signature import Signature

P = ParamSpec("P")
R = TypeVar("R")
_DEBUG = logging.DEBUG


class Captured(FunctionWrapper, Generic[P, R]):  # type: ignore[misc] # wrapt has no types
    """A function that is filled from configuration; see :meth:`hallow.Ingredient.capture`.

    Everything else about it (name, docstring, signature, equality, hash) is the original's. Any argument may be left
    out of a call, explicit arguments always win.
    """

    # No annotation of _self_core here: the class's __annotations__ would hide those of the function.

    def __init__(self, function: Callable[P, R], prefix: str | None = None, owner: Ingredient | None = None) -> None:
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
        if not kwargs:
            plan = binding.plans.get(len(args)) or binding.plan(len(args))
            values = plan.values if plan.plain else None
        else:
            plan = binding.plans.get((len(args), *kwargs)) or binding.plan(len(args), kwargs)
            values = {**plan.values, **kwargs} if plan.plain else None
        if values is None:
            args, values = plan.complete(binding, args, kwargs)
        logger = binding.logger
        if logger is not None and logger.isEnabledFor(_DEBUG):
            return logged_call(core, binding, core.function, args, values)  # type: ignore[no-any-return]
        try:
            return core.function(*args, **values)  # type: ignore[no-any-return]
        except (ConfigError, NameError) as error:
            explain(error, core, binding)
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
        return self._self_core.find(CURRENT.get(), calling=False)

    def _set(self, name: str, value: Any) -> None:
        binding = self._self_core.detached()
        setattr(binding, name, value)
        binding.refresh()

    def __reduce_ex__(self, protocol: Any) -> Any:
        # By reference, like any function: a spawned process imports the module and finds it there. During a run, what
        # the function sees of the configuration goes along.
        from hallow.experiment.carrying import reduced

        return reduced(self)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        # That of the function, as of any wrapper; but cloudpickle would then send the function without the rest.
        return type(self) if asked_by_cloudpickle() else self.__wrapped__.__class__

    def __copy__(self) -> Captured[P, R]:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Captured[P, R]:
        return self

    def __repr__(self) -> str:
        return f"<captured {self._self_core.signature}>"


class BoundCaptured(partial[Any]):
    """A captured method of one object; ``self`` is never filled from configuration.

    A partial, because to make and to call one takes no Python function of ours. It looks like a bound method.
    """

    def __getattr__(self, name: str) -> Any:
        return getattr(self.func, name)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self  # where it becomes an attribute of a class it belongs to its own object still

    @property
    def __self__(self) -> Any:
        return self.args[0]

    @property
    def __func__(self) -> Captured[Any, Any]:
        captured: Any = self.func
        return captured  # type: ignore[no-any-return]

    _captured = __func__

    @property
    def __wrapped__(self) -> Any:
        function: Any = self.__func__.original
        return function.__get__(self.__self__)

    def __reduce__(self) -> tuple[Any, ...]:
        return BoundCaptured, (self.func, *self.args)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BoundCaptured) and self.__self__ is other.__self__ and self.func == other.func

    def __hash__(self) -> int:
        return hash((id(self.__self__), self.func))

    def __repr__(self) -> str:
        return f"<bound {self.func!r} of {self.__self__!r}>"


class _ClassMethod(classmethod):  # type: ignore[type-arg]
    """A class method that binds as the captured function does; Python's own stopped doing that with 3.13."""

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self.__func__.__get__(type(instance) if owner is None else owner)


def create_captured_function(function: Callable[P, R], prefix: str | None = None) -> Captured[P, R]:
    """Wrap a function without an owner; its ``config``, ``logger``, ``rnd`` and ``run`` are set by hand."""
    return capture(function, prefix, None)  # type: ignore[no-any-return]


def capture(function: Any, prefix: str | None, owner: Ingredient | None) -> Any:
    """Capture any callable; classmethods and staticmethods stay what they are.

    Raises:
        CaptureError: if it is not callable, or captured already with another prefix.
    """
    if isinstance(function, staticmethod):
        return staticmethod(capture(function.__func__, prefix, owner))
    if isinstance(function, classmethod):
        return _ClassMethod(capture(function.__func__, prefix, owner))
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
    """The core of a captured function, also through a method of any kind."""
    function = captured if isinstance(captured, Captured) else captured.__func__
    return function._self_core


def _never(*_: Any) -> NoReturn:
    """Wrapt wants a wrapper function; Captured.__call__ takes its place."""
    raise RuntimeError("unreachable")
