"""Power rails of phones: the readings that Perfetto's own tests state, and what energy may be made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from publication import Figure, Publication, Source, figure, unpublished
from store import Store

from powermeter import PowermeterError, Quantity, Recording, Result, analyse
from powermeter.importers import convert

REPOSITORY = Source("google/perfetto", "ec5d16b14b34", "Apache-2.0")
TRACES = "*.pb"
READINGS = {
    "power_rails": ("333", "666"),
    "power_rails_custom_clock": ("333", "666", "999", "0"),
}
"""Of `test_rail` in µJ, as tests_power_rails.py lists them in time; the fall from 333 to 0 at one stamp is left out."""


def figures(stores: Mapping[str, Store], folder: Path) -> Iterator[Figure]:
    """Yield each reading that is kept, and the energy of each trace or why there is none."""
    store = stores[REPOSITORY.name]
    for name in store.match(TRACES):
        title = Path(name).stem
        trace = store.copy(name, folder)
        try:
            convert(trace, trace.with_suffix(".power"), format="perfetto")
        except PowermeterError as error:
            yield Figure("no energy", title, "", None, None, str(error).replace(str(folder), "").lstrip("/"))
            continue
        with Recording.open(trace.with_suffix(".power")) as recording:
            source = recording.sources[0]
            counter = next(
                one for one in source.channels if one.quantity is Quantity.ENERGY and "rail2" not in one.name
            )
            codes = recording.samples(source.id).codes[counter.name]
            kept = sorted({round(float(code) * counter.scale * 1e6) for code in codes})
        for printed in READINGS.get(title, ()):
            near = min(kept, key=lambda value: abs(value - float(printed)))
            yield figure(
                "readings", f"{title}: a reading of test_rail", printed, "uJ", Result.of(near * 1e-6, "J")
            )
        found = analyse(trace.with_suffix(".power"))
        yield unpublished("energy", f"{title}: from its counter, which falls back once", found.energy)


PUBLICATION = Publication(
    "Perfetto: power rails of phones",
    "google/perfetto, test/trace_processor/diff_tests/parser/power",
    (REPOSITORY,),
    figures,
    ("test/trace_processor/diff_tests/parser/power/*", TRACES),
    (
        "The traces are built from the text that the tests hold; where only one reading is in a trace there is no energy.",
    ),
)
