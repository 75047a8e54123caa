"""Observers that raise, block, or are away: neither the run nor another observer is harmed."""

from __future__ import annotations

import json
import signal

import pytest

from hallow.errors import IncompleteRecordError

from faults.harness import LONG, Stage, side_by_side
from faults.records import check_lines, check_points, damage, only
from faults.scripts.kit import line, points

EVENTS = (
    "heartbeat_event log_metrics resource_event artifact_event detail_event join "
    "completed_event failed_event interrupted_event"
).split()
#: How the run ends, by the event to be seen; and its exit code.
ENDINGS = {"failed_event": "raise", "interrupted_event": "interrupt"}
CODES = {"return": 0, "raise": 1, "interrupt": 130}
STATUSES = {"return": "COMPLETED", "raise": "FAILED", "interrupt": "INTERRUPTED"}
FINAL = {"return": "completed_event", "raise": "failed_event", "interrupt": "interrupted_event"}


def _failing(stage: Stage, event: str, strict: bool) -> None:
    """One run with an observer that raises on ``event``, each time."""
    ending = ENDINGS.get(event, "return")
    words = ["-b", "0.05", *(["--strict-observers"] if strict else [])]
    actor = stage.start("failing.py", *words, FAULTS_EVENT=event, FAULTS_ENDING=ending)
    ended = actor.wait()
    if strict and ending == "return":
        assert ended.code == IncompleteRecordError.exit_code != 0, f"{event}, strict: {ended}"
    else:
        assert ended.code == CODES[ending], f"{event}: {ended}"
    assert "the store is away" in ended.err, f"{event}: {ended}"
    run = only(stage.store)
    assert damage(stage.store) == []
    assert run.status == STATUSES[ending]
    check_points(run, 200, 200)
    check_lines(run.output, 200, 200)
    assert (run.folder / "artifact.txt").read_text() == "made by the run"
    assert len(run.run["resources"]) == 1
    assert run.json("info.json") == {"known": [1, 2, 3]}
    # The final event is the last that any observer gets, so what fails there is only said in the log.
    assert "RecordingObserver" in str(run.facts.get("observer_errors")) or event in ("join", FINAL[ending])
    told = json.loads((actor.folder / "events.json").read_text())
    assert told[0] == "started_event"
    assert FINAL[ending] in told, f"{event}: {told}"
    if event not in ("join", FINAL[ending]):
        assert set(told[told.index(event) + 1 :]) - {event}, f"nothing came after {event}: {told}"


@pytest.mark.fault("an observer raises at each event in turn", "file store complete, later events come, exit codes")
def test_observers_raising_at_each_event(stage, times):
    cases = [(event, strict) for event in EVENTS for strict in (False, True)]
    if not LONG:
        cases = [(event, bool(number % 2)) for number, event in enumerate(EVENTS)]
    times(len(cases), len(cases))
    side_by_side(lambda case: _failing(stage.part(f"{case[0]}-{case[1]}"), *case), cases)


@pytest.mark.parametrize("kind", ["raise", "block"])
@pytest.mark.fault(
    "a store that is away for a while", "has everything in order, once; others unharmed; the loop goes on"
)
def test_a_store_away_for_a_while(stage, saw, kind):
    count = 1_000_000 if LONG else 100_000
    facts = {"FAULTS_AWAY": kind, "FAULTS_COUNT": str(count), "FAULTS_OUTAGE": "5" if LONG else "0.5"}
    actor = stage.start("away.py", "-b", "0.05", **facts)
    ended = actor.wait(60)
    assert ended.code == 0, ended
    found = json.loads((actor.folder / "found.json").read_text())
    seen = found["seen"]
    expected = {name: len(steps) for name, (steps, _) in points(count + 2000).items()}
    lines = [line(number) for number in range((count + 2000) // 100)]
    for number, observer in enumerate(found["observers"]):
        who = f"observer {number}, {'away' if number < 2 else 'there'}"
        assert observer["wrong"] is None, f"{who}: {observer['wrong']}"
        assert observer["counts"] == expected, who
        assert [text for text in observer["output"].splitlines() if text.startswith("line ")] == lines, who
        assert observer["events"][0] == "started", who
        assert observer["events"][-1].startswith("completed"), who
        assert sum(event.startswith("completed") for event in observer["events"]) == 1, who
        assert observer["events"].count("artifact during.txt: this was during.txt") == 1, f"{who}: {observer['events']}"
    assert min(seen["meanwhile"][2:]) >= 5, f"the others had to wait: {seen}"
    assert seen["longest"] < 0.25, seen
    # A million points kept as objects would be 100 MB and more for each observer.
    assert seen["grown"] < 64 << 20, seen
    assert len(ended.err.splitlines()) < 500, ended
    saw(
        f"longest pause {seen['longest'] * 1e3:.0f} ms, {seen['each'] * 1e6:.1f} us a point, "
        f"memory +{seen['grown'] >> 20} MB in {count:,} points"
    )


def _undelivered(stage: Stage) -> bool:
    """Whether a journal is in the state folder."""
    return any(path.name == "journal.json" for path in stage.state.rglob("*"))


def _delivered(stage: Stage, status: str, least: int, most: int) -> None:
    """``hallow recover`` in vain, then with the store back, then once more."""
    flag = stage.store.with_name(f"{stage.store.name}.away")
    flag.write_text("raise")
    assert _undelivered(stage)
    vain = stage.recover_everything()
    assert _undelivered(stage), vain
    assert vain.code != 0, vain
    flag.unlink()
    recovered = stage.recover_everything()
    assert recovered.code == 0, recovered
    run = only(stage.store)
    assert damage(stage.store) == []
    assert run.status == status
    assert run.run["stop_time"]
    check_points(run, least, most)
    check_lines(run.output, least, most)
    assert (run.folder / "made.txt").read_text() == "made while the store was away"
    assert run.json("info.json") == {"late": True}
    assert not _undelivered(stage)
    before = {path: path.read_bytes() for path in stage.store.rglob("*") if path.is_file()}
    assert stage.recover_everything().code == 0
    assert {path: path.read_bytes() for path in stage.store.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("kind", ["raise", "block"])
@pytest.mark.fault("a store that never comes back", "exit in time, journal kept, told how; recover delivers everything")
def test_a_store_that_never_comes_back(stage, saw, kind):
    half = 500_000 if LONG else 5000
    actor = stage.start("never_back.py", "-b", "0.05", "with", f"kind={kind}", f"half={half}")
    ended = actor.wait(120)
    assert ended.code == 0, ended
    seconds = ended.ended_at - actor.acked("returned") / 1e9
    assert seconds < 8, f"{seconds:.1f} s although EXIT_TIMEOUT is 2 s: {ended}"
    assert "hallow recover" in ended.err, ended
    _delivered(stage, "COMPLETED", 2 * half, 2 * half)
    assert only(stage.store).run["result"] == 42
    saw(f"exit {seconds:.1f} s after main, with a timeout of 2 s")


@pytest.mark.fault("SIGKILL while the store is away", "recover delivers everything later, DIED")
def test_sigkill_while_the_store_is_away(stage):
    actor = stage.start("never_back.py", "-b", "0.05", "with", "stay=True")
    actor.until("place")
    actor.signal(signal.SIGKILL)
    actor.wait()
    _delivered(stage, "DIED", 10_000, 10_000)
