"""Estimators of scikit-learn: each `fit`, `predict`, `transform` … is an event of as many items as there are samples.

A watched estimator is of a subclass of its class, made on the spot, so that `clone`, `get_params`, `GridSearchCV` and
pickling keep what is watched; the worker processes of joblib make the same class again.
"""

from __future__ import annotations

import functools
import pickle
from collections.abc import Mapping
from typing import Any

from powermeter.hooks.calls import CallKind, Calls, Watch, call, chosen, known

METHODS = (
    "fit",
    "fit_predict",
    "fit_transform",
    "inverse_transform",
    "partial_fit",
    "predict",
    "predict_log_proba",
    "predict_proba",
    "score",
    "score_samples",
    "decision_function",
    "transform",
)

LEARNING = ("fit", "fit_predict", "fit_transform", "partial_fit")
"""Before these, there is nothing to note of the model."""


def watch(estimator: Any, wanted: Watch) -> Any:
    """Return the estimator, whose methods are events: `SVC.fit`, `SVC.predict`."""
    label = wanted.name or type(estimator).__name__
    steps = getattr(estimator, "steps", None)
    if wanted.layers is not False and steps:
        inner = [name for name, step in steps if hasattr(step, "get_params")]
        for name in chosen(wanted.layers, inner, label):
            step = dict(steps)[name]
            watch(step, Watch(f"{label}.{name}", n=wanted.n, attributes=wanted.attributes))
    estimator.__class__ = _watched(type(estimator), label, wanted.n, tuple(wanted.attributes.items()))
    return estimator


def samples(X: Any = None, *args: Any, **kwargs: Any) -> int | None:
    """Return the number of samples, which is what comes first in scikit-learn."""
    shape = getattr(X, "shape", None)
    if shape is not None:
        return int(shape[0]) if len(shape) else None
    return len(X) if isinstance(X, (list, tuple)) else None


def facts(estimator: Any) -> dict[str, Any]:
    """Return what a fitted estimator can be asked for: numbers learned, and its size when it is saved."""
    import numpy as np
    import sklearn

    learned = [value for name, value in vars(estimator).items() if name.endswith("_")]
    arrays = [value for value in learned if isinstance(value, np.ndarray) and value.dtype.kind == "f"]
    return known(
        framework=f"scikit-learn {sklearn.__version__}",
        parameters=sum(value.size for value in arrays) or None,
        model_bytes=_size_saved(estimator),
    )


def _size_saved(estimator: Any) -> int | None:
    try:
        return len(pickle.dumps(estimator))
    except Exception:  # noqa: BLE001 – somebody else's object
        return None


class _Method:
    """A method of a watched class."""

    def __init__(self, name: str, made: type, calls: Calls, attributes: Mapping[str, Any]) -> None:
        self._name, self._made, self._calls = name, made, calls
        self._kind = CallKind(f"{calls.label}.{name}", calls.count, attributes)

    def __get__(self, owner: Any, kind: type | None = None) -> Any:
        if owner is None:
            return getattr(self._made.__mro__[1], self._name)
        inner = getattr(super(self._made, owner), self._name)

        @functools.wraps(inner)
        def method(*args: Any, **kwargs: Any) -> Any:
            if self._name not in LEARNING:
                self._calls.note(lambda: facts(owner))
            return call(owner, inner, self._kind, args, kwargs)

        return method


_made: dict[tuple[Any, ...], type] = {}


def _watched(base: type, label: str, n: Any, attributes: tuple[tuple[str, Any], ...]) -> type:
    """Return the subclass that is watched; one for each class, name and way to count."""
    base = getattr(base, "_powermeter_base", base)
    key = (base, label, repr(n), repr(attributes))
    if key not in _made:
        calls = Calls(label, n, {}, samples)
        names: Mapping[str, Any] = {
            "__module__": base.__module__,
            "__qualname__": base.__qualname__,
            "__doc__": base.__doc__,
            "__reduce_ex__": _reduce,
            "_powermeter_base": base,
            "_powermeter_made_of": (base, label, n, attributes),
        }
        made = type(base)(base.__name__, (base,), dict(names))
        for method in METHODS:
            if hasattr(base, method):
                setattr(made, method, _Method(method, made, calls, dict(attributes)))
        _made[key] = made
    return _made[key]


def _reduce(self: Any, protocol: Any) -> tuple[Any, ...]:
    state = self.__getstate__() if hasattr(self, "__getstate__") else dict(self.__dict__)
    return _again, type(self)._powermeter_made_of, state


def _again(base: type, label: str, n: Any, attributes: tuple[tuple[str, Any], ...]) -> Any:
    made: Any = _watched(base, label, n, attributes)
    return made.__new__(made)
