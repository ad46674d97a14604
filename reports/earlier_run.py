"""An earlier run beside this one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from powermeter.analysis.item_count import WHOLE
from powermeter.analysis.label_row import LabelRow
from powermeter.errors import DataError
from powermeter.result import Result
from powermeter.result.formatting import Shown
from powermeter.result.notes import Note

from .comparison_numbers import in_print
from .report_options import ReportOptions
from .wording import verdict_text

if TYPE_CHECKING:
    from powermeter.comparison.compare import Comparison


@dataclass(frozen=True, slots=True)
class Against:
    """An earlier run beside this one.

    Attributes:
        name: The earlier recording's.
        label: What is compared.
        quantity: What is compared: `energy` (of an item), or `power`, of runs in which nothing is marked.
        earlier, now: The earlier run's mean and this one's, in J or W.
        difference: The second less the first, in print.
        verdict: As a table prints it: `less`, `same within 2 %`; `runs: less` where only these runs are known.
        text: Change and interval in words.
        notes: What a reader must know of the comparison.
        comparison: The whole of it.
    """

    name: str
    label: str
    quantity: str
    earlier: Result
    now: Result
    difference: Shown
    verdict: str
    text: str
    notes: tuple[Note, ...]
    comparison: Comparison


def set_against(path: Path, headline: LabelRow | None, options: ReportOptions) -> Against | None:
    """Return an earlier run beside this one, or None where none is asked for.

    Raises:
        DataError: The two have nothing to compare.
    """
    if options.against is None:
        return None
    from powermeter.comparison.compare import compare
    from powermeter.comparison.options import CompareOptions

    counted = options.items is not None or options.per is not None
    found = compare(
        options.against,
        path,
        label=headline.label if headline is not None else WHOLE if counted else None,
        by=tuple(headline.group) if headline is not None else options.groups,
        rail=options.rail,
        baseline=options.baseline,
        options=CompareOptions(items=(options.items, options.items), per=options.per),
    )
    wanted = headline.title if headline is not None else ""
    row = next((row for row in found.rows if row.title == wanted), found.rows[0] if found.rows else None)
    if row is None:
        about = headline.label if headline is not None else "the whole run"
        raise DataError(f"{options.against}: nothing in it can be compared with {about}")
    return Against(
        name=options.against.name,
        label=row.title,
        quantity=found.of,
        earlier=row.contrast.mean_left,
        now=row.contrast.mean_right,
        difference=in_print(row.contrast).difference,
        verdict=verdict_text(row.contrast),
        text=row.contrast.text,
        notes=found.notes,
        comparison=found,
    )
