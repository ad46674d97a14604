"""What all frameworks share: which dimension is the batch's, which layers are meant, which call is an event."""

from __future__ import annotations

import pickle
from types import SimpleNamespace

import numpy as np
import pytest

from powermeter.errors import ConfigurationError
from powermeter.hooks.calls import Calls, Count, batch_of, chosen, known, wrap_methods
from powermeter.hooks.watch import watch

NAMES = ["encoder", "encoder.0", "encoder.0.weight", "encoder.1", "head"]


@pytest.mark.parametrize(
    ("args", "kwargs", "n"),
    [
        ((np.ones((8, 3)),), {}, 8),
        ((np.ones(8),), {}, None),  # one sample of eight values, or eight samples
        ((np.ones((3, 32, 32)),), {}, None),  # one image, or three of one colour
        ((np.ones((8, 3)), np.ones(8)), {}, 8),
        ((np.ones((8, 3)), np.ones((4, 3))), {}, None),
        ((), {"ids": np.ones((8, 3)), "mask": np.ones((8, 3))}, 8),
        (([np.ones((8, 3)), np.ones((4, 2))],), {}, None),
        (("one text",), {}, 1),
        ((["two", "texts"],), {}, 2),
        ((object(),), {}, None),
        ((), {}, None),
    ],
)
def test_the_batch_is_counted_where_it_is_certain(args, kwargs, n):
    assert batch_of(*args, **kwargs) == n


@pytest.mark.parametrize(
    ("layers", "found"),
    [
        (True, ["encoder.0.weight", "encoder.1", "head"]),
        (1, ["encoder", "head"]),
        (2, ["encoder.0", "encoder.1", "head"]),
        ("encoder*", ["encoder"]),
        (["encoder.?", "head"], ["encoder.0", "encoder.1", "head"]),
    ],
)
def test_layers_are_chosen_by_depth_or_pattern_and_never_within_each_other(layers, found):
    assert chosen(layers, NAMES, "net") == found


def test_a_pattern_that_fits_none_names_what_there_is():
    with pytest.raises(ConfigurationError, match=r"no layer of net matches tail; it has encoder, encoder\.0"):
        chosen("tail", NAMES, "net")


class Model:
    def predict(self, x):
        return self.score(x)

    def score(self, x):
        if x is None:
            raise KeyError("x")
        return 1


def test_a_method_that_calls_another_is_one_event(running):
    model = Model()
    made = {name: Calls(name, Count.FROM_BATCH, {}) for name in ("predict", "score")}
    wrap_methods(model, ("predict", "score", "absent"), made, {"model": "a"})
    assert model.predict(np.ones((4, 2))) == model.score(np.ones((2, 2))) == 1
    with pytest.raises(KeyError):
        model.predict(None)
    found = [(event.name, event.count, dict(event.attributes)) for event in running.end()]
    assert found == [
        ("predict", 4, {"model": "a"}),
        ("score", 2, {"model": "a"}),
        ("predict", 1, {"model": "a", "error": "KeyError"}),
    ]


def test_facts_are_noted_once_in_each_recording(running):
    calls = Calls("net", None, {"parameters": 12})
    for _ in range(3):
        calls.count()
    (mark,) = running.end()
    assert (mark.name, mark.is_mark) == ("model", True)
    assert mark.attributes == {"model": "net", "parameters": 12}


def test_what_is_counted_survives_pickling():
    again = pickle.loads(pickle.dumps(Calls("net", Count.FROM_BATCH, {"parameters": 1})))  # noqa: S301 – our own
    assert again.count(np.ones((3, 2))) == 3
    assert known(a=1, b=None) == {"a": 1}


def test_a_count_that_raises_costs_nothing_but_the_count(running):
    model = SimpleNamespace(run=lambda: 5)
    wrap_methods(model, ("run",), {"run": Calls("run", lambda: 1 / 0, {})}, {})
    assert model.run() == 5
    (event,) = running.end()
    assert event.count is None


def test_a_watched_callable_takes_an_attribute_named_model(running):
    """`model` is the attribute that comparisons ask for: the parameter of that name is positional."""
    watched = watch(lambda batch: batch + 1, "infer", model="tiny")
    assert watched(1) == 2
    (event,) = running.end()
    assert event.attributes["model"] == "tiny"
