"""Imports only point down; rooms on one floor do not import each other."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import hallow

ROOT = Path(hallow.__file__).parent
# From the ground up. `errors` lies below its neighbours because every room, settings included, raises them.
FLOORS = [
    {"errors"},
    {"settings", "utils"},
    {"records"},
    {"journal"},
    {"config", "provenance", "observers", "stores", "cli"},
    {"running", "backends"},
    {"experiment"},
    {"reproduce", "sweep", "board", "integrations", "as_sacred", "testing"},
    {"__main__"},
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


def rooms_imported(tree: ast.AST):
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            if node.module == "hallow":
                yield from ((node.lineno, alias.name) for alias in node.names if not alias.name.startswith("__"))
            elif node.module.startswith("hallow."):
                yield node.lineno, node.module.split(".")[1]
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("hallow."):
                    yield node.lineno, alias.name.split(".")[1]


def modules():
    return sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")


@pytest.fixture(scope="module")
def trees():
    """The syntax tree of each module; too large to be kept for longer than these tests take."""
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in modules()}


def test_every_room_has_a_floor():
    rooms = {path.relative_to(ROOT).parts[0].removesuffix(".py") for path in modules()}
    assert rooms <= set(FLOOR)


def test_imports_point_down(trees):
    wrong = []
    for path, tree in trees.items():
        room = path.relative_to(ROOT).parts[0].removesuffix(".py")
        for line, other in rooms_imported(tree):
            if other != room and FLOOR[other] >= FLOOR[room]:
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {other}")
    assert wrong == []


def test_backends_do_not_import_each_other(trees):
    wrong = []
    for path in (ROOT / "backends").rglob("*.py"):
        own = path.relative_to(ROOT / "backends").parts[0]
        for node in ast.walk(trees[path]):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("hallow.backends."):
                # `keeping` is what they have in common.
                if node.module.split(".")[2] not in (own, "keeping"):
                    wrong.append(f"{path}:{node.lineno}")
    assert wrong == []


def test_no_assert_on_user_input_and_no_print(trees):
    """A library never prints, but for the commands and the command line's reports, whose output is their job."""
    allowed = {"__main__.py", "experiment/commands.py", "experiment/commandline.py", "cli/options.py"}
    printing = []
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
                printing.append(path.relative_to(ROOT).as_posix())
    # What runs under test print is what is tested there.
    assert {path for path in printing if not path.startswith("testing/contract/")} <= allowed


def test_modules_and_functions_are_of_a_readable_size(trees):
    large = []
    for path, tree in trees.items():
        if path.read_text(encoding="utf-8").count("\n") > 500:
            large.append(str(path))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                if body and body[-1].end_lineno - body[0].lineno > 60:
                    large.append(f"{path}:{node.lineno} {node.name}")
    assert large == []
