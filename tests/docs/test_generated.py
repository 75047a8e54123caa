"""Pages that come from the code are current and complete, and the site is built without a warning."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def generator():
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATED = generator() if importlib.util.find_spec("sqlalchemy") else None
pytestmark = pytest.mark.skipif(GENERATED is None, reason="the page about formats needs SQLAlchemy")


@pytest.mark.parametrize("page", GENERATED.PAGES if GENERATED else [])
def test_generated_pages_are_current(page):
    assert (DOCS / page).read_text(encoding="utf-8") == GENERATED.PAGES[page](), "run python docs/generate.py"


def test_no_page_of_the_reference_is_left_over():
    assert {path.stem for path in (DOCS / "reference").glob("*.md")} == set(GENERATED.REFERENCE)


@pytest.mark.parametrize("module", ["hallow", "hallow.observers", "hallow.stores", "hallow.testing"])
def test_the_reference_has_every_public_name(module):
    found = import_module(module)
    public = {f"{module}.{name}" for name in found.__all__ if not isinstance(getattr(found, name), ModuleType)}
    assert public - GENERATED.documented() == set()


def test_the_formats_of_all_back_ends_are_there():
    """A back-end's layout is documented where it is written down: in its module."""
    kinds = {path.parent.name for path in (ROOT / "src" / "hallow" / "backends").glob("*/layout.py")}
    told = {name.split(".")[2] for _, modules in GENERATED._FORMATS for name in modules if ".backends." in name}
    assert kinds - told == {"memory"}  # nothing is stored


def test_the_site_is_built_without_a_warning(tmp_path):
    """Every link and heading that a page refers to is there, and every docstring fits its function."""
    for package in ("mkdocs", "material", "mkdocstrings_handlers.python"):
        pytest.importorskip(package.split(".")[0], reason="make docs installs it")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    warnings = [line for line in done.stderr.splitlines() if line.startswith(("WARNING", "ERROR"))]
    assert (done.returncode, warnings) == (0, [])
    for page in ("index", "tutorial", "howto/index", "reference/run", "decisions/index"):
        text = (tmp_path / "site" / f"{page}.html").read_text(encoding="utf-8")
        assert "fonts.googleapis" not in text
        assert "cdn." not in text
    text = (tmp_path / "site/reference/errors.html").read_text(encoding="utf-8")
    assert 'href="../messages.html#run-not-found"' in text
