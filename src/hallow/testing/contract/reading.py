"""Promises to readers: listing, marking, deleting, whatever the damage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hallow.errors import UsageError
from hallow.stores import metrics_table, open_store
from hallow.testing.contract.support import Session, needs, recorded

if TYPE_CHECKING:
    from pathlib import Path

    from hallow.testing.contract.backend import Backend


class ReadPromises:
    """The same from every store."""

    def test_an_empty_store(self, backend: Backend) -> None:
        """It has no runs, and that is no error."""
        store = backend.open()
        assert list(store.runs()) == []
        assert len(store) == 0
        assert 1 not in store

    def test_listing_is_lazy_and_loads_neither_metrics_nor_output(self, backend: Backend) -> None:
        """Nothing of them is even asked for."""
        for _ in range(3):
            session = Session(backend)
            session.log("m", 100)
            session.write("x" * 1000)
            session.complete(result=1)
        listing = backend.open().runs()
        first = next(iter(listing))
        assert first.result == 1
        assert "metrics" not in vars(first)
        assert len(list(listing)) == 2

    def test_tags_and_notes(self, backend: Backend) -> None:
        """Given by the run or by a reader, and read again, in listings too."""
        run = recorded(backend, lambda: 1, id="marked")
        store = backend.open()
        assert (store.get(run._id).tags, store.get(run._id).notes) == ([], "")
        store.get(run._id).annotate(tags=["good", "paper", "good"], notes="grüße,\nlook at the loss")
        (record,) = backend.open().runs()
        assert (record.tags, record.notes) == (["good", "paper"], "grüße,\nlook at the loss")
        store.get(run._id).annotate(tags=[])
        assert backend.open().get(run._id).tags == []
        with pytest.raises(UsageError):
            record.annotate(tags=[3])  # type: ignore[list-item]

    def test_deleting_removes_what_belongs_to_the_run_alone(self, backend: Backend, tmp_path: Path) -> None:
        """Two runs share a source and a resource: with the first, they stay; with the second, they go."""
        (data := tmp_path / "shared.csv").write_text("1")
        nothing = backend.everything()
        counts = []
        ids = []
        for number in range(2):
            (own := tmp_path / f"own{number}").write_text(f"own {number}")

            def main(_run: Any, own: Path = own) -> None:
                _run.add_resource(data)
                _run.add_artifact(own, name="own")
                _run.log_scalar("m", 1)
                print("text")

            ids.append(recorded(backend, main, {"own": own})._id)
            counts.append(backend.everything())
        store = backend.open()
        record = store.get(ids[1])
        store.delete(ids[0])
        assert [str(run.run_id) for run in store.runs()] == [str(ids[1])]
        assert record.resources[0].read_bytes() == b"1"
        assert record.sources[0].read_bytes()
        assert record.artifact("own").read_text() == "own 1"
        assert backend.everything() == counts[0]
        store.delete(ids[1])
        assert list(store.runs()) == []
        assert backend.everything() == nothing
        assert recorded(backend, lambda: 3).status == "COMPLETED"

    def test_a_damaged_run_hides_no_other(self, backend: Backend) -> None:
        """It is in the list, with the reason; it can be deleted."""
        needs(backend, "damage")
        for number in range(3):
            recorded(backend, lambda number=number: number, {"number": number}, id=f"run-{number}")
        backend.damage("run-1")
        records = {record.run_id: record for record in backend.open().runs()}
        assert set(records) == {"run-0", "run-1", "run-2"}
        assert records["run-1"].problem
        assert [records[run_id].problem for run_id in ("run-0", "run-2")] == ["", ""]
        assert backend.open().get("run-1").problem
        backend.open().delete("run-1")
        assert {record.run_id for record in backend.open().runs()} == {"run-0", "run-2"}

    def test_metrics_of_many_runs(self, backend: Backend) -> None:
        """In one table."""
        for number in range(3):
            session = Session(backend, run_id=f"run-{number}")
            session.log("a", number)
            session.log("b", 2)
            session.complete()
        table = metrics_table(backend.open())
        assert {run: table.run.count(run) for run in sorted(set(table.run))} == {"run-0": 2, "run-1": 3, "run-2": 4}
        table = metrics_table(backend.open(), runs=["run-2"], names="a*")
        assert table.step == [0, 1]

    def test_a_closed_store_can_be_opened_again(self, backend: Backend) -> None:
        """And is a context."""
        recorded(backend, lambda: 1, id="one")
        with backend.open() as store:
            assert "one" in store
        with backend.open() as store:
            assert "one" in store
            assert "one" in repr(next(store.runs()))

    def test_opening_an_observer(self, backend: Backend) -> None:
        """``open_store(observer)`` reads where the observer writes."""
        run = recorded(backend, lambda: 4)
        assert open_store(backend.observer()).get(run._id).result == 4
