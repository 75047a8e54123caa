"""Ranks of one launch: how they are recognised, how they find each other, what rank 0 hears of the others."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

import hallow
from hallow.provenance import host
from hallow.provenance.processes import mpi_is_running, starts_no_processes
from hallow.running.ranks import detect, rendezvous
from hallow.running.ranks.detection import Rank
from hallow.running.ranks.job import job_facts
from hallow.running.ranks.members import Members
from hallow.running.ranks.rendezvous import join, lead
from hallow.settings import SETTINGS

TORCHRUN = {
    "RANK": "1",
    "WORLD_SIZE": "4",
    "LOCAL_RANK": "1",
    "LOCAL_WORLD_SIZE": "4",
    "TORCHELASTIC_RUN_ID": "abc",
    "TORCHELASTIC_RESTART_COUNT": "0",
    "MASTER_ADDR": "node1",
    "MASTER_PORT": "29500",
}
SRUN = {
    "SLURM_JOB_ID": "77",
    "SLURM_STEP_ID": "0",
    "SLURM_PROCID": "1",
    "SLURM_NTASKS": "4",
    "SLURM_LOCALID": "1",
    "SLURM_STEP_NUM_TASKS": "4",
}
MPIRUN = {
    "OMPI_COMM_WORLD_RANK": "1",
    "OMPI_COMM_WORLD_SIZE": "4",
    "OMPI_COMM_WORLD_LOCAL_RANK": "1",
    "OMPI_MCA_ess_base_jobid": "123",
    "PMIX_RANK": "1",
    "PMIX_NAMESPACE": "ns",
}


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("HALLOW_STATE_DIR", str(tmp_path / "state"))
    registered = []
    monkeypatch.setattr("atexit.register", lambda *call: registered.append(call))
    yield tmp_path / "state"
    for function, *arguments in registered:
        function(*arguments)


# ----------------------------------------------------------------------------------------------------- detection


@pytest.mark.parametrize(
    ("environ", "launcher", "rank", "local"),
    [
        (TORCHRUN, "torchrun", 1, 1),
        ({"RANK": "3", "WORLD_SIZE": "4"}, "torch", 3, None),
        (SRUN, "slurm", 1, 1),
        ({**SRUN, "PMIX_RANK": "1", "PMIX_NAMESPACE": "slurm.pmix.77.0"}, "pmix", 1, 1),
        (MPIRUN, "openmpi", 1, 1),
        # mpirun inside of a SLURM job: its helpers were started by srun, one per node.
        ({**SRUN, "SLURM_PROCID": "0", "SLURM_NTASKS": "2", **MPIRUN}, "openmpi", 1, 1),
        ({"PMI_RANK": "1", "PMI_SIZE": "4", "MPI_LOCALRANKID": "1"}, "pmi", 1, 1),
        ({"MV2_COMM_WORLD_RANK": "2", "MV2_COMM_WORLD_SIZE": "4", "MV2_COMM_WORLD_LOCAL_RANK": "0"}, "mvapich", 2, 0),
        ({"PMIX_RANK": "1", "OMPI_COMM_WORLD_SIZE": "4"}, "pmix", 1, None),
    ],
)
def test_launchers_are_recognised(environ, launcher, rank, local):
    found = detect(environ)
    assert (found.launcher, found.rank, found.world_size, found.local_rank) == (launcher, rank, 4, local)
    assert found.key.isalnum()


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"RANK": "0", "WORLD_SIZE": "1"},
        {"RANK": "zero", "WORLD_SIZE": "many"},
        {"RANK": "4", "WORLD_SIZE": "4"},
        {"RANK": "0"},
        {"PMIX_RANK": "0"},
        # A batch script, an interactive shell, a shell that srun has given a terminal.
        {"SLURM_JOB_ID": "77", "SLURM_PROCID": "0", "SLURM_NTASKS": "4"},
        {**SRUN, "SLURM_STEP_ID": "4294967291"},
        {**SRUN, "SLURM_STEP_ID": "interactive"},
        {**SRUN, "SLURM_PTY_PORT": "40000"},
        {**SRUN, "SLURM_STEP_NUM_TASKS": "1"},
        # The one rank of torchrun in a job with several tasks.
        {**SRUN, "RANK": "0", "WORLD_SIZE": "1"},
    ],
)
def test_a_process_alone_is_no_rank(environ):
    assert detect(environ) is None


def test_all_ranks_of_a_launch_have_one_key():
    for environ, name in ((TORCHRUN, "RANK"), (SRUN, "SLURM_PROCID"), (MPIRUN, "OMPI_COMM_WORLD_RANK")):
        assert len({detect({**environ, name: str(rank)}).key for rank in range(4)}) == 1


@pytest.mark.parametrize(
    ("environ", "other"),
    [
        (TORCHRUN, {"TORCHELASTIC_RUN_ID": "def"}),
        (TORCHRUN, {"TORCHELASTIC_RESTART_COUNT": "1"}),
        (SRUN, {"SLURM_STEP_ID": "1"}),
        (SRUN, {"SLURM_JOB_ID": "78"}),
        (SRUN, {"SLURM_RESTART_COUNT": "1"}),
        (MPIRUN, {"PMIX_NAMESPACE": "other"}),
        ({"RANK": "0", "WORLD_SIZE": "2", "MASTER_PORT": "1"}, {"MASTER_PORT": "2"}),
    ],
)
def test_other_launches_have_other_keys(environ, other):
    assert detect(environ).key != detect({**environ, **other}).key


def test_nodes_that_count_restarts_differently_have_one_key():
    nodes = {**TORCHRUN, "LOCAL_WORLD_SIZE": "2"}
    assert detect(nodes).key == detect({**nodes, "TORCHELASTIC_RESTART_COUNT": "1", "RANK": "3"}).key


KEY = "from hallow.running.ranks import detect; print(detect().key)"


def python(code, **environ):
    full = {**os.environ, "PYTHONPATH": str(Path(hallow.__file__).parents[1]), **environ}
    return [sys.executable, "-c", textwrap.dedent(code)], full


def test_what_names_no_launch_is_told_by_its_launcher():
    """Ranks without any id have the process in common that started them, also through shells of their own."""
    alone = {"RANK": "0", "WORLD_SIZE": "2"}
    keys = []
    for rank in ("0", "1"):
        command, environ = python(KEY, **{**alone, "RANK": rank})
        keys.append(subprocess.check_output(command, env=environ, text=True))
        through_shell = ["sh", "-c", '"$@"; true', "sh", *command]
        keys.append(subprocess.check_output(through_shell, env=environ, text=True))
    assert len(set(keys)) == 1
    command, environ = python(
        f"import os, subprocess, sys; subprocess.run([sys.executable, '-c', {KEY!r}], env={{**os.environ, 'RANK': '0', 'WORLD_SIZE': '2'}})"
    )
    assert subprocess.check_output(command, env=environ, text=True) not in keys


def test_libraries_that_know_the_place_are_asked(monkeypatch):
    """Processes that were spawned by hand have no variables."""
    for name in [name for name in os.environ if "RANK" in name]:
        monkeypatch.delenv(name)
    torch = SimpleNamespace(is_initialized=lambda: True, get_rank=lambda: 1, get_world_size=lambda: 2)
    monkeypatch.setitem(sys.modules, "torch.distributed", torch)
    assert (detect().rank, detect().world_size, detect().launcher) == (1, 2, "torch")
    torch.is_initialized = lambda: False
    assert detect() is None
    del torch.is_initialized
    assert detect() is None
    world = SimpleNamespace(Get_rank=lambda: 2, Get_size=lambda: 3)
    mpi = SimpleNamespace(Is_initialized=lambda: True, Is_finalized=lambda: False, COMM_WORLD=world)
    monkeypatch.setitem(sys.modules, "mpi4py.MPI", mpi)
    assert (detect().rank, detect().world_size, detect().launcher) == (2, 3, "mpi")
    assert starts_no_processes()


# ----------------------------------------------------------------------------------------------------- rendezvous


def ranks(key="k", size=3):
    return [Rank(number, size, number, "torchrun", key) for number in range(size)]


@contextlib.contextmanager
def another_process(code="input()", **environ):
    """Python code in a process that lives until the context ends."""
    command, full = python(f"{textwrap.dedent(code)}\n", **environ)
    process = subprocess.Popen(command, env=full, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        process.wait(30)
        process.stdout.close()


def as_ranks(monkeypatch):
    """Lets this process be several ranks at a time, in its threads."""
    me = rendezvous._owner()
    owners = threading.local()
    monkeypatch.setattr(rendezvous, "_owner", lambda: {**me, "start": getattr(owners, "start", me["start"])})
    monkeypatch.setattr(rendezvous, "_alive", lambda owner: owner["start"] > 0 if owner else False)
    monkeypatch.setattr(rendezvous, "_started", lambda: time.time())
    return owners


def test_members_join_what_rank_0_leads(monkeypatch, state):
    owners = as_ranks(monkeypatch)
    zero, one, two = ranks()
    found = {}

    def member(rank):
        owners.start = 1000 + rank.rank
        group = found[rank.rank] = join(rank, 1, "exp", patience=30)
        os.makedirs(group.member_journal())
        group.close()

    threads = [threading.Thread(target=member, args=(rank,)) for rank in (one, two)]
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    group = lead(zero, 4711, 1)
    group.announce(17)
    for thread in threads:
        thread.join()
    assert [found[rank].seed for rank in (1, 2)] == [4711, 4711]
    assert found[1].run_id == 17
    assert found[1].folder == group.folder
    assert found[2].member_journal() == group.member_journal(2) == os.path.join(group.folder, "rank-2")
    assert not found[1].ended
    assert Members(group.folder).ranks() == [1, 2]
    assert group.settle(10) == []
    group.close()
    assert not os.path.exists(group.folder)
    assert {name[:5] for name in os.listdir(os.path.dirname(group.folder))} == {"seat-"}


def test_rank_0_waits_only_so_long(monkeypatch):
    owners = as_ranks(monkeypatch)
    zero, one, _ = ranks()
    group = lead(zero, 1, 1)
    owners.start = 5000
    member = join(one, 1, "exp", patience=5)
    owners.start = 6000
    assert group.settle(0.1) == [1]
    began = time.monotonic()
    group.close()
    assert time.monotonic() - began < 1.5
    assert member.ended
    assert os.path.isdir(member.folder)
    owners.start = 5000
    member.close()
    # Rank 2 has not come yet: it finds the seed, and that it is late.
    owners.start = 7000
    late = join(Rank(2, 3, None, "torchrun", "k"), 1, "exp", patience=5)
    assert (late.seed, late.ended) == (1, True)
    late.close()
    assert not os.path.exists(member.folder)


def test_without_rank_0_a_seed_is_derived(monkeypatch, caplog):
    owners = as_ranks(monkeypatch)
    _, one, two = ranks()
    seeds = []
    for rank in (one, two):
        owners.start = 5000 + rank.rank
        seeds.append(join(rank, 1, "exp", patience=0.02).seed)
    assert seeds[0] == seeds[1] > 0
    assert "Rank 0 was not found" in caplog.text
    assert join(two, 2, "exp", patience=0.02).seed != seeds[0]
    assert join(two, 1, "other", patience=0.02).seed != seeds[0]
    group = join(two, 1, "exp", patience=0.02)
    assert (group.folder, group.member_journal(), group.run_id, group.ended) == (None, None, None, False)
    group.close()


def test_leaders_of_earlier_launches_are_ignored(monkeypatch, state):
    owners = as_ranks(monkeypatch)
    zero, one, _ = ranks()
    owners.start = -1  # dead
    lead(zero, 1, 1)
    owners.start = 5000
    assert join(one, 1, "exp", patience=0.05).folder is None
    owners.start = 6000
    lead(zero, 2, 1)
    owners.start = 5000
    assert join(one, 1, "exp", patience=5).seed == 2
    # On another machine nobody can tell whether it lives; its age decides.
    monkeypatch.setattr(rendezvous, "_alive", lambda owner: None)
    assert join(one, 1, "exp", patience=5).seed == 2
    monkeypatch.setattr(rendezvous, "_started", lambda: time.time() + 3600)
    assert join(one, 1, "exp", patience=0.05).folder is None


def test_a_rank_that_was_started_again_waits_for_the_new_leader(monkeypatch):
    owners = as_ranks(monkeypatch)
    zero, one, _ = ranks()
    lead(zero, 1, 1)
    owners.start = 5000
    assert join(one, 1, "exp", patience=5).seed == 1
    monkeypatch.setattr(rendezvous, "_alive", lambda owner: None)
    owners.start = 5001
    assert join(one, 1, "exp", patience=0.05).folder is None


def test_a_child_of_a_rank_is_no_rank(monkeypatch):
    """It has the variables of its parent, but a run of its own."""
    zero, *_ = ranks()
    assert lead(zero, 1, 1) is not None
    code = """
        from hallow.running.ranks.detection import Rank
        from hallow.running.ranks.rendezvous import lead
        print(lead(Rank(0, 3, 0, "torchrun", "k"), 5, 1))
        """
    command, environ = python(code)
    assert subprocess.check_output(command, env=environ, text=True) == "None\n"


def test_nowhere_to_write(monkeypatch, caplog):
    from hallow.journal import place

    def no_place():
        raise OSError("read-only file system")

    monkeypatch.setattr(place, "state_dir", no_place)
    zero, one, _ = ranks()
    assert lead(zero, 5, 1).seed == 5
    assert lead(zero, 5, 1).folder is None
    assert join(one, 1, "exp").folder is None
    assert caplog.text.count("read-only file system") == 3


def test_what_is_left_behind_is_swept(monkeypatch, state):
    owners = as_ranks(monkeypatch)
    old, killed, working = (lead(ranks(key)[0], 1, 1) for key in ("old", "killed", "working"))
    old.settle(0)
    old.close()
    hours = time.time() - 7200
    for group, start in ((old, -1), (killed, -1), (working, 1)):
        home = Path(group.folder).parent
        seat = json.loads((home / "seat-0.json").read_text())
        seat["owner"]["start"] = start
        (home / "seat-0.json").write_text(json.dumps(seat))
        os.utime(home, (hours, hours))
    owners.start = 9000
    lead(ranks("new")[0], 1, 1)
    assert sorted(os.listdir(state / "ranks")) == ["killed", "new", "working"]
    weeks = time.time() - 60 * 86400
    os.utime(state / "ranks" / "killed", (weeks, weeks))
    lead(ranks("newer")[0], 1, 1)
    assert sorted(os.listdir(state / "ranks")) == ["new", "newer", "working"]


RANK = """
import os, sys, time
from hallow.running.ranks import detect
from hallow.running.ranks.rendezvous import join, lead
rank = detect()
for number in (1, 2):
    group = lead(rank, 100 + number, number) if rank.rank == 0 else join(rank, number, "exp", 20)
    print(group.seed, flush=True)
    group.close()
