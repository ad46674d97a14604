"""Every sample of a recording as OpenMetrics text, the exposition format of Prometheus with time stamps.

`promtool tsdb create-blocks-from openmetrics` takes it.  A family is named by quantity and unit
(`powermeter_current_amperes`), as Prometheus' naming rules have it; source, channel and rail are labels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import IO

from powermeter.channel import Channel, Kind, Quantity
from powermeter.errors import printable
from powermeter.recording import Recording, SourceInfo

from .wall_clock import stamped

UNITS = {
    Quantity.VOLTAGE: "volts",
    Quantity.CURRENT: "amperes",
    Quantity.POWER: "watts",
    Quantity.ENERGY: "joules",
    Quantity.CHARGE: "coulombs",
    Quantity.TEMPERATURE: "celsius",
    Quantity.LOAD: "ratio",
    Quantity.FREQUENCY: "hertz",
    Quantity.MARKER: "",
}
_ESCAPED = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def write_prometheus(recording: Recording, file: IO[bytes]) -> None:
    """Write every sample of an open recording, a family after the other as the format asks.

    Raises:
        DataError: The recording does not know the time of day.
    """
    families: dict[str, list[tuple[SourceInfo, Channel]]] = {}
    for about in recording.sources:
        for channel in about.channels:
            families.setdefault(_family(channel), []).append((about, channel))
    for family, series in families.items():
        unit = UNITS[series[0][1].quantity]
        counter = series[0][1].kind is Kind.COUNTER
        head = [f"# TYPE {family} {'counter' if counter else 'gauge'}"]
        head += [f"# UNIT {family} {unit}"] if unit else []
        file.write(("\n".join(head) + "\n").encode())
        name = f"{family}_total" if counter else family
        for about, channel in series:
            for block in _lines(recording, about, channel, name):
                file.write(block.encode("utf-8", "replace"))
    file.write(b"# EOF\n")


def _family(channel: Channel) -> str:
    words = ["powermeter", channel.quantity.value, UNITS[channel.quantity]]
    if channel.kind is Kind.COUNTER:
        words.insert(2, "counter")
    return "_".join(word for word in words if word)


def _lines(recording: Recording, about: SourceInfo, channel: Channel, name: str) -> Iterator[str]:
    labels = {"source": about.name or about.url, "channel": channel.name}
    if channel.rail is not None:
        labels["rail"] = channel.rail.name
    inside = ",".join(f'{key}="{printable(value).translate(_ESCAPED)}"' for key, value in labels.items())
    series = f"{name}{{{inside}}}"
    for stamps, samples in stamped(recording, about):
        pairs = zip(stamps.tolist(), samples.values(channel).tolist(), strict=True)
        yield "".join(
            f"{series} {value!r} {at // 1_000_000_000}.{at % 1_000_000_000:09d}\n"
            for at, value in pairs
            if not math.isnan(value)
        )
