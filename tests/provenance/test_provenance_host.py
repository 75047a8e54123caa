"""Facts about the machine."""

import os
import platform
import subprocess
import sys
import threading

import pytest

from hallow.provenance import host
from hallow.provenance.host import (
    HostInfoGetter,
    IgnoreHostInfo,
    check_additional_host_info,
    get_host_info,
    host_info_gatherer,
    host_info_gatherers,
    host_info_getter,
    wait_for_host_info,
)
from hallow.settings import SETTINGS


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch, tmp_path):
    monkeypatch.setattr(host, "_facts", {})
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield
    assert wait_for_host_info(10)


@pytest.fixture
def nvidia_smi(tmp_path, monkeypatch):
    """Puts a program of that name on the path."""

    def make(script):
        program = tmp_path / "bin/nvidia-smi"
        program.parent.mkdir()
        program.write_text("#!/bin/sh\n" + script)
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")

    return make


def test_the_facts(monkeypatch):
    monkeypatch.setenv("PATH", "")
    info = get_host_info()
    assert info["hostname"] == platform.node()
    assert info["os"] == [platform.system(), platform.platform()]
    assert info["python_version"] == platform.python_version()
    assert list(info) == ["hostname", "os", "python_version", "cpu", "ENV"]
    assert info["ENV"] == {}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_cpu_of_linux_is_known_at_once():
    with open("/proc/cpuinfo") as file:
        names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    if not names:
        pytest.skip("no model name")
    assert get_host_info()["cpu"] == names[0]


def test_cpu_elsewhere_comes_from_the_background_and_is_cached(monkeypatch):
    asked = []
    monkeypatch.setattr(host, "_cpu_of_linux", lambda: None)
    monkeypatch.setattr("cpuinfo.get_cpu_info", lambda: asked.append(1) or {"brand_raw": "Chip 9"})
    info = get_host_info()
    assert wait_for_host_info(10)
    assert info["cpu"] == "Chip 9"
    monkeypatch.setattr(host, "_facts", {})
    assert get_host_info()["cpu"] == "Chip 9"
    assert asked == [1]


def test_what_is_switched_off_is_none():
    SETTINGS.HOST_INFO.INCLUDE_CPU_INFO = False
    SETTINGS.HOST_INFO.INCLUDE_GPU_INFO = False
    info = get_host_info()
    assert info["cpu"] is None
    assert info["gpus"] is None


def test_P12_environment_by_name_and_pattern_without_secrets(monkeypatch):
    for name in ("HALLOWT_A", "HALLOWT_B", "HALLOWT_TOKEN", "OTHERT_X"):
        monkeypatch.setenv(name, "https://u:pw@h/" + name)
    SETTINGS.HOST_INFO.CAPTURED_ENV = ["HALLOWT_*", "NOT_SET_AT_ALL"]
    assert get_host_info()["ENV"] == {
        "HALLOWT_A": "https://h/HALLOWT_A",
        "HALLOWT_B": "https://h/HALLOWT_B",
        "HALLOWT_TOKEN": "***",
    }


# ----------------------------------------------------------------------------------------------- gatherers


def test_gatherers_come_first_and_may_abstain():
    @host_info_gatherer("site")
    def site():
        return "lab-3"

    @host_info_gatherer("quiet")
    def quiet():
        raise IgnoreHostInfo

    assert isinstance(site, HostInfoGetter)
    assert (site.name, site(), site.get_info()) == ("site", "lab-3", "lab-3")
    info = get_host_info([site, quiet])
    assert info["site"] == "lab-3"
    assert next(iter(info)) == "site"
    assert "quiet" not in info


def test_P8_a_failing_gatherer_leaves_its_error():
    @host_info_gatherer("bad")
    def bad():
        raise ValueError("broken sensor")

    info = get_host_info([bad])
    assert info["bad"] == "error: ValueError: broken sensor"
    assert info["hostname"]


def test_names_of_the_defaults_are_reserved():
    with pytest.raises(KeyError, match="hostname"):
        check_additional_host_info([HostInfoGetter(lambda: 1, "hostname")])
    check_additional_host_info([HostInfoGetter(lambda: 1, "site")])


def test_the_older_decorator():
    with pytest.warns(DeprecationWarning, match="host_info_gatherer"):

        @host_info_getter
        def plain():
            return 1

    with pytest.warns(DeprecationWarning):

        @host_info_getter(name="named")
        def other():
            return 2

    try:
        assert (plain(), other()) == (1, 2)
        info = get_host_info()
        assert (info["plain"], info["named"]) == (1, 2)
    finally:
        del host_info_gatherers["plain"], host_info_gatherers["named"]


# ------------------------------------------------------------------------------------------------------ GPUs

XML = """<?xml version="1.0" ?><nvidia_smi_log><driver_version>535.1</driver_version>
<gpu><product_name>H100</product_name><persistence_mode>Enabled</persistence_mode>
<fb_memory_usage><total>143771 MiB</total></fb_memory_usage></gpu>
<gpu><product_name>A100</product_name><persistence_mode>Disabled</persistence_mode>
<fb_memory_usage><total>Insufficient Permissions</total></fb_memory_usage>
<mig_devices><mig_device><fb_memory_usage><total>4864 MiB</total></fb_memory_usage></mig_device></mig_devices></gpu>
</nvidia_smi_log>"""


def test_gpus_are_filled_in_later_and_known_afterwards(nvidia_smi):
    nvidia_smi(f"cat <<'END'\n{XML}\nEND\n")
    info = get_host_info()
    assert wait_for_host_info(10)
    assert info["gpus"] == {
        "driver_version": "535.1",
        "gpus": [
            {"model": "H100", "total_memory": 143771, "persistence_mode": True},
            {"model": "A100", "total_memory": 4864, "persistence_mode": False},
        ],
    }
    assert get_host_info()["gpus"] == info["gpus"]


@pytest.mark.parametrize("script", ["echo garbage", "exit 9", "sleep 60"])
def test_hostinfo_slow(nvidia_smi, monkeypatch, script):
    """A tool that sleeps, fails or talks nonsense costs a run nothing."""
    monkeypatch.setattr(host, "GPU_SECONDS", 0.3)
    nvidia_smi("exec " + script if script.startswith("sleep") else script)
    asking, run = [], subprocess.run

    def noted(*args, **kwargs):
        asking.append(threading.current_thread())
        return run(*args, **kwargs)

    monkeypatch.setattr(subprocess, "run", noted)
    info = get_host_info()
    assert wait_for_host_info(10)
    assert [thread is threading.main_thread() for thread in asking] == [False]
    assert "gpus" not in info


def test_runs_that_start_together_share_one_question(monkeypatch):
    go = threading.Event()
    asked = []
    monkeypatch.setattr(host, "_found", lambda program, path: "/bin/true")
    monkeypatch.setattr(host, "_gpus_of", lambda program: asked.append(go.wait(10)) or {"gpus": []})
    infos = [get_host_info() for _ in range(5)]
    go.set()
    assert wait_for_host_info(10)
    assert [info["gpus"] for info in infos] == [{"gpus": []}] * 5
    assert asked == [True]


def test_no_program_is_started_under_mpi(monkeypatch, nvidia_smi):
    nvidia_smi(f"cat <<'END'\n{XML}\nEND\n")
    monkeypatch.setenv("PMIX_RANK", "0")
    monkeypatch.setattr(subprocess, "Popen", None)
    info = get_host_info()
    assert wait_for_host_info(10)
    assert "gpus" not in info
    assert info["hostname"]