"""


def test_processes_find_each_other(state):
    started = []
    for rank in range(4):
        command, environ = python(RANK, RANK=str(rank), WORLD_SIZE="4")
        started.append(
            subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        )
    outcomes = [process.communicate(timeout=60) for process in started]
    assert outcomes == [("101\n102\n", "")] * 4
    assert os.listdir(state / "ranks") == []


# ----------------------------------------------------------------------------------------------------------- members


def test_rank_0_hears_what_members_log(tmp_path):
    from hallow.journal.metrics import MetricsLog

    members = Members(str(tmp_path))
    assert members.collect() == []
    logs = {}
    for rank in (1, 2):
        (tmp_path / f"rank-{rank}").mkdir()
        logs[rank] = MetricsLog(str(tmp_path / f"rank-{rank}"))
    logs[1].log("loss", 0.5)
    logs[1].log("loss", 0.25)
    logs[2].log("loss", 1, 10, 100.0)
    found = members.collect()
    assert [(points.name, points.steps, points.values) for points in found] == [
        ("loss.rank1", [0, 1], [0.5, 0.25]),
        ("loss.rank2", [10], [1]),
    ]
    assert found[1].times == [100.0]
    assert members.collect() == []
    logs[1].log("loss", 3.0)
    assert [(points.name, points.steps) for points in members.collect()] == [("loss.rank1", [2])]
    for log in logs.values():
        log.close()
    assert members.collect() == []
    assert members.outputs() == {}
    (tmp_path / "rank-2" / "output").write_bytes(b"\xff printed")
    (tmp_path / "rank-1" / "output").write_bytes(b"")
    assert members.outputs() == {2: str(tmp_path / "rank-2" / "output")}
    assert Members(None).collect() == []
    assert Members(None).outputs() == {}


# ----------------------------------------------------------------------------------------------------------- programs


def test_fork_mpi(monkeypatch, tmp_path):
    """No other program is started under MPI, or where the settings forbid it."""
    from hallow import Experiment
    from hallow.observers import FileStorageObserver

    for name in ("OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "MV2_COMM_WORLD_RANK", "MPI_LOCALRANKID"):
        monkeypatch.delenv(name, raising=False)
    assert not starts_no_processes()

    def refused(*_args, **_kwargs):
        raise AssertionError("a program was started")

    for module, name in ((subprocess, "Popen"), (os, "posix_spawn"), (os, "fork"), (os, "system")):
        monkeypatch.setattr(module, name, refused)
    monkeypatch.setattr(host, "_facts", {})
    monkeypatch.setattr(host, "_found", lambda *_: "/usr/bin/nvidia-smi")
    monkeypatch.setattr(host, "_cpu_of_linux", lambda: None)
    monkeypatch.setattr(host, "_glibc_linux", lambda: None)
    monkeypatch.setattr(host, "_later", refused)

    def run():
        ex = Experiment("programs", interactive=True, base_dir=str(Path(__file__).parents[2]))
        ex.observers.append(FileStorageObserver(str(tmp_path / "runs")))
        ex.add_source_file(__file__)
        ex.command(lambda: 5, unobserved=False)
        run = ex.run("<lambda>", options={"--loglevel": "ERROR"})
        assert run.result == 5
        assert run.host_info["os"][0] == os.uname().sysname
        assert "gpus" not in run.host_info

    SETTINGS.HOST_INFO.MAY_START_PROCESSES = False
    assert starts_no_processes()
    assert not mpi_is_running()
    run()
    SETTINGS.HOST_INFO.MAY_START_PROCESSES = "auto"
    monkeypatch.setenv("PMI_RANK", "0")
    assert starts_no_processes()
    run()
    SETTINGS.HOST_INFO.MAY_START_PROCESSES = True
    assert not starts_no_processes()


# -------------------------------------------------------------------------------------------------------------- SLURM


def test_slurm(tmp_path):
    """The job is known by its variables alone."""
    assert job_facts({}) == {}
    environ = {
        "SLURM_JOB_ID": "812",
        "SLURM_JOB_NAME": "train",
        "SLURM_ARRAY_JOB_ID": "810",
        "SLURM_ARRAY_TASK_ID": "7",
        "SLURM_SUBMIT_DIR": str(tmp_path),
        "SLURM_RESTART_COUNT": "2",
        "SLURM_JOB_NODELIST": "n[1-2]",
    }
    log = tmp_path / "slurm-810_7.out"
    log.touch()
    facts = job_facts(environ)
    assert facts == {
        "scheduler": "slurm",
        "id": "812",
        "name": "train",
        "array_id": "810",
        "array_index": "7",
        "restarts": "2",
        "nodes": "n[1-2]",
        "folder": str(tmp_path),
        "log": str(log),
    }
    (tmp_path / "train-0007%.log").touch()
    assert job_facts({**environ, "SBATCH_OUTPUT": "%x-%4a%%.log"})["log"] == str(tmp_path / "train-0007%.log")


def test_the_log_of_a_job_is_where_its_output_leads(tmp_path):
    command, environ = python(
        "import json; from hallow.running.ranks.job import job_facts; print(json.dumps(job_facts()))",
        SLURM_JOB_ID="1",
        SLURM_SUBMIT_DIR=str(tmp_path),
    )
    log = tmp_path / "my.log"
    with log.open("w") as file:
        subprocess.run(command, env=environ, stdout=file, check=True)
    assert json.loads(log.read_text()) == {
        "scheduler": "slurm",
        "id": "1",
        "folder": str(tmp_path),
        "log": str(log),
    }
