"""What the documentation shows works: Python blocks, shell lines, and the examples with what they print."""

from __future__ import annotations

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLES = sorted(path.name for path in (ROOT / "examples").glob("*.py"))
NOT_RUN = re.compile(r"<!-- not run: \S.* -->")
NUMBER = re.compile(r"\d+\.\d+")


@dataclass
class Block:
    """A fenced block of a page; ``line`` is that of its fence, ``why_not`` the line above it."""

    language: str
    code: str
    line: int
    above: str

    @property
    def is_left_out(self):
        return NOT_RUN.fullmatch(self.above) is not None


def blocks(page):
    """The fenced blocks of a page."""
    found, lines = [], page.read_text(encoding="utf-8").splitlines()
    start = None
    for number, line in enumerate(lines):
        if not line.lstrip().startswith("```"):
            continue
        if start is None:
            start = number
        else:
            above = lines[start - 1].strip() if start else ""
            found.append(Block(lines[start].strip()[3:], "\n".join(lines[start + 1 : number]) + "\n", start + 1, above))
            start = None
    assert start is None, f"{page.name}: the block in line {start} does not end"
    return found


def python(folder, *words, merged=False):
    """Run Python in ``folder``, with the streams apart or, in the order of their lines, ``merged``."""
    environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    return subprocess.run(
        [sys.executable, "-u", *words],
        cwd=folder,
        env={**environment, "PYTHONIOENCODING": "utf-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if merged else subprocess.PIPE,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


# -------------------------------------------------------------------------------------------------- the pages


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_blocks_have_a_language_or_are_plain(page):
    """A block in a language that no test knows would silently be unchecked."""
    assert [b for b in blocks(page) if b.language not in ("", "python") and not b.is_left_out] == []


@pytest.mark.parametrize("page", PAGES[1:], ids=lambda page: page.name)
def test_python_blocks_run(page, tmp_path, monkeypatch):
    """The blocks of a page run in order in one namespace, as somebody would do who follows the page."""
    monkeypatch.chdir(tmp_path)
    shown = tmp_path / f"{page.stem}.py"
    namespace = {"__name__": f"docs_{page.stem}", "__file__": str(shown)}
    # All code stands in one file, on the lines that it has on the page, so that scopes find their source.
    runnable = [b for b in blocks(page) if b.language == "python" and not b.is_left_out]
    lines = []
    for block in runnable:
        lines += [""] * (block.line - len(lines)) + block.code.splitlines()
    shown.write_text("\n".join(lines) + "\n", encoding="utf-8")
    for block in runnable:
        tree = ast.parse("\n" * block.line + block.code)
        exec(compile(tree, str(shown), "exec", dont_inherit=True), namespace)


def test_readme_script(tmp_path):
    """The script of the README prints what the README shows, and its other command lines do what is said."""
    told = [block for block in blocks(PAGES[0]) if not block.is_left_out]
    code, reading = [block for block in told if block.language == "python"]
    shown, *others = [block for block in told if block.language != "python" and "python " in block.code]
    (tmp_path / "hello.py").write_text(code.code, encoding="utf-8")
    command, *expected = shown.code.splitlines()
    done = python(tmp_path, *shlex.split(command.removeprefix("$ python ")), merged=True)
    assert done.stdout.splitlines() == expected
    listing = next(block.code for block in blocks(PAGES[0]) if block.code.startswith("runs/1/run.json"))
    for line in listing.splitlines():
        assert (tmp_path / line.split()[0]).exists(), f"the README lists {line.split()[0]}"

    (tmp_path / "reading.py").write_text(reading.code, encoding="utf-8")
    assert python(tmp_path, "reading.py").stdout.startswith("1 COMPLETED None [] ")

    lines = [line for block in others for line in block.code.splitlines()]
    assert [line.split("#")[0].strip() for line in lines] == [
        "python hello.py print_config with name=Bob",
        "python hello.py print_config --origins with name=Bob",
        "python hello.py help",
        "python hello.py with nam=Bob",
    ]
    results = [python(tmp_path, *shlex.split(line, comments=True)[1:]) for line in lines]
    assert [result.returncode for result in results] == [0, 0, 0, 2]
    assert 'message = "Hello Bob!"'.replace('"', "'") in results[0].stdout
    assert "hello.py:" in results[1].stdout
    assert "before: 'world'" in results[1].stdout
    assert "print_config" in results[2].stdout
    assert 'Did you mean "name"' in results[3].stderr


def test_readme_repeats_a_run(tmp_path):
    """``with runs/1/config.json`` repeats the run, as the README says."""
    (tmp_path / "hello.py").write_text(next(b.code for b in blocks(PAGES[0]) if b.language == "python"))
    python(tmp_path, "hello.py", "with", "name=Bob")
    assert "Hello Bob!\n" in python(tmp_path, "hello.py", "with", "runs/1/config.json").stdout
    first, second = ((tmp_path / "runs" / number / "config.json").read_text() for number in "12")
    assert first == second


def test_links_lead_somewhere():
    """Links between pages, also to headings."""
    broken = []
    for page in [*PAGES, *(ROOT / "docs" / "decisions").glob("*.md")]:
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
            if (
                not target.startswith(("http:", "https:", "#"))
                and not (page.parent / target.partition("#")[0]).exists()
            ):
                broken.append(f"{page.name}: {target}")
    assert broken == []


# ----------------------------------------------------------------------------------------------- the examples


def described(name):
    """Command and output that the docstring of an example tells."""
    doc = ast.get_docstring(ast.parse((ROOT / "examples" / name).read_text(encoding="utf-8"))) or ""
    command = re.search(r"^Run: +(.+)$", doc, re.M)
    prints = re.search(r"^Prints: (.*(?:\n {8}.*)*)", doc, re.M)
    assert command, f"{name}: its docstring needs a line 'Run: ...'"
    lines = prints[1].splitlines() if prints else []
    return command[1], [lines[0], *(line[8:] for line in lines[1:])] if lines else []


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples(name, tmp_path):
    """The command of an example's docstring prints what the docstring says."""
    command, expected = described(name)
    code = (ROOT / "examples" / name).read_text(encoding="utf-8")
    trains = "sklearn" in code or name == "demo.py"
    if trains:
        pytest.importorskip("sklearn")
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    words = ["examples/demo.py"] if command == "make demo" else shlex.split(command)[1:]
    assert words[0] == f"examples/{name}"
    done = python(tmp_path, *words)
    assert done.returncode == 0, done.stderr
    if name == "demo.py":
        assert len(re.findall(r"COMPLETED, result 0\.\d{4}", done.stdout)) == 3
        assert {path.name for path in (tmp_path / "demo_runs").iterdir()} >= {"1", "2", "3", "_sources"}
        return
    assert expected, f"{name}: its docstring needs the lines 'Prints: ...'"
    printed = done.stdout.splitlines()
    if trains:  # the digits depend on the version of scikit-learn
        printed, expected = ([" ".join(NUMBER.sub("N", line).split()) for line in part] for part in (printed, expected))
    assert printed == expected
