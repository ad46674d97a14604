"""A search over parameters with scikit-learn on two processes: each fit of a candidate is an event, whichever process ran it."""

import numpy as np
from sklearn.model_selection import GridSearchCV
from sklearn.svm import SVC

import powermeter

X = np.random.default_rng(1).normal(size=(300, 8))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)


def main() -> None:
    model = powermeter.watch(SVC())
    search = GridSearchCV(model, {"C": [0.1, 1.0, 10.0]}, cv=2, n_jobs=2).fit(X, Y)
    print(search.best_params_)


if __name__ == "__main__":
    main()
