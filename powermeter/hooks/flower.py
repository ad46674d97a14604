"""Flower: each round of a client is an event, with its samples and the bytes it received and sent as measures.

A round counts as one, whatever the samples in it: what a battery carries is rounds.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from powermeter.errors import ConfigurationError
from powermeter.hooks.calls import Watch
from powermeter.hooks.stages import numbers
from powermeter.marking.span import attached, span

ROUND = ("server_round", "server-round", "round", "current_round")
"""Where strategies write the number of the round in a client's configuration."""


def power_mod(message: Any, context: Any, call_next: Callable[[Any, Any], Any]) -> Any:
    """Have each message that a client answers be an event: `ClientApp(client_fn, mods=[power_mod])`."""
    if attached() is None:
        return call_next(message, context)
    made = span(str(message.metadata.message_type).partition(".")[0], 1, {})
    if message.metadata.group_id:
        made.attributes["round"] = str(message.metadata.group_id)
    with made:
        received = bytes_of(message.content)
        reply = call_next(message, context)
        made.measure(received_b=received, **_of_reply(reply))
    return reply


def _of_reply(reply: Any) -> dict[str, float]:
    """Return the bytes of a reply, and the metrics in it."""
    if getattr(reply, "has_error", lambda: False)():
        return {}
    found: dict[str, float] = {"sent_b": bytes_of(reply.content)}
    for record in getattr(reply.content, "metric_records", {}).values():
        found.update(numbers(record))
    return found


def bytes_of(content: Mapping[str, Any]) -> int:
    """Return the bytes of a message's records."""
    return sum(int(record.count_bytes()) for record in content.values())


def watch(client: Any, wanted: Watch) -> Any:
    """Return the client, whose `fit` and `evaluate` are events of one round each.

    Raises:
        ConfigurationError: It is not a `NumPyClient`.
    """
    from flwr.client import NumPyClient

    if wanted.layers is not False or not isinstance(client, NumPyClient):
        raise ConfigurationError(
            f"watch takes a NumPyClient of Flower, not {type(client).__name__}; for a ClientApp, put power_mod into its mods"
        )
    for method in ("fit", "evaluate"):
        name = f"{wanted.name}.{method}" if wanted.name else method
        inner = getattr(client, method)
        if not getattr(inner, "is_round", False):
            setattr(client, method, _round(name, inner, wanted))
    return client


def _round(name: str, inner: Callable[..., Any], wanted: Watch) -> Callable[..., Any]:
    @functools.wraps(inner)
    def method(parameters: Any, config: Any) -> Any:
        if attached() is None:
            return inner(parameters, config)
        number = next((config[key] for key in ROUND if isinstance(config, Mapping) and key in config), None)
        about = dict(wanted.attributes) if number is None else {"round": number, **wanted.attributes}
        with span(name, 1, about) as made:
            result = inner(parameters, config)
            made.measure(received_b=_size(parameters), **_results(result))
        return result

    method.is_round = True  # type: ignore[attr-defined]  # so that watching it again changes nothing
    return method


def _results(result: Any) -> dict[str, float]:
    """Return the measures of what a client answers: (arrays or loss, samples, metrics)."""
    try:
        first, samples, metrics = result
    except (TypeError, ValueError):
        return {}
    sent = {"loss": first} if isinstance(first, (int, float)) else {"sent_b": _size(first)}
    return {**numbers(metrics), **numbers({"samples": samples, **sent})}


def _size(arrays: Any) -> int:
    return sum(int(getattr(one, "nbytes", 0)) for one in arrays) if isinstance(arrays, Iterable) else 0
