"""A recording's samples, events or labels as a data frame: pandas where it is installed, pyarrow otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from powermeter.analysis.above_baseline import BaselineSpec
from powermeter.analysis.energy import Analysis, analyse
from powermeter.battery.battery import Battery
from powermeter.errors import ConfigurationError, NotInstalledError
from powermeter.recording import Recording

from . import export_columns, tokens
from .export_columns import Table
from .items_per_charge import Charges
from .report_data import gather
from .report_options import ReportOptions


def frame(
    recording: Recording,
    what: str,
    *,
    rail: str | None = None,
    baseline: BaselineSpec = None,
    by: str | Sequence[str] = (),
    battery: str | Battery | None = None,
) -> Any:
    """Return a data frame of an open recording; see `powermeter.to_frame`.

    Raises:
        ConfigurationError: `what` is not samples, events, labels or tokens.
        NotInstalledError: Neither pandas nor pyarrow is there.
    """
    options = ReportOptions(rail=rail, baseline=baseline, by=by, battery=battery)
    if what == "samples":
        return to_frame(export_columns.samples(recording))
    if what == "events":
        return to_frame(
            export_columns.events(analyse(recording, rail=rail, baseline=baseline, by=options.groups))
        )
    if what == "labels":
        return to_frame(export_columns.labels(gather(recording, options).charges))
    if what == "tokens":
        return to_frame(tokens.table(gather(recording, options)))
    raise ConfigurationError(f"{what!r} is not a table of a recording; use samples, events, labels or tokens")


def of_analysis(analysis: Analysis, what: str, *, battery: object = None) -> Any:
    """Return a data frame of an analysis; see `Analysis.to_frame`.

    Raises:
        ConfigurationError: `what` is not events or labels, or the battery cannot be used.
        NotInstalledError: Neither pandas nor pyarrow is there.
    """
    if what == "events":
        return to_frame(export_columns.events(analysis))
    if what == "labels":
        return to_frame(export_columns.labels(Charges.of_analysis(analysis, battery)))
    raise ConfigurationError(f"{what!r} is not a table of an analysis; use events or labels")


def to_frame(table: Table) -> Any:
    """Return a table as a pandas DataFrame, or as a pyarrow Table where pandas is missing.

    Raises:
        NotInstalledError: Neither is there.
    """
    try:
        import pandas
    except ImportError:
        return to_arrow(table)
    return pandas.DataFrame(
        {
            name: _flags(pandas, values) if export_columns.is_flags(name, values) else _column(values)
            for name, values in table.items()
        }
    )


def to_arrow(table: Table) -> Any:
    """Return a table as a pyarrow Table; a column of mixed kinds becomes text.

    Raises:
        NotInstalledError: pyarrow is missing.
    """
    try:
        import pyarrow
    except ImportError as error:
        raise NotInstalledError(
            "a data frame or Parquet needs pandas or pyarrow; run: pip install 'powermeter[parquet]'"
        ) from error
    arrays = {}
    for name, column in table.items():
        if isinstance(column, np.ndarray):
            found = pyarrow.array(column, from_pandas=True)
            arrays[sound(name)] = (
                found.cast(pyarrow.uint8()) if export_columns.is_flags(name, column) else found
            )
            continue
        kinds = {type(value) for value in column if value is not None}
        mixed = len(kinds) > 1 and not kinds <= {int, float}
        arrays[sound(name)] = pyarrow.array([_text(value) if mixed else sound(value) for value in column])
    return pyarrow.table(arrays)


def _flags(pandas: Any, values: Any) -> Any:
    """Return flags as whole numbers; of rows that belong to another source they are missing."""
    missing = np.isnan(values)
    whole = np.where(missing, 0, values).astype(np.uint8)
    return pandas.arrays.IntegerArray(whole, missing) if missing.any() else whole


def _column(values: Any) -> Any:
    """Return numbers with NaN where they are missing, and other columns as they are."""
    if isinstance(values, np.ndarray) or not all(isinstance(v, (int, float, type(None))) for v in values):
        return values
    if any(isinstance(v, bool) for v in values) or (values and None not in values):
        return list(values)
    return np.array([np.nan if v is None else v for v in values], np.float64)


def _text(value: Any) -> str | None:
    return None if value is None else str(sound(str(value)))


def sound(value: Any) -> Any:
    """Return a text without lone surrogates, which no encoding of Unicode holds; anything else as it is."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
