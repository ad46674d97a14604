"""Two models of ONNX Runtime, one after the other, on batches: each run is an event of as many items as its input holds."""

import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

import powermeter


def write(path: Path, inputs: int, outputs: int) -> None:
    """Write y = relu(x @ w) as a model; yours comes from an export."""
    w = helper.make_tensor("w", TensorProto.FLOAT, [inputs, outputs], np.ones(inputs * outputs).tolist())
    nodes = [helper.make_node("MatMul", ["x", "w"], ["a"]), helper.make_node("Relu", ["a"], ["y"])]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", inputs])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", outputs])
    graph = helper.make_graph(nodes, path.stem, [x], [y], [w])
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path.as_posix()
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        encoder, head = Path(folder) / "encoder.onnx", Path(folder) / "head.onnx"
        write(encoder, 64, 128)
        write(head, 128, 10)
        first = powermeter.watch(onnxruntime.InferenceSession(str(encoder)))
        second = powermeter.watch(onnxruntime.InferenceSession(str(head)))
        for size in (32, 32, 16):
            (embedded,) = first.run(None, {"x": np.ones((size, 64), np.float32)})
            second.run(None, {"x": embedded})


if __name__ == "__main__":
    main()
