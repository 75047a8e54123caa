"""Children, workers, C, bytes that are no text; one child lives on and holds the descriptors."""

import ctypes
import multiprocessing
import os
import subprocess
import sys
import time

from hallow import Experiment
from hallow.observers import FileStorageObserver

from kit import acknowledgements

ex = Experiment("children", save_git_info=False)
ex.observers.append(FileStorageObserver(os.environ["FAULTS_STORE"]))


def worker(number: int) -> None:
    print(f"worker {number}", flush=True)


@ex.main
def main(_run):
    print("before", flush=True)
    subprocess.run(["sh", "-c", "echo of a shell; echo of its stderr >&2"], check=True)
    fork = multiprocessing.get_context("fork")
    for number in range(3):
        process = fork.Process(target=worker, args=(number,))
        process.start()
        process.join()
    ctypes.CDLL(None).puts(b"of C")
    ctypes.CDLL(None).fflush(None)
    pid = os.fork()
    if pid == 0:
        _run.log_scalar("of the fork", 1.0)
        os.write(1, b"of the fork\n")
        os._exit(0)
    os.waitpid(pid, 0)
    sys.stdout.buffer.write(b"bytes \xff\xfe\x80 and \xc3\n")
    sys.stdout.buffer.flush()
    _run.log_scalar("loss", 0.5)
    child = subprocess.Popen(["sleep", "20"])
    print("child", child.pid)
    print("LAST WORDS")
    acknowledgements()[3] = time.monotonic_ns()
    return 1


if __name__ == "__main__":
    ex.run_commandline()
