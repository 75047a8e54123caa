"""What the scheduler of a cluster says about the job that this process belongs to."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

__all__ = ["job_facts"]

_FACTS = {
    "name": "SLURM_JOB_NAME",
    "array_id": "SLURM_ARRAY_JOB_ID",
    "array_index": "SLURM_ARRAY_TASK_ID",
    "step": "SLURM_STEP_ID",
    "restarts": "SLURM_RESTART_COUNT",
    "tasks": "SLURM_NTASKS",
    "nodes": "SLURM_JOB_NODELIST",
    "partition": "SLURM_JOB_PARTITION",
    "cluster": "SLURM_CLUSTER_NAME",
    "folder": "SLURM_SUBMIT_DIR",
}


def job_facts(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """The SLURM job of this process as strings by name; empty outside of a job.

    ``scheduler`` (``"slurm"``), ``id``, and what is known of ``name``, ``array_id``, ``array_index``, ``step``,
    ``restarts``, ``tasks``, ``nodes``, ``partition``, ``cluster``, ``folder`` and ``log`` (path of the job's output).
    No program is asked. Ask before output is captured: the log may be known only from where standard output leads.
    """
    job = environ.get("SLURM_JOB_ID") or environ.get("SLURM_JOBID")
    if not job:
        return {}
    facts: dict[str, Any] = {"scheduler": "slurm", "id": job}
    facts.update((name, environ[variable]) for name, variable in _FACTS.items() if environ.get(variable))
    log = _log(environ, job)
    if log is not None:
        facts["log"] = log
    return facts


def _log(environ: Mapping[str, str], job: str) -> str | None:
    """Where the job's output goes: as asked for, at the usual place, or where standard output leads."""
    folder = environ.get("SLURM_SUBMIT_DIR", "")
    array, index = environ.get("SLURM_ARRAY_JOB_ID"), environ.get("SLURM_ARRAY_TASK_ID")
    usual = "slurm-%A_%a.out" if array else "slurm-%j.out"
    known = {
        "%": "%",
        "j": job,
        "J": job,
        "A": array or job,
        "a": index or "4294967294",
        "x": environ.get("SLURM_JOB_NAME", ""),
        "u": environ.get("USER", ""),
        "N": environ.get("SLURMD_NODENAME", ""),
        "n": environ.get("SLURM_NODEID", "0"),
        "t": environ.get("SLURM_PROCID", "0"),
        "s": environ.get("SLURM_STEP_ID", ""),
    }
    for pattern in filter(None, (environ.get("SBATCH_OUTPUT"), usual)):
        path = os.path.join(folder, _filled(pattern, known))
        if os.path.isabs(path) and os.path.isfile(path):
            return path
    return _standard_output()


def _filled(pattern: str, known: Mapping[str, str]) -> str:
    """A file name with SLURM's ``%j`` and the like filled in; ``%4a`` stands for four digits."""
    import re

    def value(match: re.Match[str]) -> str:
        word = known.get(match[2])
        if word is None:
            return match[0]
        return word.zfill(int(match[1])) if match[1] and word.isdecimal() else word

    return re.sub(r"%(\d*)([%A-Za-z])", value, pattern)


def _standard_output() -> str | None:
    try:
        path = os.readlink("/proc/self/fd/1")
    except OSError:
        return None
    return path if path.startswith("/") and os.path.isfile(path) else None
