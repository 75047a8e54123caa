"""What Python has printed and not yet written is safe too, and nobody notices anything else of it."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import textwrap
import threading
import time
from contextlib import suppress

import pytest

import hallow
from hallow.journal.layout import HALF, HALF_SIZE, STAGED_NONE, STAGING
from hallow.journal.staged import CompiledHalf, PlainHalf, opened_half, take_in_staged
from hallow.running.merging import resume_merge
from hallow.running.recovery import recover

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="not staged where there is no fork")

SOURCES = os.path.dirname(os.path.dirname(hallow.__file__))

TOOLS = """
import io, logging, os, signal, sys, threading, time
from hallow.running.capture import get_stdcapturer

def capturing(folder, durable=True, **options):
    os.makedirs(folder, exist_ok=True)
    capture = get_stdcapturer("fd")[1](**options)
    out = capture.__enter__()
    out.keep_in(folder, durable=durable)
    return capture, out

def ended(capture):
    capture.__exit__(None, None, None)

def killed():
    os.kill(os.getpid(), signal.SIGKILL)
"""
TOGETHER = "import os; os.dup2(1, 2)\n"
#: What a script begins with that is to use the compiled part, where it is built, or not.
PARTS = {"compiled": "", "plain": "import sys; sys.modules['hallow.journal._half'] = None\n"}
both = pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)

EXPERIMENT = """
import os, signal, sys, threading
from hallow import Experiment
from hallow.observers import FileStorageObserver

ex = Experiment("printing", save_git_info=False)
ex.observers.append(FileStorageObserver("runs"))

def killed():
    os.kill(os.getpid(), signal.SIGKILL)

@ex.main
def main():
    {body}

