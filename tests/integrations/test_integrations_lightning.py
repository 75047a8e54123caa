"""Lightning: a real trainer on the CPU where torch is installed, and the published interface of loggers elsewhere."""

from __future__ import annotations

import subprocess
import sys

import pytest

from hallow.errors import LogValueError

pytestmark = [
    pytest.mark.filterwarnings("ignore:.isinstance.treespec, LeafSpec.. is deprecated:FutureWarning"),
    pytest.mark.filterwarnings("ignore:Checkpoint directory .* exists and is not empty"),
    # Advice for real trainings.
    pytest.mark.filterwarnings("ignore:The '.*dataloader' does not have many workers"),
]

# ------------------------------------------------------------------------------------------- the published interface

INTERFACE = """
import abc, argparse, functools, os, sys, types

PACKAGE, OTHER = {packages}
sys.modules[OTHER] = None                               # as if only one of the two were installed

class Logger(abc.ABC):                                  # what the documentation of Lightning asks of loggers
    name = version = abc.abstractproperty()
    @abc.abstractmethod
    def log_metrics(self, metrics, step=None): ...
    @abc.abstractmethod
    def log_hyperparams(self, params, *args, **kwargs): ...

class Dummy:
    def __getattr__(self, name):
        return lambda *args, **kwargs: None

def rank_zero_only(function):
    @functools.wraps(function)
    def wrapped(*args, **kwargs):
        return function(*args, **kwargs) if rank_zero_only.rank == 0 else None
    return wrapped

def rank_zero_experiment(function):
    return lambda self: function(self) if rank_zero_only.rank == 0 else Dummy()

rank_zero_only.rank = 0
for name in ("lightning", "lightning.pytorch", "pytorch_lightning"):
    for inner in ("", ".loggers", ".loggers.logger"):
        if (name + inner).startswith(PACKAGE):
            sys.modules[name + inner] = types.ModuleType(name + inner)
for name in ("lightning_utilities", "lightning_utilities.core", "lightning_utilities.core.rank_zero"):
    sys.modules[name] = types.ModuleType(name)
sys.modules["lightning_utilities.core.rank_zero"].rank_zero_only = rank_zero_only
home = sys.modules[PACKAGE + ".loggers.logger"]
home.Logger, home.rank_zero_experiment = Logger, rank_zero_experiment

from hallow import Experiment
from hallow.observers import FileStorageObserver
from hallow.integrations import HallowLogger

assert issubclass(HallowLogger, Logger)
ex = Experiment("fitting", interactive=True, save_git_info=False)
ex.observers.append(FileStorageObserver("runs"))

@ex.main
def main(_run):
    logger = HallowLogger(prefix="net", checkpoints="all")
    assert (logger.name, logger.version, logger.save_dir) == ("fitting", "1", os.path.abspath("runs/1"))
    assert logger.experiment is _run
    logger.log_hyperparams(argparse.Namespace(lr=0.1, layers=(1, 2)))
    logger.log_hyperparams({{"sizes": {{"hidden": 3}}}}, {{"initial": 1.0}})
    logger.log_metrics({{"loss": 0.5, "epoch": 0}}, step=3)
    rank_zero_only.rank = 1
    logger.log_metrics({{"loss": 9.0}}, step=4)
    logger.experiment.anything("at all")
    assert not isinstance(logger.experiment, type(_run))
    rank_zero_only.rank = 0
    saver = types.SimpleNamespace(best_model_path="a.ckpt", best_model_score=0.5, best_k_models={{"a.ckpt": 0.5, "gone.ckpt": 1}})
    open("a.ckpt", "w").write("weights")
    logger.after_save_checkpoint(saver)
    logger.after_save_checkpoint(saver)
    logger.finalize("success")

ex.run(loglevel="ERROR", capture="no")
"""


@pytest.mark.parametrize(
    "packages", [("lightning.pytorch", "pytorch_lightning"), ("pytorch_lightning", "lightning")], ids=lambda p: p[0]
)
def test_the_interface_of_loggers(packages, recorded):
    """Either package will do; only rank 0 records; a checkpoint that was not written again is kept once."""
    subprocess.run(
        [sys.executable, "-W", "error", "-c", INTERFACE.format(packages=packages)],
        check=True,
        cwd=recorded.folder.parent,
    )
    done = recorded.record(1)
    assert (done.metrics["net.loss"].steps, done.metrics["net.loss"].values) == ([3], [0.5])
    assert done.metrics["net.epoch"].values == [0]
    assert done.info["lightning"]["net"] == {
        "hyperparameters": {"lr": 0.1, "layers": [1, 2], "sizes": {"hidden": 3}},
        "status": "success",
    }
    assert [file.name for file in done.artifacts] == ["checkpoints/a.ckpt"]
    assert done.artifacts[0].read_text() == "weights"
    assert done.artifacts[0].metadata == {"kind": "checkpoint", "best": True, "score": 0.5}


