"""Runs the scripts in ``cases`` with Sacred or with hallow's alias and compares what they do, line by line.

A case is a script written for Sacred; a folder of the same name holds further files that it finds beside itself. Its
header says how it is run and what hallow does differently on purpose::

    # $ with a=3 seed=1
    # $ python -m package.train with seed=1
    # needs pymongo secantus
    # C25 [1, 2] to [1, 3] is a modification
    #   2 - out|   xs = [1, 3]
    #   2 + out|   <blue>xs = [1, 3]<end>

Lines with ``$`` are command lines, carried out one after another in one empty folder; ``{mongo}`` stands for the
address of a server, whose database with the case's name belongs to the case. ``needs`` names packages. A line with an
id (of the defects in page.py, or ``text`` for better messages, ``new`` for additions, ``BUG`` for what is to be mended)
explains the difference lines below it: number of the command line (0: the files left behind), ``-`` what only Sacred
shows or ``+`` what only hallow shows. A listed difference that does not occur is as wrong as an unlisted one.

    python tests/parity/runner.py --refresh INTERPRETER_WITH_SACRED [CASE...]     records tests/parity/expected
    python tests/parity/runner.py --show [CASE...]                                unlisted differences, header form
"""

from __future__ import annotations

import difflib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

from normalising import normalised  # noqa: E402

CASES = HERE / "cases"
EXPECTED = HERE / "expected"


# ------------------------------------------------------------------------------------------------ reading cases


class Case:
    """A script with its command lines and its wanted differences.

    Attributes:
        files: relative name to text of what lies in the folder at the start.
        reasons: reason to the difference lines that it explains.
    """

    def __init__(self, path):
        self.name = path.stem
        self.commands = []
        self.needs = []
        self.reasons = {}
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        size = next((n for n, line in enumerate(lines) if not line.startswith("#")), len(lines))
        self.files = {path.name: "".join(lines[size:]).lstrip("\n")}
        for extra in sorted(path.with_suffix("").rglob("*")):
            if extra.is_file() and "__pycache__" not in extra.parts:
                self.files[extra.relative_to(path.with_suffix("")).as_posix()] = extra.read_text(encoding="utf-8")
        self._read_header(lines[:size])
        self.commands = self.commands or [""]

    def _read_header(self, lines):
        reason = None
        for line in lines:
            line = line.rstrip("\n")
            if line.startswith("# $"):
                self.commands.append(line[3:].strip())
            elif line.startswith("# needs "):
                self.needs = line.split()[2:]
            elif found := re.fullmatch(r"#   (\d+) ([-+]) (.*)", line):
                assert reason, f"{self.name}: a difference without a reason: {line}"
                self.reasons[reason].append(f"{found[1]} {found[2]} {found[3]}".rstrip())
            elif line.startswith("# ") and line.strip() != "#":
                reason = line[2:]
                assert re.match(r"([A-Z]-?\d+|[a-z-]+|BUG) \S", reason), f"{self.name}: no known id: {line}"
                self.reasons.setdefault(reason, [])

    @property
    def differences(self):
        """The difference lines that are wanted, with how often each occurs."""
        return Counter(line for lines in self.reasons.values() for line in lines)

    @property
    def needs_mongo(self):
        return "secantus" in self.needs

    def missing(self):
        """The packages that it needs and that are not there."""
        return [name for name in self.needs if find_spec(name) is None]


def all_cases(names=()):
    cases = [Case(path) for path in sorted(CASES.glob("*.py"))]
    return [case for case in cases if not names or case.name in names]


# ------------------------------------------------------------------------------------------------- the two ends


@contextmanager
def mongo_for(cases):
    """Address of a MongoDB server for as long as needed; None if no case needs one."""
    if not any(case.needs_mongo for case in cases):
        yield None
        return
    sys.path.append(str(HERE.parent))
    from servers.mongo import MongoServer

    server = MongoServer()
    server.start()
    try:
        yield "{}:{}".format(*server.address)
    finally:
        server.close()


def run_cases(cases, library, interpreter=sys.executable, processes=2):
    """Name of the case to its normalised result."""
    env = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    env.update(FORCE_COLOR="1", PYTHON_COLORS="0", OPENBLAS_NUM_THREADS="1", PYTHONIOENCODING="utf-8", COLUMNS="80")
    env.update(PYTHONDONTWRITEBYTECODE="1", PYTHONWARNINGS="ignore", PYTHONHASHSEED="0")
    with tempfile.TemporaryDirectory(prefix="parity-state-") as state, mongo_for(cases) as address:
        env["HALLOW_STATE_DIR"] = state
        started = []
        for share in filter(None, (cases[n::processes] for n in range(processes))):
            server = subprocess.Popen(
                [interpreter, str(HERE / "serving.py"), library],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                env=env,
            )
            server.stdin.write(json.dumps([_job(case, address) for case in share]))
            server.stdin.close()
            started.append(server)
        results = {}
        for server in started:
            with server:
                results.update(json.load(server.stdout))
    return {case.name: normalised(results[case.name], case.commands) for case in cases}


def _job(case, address):
    return {
        "name": case.name,
        "files": case.files,
        "commands": case.commands,
        "database": address if case.needs_mongo else None,
    }


def differences(expected, actual):
    """Lines that only one of the two results has, as they are written in a case's header."""
    found = Counter()
    for number, (theirs, ours) in enumerate(zip(expected, actual, strict=True)):
        theirs, ours = _errors_matched(theirs, ours)
        for line in difflib.ndiff(theirs, ours):
            if line[0] in "+-":
                found[f"{number} {line[0]} {line[2:]}".rstrip()] += 1
    return found


def _errors_matched(theirs, ours):
    """An exception fits if it can be caught as Sacred's could: more base classes do no harm."""
    expected = {line.split(":")[0].split("|")[1].strip() for line in theirs if line.startswith("error|")}
    matched = []
    for line in ours:
        if line.startswith("error|"):
            names, colon, message = line[len("error| ") :].partition(":")
            chosen = next((name for name in names.split("|") if name in expected), names.split("|")[0])
            line = f"error| {chosen}{colon}{message}"
        matched.append(line)
    return [re.sub(r"^(error\| \w+)[\w|]*", r"\1", line) for line in theirs], matched


def expectation(case):
    """What Sacred did, as recorded."""
    return json.loads((EXPECTED / f"{case.name}.json").read_text(encoding="utf-8"))


def recorded(case):
    """The text of the expectation; None if there is none yet."""
    path = EXPECTED / f"{case.name}.json"
    return path.read_text(encoding="utf-8") if path.exists() else None


def refresh(cases, interpreter):
    for name, parts in run_cases(cases, "sacred", interpreter).items():
        text = json.dumps(parts, indent=1, ensure_ascii=True)
        (EXPECTED / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def show(cases):
    for name, parts in run_cases(cases, "hallow").items():
        case = next(case for case in cases if case.name == name)
        found = differences(expectation(case), parts)
        for title, left in (("not listed", found - case.differences), ("gone", case.differences - found)):
            if left:
                print(f"== {name}: {title}")
                print("\n".join(f"#   {line}" for line in left.elements()))


def main(words):
    if words[:1] == ["--refresh"] and len(words) > 1:
        refresh(all_cases(words[2:]), words[1])
    elif words[:1] == ["--show"]:
        show(all_cases(words[1:]))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
