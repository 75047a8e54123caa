"""What every back-end promises, as one suite of tests.

A back-end's own tests supply one fixture::

    class TestMyBackend(BackendContract):
        @pytest.fixture
        def backend(self, tmp_path):
            return MyBackend(tmp_path)  # a hallow.testing.Backend

The suite covers writing and reading together. What a back-end cannot do is declared (``Backend.cannot``), and what is
declared is checked; no promise may be overridden.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hallow.testing.contract.backend import ABILITIES, Backend, RawRun, Traffic
from hallow.testing.contract.cost import CostPromises
from hallow.testing.contract.files import FilePromises
from hallow.testing.contract.life import LifePromises
from hallow.testing.contract.reading import ReadPromises
from hallow.testing.contract.values import ValuePromises

if TYPE_CHECKING:
    from typing import Any

__all__ = ["ABILITIES", "Backend", "BackendContract", "RawRun", "Traffic"]


class BackendContract(ValuePromises, FilePromises, LifePromises, ReadPromises, CostPromises):
    """All promises; see the module."""

    def test_no_promise_is_overridden(self) -> None:
        """A subclass adds a fixture and tests of its own, and changes none of these."""
        ours = set(BackendContract.__mro__)
        changed = [
            f"{cls.__name__}.{name}"
            for cls in type(self).__mro__
            if cls not in ours
            for name in vars(cls)
            if name.startswith("test_") and hasattr(BackendContract, name)
        ]
        assert changed == []

    def test_what_is_declared_as_impossible_is_so(self, backend: Backend) -> None:
        """Each inability is one of those that there are, and has a reason; without recovery, none is claimed."""
        assert set(backend.cannot) <= set(ABILITIES)
        assert all(len(reason) > 10 for reason in backend.cannot.values())
        kind: Any = type(backend.observer())
        assert hasattr(kind, "recovery") == ("dead" not in backend.cannot)
