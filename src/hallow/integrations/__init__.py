"""Bridges to training frameworks and trackers; each is loaded, with its framework, when it is first asked for.

``import hallow.integrations`` loads none of them. What is in a module of a framework that is not installed is refused
with a :class:`~hallow.errors.MissingExtraError` that names the package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hallow.integrations import keras as keras
    from hallow.integrations import lightgbm as lightgbm
    from hallow.integrations import lightning as lightning
    from hallow.integrations import mlflow as mlflow
    from hallow.integrations import optuna as optuna
    from hallow.integrations import sklearn as sklearn
    from hallow.integrations import tensorboard as tensorboard
    from hallow.integrations import transformers as transformers
    from hallow.integrations import wandb as wandb
    from hallow.integrations import xgboost as xgboost
    from hallow.integrations.keras import KerasCallback as KerasCallback
    from hallow.integrations.lightgbm import LightGBMCallback as LightGBMCallback
    from hallow.integrations.lightning import HallowLogger as HallowLogger
    from hallow.integrations.mlflow import MLflowObserver as MLflowObserver
    from hallow.integrations.optuna import OptunaCallback as OptunaCallback
    from hallow.integrations.tensorboard import EventsMirror as EventsMirror
    from hallow.integrations.tensorboard import TensorBoardObserver as TensorBoardObserver
    from hallow.integrations.tensorboard import event_metrics as event_metrics
    from hallow.integrations.tensorboard import log_events as log_events
    from hallow.integrations.tensorboard import read_events as read_events
    from hallow.integrations.transformers import TransformersCallback as TransformersCallback
    from hallow.integrations.wandb import WandbObserver as WandbObserver
    from hallow.integrations.xgboost import XGBoostCallback as XGBoostCallback

_ROOMS = frozenset(
    {
        "keras",
        "lightgbm",
        "lightning",
        "mlflow",
        "optuna",
        "sklearn",
        "tensorboard",
        "transformers",
        "wandb",
        "xgboost",
    }
)
_HOMES = {
    "EventsMirror": "tensorboard",
    "HallowLogger": "lightning",
    "KerasCallback": "keras",
    "LightGBMCallback": "lightgbm",
    "MLflowObserver": "mlflow",
    "OptunaCallback": "optuna",
    "TensorBoardObserver": "tensorboard",
    "TransformersCallback": "transformers",
    "WandbObserver": "wandb",
    "XGBoostCallback": "xgboost",
    "event_metrics": "tensorboard",
    "log_events": "tensorboard",
    "read_events": "tensorboard",
}

__all__ = [*sorted(_HOMES), *sorted(_ROOMS)]  # noqa: PLE0604 - all are strings


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _HOMES:
        value = getattr(import_module(f"hallow.integrations.{_HOMES[name]}"), name)
    elif name in _ROOMS:
        value = import_module(f"hallow.integrations.{name}")
    else:
        raise AttributeError(f"hallow.integrations has no {name!r}; it has {', '.join(__all__)}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
