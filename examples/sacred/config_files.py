"""Configuration from files and dicts, later ones over earlier ones, and named variants.

Run:    python -m hallow.as_sacred examples/sacred/config_files.py with patient steps=4
Prints: 4 steps of 0.01, batches of 32
        logs/None

`save_config with patient config_filename=patient.json` writes a file, and `with patient.json` takes it.
"""

from pathlib import Path

from sacred import Experiment

ex = Experiment("config_files")
FOLDER = Path(__file__).parent / "configs"
ex.add_config(str(FOLDER / "default.json"))  # batch_size, learning_rate, steps
ex.add_config(str(FOLDER / "experiment.json"))  # another learning_rate
ex.add_config(optimizer="sgd", tags=["files"])
ex.add_config({"optimizer": "adam"})


@ex.named_config
def patient():
    learning_rate = 0.01
    steps = 1000


@ex.automain
def main(batch_size, learning_rate, steps, _run):
    for step in range(steps):
        ex.log_scalar("training.loss", 1 / (step + 1), step)
    print(f"{steps} steps of {learning_rate}, batches of {batch_size}")
    print(f"logs/{_run._id}")  # a folder for other logs, named by the id that a store gave
