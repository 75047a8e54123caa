"""Output that is kept in the files of a folder from the moment it is printed, whatever happens to the process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest

import hallow
from hallow.journal.reader import read_output
from hallow.running.capture import get_stdcapturer
from hallow.running.merging import resume_merge

MODES = ["fd", "sys"]
SOURCES = os.path.dirname(os.path.dirname(hallow.__file__))

TOOLS = """
import os, signal, sys, threading, time
from hallow.running.capture import get_stdcapturer

def capturing(folder, mode="fd", streams="both"):
    os.makedirs(folder, exist_ok=True)
    capture = get_stdcapturer(mode)[1](streams)
    out = capture.__enter__()
    out.keep_in(folder)
    return capture, out

def ended(capture):
    capture.__exit__(None, None, None)
"""
TOGETHER = "import os; os.dup2(1, 2)"


@pytest.fixture
def run_tools(run_script):
    """Run a script that has ``capturing(folder)`` and ``ended(capture)``; stdout and stderr lead to one place."""
    import textwrap

    def run(source, together=True, **options):
        env = {"PYTHONPATH": SOURCES, "PYTHONUNBUFFERED": ""}
        source = (TOGETHER if together else "") + TOOLS + textwrap.dedent(source)
        return run_script(source, env=env, **options)

    return run


def content(folder, name=None):
    return read_output(str(folder), name=name)


@pytest.mark.parametrize("mode", MODES)
def test_what_is_printed_is_in_the_folder_at_once(mode, tmp_path, capfd):
    _, capturer = get_stdcapturer(mode)
    with capfd.disabled(), capturer() as out:
        print("before", flush=True)
        assert out.raw.size == (7 if mode == "sys" else out.raw.size)
        out.keep_in(str(tmp_path))
        print("after", flush=True)
        out.raw.pull(everything=True)
        assert content(tmp_path) == b"before\nafter\n"
        assert out.raw.read(0, 100) == b"before\nafter\n"
        assert out.raw.read(7, 3) == b"aft"
    assert out.get() == "before\nafter\n"
    assert out.raw.size == 13


@pytest.mark.parametrize("mode", MODES)
def test_the_files_stay_when_the_capture_ends(mode, tmp_path, capfd):
    _, capturer = get_stdcapturer(mode)
    with capfd.disabled():
        with capturer() as out:
            out.keep_in(str(tmp_path))
            print("one")
        print("two")
        with capturer():
            print("three")
    assert content(tmp_path) == b"one\n"
    ((path, start, end),) = out.raw.segments
    assert os.path.dirname(path) == str(tmp_path)
    assert (start, end) == (0, 4)
    out.raw.close()
    assert content(tmp_path) == b"one\n"


def test_in_one_place_nothing_is_copied(run_tools):
    done = run_tools(
        """
        capture, out = capturing("folder")
        os.write(1, b"one\\n")
        os.write(2, b"two\\n")
        assert os.path.samefile("/dev/fd/1", "folder/output") or sys.platform != "linux"
        assert open("folder/output").read() == "one\\ntwo\\n"
        assert os.listdir("folder") == ["output"]
        ended(capture)
        """
    )
    assert done.code == 0, done.out
    assert done.out == "one\ntwo\n"


def test_in_two_places_the_streams_are_joined(run_tools):

    done = run_tools(
        """
        capture, out = capturing("folder")
        os.write(1, b"one\\nbegun")
        out.raw.pull()
        os.write(2, b"other\\n")
        os.write(1, b" and done\\n")
        out.raw.pull()
        assert open("folder/output").read() == "one\\nbegun and done\\nother\\n"
        ended(capture)
        """,
        together=False,
    )
    assert done.code == 0, done.err
    assert (done.out, done.err) == ("one\nbegun and done\n", "other\n")
    assert content(done.folder / "folder") == b"one\nbegun and done\nother\n"
    assert content(done.folder / "folder", "output.1") == b"one\nbegun and done\n"
    assert content(done.folder / "folder", "output.2") == b"other\n"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("number", range(3))
def test_a_killed_process_leaves_all_that_it_printed(run_tools, mode, number):
    done = run_tools(
        f"""
        capture, out = capturing("folder", "{mode}")
        acknowledged = os.open("count", os.O_WRONLY | os.O_CREAT)
        threading.Timer(0.02 + {number} / 30, os.kill, (os.getpid(), signal.SIGKILL)).start()
        while True:
            for number in range(10**9):
                print("line", number, flush=True)
                os.pwrite(acknowledged, b"%09d" % number, 0)
        """,
    )
    assert done.code == -9
    last = int((done.folder / "count").read_text())
    text = content(done.folder / "folder").decode()
    assert text.startswith("".join(f"line {number}\n" for number in range(last + 1)))
    assert len(text.splitlines()) <= last + 2


@pytest.mark.parametrize("speaks", ["stdout", "stderr"])
def test_what_one_stream_gives_is_joined_when_the_other_gives_something(run_tools, speaks):
    """Until then it is in one file; afterwards, or after a crash, it comes first."""
    other = "stderr" if speaks == "stdout" else "stdout"
    done = run_tools(
        f"""
        import json
        capture, out = capturing("folder")
        print("first\\n" * 50000, end="", file=sys.{speaks}, flush=True)
        assert out.get() == "first\\n" * 50000
        assert os.path.getsize("folder/output") == 0
        assert out.raw.read(6 * 49999, 100) == b"first\\n"
        state = out.raw.state()
        print("second", file=sys.{other}, flush=True)
        with open("state.json", "w") as file:
            json.dump(state, file)
        assert out.get() == "second\\n"
        print("third", file=sys.{speaks}, flush=True)
        ended(capture)
        """,
        together=False,
    )
    assert done.code == 0, done.err or done.out
    expected = b"first\n" * 50000 + b"second\nthird\n"
    assert content(done.folder / "folder") == expected
    # As if the process had died before anything was joined.
    (done.folder / "folder" / "output").unlink()
    state = json.loads((done.folder / "state.json").read_text(encoding="utf-8"))
    for _ in range(2):
        assert resume_merge(str(done.folder / "folder"), state) == len(expected)
        joined = content(done.folder / "folder", "output")
        assert joined.startswith(b"first\n" * 50000)
        assert sorted(joined.splitlines()) == sorted(expected.splitlines())


def test_what_was_not_joined_at_a_crash_can_be_joined_later(run_tools):

    done = run_tools(
        """
        import json
        capture, out = capturing("folder")
        print("one", flush=True)
        print("two", file=sys.stderr)
        out.raw.pull(everything=True)
        with open("state", "w") as file:
            json.dump(out.raw.state(), file)
        os.write(1, b"three")
        time.sleep(0.2)
        os.write(2, b"four\\n")
        os.kill(os.getpid(), signal.SIGKILL)
        """,
        together=False,
    )
    folder = done.folder / "folder"
    state = json.loads((done.folder / "state").read_text())
    assert state["size"] == 8
    for _ in range(2):
        assert resume_merge(str(folder), state) == 18
        assert content(folder) == b"one\ntwo\nfour\nthree"  # a line that may go on comes last
    assert resume_merge(str(folder)) == 18
    assert content(folder) == b"two\nfour\none\nthree"
    (folder / "output").unlink()
    assert resume_merge(str(folder), state) == 18


def test_nothing_is_to_be_joined_in_one_place(tmp_path):

    assert resume_merge(str(tmp_path)) == 0
    (tmp_path / "output").write_bytes(b"abc")
    state = {"base": 0, "size": 2, "open": None, "sources": [{"segments": [["output", 0, None]], "taken": 2}]}
    assert resume_merge(str(tmp_path)) == resume_merge(str(tmp_path), state) == 3
    assert content(tmp_path) == b"abc"


def test_a_nested_run_that_crashed_finds_its_part_in_the_file_of_the_other(run_tools):

    done = run_tools(
        """
        import json
        outer, out = capturing("outer")
        print("outer")
        inner, out = capturing("inner")
        with open("state", "w") as file:
            json.dump(out.raw.state(), file)
        print("inner", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    state = json.loads((done.folder / "state").read_text())
    assert resume_merge(str(done.folder / "inner"), state) == 6
    assert content(done.folder / "inner") == b"inner\n"
    assert content(done.folder / "outer") == b"outer\ninner\n"


@pytest.mark.parametrize("places", [1, 2])
@pytest.mark.parametrize("first", ["outer", "inner"])
def test_each_run_has_its_own_part(run_tools, places, first):

    done = run_tools(
        f"""
        runs = dict(outer=capturing("outer"))
        print("a", flush=True)
        print("b", file=sys.stderr, flush=True)
        runs["inner"] = capturing("inner")
        print("c")
        assert len(runs["inner"][1].raw.segments) == 1
        ended(runs.pop("{first}")[0])
        print("d")
        (name, (capture, out)), = runs.items()
        assert out.get() == dict(outer="a\\nb\\nc\\nd\\n", inner="c\\nd\\n")[name]
        ended(capture)
        print("e")
        """,
        together=places == 1,
    )
    assert done.code == 0, done.err or done.out
    whole, part = b"a\nb\nc\n", b"c\n"
    assert content(done.folder / "outer") == (whole if first == "outer" else whole + b"d\n")
    assert content(done.folder / "inner") == (part if first == "inner" else part + b"d\n")
    if places == 1:
        assert done.out == "a\nb\nc\nd\ne\n"
    else:
        assert (done.out, done.err) == ("a\nc\nd\ne\n", "b\n")


def test_a_run_that_is_led_on_while_others_print_loses_nothing(run_tools):
    done = run_tools(
        """
        sys.setswitchinterval(1e-5)
        base, base_out = capturing("base")
        stop = threading.Event()
        def printing(name):
            number = 0
            while not stop.is_set() or number < 100:
                os.write(1, b"%s %d\\n" % (name, number))
                number += 1
        threads = [threading.Thread(target=printing, args=(name,)) for name in (b"x", b"y")]
        for thread in threads:
            thread.start()
        held = [capturing("run0")]
        ended(base)
        for number in range(1, 20):
            held.append(capturing(f"run{number}"))
            ended(held.pop(0)[0])
        stop.set()
        for thread in threads:
            thread.join()
        ended(held.pop()[0])
        """
    )
    assert done.code == 0, done.out[-2000:]
    shown = [line for line in done.out.splitlines() if line]
    for name in "xy":
        numbers = [int(line.split()[1]) for line in shown if line.startswith(name)]
        assert sorted(numbers) == list(range(len(numbers)))
    kept = "".join(content(done.folder / folder).decode() for folder in ("base", *(f"run{n}" for n in range(20))))
    assert set(kept.splitlines()) >= set(shown)
    for folder in ("base", *(f"run{n}" for n in range(20))):
        lines = content(done.folder / folder).decode().splitlines()
        assert len(lines) == len(set(lines))


@pytest.mark.parametrize("mode", MODES)
def test_a_forked_child_prints_into_the_same_file(run_tools, mode):
    done = run_tools(
        f"""
        capture, out = capturing("folder", "{mode}")
        print("parent", flush=True)
        child = os.fork()
        if child == 0:
            print("child", flush=True)
            assert out.get() == ""
            out.raw.pull(everything=True)
            out.finalize()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        print("end")
        assert out.get() == "parent\\nchild\\nend\\n"
        ended(capture)
        """,
        flags=("-W", "ignore"),
    )
    assert done.code == 0, done.out
    assert done.out == "parent\nchild\nend\n"
    assert content(done.folder / "folder") == b"parent\nchild\nend\n"


def test_a_child_that_lives_on_reaches_the_terminal_though_the_folder_is_gone(run_tools):
    done = run_tools(
        """
        import shutil, subprocess
        capture, out = capturing("folder")
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(0.5); print('later')"])
        began = time.monotonic()
        ended(capture)
        assert time.monotonic() - began < 0.4
        shutil.rmtree("folder")
        child.wait()
        time.sleep(0.3)
        """
    )
    assert done.code == 0, done.out
    assert done.out == "later\n"


def test_programs_started_before_a_run_is_led_on_belong_to_the_next(run_tools):
    done = run_tools(
        """
        import subprocess
        first, _ = capturing("first")
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(0.4); print('from the child')"])
        second, out = capturing("second")
        ended(first)
        child.wait()
        time.sleep(0.3)
        assert out.get() == "from the child\\n"
        ended(second)
        """
    )
    assert done.code == 0, done.out
    assert done.out == "from the child\n"
    assert content(done.folder / "second") == b"from the child\n"


def test_what_was_written_is_shown_before_the_process_leaves_at_once(run_tools):
    done = run_tools(
        """
        capture, out = capturing("folder")
        time.sleep(0.1)
        os.write(1, b"last words\\n")
        os._exit(3)
        """
    )
    assert (done.code, done.out) == (3, "last words\n")
    assert content(done.folder / "folder") == b"last words\n"


@pytest.mark.parametrize("mode", MODES)
def test_bytes_are_kept_as_they_are(run_tools, mode):
    done = run_tools(
        f"""
        capture, out = capturing("folder", "{mode}")
        sys.stdout.buffer.write(b"\\xff\\xfe\\n")
        sys.stdout.buffer.flush()
        assert out.get() == "\\ufffd\\ufffd\\n"
        ended(capture)
        """,
    )
    assert done.code == 0, done.out
    assert content(done.folder / "folder") == b"\xff\xfe\n"


def test_text_that_has_no_bytes_stops_nothing(tmp_path, capsys):
    import io

    _, capturer = get_stdcapturer("sys")
    before, sys.stdout = sys.stdout, io.StringIO()
    try:
        with capturer() as out:
            out.keep_in(str(tmp_path))
            print("a\udcffb\ud800")
    finally:
        sys.stdout = before
    assert content(tmp_path) == b"a\\udcffb\\ud800\n"


@pytest.mark.parametrize("mode", MODES)
def test_a_slow_reader_gets_everything_and_holds_nothing_up(tmp_path, mode):

    script = tmp_path / "script.py"
    script.write_text(
        TOOLS
        + f"""
os.set_blocking(1, {mode == "sys"})
capture, out = capturing("folder", "{mode}")
began = time.monotonic()
for number in range(8):
    sys.stdout.write("0123456789abcde\\n" * (1 << 16))
sys.stdout.flush()
taken = time.monotonic() - began
assert out.raw.size == 1 << 23
if "{mode}" == "fd":
    open("early", "w").write(str(taken))
ended(capture)
"""
    )
    env = {**os.environ, "PYTHONPATH": SOURCES, "PYTHONUNBUFFERED": ""}
    command = [sys.executable, str(script)]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env) as child:
        if mode == "fd":
            deadline = time.monotonic() + 20
            while not (tmp_path / "early").exists() and time.monotonic() < deadline:
                time.sleep(0.01)
            assert (tmp_path / "early").exists()
        shown = []
        while data := child.stdout.read1(1 << 18):
            shown.append(data)
            time.sleep(0.001)
    assert child.returncode == 0
    assert b"".join(shown) == b"0123456789abcde\n" * (1 << 19)
    assert content(tmp_path / "folder") == b"0123456789abcde\n" * (1 << 19)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("streams", ["stdout", "stderr"])
