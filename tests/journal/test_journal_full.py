"""The disk is full, or cannot be mapped: nothing stored is damaged, nothing logged is lost while there is memory."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hallow.journal import filesystems, held, recordfile, storage
from hallow.journal.metrics import MetricsLog
from hallow.journal.reader import read_points

needs_limits = pytest.mark.skipif(sys.platform == "win32", reason="there are no limits of resources")

LIMITED = """
    import logging, resource, sys
    from hallow.journal.metrics import MetricsLog
    from hallow.journal import storage
    logging.basicConfig(format="%(levelname)s %(message)s", stream=sys.stdout, level="INFO")
    folder, limit, mapped = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "True"
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    metrics = MetricsLog(folder, logging.getLogger("x"), mapped=mapped)
    count = 20_000
    for number in range(count):
        metrics.log("x", number)
        if number % 100 == 0:
            metrics.log("y", f"text {number}")
    total = count + count // 100
    assert metrics.count == total
    found = {some.name: some for some in metrics.read()}
    assert found["x"].values == list(range(count)), len(found["x"].values)
    assert found["y"].values == [f"text {number}" for number in range(0, count, 100)]
    metrics.sync()
    print("in file", sum(len(some) for some in MetricsLog(folder).read()))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    metrics.sync()
    metrics.log("x", -1)
    metrics.close()
    print("later", sum(len(some) for some in MetricsLog(folder).read()), total + 1)
