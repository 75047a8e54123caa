"""The arguments of callables."""

from __future__ import annotations


import pytest

from hallow.errors import MissingConfigError
from hallow.experiment.signature import Signature


class TestSignature:
    def test_text(self):
        def f(a, b, /, c=3, *args, d, e=5, **kwargs):
            pass

        signature = Signature(f)
        assert str(signature) == "f(a, b, c=3, *args, d, e=5, **kwargs)"
        assert signature.arguments == ["a", "b", "c", "d", "e"]
        assert signature.positional_args == ["a", "b"]
        assert signature.kwargs == {"c": 3, "e": 5}
        assert signature.vararg_name == "args"
        assert signature.kw_wildcard_name == "kwargs"

    def test_construct_arguments(self):
        def f(a, b=2, *, c):
            pass

        signature = Signature(f)
        assert signature.construct_arguments([1], {}, {"c": 3, "z": 9}) == ((1,), {"c": 3})
        kwargs = {"c": 5}
        assert signature.construct_arguments([], kwargs, {"a": 1, "b": 7}) == ((), {"a": 1, "b": 7, "c": 5})
        assert kwargs == {"c": 5}
        assert signature.get_free_parameters([1], {"c": 1}) == ["b"]
        with pytest.raises(MissingConfigError, match="missing"):
            signature.construct_arguments([], {}, {})

    def test_bound(self):
        def method(self, a):
            pass

        assert Signature(method).construct_arguments([], {}, {"a": 1, "self": 9}, bound=True) == (
            (),
            {"a": 1},
        )
