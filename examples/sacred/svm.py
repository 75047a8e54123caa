"""A support vector machine on scikit-learn's wine data.

Run:    python -m hallow.as_sacred examples/sacred/svm.py with C=2.0 -F runs
Prints: accuracy ...

scikit-learn draws its split from NumPy's global generator, which has the seed of the run: the same seed, the same
result.
"""

from sacred import Experiment
from sklearn import datasets, model_selection, preprocessing, svm
from sklearn.pipeline import make_pipeline

ex = Experiment("svm")


@ex.config
def cfg():
    C = 1.0  # inverse strength of the regularisation
    kernel = "rbf"
    gamma = 0.1
    seed = 42


@ex.capture
def make_model(C, kernel, gamma):
    return make_pipeline(preprocessing.StandardScaler(), svm.SVC(C=C, kernel=kernel, gamma=gamma))


@ex.automain
def run():
    X, y = datasets.load_wine(return_X_y=True)
    X_train, X_test, y_train, y_test = model_selection.train_test_split(X, y, test_size=0.5)
    accuracy = make_model().fit(X_train, y_train).score(X_test, y_test)
    print(f"accuracy {accuracy:.3f}")
    return accuracy
