"""Facts about the machine.

What takes time is asked in the background and put into the dict later; no answer, a wrong one or a failing
gatherer never keeps a run from starting. No other program is started where none may be, as under MPI.
"""

# os.path, because this runs at every start and pathlib costs several times as much.

from __future__ import annotations

import os
import sys
import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from hallow.errors import IgnoreHostInfo, NameInUseError
from hallow.provenance.processes import starts_no_processes
from hallow.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = [
    "HostInfoGetter",
    "IgnoreHostInfo",
    "check_additional_host_info",
    "get_host_info",
    "host_info_gatherer",
    "host_info_gatherers",
    "host_info_getter",
    "wait_for_host_info",
]

GPU_SECONDS = 20.0
"""How long the background waits for ``nvidia-smi``."""

_DEFAULTS = ("hostname", "os", "python_version", "cpu", "gpus", "ENV")
_SECRET_WORDS = ("PASSWORD", "PASSWD", "SECRET", "TOKEN", "API_KEY", "APIKEY", "ACCESS_KEY", "CREDENTIAL")


# ------------------------------------------------------------------------------------------- gatherers


class HostInfoGetter:
    """A function without arguments that gives one fact about the machine.

    Attributes:
        name: the key of the fact.
    """

    __slots__ = ("getter_function", "name")

    def __init__(self, getter_function: Callable[[], Any], name: str) -> None:
        self.getter_function = getter_function
        self.name = name

    def __call__(self) -> Any:
        """The same as :meth:`get_info`."""
        return self.getter_function()

    def get_info(self) -> Any:
        """The fact; the function may raise :class:`IgnoreHostInfo` to be left out."""
        return self.getter_function()

    def __repr__(self) -> str:
        return f"<HostInfoGetter: {self.name}>"


def host_info_gatherer(name: str) -> Callable[[Callable[[], Any]], HostInfoGetter]:
    """Decorator: makes a function without arguments a gatherer for ``additional_host_info``."""

    def decorate(function: Callable[[], Any]) -> HostInfoGetter:
        return HostInfoGetter(function, name)

    return decorate


host_info_gatherers: dict[str, Callable[[], Any]] = {}
"""Gatherers for all experiments of the process, by name; filled by :func:`host_info_getter`."""


def host_info_getter(func: Callable[[], Any] | None = None, name: str | None = None) -> Any:
    """Older decorator that registers a gatherer for all experiments of the process; returns the function."""
    import warnings

    warnings.warn(
        "host_info_getter is deprecated; use host_info_gatherer(name) and Experiment(additional_host_info=[...])",
        DeprecationWarning,
        stacklevel=2,
    )

    def register(function: Callable[[], Any]) -> Callable[[], Any]:
        host_info_gatherers[name or function.__name__] = function
        return function

    return register if func is None else register(func)


def check_additional_host_info(additional_host_info: Iterable[HostInfoGetter]) -> None:
    """Refuse gatherers whose names are those of the default facts.

    Raises:
        NameInUseError: (a ``KeyError``) with the names that are taken.
    """
    taken = [getter.name for getter in additional_host_info if getter.name in _DEFAULTS]
    if taken:
        raise NameInUseError(
            f"the host info names {', '.join(map(repr, taken))} are taken; hallow's own facts are "
            f"{', '.join(_DEFAULTS)}: give the gatherer another name"
        )


# ----------------------------------------------------------------------------------------------- facts


def get_host_info(additional_host_info: Iterable[HostInfoGetter] | None = None) -> dict[str, Any]:
    """Facts about this machine: legacy gatherers, additional ones, then hallow's own.

    The keys ``gpus``, and ``cpu`` where the system does not tell it at once, may be filled in later, in the
    dict that is returned; see :func:`wait_for_host_info`. A gatherer that fails leaves its error's text.
    """
    info: dict[str, Any] = {}
    for name, legacy in list(host_info_gatherers.items()):
        _gather(info, name, legacy)
    for getter in additional_host_info or ():
        _gather(info, getter.name, getter.get_info)
    _gather(info, "hostname", _hostname)
    _gather(info, "os", _os)
    _gather(info, "python_version", _python_version)
    _add_cpu(info)
    _add_gpus(info)
    _gather(info, "ENV", _environment)
    return info


