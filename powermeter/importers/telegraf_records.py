"""Puts the records together that Telegraf wrote of one measurement at one time, a field in each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_KEYS = {"fields", "name", "tags", "timestamp"}


def of_one_time(records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return records, those of Telegraf with the same name, tags and time as one where no field is in two of them."""
    if not all(record.keys() == _KEYS for record in records):
        return list(records)
    found: list[dict[str, Any]] = []
    open_: dict[str, dict[str, Any]] = {}
    for record in records:
        key = repr((record["name"], record["tags"], record["timestamp"]))
        fields, own = record["fields"], open_.get(key)
        if own is None or not isinstance(fields, dict) or not own["fields"].keys().isdisjoint(fields):
            record = {**record, "fields": dict(fields)} if isinstance(fields, dict) else record
            found.append(record)
            if isinstance(fields, dict):
                open_[key] = record
            continue
        own["fields"].update(fields)
    return found
