"""What the machine is, and how busy it was."""

from __future__ import annotations

import datetime as dt
import os
import platform
import subprocess
from pathlib import Path

from environments import ROOT


class Machine:
    """Facts that figures depend on; the load is taken when this is made and when it is shown."""

    def __init__(self) -> None:
        self._load = _load()

    def facts(self) -> dict[str, str]:
        changed = ", changed since" if _git("status", "--porcelain", "src") else ""
        return {
            "date": dt.datetime.now(dt.timezone.utc).strftime("%Y-%m-%d"),
            "commit": _git("rev-parse", "--short", "HEAD") + changed,
            "Python": f"{platform.python_version()} ({platform.python_implementation()})",
            "compiled part of hallow": "built" if any(ROOT.glob("src/hallow/journal/_half*.so")) else "not built",
            "processors": f"{os.cpu_count()}, {_first('/proc/cpuinfo', 'model name') or platform.machine()}",
            "memory": f"{int((_first('/proc/meminfo', 'MemTotal') or '0 kB').split()[0]) / 1e6:.0f} GB",
            "system": platform.platform(),
            "load before and after": f"{self._load}, {_load()} (1 is one busy processor)",
        }


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def _first(path: str, key: str) -> str:
    """The value of the first line of a file of the kernel that begins with ``key``."""
    if not Path(path).exists():
        return ""
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), "")


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, check=False, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else "unknown"
