"""Models of torch: each call of a module is an event, and of its layers where asked for."""

from __future__ import annotations

from collections import Counter
from typing import Any

import torch

from powermeter.errors import ConfigurationError
from powermeter.hooks.calls import Calls, Watch, chosen, known
from powermeter.marking.tracking import tracked


def watch(model: Any, wanted: Watch) -> Any:
    """Return the module with hooks that begin and end events; it compiles, exports and is saved as before.

    A scripted or traced module takes no hooks: what is returned stands in for it.

    Raises:
        ConfigurationError: The layers of such a module are asked for, or `layers` matches none.
    """
    label = wanted.name or type(model).__name__
    calls = Calls(label, wanted.n, facts(model, wanted.example), None if _leads(model) else _unknown)
    if isinstance(model, torch.jit.ScriptModule):
        if wanted.layers is not False:
            raise ConfigurationError(
                "the layers of a scripted module take no hooks; watch the module that was scripted"
            )
        return tracked(model, label, calls.count, dict(wanted.attributes))
    tracked(model, label, calls.count, dict(wanted.attributes))
    if wanted.layers is not False:
        parts = {name: part for name, part in model.named_modules() if name}
        for name in chosen(wanted.layers, list(parts), label):
            tracked(parts[name], f"{label}.{name}", None, dict(wanted.attributes))
    return model


def _leads(model: Any) -> bool:
    """Return whether the first dimension of a module's inputs is the batch's: recurrent ones and attention have a choice."""
    return bool(getattr(model, "batch_first", True))


def _unknown(*args: Any, **kwargs: Any) -> None:
    return None


def facts(model: Any, example: Any = None) -> dict[str, Any]:
    """Return parameters, data type, bytes of the parameters and buffers, and FLOPs of a call where there is an example.

    FLOPs are those that `torch.utils.flop_counter` knows: products of matrices, convolutions, attention; a
    multiplication and an addition count as two.
    """
    weights = list(model.parameters())
    if any(isinstance(one, torch.nn.parameter.UninitializedParameter) for one in weights):
        return {}  # a lazy module has no shape before its first call
    dtypes = Counter(str(one.dtype).removeprefix("torch.") for one in weights)
    held = [*weights, *model.buffers()]
    return known(
        framework=f"torch {torch.__version__}",
        parameters=sum(one.numel() for one in weights),
        dtype="+".join(name for name, _ in dtypes.most_common()) or None,
        model_bytes=sum(one.numel() * one.element_size() for one in held),
        flops=None if example is None else flops(model, example),
    )


def flops(model: Any, example: Any) -> int:
    """Return the FLOPs of one call with `example`, an input or a tuple of inputs; the model runs once, in `eval`."""
    from torch.utils.flop_counter import FlopCounterMode

    inputs = example if isinstance(example, tuple) else (example,)
    was_training = model.training
    model.eval()
    counter = FlopCounterMode(display=False)
    try:
        with torch.no_grad(), counter:
            model(**example) if isinstance(example, dict) else model(*inputs)
    finally:
        model.train(was_training)
    return int(counter.get_total_flops())
