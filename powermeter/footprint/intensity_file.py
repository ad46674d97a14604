"""Reads saved carbon-intensity files; asks no network.

Known: our own CSV (`timestamp_utc`, `ci_g_per_kwh`, and `basis`, `kind`, `zone`, `estimated` where there
are such), Electricity Maps CSV (both headers), history and forecast JSON, UK Carbon Intensity API JSON
(national and regional), WattTime v3 JSON (history and forecast).  A time without an offset is refused:
summer time would double an hour.

Marginal and average are distinguished in each: Electricity Maps and the UK publish averages (a column or
field called marginal is taken at its word), WattTime's `co2_moer` is marginal and its `co2_aoer` average,
and our own CSV states so in `kind`, or the file is read as average and the account states that nobody stated it.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from powermeter.errors import ConfigurationError, DataError

from .hourly_intensity import Intensity

G_PER_KWH_OF_LB_PER_MWH = 0.45359237
LONGEST = 64 * 1024 * 1024
_TRUE = {"true", "1", "yes", "y"}
_SIGNALS = {"co2_moer": "marginal", "co2_aoer": "average"}
"""WattTime's signals that are intensities of carbon: marginal and average operating emissions rate."""


def read(path: str | Path, basis: str = "lifecycle") -> Intensity:
    """Return the series of a saved file.

    Args:
        path: CSV or JSON.
        basis: `lifecycle` or `direct`, where a file holds both.

    Raises:
        ConfigurationError: There is no such file, or no such basis.
        DataError: It is none of the known formats, or an entry cannot be used; names the line.
    """
    path = Path(path)
    if basis not in ("lifecycle", "direct"):
        raise ConfigurationError(f"no basis {basis!r}; it is lifecycle or direct")
    try:
        if path.stat().st_size > LONGEST:
            raise DataError(f"{path.name}: larger than 64 MiB, which no intensity file is")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path.name}: not text in UTF-8") from error
    if text.lstrip().startswith(("{", "[")):
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path.name}: not usable JSON ({error})") from error
        return _from_json(data, path.name)
    return _from_csv(text, path.name, basis)


def parse_time(text: Any, where: str, *, naive_is_utc: bool = False) -> int:
    """Return UTC nanoseconds of an ISO 8601 time.

    Raises:
        DataError: It is none, or has neither offset nor Z.
    """
    try:
        moment = datetime.fromisoformat(str(text).strip().replace("Z", "+00:00").replace("z", "+00:00"))
    except ValueError as error:
        raise DataError(f"{where}: {str(text)[:40]!r} is not an ISO 8601 time") from error
    if moment.tzinfo is None:
        if not naive_is_utc:
            raise DataError(
                f"{where}: {str(text)[:40]!r} has no offset; write it with Z or +00:00, "
                "since a local time is doubled when summer time ends"
            )
        moment = moment.replace(tzinfo=timezone.utc)
    since = moment - datetime(1970, 1, 1, tzinfo=timezone.utc)
    return (since.days * 86400 + since.seconds) * 1_000_000_000 + since.microseconds * 1000


