"""Keras: a model whose calls, predictions and training are events, and a callback for `fit`, `evaluate` and `predict`."""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Callable
from typing import Any

import keras

from powermeter.errors import ConfigurationError
from powermeter.hooks import calls
from powermeter.hooks.calls import CallKind, Calls, Watch, batch_of, chosen, known
from powermeter.hooks.stages import BatchSizes, Stages

ON_BATCH = ("predict_on_batch", "test_on_batch", "train_on_batch")
WHOLE = ("evaluate", "predict")


class PowerCallback(keras.callbacks.Callback):  # type: ignore[misc]  # keras has no types here
    """Have each epoch, batch, evaluation and prediction be an event, with loss and metrics as measures.

    ::

        model.fit(x, y, callbacks=[PowerCallback(batch_size=32, samples=len(x))])

    Args:
        batch_size, samples: Of the training; a callback does not receive them, and without them nothing per item is
            printed.  `powermeter.watch(model)` finds them itself.
        attributes: Of the events.
    """

    def __init__(self, batch_size: int | None = None, samples: int | None = None, **attributes: Any) -> None:
        super().__init__()
        self._samples = BatchSizes(samples, batch_size)
        self._stages = Stages(attributes)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Begin an event `epoch`."""
        self._stages.begin("epoch", self._samples.samples, epoch=epoch + 1)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """End it, with loss and metrics."""
        self._stages.end("epoch", logs)

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Begin an event `step`, of as many batches as run in one execution."""
        together = getattr(self.model, "steps_per_execution", 1) or 1
        self._stages.begin("step", self._samples.of(batch, int(together)))

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """End it."""
        self._stages.end("step")

    def on_train_end(self, logs: Any = None) -> None:
        """End what is open."""
        self._stages.end_all()

    def failed(self, error: BaseException) -> None:
        """End what is open, with the error's name: Keras notifies nobody."""
        self._stages.end_all(error)

    def on_test_begin(self, logs: Any = None) -> None:
        """Begin an event `evaluate`, also inside of `fit`."""
        self._stages.begin("evaluate")

    def on_test_end(self, logs: Any = None) -> None:
        """End it, with loss and metrics."""
        self._stages.end("evaluate", logs)

    def on_predict_begin(self, logs: Any = None) -> None:
        """Begin an event `predict`."""
        self._stages.begin("predict")

    def on_predict_end(self, logs: Any = None) -> None:
        """End it."""
        self._stages.end("predict")


def watch(model: Any, wanted: Watch) -> Any:
    """Return the model: each call, prediction and evaluation is an event, and `fit` has its epochs and steps.

    Raises:
        ConfigurationError: Its layers run inside of a graph, where nothing can stand around them.
    """
    if not hasattr(model, "predict"):
        raise ConfigurationError(
            f"watch takes a Model of Keras, not {type(model).__name__}; watch the model that holds it"
        )
    label = wanted.name or model.name
    found = facts(model)
    whole = {name: Calls(f"{label}.{name}", wanted.n, found, _of_data) for name in WHOLE}
    batch = {name: Calls(f"{label}.{name}", wanted.n, found, batch_of) for name in ON_BATCH}
    batch["train_on_batch"] = Calls(f"{label}.train_on_batch", wanted.n, found, _first)
    batch["test_on_batch"] = Calls(f"{label}.test_on_batch", wanted.n, found, _first)
    calls.wrap_methods(model, (*WHOLE, *ON_BATCH), {**whole, **batch}, wanted.attributes)
    one = Calls(label, wanted.n, found, _first)
    _set(model, "call", _eager(model, model.call, CallKind(label, one.count, wanted.attributes)))
    _set(
        model,
        "fit",
        _fit(model, model.fit, CallKind(f"{label}.fit", Calls("", None, found).count, wanted.attributes)),
    )
    if wanted.layers is not False:
        if keras.backend.backend() != "torch":
            raise ConfigurationError(
                "the layers of a Keras model can be watched with its torch backend only (KERAS_BACKEND=torch): others "
                "run them in one compiled graph"
            )
        parts = {layer.name: layer for layer in model.layers}
        for name in chosen(wanted.layers, list(parts), label):
            kind = CallKind(f"{label}.{name}", lambda *args, **kwargs: None, wanted.attributes)
            _set(parts[name], "call", _eager(parts[name], parts[name].call, kind))
    return model


def facts(model: Any) -> dict[str, Any]:
    """Return parameters, their bytes and data type; nothing where the model is not built yet."""
    weights = model.weights if model.built else []
    return known(
        framework=f"keras {keras.__version__} on {keras.backend.backend()}",
        parameters=model.count_params() if weights else None,
        dtype=str(model.dtype_policy.variable_dtype) if weights else None,
        model_bytes=sum(math.prod(w.shape) * _width(w.dtype) for w in weights) or None,
    )


def _width(dtype: Any) -> int:
    """Return the bytes of a number of a type such as `float32`; 1 of those without a width in their names."""
    digits = "".join(c for c in str(dtype).rpartition(".")[2] if c.isdigit())
    return max(int(digits or 8) // 8, 1)


def _set(holder: Any, name: str, value: Any) -> None:
    object.__setattr__(holder, name, value)  # past the tracking of Keras, which would look into it


def _eager(owner: Any, inner: Callable[..., Any], kind: CallKind) -> Callable[..., Any]:
    @functools.wraps(inner)
    def method(*args: Any, **kwargs: Any) -> Any:
        if _is_tracing():
            return inner(*args, **kwargs)
        return calls.call(owner, inner, kind, args, kwargs)

    return method


def _is_tracing() -> bool:
    """Return whether this call builds a graph, which runs later and without us."""
    if keras.backend.backend() == "tensorflow":
        return not sys.modules["tensorflow"].executing_eagerly()
    if keras.backend.backend() == "jax":
        return not sys.modules["jax"].core.trace_state_clean()
    return False


def _fit(model: Any, inner: Callable[..., Any], kind: CallKind) -> Callable[..., Any]:
    @functools.wraps(inner)
    def fit(x: Any = None, y: Any = None, batch_size: int | None = None, *args: Any, **kwargs: Any) -> Any:
        samples = None if kwargs.get("steps_per_epoch") else _of_data(x)
        if samples is not None:
            samples = math.floor(samples * (1 - float(kwargs.get("validation_split") or 0)))
        ours = PowerCallback(32 if batch_size is None else batch_size, samples, **kind.attributes)
        if len(args) > 2:  # callbacks given by their place
            args = (*args[:2], [*_listed(args[2]), ours], *args[3:])
        else:
            kwargs["callbacks"] = [*_listed(kwargs.get("callbacks")), ours]
        try:
            return calls.call(model, inner, kind, (x, y, batch_size, *args), kwargs)
        except BaseException as error:
            ours.failed(error)
            raise

    return fit


def _listed(callbacks: Any) -> list[Any]:
    if callbacks is None:
        return []
    if isinstance(callbacks, keras.callbacks.CallbackList):
        return [callbacks]
    return list(callbacks) if isinstance(callbacks, (list, tuple)) else [callbacks]


def _first(x: Any = None, *args: Any, **kwargs: Any) -> int | None:
    return batch_of(x)


def _of_data(x: Any = None, *args: Any, **kwargs: Any) -> int | None:
    """Return the number of samples of arrays, whose first dimension they are; None of datasets and generators."""
    if isinstance(x, dict):
        x = next(iter(x.values()), None)
    if isinstance(x, (list, tuple)) and x and hasattr(x[0], "shape"):
        x = x[0]
    shape = getattr(x, "shape", None)
    return int(shape[0]) if shape is not None and len(shape) else None
