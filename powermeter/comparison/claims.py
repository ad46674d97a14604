"""Published figures held against what a recording shows: agrees, differs, or cannot tell.

A claim is one figure somebody published, with the doubt it states itself: an interval, or else half a
unit of its last printed digit.  It agrees where that lies within what the recording allows at 95 %.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from powermeter.analysis.subject import charge_per_item
from powermeter.errors import DataError, PowermeterError
from powermeter.result import Result

if TYPE_CHECKING:
    from powermeter.analysis.energy import Analysis
    from powermeter.analysis.label_row import LabelRow

_MAX_CLAIMS = 100_000
_MAX_BYTES = 16 << 20
_REQUIRED = ("quantity", "value", "unit")


class Agreement(str, Enum):
    """What the data show about a published figure."""

    AGREES = "agrees"  # it lies within our interval
    DIFFERS = "differs"  # it lies outside, its own doubt added
    CANNOT_TELL = "cannot tell"  # our interval is as wide as the figure itself, or open
    NO_NUMBER = "no number"  # the recording holds no such quantity


@dataclass(frozen=True, slots=True)
class Claim:
    """One published figure.

    Attributes:
        quantity: A key of `QUANTITIES`.
        value: In SI.
        half_width: What it states of its own doubt, or half a unit of its last digit, in SI.
        unit: SI.
        shown: As it was printed, with its unit.
        label: The events it speaks of; empty for the whole run.
        recording: The file it speaks of, relative to the table; empty where one recording is given.
    """

    quantity: str
    value: float
    half_width: float
    unit: str
    shown: str
    label: str = ""
    recording: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """A claim beside what the recording shows of it.

    Attributes:
        claim: What was published.
        ours: What we make of the data; None where there is no such number.
        agreement: The verdict.
        why: Why there is no number, or which of two numbers it agrees with, in words; otherwise empty.
    """

    claim: Claim
    ours: Result | None
    agreement: Agreement
    why: str = ""


def agreement(published: float, half_width: float, ours: Result | None) -> Agreement:
    """Return whether a published value, with its own half-width, lies within our 95 % interval."""
    if ours is None:
        return Agreement.NO_NUMBER
    if ours.is_bound:
        outside = published + half_width < ours.low or published - half_width > ours.high
        return Agreement.DIFFERS if outside else Agreement.CANNOT_TELL
    if published + half_width < ours.low or published - half_width > ours.high:
        return Agreement.DIFFERS
    return Agreement.CANNOT_TELL if ours.half_width >= abs(ours.value) > 0 else Agreement.AGREES


def read_claims(path: Path) -> list[Claim]:
    """Return the claims of a CSV with the columns quantity, value, unit and, if wanted, label, plus_minus, recording.

    Raises:
        DataError: It cannot be read, lacks a column, or a line is not a figure; names the line.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise DataError(f"{path}: more than {_MAX_BYTES >> 20} MB is not a table of published figures")
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            names = [name.strip().lower() for name in reader.fieldnames or ()]
            missing = [name for name in _REQUIRED if name not in names]
            if missing:
                raise DataError(
                    f"{path}: no column {', '.join(missing)}; a claim needs {', '.join(_REQUIRED)}"
                )
            reader.fieldnames = names
            found = [_claim(row, f"{path}:{reader.line_num}") for row in _bounded(reader, path)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    if not found:
        raise DataError(f"{path}: holds no figures")
    return found


def _bounded(rows: Iterable[dict[str, str]], path: Path) -> Iterator[dict[str, str]]:
    for number, row in enumerate(rows):
        if number >= _MAX_CLAIMS:
            raise DataError(f"{path}: more than {_MAX_CLAIMS} figures; split the table")
        yield row


def _claim(row: Mapping[str, str | None], where: str) -> Claim:
    text = {
        key: (value or "").strip()
        for key, value in row.items()
        if key and isinstance(value, (str, type(None)))
    }
    quantity = text["quantity"].lower().replace(" ", "_")
    if quantity not in QUANTITIES:
        raise DataError(f"{where}: {quantity!r} is not a quantity; there are {', '.join(QUANTITIES)}")
    unit = QUANTITIES[quantity].unit
    factor = _factor(text["unit"], unit, where)
    value = _number(text["value"], "value", where)
    stated = text.get("plus_minus", "")
    half = _number(stated, "plus_minus", where) if stated else half_digit(text["value"])
    return Claim(
        quantity,
        value * factor,
        abs(half) * factor,
        unit,
        f"{text['value']} {text['unit']}".strip(),
        text.get("label", ""),
        text.get("recording", ""),
    )


def _factor(text: str, unit: str, where: str) -> float:
    if not text and unit == "1":
        return 1.0
    try:
        return Result.of(1.0, text).to(unit).value
    except ValueError:
        raise DataError(f"{where}: {text!r} is not a unit of what is counted in {unit}") from None


def _number(text: str, column: str, where: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise DataError(f"{where}: {column} {text!r} is not a number")
    return number


def half_digit(text: str) -> float:
    """Return half a unit of a printed number's last digit: 0.05 for `26.6`, 50 for `1.2e3`."""
    try:
        exponent = Decimal(text.strip()).as_tuple().exponent
    except InvalidOperation:
        return 0.0
    return 0.5 * 10.0**exponent if isinstance(exponent, int) else 0.0


@dataclass(frozen=True, slots=True)
class Claimed:
    """How a quantity is read from an analysis.

    Attributes:
        unit: SI.
        whole: From the run; None where it only exists for a label.
        label: From a label's row; None where it only exists for the run.
        these: Of the recorded events themselves, where `label` is the mean of further ones: a figure may state either.
    """

    unit: str
    whole: Callable[[Analysis], Result | float | None] | None
    label: Callable[[LabelRow], Result | float | None] | None
    these: Callable[[LabelRow], Result | None] | None = None


QUANTITIES: Mapping[str, Claimed] = {
    "energy": Claimed("J", lambda found: found.energy, lambda row: row.energy),
    "energy_per_item": Claimed("J", None, lambda row: row.per_item, lambda row: row.energy_per_item),
    "energy_above_idle": Claimed("J", lambda found: found.above, lambda row: row.above),
    "charge": Claimed("C", lambda found: found.charge, lambda row: row.charge),
    "charge_per_item": Claimed("C", None, charge_per_item, lambda row: row.charge_per_item),
    "power": Claimed("W", lambda found: found.power, lambda row: row.power),
    "duration": Claimed("s", lambda found: found.duration, lambda row: row.seconds),
    "latency": Claimed("s", None, lambda row: row.latency_mean),
    "items": Claimed("1", None, lambda row: row.items),
}
"""What can be claimed, by its name in the table."""


def check(claim: Claim, analysis: Analysis) -> Checked:
    """Return a claim beside the recording's own number."""
    quantity = QUANTITIES[claim.quantity]
    if claim.label:
        rows = [row for row in analysis.rows if row.label == claim.label]
        if len(rows) == 1:
            return _check_label(claim, quantity, rows[0])
        known = ", ".join(sorted({row.label for row in analysis.rows})[:8]) or "none"
        return Checked(claim, None, Agreement.NO_NUMBER, f"no label {claim.label!r}; there are: {known}")
    if quantity.whole is None:
        return Checked(claim, None, Agreement.NO_NUMBER, f"{claim.quantity} needs a label")
    return _beside(claim, quantity.whole(analysis))


def _check_label(claim: Claim, quantity: Claimed, row: LabelRow) -> Checked:
    """Return a claim about a label beside the number that is quoted, or else beside that of the recorded events."""
    quoted = _beside(claim, quantity.label(row) if quantity.label else None)
    if quoted.agreement is not Agreement.DIFFERS or quantity.these is None:
        return quoted
    of_these = _beside(claim, quantity.these(row))
    if of_these.agreement is not Agreement.AGREES:
        return quoted
    why = f"the mean of all {row.events} recorded events, warm-up included; the mean of further ones: {quoted.ours}"
    return replace(of_these, why=why)


def _beside(claim: Claim, found: Result | float | None) -> Checked:
    if found is None:
        return Checked(claim, None, Agreement.NO_NUMBER, f"the recording holds no {claim.quantity}")
    ours = found if isinstance(found, Result) else Result.of(float(found), claim.unit)
    return Checked(claim, ours, agreement(claim.value, claim.half_width, ours))


def check_table(
    claims: Iterable[Claim], recording_of: Callable[[Claim], Path], analyse: Callable[[Path], Analysis]
) -> list[Checked]:
    """Return each claim beside its recording's number; a recording that cannot be read fails its claims only."""
    analyses: dict[Path, Analysis | PowermeterError] = {}
    checked = []
    for claim in claims:
        path = recording_of(claim)
        if path not in analyses:
            try:
                analyses[path] = analyse(path)
            except PowermeterError as error:
                analyses[path] = error
        found = analyses[path]
        if isinstance(found, PowermeterError):
            checked.append(Checked(claim, None, Agreement.NO_NUMBER, str(found)))
        else:
            checked.append(check(claim, found))
    return checked