def _gather(info: dict[str, Any], name: str, get: Callable[[], Any]) -> None:
    try:
        info[name] = get()
    except IgnoreHostInfo:
        pass
    except Exception as error:
        info[name] = f"error: {type(error).__name__}: {error}"


def _hostname() -> str:
    if hasattr(os, "uname"):
        return os.uname().nodename
    import platform

    return platform.node()


def _os() -> list[str]:
    if "os" not in _facts:
        _facts["os"] = _glibc_linux() or _any_system()
    return list(_facts["os"])


def _any_system() -> list[str]:
    if starts_no_processes() and hasattr(os, "uname"):
        # The module `platform` would start the program `uname`.
        system, _, release, _, machine = os.uname()
        return [system, f"{system}-{release}-{machine}"]
    import platform

    return [platform.system(), platform.platform()]


def _glibc_linux() -> list[str] | None:
    """What the module ``platform`` says, but without starting the program ``uname`` as that does."""
    try:
        system, _, release, _, machine = os.uname()
        libc = os.confstr("CS_GNU_LIBC_VERSION")
    except (AttributeError, ValueError, OSError):
        return None
    if system != "Linux" or not libc:
        return None
    return [system, f"{system}-{release}-{machine}-with-{libc.replace(' ', '')}"]


def _python_version() -> str:
    return sys.version.split()[0].rstrip("+")


def _environment() -> dict[str, str]:
    patterns: list[str] = SETTINGS.HOST_INFO.CAPTURED_ENV
    if not patterns:
        return {}
    from fnmatch import fnmatchcase

    names = (name for name in os.environ if any(fnmatchcase(name, pattern) for pattern in patterns))
    return {name: _masked(name, os.environ[name]) for name in sorted(names)}


def _masked(name: str, value: str) -> str:
    if any(word in name.upper() for word in _SECRET_WORDS):
        return "***"
    from hallow.provenance.git import without_credentials

    return without_credentials(value)


# ------------------------------------------------------------------------------------------------- CPU


def _add_cpu(info: dict[str, Any]) -> None:
    info["cpu"] = None
    if not SETTINGS.HOST_INFO.INCLUDE_CPU_INFO:
        return
    if "cpu" not in _facts:
        name = _cpu_of_linux() or _cpu_from_cache()
        if name:
            _facts["cpu"] = name
    if "cpu" in _facts:
        info["cpu"] = _facts["cpu"]
    elif not starts_no_processes():
        _later("cpu", _cpu_by_library, info)


def _cpu_of_linux() -> str | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        # One page is enough for the first processor of a hundred.
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            text = file.read(4096)
    except OSError:
        return None
    entries = dict(_entry(line) for line in text.splitlines() if ":" in line)
    for key in ("model name", "cpu model", "Model", "Hardware", "uarch"):
        if entries.get(key):
            return " ".join(entries[key].split())
    return None


def _entry(line: str) -> tuple[str, str]:
    key, _, value = line.partition(":")
    return key.strip(), value.strip()


def _cpu_by_library() -> str | None:
    """What py-cpuinfo says. It takes a second and starts programs, hence the cache."""
    from cpuinfo import get_cpu_info

    name: str | None = get_cpu_info().get("brand_raw")
    if name:
        try:
            path = _cpu_cache()
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(name)
        except OSError:
            pass  # asked again next time
    return name


def _cpu_from_cache() -> str | None:
    try:
        with open(_cpu_cache(), encoding="utf-8") as file:
            return file.read().strip() or None
    except OSError:
        return None


