"""`watch(model)`: each call of a model of any known framework is an event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from powermeter import registry
from powermeter.errors import ConfigurationError
from powermeter.hooks.calls import Calls, Count, Watch

M = TypeVar("M")


def watch(
    model: M,
    /,
    name: str | None = None,
    *,
    layers: bool | int | str | Sequence[str] = False,
    n: Any = Count.FROM_BATCH,
    example: Any = None,
    **attributes: Any,
) -> M:
    """Return a model whose calls are events: of torch, ONNX Runtime, LiteRT, Keras, scikit-learn, a Flower client, a trainer.

    ::

        model = powermeter.watch(model)

    The number of items comes from the batch; where that is not certain it is not known, and nothing per item is printed.
    What the framework knows of the model (parameters, data type, size of its file, FLOPs) is noted once in each
    recording, as a mark `model`.  Outside a recording the calls are as they were.

    Args:
        model: A model, session, interpreter, estimator, client or trainer; anything else that can be called is tracked.
        name: The events' name; the class's own where None.
        layers: Whether each layer (or step of a pipeline) is an event too: all, those to a depth, or those whose names
            match patterns such as `"encoder.*"`.  `powermeter.layers` finds what each used.
        n: How many items a call stands for, in place of the batch's: a number, None (not known), or a function of the
            call's arguments.
        example: One input, or a tuple of them, from which the FLOPs of a call are counted (torch; it runs once).
        attributes: Of the events.

    Raises:
        ConfigurationError: It cannot be called, or `layers` matches none.
    """
    wanted = Watch(name, layers, n, example, attributes)
    for kind in type(model).__mro__:
        module = kind.__module__
        target = registry.WATCHERS.get(module) or registry.WATCHERS.get(module.partition(".")[0])
        if target is not None:
            found: M = registry.load(target)(model, wanted)
            return found
    if layers:
        raise ConfigurationError(
            f"the layers of {type(model).__name__} are not known here; put powermeter.event around each of them"
        )
    if not callable(model):
        raise ConfigurationError(
            f"watch does not know {type(model).__name__}; put powermeter.event around what it does"
        )
    from powermeter.marking.tracking import name_of, tracked

    label = name or name_of(model)
    tracked_model: M = tracked(model, label, Calls(label, wanted.n, {}).count, attributes)
    return tracked_model
