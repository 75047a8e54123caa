"""The command ``hallow``: what can be done about runs outside of the scripts that make them.

Usage:
  hallow recover [TARGET] [--store URL]... [--dry-run] [--assume-dead]
  hallow watch COMMAND [ARGUMENT...]
  hallow --version
  hallow --help

Commands:
  recover   Close the records of runs whose process is gone, and deliver what was logged and printed but did not reach
            a store. TARGET is the folder or URL of a store, the folder of a run, or a journal; without it, all journals
            that runs of this user left on this machine.
  watch     Run a program; should it be killed, close its runs at once, with signal and exit code in their records.

Options:
  --store URL     A store with its password, which journals do not keep (or name it in HALLOW_STORES).
  --dry-run       Only say what recover would do.
  --assume-dead   Also close runs of other machines, of which it cannot be told from here whether they still run.
  --version       Show the version.
  -h --help       Show this help.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hallow.running.recovery import Recovered

_COMMANDS = ("recover", "watch")
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
    try:
        return _watch(words[1:]) if words[:1] == ["watch"] and len(words) > 1 else _other(words)
    except HallowError as error:
        print(f"hallow: {error}", file=sys.stderr)
        return 2


def _nearest(word: str) -> str:
    from hallow.utils import closest

    near = closest(word, _COMMANDS)
    return f"did you mean {near[0]}? " if near else f"the commands are {' and '.join(_COMMANDS)}; "


def _other(words: list[str]) -> int:
    from docopt import DocoptExit, docopt

    import hallow

    try:
        options: dict[str, Any] = docopt(__doc__ or "", words, version=hallow.__version__)
    except DocoptExit as error:
        print(
            f"hallow: these words do not go together: {' '.join(words) or 'none'}",
            error.usage,
            sep="\n",
            file=sys.stderr,
        )
        return 2
    return _recover(options["TARGET"], options["--dry-run"], options["--assume-dead"], options["--store"])


def _recover(target: str | None, dry_run: bool, assume_dead: bool, stores: list[str]) -> int:
    from hallow.running.recovery import recover

    found = recover(target, dry_run, assume_dead, stores=stores)
    if not found:
        print("Nothing to recover.")
    for one in found:
        _show(one, dry_run)
    return 1 if any(one.problems for one in found) else 0


def _watch(command: list[str]) -> int:
    from hallow.running.watching import watch

    code, found = watch(command[1:] if command[0] == "--" else command)
    for one in found:
        _show(one, False, file=sys.stderr)
    return code


def _show(one: Recovered, dry_run: bool, file: Any = None) -> None:
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
