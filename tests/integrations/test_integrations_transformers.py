"""Transformers: a real trainer with a tiny model where torch is installed, and the published interface elsewhere."""

from __future__ import annotations

import subprocess
import sys

import pytest

INTERFACE = """
import os, sys, types

class TrainerCallback:                                  # its events, as the documentation has them
    def on_train_begin(self, args, state, control, **kwargs): ...
    def on_log(self, args, state, control, **kwargs): ...
    def on_save(self, args, state, control, **kwargs): ...
    def on_predict(self, args, state, control, metrics, **kwargs): ...
    def on_train_end(self, args, state, control, **kwargs): ...

for name in ("transformers", "transformers.trainer_callback"):
    sys.modules[name] = types.ModuleType(name)
sys.modules["transformers.trainer_callback"].TrainerCallback = TrainerCallback

from hallow import Experiment
from hallow.observers import FileStorageObserver
from hallow.integrations import TransformersCallback

assert issubclass(TransformersCallback, TrainerCallback)
ex = Experiment("tuning", interactive=True, save_git_info=False)
ex.observers.append(FileStorageObserver("runs"))

def calls(callback, rank_zero, scale):
    args = types.SimpleNamespace(output_dir="out", to_dict=lambda: {"learning_rate": scale, "hub_token": "<HUB_TOKEN>"})
    state = types.SimpleNamespace(global_step=0, epoch=0.0, is_world_process_zero=rank_zero, best_metric=None)
    callback.on_train_begin(args, state, None, model=object(), tokenizer=None)
    state.global_step, state.epoch = 10, 1.0
    callback.on_log(args, state, None, logs={"loss": 0.5 * scale, "epoch": 1.0, "note": "text"}, model=None)
    callback.on_save(args, state, None, model=None)
    callback.on_predict(args, state, None, {"test_loss": 0.7 * scale})
    state.best_metric = 0.5
    callback.on_train_end(args, state, None, model=None)

@ex.main
def main(_run):
    os.makedirs("out/checkpoint-10/inner")
    for name in ("model.bin", "inner/state.json"):
        open(f"out/checkpoint-10/{name}", "w").write(name)
    callback = TransformersCallback(checkpoints=True)
    calls(callback, True, 1)
    calls(callback, False, 5)

ex.run(loglevel="ERROR", capture="no")
"""


def test_the_interface_of_callbacks(recorded):
    """Only rank 0 records; what is no number is left out, and a warning says so."""
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", INTERFACE],
        check=True,
        cwd=recorded.folder.parent,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert "transformers gave a str ('text') for the metric 'note', which is left out" in ran.stderr
    done = recorded.record(1)
    assert (done.metrics["loss"].steps, done.metrics["loss"].values) == ([10], [0.5])
    assert done.metrics["test_loss"].values == [0.7]
    facts = done.info["transformers"]
    assert facts["arguments"] == {"learning_rate": 1, "hub_token": "<HUB_TOKEN>"}
    assert (facts["global_step"], facts["best_metric"]) == (10, 0.5)
    assert {file.name: file.read_text() for file in done.artifacts} == {
        "checkpoint-10/inner/state.json": "inner/state.json",
        "checkpoint-10/model.bin": "model.bin",
    }
    assert done.artifacts[0].metadata == {"kind": "checkpoint", "step": 10, "epoch": 1}


def test_without_transformers():
    source = (
        "import sys; sys.modules['transformers'] = None\n"
        "import hallow.integrations\n"
        "try: hallow.integrations.TransformersCallback\n"
        "except ImportError as error: print(error)"
    )
    out = subprocess.check_output([sys.executable, "-c", source], text=True)
    assert out.strip().endswith("install it: pip install transformers")


@pytest.fixture
def hf():
    pytest.importorskip("torch")
    pytest.importorskip("accelerate")
    return pytest.importorskip("transformers")


def tiny(hf, folder, **options):
    """Model, arguments and data of a training of four steps."""
    import torch

    config = hf.BertConfig(
        vocab_size=12, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8
    )
    quiet = {"report_to": "none", "use_cpu": True, "disable_tqdm": True, "logging_steps": 1, "eval_strategy": "epoch"}
    arguments = hf.TrainingArguments(
        output_dir=str(folder / "out"), num_train_epochs=2, per_device_train_batch_size=4, **quiet, **options
    )
    rows = [{"input_ids": torch.arange(4) + n % 3, "labels": n % 2} for n in range(8)]
    return hf.BertForSequenceClassification(config), arguments, rows


def test_a_training(hf, recorded, tmp_path):
    from hallow.integrations import TransformersCallback

    def main(_run):
        model, arguments, rows = tiny(hf, tmp_path, save_strategy="epoch", hub_token="secret")
        callback = TransformersCallback(_run, checkpoints=True)
        trainer = hf.Trainer(model=model, args=arguments, train_dataset=rows, eval_dataset=rows, callbacks=[callback])
        trainer.train()
        trainer.predict(rows)
        return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]

    done = recorded.run(main)
    assert done.metrics["loss"].steps == [1, 2, 3, 4]
    assert done.metrics["loss"].values == pytest.approx(done.result)
    assert done.metrics["eval_loss"].steps == [2, 4]
    assert done.metrics["test_loss"].steps == [4]
    facts = done.info["transformers"]
    assert (facts["model"]["class"], facts["model"]["config"]["vocab_size"]) == ("BertForSequenceClassification", 12)
    assert facts["model"]["parameters"] > 100
    assert (facts["arguments"]["num_train_epochs"], facts["global_step"], facts["epoch"]) == (2, 4, 2)
    assert "secret" not in str(done.info)
    names = {file.name for file in done.artifacts}
    assert names >= {"checkpoint-2/model.safetensors", "checkpoint-4/config.json"}


def test_the_documentation(hf, documented, recorded, tmp_path):
    model, arguments, rows = tiny(hf, tmp_path, save_strategy="no")
    exec(documented("Transformers"), {"ex": recorded.experiment, "model": model, "arguments": arguments, "rows": rows})
    done = recorded.record(recorded.experiment.run("tune", capture="no", loglevel="ERROR")._id)
    assert len(done.metrics["loss"]) == 4
    assert list(done.artifacts) == []
