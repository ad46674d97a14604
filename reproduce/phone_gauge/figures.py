"""A phone benchmark whose gauge says nothing: one reading a row, a charge counter at 0, mean power below zero."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from publication import Figure, Publication, unpublished
from store import Store

from powermeter import PowermeterError, analyse
from powermeter.comparison.claims import Agreement
from powermeter.importers import Choices, convert

LOG = """\
model,run,tokens_per_s,mean_power_mW,charge_counter_uAh,battery_level
tiny-q4,1,0,-38,0,81
tiny-q4,2,0,12,0,81
tiny-q4,3,0,26,0,81
small-q4,1,0,-5,0,80
small-q4,2,0,19,0,80
"""
"""The shape of such a log: rows are finished runs, not readings; the counter never moves."""
COUNTER = "time_s,charge_counter_uAh,voltage_mV\n" + "".join(f"{t},0,4012\n" for t in range(60))
NEGATIVE = "time_s,power_mW\n" + "".join(
    f"{t},{value}\n" for t, value in enumerate((-38, 12, 26, -5, 19, -21, 3, -17))
)


def figures(stores: Mapping[str, Store], folder: Path) -> Iterator[Figure]:
    """Yield what becomes of the table, of a counter that stays at 0, and of powers around 0."""
    for title, text, choices in (
        ("a table of finished runs", LOG, Choices()),
        ("a charge counter that stays at 0", COUNTER, Choices()),
        ("powers around 0", NEGATIVE, Choices()),
    ):
        log = folder / f"{title.replace(' ', '_')}.csv"
        log.write_text(text)
        try:
            convert(log, log.with_suffix(".power"), choices=choices)
            found = analyse(log.with_suffix(".power"))
        except PowermeterError as error:
            why = str(error).replace(str(folder), "").lstrip("/")
            yield Figure("refused", title, "", None, None, why)
            continue
        sure = found.energy.low > 0
        yield unpublished(
            "not refused", title, found.energy, "; ".join(str(note) for note in found.notes)[:400]
        )
        if sure:
            yield Figure(
                "a number from nothing",
                title,
                "",
                found.energy,
                Agreement.DIFFERS,
                "an energy above 0 was made of it",
            )


PUBLICATION = Publication(
    "A phone's gauge that reports nothing",
    "The shape of a phone benchmark's log, written here; its data carry no licence",
    (),
    figures,
    (),
    ("It must end as 'not an energy', with the reason.",),
)
