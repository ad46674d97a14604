"""Events around and inside of models of torch, also where a compiler follows the code."""

from __future__ import annotations

import copy
import io
import subprocess
import sys

import pytest
from frameworks import need

import powermeter

need("torch")

import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 4)

    def forward(self, x):
        return self.layer(x).relu()


@powermeter.track
def tracked(x):
    return x * 2 + 1


def with_event(x):
    with powermeter.event("inner", n=8) as event:
        y = x * 3
        event["shape"] = 1
        event.measure(loss=1)
    return y + 1


@powermeter.event("decorated")
def decorated(x):
    return x - 1


def all_of_them(x):
    powermeter.mark("epoch")
    return tracked(with_event(decorated(x)))


X = torch.ones(2, 4)
FUNCTIONS = [tracked, with_event, decorated, all_of_them]


@pytest.fixture(params=[False, True], ids=["outside", "inside"])
def recorded(request):
    return request.getfixturevalue("running") if request.param else None


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_compiled_graph_has_no_break(recorded, function):
    torch._dynamo.reset()
    compiled = torch.compile(function, fullgraph=True, backend="eager")
    assert torch.equal(compiled(X), function(X))


def test_a_tracked_module_compiles_exports_and_traces(recorded):
    model = powermeter.track(Net())
    torch._dynamo.reset()
    assert torch.equal(torch.compile(model, fullgraph=True, backend="eager")(X), model(X))
    assert torch.equal(torch.export.export(model, (X,)).module()(X), model(X))
    assert torch.equal(torch.jit.trace(model, X)(X), model(X))
    assert torch.equal(torch.jit.script(tracked)(X), tracked(X))


def test_a_compiled_model_around_which_track_stands_is_an_event_for_each_call(running):
    torch._dynamo.reset()
    model = powermeter.track("infer", n=len)(torch.compile(Net(), fullgraph=True, backend="eager"))
    model(X)
    model(X)
    assert [(event.name, event.count) for event in running.end()] == [("infer", 2)] * 2


def test_calls_of_a_module_are_events_also_of_its_copies_and_where_they_raise(running):
    model = powermeter.track(Net(), n=len)
    model(X)
    copy.deepcopy(model)(X)
    saved = io.BytesIO()
    torch.save(powermeter.track(Net()), saved)
    saved.seek(0)
    torch.load(saved, weights_only=False)(X)
    with pytest.raises(RuntimeError):
        model(torch.ones(3))
    found = running.end()
    assert [event.name for event in found] == ["Net"] * 4
    assert [event.count for event in found] == [2, 2, 1, 3]
    assert all(event.end_ns is not None for event in found)
    assert [event.attributes.get("error") for event in found] == [None, None, None, "RuntimeError"]
    assert isinstance(model, Net) and model.state_dict().keys() == Net().state_dict().keys()


def test_a_call_while_an_exception_is_handled_has_not_failed(running):
    model = powermeter.track(Net())
    try:
        model(torch.ones(3))
    except RuntimeError:
        model(X)
        with pytest.raises(RuntimeError):
            model(torch.ones(3))
    assert [event.attributes.get("error") for event in running.end()] == [
        "RuntimeError",
        None,
        "RuntimeError",
    ]


def test_a_loader_of_x_and_y_counts_its_batches_and_its_workers_lose_nothing(running):
    data = torch.utils.data.TensorDataset(torch.zeros(20, 10), torch.zeros(20, 1))
    loader = torch.utils.data.DataLoader(data, batch_size=8, num_workers=2, persistent_workers=True)
    for _ in range(2):
        for _ in powermeter.each(loader):
            pass
    assert [event.count for event in running.end()] == [8, 8, 4] * 2
    assert len(powermeter.each(loader)) == 3


def test_marking_does_not_import_torch():
    code = "import sys, powermeter\nwith powermeter.event('x'): pass\nprint('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
