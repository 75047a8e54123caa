"""Promises about cost: only what is new is sent, and nothing depends on history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hallow.testing.contract.support import Session, needs

if TYPE_CHECKING:
    from hallow.testing.contract.backend import Backend, Traffic


def _sent(backend: Backend, session: Session) -> Traffic:
    """For a beat with ten new points and one line of output."""
    before = backend.traffic()
    session.log("m", 10)
    session.write("one line\n")
    session.beat()
    return backend.traffic() - before


class CostPromises:
    """Commands and bytes are counted, so that no clock is needed."""

    def test_a_heartbeat_sends_only_what_is_new(self, backend: Backend) -> None:
        """Ten kilobytes already sent are not sent again."""
        needs(backend, "traffic")
        session = Session(backend)
        session.write("x" * 10_000)
        session.beat({"known": "i" * 20_000})
        before = backend.traffic()
        session.write("y")
        session.beat({"known": "i" * 20_000})
        assert (backend.traffic() - before).bytes < 3_000

    def test_a_beat_does_not_grow_with_history(self, backend: Backend) -> None:
        """After a hundred thousand points and a megabyte of output it costs what it cost at first."""
        needs(backend, "traffic")
        session = Session(backend)
        session.log("m", 10)
        session.beat()
        first = _sent(backend, session)
        for _ in range(4):
            session.log("m", 25_000)
            session.write("line\n" * 50_000)
            session.beat()
        _sent(backend, session)
        later = _sent(backend, session)
        assert later.commands <= first.commands + 1
        assert later.bytes <= first.bytes * 1.5 + 500

    def test_a_start_needs_a_fixed_number_of_round_trips(self, backend: Backend) -> None:
        """However many runs there are already, and however many sources are known."""
        needs(backend, "traffic")
        costs = []
        for number in range(40):
            before = backend.traffic()
            session = Session(backend)
            started = backend.traffic() - before
            session.complete()
            if number in (3, 39):
                costs.append((started, backend.traffic() - before))
        (early, early_whole), (late, late_whole) = costs
        assert late.commands <= early.commands + 1
        assert late.bytes <= early.bytes * 1.5 + 500
        assert late_whole.commands <= early_whole.commands + 1
        assert late_whole.bytes <= early_whole.bytes * 1.5 + 500
