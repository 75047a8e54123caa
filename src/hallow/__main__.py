"""hallow: what can be done about runs outside of the scripts that make them.

Usage:
  hallow ls STORE
  hallow show STORE RUN [--full]
  hallow copy SOURCE TARGET [RUN...]
  hallow rm STORE RUN... [--yes]
  hallow recover [TARGET] [--store URL]... [--dry-run] [--assume-dead]
  hallow watch COMMAND [ARGUMENT...]
  hallow --version
  hallow --help

A STORE is the folder of a file or TinyDB store, an SQLite file, or a URL: mongodb://host:27017/db,
postgresql://user@host/db, s3://bucket/folder, and so on. Stores that Sacred wrote can be read, too.

Commands:
  ls        List the runs of a store.
  show      Show the record of a run.
  copy      Copy runs, by default all, with everything that belongs to them. Doing it again copies only what is new.
  rm        Remove runs, with what belongs to them alone. Without --yes, only say what would be removed.
  recover   Close the records of runs whose process is gone, and deliver what was logged and printed but did not reach
            a store. TARGET is the folder or URL of a store, the folder of a run, or a journal; without it, all journals
            that runs of this user left on this machine.
  watch     Run a program; should it be killed, close its runs at once, with signal and exit code in their records.

Options:
  --full          Also show long values and lists of files as a whole.
  --yes           Remove without asking.
  --store URL     A store with its password, which journals do not keep (or name it in HALLOW_STORES).
  --dry-run       Only say what recover would do.
  --assume-dead   Also close runs of other machines, of which it cannot be told from here whether they still run.
  --version       Show the version.
  -h --help       Show this help.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hallow.running.recovery import Recovered

_COMMANDS = ("ls", "show", "copy", "rm", "recover", "watch")
_STATES = {
    "running": "still running, left alone",
    "unknown": "runs or ran on another machine, left alone (--assume-dead closes it)",
    "busy": "being recovered by another process",
    "damaged": "its journal cannot be read",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the words of a command line ask for; returns the exit code."""
    from hallow.errors import HallowError

    words = list(sys.argv[1:] if argv is None else argv)
    if words and words[0] not in _COMMANDS and not words[0].startswith("-"):
        print(f"hallow: there is no command {words[0]!r}; {_nearest(words[0])}see hallow --help", file=sys.stderr)
        return 2
    watching = words[:1] == ["watch"] and len(words) > 1 and words[1] not in ("-h", "--help")
    try:
        code = _watch(words[1:]) if watching else _other(words)
        sys.stdout.flush()
    except HallowError as error:
        print(f"hallow: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("hallow: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # `hallow ls runs | head` has seen enough. What is still to be flushed at exit goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


def _nearest(word: str) -> str:
    from hallow.utils import closest

    near = closest(word, (*_COMMANDS, "--help", "--version"))
    return f"did you mean {near[0]}? " if near else f"the commands are {', '.join(_COMMANDS)}; "


def _other(words: list[str]) -> int:
    from docopt import DocoptExit, docopt

    import hallow

    try:
        options: dict[str, Any] = docopt(__doc__ or "", words, version=hallow.__version__)
    except DocoptExit:
        print(f"hallow: {_mistake(words)}", file=sys.stderr)
        return 2
    if options["ls"]:
        return _list(options["STORE"])
    if options["show"]:
        return _show_run(options["STORE"], options["RUN"][0], options["--full"])
    if options["copy"]:
        return _copy(options["SOURCE"], options["TARGET"], options["RUN"])
    if options["rm"]:
        return _remove(options["STORE"], options["RUN"], options["--yes"])
    return _recover(options["TARGET"], options["--dry-run"], options["--assume-dead"], options["--store"])


def _mistake(words: list[str]) -> str:
    """What is wrong with words that no usage allows, and how they are written."""
    import re

    from hallow.utils import closest

    options = [word.partition("=")[0] for word in words if word.startswith("-")]
    known = sorted(set(re.findall(r"--[a-z-]+", __doc__ or "")))
    for option in options:
        if option not in (*known, "-h"):
            near = closest(option, known)
            return f"there is no option {option}{f'; did you mean {near[0]}?' if near else ''} See hallow --help"
    command = next((word for word in words if word in _COMMANDS), "")
    if not command:
        return f"say what is to be done, by one of the commands {', '.join(_COMMANDS)}; see hallow --help"
    usage = re.findall(rf"(?m)^  (hallow {command} .*)$", __doc__ or "")[0]
    needed = re.findall(r"[A-Z]+", re.sub(r"\[.*?\]", "", usage))
    given = [word for word in words if not word.startswith("-")][1:]
    strange = [option for option in options if option not in usage]
    if strange:
        what = f"{strange[0]} does not go with {command}"
    elif len(given) < len(needed):
        what = f"{command} needs a {needed[len(given)]}"
    else:
        what = f"{command} does not take {' '.join(words[1:])}"
    return f"{what}; write: {usage}"


# -------------------------------------------------------------------------------------------------- what is stored


def _list(url: str) -> int:
    from hallow.stores import open_store
    from hallow.stores.showing import table

    with open_store(url) as store:
        lines = table(store.runs())
    print("\n".join(lines or [f"No runs.{_elsewhere(url)}"]))
    return 0


def _elsewhere(folder: str) -> str:
    """Where the runs may be, if a folder has none and is no store."""
    if not os.path.isdir(folder):
        return ""
    if os.path.isfile(os.path.join(folder, "run.json")):
        store, run = os.path.split(os.path.abspath(folder))
        return f" This is the folder of a run: hallow show {os.path.relpath(store)} {run}"
    inside = (os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name[0] not in "._")
    stores = [os.path.normpath(path) for path in inside if os.path.isdir(os.path.join(path, ".hallow"))]
    return f" Did you mean {' or '.join(stores[:3])}?" if stores else ""


def _show_run(url: str, run_id: str, full: bool) -> int:
    from hallow.stores import open_store
    from hallow.stores.showing import description

    with open_store(url) as store:
        for line in description(store.get(run_id), full):
            print(line)
    return 0


def _copy(source: str, target: str, runs: list[str]) -> int:
    from hallow.stores.copying import copy_runs

    left = 0
    for one in copy_runs(source, target, runs or None):
        print(
            f"run {one.run_id}: "
            + {"copied": f"copied as {one.new_id}", "there": f"is there already as {one.new_id}"}.get(one.state, "left")
            + (f"; {one.reason}" if one.reason else "")
        )
        left += one.state == "left"
    return 1 if left else 0


def _remove(url: str, runs: list[str], really: bool) -> int:
    from hallow.stores import open_store

    with open_store(url) as store:
        for record in [store.get(run) for run in dict.fromkeys(runs)]:
            if really:
                store.delete(record.run_id)
            print(f"run {record.run_id} ({record.status}): {'removed' if really else 'would be removed'}")
    if not really:
        print("Nothing was removed; add --yes to do it.")
    return 0


# ------------------------------------------------------------------------------------------------------ dead runs


def _recover(target: str | None, dry_run: bool, assume_dead: bool, stores: list[str]) -> int:
    from hallow.running.recovery import recover

    found = recover(target, dry_run, assume_dead, stores=stores)
    if not found:
        print("Nothing to recover.")
    for one in found:
        _tell(one, dry_run)
    return 1 if any(one.problems for one in found) else 0


def _watch(command: list[str]) -> int:
    from hallow.running.watching import watch

    code, found = watch(command[1:] if command[0] == "--" else command)
    for one in found:
        _tell(one, False, file=sys.stderr)
    return code


def _tell(one: Recovered, dry_run: bool, file: Any = None) -> None:
    said = _STATES.get(one.state)
    if said is None:
        done = "would be closed" if dry_run else "closed" if one.state == "closed" else "not closed"
        said = f"{done} as {one.status}: {one.cause}"
    print(f"run {one.run_id}: {said}", file=file)
    for line in one.missing:
        print(f"  {line}", file=file)
    for problem in one.problems:
        print(f"  problem: {problem}", file=file)
    if one.state == "open" and one.problems:
        print(f"  kept: {one.journal}", file=file)


if __name__ == "__main__":
    sys.exit(main())
