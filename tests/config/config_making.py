"""Config sources for these tests, made from text."""

from __future__ import annotations

import pytest

from hallow.config import ConfigDict, ConfigScope


@pytest.fixture(params=["source", "no source"])
def make(request, tmp_path):
    """Make a scope from text: ``make("a = 1")``, in each way of evaluation."""
    count = iter(range(1000))

    def make(body, signature="", **names):
        lines = "".join(f"    {line}\n" for line in body.split("\n"))
        text = f"def cfg({signature}):\n{lines}"
        file = "<nowhere>"
        if request.param == "source":
            file = tmp_path / f"made_{next(count)}.py"
            file.write_text(text)
        exec(compile(text, str(file), "exec"), names)
        scope = ConfigScope(names["cfg"])
        assert (scope._source is None) == (request.param == "no source")
        return scope

    make.has_source = request.param == "source"
    return make


def sources_of(entries):
    """The same entries as a dict and as a scope."""
    yield ConfigDict(entries)
    body = "\n".join(f"    {name} = {value!r}" for name, value in entries.items())
    names = {}
    exec(f"def cfg():\n{body}\n", names)
    yield ConfigScope(names["cfg"])