ex.run()
"""

WAYS = {
    "print": ('print("first"); print("second", 2)', "first\nsecond 2\n"),
    "no newline": ('print("first"); print("sec", end=""); print("ond", end="")', "first\nsecond"),
    "write": ('sys.stdout.write("first\\nsecond")', "first\nsecond"),
    "lines": ('sys.stdout.writelines(["first\\n", "second\\n"])', "first\nsecond\n"),
    "bytes": ('sys.stdout.buffer.write(b"first\\n"); sys.stdout.buffer.write(b"second\\n")', "first\nsecond\n"),
    "mixed": ('print("a"); sys.stdout.buffer.write(b"b"); print("ä\\0", end="")', "a\nbä\0"),
    "stored function": ('write = sys.stdout.write; write("first"); write("second")', "firstsecond"),
    "much": ('print("x" * 100000); print("yz" * 20000); print("end")', "x" * 100000 + "\n" + "yz" * 20000 + "\nend\n"),
    "flushed before": ('print("first", flush=True); print("second")', "first\nsecond\n"),
    "to the first stream": ('print("first", file=sys.__stdout__); print("second")', "first\nsecond\n"),
}


class Ended:
    def __init__(self, code, out, folder):
        self.code, self.out, self.folder = code, out, folder

    def content(self, path):
        return (self.folder / path).read_bytes()


@pytest.fixture
def run(tmp_path):
    """Run a script whose stdout (and stderr) is a pipe or a file, and nothing makes Python write at once."""

    def start(source, to="pipe", env=None, part=""):
        (tmp_path / "script.py").write_text(TOGETHER + part + source, encoding="utf-8")
        env = {**os.environ, "PYTHONPATH": SOURCES, "PYTHONUNBUFFERED": "", "PYTHONIOENCODING": "utf-8", **(env or {})}
        command = [sys.executable, "-W", "ignore", "script.py"]
        options = {"cwd": tmp_path, "env": env, "stdin": subprocess.DEVNULL, "timeout": 60, "check": False}
        if to == "pipe":
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
            return Ended(done.returncode, done.stdout, tmp_path)
        with (tmp_path / "stdout").open("wb") as file:
            done = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, **options)
        return Ended(done.returncode, (tmp_path / "stdout").read_bytes(), tmp_path)

    return start


@pytest.fixture
def run_tools(run):
    """Run a script that has ``capturing(folder)``, ``ended(capture)`` and ``killed()``."""
    return lambda source, **options: run(TOOLS + textwrap.dedent(source), **options)


def recovered(folder, name="folder", state=None):
    """The output after a crash."""
    for _ in range(2):
        size = resume_merge(str(folder / name), state)
        assert size == (folder / name / "output").stat().st_size
        assert not (folder / name / STAGING).exists()
    return (folder / name / "output").read_bytes()


# ------------------------------------------------------------------------------------------------ nothing is lost


@pytest.mark.parametrize(
    ("ending", "to", "part"),
    [
        ("killed()", "pipe", "compiled"),
        ("killed()", "file", "plain"),
        ("os._exit(7)", "file", "compiled"),
        ("os._exit(7)", "pipe", "plain"),
    ],
)
def test_what_was_printed_before_a_sudden_end_is_in_the_record(run, ending, to, part):
    for name, (body, text) in WAYS.items():
        done = run(EXPERIMENT.format(body=f"{body}; {ending}"), to=to, part=PARTS[part])
        assert done.code == (-9 if ending == "killed()" else 7), done.out
        (found,) = [one for one in recover(done.folder / "runs") if one.state == "closed"]
        assert not found.problems
        (record,) = [path for path in (done.folder / "runs").iterdir() if path.name == found.run_id]
        assert (record / "cout.txt").read_bytes().decode().endswith(f'with ID "{found.run_id}"\n{text}'), name
        if ending != "killed()":
            assert done.out.decode().endswith(f'with ID "{found.run_id}"\n{text}'), name


def test_it_can_be_switched_off(run):
    source = EXPERIMENT.format(body='print("first", flush=True); print("second"); killed()')
    source = "from hallow import SETTINGS\nSETTINGS.OUTPUT.DURABLE = False\n" + source
    done = run(source)
    recover(done.folder / "runs")
    assert done.content("runs/1/cout.txt").endswith(b"first\n")


@both
@pytest.mark.parametrize("number", range(2))
def test_threads_that_print_lose_nothing(run_tools, number, part):
    done = run_tools(
        f"""
        import mmap
        sys.setswitchinterval(1e-5)
        with open("acknowledged", "w+b") as file:
            file.write(bytes(8 * 4))
            file.flush()
            acknowledged = memoryview(mmap.mmap(file.fileno(), 0)).cast("Q")
        capture, out = capturing("folder")
        def printing(name):
            for number in range(10**9):
                if name == 3:
                    sys.stdout.buffer.write(b"<3 %d>\\n" % number)
                    if number % 100 == 0:
                        sys.stdout.flush()
                else:
                    sys.stdout.write(f"<{{name}} {{number}}>\\n")
                    if name == 2:
                        sys.stdout.flush()
                acknowledged[name] = number + 1
        for name in range(4):
            threading.Thread(target=printing, args=(name,), daemon=True).start()
        while min(acknowledged) <= 100:
            time.sleep(0.001)
        time.sleep({number} / 4)
        killed()
        """,
        part=part,
    )
    assert done.code == -9, done.out[-2000:]
    lines = recovered(done.folder).decode().splitlines()
    acknowledged = memoryview(done.content("acknowledged")).cast("Q")
    for name in range(4):
        numbers = [int(line.split()[1].strip(">")) for line in lines if line.startswith(f"<{name} ")]
        assert numbers == list(range(len(numbers)))
        assert acknowledged[name] <= len(numbers) <= acknowledged[name] + 1
        assert acknowledged[name] > 100


@both
def test_a_kill_at_any_moment(run_tools, part):
    for number in range(8):
        done = run_tools(
            f"""
            import mmap
            with open("acknowledged", "w+b") as file:
                file.write(bytes(8))
                file.flush()
                acknowledged = memoryview(mmap.mmap(file.fileno(), 0)).cast("Q")
            capture, out = capturing("folder{number}")
            threading.Timer(0.01 + {number} / 500, killed).start()
            for number in range(10**9):
                print("line", number, "x" * (number % 300))
                acknowledged[0] = number + 1
                if number % 7 == 0 or {number} % 2:
                    sys.stdout.flush()
            """,
            part=part,
        )
        assert done.code == -9, done.out
        text = recovered(done.folder, f"folder{number}").decode()
        count = memoryview(done.content("acknowledged")).cast("Q")[0]
        expected = "".join(f"line {number} {'x' * (number % 300)}\n" for number in range(count + 1))
        whole = "".join(f"line {number} {'x' * (number % 300)}\n" for number in range(count))
        assert text.startswith(whole)
        assert expected.startswith(text)


@pytest.mark.parametrize("printing", ["", "print('in the handler', number)", "print('in the handler', flush=True)"])
@both
def test_exceptions_of_signal_handlers_lose_and_double_nothing(run_tools, printing, part):
    done = run_tools(
        f"""
        capture, out = capturing("folder")
        class Interrupted(Exception):
            pass
        armed = False
        def handler(signum, frame):
            global armed
            if armed:
                armed = False
                {printing or "pass"}
                raise Interrupted
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.0001, 0.00037)
        printed, number, interrupted = set(), 0, 0
        while interrupted < 300:
            number += 1
            try:
                armed = True
                sys.stdout.write(f"line {{number}} {{'x' * 1000}}\\n")
                if number % 3 == 0:
                    sys.stdout.flush()
                armed = False
                printed.add(number)
            except Interrupted:
                interrupted += 1
        assert os.path.exists("folder/staging")
        signal.setitimer(signal.ITIMER_REAL, 0)
        with open("printed", "w") as file:
            file.write(" ".join(map(str, sorted(printed))))
        ended(capture)
        """,
        to="file",
        part=part,
    )
    assert done.code == 0, done.out[-2000:]
    lines = done.content("folder/output").decode().splitlines()
    assert lines == done.out.decode().splitlines()
    assert all(line.endswith("x" * 1000) or line.startswith("in the handler") for line in lines)
    numbers = [int(line.split()[1]) for line in lines if line.startswith("line")]
    assert numbers == sorted(set(numbers))
    assert {int(number) for number in done.content("printed").split()} <= set(numbers)


# -------------------------------------------------------------------------------------------------------- order


def test_the_order_is_that_of_flushes(run_tools):
    done = run_tools(
        """
        import subprocess
        capture, out = capturing("folder")
        print("one")
        sys.stdout.flush()
        subprocess.run([sys.executable, "-c", "print('two')"])
        print("four")
        subprocess.run([sys.executable, "-c", "print('three')"])
        sys.stdout.flush()
        os.write(1, b"five\\n")
        print("six", flush=True)
        os.write(1, b"seven\\n")
        ended(capture)
        """
    )
    assert done.code == 0, done.out
    expected = b"one\ntwo\nthree\nfour\nfive\nsix\nseven\n"
    assert done.out == expected
    assert done.content("folder/output") == expected


def test_one_who_kept_the_stream_prints_in_order(run_tools):
    done = run_tools(
        """
        from sys import stdout
        logging.basicConfig(stream=sys.stdout, format="%(message)s")
        write = stdout.buffer.write
        capture, out = capturing("folder")
        assert sys.stdout is stdout
        print("one")
        logging.warning("two")
        print("three", file=stdout)
        stdout.buffer.write(b"four\\n")
        print("five")
        killed()
        """
    )
    assert recovered(done.folder) == b"one\ntwo\nthree\nfour\nfive\n"


def test_what_nobody_flushes_is_shown_in_time(tmp_path):
    source = 'capture, out = capturing("folder")\nprint("early")\ntime.sleep(30)\n'
    (tmp_path / "script.py").write_text(TOOLS + source)
    env = {**os.environ, "PYTHONPATH": SOURCES, "PYTHONUNBUFFERED": ""}
    with subprocess.Popen([sys.executable, "script.py"], cwd=tmp_path, env=env, stdout=subprocess.PIPE) as process:
        began = time.monotonic()
        assert process.stdout.readline() == b"early\n"
        assert time.monotonic() - began < 15
        process.kill()
    assert recovered(tmp_path) == b"early\n"


# ------------------------------------------------------------------------------------------------ forks and runs


def test_a_forked_child_has_a_stream_as_usual(run_tools):
    done = run_tools(
        """
        capture, out = capturing("folder")
        print("parent, staged")
        child = os.fork()
        if child == 0:
            assert not {"write", "flush"} & {*vars(sys.stdout), *vars(sys.stdout.buffer)}
            assert not sys.stdout.write_through
            print("child")
            sys.stdout.flush()
            os._exit(0)
        os.waitpid(child, 0)
        print("parent again")
        child = os.fork()
        if child == 0:
            print("of the child only, lost")
            killed()
        os.waitpid(child, 0)
        killed()
        """
    )
    assert recovered(done.folder) == b"child\nparent, staged\nparent again\n"


def test_processes_of_multiprocessing(run_tools):
    done = run_tools(
        """
        import multiprocessing
        capture, out = capturing("folder")
        print("before")
        context = multiprocessing.get_context("fork")
        process = context.Process(target=print, args=("in the child",))
        process.start()
        process.join()
        print("after")
        ended(capture)
        """
    )
    assert done.code == 0, done.out
    assert done.content("folder/output") == b"before\nin the child\nafter\n"
    assert done.out == b"before\nin the child\nafter\n"


def test_nested_runs_have_one_staging(run_tools):
    done = run_tools(
        """
        import json
        outer, _ = capturing("outer")
        print("outer")
        inner, out = capturing("inner")
        with open("state", "w") as file:
            json.dump(out.raw.state(), file)
        print("inner")
        assert os.path.exists("outer/staging") and not os.path.exists("inner/staging")
        killed()
        """
    )
    import json

    state = json.loads(done.content("state"))
    assert recovered(done.folder, "inner", state) == b"inner\n"
    assert not (done.folder / "outer" / STAGING).exists()
    assert recovered(done.folder, "outer") == b"outer\ninner\n"


def test_the_staging_is_handed_on(run_tools):
    done = run_tools(
        """
        outer, _ = capturing("outer")
        print("outer")
        inner, out = capturing("inner")
        print("inner")
        ended(outer)
        print("staged")
        assert os.listdir("outer") == ["output"]
        assert sorted(os.listdir("inner")) == ["output", "staging"]
        killed()
        """
    )
    assert done.content("outer/output") == b"outer\ninner\n"
    assert recovered(done.folder, "inner") == b"inner\nstaged\n"


def test_each_run_decides(run_tools):
    done = run_tools(
        """
        outer, _ = capturing("outer", durable=False)
        inner, out = capturing("inner")
        assert "write" not in vars(sys.stdout)
        ended(outer)
        assert "write" in vars(sys.stdout)
        print("staged")
        last, _ = capturing("last", durable=False)
        ended(inner)
        assert "write" not in vars(sys.stdout)
        print("not staged")
        ended(last)
        """
    )
    assert done.code == 0, done.out
    assert done.content("inner/output") == b"staged\n"
    assert done.content("last/output") == b"not staged\n"


def test_streams_in_two_places(run_tools):
    done = run_tools(
        """
        os.dup2(os.open("elsewhere", os.O_WRONLY | os.O_CREAT), 2)
        sys.stderr = open(2, "w", closefd=False)
        capture, out = capturing("folder")
        print("on stdout")
        print("on stderr", file=sys.stderr)
        killed()
        """
    )
    assert (done.folder / "folder" / STAGING).stat().st_size == 3 * HALF_SIZE
    assert sorted(recovered(done.folder).splitlines()) == [b"on stderr", b"on stdout"]
    assert done.content("folder/output.1") == b"on stdout\n"
    assert done.content("folder/output.2") == b"on stderr\n"


# ------------------------------------------------------------------------------------- as if nothing had changed


def test_the_stream_is_what_it_was(run_tools):
    done = run_tools(
        """
        before = sys.stdout, dict(vars(sys.stdout)), dict(vars(sys.stdout.buffer))
        def facts():
            stream = sys.stdout
            return (stream.fileno(), stream.encoding, stream.errors, stream.isatty(), stream.name, stream.mode,
                    stream.closed, stream.line_buffering, stream.readable(), stream.writable(), stream.newlines,
                    type(stream), type(stream.buffer), stream.buffer.fileno(), stream.buffer.raw.fileno())
        known = facts()
        capture, out = capturing("folder")
        assert facts() == known
        assert sys.stdout.write("äö\\n") == 3
        assert sys.stdout.buffer.write(memoryview(b"bytes\\n")) == 6
        for wrong in (lambda: sys.stdout.write(5), lambda: sys.stdout.write(b"x"), lambda: sys.stdout.buffer.write("x")):
            try:
                wrong()
            except TypeError:
                pass
            else:
                raise AssertionError
        kept = sys.stdout.write, sys.stdout.buffer.write, sys.stdout.flush, sys.stdout.buffer.flush
        ended(capture)
        assert (sys.stdout, dict(vars(sys.stdout)), dict(vars(sys.stdout.buffer))) == before
        assert facts() == known and not sys.stdout.write_through
        kept[0]("after\\n")
        kept[2]()
        kept[1](b"the end\\n")
        kept[3]()
        assert os.listdir("folder") == ["output"]
        """
    )
    assert done.code == 0, done.out.decode()
    assert done.out.decode() == "äö\nbytes\nafter\nthe end\n"
    assert done.content("folder/output").decode() == "äö\nbytes\n"


def test_twenty_short_runs(run_tools):
    done = run_tools(
        """
        for number in range(20):
            capture, out = capturing(f"folder{number}")
            print("run", number)
            print("done", end="")
            ended(capture)
            print()
        """
    )
    assert done.code == 0, done.out
    assert done.out == b"".join(b"run %d\ndone\n" % number for number in range(20))
    for number in range(20):
        assert done.content(f"folder{number}/output") == b"run %d\ndone" % number
        assert os.listdir(done.folder / f"folder{number}") == ["output"]


def test_redirection_around_and_inside(run_tools):
    done = run_tools(
        """
        from contextlib import redirect_stdout
        with redirect_stdout(io.StringIO()) as around:
            capture, out = capturing("first")
            print("around")
            ended(capture)
        capture, out = capturing("second")
        print("before")
        with redirect_stdout(io.StringIO()) as inside:
            print("inside")
        print("after")
        ended(capture)
        assert (around.getvalue(), inside.getvalue()) == ("around\\n", "inside\\n")
        """
    )
    assert done.code == 0, done.out
    assert done.content("first/output.0") == b"around\n"
    assert done.content("second/output") == b"before\nafter\n"


def test_a_stream_that_was_replaced_meanwhile_stays(run_tools):
    done = run_tools(
        """
        capture, out = capturing("folder")
        print("one")
        sys.stdout = new = io.TextIOWrapper(sys.stdout.detach(), encoding="latin-1")
        print("zwei, ü")
        inner, _ = capturing("inner")
        print("three")
        ended(inner)
        ended(capture)
        assert sys.stdout is new
        print("four")
        """
    )
    assert done.code == 0, done.out
    assert done.out == "one\nzwei, ü\nthree\nfour\n".encode("latin-1")
    assert done.content("folder/output") == "one\nzwei, ü\nthree\n".encode("latin-1")
    assert done.content("inner/output") == b"three\n"


def test_other_settings_of_the_stream(run_tools):
    done = run_tools(
        """
        capture, out = capturing("folder")
        print("ä")
        sys.stdout.reconfigure(encoding="latin-1", errors="replace")
        print("ä \\u20ac")
        sys.stdout.reconfigure(newline="\\r\\n")
        print("end of line")
        sys.stdout.reconfigure(line_buffering=True, write_through=False)
        print("written")
        assert open("folder/output", "rb").read().endswith(b"written\\r\\n")
        ended(capture)
        assert sys.stdout.line_buffering and not sys.stdout.write_through
        """
    )
    assert done.code == 0, done.out
    assert done.out == b"\xc3\xa4\n\xe4 ?\nend of line\r\nwritten\r\n"


@pytest.mark.parametrize("how", ["errors='surrogateescape'", "newline='\\r\\n'", "encoding='utf-16'"])
def test_streams_with_rules_of_their_own(run_tools, how):
    def source(captured):
        begin = 'capture, out = capturing("folder")' if captured else "pass"
        return f"""
        sys.stdout.reconfigure({how})
        {begin}
        print("one")
        print("a\\udcffb" if "escape" in {how!r} else "two")
        {"killed()" if captured else ""}
        """

    plain = run_tools(source(captured=False)).out
    done = run_tools(source(captured=True))
    assert recovered(done.folder) == plain
    assert plain


@both
def test_text_that_cannot_tell_how_long_it_is(run_tools, part):
    done = run_tools(
        """
        class Text(str):
            def __len__(self):
                raise ValueError
        capture, out = capturing("folder")
        for _ in range(2):  # only the second goes the short way
            assert sys.stdout.write(Text("once")) == 4
        killed()
        """,
        part=part,
    )
    assert done.code == -9, done.out
    assert recovered(done.folder) == b"onceonce"


@pytest.mark.parametrize("closing", ["sys.stdout.close()", "sys.stdout.buffer.close()", "sys.stdout.detach()"])
def test_a_closed_stream_is_a_closed_stream(run_tools, closing):
    done = run_tools(
        f"""
        capture, out = capturing("folder")
        print("before")
        {closing}
        try:
            print("after")
        except ValueError:
            os.write(1, b"closed\\n")
        ended(capture)
        """
    )
    assert done.code in (0, 120), done.out  # 120: Python itself says that it cannot flush a stream
    assert done.content("folder/output") == b"before\nclosed\n"


@both
def test_a_signal_handler_forks_in_the_middle_of_the_writing_out(run_tools, part):
    """The child goes on, and what the parent has staged stays its own."""
    done = run_tools(
        """
        import fcntl
        reading, writing = os.pipe()
        size = fcntl.fcntl(writing, fcntl.F_GETPIPE_SZ)
        capture, out = capturing("folder")
        print("y" * 7000, end="")
        os.dup2(writing, 1)
        os.write(1, b"x" * size)
        forked = []
        def handler(signum, frame):
            forked.append(os.fork())
            if forked[0]:
                os.waitpid(forked[0], 0)
            else:
                os.read(reading, size)
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        sys.stdout.flush()
        if not forked[0]:
            print("the child", flush=True)
            os._exit(0)
        received = os.read(reading, size)
        os.write(2, received)
        os._exit(0)
        """,
        part=part,
    )
    assert done.code == 0, done.out
    assert b"the child" in done.out
    assert done.out.count(b"y") % 7000 == 0 < done.out.count(b"y")
    assert b"\xff" not in done.out


# ---------------------------------------------------------------------------------------------------- trouble


@both
@pytest.mark.parametrize("printing", ["print('x' * 999)", "print('x' * 999, flush=True)", "print('x' * 99999)"])
def test_a_full_disk_raises_nothing_and_everything_is_shown(run_tools, printing, part):
    done = run_tools(
        f"""
        import resource
        logging.basicConfig(stream=sys.__stderr__, format="[%(levelname)s] %(message)s")
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
        capture, out = capturing("folder")
        for number in range(400):
            {printing}
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        print("end")
        ended(capture)
        """,
        part=part,
    )
    assert done.code == 0, done.out[-2000:]
    count = 99999 if "99999" in printing else 999
    assert done.out.count(b"x" * count) == 400
    assert b"x\nend\n" in done.out
    assert done.out.count(b"[ERROR] There is hardly room left") == 1
    assert b"Logging error" not in done.out
    assert 100_000 < len(done.content("folder/output")) <= 200_004


def test_no_room_for_the_staging(run_tools):
    done = run_tools(
        """
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, resource.RLIM_INFINITY))
        capture, out = capturing("folder")
        print("written at once")
        print("and again", end="")
        assert open("folder/output").read() == "written at once\\nand again"
        killed()
        """
    )
    assert done.code == -9, done.out
    assert recovered(done.folder) == b"written at once\nand again"


def test_a_file_system_that_is_not_to_be_mapped(tmp_path, monkeypatch, caplog):
    import hallow.journal.staged as staged

    monkeypatch.setattr(staged, "filesystem_type", lambda folder: "nfs4")
    with pytest.raises(OSError, match="nfs4"):
        opened_half(str(tmp_path), 1, 0)
    assert os.listdir(tmp_path) == []


def test_all_descriptors_closed(run_tools):
    done = run_tools(
        """
        capture, out = capturing("folder")
        print("before", flush=True)
        print("staged")
        os.closerange(0, 256)
        kept = [os.open(f"user{number}", os.O_RDWR | os.O_CREAT) for number in range(40)]
        try:
            ended(capture)
        except OSError:
            pass
        os._exit(0)
        """
    )
    assert done.code == 0
    assert done.content("folder/output").startswith(b"before\n")


# ------------------------------------------------------------------------------------------------ one half


@pytest.fixture(params=[PlainHalf, CompiledHalf], ids=["plain", "compiled"])
def half(request, tmp_path, monkeypatch):
    if request.param is None:
        pytest.skip("not built")
    import hallow.journal.staged as staged

    monkeypatch.setattr(staged, "CompiledHalf", None if request.param is PlainHalf else CompiledHalf)
    half = opened_half(str(tmp_path), 1, 1)
    assert type(half) is request.param
    yield half
    half.close()


@pytest.fixture
def target(tmp_path):
    number = os.open(tmp_path / "target", os.O_RDWR | os.O_CREAT | os.O_APPEND)
    os.write(number, b"before\n")
    yield number
    os.close(number)


def head_of(tmp_path):
    return HALF.unpack_from((tmp_path / STAGING).read_bytes(), HALF_SIZE)


def test_a_half_holds_what_is_written_until_it_is_written_out(half, target, tmp_path):
    assert half.size == 0
    half.begin(7, 2)
    assert half.sequence == 7
    assert head_of(tmp_path) == (7, STAGED_NONE, 2, 0)
    assert half.write(b"one\n") == 4
    assert half.write(bytearray("zwölf\n".encode())) == 7
    assert half.write(memoryview(b"")) == 0
    assert half.rest() == "one\nzwölf\n".encode()
    assert half.size == 11
    half.write_out(target)
    assert (tmp_path / "target").read_bytes() == "before\none\nzwölf\n".encode()
    assert half.size == 0
    assert half.rest() == b""
    sequence, size, *_ = head_of(tmp_path)
    assert (sequence, size) == (STAGED_NONE, 7)
    assert (tmp_path / STAGING).read_bytes()[HALF_SIZE + HALF.size :] == b"\xff" * (HALF_SIZE - HALF.size)


def test_a_half_takes_a_piece_whole_or_not_at_all(half, target, tmp_path):
    half.begin(1, 1)
    room = HALF_SIZE - HALF.size
    half.write(b"x" * (room - 1))
    with pytest.raises(ValueError):
        half.write(b"yz")
    half.write(b"y")
    assert half.rest() == b"x" * (room - 1) + b"y"
    with pytest.raises(ValueError):
        half.write(b"z")
    half.write_out(target)
    half.begin(2, 1)
    half.write(b"z")
    assert half.rest() == b"z"


def test_a_half_that_cannot_be_written_out_keeps_everything(half, target, tmp_path):
    half.begin(1, 1)
    half.write(b"kept")
    reading = os.open(tmp_path / "target", os.O_RDONLY)
    for _ in range(2):
        with pytest.raises(OSError):
            half.write_out(reading)
    os.close(reading)
    assert half.rest() == b"kept"
    half.write(b" too")
    half.write_out(target)
    assert (tmp_path / "target").read_bytes() == b"before\nkept too"


def test_a_half_goes_on_after_a_part_that_was_taken(half, tmp_path):
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    os.write(writing, b"x" * (fcntl.fcntl(writing, fcntl.F_GETPIPE_SZ) - 4096))
    half.begin(1, 1)
    data = bytes(range(200)) * 30
    half.write(data)
    with pytest.raises(BlockingIOError):
        half.write_out(writing)
    rest = half.rest()
    assert data.endswith(rest) and 0 < len(rest) < len(data)
    received = os.read(reading, 1 << 20)
    half.write_out(writing)
    received += os.read(reading, 1 << 20)
    assert received.lstrip(b"x") == data
    os.close(reading)
    os.close(writing)


def test_a_signal_is_handled_before_the_rest_waits(half):
    reading, writing = os.pipe()
    size = fcntl.fcntl(writing, fcntl.F_GETPIPE_SZ)
    os.write(writing, b"x" * (size - 4096))
    half.begin(1, 1)
    half.write(b"y" * 20_000)
    came = []

    def handler(*_):
        came.append(True)
        os.read(reading, size)

    before = signal.signal(signal.SIGALRM, handler)
    rescue = threading.Timer(10, os.read, (reading, size))
    rescue.start()
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    try:
        half.write_out(writing)
        assert rescue.is_alive(), "the handler had to wait for who reads"
        assert came
        assert os.read(reading, size).lstrip(b"x") == b"y" * (20_000 - 4096)
    finally:
        signal.signal(signal.SIGALRM, before)
        rescue.cancel()
        os.close(reading)
        os.close(writing)


def test_a_closed_half_refuses_everything(half):
    half.begin(1, 1)
    half.close()
    with pytest.raises(ValueError):
        half.write(b"x")
    half.close()


def until_it_is_busy(half):
    while True:
        try:
            half.write(b"!")
        except ValueError:
            return


@pytest.mark.skipif(CompiledHalf is None, reason="not built")
class TestCompiledHalf:
    @pytest.fixture
    def half(self, tmp_path):
        half = opened_half(str(tmp_path), 1, 1)
        half.begin(1, 1)
        yield half
        half.close()

    @pytest.mark.parametrize("text", ["", "plain", "zwölf", "\N{SNOWMAN}", "\U0001f409", "a\0b\n"])
    def test_it_takes_text(self, half, text):
        assert half.write_text(text) == len(text)
        assert half.rest() == text.encode()

    @pytest.mark.parametrize("size", [10, 100_000])
    def test_text_does_not_grow(self, half, size):
        text = "zw\N{LATIN SMALL LETTER O WITH DIAERESIS}lf" * size
        before = sys.getsizeof(text)
        with suppress(ValueError):
            half.write_text(text)
        assert sys.getsizeof(text) == before

    def test_it_takes_nothing_else_as_text(self, half):
        with pytest.raises(TypeError):
            half.write_text(b"bytes")
        with pytest.raises(UnicodeEncodeError):
            half.write_text("a\ud800")
        with pytest.raises(TypeError):
            half.write("text")
        assert half.size == 0

    def test_it_is_passed_on_and_goes_on(self, half, target, tmp_path):
        for number in range(3):
            half.write_text(f"{number}\n")
            half.pass_on(target)
            assert half.size == 0
            assert head_of(tmp_path) == (1, STAGED_NONE, 1, 0)
        half.pass_on(target)
        assert (tmp_path / "target").read_bytes() == b"before\n0\n1\n2\n"

    def test_who_writes_out_keeps_others_away(self, half):
        reading, writing = os.pipe()
        size = fcntl.fcntl(writing, fcntl.F_GETPIPE_SZ)
        os.write(writing, b"x" * size)
        half.write(b"held up")
        thread = threading.Thread(target=half.pass_on, args=(writing,))
        thread.start()
        until_it_is_busy(half)
        for call in (half.clean, half.close, lambda: half.begin(2, 1), lambda: half.write_out(writing)):
            with pytest.raises(ValueError):
                call()
        assert not half.interrupted
        waiting = threading.Thread(target=half.wait)
        waiting.start()
        assert waiting.is_alive()
        received = b""
        while not received.endswith(b"held up" + b"!" * (len(received) - size - 7)) or len(received) < size + 7:
            received += os.read(reading, size)
        thread.join()
        waiting.join()
        half.wait()
        assert half.size == 0
        os.close(reading)
        os.close(writing)

    def test_who_waits_does_so_asleep(self, half, monkeypatch):
        """Also after many writings that began just when somebody had waited for the one before."""
        reading, writing = os.pipe()
        over = threading.Event()

        def keep(function):
            while not over.is_set():
                function()

        waiting = [threading.Thread(target=keep, args=(half.wait,)) for _ in range(2)]
        taking = threading.Thread(target=keep, args=(lambda: os.read(reading, 1 << 16),))
        interval = sys.getswitchinterval()
        sys.setswitchinterval(1e-6)
        try:
            for thread in (*waiting, taking):
                thread.start()
            for _ in range(20_000):
                half.write(b"x" * 30_000)
                half.pass_on(writing)
        finally:
            sys.setswitchinterval(interval)
            over.set()
            os.write(writing, b"end")
            for thread in (*waiting, taking):
                thread.join()
        os.set_blocking(writing, False)
        with suppress(BlockingIOError):
            while True:
                os.write(writing, b"x")
        os.set_blocking(writing, True)
        half.write(b"held up")
        busy = threading.Thread(target=half.pass_on, args=(writing,))
        busy.start()
        until_it_is_busy(half)
        waits = threading.Thread(target=half.wait)
        before = time.process_time()
        waits.start()
        time.sleep(0.5)
        spent = time.process_time() - before
        os.read(reading, 1 << 16)
        for thread in (waits, busy):
            thread.join()
        os.close(reading)
        os.close(writing)
        assert spent < 0.25

    def test_a_signal_handler_in_the_middle_of_it_can_print_elsewhere(self, run_tools):
        done = run_tools(
            """
            import fcntl
            reading, writing = os.pipe()
            size = fcntl.fcntl(writing, fcntl.F_GETPIPE_SZ)
            capture, out = capturing("folder")
            print("to the pipe", end="")
            os.dup2(writing, 1)
            os.write(1, b"x" * size)
            def handler(signum, frame):
                print("printed by the handler", end="")
                os.read(reading, size)
            signal.signal(signal.SIGALRM, handler)
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            sys.stdout.flush()
            sys.stdout.flush()
            received = os.read(reading, size)
            print(received.decode(), file=sys.__stderr__)
            os._exit(0)
            """
        )
        assert done.code == 0, done.out
        assert b"to the pipeprinted by the handler\n" in done.out

    def test_it_cannot_be_made_outside_of_its_map(self):
        for base, size in ((-1, 100), (0, 10), (50, 100), (0, 101)):
            with pytest.raises(ValueError):
                CompiledHalf(bytearray(100), base, size)
        with pytest.raises(BufferError):
            CompiledHalf(bytes(100), 0, 100)
        half = CompiledHalf(bytearray(100), 0, 100)
        with pytest.raises(ValueError):
            half.__init__(bytearray(100), 0, 100)


def test_it_is_compiled_where_that_is_possible():
    headers = os.path.join(sysconfig.get_path("include"), "Python.h")
    possible = sys.implementation.name == "cpython" and shutil.which("cc") and os.path.exists(headers)
    if not possible or sysconfig.get_config_var("Py_GIL_DISABLED"):
        pytest.skip("there is no compiler, or no header files of Python")
    assert CompiledHalf is not None, "install hallow again: hatch_build.py compiles it"


# ------------------------------------------------------------------------------------------------ recovery alone


def name_of(_number):
    return "output"


@pytest.mark.parametrize("arrived", [0, 1, 5, 8, 9])
@pytest.mark.parametrize("between", [b"", b"of a child\n"])
def test_a_process_killed_while_it_wrote(tmp_path, arrived, between):
    data = b"a\nb\na\nb\na"
    first, second = opened_half(str(tmp_path), 1, 0), opened_half(str(tmp_path), 1, 1)
    first.begin(7, 1)
    first.write(data)
    (tmp_path / "output").write_bytes(b"a\nb\n")
    with (tmp_path / STAGING).open("r+b") as file:  # what is noted when the writing begins
        file.seek(8)
        file.write((4).to_bytes(8, "little"))
    second.begin(8, 1)
    second.write(b"the end\n")
    with (tmp_path / "output").open("ab") as file:
        file.write(between + data[:arrived])
    for _ in range(2):
        take_in_staged(str(tmp_path), name_of)
        assert (tmp_path / "output").read_bytes() == b"a\nb\n" + between + data + b"the end\n"


def test_a_half_that_is_being_cleaned_is_done(tmp_path):
    first = opened_half(str(tmp_path), 1, 0)
    first.begin(1, 1)
    first.write(b"written")
    staging = tmp_path / STAGING
    before = staging.read_bytes()
    first.clean()
    assert staging.read_bytes()[:8] == b"\xff" * 8
    assert staging.read_bytes()[HALF.size : HALF_SIZE] == b"\xff" * (HALF_SIZE - HALF.size)
    staging.write_bytes(b"\xff" * 8 + before[8:])  # as far as it gets in one step
    take_in_staged(str(tmp_path), name_of)
    assert os.listdir(tmp_path) == []


def test_a_recovery_that_cannot_write_can_be_done_again(tmp_path):
    folder = tmp_path / "folder"
    (folder / "output").mkdir(parents=True)
    first = opened_half(str(folder), 1, 0)
    first.begin(1, 1)
    first.write(b"staged\n")
    with pytest.raises(OSError):
        take_in_staged(str(folder), name_of)
    (folder / "output").rmdir()
    (folder / "output").write_bytes(b"x" * 10000)
    take_in_staged(str(folder), name_of)
    assert (folder / "output").read_bytes() == b"x" * 10000 + b"staged\n"


@pytest.mark.parametrize("content", [b"", b"x", b"\0" * 3 * HALF_SIZE, b"\xff" * 100_000, bytes(range(256)) * 400])
def test_a_damaged_file_stops_nothing(tmp_path, content):
    (tmp_path / STAGING).write_bytes(content)
    take_in_staged(str(tmp_path), name_of)
    assert not (tmp_path / STAGING).exists()


@pytest.mark.parametrize("how", ["line_buffering=True", "write_through=True"])
def test_a_stream_that_writes_anyway_is_left_alone(run_tools, how):
    done = run_tools(
        f"""
        sys.stdout.reconfigure({how})
        capture, out = capturing("folder")
        assert "write" not in vars(sys.stdout.buffer)
        print("line")
        assert os.listdir("folder") == ["output"]
        ended(capture)
        """
    )
    assert done.code == 0, done.out