def test_one_stream_can_be_left_out(run_tools, mode, streams):
    done = run_tools(
        f"""
        capture, out = capturing("folder", "{mode}", "{streams}")
        print("on stdout", flush=True)
        print("on stderr", file=sys.stderr, flush=True)
        ended(capture)
        assert out.get() == "on {streams}\\n"
        """
    )
    assert done.code == 0, done.out
    assert sorted(done.out.splitlines()) == ["on stderr", "on stdout"]
    assert content(done.folder / "folder") == f"on {streams}\n".encode()


def test_runs_that_want_different_streams(run_tools):
    done = run_tools(
        """
        first, one = capturing("first", streams="stdout")
        second, two = capturing("second", streams="both")
        print("a", flush=True)
        two.raw.pull(everything=True)
        print("b", file=sys.stderr, flush=True)
        ended(first)
        print("c")
        ended(second)
        print("d")
        """
    )
    assert done.code == 0, done.out
    assert content(done.folder / "first") == b"a\n"
    assert sorted(content(done.folder / "second").split()) == [b"a", b"b", b"c"]
    assert sorted(done.out.split()) == ["a", "b", "c", "d"]


def test_a_file_that_cannot_grow_ends_the_capture_before_it_fails_the_program(run_tools):
    done = run_tools(
        """
        import logging, resource
        logging.basicConfig(stream=sys.stdout, format="%(message)s")
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        capture, out = capturing("folder")
        for number in range(200):
            print("x" * 8191)
            time.sleep(0.003)  # a program that is slow enough for who watches the room
        ended(capture)
        """
    )
    assert done.code == 0, done.out[-2000:]
    assert done.out.count("x" * 8191 + "\n") == 200
    assert "There is hardly room left" in done.out
    kept = content(done.folder / "folder")
    assert len(kept) > 1 << 19
    assert kept.startswith(b"x" * 8191 + b"\n")


