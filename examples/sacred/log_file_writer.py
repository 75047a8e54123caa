"""Event files for TensorBoard: the record of a run says in which folder they are.

Run:    python -m hallow.as_sacred examples/sacred/log_file_writer.py -F runs
Prints: events in logs/1

Needs tensorboardX: `pip install tensorboardX`. Writers of TensorFlow and of PyTorch are seen in the same way.
"""

from sacred import Experiment
from sacred.stflow import LogFileWriter
from tensorboardX import SummaryWriter

ex = Experiment("log_file_writer")


@ex.config
def cfg():
    steps = 5


@ex.automain
@LogFileWriter(ex)
def main(steps, _run):
    folder = f"logs/{_run._id}"
    with SummaryWriter(folder) as writer:
        for step in range(steps):
            loss = 1 / (step + 1)
            ex.log_scalar("training.loss", loss, step)
            writer.add_scalar("loss", loss, step)
    print("events in", folder)
