"""Much at once: an output of 100 MB, and an artifact of 1 GB."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rows.table import Row, megabytes
from rows.turn import RECORDED, TOOLS, TurnError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rows.turn import Turn

OUTPUT = "output of 100 MB in lines of 100 bytes, captured"
HELD = "output of 100 MB, memory taken"
ARTIFACT = "artifact of 1 GB"
READ = "artifact of 1 GB, memory taken"
ROWS = [
    Row(
        OUTPUT,
        floor="print() alone",
        buys="Every byte is written three times: to the journal as it is printed, safe from SIGKILL, to the record, "
        "and to the terminal.",
    ),
    Row(HELD, 64e6, "flat: 64 MB", show=megabytes),
    Row(
        ARTIFACT,
        floor="a copy of the file",
        buys="Copied and recorded with its size and type; the copy replaces nothing before it is whole.",
    ),
    Row(READ, 64e6, "not read into memory: 64 MB", show=megabytes),
]
MOST_TURNS = 2
LIBS = ("bare", "sacred", "hallow")
ENVIRONMENT = "main"

SAY = """
    def say(lines):
        for number in range(lines):
            print(f"{{number:099}}")
        sys.stdout.flush()
"""

BARE = (
    TOOLS
    + SAY
    + """
    import os, shutil

    output = timed(say, {lines})
    artifact = timed(shutil.copyfile, {source!r}, "copy")
    os.remove("copy")
    found(output=output, artifact=artifact)
"""
)

CAPTURED = (
    RECORDED
    + SAY
    + """
    ex.command(say)

    @ex.command
    def keep(_run):
        if {source!r}:
            _run.add_artifact({source!r}, "large")

    def run(name, lines=0):
        ex.run(name, {{"lines": lines}}, options=quiet)

    run("say")
    empty = timed(run, "say")
    before = status("VmHWM")
    if {lines}:
        taken = timed(run, "say", {lines})
    else:
        taken = timed(run, "keep")
    found(taken=taken - empty, memory=status("VmHWM") - before)
"""
)


@contextmanager
def setting(python: str, folder: Path, quick: bool) -> Iterator[Path]:  # noqa: ARG001 - as every setting
    """A file of random bytes."""
    path = folder / "large"
    with path.open("wb") as file:
        for _ in range(20 if quick else 1000):
            file.write(os.urandom(1_000_000))
    yield path


def measure(turn: Turn) -> dict[str, float]:
    lines = 20_000 if turn.quick else 1_000_000
    if turn.lib == "bare":
        found = turn.measured(BARE.format(lines=lines, source=str(turn.given)))
        return {OUTPUT: found["output"], ARTIFACT: found["artifact"]}
    said = turn.measured(CAPTURED.format(lib=turn.lib, store=turn.store, lines=lines, source=""))
    store = turn.store
    kept = turn.measured(CAPTURED.format(lib=turn.lib, store=store, lines=0, source=str(turn.given)))
    copies = [path for path in Path(store).rglob("*large*") if path.stat().st_size == turn.given.stat().st_size]
    if not copies:
        raise TurnError(f"{turn.lib} has not kept the artifact")
    return {OUTPUT: said["taken"], HELD: said["memory"], ARTIFACT: kept["taken"], READ: kept["memory"]}
