"""Interpreters of LiteRT (TensorFlow Lite, ai-edge-litert): each `invoke` is an event.

A model's first dimension is fixed when its tensors are allocated; it is the number of items where every input begins
with the same.
"""

from __future__ import annotations

import functools
from typing import Any

from powermeter.errors import ConfigurationError
from powermeter.hooks.calls import CallKind, Calls, Watch, call, known, wrap_methods


def watch(interpreter: Any, wanted: Watch) -> Any:
    """Return the interpreter; `invoke` and the runners of its signatures are events."""
    if wanted.layers is not False:
        raise ConfigurationError(
            "LiteRT reports no times of its operators to Python; use benchmark_model --enable_op_profiling=true"
        )
    if not hasattr(interpreter, "get_input_details"):
        return _compiled(interpreter, wanted)
    label = wanted.name or "litert"

    def batch(*args: Any, **kwargs: Any) -> int | None:
        firsts = {int(one["shape"][0]) for one in interpreter.get_input_details() if len(one["shape"]) > 1}
        return firsts.pop() if len(firsts) == 1 else None

    calls = Calls(label, wanted.n, facts(interpreter), batch)
    wrap_methods(interpreter, ("invoke",), {"invoke": calls}, wanted.attributes)
    signature = getattr(interpreter, "get_signature_runner", None)
    if signature is not None:

        @functools.wraps(signature)
        def get_signature_runner(*args: Any, **kwargs: Any) -> Any:
            return _Runner(signature(*args, **kwargs), Calls(label, wanted.n, calls.facts), wanted)

        interpreter.get_signature_runner = get_signature_runner
    return interpreter


def _compiled(model: Any, wanted: Watch) -> Any:
    """Return a `CompiledModel`, which shows no shapes: the number of items is `n`."""
    methods = ("run_by_index", "run_by_name")
    if not any(hasattr(model, method) for method in methods):
        raise ConfigurationError(f"watch takes an Interpreter or CompiledModel, not {type(model).__name__}")
    calls = Calls(wanted.name or "litert", wanted.n, {}, lambda *args, **kwargs: None)
    wrap_methods(model, methods, dict.fromkeys(methods, calls), wanted.attributes)
    return model


class _Runner:
    """Stands for the runner of a signature; each call is an event."""

    def __init__(self, inner: Any, calls: Calls, wanted: Watch) -> None:
        self._inner = inner
        self._kind = CallKind(calls.label, calls.count, wanted.attributes)

    def __call__(self, **inputs: Any) -> Any:
        return call(self._inner, self._inner, self._kind, (), inputs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def facts(interpreter: Any) -> dict[str, Any]:
    """Return the inputs with their types and shapes; an interpreter does not report which file it was made of."""
    details = interpreter.get_input_details()
    inputs = "; ".join(f"{one['name']} {one['dtype'].__name__} {one['shape'].tolist()}" for one in details)
    return known(framework=type(interpreter).__module__.partition(".")[0], input=inputs)
