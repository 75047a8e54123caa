"""Runs the scripts in ``cases`` with Sacred or with hallow's Sacred profile, and reduces what they do to lines.

A case is a script written for Sacred. Its header says how it is run and what hallow does differently on purpose::

    # $ with a=3 seed=1
    # $ print_config with seed=1
    # C25 [1, 2] to [1, 3] is a modification
    #   2 - out|   xs = [1, 3]
    #   2 + out|   <blue>xs = [1, 3]<end>

Lines with ``$`` are command lines, carried out one after another in one empty folder. A line with an id (of the
specification's tables of defects, or ``text`` for better messages, ``new`` for additions, ``BUG`` for what is to be
mended) explains the difference lines below it: number of the command line (0: the files left behind), ``-`` what only
Sacred shows or ``+`` what only hallow shows. A listed difference that does not occur is as wrong as an unlisted one.

    python tests/parity/runner.py --refresh INTERPRETER_WITH_SACRED [CASE...]     records tests/parity/expected
    python tests/parity/runner.py --show [CASE...]                                unlisted differences, header form

Each command line runs in a fork of a process that has imported the library already, which makes it ten times faster
than starting Python, and is otherwise what ``python CASE.py ...`` does.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
CASES = HERE / "cases"
EXPECTED = HERE / "expected"
TIMEOUT = 30

# Exceptions that code written for Sacred can name.
NAMES = {
    "CircularDependencyError",
    "ConfigError",
    "InvalidConfigError",
    "ConfigAddedError",
    "MissingConfigError",
    "NamedConfigNotFoundError",
    "SignatureError",
    "SettingError",
    "SacredError",
    "SacredInterrupt",
    "TimeoutInterrupt",
    "ObserverError",
}
RENAMED = {"HallowError": "SacredError", "HallowInterrupt": "SacredInterrupt"}


# ------------------------------------------------------------------------------------------------ reading cases


class Case:
    """A script with its command lines and its wanted differences."""

    def __init__(self, path):
        self.name = path.stem
        self.commands = []
        self.differences = Counter()
        self.reasons = {}
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        size = next((n for n, line in enumerate(lines) if not line.startswith("#")), len(lines))
        self.text = "".join(lines[size:]).lstrip("\n")
        reason = None
        for line in lines[:size]:
            line = line.rstrip("\n")
            if line.startswith("# $"):
                self.commands.append(line[3:].strip())
            elif found := re.fullmatch(r"#   (\d+) ([-+]) (.*)", line):
                assert reason, f"{self.name}: a difference without a reason: {line}"
                self.differences[f"{found[1]} {found[2]} {found[3]}".rstrip()] += 1
                self.reasons[reason] = True
            elif line.startswith("# ") and line.strip() != "#":
                reason = line[2:]
                assert re.match(r"([A-Z]-?\d+|text|new|BUG) \S", reason), f"{self.name}: no known id: {line}"
        self.commands = self.commands or [""]

    def text_for(self, library):
        """The script as this library can run it; no line moves."""
        if library == "sacred":
            return self.text
        profile = 'from hallow import SETTINGS as _SETTINGS; _SETTINGS.use_profile("sacred"); '
        head, found, rest = self.text.partition("from sacred import ")
        assert found, f"{self.name} does not say 'from sacred import ...'"
        return re.sub(r"\b(from|import) sacred\b", r"\1 hallow", head + profile + "from hallow import " + rest)


def all_cases(names=()):
    cases = [Case(path) for path in sorted(CASES.glob("*.py"))]
    return [case for case in cases if not names or case.name in names]


# --------------------------------------------------------------------------------------- running, inside the child


def serve(library):
    """Run the jobs on standard input, write their results to standard output."""
    jobs = json.load(sys.stdin)
    __import__(library)
    if library == "hallow":
        import hallow.experiment
        import hallow.experiment.commandline
        import hallow.observers
        import hallow.running.lifecycle
        import hallow.running.run  # noqa: F401
    else:
        import sacred.observers  # noqa: F401
    __import__("numpy")
    results = {}
    for name, text, commands in jobs:
        with tempfile.TemporaryDirectory(prefix="parity-") as scratch:
            folder = Path(scratch).resolve() / "work"
            folder.mkdir()
            (folder / f"{name}.py").write_text(text, encoding="utf-8")
            done = [_fork(folder, f"{name}.py", command) for command in commands]
            results[name] = {"runs": done, "files": _files(folder, f"{name}.py"), "folder": str(folder)}
    json.dump(results, sys.stdout)


def _fork(folder, script, command):
    """One command line in a process of its own."""
    out, err, note = (folder.parent / part for part in ("out", "err", "note"))
    for path in (out, err, note):
        path.write_bytes(b"")
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 99
        try:
            code = _child(folder, script, command, out, err, note)
        finally:
            os._exit(code)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return {
        "code": status,
        "out": out.read_text("utf-8", "replace"),
        "err": err.read_text("utf-8", "replace"),
        "error": note.read_text("utf-8", "replace"),
    }


def _child(folder, script, command, out, err, note):
    import signal
    import threading
    import types

    signal.alarm(TIMEOUT)
    os.chdir(folder)
    for fd, path, flags in ((0, os.devnull, os.O_RDONLY), (1, out, os.O_WRONLY), (2, err, os.O_WRONLY)):
        os.dup2(os.open(path, flags), fd)
    sys.stdin = open(0, closefd=False)
    sys.argv = [script, *shlex.split(command)]
    sys.path[0] = str(folder)
    module = types.ModuleType("__main__")
    module.__file__ = str(folder / script)
    sys.modules["__main__"] = module
    code, shown = 0, None
    try:
        exec(compile(Path(module.__file__).read_text("utf-8"), module.__file__, "exec"), module.__dict__)
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
        shown = left.__context__
        if type(shown).__name__ in ("UsageError", "CommandNotFoundError", "OptionError", "DocoptExit"):
            shown = None  # Sacred reports a wrong command line without an exception
        if isinstance(left.code, str):
            print(left.code, file=sys.stderr)
    except KeyboardInterrupt as error:
        code, shown = 130, error
    except BaseException as error:
        import traceback

        code, shown = 1, error
        traceback.print_exception(error)
    if shown is not None:
        note.write_text(_described(shown, module.__file__), "utf-8")
    threading._shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    return code & 255


def _described(error, script):
    """The classes by which the script could catch it; the message where the script raised it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    own = trace is not None and trace.tb_frame.f_code.co_filename == script
    names = []
    for cls in type(error).__mro__:
        in_library = cls.__module__.partition(".")[0] in ("sacred", "hallow")
        name = RENAMED.get(cls.__name__, cls.__name__)
        if not in_library or name in NAMES:
            names.append(name)
    return f"{'|'.join(names)}: {error if own else ''}"


