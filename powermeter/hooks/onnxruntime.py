"""Sessions of ONNX Runtime: each run is an event; its nodes too, where the session profiles them.

Nodes run inside the library, where no hook reaches.  A session made with `SessionOptions.enable_profiling` writes what each
took into a file at `end_profiling()`; a watched session then leaves each node as an event in the recording.
"""

from __future__ import annotations

import functools
import json
import re
import time
import warnings
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import onnxruntime

from powermeter.errors import ConfigurationError
from powermeter.hooks.calls import Calls, Count, Watch, chosen, known, size_of, wrap_methods
from powermeter.marking import destinations
from powermeter.marking import span as spans
from powermeter.marking.event_log import uids
from powermeter.marking.past_events import mark_past

Runs = Sequence[tuple[int, int, int]]

METHODS = ("run", "run_with_ort_values", "run_with_iobinding", "run_async")
_NO_BATCH = re.compile(r"seq|len|time|frame|tok|sampl|width|height|step", re.IGNORECASE)
_MOST_PROFILE = 256 << 20


def watch(session: Any, wanted: Watch) -> Any:
    """Return the session, each run of which is an event of as many items as its inputs' open first dimension."""
    if not hasattr(session, "get_inputs"):
        raise ConfigurationError(
            f"watch takes an InferenceSession of ONNX Runtime, not {type(session).__name__}"
        )
    path = getattr(session, "_model_path", None)
    label = wanted.name or (Path(path).stem if path else "onnx")
    sizes = _Sizes(session)
    calls = Calls(label, wanted.n, facts(session), sizes.run)
    bound = Calls(label, wanted.n if wanted.n is not Count.FROM_BATCH else None, facts(session))
    kinds = {name: bound if name == "run_with_iobinding" else calls for name in METHODS}
    runs: list[tuple[int, int, int]] | None = None if wanted.layers is False else []
    wrap_methods(session, METHODS, kinds, wanted.attributes, runs)
    if wanted.layers is not False:
        if not session.get_session_options().enable_profiling:
            raise ConfigurationError(
                "the nodes of an ONNX session need its profile: make it with SessionOptions().enable_profiling = True"
            )
        session.end_profiling = _ending(session, label, wanted, [] if runs is None else runs)
    return session


class _Sizes:
    """Finds the number of items of a run.

    Args:
        session: Its inputs declare which of their first dimensions are open.
    """

    def __init__(self, session: Any) -> None:
        self._open: set[str] = set()
        self._fixed: set[int] = set()
        for one in session.get_inputs():
            if not one.shape:
                continue
            first = one.shape[0]
            if isinstance(first, int):
                self._fixed.add(first)
            elif not _NO_BATCH.search(first or ""):
                self._open.add(one.name)
        self._only = next(iter(self._open)) if len(self._open) == 1 else None

    def run(self, output_names: Any, feed: Any, *args: Any, **kwargs: Any) -> int | None:
        """Return how many items a feed holds; None where that is not certain."""
        value = feed.get(self._only)  # the usual model has one input
        if type(shape := getattr(value, "shape", None)) is tuple:
            return int(shape[0])
        found = {_length(value) for name, value in feed.items() if name in self._open}
        if self._open:
            return int(found.pop()) if len(found) == 1 else None
        return 1 if self._fixed == {1} else None


def _length(value: Any) -> int:
    if isinstance(value, (list, tuple)):
        return len(value)
    shape = value.shape() if callable(value.shape) else value.shape  # an OrtValue's is a method
    return int(shape[0])


def facts(session: Any) -> dict[str, Any]:
    """Return what a session knows of its model; parameters where `onnx` is installed and there is a file."""
    path = getattr(session, "_model_path", None)
    inputs = session.get_inputs()
    found = known(
        framework=f"onnxruntime {onnxruntime.__version__}",
        file_bytes=size_of(path),
        input="; ".join(f"{one.name} {one.type} {list(one.shape)}" for one in inputs) or None,
        provider=", ".join(session.get_providers()[:1]) or None,
    )
    return {**found, **(_weights(path) if path else {})}


def _weights(path: str) -> dict[str, Any]:
    try:
        import onnx

        model = onnx.load(path, load_external_data=False)
    except Exception:  # noqa: BLE001 – no onnx, or a file of another kind
        return {}
    count = 0
    kinds: dict[str, int] = {}
    for one in model.graph.initializer:
        size = 1
        for extent in one.dims:
            size *= int(extent)
        count += size
        name = onnx.TensorProto.DataType.Name(one.data_type).lower()
        kinds[name] = kinds.get(name, 0) + size
    dtype = "+".join(sorted(kinds, key=lambda name: -kinds[name])[:3])
    return known(parameters=count, dtype=dtype or None)


def _ending(session: Any, label: str, wanted: Watch, runs: Runs) -> Any:
    inner = session.end_profiling

    @functools.wraps(inner)
    def end_profiling() -> str:
        begun_ns = session.get_profiling_start_time_ns()
        path: str = inner()
        try:
            leave_nodes(path, begun_ns, label, wanted, runs)
        except (OSError, ValueError, ConfigurationError) as error:
            warnings.warn(f"the nodes of {label} are not in the recording: {error}", stacklevel=2)
        return path

    return end_profiling


def leave_nodes(path: str, begun_ns: int, label: str, wanted: Watch, runs: Runs = ()) -> int:
    """Leave the nodes of a profile as events in the recording that runs; return how many.

    Args:
        path: The file that `end_profiling` wrote.
        begun_ns: Wall clock at its zero, from `get_profiling_start_time_ns`.
        runs: Start, end and uid of the runs that they are parts of, in order.

    Raises:
        ValueError: It is not a profile.
    """
    file = Path(path)
    if spans.attached() is None or file.stat().st_size > _MOST_PROFILE:
        return 0
    to_monotonic = time.monotonic_ns() - time.time_ns()
    slices = [one for one in json.loads(file.read_text(encoding="utf-8")) if _is_node(one)]
    names = list(dict.fromkeys(one["name"].removesuffix("_kernel_time") for one in slices))
    kept = set(chosen(wanted.layers, [name.replace(".", "/") for name in names], label)) if names else set()
    starts = [start for start, _, _ in runs]
    for one in slices:
        name = one["name"].removesuffix("_kernel_time").replace(".", "/")
        if name in kept:
            start = begun_ns + int(one["ts"]) * 1000 + to_monotonic
            end = start + int(one["dur"]) * 1000
            place = bisect_right(starts, start) - 1
            # The profile counts in µs: a node may seem to begin before its run, or to end after it.
            parent = runs[place][2] if place >= 0 and start < runs[place][1] else 0
            if parent:
                end = min(end, runs[place][1])
            uid = uids()
            for log in destinations.logs_here():
                mark_past(log, f"{label}.{name}", start, end, None, wanted.attributes, parent, uid)
    return len(slices)


def _is_node(one: Any) -> bool:
    return (
        isinstance(one, Mapping)
        and one.get("cat") == "Node"
        and isinstance(one.get("name"), str)
        and one["name"].endswith("_kernel_time")
        and isinstance(one.get("ts"), (int, float))
        and isinstance(one.get("dur"), (int, float))
    )
