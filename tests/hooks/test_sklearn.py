"""Estimators of scikit-learn as they are used: cloned, searched over, piped, saved."""

from __future__ import annotations

import pickle
from collections import Counter

import numpy as np
import pytest
from frameworks import need

import powermeter

need("sklearn")

from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

X = np.random.default_rng(3).normal(size=(60, 4))
Y = (X[:, 0] > 0).astype(int)


def names(events):
    return Counter(event.name for event in events if not event.is_mark)


def test_each_call_counts_its_samples_and_inner_calls_are_not_counted_again(running):
    model = powermeter.watch(LogisticRegression())
    model.fit(X, Y)
    assert model.predict(X[:10]).shape == (10,)
    model.score(X[:20], Y[:20])
    found = [(e.name, e.count) for e in running.end() if not e.is_mark]
    assert found == [
        ("LogisticRegression.fit", 60),
        ("LogisticRegression.predict", 10),
        ("LogisticRegression.score", 20),
    ]


def test_what_was_learned_is_noted(running):
    model = powermeter.watch(LogisticRegression(), "small")
    model.fit(X, Y).predict(X)
    (mark,) = [e for e in running.end() if e.is_mark]
    assert mark.attributes["model"] == "small" and mark.attributes["parameters"] == 5
    assert mark.attributes["model_bytes"] > 100


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_grid_search_shows_each_fit(running, jobs):
    running.intake.start()
    grid = GridSearchCV(powermeter.watch(SVC()), {"C": [0.1, 1.0, 10.0]}, cv=2, n_jobs=jobs)
    grid.fit(X, Y)
    events = running.end()
    assert names(events)["SVC.fit"] == 3 * 2 + 1  # and the best again on all samples
    assert sorted(e.count for e in events if e.name == "SVC.fit") == [30] * 6 + [60]
    assert type(grid.best_estimator_).__name__ == "SVC" and isinstance(grid.best_estimator_, SVC)


def test_clones_copies_and_saved_ones_are_watched_and_equal(running):
    model = powermeter.watch(RandomForestClassifier(n_estimators=3, random_state=1), "forest").fit(X, Y)
    plain = RandomForestClassifier(n_estimators=3, random_state=1).fit(X, Y)
    saved = pickle.loads(pickle.dumps(model))  # noqa: S301 – our own
    for other in (model, clone(model).fit(X, Y), saved):
        assert (other.predict(X) == plain.predict(X)).all()
        assert other.get_params() == plain.get_params()
        assert repr(other) == repr(plain)
    assert names(running.end()) == {"forest.fit": 2, "forest.predict": 3}


def test_the_steps_of_a_pipeline_are_events_where_asked_for(running):
    pipe = powermeter.watch(make_pipeline(StandardScaler(), SVC()), "pipe", layers=True)
    pipe.fit(X, Y)
    pipe.predict(X)
    found = names(running.end())
    assert found["pipe.fit"] == found["pipe.predict"] == 1
    assert found["pipe.standardscaler.fit_transform"] == found["pipe.svc.fit"] == 1
    assert found["pipe.standardscaler.transform"] == found["pipe.svc.predict"] == 1


def test_methods_that_depend_on_options_are_there_when_they_were(running):
    assert not hasattr(powermeter.watch(SVC()), "predict_proba")
    searched = powermeter.watch(GridSearchCV(LogisticRegression(), {"C": [1.0]}, cv=2)).fit(X, Y)
    assert searched.predict_proba(X).shape == (60, 2)


def test_watching_twice_counts_once(running):
    model = powermeter.watch(powermeter.watch(LogisticRegression()))
    model.fit(X, Y)
    assert names(running.end()) == {"LogisticRegression.fit": 1}


def test_a_users_own_count_and_subclass(running):
    class Mine(LogisticRegression):
        def predict(self, X):
            return super().predict(X)

    model = powermeter.watch(Mine(), n=lambda X, *rest: 2 * len(X)).fit(X, Y)
    model.predict(X)
    assert [e.count for e in running.end() if not e.is_mark] == [120, 120]
