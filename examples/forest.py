"""A random forest on scikit-learn's breast cancer data, with one metric point for each size of the forest.

Run:    python examples/forest.py with n_estimators=50 -F runs
Prints:    1 trees: accuracy 0.930
           3 trees: accuracy 0.947
          10 trees: accuracy 0.956
          30 trees: accuracy 0.965
          50 trees: accuracy 0.956

The digits depend on the version of scikit-learn. The record is in the folder runs/1.
"""

from sklearn import datasets, metrics, model_selection
from sklearn.ensemble import RandomForestClassifier

from hallow import Experiment

ex = Experiment("forest")


@ex.config
def cfg():
    n_estimators = 100  # trees in the forest
    sizes = [n for n in (1, 3, 10, 30) if n < n_estimators] + [n_estimators]  # where accuracy is measured
    seed = 42


@ex.capture
def accuracy_of(size, data, _seed):
    X_train, X_test, y_train, y_test = data
    model = RandomForestClassifier(size, random_state=_seed)
    model.fit(X_train, y_train)
    return metrics.accuracy_score(y_test, model.predict(X_test))


@ex.automain
def run(sizes, _log, _run):
    X, y = datasets.load_breast_cancer(return_X_y=True)
    data = model_selection.train_test_split(X, y, test_size=0.2)
    for size in sizes:
        accuracy = accuracy_of(size, data)
        _run.log_scalar("test.accuracy", accuracy, step=size)
        print(f"{size:4d} trees: accuracy {accuracy:.3f}")
    _log.info("measured %d forests", len(sizes))
    return accuracy
