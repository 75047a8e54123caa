"""Rules of CONTRIBUTING.md and SECURITY.md that a test can hold."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import hallow

ROOT = Path(__file__).resolve().parents[2]
ANNOUNCED = re.compile(r"deprecated in (\d+)\.(\d+), removed in (\d+)\.(\d+)")


def overdue(text, version):
    """Announcements in ``text`` whose second version has come, or leaves no version in between."""
    now = tuple(int(part) for part in version.split(".")[:2])
    found = []
    for announced in ANNOUNCED.finditer(text):
        since, until = tuple(map(int, announced.groups()[:2])), tuple(map(int, announced.groups()[2:]))
        no_time = until[0] == since[0] and until[1] - since[1] < 2
        if now >= until or no_time:
            found.append(announced[0])
    return found


@pytest.mark.parametrize(
    ("version", "text", "count"),
    [
        ("0.4.1", "deprecated in 0.3, removed in 0.5", 0),
        ("0.5.0", "deprecated in 0.3, removed in 0.5", 1),
        ("1.0.0", "deprecated in 0.3, removed in 0.5", 1),
        ("0.3.0", "deprecated in 0.3, removed in 0.4", 1),
        ("0.9.0", "deprecated in 0.9, removed in 1.0", 0),
    ],
)
def test_what_is_overdue(version, text, count):
    assert len(overdue(text, version)) == count


def test_what_was_to_be_removed_is_gone():
    late = {
        str(path.relative_to(ROOT)): found
        for path in (ROOT / "src").rglob("*.py")
        if (found := overdue(path.read_text(encoding="utf-8"), hallow.__version__))
    }
    assert late == {}


def test_changes_are_told_in_the_way_that_is_described():
    """One file per change, with a kind that a release knows, that says something."""
    for change in (ROOT / "changes").glob("*.md"):
        if change.name != "README.md":
            assert re.fullmatch(r"[\w-]+\.(feature|fix|removal|docs)\.md", change.name), change.name
            assert change.read_text(encoding="utf-8").strip().endswith("."), change.name


def test_pre_commit_runs_what_make_check_runs():
    """The same tools; each command exists and can be started."""
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    check = makefile.partition("check:")[2].partition("\n\n")[0]
    tools = re.findall(r"\$\(BIN\)/(\w+)", check)
    assert sorted(tools) == ["mypy", "ruff", "ruff"]
    entries = [hook["entry"].split() for hook in hooks]
    for tool in tools:
        assert any(entry[0] == f".venv/bin/{tool}" for entry in entries)
    lint = next(entry for entry in entries if "check" in entry)
    done = subprocess.run(
        [sys.executable, "-m", *[word.removeprefix(".venv/bin/") for word in lint], "tests/docs/test_rules.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_every_hard_choice_is_listed():
    """A page of docs/decisions that the list and the navigation do not know would not be found."""
    pages = {path.name for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md")}
    listed = (ROOT / "docs" / "decisions" / "index.md").read_text(encoding="utf-8")
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", listed)) == pages
    assert set(re.findall(r"decisions/(\d{4}-[\w-]+\.md)", navigation)) == pages
    for page in pages:
        text = (ROOT / "docs" / "decisions" / page).read_text(encoding="utf-8")
        assert "**Choice.**" in text or page == "0006-dependencies.md", page  # a list with reasons
