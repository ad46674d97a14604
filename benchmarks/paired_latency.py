"""What measuring adds to a real inference of some 30 µs: 100 paired runs of ONNX Runtime, without and with.

    python benchmarks/paired_latency.py [--pairs 100]

Needs onnx and onnxruntime; codecarbon and zeus are measured where they are installed.  Each pair calls the model bare and
measured, in random order; the figure is the median difference of the pairs' medians, with its 95 % interval by their order.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

import powermeter

WIDTH = 128


def session(folder: Path) -> onnxruntime.InferenceSession:
    """Return a session of a small perceptron on one thread."""
    width, depth = WIDTH, 21
    rng = np.random.default_rng(1)
    weights = [
        helper.make_tensor(
            f"w{i}", TensorProto.FLOAT, [width, width], rng.normal(size=width * width).tolist()
        )
        for i in range(depth)
    ]
    nodes = []
    for i in range(depth):
        nodes.append(helper.make_node("MatMul", [f"x{i}", f"w{i}"], [f"m{i}"]))
        nodes.append(helper.make_node("Tanh", [f"m{i}"], [f"x{i + 1}"]))
    taken = helper.make_tensor_value_info("x0", TensorProto.FLOAT, ["batch", width])
    made = helper.make_tensor_value_info(f"x{depth}", TensorProto.FLOAT, ["batch", width])
    graph = helper.make_graph(nodes, "mlp", [taken], [made], weights)
    path = folder / "mlp.onnx"
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path.as_posix()
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options)


def median_us(call: Callable[[], Any], calls: int) -> float:
    """Return the median duration of a call in µs."""
    found = []
    for _ in range(calls):
        start = time.perf_counter_ns()
        call()
        found.append(time.perf_counter_ns() - start)
    return statistics.median(found) / 1e3


def paired(bare: Callable[[], Any], measured: Callable[[], Any], pairs: int, calls: int) -> tuple[float, ...]:
    """Return the bare median, and the median of the differences with its 95 % interval, in µs."""
    plain, differences = [], []
    for _ in range(pairs):
        both = [(0, bare), (1, measured)]
        random.shuffle(both)
        took = [0.0, 0.0]
        for which, call in both:
            call()
            took[which] = median_us(call, calls)
        plain.append(took[0])
        differences.append(took[1] - took[0])
    differences.sort()
    reach = round(0.98 * pairs**0.5)  # ranks of the sign test
    middle = pairs // 2
    low, high = differences[max(middle - reach, 0)], differences[min(middle + reach, pairs - 1)]
    return statistics.median(plain), statistics.median(differences), low, high


def ways(
    run: Callable[[], Any], model: onnxruntime.InferenceSession, feed: dict[str, Any]
) -> dict[str, tuple[Callable[[], Any], int]]:
    """Return name → the measured call, and how many of it a run holds."""

    def event() -> None:
        with powermeter.event("infer"):
            run()

    watched = powermeter.watch(onnxruntime.InferenceSession(model._model_path))
    found: dict[str, tuple[Callable[[], Any], int]] = {
        "powermeter.event": (event, 200),
        "powermeter.watch": (lambda: watched.run(None, feed), 200),
    }
    try:
        from codecarbon import OfflineEmissionsTracker
    except ImportError:
        pass
    else:
        tracker = OfflineEmissionsTracker(country_iso_code="FRA", log_level="critical", save_to_file=False)

        def task() -> None:
            tracker.start_task("w")
            run()
            tracker.stop_task("w")

        found["codecarbon task"] = (task, 2)
    sys.modules["amdsmi"] = None  # type: ignore[assignment]  # its import fails in zeus where there is no AMD card
    try:
        from zeus.monitor import ZeusMonitor
    except ImportError:
        pass
    else:
        monitor = ZeusMonitor(gpu_indices=[], cpu_indices=[])

        def window() -> None:
            monitor.begin_window("w", sync_execution=False)
            run()
            monitor.end_window("w", sync_execution=False)

        found["zeus window"] = (window, 200)
    return found


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=100)
    pairs = parser.parse_args().pairs
    random.seed(1)
    with tempfile.TemporaryDirectory() as folder:
        model = session(Path(folder))
        feed = {"x0": np.ones((1, WIDTH), np.float32)}

        def run() -> None:
            model.run(None, feed)

        def bare_call() -> None:
            run()  # as deep a call as those that are measured

        print("| | bare, µs | added, µs | 95 % |\n|---|---|---|---|")
        measured = ways(run, model, feed)
        for where in ("outside a recording", "inside"):
            meter = powermeter.Meter("virtual://?rate=100Hz", path=Path(folder) / "run.power")
            if where == "inside":
                meter.__enter__()
            for name, (call, calls) in measured.items():
                if where == "inside" or name.startswith("powermeter"):
                    bare, added, low, high = paired(bare_call, call, pairs, calls)
                    title = f"{name}, {where}" if name.startswith("powermeter") else name
                    print(f"| {title} | {bare:.1f} | {added:.2f} | {low:.2f} to {high:.2f} |", flush=True)
            if where == "inside":
                meter.__exit__(None, None, None)


if __name__ == "__main__":
    main()
