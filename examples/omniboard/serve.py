"""Look at runs of hallow in Omniboard, a web page for Sacred's MongoDB store.

Run:    make omniboard

Installs Omniboard from npm into .omniboard (half a gigabyte, once), starts a MongoDB server for it, records three runs,
and shows them until Ctrl-C. Servers listen on this machine only, and nothing is left running or recorded afterwards.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

HERE = Path(__file__).resolve().parent
HOME = HERE.parents[1] / ".omniboard"
VERSION = "2.16.1"
PROGRAM = HOME / "node_modules" / "omniboard" / "dist" / "start.js"
RUNS = (["rate=0.05"], ["rate=0.5", "tags=['fast']"], ["rate=0.05", "steps=40000", "tags=['long']"])
PATIENCE = 60.0  # seconds that a server may take to start


class SetupError(Exception):
    """What the user has to know, in one text."""


def program(name):
    """The path of a program of Node.js."""
    found = shutil.which(name)
    if found is None:
        raise SetupError(f"there is no `{name}`: Omniboard needs Node.js 12 or newer with npm; see https://nodejs.org")
    return found


def install():
    """Bring Omniboard, unless it is there."""
    if PROGRAM.exists():
        return
    print(f"installing Omniboard {VERSION} into {HOME} (some minutes) ...", flush=True)
    HOME.mkdir(exist_ok=True)
    (HOME / ".gitignore").write_text("*\n", encoding="utf-8")
    quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    command = [program("npm"), "install", f"--prefix={HOME}", *quiet, f"omniboard@{VERSION}"]
    if subprocess.run(command, check=False).returncode or not PROGRAM.exists():  # noqa: S603 - a fixed command
        raise SetupError(f"npm could not install omniboard@{VERSION}; what it says is above")


class Server:
    """A server in a process of its own, until it is told to stop.

    Args:
        command: the program and its arguments.
        log: the file that takes what it prints.
        environment: variables, beside those of this process.
    """

    def __init__(self, command, log, **environment):
        self.log = log
        with open(log, "wb") as output:
            # A session of its own: Ctrl-C is for us, and we stop the servers in order.
            self.process = subprocess.Popen(  # noqa: S603 - a fixed command
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment},
                start_new_session=True,
            )

    def wait_for(self, pattern):
        """The match of ``pattern`` in what it printed."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            text = self.log.read_text(encoding="utf-8", errors="replace")
            found = re.search(pattern, text)
            if found:
                return found
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise SetupError(f"{self.log.stem} did not start; the last lines of what it says are\n{self.tail()}")

    def watch(self):
        """Wait until it ends by itself, which it should not.

        Raises:
            SetupError: then.
        """
        self.process.wait()
        raise SetupError(f"{self.log.stem} has ended; the last lines of what it says are\n{self.tail()}")

    def tail(self):
        """The last lines of what it printed."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])

    def stop(self):
        """End it, and wait until it has ended."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def stopped(server):
    """The server, stopped at the end of the block."""
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def mongo(folder):
    """The port of an empty MongoDB server."""
    storage = ["--storage-path", str(folder / "data"), "--cache-size", "128M"]
    command = [sys.executable, "-m", "secantus", "--host", "127.0.0.1", "--port", "0", *storage]
    with stopped(Server(command, folder / "mongo.log")) as server:
        yield int(server.wait_for(r"listening on 127\.0\.0\.1:(\d+)")[1])


def record(database, folder):
    """Record three runs into a database, ``host:port:name``."""
    for updates in RUNS:
        options = ["--mongo_db", database, "--comment", " ".join(updates)]
        command = [sys.executable, str(HERE / "train.py"), "--loglevel=WARNING", *options, "with", *updates]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - ours
        if done.returncode:
            raise SetupError(f"a run could not be recorded:\n{done.stderr}")


@contextmanager
def omniboard(database, folder):
    """Omniboard over a database, ``host:port:name``: its URL, and the server."""
    command = [program("node"), "--require", str(HERE / "loopback.cjs"), str(PROGRAM), "-m", database]
    wanted = os.environ.get("PORT", "9000")  # the next one that is free, if somebody has it
    with stopped(Server(command, folder / "omniboard.log", PORT=wanted)) as server:
        found = server.wait_for(r"Omniboard is listening on port (\d+)")[1]
        server.wait_for(r"Connection to .* established")
        yield f"http://127.0.0.1:{found}/sacred", server


def ask(url, path):
    """What Omniboard's programming interface answers.

    Raises:
        SetupError: if that is an error.
    """
    try:
        with urlopen(f"{url}/api/v1/{path}", timeout=PATIENCE) as answer:  # noqa: S310 - our own server
            return json.load(answer)
    except (OSError, ValueError) as error:
        raise SetupError(f"Omniboard runs, but cannot read the store: {path}: {error}") from None


@contextmanager
def serving():
    """Everything: the URL of Omniboard, that of the store, and Omniboard as a server."""
    program("node")
    install()
    with TemporaryDirectory(prefix="hallow-omniboard-") as name, mongo(Path(name)) as port:
        print("recording three runs ...", flush=True)
        database = f"127.0.0.1:{port}:sacred"
        record(database, Path(name))
        with omniboard(database, Path(name)) as (url, server):
            shown = len(ask(url, "Runs?select=_id,status,duration"))
            if shown != len(RUNS):
                raise SetupError(f"Omniboard shows {shown} runs of {len(RUNS)}")
            yield url, f"mongodb://127.0.0.1:{port}/sacred", server


def main():
    """Serve until Ctrl-C or SIGTERM."""
    for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell has started us with SIGINT ignored
        signal.signal(number, signal.default_int_handler)
    try:
        with serving() as (url, store, server):
            print(f"\nOmniboard shows the runs at {url}\nthe store is {store}; Ctrl-C ends both", flush=True)
            server.watch()
    except KeyboardInterrupt:
        print("\nended")
    except SetupError as error:
        sys.exit(f"make omniboard: {error}")


if __name__ == "__main__":
    main()
