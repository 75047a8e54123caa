"""The data of both experiments."""

from sklearn import datasets, model_selection


def split():
    """Training and test set, by NumPy's global generator: the run has seeded it."""
    X, y = datasets.load_wine(return_X_y=True)
    return model_selection.train_test_split(X, y, test_size=0.5)
