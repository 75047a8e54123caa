"""Write docs/migrating.md: the text below, with tables made from the alias modules and from the settings."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import hallow
from hallow.settings import DECLARED, Setting

HOME = Path(__file__).resolve().parent
ALIAS = Path(hallow.__file__).parent / "as_sacred" / "sacred"

TEXT = """\
# Coming from Sacred

Scripts, observers and stores that were made for Sacred 0.8 go on working. There are two ways: hallow under Sacred's names,
without a change in the code, or hallow under its own name, with its better defaults.

## Without changing the code

Install hallow in place of Sacred and start the script through it:

<!-- not run: the examples in examples/sacred are started like this by tests -->
```
python -m hallow.as_sacred train.py with lr=0.1 -F runs    # in place of: python train.py with ...
python -m hallow.as_sacred -m package.train with lr=0.1    # in place of: python -m package.train with ...
hallow-as-sacred train.py with lr=0.1                      # the same, as a command
pytest -p hallow.as_sacred                                 # tests of code that imports sacred
```

or put one line before the first import of `sacred`, in the script or in the package's `__init__.py`:

<!-- not run: one process cannot have both Sacred's names and these pages' own -->
```python
import hallow.as_sacred
from sacred import Experiment
```

`sacred` and all its modules are there then, as real modules backed by hallow, and the settings have the values that such code expects
(`SETTINGS.use_profile("sacred")`). `import sacred` loads no optional package. If Sacred itself is imported already, that is an
[error](messages.md#alias-error): one process cannot have both. Processes that the script starts afresh (multiprocessing with `spawn`,
loky) find the names as well; a program that it starts with `subprocess` needs the command line above.

What a run prints, stores and returns, its exit codes and random numbers are Sacred's, compared program by program by `make compare`;
where they are not, a defect was mended: [all differences](differences.md).

## By changing imports

Write `hallow` for `sacred` in all imports. Every module below is also found under hallow's name (`hallow.run`, `hallow.dependencies`,
`hallow.config.custom_containers`), and the usual names have shorter homes: the last column. The defaults are hallow's own then. To keep
Sacred's side of all of them, or of one:

<!-- not run: it would change the settings of the other blocks -->
```python
from hallow import SETTINGS

SETTINGS.use_profile("sacred")  # or, for example:
SETTINGS.CONFIG.UNKNOWN_KEYS = "warn"
```

## What differs between the two

Each row is a setting; see [settings](settings.md) for the other values.

| setting | under Sacred's names | under hallow's | meaning |
|---|---|---|---|
{settings}

A program's own options come before those that Sacred does not have (`--resume`, `--notify`, `--gcs` and others): under Sacred's names such
a flag means what the program says, while by changed imports it has to be another one.

The same in both: a run that gets SIGTERM or SIGHUP ends as INTERRUPTED with everything stored, config files and records never run code
(pickle config files that hold objects need `SETTINGS.CONFIG.PICKLE_FILES_MAY_RUN_CODE`), runs of one experiment do not see each other's values, and in a
distributed job rank 0 owns the run.

## Stores

What Sacred wrote to folders, MongoDB, TinyDB, SQL databases, S3 and Google Cloud Storage is read by `hallow.open_store` and `hallow ls`,
and runs of both libraries may stand in one store: ids go on counting. Programs that read these stores ([clients](clients.md)) read what
hallow writes. See [stores](stores.md).

## All names

| module | names | natively from |
|---|---|---|
{names}
"""

#: Where a name is part of hallow's public surface.
PUBLIC = ("hallow", "hallow.observers", "hallow.errors", "hallow.utils")


def settings() -> str:
    return "\n".join(_rows("", DECLARED))


def _rows(prefix: str, declared: dict[str, object]) -> list[str]:
    found: list[str] = []
    for key, value in declared.items():
        if isinstance(value, Setting):
            if value.sacred != value.default:
                found.append(f"| `{prefix}{key}` | `{value.sacred!r}` | `{value.default!r}` | {value.doc} |")
        else:
            found += _rows(f"{prefix}{key}.", value)  # type: ignore[arg-type]
    return found


def names() -> str:
    return "\n".join(row for path in sorted(ALIAS.rglob("*.py")) for row in _names_of(path))


def _names_of(path: Path) -> list[str]:
    """One row for all names of a module that have the same home."""
    parts = path.relative_to(ALIAS).with_suffix("").parts
    module = ".".join(("sacred", *(part for part in parts if part != "__init__")))
    homes = _homes(path)
    by_home: dict[str, list[str]] = {}
    for name in sorted(import_module(module).__all__):
        by_home.setdefault(_native(name, homes.get(name, "")), []).append(name)
    return [
        f"| `{module}` | {', '.join(f'`{name}`' for name in found)} | `{home or module.replace('sacred', 'hallow', 1)}` |"
        for home, found in by_home.items()
    ]


def _homes(path: Path) -> dict[str, str]:
    """Which module of hallow each name of an alias module is imported from."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        alias.asname or alias.name: node.module
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module and not node.level
        for alias in node.names
    }


def _native(name: str, home: str) -> str:
    """The public module of hallow that has a name, or where it is otherwise; empty: only below its Sacred module."""
    return next((place for place in PUBLIC if _has(place, name)), home if home.startswith("hallow.") else "")


def _has(place: str, name: str) -> bool:
    module = import_module(place)
    return name in getattr(module, "__all__", vars(module))


def page() -> str:
    """The whole page."""
    import_module("hallow.as_sacred")  # names() imports the modules under Sacred's names
    return TEXT.format(settings=settings(), names=names())


if __name__ == "__main__":
    (HOME / "migrating.md").write_text(page(), encoding="utf-8")