def test_without_lightning():
    source = (
        "import sys; sys.modules.update(dict.fromkeys(['lightning', 'pytorch_lightning']))\n"
        "import hallow.integrations\n"
        "try: hallow.integrations.HallowLogger\n"
        "except ImportError as error: print(error)"
    )
    out = subprocess.check_output([sys.executable, "-c", source], text=True)
    assert out.startswith("HallowLogger needs lightning (")
    assert out.strip().endswith("install it: pip install lightning")


# ------------------------------------------------------------------------------------------------ a real trainer


@pytest.fixture
def pl():
    return pytest.importorskip("lightning.pytorch")


def module(pl, fail=False):
    import torch

    class Line(pl.LightningModule):
        def __init__(self, lr=0.1, layers=(3, 1)):
            super().__init__()
            self.save_hyperparameters()
            self.layer = torch.nn.Linear(*layers)

        def loss(self, batch):
            x, y = batch
            return torch.nn.functional.mse_loss(self.layer(x), y)

        def training_step(self, batch):
            loss = self.loss(batch)
            self.log("loss", loss)
            if fail:
                raise ZeroDivisionError
            return loss

        def validation_step(self, batch):
            self.log("val_loss", self.loss(batch))

        def test_step(self, batch):
            self.log("test_loss", self.loss(batch))

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=self.hparams.lr)

    return Line()


def loader():
    import torch

    x = torch.linspace(-1, 1, 48).reshape(16, 3)
    return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, x.sum(1, keepdim=True)), batch_size=4)


def trainer(pl, logger, **options):
    quiet = {"enable_progress_bar": False, "enable_model_summary": False, "accelerator": "cpu", "log_every_n_steps": 1}
    return pl.Trainer(logger=logger, **{"max_epochs": 2, **quiet, **options})


@pytest.mark.parametrize("package", ["lightning.pytorch", "pytorch_lightning"])
def test_a_training(package, recorded):
    """Trainers of both packages take the logger, whichever of them its base class comes from."""
    pl = pytest.importorskip(package)
    from hallow.integrations import HallowLogger

    def main(_run):
        fitting = trainer(pl, HallowLogger(_run))
        line = module(pl)
        fitting.fit(line, loader(), loader())
        found = fitting.test(line, loader(), verbose=False)
        return found[0]["test_loss"], fitting.checkpoint_callback.best_model_path

    done = recorded.run(main)
    assert done.metrics["loss"].steps == list(range(8))
    assert done.metrics["val_loss"].steps == [3, 7]
    assert done.metrics["loss"].values[-1] < done.metrics["loss"].values[0]
    test_loss, checkpoint = done.result
    assert done.metrics["test_loss"].values == [pytest.approx(test_loss)]
    assert done.info["lightning"] == {"hyperparameters": {"lr": 0.1, "layers": [3, 1]}, "status": "success"}
    assert checkpoint.startswith(str(recorded.folder / "1"))
    assert list(done.artifacts) == []


def test_checkpoints_become_artifacts(pl, recorded):
    from lightning.pytorch.callbacks import ModelCheckpoint

    from hallow.integrations import HallowLogger

    def main(_run):
        for checkpoints in (True, "all"):
            saver = ModelCheckpoint(
                filename=f"{checkpoints}-{{epoch}}", monitor="val_loss", save_top_k=1, every_n_epochs=1
            )
            fitting = trainer(pl, HallowLogger(_run, checkpoints=checkpoints), callbacks=[saver])
            fitting.fit(module(pl), loader(), loader())

    done = recorded.run(main)
    kept = {file.name: file.metadata for file in done.artifacts}
    assert set(kept) == {
        "checkpoints/True-epoch=1.ckpt",
        "checkpoints/all-epoch=0.ckpt",
        "checkpoints/all-epoch=1.ckpt",
    }
    assert kept["checkpoints/all-epoch=0.ckpt"]["score"] == pytest.approx(done.metrics["val_loss"].values[2])
    assert all(metadata["best"] for metadata in kept.values())


def test_a_training_that_fails(pl, recorded):
    from hallow.integrations import HallowLogger

    def main(_run):
        with pytest.raises(ZeroDivisionError):
            trainer(pl, HallowLogger(_run)).fit(module(pl, fail=True), loader(), loader())

    assert recorded.run(main).info["lightning"]["status"] == "failed"


@pytest.mark.filterwarnings("ignore:The number of training batches .* is smaller than the logging interval")
def test_the_documentation(pl, documented, recorded):
    exec(documented("Lightning"), {"ex": recorded.experiment, "module": module(pl), "loader": loader()})
    done = recorded.record(recorded.experiment.run("fit", capture="no", loglevel="ERROR")._id)
    assert len(done.metrics["val_loss"]) == 3
    assert [file.name for file in done.artifacts] == ["checkpoints/epoch=2-step=12.ckpt"]


def test_which_checkpoints_is_checked(pl):
    from hallow.integrations import HallowLogger

    with pytest.raises(LogValueError, match='give False, True .* or "all"'):
        HallowLogger(checkpoints="some")
