"""The stores: those that are a folder or a file, and those whose server could be started."""

from __future__ import annotations

import json
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent.parent / "tests"

#: Every store that there are rows for, and what it is called in them.
STORES = {
    "file": "file store",
    "sqlite": "SQLite",
    "tinydb": "TinyDB",
    "mongo": "MongoDB (SecantusDB)",
    "postgres": "PostgreSQL",
    "s3": "S3 (moto)",
}


@dataclass
class Places:
    """Where stores are.

    Attributes:
        environ: variables that scripts need to reach them.
        missing: the stores that are not here, with the reason.
        python: the interpreter that has hallow with the drivers of all of them.
    """

    folder: Path
    server: subprocess.Popen[str]
    urls: dict[str, str]
    environ: dict[str, str]
    missing: dict[str, str]
    python: str
    _numbers: Iterator[int] = field(default_factory=count)

    def fresh(self, store: str) -> str:
        """The URL of an empty store."""
        name = f"bench{next(self._numbers)}"
        if store in self.urls:
            self._ask(store, name)
            return self.urls[store].format(name=name)
        path = self.folder / name
        return {"file": f"file:{path}", "sqlite": f"sqlite:///{path}.db", "tinydb": f"tinydb:{path}"}[store]

    def _ask(self, store: str, name: str) -> None:
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        self.server.stdin.write(json.dumps([store, name]) + "\n")
        self.server.stdin.flush()
        if self.server.stdout.readline() != "made\n":
            raise RuntimeError(f"{store} has made no {name}")


@contextmanager
def places(python: str, folder: Path, quick: bool) -> Iterator[Places]:  # noqa: ARG001 - as every setting
    """Start the servers; they end with the block, and if this process is killed, with it."""
    home = folder / "places"
    home.mkdir()
    with (home / "servers.log").open("wb") as log:
        server = subprocess.Popen(
            [python, HERE / "serving.py", TESTS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        line = server.stdout.readline()
        if not line:
            raise RuntimeError(f"no servers: {(home / 'servers.log').read_text(errors='replace')[-2000:]}")
        yield Places(home, server, python=python, **json.loads(line))
    finally:
        server.stdin.close()
        server.wait(30)
        server.stdout.close()
