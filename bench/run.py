"""Compare hallow with Sacred 0.8.7, side by side in one run: `make bench`.

Sacred lives in an environment of its own (.bench-venv), together with hallow, so that both meet the same interpreter
and packages. Every figure is the median of several runs in which the two take turns; the ratio is what counts, absolute
values belong to the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
import venv
from pathlib import Path

HOME = Path(__file__).resolve().parent
ROOT = HOME.parent
ENVIRONMENT = ROOT / ".bench-venv"
# Sacred 0.8.7 needs pkg_resources, which newer setuptools no longer carry.
PACKAGES = ["sacred==0.8.7", "setuptools<80", "numpy"]
BUDGET = {  # design: absolute values for hallow on a machine with two cores
    "import": (0.050, "50 ms"),
    "hello world, file store, whole process": (0.120, "120 ms"),
    "ex.run() in process, no observer": (0.0007, "0.7 ms"),
    "ex.run() in process, file store": (0.005, "5 ms"),
    "captured call, 3 injected entries": (1.2e-6, "1.2 us"),
    "captured call with _rnd": (3e-6, "3 us"),
}

EXPERIMENT = """
    from {lib} import Experiment
    from {lib}.observers import FileStorageObserver

    ex = Experiment("bench", save_git_info=False)

    @ex.config
    def cfg():
        a = 1
        b = 2.0
        c = "three"
"""

HELLO = (
    EXPERIMENT
    + """
    ex.observers.append(FileStorageObserver({folder!r}))

    @ex.automain
    def main(a):
        print("hello world", a)
"""
)

IN_PROCESS = (
    EXPERIMENT
    + """
    import json, logging, statistics, time

    {profile}
    logging.getLogger().addHandler(logging.NullHandler())

    @ex.capture
    def three(a, b, c):
        return a

    @ex.capture
    def random(a, _rnd):
        return a

    @ex.command
    def nothing():
        return None

    def timed(function, count):
        start = time.perf_counter()
        for _ in range(count):
            function()
        return (time.perf_counter() - start) / count

    @ex.command
    def calls():
        three(), random()
        return {{
            "captured call, 3 injected entries": timed(three, {calls}),
            "captured call with _rnd": timed(random, {calls} // 4),
        }}

    def run():
        ex.run("nothing", options={{"--loglevel": "ERROR"}})

    run()
    found = {{"ex.run() in process, no observer": timed(run, {runs})}}
    found.update(ex.run("calls", options={{"--loglevel": "ERROR"}}).result)
    ex.observers.append(FileStorageObserver({folder!r}))
    run()
    found["ex.run() in process, file store"] = timed(run, {runs} // 2)
    print("FOUND " + json.dumps(found))
"""
)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=7, help="turns of each library (default 7)")
    arguments.add_argument("--quick", action="store_true", help="two short rounds, to see that it works")
    arguments.add_argument("--json", type=Path, help="also write the figures to this file")
    chosen = arguments.parse_args()
    rounds = 2 if chosen.quick else chosen.rounds
    python = environment()
    figures: dict[str, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds + 1):  # the first round warms caches and is not counted
            for lib in ("bare", "sacred", "hallow"):
                for name, value in measure(python, lib, Path(folder) / f"{lib}{number}", chosen.quick).items():
                    if number:
                        figures.setdefault(name, {}).setdefault(lib, []).append(value)
    report(figures, rounds)
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")


def environment() -> str:
    """The interpreter of an environment that holds Sacred and this checkout."""
    python = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin") / "python"
    marker = ENVIRONMENT / ".ready"
    if not marker.exists() or marker.stat().st_mtime < (ROOT / "pyproject.toml").stat().st_mtime:
        venv.create(ENVIRONMENT, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", str(ROOT)], check=True)
        marker.touch()
    # Installed like Sacred, compiled and not editable: both meet the same conditions.
    again = ["--quiet", "--no-deps", "--force-reinstall", str(ROOT)]
    subprocess.run([python, "-m", "pip", "install", *again], check=True)
    return str(python)


def measure(python: str, lib: str, folder: Path, quick: bool) -> dict[str, float]:
    """One turn of one library."""
    folder.mkdir()
    if lib == "bare":
        return {
            "import": process(python, "pass", folder),
            "hello world, file store, whole process": process(python, "print('hello world', 1)", folder),
        }
    profile = "" if lib == "sacred" else "from hallow import SETTINGS"
    facts = {"lib": lib, "folder": str(folder / "runs"), "profile": profile}
    facts |= {"calls": 2000 if quick else 40000, "runs": 20 if quick else 200}
    found = {
        "import": process(python, f"import {lib}", folder),
        "from ... import Experiment": process(python, f"from {lib} import Experiment", folder),
        "hello world, file store, whole process": process(python, HELLO.format(**facts), folder),
    }
    found.update(in_process(python, IN_PROCESS.format(**facts), folder))
    return found


def process(python: str, code: str, folder: Path) -> float:
    """Seconds of a whole process."""
    script = folder / "script.py"
    script.write_text(textwrap.dedent(code), encoding="utf-8")
    start = time.perf_counter()
    subprocess.run([python, script], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)
    return time.perf_counter() - start


def in_process(python: str, code: str, folder: Path) -> dict[str, float]:
    """Figures that a script measures itself."""
    script = folder / "inside.py"
    script.write_text(textwrap.dedent(code), encoding="utf-8")
    done = subprocess.run([python, script], check=True, capture_output=True, text=True, cwd=folder)
    line = next(line for line in done.stdout.splitlines() if line.startswith("FOUND "))
    return dict(json.loads(line.removeprefix("FOUND ")))


def report(figures: dict[str, dict[str, list[float]]], rounds: int) -> None:
    """A Markdown table of medians and ratios."""
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors, {platform.platform()}, {rounds} rounds\n")
    print("| work | floor | Sacred 0.8.7 | hallow | ratio | budget | met |")
    print("|---|---:|---:|---:|---:|---:|---|")
    for name, by_lib in figures.items():
        floor = statistics.median(by_lib["bare"]) if "bare" in by_lib else None
        sacred, hallow = (statistics.median(by_lib[lib]) for lib in ("sacred", "hallow"))
        over = hallow - floor if name == "import" and floor is not None else hallow
        limit, text = BUDGET.get(name, (None, "-"))
        met = "-" if limit is None else "yes" if over <= limit else "NO"
        shown = "-" if floor is None else seconds(floor)
        print(f"| {name} | {shown} | {seconds(sacred)} | {seconds(hallow)} | {sacred / hallow:.1f}x | {text} | {met} |")
    print("\nfloor: the bare interpreter, or print() alone. The import budget is over the bare interpreter.")


def seconds(value: float) -> str:
    """A time in the unit that suits it."""
    for factor, unit in ((1, "s"), (1e3, "ms"), (1e6, "us")):
        if value * factor >= 1:
            return f"{value * factor:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"


if __name__ == "__main__":
    sys.exit(main())