def _number(value: Any, where: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise DataError(f"{where}: {str(value)[:40]!r} is not a number") from error
    if not math.isfinite(number):
        raise DataError(f"{where}: {number} is not finite")
    return number


def _from_csv(text: str, name: str, basis: str) -> Intensity:
    try:
        lines = list(csv.DictReader(io.StringIO(text)))
    except csv.Error as error:
        raise DataError(f"{name}: not usable CSV ({error})") from error
    if not lines:
        raise DataError(f"{name}: no rows")
    columns = {str(column).strip().casefold().replace("₂", "2"): column for column in lines[0] if column}
    if "timestamp_utc" in columns and "ci_g_per_kwh" in columns:
        return _own_csv(lines, columns, name)
    if "datetime (utc)" in columns:
        return _electricity_maps_csv(lines, columns, name, basis)
    raise DataError(
        f"{name}: columns {', '.join(list(columns)[:6])} are not known; "
        "wanted are timestamp_utc and ci_g_per_kwh"
    )


def _one(rows: Iterable[Mapping[str, Any]], column: str | None, what: str, name: str, otherwise: str) -> str:
    """Return the one value of a column that must not change."""
    if column is None:
        return otherwise
    found = {str(row.get(column) or "").strip().casefold() or otherwise for row in rows}
    if len(found) > 1:
        raise DataError(
            f"{name}: {what} changes ({', '.join(sorted(found)[:3])}); never mixed in one account"
        )
    return found.pop()


def _own_csv(rows: list[dict[str, str]], columns: Mapping[str, str], name: str) -> Intensity:
    kind = _one(rows, columns.get("kind"), "kind", name, "average")
    basis = _one(rows, columns.get("basis"), "basis", name, "lifecycle")
    if kind not in ("average", "marginal"):
        raise DataError(f"{name}: kind {kind!r} is neither average nor marginal")
    if basis not in ("lifecycle", "direct"):
        raise DataError(f"{name}: basis {basis!r} is neither lifecycle nor direct")
    points = []
    for line, row in enumerate(rows, start=2):
        where = f"{name}, line {line}"
        at = parse_time(row[columns["timestamp_utc"]], where)
        points.append((at, _number(row[columns["ci_g_per_kwh"]], where)))
    estimated = columns.get("estimated")
    zone = _one(rows, columns.get("zone"), "zone", name, "").upper()
    unstated = [what for what in ("kind", "basis") if what not in columns]
    note = f"{' and '.join(unstated)} not stated in the file, read as {basis} {kind}" if unstated else ""
    return Intensity.of(
        name, points, kind=kind, basis=basis, zone=zone, estimated=_count(rows, estimated), note=note
    )


def _count(rows: Iterable[Mapping[str, Any]], column: str | None) -> int:
    if column is None:
        return 0
    return sum(str(row.get(column) or "").strip().casefold() in _TRUE for row in rows)


def _electricity_maps_csv(
    rows: list[dict[str, str]], columns: Mapping[str, str], name: str, basis: str
) -> Intensity:
    words = ("life cycle", "lca") if basis == "lifecycle" else ("direct",)
    value = next(
        (
            column
            for key, column in columns.items()
            if "carbon intensity" in key and any(word in key for word in words)
        ),
        None,
    )
    if value is None:
        raise DataError(f"{name}: no {basis} column of carbon intensity")
    points = []
    for line, row in enumerate(rows, start=2):
        if not str(row[value] or "").strip():
            continue  # an hour the file leaves empty is a gap, not a zero
        where = f"{name}, line {line}"
        at = parse_time(row[columns["datetime (utc)"]], where, naive_is_utc=True)
        points.append((at, _number(row[value], where)))
    zone = _one(rows, columns.get("zone id"), "zone", name, "").upper()
    estimated = _count(rows, columns.get("data estimated"))
    kind = "marginal" if "marginal" in value.casefold() else "average"
    return Intensity.of(name, points, kind=kind, basis=basis, zone=zone, estimated=estimated)


def _from_json(data: Any, name: str) -> Intensity:
    if isinstance(data, dict) and isinstance(data.get("meta"), dict) and "signal_type" in data["meta"]:
        return _watttime(data, name)
    if isinstance(data, dict) and isinstance(data.get("history"), list):
        return _electricity_maps_json(data["history"], name, str(data.get("zone") or ""))
    if isinstance(data, dict) and isinstance(data.get("forecast"), list):
        return _electricity_maps_json(data["forecast"], name, str(data.get("zone") or ""), forecast=True)
    entries = data.get("data") if isinstance(data, dict) else data
    if (
        isinstance(entries, list)
        and entries
        and isinstance(entries[0], dict)
        and {"carbonIntensity", "marginalCarbonIntensity"} & set(entries[0])
    ):
        zone = str(data.get("zone") or "") if isinstance(data, dict) else ""
        return _electricity_maps_json(entries, name, zone)
    if isinstance(entries, (list, dict)):
        return _uk(entries, name)
    raise DataError(f"{name}: no saved answer of Electricity Maps, the UK Carbon Intensity API or WattTime")


def _field(entry: Any, key: str, where: str) -> Any:
    if not isinstance(entry, dict) or key not in entry:
        raise DataError(f"{where}: no {key!r}")
    return entry[key]


def _electricity_maps_json(
    entries: list[Any], name: str, zone: str = "", forecast: bool = False
) -> Intensity:
    points, estimated, zones = [], 0, set()
    first = entries[0] if entries and isinstance(entries[0], dict) else {}
    field = "marginalCarbonIntensity" if "marginalCarbonIntensity" in first else "carbonIntensity"
    for number, entry in enumerate(entries, start=1):
        where = f"{name}, entry {number}"
        value = _field(entry, field, where)
        if value is None:
            continue
        points.append((parse_time(_field(entry, "datetime", where), where), _number(value, where)))
        estimated += forecast or entry.get("isEstimated") is True
        zones.add(str(entry.get("zone") or zone))
    if len(zones) > 1:
        raise DataError(f"{name}: several zones ({', '.join(sorted(zones)[:3])}); save one at a time")
    basis = _same(entries, "emissionFactorType", "lifecycle", ("lifecycle", "direct"), name)
    stated = _same(entries, "kind", "average", ("average", "marginal"), name)
    kind = "marginal" if field.startswith("marginal") else stated
    found = zones.pop() if zones else zone
    return Intensity.of(name, points, kind=kind, basis=basis, zone=found, estimated=estimated)


def _same(entries: Iterable[Mapping[str, Any]], key: str, usual: str, known: Iterable[str], name: str) -> str:
    """Return the one value of a field that must not change from entry to entry."""
    found = {str(entry.get(key) or usual) for entry in entries} or {usual}
    if len(found) > 1:
        raise DataError(f"{name}: {' and '.join(sorted(found)[:2])} values are mixed; save one at a time")
    value = found.pop()
    if value not in known:
        raise DataError(f"{name}: {key} {value[:30]!r} is neither {' nor '.join(known)}")
    return value


def _uk(entries: Any, name: str) -> Intensity:
    zone, direct = "GBR", entries
    for _ in range(4):  # regional answers nest the half hours one to three levels deep
        if isinstance(direct, list):
            if not direct or (isinstance(direct[0], dict) and "from" in direct[0]):
                break
            if len(direct) > 1:
                raise DataError(f"{name}: several regions; save one at a time")
            direct = direct[0]
        direct, region = _field(direct, "data", name), direct
        zone = f"GBR {region.get('shortname') or ''}".strip()
    if not isinstance(direct, list):
        raise DataError(f"{name}: no list of half hours")
    points, forecast, steps = [], 0, set()
    for number, entry in enumerate(direct, start=1):
        where = f"{name}, entry {number}"
        start = parse_time(_field(entry, "from", where), where)
        end = parse_time(_field(entry, "to", where), where)
        if end <= start:
            raise DataError(f"{where}: it ends at or before its start")
        steps.add(end - start)
        intensity = _field(entry, "intensity", where)
        value = intensity.get("actual") if isinstance(intensity, dict) else None
        if value is None:
            value = _field(intensity, "forecast", where)
            forecast += 1
        if value is None:
            continue
        points.append((start, _number(value, where)))
    if len(steps) > 1:
        raise DataError(f"{name}: intervals of different lengths")
    return Intensity.of(
        name, points, steps.pop() if steps else None, basis="direct", zone=zone, estimated=forecast
    )


def _watttime(data: Mapping[str, Any], name: str) -> Intensity:
    meta = data["meta"]
    signal, units = meta.get("signal_type"), meta.get("units")
    if signal not in _SIGNALS or units not in ("lbs_co2_per_mwh", "g_co2_per_kwh"):
        raise DataError(
            f"{name}: signal {signal!r} in {units!r} is not a carbon intensity; "
            f"wanted is {' or '.join(_SIGNALS)} in lbs_co2_per_mwh"
        )
    scale = G_PER_KWH_OF_LB_PER_MWH if units == "lbs_co2_per_mwh" else 1.0
    entries = data.get("data")
    if not isinstance(entries, list):
        raise DataError(f"{name}: no list of points")
    points = []
    for number, entry in enumerate(entries, start=1):
        where = f"{name}, entry {number}"
        if isinstance(entry, dict) and isinstance(entry.get("forecast"), list):
            raise DataError(f"{where}: several forecasts in one file; save the one you mean")
        at = parse_time(_field(entry, "point_time", where), where)
        points.append((at, scale * _number(_field(entry, "value", where), where)))
    seconds = meta.get("data_point_period_seconds")
    step = int(_number(seconds, name) * 1e9) if seconds else None
    forecast = len(points) if meta.get("generated_at") else 0
    return Intensity.of(
        name,
        points,
        step,
        kind=_SIGNALS[signal],
        basis="direct",
        zone=str(meta.get("region") or ""),
        estimated=forecast,
    )
