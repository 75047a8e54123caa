"""Starts the servers that stores need, and keeps them until stdin ends: ``python serving.py TESTS``.

Says on stdout, as a JSON line, where each store is: ``{"urls": {...}, "environ": {...}, "missing": {...}}``;
``{name}`` in a URL stands for a place of its own. A line ``["postgres", "bench7"]`` on stdin makes one. Run by the
interpreter that has the servers, with the folder of the tests that start them.
"""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from typing import Any


def main(tests: str) -> None:
    sys.path.insert(0, tests)
    said: dict[str, dict[str, str]] = {"urls": {}, "environ": {}, "missing": {}}
    makers: dict[str, Any] = {}
    with ExitStack() as stack:
        for start in (mongo, postgres, s3):
            _attempt(start, stack, said, makers)
        print(json.dumps(said), flush=True)
        for line in sys.stdin:
            store, name = json.loads(line)
            makers[store](name)
            print("made", flush=True)


def _attempt(start: Any, stack: ExitStack, said: dict[str, dict[str, str]], makers: dict[str, Any]) -> None:
    try:
        said["urls"][start.__name__], makers[start.__name__], environ = start(stack)
    except Exception as error:  # whatever keeps it from starting, the other rows go on
        said["missing"][start.__name__] = f"{type(error).__name__}: {error}".splitlines()[0]
    else:
        said["environ"] |= environ


# Each gives the URL, what makes a place of its own in it, and the variables that clients need.


def _is_there(name: str) -> None:
    """A database of MongoDB is there when it is written to."""


def mongo(stack: ExitStack) -> tuple[str, Any, dict[str, str]]:
    from servers.mongo import MongoServer

    server = stack.enter_context(MongoServer())
    return f"{server.uri}/{{name}}", _is_there, {}


def postgres(stack: ExitStack) -> tuple[str, Any, dict[str, str]]:
    from servers.postgres import PostgresServer

    server = stack.enter_context(PostgresServer())
    return server.url_of("{name}"), server.create, {}


def s3(stack: ExitStack) -> tuple[str, Any, dict[str, str]]:
    from servers.s3 import S3Server

    server = stack.enter_context(S3Server())
    return "s3://{name}/runs", server.create, server.environment()


if __name__ == "__main__":
    main(sys.argv[1])
