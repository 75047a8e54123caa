"""Captured output: nothing is missing, nothing waits, and what the user sees stays the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time

import pytest

from hallow.errors import SettingError
from hallow.running import capture
from hallow.running.capture import get_stdcapturer
from hallow.settings import SETTINGS

MODES = ["fd", "sys"]


# ------------------------------------------------------------------------------------------------- the interface


def test_the_mode_comes_from_the_settings():
    SETTINGS.CAPTURE_MODE = "no"
    assert get_stdcapturer() == ("no", capture.no_tee)
    assert get_stdcapturer("sys") == ("sys", capture.tee_output_python)


def test_an_unknown_mode_names_the_others():
    with pytest.raises(KeyError, match="'no', 'sys', 'fd'"):
        get_stdcapturer("all")
    assert issubclass(SettingError, KeyError)


@pytest.mark.parametrize("mode", MODES)
def test_get_gives_what_is_new(mode, capfd):
    _, capturer = get_stdcapturer(mode)
    with capfd.disabled(), capturer() as out:
        print("one")
        assert out.get() == "one\n"
        print("two", file=sys.stderr)
        assert out.get() == "two\n"
        print("three")
        assert not out.closed
    assert out.closed
    assert out.get() == "three\n"
    assert out.get() == ""


def test_no_captures_nothing(capsys):
    _, capturer = get_stdcapturer("no")
    with capturer() as out:
        print("one")
    assert out.get() == ""
    assert capsys.readouterr().out == "one\n"


def test_fd_captures_replaced_python_streams_too(capsys):
    _, capturer = get_stdcapturer("fd")
    with capturer() as out:
        print("one")
        os.write(1, b"two\n")
    assert sorted(out.get().split()) == ["one", "two"]
    assert capsys.readouterr().out == "one\n"


def test_sys_keeps_what_streams_can_do(capsys):
    before = sys.stdout
    _, capturer = get_stdcapturer("sys")
    with capturer() as out:
        assert isinstance(sys.stdout, type(before))
        assert sys.stdout.encoding == before.encoding
        sys.stdout.writelines(["a", "b"])
        sys.stdout.buffer.write(b"c")
    assert sys.stdout is before
    assert out.get() == "abc"


def test_sys_leaves_a_stream_that_was_replaced_meanwhile(capsys):
    import io

    _, capturer = get_stdcapturer("sys")
    before, other = sys.stdout, io.StringIO()
    with capturer():
        sys.stdout = other
    assert sys.stdout is other
    sys.stdout = before


@pytest.mark.parametrize("mode", MODES)
def test_captures_may_end_in_any_order(mode, capfd):
    _, capturer = get_stdcapturer(mode)
    with capfd.disabled():
        first, second = capturer(), capturer()
        one = first.__enter__()
        print("a")
        two = second.__enter__()
        print("b")
        first.__exit__(None, None, None)
        print("c")
        second.__exit__(None, None, None)
    assert one.get() == "a\nb\n"
    assert two.get() == "b\nc\n"


def own_descriptors():
    """How many descriptors lead to files and pipes; the connections that other tests left are none of ours."""
    count = 0
    for number in os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else ():
        try:
            count += os.readlink(f"/proc/self/fd/{number}").startswith(("/", "pipe:"))
        except OSError:  # closed meanwhile
            continue
    return count


def test_descriptors_and_threads_are_as_before(capfd):
    _, capturer = get_stdcapturer("fd")
    with capfd.disabled():
        before = [os.fstat(n).st_ino for n in (1, 2)]
        descriptors, threads = own_descriptors(), set(threading.enumerate())
        hook = sys.breakpointhook
        for _ in range(3):
            with pytest.raises(ZeroDivisionError), capturer():
                raise ZeroDivisionError
        assert [os.fstat(n).st_ino for n in (1, 2)] == before
        assert own_descriptors() <= descriptors + 2  # two empty files are kept for the next capture
        assert sys.breakpointhook is hook
        assert not [t for t in threading.enumerate() if t.name == "hallow-capture" and t not in threads]


@pytest.mark.skipif(sys.platform != "linux", reason="nothing tells elsewhere who has a file open")
def test_a_child_that_cannot_print_into_the_capture_keeps_nothing_alive(capfd):
    _, capturer = get_stdcapturer("fd")
    apart = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with capfd.disabled(), subprocess.Popen(["sleep", "60"], **apart) as earlier:
        try:
            descriptors, threads = own_descriptors(), set(threading.enumerate())
            for _ in range(3):
                with capturer(), subprocess.Popen(["sleep", "60"], **apart) as within:
                    print("one")
                    within.kill()
            assert own_descriptors() <= descriptors + 2
            assert not [t for t in threading.enumerate() if t.name == "hallow-capture" and t not in threads]
        finally:
            earlier.kill()


def test_nothing_is_captured_under_a_debugger(monkeypatch):
    import bdb

    debugger = bdb.Bdb()
    monkeypatch.setattr(sys, "gettrace", lambda: debugger.trace_dispatch)
    assert get_stdcapturer("fd")[0] == "no"
    monkeypatch.setattr(sys, "gettrace", lambda: lambda *args: None)
    assert get_stdcapturer("fd")[0] == "fd"


def test_R6_a_character_may_arrive_in_pieces(capfd):
    _, capturer = get_stdcapturer("fd")
    with capfd.disabled(), capturer() as out:
        os.write(1, "ä".encode()[:1])
        first = out.get()
        os.write(1, "ä".encode()[1:] + b"\xff" + "€".encode()[:2])
    assert first + out.get() == "ä\ufffd\ufffd"


# ------------------------------------------------------------------------------------------- whole processes


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("number", range(20))
def test_capture_tail(run_record, mode, number):
    done = run_record(
        f"""
        logging.basicConfig(level="INFO", stream=sys.stdout, format="%(message)s")
        print("early")
        def main():
            print("FIRST")
            {"os.system('echo CHILD')" if mode == "fd" and number % 5 == 0 else ""}
            print("MARK", {number})
        start(main, "{mode}")
        print("late")
        """
    )
    output = done.record["output"]
    assert done.code == 0, done.err
    assert f"MARK {number}\n" in output
    assert "early" not in output
    assert "late" not in output
    assert done.record["beat"] == output
    if mode == "fd":
        assert "Completed after" in output
        assert ("CHILD" in output) is (number % 5 == 0)
    assert done.out.startswith("early\n")
    assert done.out.endswith("late\n")
    assert sorted(done.out.splitlines()[1:-1]) == sorted(
        output.splitlines()
        if mode == "fd"
        else [*output.splitlines(), *done.out.splitlines()[1:3], *done.out.splitlines()[-2:-1]]
    )


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pty")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("number", range(3))
def test_capture_tail_on_a_terminal(run_record, tmp_path, mode, number):
    import pty
    import subprocess

    run_record("pass", name="preamble.py")
    source = (tmp_path / "preamble.py").read_text(encoding="utf-8")
    script = tmp_path / "exp.py"
    script.write_text(source + f"\nstart(lambda: print('MARK'), '{mode}')\nprint('late')\n", encoding="utf-8")
    import hallow

    env = {**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(hallow.__file__))}
    master, slave = pty.openpty()
    with subprocess.Popen([sys.executable, str(script)], cwd=tmp_path, stdout=slave, stderr=slave, env=env) as child:
        os.close(slave)
        shown = b""
        while True:
            try:
                data = os.read(master, 1000)
            except OSError:
                break
            if not data:
                break
            shown += data
    os.close(master)
    assert shown.replace(b"\r", b"") == b"MARK\nlate\n"
    assert '"output": "MARK\\n"' in (tmp_path / "record.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("ending", "status", "code"),
    [
        ("raise ValueError", "FAILED", 1),
        ("sys.exit(3)", "FAILED", 3),
        ("raise KeyboardInterrupt", "INTERRUPTED", None),
        ("os.kill(os.getpid(), 15); time.sleep(5)", "INTERRUPTED", 143),
    ],
)
def test_capture_crash(run_record, mode, ending, status, code):
    done = run_record(
        f"""
        def main():
            print("LAST WORDS")
            {ending}
        start(main, "{mode}")
        """
    )
    assert done.record["status"] == status
    assert "LAST WORDS\n" in done.record["beat"]
    assert "LAST WORDS\n" in done.out
    if code is not None:
        assert done.code == code
    assert done.record["names"][-3:] == ["heartbeat_event", f"{status.lower()}_event", "join"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_capture_bytes(run_record, mode, locale):
    done = run_record(
        f"""
        def main():
            sys.stdout.buffer.write(b"\\xff\\xfe")
            return 1
        start(main, "{mode}")
        """,
        env={"LC_ALL": locale},
    )
    assert done.code == 0, done.err
    assert done.record["status"] == "COMPLETED"
    assert done.record["output"] == "\ufffd\ufffd"


def test_capture_children(run_record):
    done = run_record(
        """
        def main():
            print("one", flush=True)
            global child, returned
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1); print('later'); time.sleep(20)"])
            print("two")
            returned = time.monotonic()
        start(main)
        assert time.monotonic() - returned < 0.5
        child.kill()
        child.wait()
        """
    )
    assert done.code == 0, done.err
    assert done.record["status"] == "COMPLETED"
    assert done.record["output"] == "one\ntwo\n"


def test_children_that_live_on_still_reach_the_terminal(run_record):
    done = run_record(
        """
        def main():
            global child
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(0.5); print('later')"])
        start(main)
        child.wait()
        time.sleep(0.3)
        """
    )
    assert done.record["output"] == ""
    assert done.out == "later\n"


def test_the_output_of_a_pool_left_open_does_not_hold_up_the_end(run_record):
    done = run_record(
        """
        import multiprocessing
        def work(number):
            os.write(1, f"work {number}\\n".encode())
            return number
        def main():
            global pool, returned
            pool = multiprocessing.get_context("fork").Pool(2)
            total = sum(pool.map(work, range(4)))
            returned = time.monotonic()
            return total
        if __name__ == "__main__":
            assert start(main) == 6
            assert time.monotonic() - returned < 0.5
            pool.terminate()
            pool.join()
        """,
        flags=("-W", "ignore"),
    )
    assert done.code == 0, done.err
    assert sorted(done.record["output"].split("\n")) == ["", *(f"work {n}" for n in range(4))]


def test_what_was_printed_is_shown_when_the_interpreter_exits_during_a_run(run_record):
    done = run_record(
        """
        import threading
        printed = threading.Event()
        def main():
            print("shown", flush=True)
            print("in the buffer")
            printed.set()
            time.sleep(10)
        threading.Thread(target=start, args=(main,), daemon=True).start()
        printed.wait(5)
        """
    )
    assert done.code == 0, done.err
    assert done.out == "shown\nin the buffer\n"


def test_workers_of_a_pool_can_be_terminated(run_record):
    done = run_record(
        """
        import multiprocessing, signal
        def work(number):
            return signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        def main():
            with multiprocessing.get_context("fork").Pool(1) as pool:
                return pool.map(work, [1])
        assert start(main) == [True]
        """,
        flags=("-W", "ignore"),
    )
    assert done.code == 0, done.err


def test_closing_all_descriptors_costs_no_status(run_record):
    done = run_record(
        """
        def main():
            print("before", flush=True)
            time.sleep(0.2)
            os.closerange(0, 64)
        start(main)
        """
    )
    assert done.record["status"] == "COMPLETED"
    assert done.record["output"] == "before\n"


def test_a_forked_child_leaves_the_tap_alone(run_record):
    done = run_record(
        """
        def main():
            print("parent", flush=True)
            if os.fork() == 0:
                quiet = start(lambda: print("inner"), "fd", observers=[RecordingObserver(2)])
                sys.stdout.flush()
                os._exit(0)
            os.wait()
            print("end")
        start(main)
        """,
        flags=("-W", "ignore"),
    )
    assert done.code == 0, done.err
    assert done.record["output"] == done.out == "parent\ninner\nend\n"


def test_captures_one_after_the_other_use_one_file(run_record):
    done = run_record(
        """
        def spools():
            found = []
            for n in os.listdir("/proc/self/fd") if sys.platform == "linux" else []:
                try:
                    if ".hallow-" in os.readlink(f"/proc/self/fd/{n}"):
                        found.append((os.fstat(int(n)).st_ino, os.fstat(int(n)).st_size))
                except OSError:
                    continue
            return found

        def main(number):
            print("x" * 10**6 if number < 2 else "", number)

        found = []
        for number in range(4):
            start(lambda: main(number))
            found.append((observer.output[-3:], spools()))
        with open("found.json", "w") as file:
            json.dump(found, file)
        """
    )
    found = json.loads((done.folder / "found.json").read_text())
    assert [output for output, _ in found] == [" 0\n", " 1\n", " 2\n", " 3\n"]
    spools = [sorted(spools) for _, spools in found]
    assert spools == spools[:1] * 4
    assert not any(size for _, size in spools[0])


def test_a_program_left_in_the_background_does_not_write_into_later_runs(run_record):
    done = run_record(
        """
        import subprocess
        start(lambda: os.system("(sleep 0.3; echo LATE) & echo first") and None)
        start(lambda: (time.sleep(0.8), print("second")) and None)
        """
    )
    assert done.record["output"] == "second\n"


def test_closed_descriptors_may_be_files_of_the_user_afterwards(run_record):
    """Files that got the numbers of ours are neither emptied nor written to nor closed."""
    done = run_record(
        """
        kept = []

        def main():
            os.closerange(3, 64)
            for number in range(40):
                descriptor = os.open(f"user{number}", os.O_RDWR | os.O_CREAT)
                os.write(descriptor, b"mine")
                kept.append(descriptor)

        start(lambda: print("a"))
        try:
            start(main)
        except OSError:
            pass
        """
    )
    assert {path.read_text() for path in done.folder.glob("user*")} == {"mine"}


def test_streams_that_go_different_ways_stay_apart(run_record):
    done = run_record(
        """
        def main():
            print("out", flush=True)
            time.sleep(0.2)
            print("err", file=sys.stderr, flush=True)
            time.sleep(0.2)
            print("out again")
        start(main)
        """
    )
    assert done.record["output"] == "out\nerr\nout again\n"
    assert done.out == "out\nout again\n"
    assert done.err == "err\n"


def test_output_appears_while_the_run_goes_on(run_record, tmp_path):
    done = run_record(
        """
        def main():
            os.write(1, b"now\\n")
            deadline = time.monotonic() + 5
            while os.path.getsize(target) == 0 and time.monotonic() < deadline:
                time.sleep(0.001)
            return os.path.getsize(target)
        target = os.path.join(os.getcwd(), "shown.txt")
        os.dup2(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 1)
        assert start(main) == 4
        """
    )
    assert done.code == 0, done.err


@pytest.mark.parametrize("closed", ["<&0 >&-", ">&- 2>&-"])
def test_closed_streams_are_no_reason_to_fail(run_record, tmp_path, closed):
    import hallow

    run_record("pass", name="preamble.py")
    source = (tmp_path / "preamble.py").read_text(encoding="utf-8")
    (tmp_path / "exp.py").write_text(source + "\nstart(lambda: print('x'))\n", encoding="utf-8")
    env = {**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(hallow.__file__))}
    import subprocess

    code = subprocess.run(f"'{sys.executable}' exp.py {closed}", shell=True, cwd=tmp_path, env=env, stderr=2).returncode
    assert code == 0
    assert '"status": "COMPLETED"' in (tmp_path / "record.json").read_text(encoding="utf-8")


def test_a_reader_that_went_away_does_not_stop_the_run(run_record):
    done = run_record(
        """
        read, write = os.pipe()
        os.dup2(write, 1)
        os.close(write)
        os.close(read)
        start(lambda: print("x" * 100000))
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        """
    )
    assert done.code == 0, done.err
    assert done.record["output"] == "x" * 100000 + "\n"


def test_breakpoint_gets_the_terminal(run_record, tmp_path):
    (tmp_path / "commands").write_text("p value + 1\nc\n")
    with open(tmp_path / "commands") as commands:
        done = run_record(
            """
            def main():
                print("before")
                value = 17
                breakpoint()
                print("after")
            start(main)
            """,
            stdin=commands,
        )
    assert done.code == 0, done.err
    assert done.record["output"] == "before\n"
    assert "(Pdb) 18\n" in done.out
    assert done.out.endswith("after\n")


def test_C_level_output_is_captured(run_record):
    done = run_record(
        """
        import ctypes
        def main():
            ctypes.CDLL(None).puts(b"from C")
        start(main)
        """
    )
    assert done.record["output"] == "from C\n"


def test_200000_lines_are_all_there(run_record):
    done = run_record(
        """
        def main():
            for number in range(200_000):
                print(number)
        start(main, beat_interval=0.05)
        """
    )
    expected = "".join(f"{number}\n" for number in range(200_000))
    assert done.record["output"] == expected
    assert done.out == expected


def test_threads_with_runs_of_their_own_are_separate_in_sys_mode(make_run, capsys):
    from hallow.testing import RecordingObserver

    outputs = {}
    barrier = threading.Barrier(4)

    def one(number):
        def main():
            barrier.wait(10)
            for _ in range(50):
                print(f"run {number}")
                time.sleep(0)
            barrier.wait(10)

        run = make_run(main, RecordingObserver(number))
        run()
        outputs[number] = run.captured_out

    threads = [threading.Thread(target=one, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outputs == {number: f"run {number}\n" * 50 for number in range(4)}
