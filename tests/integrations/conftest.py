"""Frameworks stay on this machine: no telemetry, no downloads, no GPU. Set before any of them is imported."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

QUIET = {
    "KERAS_BACKEND": "jax",
    "JAX_PLATFORMS": "cpu",
    "CUDA_VISIBLE_DEVICES": "",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
    "DO_NOT_TRACK": "1",
    "WANDB_MODE": "offline",
    "WANDB_SILENT": "true",
    "WANDB_ERROR_REPORTING": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "OMP_NUM_THREADS": "1",
}
for _name, _value in QUIET.items():
    os.environ.setdefault(_name, _value)


@pytest.fixture
def documented():
    """``documented(heading)`` gives the Python that docs/integrations.md shows there."""

    def code(heading):
        page = (Path(__file__).resolve().parents[2] / "docs" / "integrations.md").read_text(encoding="utf-8")
        return page.split(f"\n## {heading}\n")[1].split("```python\n")[1].split("```")[0]

    return code


@pytest.fixture
def recorded(tmp_path):
    """An experiment that records into a folder; ``recorded.run(body)`` gives the record of a run of ``body(_run)``."""
    from hallow import Experiment, open_store
    from hallow.observers import FileStorageObserver

    class Recorded:
        folder = tmp_path / "runs"

        def __init__(self):
            self.experiment = Experiment("integration", interactive=True, save_git_info=False)
            self.experiment.observers.append(FileStorageObserver(self.folder))

        def run(self, body, **options):
            self.experiment.main(body)
            done = self.experiment.run(body.__name__, **{"capture": "no", "loglevel": "ERROR", **options})
            return self.record(done._id)

        def record(self, run_id):
            return open_store(str(self.folder)).get(run_id)

    return Recorded()
