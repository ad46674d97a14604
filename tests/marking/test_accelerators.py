"""Accelerators are waited for at the edges of events, while recording and only then; stand-ins take the frameworks' place."""

from __future__ import annotations

import subprocess
import sys
import types

import pytest

import powermeter
from powermeter.marking import accelerators, span


class Calls(list):
    """Notes what is called on a stand-in."""

    def noting(self, name, result=None):
        return lambda *args, **kwargs: (self.append(name), result)[1]


def fake_torch(calls, *, used=True, capturing=False):
    torch = types.ModuleType("torch")
    torch.cuda = types.SimpleNamespace(
        is_initialized=lambda: used,
        is_current_stream_capturing=lambda: capturing,
        synchronize=calls.noting("cuda"),
    )
    torch.backends = types.SimpleNamespace(mps=types.SimpleNamespace(is_available=lambda: False))
    return torch


def fake_cupy(calls):
    cupy = types.ModuleType("cupy")
    cupy.cuda = types.SimpleNamespace(
        get_current_stream=lambda: types.SimpleNamespace(is_capturing=lambda: False),
        runtime=types.SimpleNamespace(deviceSynchronize=calls.noting("cupy")),
    )
    return cupy


def fake_jax(calls):
    jax = types.ModuleType("jax")
    jax.default_backend = lambda: "gpu"
    jax.local_devices = lambda: ["gpu:0"]
    jax.device_put = lambda value, device: types.SimpleNamespace(block_until_ready=calls.noting("jax"))
    jax.effects_barrier = calls.noting("effects")
    return jax


def fake_tensorflow(calls):
    tensorflow = types.ModuleType("tensorflow")
    tensorflow.executing_eagerly = lambda: True
    tensorflow.config = types.SimpleNamespace(list_physical_devices=lambda kind: ["GPU:0"])
    tensorflow.test = types.SimpleNamespace(
        experimental=types.SimpleNamespace(sync_devices=calls.noting("tf"))
    )
    return tensorflow


FAKES = {"torch": fake_torch, "cupy": fake_cupy, "jax": fake_jax, "tensorflow": fake_tensorflow}


@pytest.fixture(autouse=True)
def without_frameworks(monkeypatch):
    for name in FAKES:
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(accelerators, "broken", set())
    yield
    monkeypatch.undo()
    span.know_modules()


@pytest.mark.parametrize(
    ("framework", "called"),
    [("torch", ["cuda"]), ("cupy", ["cupy"]), ("jax", ["jax", "effects"]), ("tensorflow", ["tf"])],
)
def test_a_framework_in_use_is_waited_for_at_both_edges(running, monkeypatch, framework, called):
    calls = Calls()
    monkeypatch.setitem(sys.modules, framework, FAKES[framework](calls))
    span.know_modules()  # which looks by itself where their number has changed: another test's fake may have gone
    with powermeter.event("infer"):
        assert calls == called
        calls.append("work")
    assert calls == [*called, "work", *called]
    powermeter.mark("epoch")
    assert calls == [*called, "work", *called, *called]


def test_the_wait_lies_before_the_start_and_inside_the_end(running, monkeypatch):
    stamps = []
    torch = fake_torch(Calls())
    torch.cuda.synchronize = lambda: stamps.append(span._clock())
    monkeypatch.setitem(sys.modules, "torch", torch)
    with powermeter.event("infer") as event:
        pass
    assert stamps[0] <= event.start_ns <= stamps[1] <= event.end_ns


def test_outside_of_a_recording_nothing_is_waited_for(monkeypatch):
    calls = Calls()
    monkeypatch.setitem(sys.modules, "torch", fake_torch(calls))
    with powermeter.event("infer"):
        pass
    assert calls == []


@pytest.mark.parametrize("state", [{"used": False}, {"capturing": True}])
def test_a_device_that_is_not_used_or_is_being_captured_is_left_alone(running, monkeypatch, state):
    calls = Calls()
    monkeypatch.setitem(sys.modules, "torch", fake_torch(calls, **state))
    with powermeter.event("infer"):
        pass
    assert calls == []


def test_it_can_be_turned_off_also_for_children(running, monkeypatch):
    calls = Calls()
    monkeypatch.setitem(sys.modules, "torch", fake_torch(calls))
    accelerators.turn_off()
    try:
        span.know_modules()
        with powermeter.event("infer"):
            pass
        code = "import os; print(os.environ['POWERMETER_SYNCHRONISE'])"
        child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    finally:
        accelerators.turn_on()
        span.know_modules()
    assert calls == [] and child.stdout == "0\n"
    with powermeter.event("infer"):
        pass
    assert calls == ["cuda", "cuda"]


def test_one_that_raises_is_not_asked_again_and_is_named(running, monkeypatch):
    def fails():
        raise RuntimeError("device lost")

    torch = fake_torch(Calls())
    torch.cuda.synchronize = fails
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setattr(accelerators, "problem", "")
    for _ in range(2):
        with powermeter.event("infer"):
            pass
    assert "torch could not be synchronised: RuntimeError: device lost" in accelerators.problem
    assert len(running.end()) == 2


def test_one_that_is_only_half_imported_is_asked_later(running, monkeypatch):
    calls = Calls()
    monkeypatch.setitem(sys.modules, "jax", types.ModuleType("jax"))
    with powermeter.event("infer"):
        pass
    monkeypatch.setitem(sys.modules, "jax", fake_jax(calls))
    with powermeter.event("infer"):
        pass
    assert calls == ["jax", "effects"] * 2


def test_what_a_signals_handler_raises_while_a_device_is_waited_for_comes_out(running, monkeypatch):
    class Interrupt(Exception):
        """Of the program."""

    def synchronize() -> None:
        raise Interrupt

    calls = Calls()
    torch = fake_torch(calls)
    torch.cuda.synchronize = synchronize
    monkeypatch.setitem(sys.modules, "torch", torch)
    span.know_modules()
    with pytest.raises(Interrupt), powermeter.event("w"):
        pass
    torch.cuda.synchronize = calls.noting("cuda")
    with powermeter.event("w") as event:
        pass
    assert not event.parent, "the one that was never entered is still open"
    assert calls == ["cuda", "cuda"], "it goes on being waited for"
