"""What was printed is what is stored."""

from __future__ import annotations

import pytest

from faults.harness import side_by_side
from faults.records import damage, only


def _stored_and_printed(stage, stdout: str, mode: str) -> None:
    ended = stage.run("spoken.py", f"--capture={mode}", stdout=stdout, merged=True)
    assert ended.code == 0, ended.out.decode()
    printed = ended.out.decode()
    if stdout == "pty":
        printed = printed.replace("\r\n", "\n")
    run = only(stage.store)
    assert run.status == "COMPLETED"
    assert "LAST WORDS" in run.output
    assert run.output == printed


@pytest.mark.parametrize("mode", ["fd", "sys"])
@pytest.mark.parametrize("stdout", ["file", "pipe", "pty"])
@pytest.mark.fault("short runs", "the stored output is what was printed")
def test_short_runs(stage, times, stdout, mode):
    # 200 in all for each mode; the pipe gets two more.
    count = times(4 if stdout == "pipe" else 3, 68 if stdout == "pipe" else 66)
    side_by_side(lambda number: _stored_and_printed(stage.part(number), stdout, mode), range(count))


@pytest.mark.parametrize("stdout", ["file", "pipe", "pty"])
@pytest.mark.fault(
    "children, C, bytes that are no text", "all stored; no wait for a child that lives on; forks harmless"
)
def test_children_and_bytes_that_are_no_text(stage, saw, stdout):
    actor = stage.start("children.py", stdout=stdout, merged=True, LC_ALL="C")
    ended = actor.wait()
    assert ended.code == 0, ended.out
    seconds = ended.ended_at - actor.acked("returned") / 1e9
    assert seconds < 1, f"a child that lived on delayed the end: {seconds:.2f} s"
    run = only(stage.store)
    assert damage(stage.store) == []
    assert run.status == "COMPLETED"
    assert run.run["result"] == 1
    assert run.output == ended.out.decode("utf-8", "replace").replace("\r\n", "\n")
    for text in ("before", "of a shell", "of its stderr", "of C", "of the fork", "LAST WORDS"):
        assert f"{text}\n" in run.output
    for number in range(3):
        assert f"worker {number}\n" in run.output
    assert "bytes \ufffd\ufffd\ufffd and \ufffd\n" in run.output
    assert run.metrics == {"loss": ([0], [0.5])}
    saw(f"exit {seconds:.2f} s after main")