# ------------------------------------------------------------------------------------------------- normalising


def _files(folder, script):
    found = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name != script and "__pycache__" not in name:
            data = path.read_bytes()
            found.append((name, data.decode("utf-8", "replace")))
    return found


COLOURS = {"\033[0m": "<end>", "\033[2m": "<dim>", "\033[31m": "<red>", "\033[32m": "<green>", "\033[34m": "<blue>"}


def _general(text, folder):
    """Without what differs from run to run and from library to library."""
    for code, word in COLOURS.items():
        text = text.replace(code, word)
    text = text.replace(folder, "DIR").replace(os.path.dirname(folder), "DIR/..")
    text = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?", "TIME", text)
    text = re.sub(r"\b\d:\d\d:\d\d\b", "H:MM:SS", text)
    text = re.sub(r"\b[0-9a-f]{32}\b", "MD5", text)
    text = re.sub(r"_[0-9a-f]{32}\b", "_MD5", text)
    text = re.sub(r" at 0x[0-9a-f]+", " at ADDRESS", text)
    return re.sub(r"\b(sacred|hallow)\b", "LIBRARY", text, flags=re.IGNORECASE)


def _output(text, command):
    lines = [_coloured(line) for line in text.splitlines()]
    if command.startswith("help") or command.endswith("-h") or "--help" in command:
        lines = [line for line in _help(lines) if line.strip()]
    if "seed" not in command:
        lines = [re.sub(r"\bseed = \d+ *", "seed = SEED ", line) for line in lines]
    if "print_dependencies" in command:
        # An editable installation of the library is not found; how it is installed is not the case's business.
        lines = [re.sub(r"== .*", "== VERSION", line) for line in lines if not line.startswith("  LIBRARY ")]
    lines = [re.sub(r"^(Error|LIBRARY\.[\w.]+Error): ", "Error: ", line) for line in lines]
    return [f"out| {line}".rstrip() for line in lines]


def _coloured(line):
    """The colour of a line is what counts, not where its codes stand between blanks and comments."""
    if "<dim>doc<end>" in line:
        return line
    colour = re.match(r" *(<blue>|<green>|<red>)", line)
    return (f"{colour[1]} " if colour else "") + re.sub(r"<(blue|green|red|dim|end)>", "", line)


def _help(lines):
    """The structure of a help text; descriptions are each library's own words."""
    section = ""
    for line in lines:
        if line and not line.startswith(" "):
            section = line
        if section in ("Options:", "Arguments:"):
            found = re.match(r"  (-\S+(?: \S+)*|[A-Z]+)(  |$)", line)
            if found and not NEW_OPTIONS.search(line):
                yield f"{section} {found[1]}"
        else:
            yield re.sub(r"^  (print_\w+|save_config) .*", r"  \1 ...", line)


def _error_output(text, script):
    """Log lines, headings of tracebacks with the script's frames, and whether the usage was shown."""
    frame = re.compile(rf'File ".*work/{re.escape(script)}", line (\d+), in (.*)')
    heading = ""
    for line in text.splitlines():
        if re.match(r"(DEBUG|INFO|WARNING|ERROR|CRITICAL) - ", line):
            yield f"log| {line}".rstrip()
        elif line.startswith("! "):
            yield f"err| {line}".rstrip()
        elif line.startswith("Usage:"):
            yield "err| Usage"
        elif "Traceback" in line:
            heading = f"err| {line}".rstrip()
        elif found := frame.search(line):
            if heading:  # those of tracebacks without the script's frames depend on the wording of the error
                yield heading
            heading = ""
            yield f"err| line {found[1]} in {found[2]}"


