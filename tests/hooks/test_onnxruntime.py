"""A real model in ONNX Runtime: what its inputs say of the batch, and its nodes by the profiler."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from frameworks import need

import powermeter
from powermeter.errors import ConfigurationError

need("onnx", "onnxruntime")

import onnx
import onnxruntime
from onnx import TensorProto, helper


def model(path, first="batch", extra=()):
    """Write y = relu(x @ w) @ v, with x of shape [first, 4]."""
    w = helper.make_tensor("w", TensorProto.FLOAT, [4, 8], np.ones(32, np.float32).tolist())
    v = helper.make_tensor("v", TensorProto.FLOAT, [8, 2], np.ones(16, np.float32).tolist())
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"], name="first"),
        helper.make_node("Relu", ["a"], ["b"], name="relu"),
        helper.make_node("MatMul", ["b", "v"], ["y"], name="second"),
    ]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [first, 4]), *extra]
    graph = helper.make_graph(
        nodes, "g", inputs, [helper.make_tensor_value_info("y", TensorProto.FLOAT, [first, 2])], [w, v]
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(made, path)
    return str(path)


def session(path, profile=False, folder=None):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    if profile:
        options.enable_profiling = True
        options.profile_file_prefix = str(folder / "profile")
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize(
    ("first", "n"),
    [("batch", 3), (None, 3), ("seq_len", None), (3, None), (1, 1)],
)
def test_an_open_first_dimension_is_the_batch(running, tmp_path, first, n):
    one = powermeter.watch(session(model(tmp_path / "m.onnx", first)))
    one.run(None, {"x": np.ones((1 if first == 1 else 3, 4), np.float32)})
    (event,) = [e for e in running.end() if not e.is_mark]
    assert (event.name, event.count) == ("m", n)


def test_size_and_parameters_are_noted(running, tmp_path):
    path = model(tmp_path / "m.onnx")
    powermeter.watch(session(path), "net").run(None, {"x": np.ones((3, 4), np.float32)})
    (mark,) = [e for e in running.end() if e.is_mark]
    assert mark.attributes["parameters"] == 48 and mark.attributes["dtype"] == "float"
    assert mark.attributes["file_bytes"] == (tmp_path / "m.onnx").stat().st_size
    assert "x tensor(float) ['batch', 4]" in mark.attributes["input"]


def test_other_ways_to_run_are_events_too(running, tmp_path):
    one = powermeter.watch(session(model(tmp_path / "m.onnx")), "net")
    value = onnxruntime.OrtValue.ortvalue_from_numpy(np.ones((5, 4), np.float32))
    one.run_with_ort_values(["y"], {"x": value})
    binding = one.io_binding()
    binding.bind_cpu_input("x", np.ones((2, 4), np.float32))
    binding.bind_output("y")
    one.run_with_iobinding(binding)
    assert [e.count for e in running.end() if not e.is_mark] == [5, None]


def test_the_nodes_of_a_profile_lie_inside_of_their_runs(running, tmp_path):
    one = powermeter.watch(session(model(tmp_path / "m.onnx"), True, tmp_path), "net", layers=True)
    for _ in range(4):
        one.run(None, {"x": np.ones((3, 4), np.float32)})
    one.end_profiling()
    events = [e for e in running.end() if not e.is_mark]
    assert Counter(e.name for e in events) == {"net": 4, "net.first": 4, "net.relu": 4, "net.second": 4}
    runs = {e.uid: e for e in events if e.name == "net"}
    for e in events:
        if e.name != "net":
            around = runs[e.parent]
            assert around.start_ns - 10**6 <= e.start_ns <= e.end_ns <= around.end_ns


def test_nodes_need_a_profile(tmp_path):
    with pytest.raises(ConfigurationError, match="enable_profiling"):
        powermeter.watch(session(model(tmp_path / "m.onnx")), layers=True)
