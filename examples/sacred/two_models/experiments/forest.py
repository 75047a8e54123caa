"""A random forest."""

from experiments.data import split
from sacred import Experiment
from sacred.observers import FileStorageObserver
from sklearn.ensemble import RandomForestClassifier

ex = Experiment("forest")
ex.observers.append(FileStorageObserver("my_runs"))


@ex.config
def cfg():
    n_estimators = 30
    seed = 42


@ex.capture
def make_model(n_estimators):
    return RandomForestClassifier(n_estimators)


@ex.automain
def run(_log):
    X_train, X_test, y_train, y_test = split()
    _log.info("fitting on %d rows", len(X_train))
    return make_model().fit(X_train, y_train).score(X_test, y_test)
