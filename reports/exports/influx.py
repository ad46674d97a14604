"""Every sample of a recording as InfluxDB line protocol: a line per reading of a source, stamped in ns since 1970."""

from __future__ import annotations

import math
import re
from typing import IO

from powermeter.errors import printable
from powermeter.recording import Recording

from .wall_clock import stamped

_SPECIAL = re.compile(r"([,= \\])")


def write_influx(recording: Recording, file: IO[bytes]) -> None:
    """Write every sample of an open recording: measurement `powermeter`, tag `source`, a field per channel and `flags`.

    Raises:
        DataError: The recording does not know the time of day.
    """
    for about in recording.sources:
        tag = escaped(about.name or about.url)
        keys = [escaped(channel.name) for channel in about.channels]
        for stamps, samples in stamped(recording, about):
            columns = [samples.values(channel).tolist() for channel in about.channels]
            lines = []
            for at, flags, *values in zip(stamps.tolist(), samples.flags.tolist(), *columns, strict=True):
                fields = [
                    f"{key}={value!r}"
                    for key, value in zip(keys, values, strict=True)
                    if not math.isnan(value)
                ]
                lines.append(f"powermeter,source={tag} {','.join([*fields, f'flags={flags}i'])} {at}\n")
            file.write("".join(lines).encode("utf-8", "replace"))


def escaped(text: str) -> str:
    """Return a tag value or field key: comma, equals sign, space and backslash escaped, nothing that ends the line."""
    return _SPECIAL.sub(r"\\\1", printable(text)) or "unnamed"
