"""The accuracies nobody stated: each with its figure and the reason it is what it is.

An instrument whose limits were read (data sheet, published comparison) names that source.  One whose
maker, driver or log states nothing takes a row of this table, so that their number can be counted and
does not grow unseen.  `--accuracy`, a calibration, or the maker's own sheet takes the place of any of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ASSUMED: Mapping[str, str] = MappingProxyType(
    {
        "unstated": "5 %, its maker or driver states no limits; that of a metering chip beside an uncalibrated shunt",
        "gauge": "3 %, battery gauges state no accuracy to the operating system",
        "scpi": "the URL's gain, or 1 %: the bench instrument behind it is not known",
        "temperature": "2 °C, nothing published; it enters no energy",
        "ruideng": "the maker's figure as resellers quote it; no document of the maker was found",
        "fnirsi": "the maker's figure as resellers quote it (its FNB-C2 is published with 0.05 % + 2 counts in current)",
        "counted": "the meter integrates its own readings, in steps of its display, with its own clock",
        "joulescope": "0.1 % and one step, or 1 % where a file holds no calibration; the maker's table goes by range",
        "monsoon": "1 %, the log does not name the model, and no data sheet was found",
        "yocto": "1.5 % and 0.1 W; the maker's data sheet was not found among what could be read",
        "sister": "the limits of the sister chip in the same family; its own data sheet was not read",
        "shunt": "1 %, the tolerance of the boards' shunts is not published",
        "model": "30 %, a program computed it and gives no error; comparisons of such programs report up to 40 %",
        "oscilloscope": "3 % of an eight-bit oscilloscope at full scale, the probe's error not in it",
        "rapl": "5 %, around the deviations that Khan et al. (RAPL in Action, 2018) measured",
    }
)


def assumed(code: str, figure: str = "") -> str:
    """Return the source text of an assumed accuracy.

    Args:
        code: A key of `ASSUMED`.
        figure: What it comes to here, in front of the reason.
    """
    reason = ASSUMED[code]
    return f"assumed: {figure}; {reason}" if figure else f"assumed: {reason}"
