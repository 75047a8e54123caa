"""The environments that libraries are measured in, below one folder; made when they are needed first.

``main`` has Sacred and hallow, so that both meet the same interpreter and packages, and nothing besides that would be
loaded by the one or the other. ``stores`` has hallow with the drivers of stores, and the servers; Sacred has its
drivers in an environment of its own. Every other library has one of its own: they do not agree about versions.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

from rows.trackers import TRACKERS

ROOT = Path(__file__).resolve().parent.parent
# Sacred 0.8.7 needs pkg_resources, which newer setuptools no longer carry.
SACRED = ["sacred==0.8.7", "setuptools<80", "numpy"]
# What Sacred's observers need, and the servers; Sacred and s3fs do not agree about versions.
DRIVERS = ["pymongo", "SQLAlchemy", "psycopg[binary]", "tinydb", "tinydb-serialization", "hashfs"]
SERVERS = ["secantusdb==0.7.0b3", "moto[s3]>=5", "flask>=3", "flask-cors>=4"]
OTHERS = {"Hydra": "hydra-core", **{name: tracker.package for name, tracker in TRACKERS.items()}}
PATIENCE = 900  # seconds for one installation


class Environments:
    """Makes environments, and remembers those that could not be made.

    Args:
        folder: where they are.
        patient: whether to try again what could not be installed the last time.
    """

    def __init__(self, folder: Path, patient: bool) -> None:
        self._folder = folder
        self._patient = patient
        self._known: dict[str, str] = {}
        #: What could not be installed, with the reason.
        self.failed: dict[str, str] = {}

    def python(self, lib: str, kind: str) -> str | None:
        """The interpreter for a library; ``None`` if it could not be installed.

        Args:
            lib: ``"bare"``, ``"sacred"``, ``"hallow"``, or one of ``OTHERS``.
            kind: the environment of the first three, ``"main"`` or ``"stores"``.
        """
        name = lib if lib in OTHERS else "stores-sacred" if (lib, kind) == ("sacred", "stores") else kind
        if name not in self._known and name not in self.failed:
            try:
                self._known[name] = self._made(name)
            except (subprocess.SubprocessError, OSError) as error:
                if name not in OTHERS:
                    raise SystemExit(f"the environment {name!r} cannot be made: {error}") from error
                self.failed[name] = str(error)
        return self._known.get(name)

    def version(self, lib: str) -> str:
        """The version of another library that is installed, ``""`` if none is."""
        if lib not in self._known:
            return ""
        code = f"from importlib.metadata import version; print(version({OTHERS[lib]!r}))"
        done = subprocess.run([self._known[lib], "-c", code], check=False, capture_output=True, text=True)
        return done.stdout.strip()

    def _made(self, name: str) -> str:
        home = self._folder if name == "main" else self._folder / "others" / name.lower()
        python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
        packages = _packages(name)
        ready, failed = home / ".ready", home / ".failed"
        if failed.exists() and not self._patient:
            reason, _, facts = failed.read_text(encoding="utf-8").partition("\n")
            if facts == _facts(packages):
                raise subprocess.SubprocessError(reason)
        if not ready.exists() or ready.read_text(encoding="utf-8") != _facts(packages):
            self._install(home, python, packages, failed)
            ready.write_text(_facts(packages), encoding="utf-8")
        if str(ROOT) in packages[-1]:
            # Installed like Sacred, compiled and not editable: both meet the same conditions.
            _pip(python, "--no-deps", "--force-reinstall", str(ROOT))
        return str(python)

    def _install(self, home: Path, python: Path, packages: list[str], failed: Path) -> None:
        print(f"installing {' '.join(packages)}", file=sys.stderr, flush=True)
        if not python.exists():
            venv.create(home, with_pip=True)
        try:
            _pip(python, "--upgrade", "pip")  # that of older Pythons finds no versions that agree
            _pip(python, *packages)
        except subprocess.SubprocessError as error:
            failed.write_text(f"{error}\n{_facts(packages)}", encoding="utf-8")
            raise
        failed.unlink(missing_ok=True)


def _packages(name: str) -> list[str]:
    if name in OTHERS:
        return [OTHERS[name]]
    if name == "main":
        return [*SACRED, str(ROOT)]
    if name == "stores-sacred":
        return [*SACRED, *DRIVERS]
    return [*SERVERS, f"{ROOT}[mongo,tinydb,sql,remote]"]


def _facts(packages: list[str]) -> str:
    """What an environment depends on."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8") if str(ROOT) in packages[-1] else ""
    return "\n".join([*packages, project])


def _pip(python: Path, *words: str) -> None:
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *words]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise subprocess.SubprocessError(said[-1] if said else f"pip ended with exit code {done.returncode}")