def _sorted_warnings(lines):
    """Warnings about suspicious changes come from a set: those that follow each other are sorted."""
    kept, group = [], []
    for line in lines:
        suspicious = "Changed type of config" in line or "Added new config" in line
        if not suspicious:
            kept += [*sorted(group), line]
            group = []
        else:
            group.append(line)
    return kept + sorted(group)


# Facts about the machine, or extended by hallow (storage-formats.md, section 9).
IGNORED_FACTS = re.compile(r"(host|experiment\.dependencies|experiment\.repositories)\b")
# Options that Sacred does not have (L11 in command-line.md, and hallow's own).
NEW_OPTIONS = re.compile(r"--(gcs|journal-only|notify|origins|resume|strict-observers)\b")


def _documents(files, folder):
    for name, text in files:
        name = _general(name, folder)
        if "/.LIBRARY/" in name or (name.endswith("/info.json") and text == "{}"):
            continue  # beside Sacred's files; a client in clients.md needs an info.json even if it is empty
        if "/_sources/" in name or (name.endswith(".py") and "/" in name):
            yield f"{name}| a copy"
            continue
        try:
            document = json.loads(text) if name.endswith(".json") else None
        except ValueError:
            document = None
        if document is None:
            lines = text.splitlines()
        else:
            lines = [
                line
                for line in _leaves(_user_part(document))
                if not (IGNORED_FACTS.match(line) or NEW_OPTIONS.search(line))
            ]
        yield from (f"{name}| {_general(line, folder)}".rstrip() for line in lines or ["(empty)"])


def _user_part(document):
    """A run's document without the library's own frames and without the pickled time of queueing."""
    if isinstance(document, dict) and "fail_trace" in document:
        trace = [re.sub(r"\n +[~^]+\n", "\n", part) for part in document["fail_trace"]]
        trace = [part for part in trace if not re.search(r'File ".*/(sacred|hallow)/', part)]
        document = {**document, "fail_trace": trace}
    if isinstance(document, dict) and "queue_time" in document.get("meta", {}):
        document["meta"]["queue_time"] = "TIME"
    return document


def _leaves(value, path=""):
    if isinstance(value, dict) and value:
        for key in sorted(value):
            yield from _leaves(value[key], f"{path}.{key}" if path else key)
    elif isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value):
        for number, item in enumerate(value):
            yield from _leaves(item, f"{path}[{number}]")
    else:
        yield f"{path} = {json.dumps(value)}"


def normalised(result, name, commands):
    """What is compared: one list of lines for the files, then one for each command line."""
    folder = result["folder"]
    parts = [list(_documents(result["files"], folder))]
    if not any("seed" in command for command in commands):
        parts[0] = [re.sub(r"\| seed = \d+$", "| seed = SEED", line) for line in parts[0]]
    for command, run in zip(commands, result["runs"], strict=True):
        lines = [f"exit {run['code']}"]
        if run["error"]:
            lines.append(f"error| {_general(run['error'], folder)}".rstrip(": \n"))
        lines += _output(_general(run["out"], folder), command)
        lines += [_general(line, folder) for line in _sorted_warnings(_error_output(run["err"], f"{name}.py"))]
        parts.append(lines)
    return parts


# ------------------------------------------------------------------------------------------------- the two ends


def run_cases(cases, library, interpreter=sys.executable, processes=2):
    """Name of the case to its normalised result."""
    env = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    env.update(FORCE_COLOR="1", PYTHON_COLORS="0", OPENBLAS_NUM_THREADS="1", PYTHONIOENCODING="utf-8", COLUMNS="80")
    env.update(PYTHONDONTWRITEBYTECODE="1", PYTHONWARNINGS="ignore")
    env.update(HALLOW_STATE_DIR=os.path.join(tempfile.gettempdir(), f"parity-state-{os.getpid()}"))
    shares = [share for share in (cases[n::processes] for n in range(processes)) if share]
    started = []
    for share in shares:
        server = subprocess.Popen(
            [interpreter, str(HERE / "runner.py"), "--serve", library],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=env,
        )
        server.stdin.write(json.dumps([[case.name, case.text_for(library), case.commands] for case in share]))
        server.stdin.close()
        started.append(server)
    results = {}
    for server in started:
        with server:
            results.update(json.load(server.stdout))
    return {case.name: normalised(results[case.name], case.name, case.commands) for case in cases}


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
    if words[:1] == ["--serve"]:
        serve(words[1])
    elif words[:1] == ["--refresh"] and len(words) > 1:
        refresh(all_cases(words[2:]), words[1])
    elif words[:1] == ["--show"]:
        show(all_cases(words[1:]))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
