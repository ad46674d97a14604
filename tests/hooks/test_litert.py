"""A real interpreter of LiteRT: each `invoke` is an event of as many items as its inputs begin with."""

from __future__ import annotations

import numpy as np
import pytest
from frameworks import need

import powermeter
from powermeter.errors import ConfigurationError

need("ai_edge_litert")

from ai_edge_litert.interpreter import Interpreter
from tiny_tflite import relu


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "relu.tflite"
    path.write_bytes(relu([3, 4]))
    return path


def invoke(interpreter):
    (one,) = interpreter.get_input_details()
    interpreter.set_tensor(one["index"], np.full(one["shape"], -1, np.float32))
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def test_each_call_is_an_event_of_its_batch(running, model):
    interpreter = powermeter.watch(Interpreter(model_path=str(model)), "relu")
    interpreter.allocate_tensors()
    for _ in range(3):
        assert (invoke(interpreter) == 0).all()
    events = running.end()
    assert [(e.name, e.count) for e in events if not e.is_mark] == [("relu", 3)] * 3
    (mark,) = [e for e in events if e.is_mark]
    assert mark.attributes["input"] == "x float32 [3, 4]"


def test_a_resized_input_counts_its_new_batch(running, model):
    interpreter = powermeter.watch(Interpreter(model_path=str(model)), "net")
    interpreter.resize_tensor_input(0, [7, 4])
    interpreter.allocate_tensors()
    invoke(interpreter)
    assert [e.count for e in running.end() if not e.is_mark] == [7]


def test_its_operators_cannot_be_watched(model):
    with pytest.raises(ConfigurationError, match="benchmark_model"):
        powermeter.watch(Interpreter(model_path=str(model)), layers=True)
