"""Watched modules of torch: counts, layers, facts, and all that is done with a module besides calling it."""

from __future__ import annotations

import copy
import io
from collections import Counter

import pytest
from frameworks import need

import powermeter
from powermeter.errors import ConfigurationError

need("torch")

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def net() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Sequential(nn.Flatten(), nn.Linear(4 * 36, 10)))


X = torch.ones(6, 1, 8, 8)


def test_a_call_counts_its_batch(running):
    model = powermeter.watch(net(), "net")
    model(X)
    model(X[:2])
    assert [(e.name, e.count) for e in running.end() if not e.is_mark] == [("net", 6), ("net", 2)]


def test_watching_twice_counts_once(running):
    model = powermeter.watch(powermeter.watch(net(), "net", layers=True), "net", layers=True)
    model(X)
    assert Counter(e.name for e in running.end() if not e.is_mark)["net"] == 1


def test_a_vector_may_be_one_sample(running):
    powermeter.watch(nn.Linear(4, 2))(torch.ones(4))
    assert [e.count for e in running.end() if not e.is_mark] == [None]


def test_layers_are_inside_of_the_call(running):
    model = powermeter.watch(net(), "net", layers=True)
    model(X)
    events = {e.name: e for e in running.end() if not e.is_mark}
    assert set(events) == {"net", "net.0", "net.1", "net.2.0", "net.2.1"}
    assert all(e.parent == events["net"].uid for name, e in events.items() if name != "net")


def test_parameters_bytes_type_and_flops_are_noted(running):
    model = powermeter.watch(nn.Linear(64, 10, bias=False).half(), "half", example=torch.ones(1, 64).half())
    model(torch.ones(2, 64).half())
    (mark,) = [e for e in running.end() if e.is_mark]
    facts = mark.attributes
    assert (facts["parameters"], facts["model_bytes"], facts["dtype"]) == (640, 1280, "float16")
    assert facts["flops"] == 2 * 64 * 10


def test_watching_does_not_change_what_a_module_is(running):
    plain = net()
    model = powermeter.watch(copy.deepcopy(plain), layers=True)
    assert model.state_dict().keys() == plain.state_dict().keys() and model.training
    expected = plain(X)
    assert torch.equal(model(X), expected)
    saved = io.BytesIO()
    torch.save(model, saved)
    saved.seek(0)
    assert torch.equal(torch.load(saved, weights_only=False)(X), expected)
    assert torch.equal(torch.compile(model, fullgraph=True, backend="eager")(X), expected)
    assert torch.equal(torch.export.export(model, (X,)).module()(X), expected)
    assert torch.equal(torch.jit.trace(model, X)(X), expected)


def test_a_scripted_module_is_watched_by_a_stand_in(running):
    for name, compiled in (("script", torch.jit.script(net())), ("trace", torch.jit.trace(net(), X))):
        model = powermeter.watch(compiled, name)
        assert (
            torch.equal(model(X), compiled(X)) and model.state_dict().keys() == compiled.state_dict().keys()
        )
    with pytest.raises(ConfigurationError, match="take no hooks"):
        powermeter.watch(torch.jit.script(net()), layers=True)
    assert [(e.name, e.count) for e in running.end() if not e.is_mark] == [
        ("script", len(X)),
        ("trace", len(X)),
    ]


def test_a_trace_of_a_watched_module_is_no_inference_and_warns_of_nothing(running, recwarn):
    torch.jit.trace(powermeter.watch(net(), "net"), X, check_trace=False)  # a check runs the module itself
    assert not [e for e in running.end() if not e.is_mark]
    assert not [w for w in recwarn if issubclass(w.category, torch.jit.TracerWarning)]


def test_an_event_ends_where_the_model_raises(running):
    model = powermeter.watch(net(), "net", layers=True)
    with pytest.raises(RuntimeError):
        model(torch.ones(2, 3))
    assert Counter(e.name for e in running.end() if not e.is_mark) == {"net": 1, "net.0": 1}


def test_a_loader_of_pairs_counts_what_it_holds(running):
    loader = DataLoader(TensorDataset(X, torch.arange(6)), batch_size=4)
    model = powermeter.watch(net(), "net")
    for x, _ in powermeter.each(loader, "batch"):
        model(x)
    found = [(e.name, e.count) for e in running.end() if not e.is_mark]
    assert sorted(found) == [("batch", 2), ("batch", 4), ("net", 2), ("net", 4)]


def test_a_model_that_does_not_exist_yet_has_no_facts(running):
    model = powermeter.watch(nn.LazyLinear(3), "lazy")
    model(torch.ones(2, 5))
    assert [e.name for e in running.end()] == ["lazy"]


def test_a_layer_that_is_not_there_is_named():
    with pytest.raises(ConfigurationError, match="no layer of net matches head"):
        powermeter.watch(net(), "net", layers=["head"])
