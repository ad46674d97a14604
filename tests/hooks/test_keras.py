"""Keras (on the backend of torch): training, predictions and single calls."""

from __future__ import annotations

import os
from collections import Counter

import numpy as np
import pytest
from frameworks import need

import powermeter

need("keras", "torch")

os.environ["KERAS_BACKEND"] = "torch"
import keras

from powermeter.hooks.keras import PowerCallback

X = np.random.default_rng(5).normal(size=(20, 6)).astype("float32")
Y = X[:, :1].copy()


@pytest.fixture
def model():
    made = keras.Sequential(
        [keras.Input((6,)), keras.layers.Dense(4, name="a"), keras.layers.Dense(1, name="b")]
    )
    made.compile(loss="mse", metrics=["mae"])
    return made


def whole(events):
    return [e for e in events if not e.is_mark]


def test_training_has_epochs_and_steps_with_their_samples(running, model):
    powermeter.watch(model, "net").fit(X, Y, epochs=2, batch_size=8, verbose=0)
    events = whole(running.end())
    assert Counter((e.name, e.count) for e in events) == {
        ("net.fit", None): 1,
        ("epoch", 20): 2,
        ("step", 8): 4,
        ("step", 4): 2,
    }
    epochs = [e for e in events if e.name == "epoch"]
    assert [e.attributes["epoch"] for e in epochs] == [1, 2]
    assert set(epochs[0].measures) == {"loss", "mae"} and epochs[0].measures["loss"] > 0
    fit = next(e for e in events if e.name == "net.fit")
    assert all(e.parent == fit.uid for e in epochs)


def test_a_validation_inside_of_the_training_is_an_evaluation(running, model):
    watched = powermeter.watch(model, "net")
    watched.fit(X, Y, epochs=1, batch_size=8, validation_split=0.2, verbose=0)
    found = Counter((e.name, e.count) for e in whole(running.end()))
    assert found == {("net.fit", None): 1, ("epoch", 16): 1, ("step", 8): 2, ("evaluate", None): 1}


def test_predictions_and_calls_count_their_samples(running, model):
    watched = powermeter.watch(model, "net")
    watched.predict(X, verbose=0)
    watched.evaluate(X[:10], Y[:10], verbose=0)
    watched.predict_on_batch(X[:3])
    watched(X[:5])
    assert [(e.name, e.count) for e in whole(running.end())] == [
        ("net.predict", 20),
        ("net.evaluate", 10),
        ("net.predict_on_batch", 3),
        ("net", 5),
    ]


def test_layers_and_facts(running, model):
    watched = powermeter.watch(model, "net", layers=True)
    watched(X[:5])
    events = running.end()
    assert Counter(e.name for e in whole(events)) == {"net": 1, "net.a": 1, "net.b": 1}
    (mark,) = [e for e in events if e.is_mark]
    assert mark.attributes["parameters"] == 6 * 4 + 4 + 4 + 1
    assert mark.attributes["model_bytes"] == 4 * 33 and mark.attributes["dtype"] == "float32"


def test_a_watched_model_is_saved_and_loaded_as_before(running, model, tmp_path):
    watched = powermeter.watch(model, "net", layers=True)
    watched.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    assert np.allclose(again.predict(X, verbose=0), watched.predict(X, verbose=0))


def test_the_callback_alone_knows_what_it_is_told(running, model):
    model.fit(X, Y, batch_size=8, verbose=0, callbacks=[PowerCallback(batch_size=8, samples=20, model="a")])
    model.fit(X, Y, batch_size=8, verbose=0, callbacks=[PowerCallback()])
    model.predict(X, verbose=0, callbacks=[PowerCallback()])
    found = Counter((e.name, e.count) for e in whole(running.end()))
    assert found == {
        ("epoch", 20): 1,
        ("step", 8): 2,
        ("step", 4): 1,
        ("epoch", None): 1,
        ("step", None): 3,
        ("predict", None): 1,
    }
