"""A support vector classifier."""

from experiments.data import split
from sacred import Experiment
from sacred.observers import FileStorageObserver
from sklearn.svm import SVC

ex = Experiment("svc")
ex.observers.append(FileStorageObserver("my_runs"))


@ex.config
def cfg():
    C = 1.0
    kernel = "linear"
    seed = 42


@ex.capture
def make_model(C, kernel):
    return SVC(C=C, kernel=kernel)


@ex.automain
def run(_log):
    X_train, X_test, y_train, y_test = split()
    _log.info("fitting on %d rows", len(X_train))
    return make_model().fit(X_train, y_train).score(X_test, y_test)