"""


@needs_limits
@pytest.mark.parametrize("mapped", [True, False])
@pytest.mark.parametrize("limit", [0, 10, 1000, 5000, 100_000, 200_000, 300_001])
def test_a_limit_of_file_size(child, folder, limit, mapped):
    """One message; all points can be read; the file takes everything once it can."""
    lines = child(LIMITED, folder, limit, mapped).communicate(timeout=60)[0].decode().splitlines()
    levels = [line.split()[0] for line in lines]
    assert levels.count("ERROR") == 1
    assert levels.count("INFO") == 1
    error = next(line for line in lines if line.startswith("ERROR"))
    assert folder in error
    assert os.strerror(errno.EFBIG) in error
    assert "kept in memory" in error
    in_file = int(next(line for line in lines if line.startswith("in file")).split()[-1])
    assert in_file <= limit // 32
    assert lines[-1] == "later 20201 20201"
    assert sum(len(some) for points in read_points(folder) for some in points) == 20201


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 256 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    try:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)], capture_output=True, check=False
        )
    except OSError as error:
        pytest.skip(f"nothing can be mounted: {error}")
    if done.returncode:
        pytest.skip(f"nothing can be mounted: {done.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=False)


@pytest.mark.parametrize("mapped", [True, False])
def test_a_full_disk(small_disk, logger, caplog, mapped, monkeypatch):
    monkeypatch.setattr(storage, "_RETRY", 0.0)
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(100_000))
    metrics = MetricsLog(str(small_disk), logger, mapped=mapped)
    for number in range(10_000):
        metrics.log("x", number)
    metrics.log("y", "text")
    stored = sum(len(some) for points in read_points(str(small_disk)) for some in points)
    assert 1000 < stored < 6000
    assert metrics.read(0, 10_000)[0].values == list(range(10_000))
    assert [record.levelname for record in caplog.records if record.levelno >= 30] == ["ERROR"]
    assert "No space left" in caplog.text
    ballast.unlink()
    metrics.log("x", -1)
    for number in range(3000):
        metrics.log("x", number)
    # 13,002 records do not fit either; what fits is there.
    assert metrics.count == 13_002
    assert metrics.read(0, 10_000)[0].values == list(range(10_000))
    subprocess.run(["mount", "-o", "remount,size=2m", str(small_disk)], check=True)
    metrics.close()
    found = {some.name: some.values for points in read_points(str(small_disk)) for some in points}
    assert found == {"x": [*range(10_000), -1, *range(3000)], "y": ["text"]}
    assert caplog.records[-1].getMessage().endswith("again")


def test_a_full_disk_for_too_long(folder, logger, caplog, monkeypatch):
    """The oldest points in memory go, are counted, and leave a gap in the file that harms no other."""
    monkeypatch.setattr(held, "MOST_HELD", 5000)
    monkeypatch.setattr(storage, "_RETRY", 1000.0)
    metrics = MetricsLog(folder, logger)
    for number in range(100):
        metrics.log("x", number)
    metrics.sync()
    real = recordfile._filled
    monkeypatch.setattr(recordfile, "_filled", no_space)
    for number in range(100, 20_000):
        metrics.log("x", number)
    kept = metrics.read()[0].values
    assert kept[:100] == list(range(100))
    assert kept[100:] == list(range(kept[100], 20_000))
    assert metrics.dropped == 20_000 - len(kept) > 10_000
    monkeypatch.setattr(recordfile, "_filled", real)
    metrics.close()
    assert [value for points in read_points(folder) for some in points for value in some.values] == kept
    again = MetricsLog(folder)
    assert again.count == 20_000
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING", "INFO"]


def no_space(*args):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_the_folder_is_gone(folder, logger, caplog):
    metrics = MetricsLog(folder, logger)
    os.rmdir(folder)
    metrics.log("x", 1.0)
    metrics.log("x", 2.0)
    assert metrics.read()[0].values == [1.0, 2.0]
    metrics.close()
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert folder in caplog.text


def test_delivered_points_leave_memory(folder, monkeypatch):
    monkeypatch.setattr(held, "MOST_HELD", 5000)
    monkeypatch.setattr(recordfile, "_filled", no_space)
    metrics = MetricsLog(folder)
    for number in range(50_000):
        metrics.log("x", number)
        if number % 1000 == 0:
            metrics.forget(number)
    assert metrics.dropped == 0


# --------------------------------------------------------------------------------------------- no memory map


@pytest.mark.parametrize("reason", [errno.ENODEV, errno.EINVAL, errno.EACCES, errno.ENOMEM])
def test_where_mapping_fails(folder, logger, caplog, monkeypatch, reason):
    def refuse(*args, **kwargs):
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(recordfile.mmap, "mmap", refuse)
    metrics = MetricsLog(folder, logger)
    metrics.log("x", 1.0)
    assert next(read_points(folder))[0].values == [1.0]
    metrics.log("x", 2.0)
    assert next(read_points(folder))[0].values == [1.0, 2.0]
    assert [record.levelname for record in caplog.records] == ["INFO"]
    assert "appended" in caplog.text
    metrics.close()


def test_on_a_network_file_system(folder, logger, caplog, monkeypatch):
    monkeypatch.setattr(recordfile, "filesystem_type", lambda folder: "nfs4")
    metrics = MetricsLog(folder, logger)
    for number in range(10):
        metrics.log("x", number)
        assert Path(folder, "metrics").stat().st_size == 32 * (number + 1)
    metrics.close()
    assert [record.levelname for record in caplog.records] == ["INFO"]
    assert "nfs4" in caplog.text


def test_appending_after_the_descriptor_was_taken(folder, tmp_path):
    """A program that closes all descriptors and opens files of its own finds nothing of ours in them."""
    metrics = MetricsLog(folder, mapped=False)
    metrics.log("x", 1.0)
    number = metrics._storage._file._file
    other = os.open(tmp_path / "other", os.O_RDWR | os.O_CREAT)
    os.dup2(other, number)
    metrics.log("x", 2.0)
    metrics.close()
    assert (tmp_path / "other").read_bytes() == b""
    assert os.fstat(number)
    os.close(number)
    os.close(other)
    assert next(read_points(folder))[0].values == [1.0, 2.0]


MOUNTS = r"""
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 27 0:40 / /home rw shared:1 - nfs4 server:/home rw,vers=4.2
31 30 0:41 / /home/a\040b rw - fuse.sshfs x rw
32 27 0:42 /@ /data rw - btrfs /dev/vdb rw
33 27 0:43 / /data rw - tmpfs tmpfs rw
""".strip()


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/home/u/runs", "nfs4"),
        ("/home", "nfs4"),
        ("/home/a b/c", "fuse.sshfs"),
        ("/homes", "ext4"),
        ("/data/x", "tmpfs"),
        ("/", "ext4"),
    ],
)
def test_mounts(folder, kind):
    assert filesystems.mounted(MOUNTS, folder) == kind
    assert filesystems.is_network(kind) == (kind in ("nfs4", "fuse.sshfs"))


def test_this_file_system(tmp_path):
    """Whatever it is, asking is no error, and it is none of a network."""
    kind = filesystems.filesystem_type(str(tmp_path))
    assert kind is None or not filesystems.is_network(kind) or kind.startswith(("9p", "fuse"))
    assert filesystems.filesystem_type(str(tmp_path / "missing")) is None
    with (tmp_path / "file").open("wb") as file:
        filesystems.overwrite_in_place(file.fileno())
