"""Notes where writers of TensorFlow, TensorBoard and tensorboardX put their files."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ContextDecorator, ExitStack, contextmanager
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from hallow.errors import MissingExtraError
from hallow.utils import module_exists

from .internal import ContextMethodDecorator, Interceptor

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["LogFileWriter", "get_tensorflow"]

# The writers that a thread is making at this moment, with the experiments that have noted them.
_making = threading.local()

# Where there is a SummaryWriter. Importing them takes seconds: who uses one imports it, perhaps within the block.
_WITH_SUMMARY_WRITERS = ("tensorboardX", "torch.utils.tensorboard")

# The blocks that are entered.
_entered: list[tuple[LogFileWriter, ExitStack]] = []


def get_tensorflow() -> Any:
    """TensorFlow with the interface of its first version.

    Raises:
        ImportError: if it is not installed.
    """
    found = import_module("tensorflow")
    return found.compat.v1 if hasattr(found, "compat") else found


def __getattr__(name: str) -> Any:
    if name != "tf":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()["tf"] = get_tensorflow() if module_exists("tensorflow") else None
    return value


class LogFileWriter(ContextDecorator):
    """While it is active, the folders of new event file writers go to ``info["tensorflow"]["logdirs"]`` of the run.

    A context manager and a decorator. Seen are ``FileWriter`` and ``create_file_writer`` of ``tensorflow.summary``
    (their folders exactly as given), and the ``SummaryWriter`` of tensorboardX and of PyTorch.

    Args:
        experiment: a running experiment, or a run.

    Raises:
        MissingExtraError: if none of these libraries is there.
    """

    def __init__(self, experiment: Any) -> None:
        self.experiment = experiment
        self._active: list[ExitStack] = []
        self._tensorflow = sys.modules[__name__].tf
        if self._tensorflow is None and not any(map(module_exists, ("torch", "tensorboardX"))):
            raise MissingExtraError(
                "LogFileWriter looks for the event files of TensorFlow, PyTorch or tensorboardX, and none of them is "
                "installed. Install one, for example by `pip install tensorboardX`."
            )

    def __enter__(self) -> Self:
        stack = ExitStack()
        for owner, name, folder_of in self._targets():
            stack.enter_context(ContextMethodDecorator(owner, name, self._noting(folder_of)))
        self._active.append(stack)
        _entered.append((self, stack))
        for name in _WITH_SUMMARY_WRITERS:
            if name in sys.modules:
                self._watch(sys.modules[name], stack)
            else:
                _watch_when_imported(name)
        return self

    def __exit__(self, *_: object) -> None:
        stack = self._active.pop()
        _entered.remove((self, stack))
        stack.close()

    def _targets(self) -> Iterator[tuple[Any, str, Callable[..., Any]]]:
        if self._tensorflow is not None:
            yield self._tensorflow.summary.FileWriter, "__init__", _given
            second = getattr(sys.modules.get("tensorflow"), "summary", None)
            if hasattr(second, "create_file_writer"):
                yield second, "create_file_writer", _given

    def _watch(self, module: Any, stack: ExitStack) -> None:
        writer = getattr(module, "SummaryWriter", None)  # none in a module that is half imported
        if writer is not None:
            stack.enter_context(ContextMethodDecorator(writer, "__init__", self._noting(_told)))

    def _noting(self, folder_of: Callable[..., Any]) -> Interceptor:
        def make(writer: Any, original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            bound = args if writer is None else (writer, *args)
            with _first_time(self.experiment, writer) as is_first:
                made = original(*bound, **kwargs)
            if is_first:
                logdirs = self.experiment.info.setdefault("tensorflow", {}).setdefault("logdirs", [])
                logdirs.append(folder_of(writer, *args, **kwargs))
            return made

        return make


@contextmanager
def _first_time(experiment: Any, writer: Any) -> Iterator[bool]:
    """Whether nobody notes this writer for this experiment yet: a nested block, or a subclass that calls its parent."""
    noted = vars(_making).setdefault("noted", [])
    key = (id(experiment), id(writer))
    is_first = key not in noted
    noted.append(key)
    try:
        yield is_first
    finally:
        noted.pop()


def _given(_: Any, *args: Any, **kwargs: Any) -> Any:
    return kwargs["logdir"] if "logdir" in kwargs else args[0]


def _told(writer: Any, *_: Any, **__: Any) -> str:
    return str(getattr(writer, "log_dir", None) or writer.logdir)


@cache
def _watch_when_imported(name: str) -> None:
    import wrapt

    def watch(module: Any) -> None:
        for writer, stack in _entered.copy():  # other threads enter and leave
            writer._watch(module, stack)

    wrapt.register_post_import_hook(watch, name)
