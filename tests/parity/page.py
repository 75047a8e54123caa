"""Writes docs/differences.md from the headers of the cases: what hallow does differently under Sacred's names, and why.

``python tests/parity/page.py``; `make compare` does it too.
"""

from __future__ import annotations

import re
from pathlib import Path

import runner

PAGE = runner.HERE.parents[1] / "docs" / "differences.md"
#: Lines that are shown of one case; its file has them all.
SHOWN = 8

PARTS = {
    "L": "Command line",
    "C": "Configuration",
    "E": "Experiments and captured functions",
    "R": "Runs",
    "O": "Observers",
    "S": "Stored documents",
    "P": "Sources, packages and the machine",
    "named": "Further defects",
    "text": "Messages",
    "new": "Additions",
    "BUG": "To be mended",
}

INTRODUCTION = """\
# Differences from Sacred

Code written for Sacred runs unchanged with `import hallow.as_sacred`. This page lists what it can notice, as found by a
comparison. {cases} small programs with {commands} command lines are carried out with Sacred 0.8.7 and with hallow under
Sacred's names. They go through the command line, configuration, ingredients, captured functions, hooks, seeds, runs,
sources, custom observers, and the stores in folders, SQL, TinyDB and MongoDB, failures included; those of clouds and
messengers, which need an account, are left out. What the programs print, log and store, their exit codes, their
exceptions and their random numbers are the same line by line, but for what stands here: {defects} defects of Sacred that
are mended, better messages, and additions.

Compared is what a program can see. These do not count: times, random ids, addresses in memory, ports and the folder in
which a program runs; the module in which the library keeps a class; the library's own frames in tracebacks; whether
Sacred or hallow is among the installed packages; wording that Sacred leaves open, as in descriptions of options and in
errors of the command line (whether the usage is shown and the class by which an error can be caught do count); extra
base classes of exceptions; facts beside Sacred's own files, tables and collections. In the `fd` capture mode only
programs are compared that wait for Sacred, which can lose the end of their output.

Every entry below names the program in `tests/parity/cases` where the difference shows, what it was asked to do, and
what changed: lines with `-` are Sacred's, those with `+` hallow's; `out` is standard output, `log` a line of the log,
`err` another line on standard error, `error` the exception. Ids such as L16 name defects of Sacred.

`make compare` repeats all this with Sacred from PyPI; the tests do it with what Sacred did at that time
(`tests/parity/expected`). Both fail for a difference that is not listed, and for one that does not occur any more.
"""


def page(cases=None):
    """The text of docs/differences.md."""
    cases = runner.all_cases() if cases is None else cases
    entries = {}
    for case in cases:
        for reason, lines in case.reasons.items():
            key, _, text = reason.partition(" ")
            entries.setdefault(_part(key), {}).setdefault(key, {}).setdefault(text, []).append((case, lines))
    defects = sum(len(keys) for part, keys in entries.items() if part not in ("text", "new", "BUG"))
    commands = sum(len(case.commands) for case in cases)
    parts = [INTRODUCTION.format(cases=len(cases), commands=commands, defects=defects)]
    for part, title in PARTS.items():
        if part in entries:
            parts.append(f"## {title}\n")
            for key in sorted(entries[part], key=_order):
                parts += _entry(key, entries[part][key])
    return "\n".join(parts)


def _part(key):
    if key in PARTS:
        return key
    return key[0] if re.fullmatch(r"[A-Z]-?\d+", key) else "named"


def _order(key):
    return int(re.sub(r"\D", "", key) or 0), key


def _entry(key, texts):
    for text, places in sorted(texts.items()):
        title = _sentence(text)
        yield f"### {title}\n" if key in ("text", "new", "BUG") else f"### {key}: {title}\n"
        for case, lines in places:
            yield from _place(case, lines)


def _sentence(text):
    return text if text[0] in "`-" else text[0].upper() + text[1:]


def _place(case, lines):
    numbers = sorted({int(line.split()[0]) for line in lines})
    asked = [f"`{_command(case, number)}`" for number in numbers[:3] if number]
    where = ", ".join(asked) + (f" and {len(numbers) - 3} more" if len(numbers) > 3 else "")
    left = "in what it leaves behind" if 0 in numbers else ""
    yield f"`{case.name}`: {' and '.join(filter(None, (where, left)))}\n"
    shown = [line.partition(" ")[2] for line in lines]
    rest = len(shown) - SHOWN
    body = [_cut(line) for line in (shown if rest <= 1 else shown[:SHOWN])]
    yield "<!-- not run: both sides of a difference -->"
    yield "```diff"
    yield from body
    if rest > 1:
        yield f"  ({rest} more lines)"
    yield "```\n"


def _command(case, number):
    command = case.commands[number - 1]
    return command if command.startswith("python") else f"{case.name}.py {command}".rstrip()


def _cut(line):
    return line if len(line) <= 160 else line[:157] + "..."


def main():
    Path(PAGE).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
