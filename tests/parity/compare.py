"""Compare hallow's alias with Sacred from PyPI, side by side: `make compare`.

Sacred lives in an environment of its own (.compare-venv). What it does with every case is recorded anew in
tests/parity/expected, hallow does the same with this interpreter, docs/differences.md is written anew, and a table says
where the two differ. The exit code is 1 if they differ without a reason that the case gives.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections import Counter

import page
import runner

ROOT = runner.HERE.parents[1]
ENVIRONMENT = ROOT / ".compare-venv"
# Sacred 0.8.7 needs pkg_resources, which newer setuptools no longer carry, and SQLAlchemy before 2.
PACKAGES = [
    "sacred==0.8.7",
    "setuptools<80",
    "numpy",
    "pyyaml",
    "pymongo",
    "sqlalchemy<2",
    "tinydb",
    "tinydb-serialization",
    "hashfs",
]


def main():
    """Do all of it."""
    cases = runner.all_cases()
    if lacking := sorted({name for case in cases for name in case.missing()}):
        sys.exit(f"the environment lacks {', '.join(lacking)}: run `make compare`, which installs them")
    before = {case.name: runner.recorded(case) for case in cases}
    runner.refresh(cases, environment())
    changed = [case.name for case in cases if before[case.name] != runner.recorded(case)]
    results = runner.run_cases(cases, "hallow")
    page.main()
    wrong = table(cases, results)
    print(f"expectations that changed: {', '.join(changed) or 'none'}")
    sys.exit(1 if wrong else 0)


def environment():
    """The interpreter of an environment that holds Sacred and what its observers need."""
    python = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin") / "python"
    marker = ENVIRONMENT / ".ready"
    wanted = "\n".join(PACKAGES)
    if not marker.exists() or marker.read_text(encoding="utf-8") != wanted:
        venv.create(ENVIRONMENT, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        marker.write_text(wanted, encoding="utf-8")
    return str(python)


def table(cases, results):
    """Print each case with its differences; how many cases have one that is not explained."""
    width = max(len(case.name) for case in cases)
    print(f"{'case':<{width}}  command lines  explained  not explained  gone")
    wrong, total = 0, Counter()
    for case in cases:
        found = runner.differences(runner.expectation(case), results[case.name])
        unlisted, gone = found - case.differences, case.differences - found
        figures = (len(case.commands), (found & case.differences).total(), unlisted.total(), gone.total())
        print(f"{case.name:<{width}}  {figures[0]:>13}  {figures[1]:>9}  {figures[2]:>13}  {figures[3]:>4}")
        for sign, lines in (("not explained", unlisted), ("gone", gone)):
            for line in lines.elements():
                print(f"    {sign}: {line}")
        wrong += bool(unlisted or gone)
        total.update(dict(zip("cdug", figures, strict=True)))
    print(f"{f'{len(cases)} cases':<{width}}  {total['c']:>13}  {total['d']:>9}  {total['u']:>13}  {total['g']:>4}")
    return wrong


if __name__ == "__main__":
    main()
