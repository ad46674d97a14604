"""Marks what is over already: an event that somebody else stamped, or reported afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from powermeter.marking import destinations, json_text, ring
from powermeter.marking import span as spans
from powermeter.marking.event_log import EventLog, uids
from powermeter.marking.item_count import as_count


def mark_past(
    log: EventLog,
    name: str,
    start_ns: int,
    end_ns: int,
    count: float | None,
    attributes: Mapping[str, Any],
    parent: int = 0,
    uid: int = 0,
) -> None:
    """Write an event, or an instant where both times are equal.

    Args:
        attributes: The key `@measures` holds its measures.
        parent: The number of the event of this process around it; 0 for none.
        uid: Its own number; 0 for the next.
    """
    made = spans.span(name, count, dict(attributes))
    made.uid, made.parent_uid, made.task = uid or uids(), parent, 0
    text = log.named(name)
    if made.attributes:
        text += b"\0" + json_text.encode(made.attributes)
    kind = ring.INSTANT if start_ns == end_ns else ring.EVENT
    log.write(made, kind, ring.HAS_COUNT, text, start_ns, as_count(count), end_ns - start_ns)


def mark_past_here(
    name: str, start_ns: int, end_ns: int, count: float | None, attributes: Mapping[str, Any]
) -> None:
    """Write an event of this program, which ends now, inside the event that runs; nothing outside a recording."""
    if spans.attached() is None:
        return
    parent, extra = spans.around()
    uid = uids()
    for log in destinations.logs_here():
        mark_past(log, name, start_ns, end_ns, count, {**extra, **attributes}, parent, uid)
