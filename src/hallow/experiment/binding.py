"""What captured functions receive: a :class:`Core` knows the function, a :class:`Binding` what one run hands to it.

The function itself holds no state of any run. A call looks up its run, its binding and a :class:`Plan` made for calls
of its form; with nothing unusual about the call the plan's values go straight to the function.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hallow.config.containers import make_read_only
from hallow.config.values import plain_copy
from hallow.errors import ConfigError, MissingConfigError
from hallow.experiment.signature import Signature
from hallow.running.context import current_run
from hallow.running.seeding import get_seed, lazy_rnd
from hallow.settings import SETTINGS
from hallow.utils import get_by_dotted_path

if TYPE_CHECKING:
    from hallow.experiment.ingredient import Ingredient
    from hallow.experiment.view import View
    from hallow.running.run import Run

_RANDOM = frozenset({"_seed", "_rnd"})
SPECIAL_ARGUMENTS = frozenset({"_config", "_run", "_log", *_RANDOM})
# Functions that take **kwargs can be called in any number of forms.
_MOST_PLANS = 64


class Core:
    """What is known of a captured function before any run."""

    __slots__ = (
        "_detached",
        "function",
        "index",
        "is_command",
        "owner",
        "prefix",
        "signature",
        "unobserved",
        "uses_randomness",
        "warned",
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
        self._detached: Binding | None = None

    @property
    def name(self) -> str:
        """What its random stream is keyed by: the qualified name, without enclosing functions."""
        qualified = getattr(self.function, "__qualname__", self.signature.name)
        return str(qualified).rpartition("<locals>.")[2]

    def find(self, run: Run | None, calling: bool = True) -> Binding:
        """The binding for a call made in ``run``; the slow way round, taken once per run.

        Args:
            run: the run.
            calling: whether the function is going to be called, not only looked at.
        """
        run = run or current_run()
        while run is not None:
            binding = run.bindings.get(self)
            if binding is None and self.owner in run.views:
                binding = run.bindings.setdefault(self, Binding(self, view=run.views[self.owner]))
            if binding is not None:
                return binding  # type: ignore[no-any-return] # bindings are kept untyped below this floor
            run = run.parent
        return self._outside(calling)

    def _outside(self, calling: bool) -> Binding:
        """The binding outside of every run: what was set by hand, else the owner's last run, else nothing."""
        if self._detached is not None:
            return self._detached
        last = getattr(self.owner, "current_run", None)
        if calling and self.is_command and not self.warned:
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
        self.plans: dict[Any, Plan] = {}

    def _typed_arguments(self) -> dict[str, Any]:
        schema = self.view.schema if self.view else None
        if schema is None:
            return {}
        return schema.typed_arguments(self.function, self.config)

    def plan(self, given: int, names: Iterable[str] = ()) -> Plan:
        """The plan for calls with ``given`` positional arguments and these keywords."""
        key = (given, *names) if names else given
        plan = self.plans.get(key)
        if plan is None:
            plan = Plan(self, given, frozenset(names))
            if len(self.plans) < _MOST_PLANS:
                self.plans[key] = plan
        return plan

    def check_complete(self) -> None:
        """Raise MissingConfigError unless a call without arguments would be complete."""
        signature = self.core.signature
        known = {*self.options, *signature.kwargs, *_RANDOM}
        missing = [name for name in signature.arguments if name not in known]
        if missing:
            raise MissingConfigError(f"{signature.name} is missing value(s):", missing)


class Plan:
    """How calls of one form are completed: those with as many positional arguments and the same keywords.

    Attributes:
        easy: whether all there is to do is to add ``values``: nothing is missing, too much, or to be given by position.
        values: what is filled in.
        fresh: names in ``values`` whose containers must be copied for each call.
        random: which of ``_seed`` and ``_rnd`` the call gets.
        plain: whether ``values`` can be handed on as they are.
    """

    __slots__ = ("easy", "fresh", "plain", "random", "values")

    def __init__(self, binding: Binding, given: int, names: Collection[str] = frozenset()) -> None:
        signature = binding.core.signature
        open_names = [name for name in signature.open_arguments(given) if name not in names]
        options = binding.options
        self.values = {name: options[name] for name in open_names if name in options}
        self.random = tuple(name for name in open_names if name in _RANDOM)
        missing = any(n not in self.values and n not in signature.kwargs and n not in self.random for n in open_names)
        by_position_only = set(signature.positional_only[given:]) & {*self.values, *self.random, *names}
        self.easy = not (missing or by_position_only or signature.refuses(given, names))
        self.fresh = (
            tuple(name for name, value in self.values.items() if isinstance(value, dict | list | tuple))
            if binding.mode == "copy"
            else ()
        )
        self.plain = self.easy and not self.fresh and not binding.core.uses_randomness

    def complete(
        self, binding: Binding, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """All arguments of one call.

        Raises:
            SignatureError: for surplus, unknown or repeated arguments.
            MissingConfigError: for arguments that have no value.
        """
        values = self.values.copy()
        for name in self.fresh:
            values[name] = plain_copy(values[name])
        if binding.core.uses_randomness:
            # Drawn also if the caller gives both: what a call gets depends on how many calls there were before.
            seed = get_seed(binding.rnd) if binding.stream is None else binding.stream.next_seed()
            for name in self.random:
                values[name] = seed if name == "_seed" else lazy_rnd(seed)
        if not self.easy:
            return binding.core.signature.construct_arguments(args, kwargs, values)
        values.update(kwargs)
        return args, values


def _mode(settings: Any) -> str:
    mode = settings.CONFIG.READ_ONLY_CONFIG
    if isinstance(mode, bool):
        return "error" if mode else "off"
    return str(mode)


def logged_call(core: Core, binding: Binding, function: Any, args: Any, values: Any) -> Any:
    """Call the function with debug messages before and after."""
    logger = binding.logger
    assert logger is not None
    logger.debug("Started")
    start = time.monotonic()
    try:
        result = function(*args, **values)
    except (ConfigError, NameError) as error:
        explain(error, core, binding)
        raise
    logger.debug("Finished after %s.", timedelta(seconds=round(time.monotonic() - start)))
    return result


def explain(error: Exception, core: Core, binding: Binding) -> None:
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
        hint = f"It is defined in line {line}, after the function decorated with automain, which runs at once"
        error.args = (f"{error.args[0]}. {hint}: automain must be the last definition of the file",)
