"""KM003C: a real answer of the meter, decoded by us, beside what the authors of a Rust library read in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from publication import Figure, Publication, Source, figure
from store import Store

from powermeter import PowermeterError, Result, analyse
from powermeter.drivers.km003c import decode
from powermeter.importers import convert

REPOSITORY = Source("okhsunrog/km003c-rs", "97555a8643402d2e86e1dbd3f4951460764ded4f", "MIT or Apache-2.0")
FRAMES = "km003c-lib/tests/common/mod.rs"
EXPORTS = "*.sqlite"
_FRAME = re.compile(r"REAL_ADC_RESPONSE: &\[u8\] = &\[(.*?)\]", re.DOTALL)
EXPECTED = {"voltage": ("5.054", "V"), "current": ("-0.090", "A"), "power": ("-0.457", "W")}
"""From km003c-lib/tests/adc_tests.rs, test_adc_response_parsing_real_data, each to ±0.001."""


def figures(stores: Mapping[str, Store], folder: Path) -> Iterator[Figure]:
    """Yield the frame's voltage, current and power, and each export's energy."""
    store = stores[REPOSITORY.name]
    for name in store.match(FRAMES):
        found = _FRAME.search(store.text(name))
        if found is None:
            continue
        frame = decode(bytes(int(value, 16) for value in re.findall(r"0x([0-9a-fA-F]{2})", found.group(1))))
        volts, amperes = frame.voltage_uv / 1e6, frame.current_ua / 1e6
        for quantity, value in (("voltage", volts), ("current", amperes), ("power", volts * amperes)):
            printed, unit = EXPECTED[quantity]
            yield figure("a frame", quantity, printed, unit, Result.of(value, unit), plus_minus=0.001)
    for name in store.match(EXPORTS):
        file = store.copy(name, folder)
        try:
            convert(file, file.with_suffix(".power"))
        except PowermeterError as error:
            yield Figure(
                "exports of the maker's program",
                Path(name).name,
                "",
                None,
                None,
                str(error).replace(str(folder), ""),
            )
            continue
        energy = analyse(file.with_suffix(".power")).energy
        yield Figure(
            "exports of the maker's program", f"{Path(name).name}: energy, not published", "", energy, None
        )


PUBLICATION = Publication(
    "POWER-Z KM003C: frames and exports",
    "okhsunrog/km003c-rs, the library's own tests on a real answer",
    (REPOSITORY,),
    figures,
    (FRAMES, EXPORTS),
)
