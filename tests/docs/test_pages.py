"""What the documentation shows works: its pages, followed in order, and the examples with what they print."""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from following import Mismatch, blocks, compare

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
GUIDES = [ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md"]
WITH_CODE = [page for page in PAGES if any(not block.is_left_out for block in blocks(page))]
EXAMPLES = sorted(path.name for path in (ROOT / "examples").glob("*.py"))
NUMBER = re.compile(r"\d+\.\d+")

# What a page shows -> the fixture that has it.
MONGO, POSTGRES, BUCKET = "mongodb://localhost:27017", "postgresql://me:secret@localhost/runs", "my-bucket"
NEEDS = {"mongodb.md": "mongo", "sql.md": "sql", "object-stores.md": "objects"}
# Without these packages a page cannot be followed.
PACKAGES = {
    "stores.md": ["sqlalchemy"],
    "notifications.md": ["apprise"],
    "sql.md": ["sqlalchemy"],
    "tinydb.md": ["tinydb"],
    "object-stores.md": ["fsspec", "s3fs"],
    "integrations.md": ["sklearn", "optuna", "xgboost", "tensorboard"],
}


def name(page):
    return str(page.relative_to(ROOT))


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


@pytest.fixture
def meant(request):
    """``meant(page)``: what stands in place of what the page shows."""

    def servers(page):
        needed = NEEDS.get(page.name)
        if needed == "mongo":
            server, database = request.getfixturevalue("mongo_server"), request.getfixturevalue("mongo_database")
            return {
                f"{MONGO}/sacred": server.uri_of(database),
                MONGO: server.uri,
                'db_name="sacred"': f"db_name={database!r}",
            }
        if needed == "sql":
            return {POSTGRES: request.getfixturevalue("postgres_database")}
        if needed == "objects":
            return {BUCKET: request.getfixturevalue("s3_bucket")}
        return {}

    return servers


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_block_is_accounted_for(page):
    """A block that no test knows would silently be unchecked; a reason is given for each that is not run."""
    unknown = [f"line {block.line}" for block in blocks(page) if not block.is_accounted_for]
    assert unknown == []


@pytest.mark.parametrize("page", WITH_CODE, ids=name)
def test_a_page_can_be_followed(page, tmp_path, meant):
    """Files, code and commands of a page, in order, in an empty folder, do what the page shows."""
    for package in PACKAGES.get(page.name, ()):
        pytest.importorskip(package)
    told = json.dumps(meant(page))
    done = python(tmp_path, "-W", "error", str(Path(__file__).with_name("following.py")), str(page), told, merged=True)
    assert done.returncode == 0, done.stdout


def test_the_tutorial_runs_everything_but_the_installation():
    """A new user types every line of it, so none may be left out for convenience."""
    tutorial = DOCS / "tutorial.md"
    assert [block.code.splitlines()[-1] for block in blocks(tutorial) if block.is_left_out] == ["$ pip install hallow"]
    assert {block.language for block in blocks(tutorial) if not block.title} == {"console", "text"}


def test_the_notebook_page_in_a_notebook(tmp_path):
    """Its blocks are cells of a real kernel, which print what the page shows."""
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    shown = [block for block in blocks(DOCS / "howto" / "notebooks.md") if block.language in ("python", "text")]
    cells = [nbformat.v4.new_code_cell(block.code, id=f"cell-{block.line}") for block in shown]
    code = [cell for cell, block in zip(cells, shown, strict=True) if block.language == "python"]
    where = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(nbformat.v4.new_notebook(cells=code), kernel_name="python3", resources=where).execute()
    compared = 0
    for cell, block, following in zip(cells, shown, shown[1:], strict=False):
        if block.language == "python" and following.language == "text":
            streams = [output["text"] for output in cell["outputs"] if output.get("name") == "stdout"]
            compare(f"cell {block.line}", following.code.splitlines(), "".join(streams))
            compared += 1
    assert compared == 3
    assert (tmp_path / "runs" / "2" / "run.json").exists()


def test_the_readme_repeats_a_run(tmp_path):
    """``with runs/1/config.json`` repeats the run, as the README says."""
    script = next(block.code for block in blocks(PAGES[0]) if block.title == "hello.py")
    (tmp_path / "hello.py").write_text(script, encoding="utf-8")
    python(tmp_path, "hello.py", "with", "name=Bob")
    assert "Hello Bob!\n" in python(tmp_path, "hello.py", "with", "runs/1/config.json").stdout
    first, second = ((tmp_path / "runs" / number / "config.json").read_text() for number in "12")
    assert first == second


def test_the_readme_is_short():
    """What a reader sees first: twelve lines of code, two commands, one table against Sacred, and not much else."""
    text = PAGES[0].read_text(encoding="utf-8")
    commands, script, *_ = blocks(PAGES[0])
    assert [line.split("#")[0].strip() for line in commands.code.splitlines()] == ["make demo", "make test"]
    assert len([line for line in script.code.splitlines() if line.strip()]) == 12
    assert text.count("| Sacred") == 1
    assert len(text.splitlines()) < 150


@pytest.mark.parametrize("page", [*PAGES, *GUIDES], ids=name)
def test_links_lead_somewhere(page):
    """Links to files; headings are checked where the site is built."""
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if target.startswith(("http:", "https:", "#")):
            continue
        if not (page.parent / target.partition("#")[0]).exists():
            broken.append(target)
    assert broken == []


# ------------------------------------------------------------------------------------------- following itself


@pytest.mark.parametrize(
    ("shown", "printed", "agree"),
    [
        (["a ... c"], "a b c\n", True),
        (["seed = ...   # doc"], "seed = 123456 # doc\n", True),
        (["a ... c"], "a b d\n", False),
        (["a", "...", "d"], "a\nb\nc\nd\n", True),
        (["a", "...", "d"], "a\nd\n", True),
        (["a"], "a\nb\n", False),
        (["a", "b"], "a\n", False),
        ([], "a\n", False),
        (["(1, 2) [x*]"], "(1, 2) [x*]", True),
        (["after 0:00:00"], "after 0:00:07\n", True),
        (["after 0:00:00"], "after 0:01:00\n", False),
    ],
)
def test_comparing(shown, printed, agree):
    if agree:
        compare("here", shown, printed)
    else:
        with pytest.raises(Mismatch, match="here: the page shows"):
            compare("here", shown, printed)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('```python\nprint("a")\n```\n', "this prints what the page does not show"),
        ('```python\nprint("a")\n```\n\n```text\nb\n```\n', "the page shows\nb"),
        ("```console\n$ echo a\nb\n```\n", "the page shows\nb"),
        ("```yaml\na: 1\n```\n", "nobody knows what this block is"),
        ("<!-- files -->\n```text\nnowhere   nothing\n```\n", "these are not there: ['nowhere']"),
    ],
)
def test_a_page_that_is_wrong_is_found(text, complaint, tmp_path):
    (tmp_path / "page.md").write_text(text, encoding="utf-8")
    done = python(tmp_path, str(Path(__file__).with_name("following.py")), "page.md", "{}", merged=True)
    assert done.returncode == 1
    assert complaint in done.stdout


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
