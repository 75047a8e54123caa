"""Promises about values: what a run tells is what its record says."""

from __future__ import annotations

import math
from datetime import datetime, timezone
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest

from hallow.records.described import Described
from hallow.testing.contract.support import Session, needs, recorded

if TYPE_CHECKING:
    from hallow.testing.contract.backend import Backend


class ValuePromises:
    """Config, info, result, metrics, output, facts."""

    def test_config_comes_back_as_it_was(self, backend: Backend) -> None:
        """Nested, with tuples, paths, numbers that are not finite, keys that are no text or hold dots and dollars."""
        config: dict[str, Any] = {
            "lr": 0.1,
            "big": 1 << 80,
            "none": None,
            "text": "grüße ✓ \U0001f600",
            "layers": [{"size": 3, "act": "relu"}, {"size": 4, "act": None}],
            "shape": (1, 2, (3,)),
            "path": PurePosixPath("a/b"),
            "never": math.inf,
            "table": {3: "three", "a.b": 1, "$set": 2},
        }
        run = recorded(backend, lambda: None, {"given": config})
        stored = backend.open().get(run._id).config["given"]
        assert stored == config
        assert isinstance(stored["shape"], tuple)

    @pytest.mark.parametrize("result", [0.5, 7, True, "text", [1, {"a": (2, 3)}], {"acc": 0.9, 3: 4}, None, -math.inf])
    def test_result_of_every_kind(self, backend: Backend, result: Any) -> None:
        """A result comes back equal and of its own type."""
        run = recorded(backend, lambda: result)
        stored = backend.open().get(run._id).result
        assert stored == result
        assert type(stored) is type(result)

    def test_nan_as_result(self, backend: Backend) -> None:
        """NaN is a number, not nothing."""
        run = recorded(backend, lambda: math.nan)
        assert math.isnan(backend.open().get(run._id).result)

    def test_numpy_scalars_become_plain_numbers(self, backend: Backend) -> None:
        """A query for ``result > 0.4`` must find the run."""
        np = pytest.importorskip("numpy")

        def main(_run: Any) -> Any:
            _run.info["count"] = np.int64(3)
            _run.log_scalar("loss", np.float32(0.25))
            return np.float32(0.5)

        record = backend.open().get(recorded(backend, main)._id)
        assert (record.result, record.info["count"]) == (0.5, 3)
        assert type(record.result) is float
        assert record.metrics["loss"].values == [0.25]

    def test_info_with_one_bad_value_keeps_the_others(self, backend: Backend) -> None:
        """What cannot be stored is replaced by its repr."""

        def main(_run: Any) -> None:
            _run.info.update({"ok": 1, "a.b": {"$x": 2}, "nested": {"bad": open, "fine": [1, 2]}})

        record = backend.open().get(recorded(backend, main)._id)
        assert (record.info["ok"], record.info["a.b"], record.info["nested"]["fine"]) == (1, {"$x": 2}, [1, 2])

    def test_objects_of_foreign_classes_are_described(self, backend: Backend) -> None:
        """Reading neither imports nor calls anything."""
        run = recorded(backend, _Foreign)
        stored = backend.open().get(run._id).result
        assert isinstance(stored, Described)
        assert stored.fields["size"] == 3

    # ----------------------------------------------------------------------------------------------- metrics

    def test_metrics_with_steps_and_order(self, backend: Backend) -> None:
        """Every point of every metric, in the order in which they were logged."""

        def main(_run: Any) -> None:
            for step in range(50):
                _run.log_scalar("train.loss", 1 / (step + 1), step * 10)
                if step % 2:
                    _run.log_scalar("val/acc $1", step, step)

        run = recorded(backend, main)
        metrics = backend.open().get(run._id).metrics
        assert list(metrics) == ["train.loss", "val/acc $1"]
        assert metrics["train.loss"].steps == list(range(0, 500, 10))
        assert metrics["train.loss"].values == [1 / (step + 1) for step in range(50)]
        assert metrics["val/acc $1"].values == list(range(1, 50, 2))
        assert backend.raw(run._id).points("train.loss") == 50

    def test_metrics_that_are_not_finite(self, backend: Backend) -> None:
        """NaN and the infinities come back as floats."""

        def main(_run: Any) -> None:
            for value in (math.nan, math.inf, -math.inf, 0.0):
                _run.log_scalar("m", value)

        values = backend.open().get(recorded(backend, main)._id).metrics["m"].values
        assert math.isnan(values[0])
        assert values[1:] == [math.inf, -math.inf, 0.0]

    def test_metrics_keep_their_types(self, backend: Backend) -> None:
        """A whole number stays one, also a large one; steps may be fractions."""

        def main(_run: Any) -> None:
            _run.log_scalar("m", 3, 0.5)
            _run.log_scalar("m", (1 << 53) + 1, 1.5)
            _run.log_scalar("m", 2.0, 2.5)

        points = backend.open().get(recorded(backend, main)._id).metrics["m"]
        assert points.values == [3, (1 << 53) + 1, 2.0]
        assert [type(value) for value in points.values] == [int, int, float]
        assert points.steps == [0.5, 1.5, 2.5]

    def test_metrics_have_times(self, backend: Backend) -> None:
        """Seconds since 1970, exact to the millisecond at least."""
        session = Session(backend)
        session.log("m", 8)
        session.complete()
        times = backend.open().get(session.run_id).metrics["m"].times
        assert times == pytest.approx([1.7e9 + n / 4 for n in range(8)], abs=1e-3)

    def test_a_part_of_the_metrics(self, backend: Backend) -> None:
        """By name, and thinned."""
        session = Session(backend)
        session.log("a", 100)
        session.log("b", 10)
        session.complete()
        record = backend.open().get(session.run_id)
        assert list(record.read_metrics("b")) == ["b"]
        thin = record.read_metrics(["a"], at_most=4)["a"]
        assert (thin.steps[0], thin.steps[-1], len(thin)) == (0, 99, 4)

    def test_a_batch_that_is_sent_again_is_stored_once(self, backend: Backend) -> None:
        """The answer to a write may be lost, and the same points come again, with more behind them."""
        needs(backend, "answers")
        session = Session(backend)
        session.log("m", 10)
        with backend.lost_answer(session.observer), pytest.raises(ConnectionError):
            session.log("m", 5)
        session.log("m", 15)
        session.complete()
        points = backend.open().get(session.run_id).metrics["m"]
        assert points.steps == list(range(25))
        assert backend.raw(session.run_id).points("m") == 25

    # ------------------------------------------------------------------------------------------------ output

    def test_text_printed_is_text_stored(self, backend: Backend) -> None:
        """Also beyond ASCII, and a progress bar's last state."""

        def main() -> None:
            print("first line, grüße ✓")
            for step in range(5):
                print(f"\rstep {step}", end="")
            print("\nlast line")

        run = recorded(backend, main)
        output = backend.open().get(run._id).output
        assert "first line, grüße ✓\n" in output
        assert "step 4\nlast line\n" in output
        assert backend.raw(run._id).output() == output.encode()

    def test_the_tail_of_a_long_output(self, backend: Backend) -> None:
        """Several chunks of whatever size the back-end has."""
        session = Session(backend)
        lines = [f"line {number} {'x' * 80}\n" for number in range(6000)]
        for start in range(0, 6000, 1500):
            session.write("".join(lines[start : start + 1500]))
        session.complete()
        record = backend.open().get(session.run_id)
        assert record.output == "".join(lines)
        assert record.tail(3) == "".join(lines[-3:])
        assert record.contents.read_output(100_000, 100_020) == "".join(lines).encode()[100_000:100_020]

    def test_output_that_is_taken_back(self, backend: Backend) -> None:
        """A progress bar replaces what was sent before, also across the limits of chunks."""
        session = Session(backend)
        session.write("a" * 300_000)
        session.observer.output_event(text="é tail", position=150_000)
        session.complete()
        assert backend.open().get(session.run_id).output == "a" * 150_000 + "é tail"

    # ------------------------------------------------------------------------------------------------- facts

    def test_facts_about_the_run(self, backend: Backend) -> None:
        """Command, experiment, host, packages, options, times in UTC."""
        before = datetime.now(timezone.utc)
        run = recorded(backend, lambda: 1, {"lr": 0.5}, comment="a comment", priority="3")
        record = backend.open().get(run._id)
        assert (record.command, record.name, record.status) == ("<lambda>", "contract", "COMPLETED")
        assert record.host["hostname"]
        assert "somepackage==1.2.3" in record.dependencies
        assert (record.meta["comment"], record.meta["priority"]) == ("a comment", 3.0)
        assert record.start_time is not None
        assert record.stop_time is not None
        assert before.replace(microsecond=0) <= record.start_time <= record.stop_time <= datetime.now(timezone.utc)
        assert record.heartbeat is not None

    def test_details_beside_the_document(self, backend: Backend) -> None:
        """What Sacred has no place for is kept as well: where each value of the configuration comes from, for one."""
        run = recorded(backend, lambda: 1, {"lr": 0.5})
        details = backend.open().get(run._id).details
        assert details["run"]["exit_code"] == 0
        assert "lr" in str(details["origins"])
        observer = backend.observer()
        observer.reopen(run._id)
        observer.details_event([("large", ["x" * 1000] * 300), ("not_finite", math.inf)])
        details = backend.open().get(run._id).details
        assert (len(details["large"]), details["not_finite"]) == (300, math.inf)


class _Foreign:
    """A class that readers do not have."""

    def __init__(self) -> None:
        self.size = 3
