"""A support vector machine on scikit-learn's breast cancer data.

Run:    python examples/svm.py with C=2.0 -F runs
Prints: accuracy 0.982

The digits depend on the version of scikit-learn. The record is in the folder runs/1.
"""

from sklearn import datasets, model_selection, preprocessing, svm
from sklearn.pipeline import make_pipeline

from hallow import Experiment

ex = Experiment("svm")


@ex.config
def cfg():
    C = 1.0  # inverse strength of the regularisation
    gamma = 0.03  # width of the kernel
    kernel = "rbf"
    seed = 42


@ex.capture
def get_model(C, gamma, kernel):
    return make_pipeline(preprocessing.StandardScaler(), svm.SVC(C=C, kernel=kernel, gamma=gamma))


@ex.automain
def run(_log, _run):
    X, y = datasets.load_breast_cancer(return_X_y=True)
    X_train, X_test, y_train, y_test = model_selection.train_test_split(X, y, test_size=0.2)
    model = get_model()  # its arguments come from the configuration
    model.fit(X_train, y_train)
    _log.info("fitted on %d rows", len(X_train))
    accuracy = model.score(X_test, y_test)
    _run.log_scalar("test.accuracy", accuracy)
    print(f"accuracy {accuracy:.3f}")
    return accuracy
