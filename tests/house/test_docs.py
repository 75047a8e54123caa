"""Documentation that comes from the code is current, and every error has its paragraph."""

from __future__ import annotations

import inspect
from pathlib import Path

from hallow import errors

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_every_error_has_its_paragraph():
    headings = {
        line.removeprefix("## ").strip()
        for line in (DOCS / "messages.md").read_text().splitlines()
        if line.startswith("## ")
    }
    slugs = {
        cls.slug
        for _, cls in inspect.getmembers(errors, inspect.isclass)
        if issubclass(cls, errors.HallowError) and "slug" in vars(cls)
    }
    assert slugs == headings


def test_every_error_has_a_slug_of_its_own():
    classes = {cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, errors.HallowError)}
    assert len({cls.slug for cls in classes}) == len(classes)