def _cpu_cache() -> str:
    if sys.platform == "win32":
        folder = os.environ.get("LOCALAPPDATA") or os.path.expanduser("~")
    elif sys.platform == "darwin":
        folder = os.path.expanduser("~/Library/Caches")
    else:
        folder = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    # A home folder may be shared between machines.
    return os.path.join(folder, "hallow", f"cpu-{_hostname()}.txt")


# ------------------------------------------------------------------------------------------------ GPUs


def _add_gpus(info: dict[str, Any]) -> None:
    if not SETTINGS.HOST_INFO.INCLUDE_GPU_INFO:
        info["gpus"] = None
    elif "gpus" in _facts:
        info["gpus"] = _facts["gpus"]
    elif not starts_no_processes():
        program = _found("nvidia-smi", os.environ.get("PATH"))
        if program is not None:
            _later("gpus", lambda: _gpus_of(program), info)


@lru_cache(maxsize=4)
def _found(program: str, path: str | None) -> str | None:
    # Not shutil.which: importing shutil costs more than everything else that is asked at a start.
    for folder in (os.defpath if path is None else path).split(os.pathsep):
        candidate = os.path.join(folder, program)
        if os.path.isfile(candidate) and os.access(candidate, os.X_OK):
            return candidate
    return None


def _gpus_of(program: str) -> dict[str, Any] | None:
    import subprocess
    import xml.etree.ElementTree as ET

    done = subprocess.run(  # noqa: S603 - a fixed program with fixed arguments
        [program, "-q", "-x"], capture_output=True, timeout=GPU_SECONDS, check=True, stdin=subprocess.DEVNULL
    )
    root = ET.fromstring(done.stdout)  # noqa: S314 - the driver's own output
    return {
        "driver_version": root.findtext("driver_version"),
        "gpus": [
            {
                "model": gpu.findtext("product_name"),
                "total_memory": _total_memory(gpu),
                "persistence_mode": gpu.findtext("persistence_mode") == "Enabled",
            }
            for gpu in root.iter("gpu")
        ],
    }


def _total_memory(gpu: Any) -> int | None:
    """MiB; on partitioned cards only the partitions may be asked."""
    for path in ("fb_memory_usage/total", "mig_devices/mig_device/fb_memory_usage/total"):
        number = (gpu.findtext(path) or "").split(" ")[0]
        if number.isdigit():
            return int(number)
    return None


# ------------------------------------------------------------------------------------------ background

_facts: dict[str, Any] = {}  # what this machine answered; it does not change
_asking: dict[str, tuple[threading.Thread, list[dict[str, Any]]]] = {}
_asking_lock = threading.Lock()  # protects _asking and the hand-over of an answer


def _later(name: str, ask: Callable[[], Any], info: dict[str, Any]) -> None:
    """Have ``info[name]`` filled in by the background; one question serves all who wait."""
    with _asking_lock:
        if name in _facts:
            info[name] = _facts[name]
        elif name in _asking and _asking[name][0].is_alive():
            _asking[name][1].append(info)
        else:
            waiting = [info]
            thread = threading.Thread(target=_answer, args=(name, ask, waiting), name=f"hallow-{name}", daemon=True)
            _asking[name] = (thread, waiting)
            thread.start()


def _answer(name: str, ask: Callable[[], Any], waiting: list[dict[str, Any]]) -> None:
    try:
        answer = ask()
    except Exception:  # no program, no driver, no sense in what it says: the fact is unknown
        answer = None
    with _asking_lock:
        if answer is not None:
            _facts[name] = answer
            for info in waiting:
                info[name] = answer
        waiting.clear()
        _asking.pop(name, None)


def wait_for_host_info(seconds: float) -> bool:
    """Give the background up to ``seconds`` to answer; whether it has answered everything."""
    import time

    end = time.monotonic() + seconds
    for thread, _ in list(_asking.values()):
        thread.join(max(0.0, end - time.monotonic()))
    return not _asking
