"""The table of names in docs/migrating.md is that of the alias."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_page_about_migrating_is_up_to_date():
    code = "import sys; sys.path.insert(0, sys.argv[1]); import migrating; sys.stdout.write(migrating.page())"
    made = subprocess.check_output([sys.executable, "-X", "utf8", "-c", code, str(DOCS)], text=True, encoding="utf-8")
    assert made == (DOCS / "migrating.md").read_text("utf-8"), "run `python docs/migrating.py`"