def test_a_full_disk_costs_sys_mode_nothing_but_a_message(run_tools):
    done = run_tools(
        """
        import logging, resource
        logging.basicConfig(stream=sys.__stdout__, format="%(message)s")
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, resource.RLIM_INFINITY))
        capture, out = capturing("folder", "sys")
        for number in range(20):
            print("x" * 8191)
        assert out.raw.size == 20 * 8192
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        print("room again")
        ended(capture)
        assert os.path.getsize("folder/output") == 20 * 8192 + 11
        assert out.get() == ("x" * 8191 + "\\n") * 20 + "room again\\n"
        """
    )
    assert done.code == 0, done.out[-2000:]
    assert done.out.count("Output cannot be written to") == 1


def test_closed_descriptors_do_not_end_up_in_files_of_the_user_in_sys_mode(run_tools):
    done = run_tools(
        """
        capture, out = capturing("folder", "sys")
        print("one")
        os.closerange(3, 64)
        kept = [os.open(f"user{number}", os.O_RDWR | os.O_CREAT) for number in range(40)]
        print("two")
        ended(capture)
        """
    )
    assert done.code == 0, done.out
    assert content(done.folder / "folder") == b"one\ntwo\n"
    assert {path.read_bytes() for path in done.folder.glob("user*")} == {b""}
