"""The accuracies nobody stated: each with its figure and the reason it is what it is.

An instrument whose limits were read (data sheet, published comparison) names that source.  One whose
maker, driver or log states nothing takes a row of this table, so that their number can be counted and
does not grow unseen.  `--accuracy`, a calibration, or the maker's own sheet takes the place of any of them.
Below it stand the ranges that several instruments share and that cover what could be read about their kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ASSUMED: Mapping[str, str] = MappingProxyType(
    {
        "unstated": "5 %, its maker or driver states no limits; that of a metering chip beside an uncalibrated shunt",
        "gauge": "3 %, battery gauges state no accuracy to the operating system",
        "scpi": "1 % where the URL states no gain: the bench instrument behind it is not known",
        "joulescope": "0.1 % and one step, or 1 % where a file holds no calibration; the maker's table goes by range",
        "monsoon": "1 %, the log does not name the model, and no data sheet was found",
        "yocto": "1.5 % and 0.1 W; the maker's data sheet was not found among what could be read",
        "resistance": "5 mohm as on the other small modules, this board's shunts are not published",
        "shunt": "1 %, the tolerance of the boards' shunts is not published",
    }
)

NO_LIMITS = "its resolution only: nobody states its limits, and no energy rests on it"
"""Source of a meter's own thermometer."""

TESTERS = (
    "sellers of two other USB testers: at most 1 % in volts, 0.4 and 2 % in amperes (yktoo.com, post 0251); "
    "no document of its maker was found"
)
"""Source of the limits of USB testers whose makers publish none."""

TESTERS_VOLTAGE, TESTERS_CURRENT = 0.01, 0.02

FNIRSI = (
    "0.5 % + 2 digits, a manual retyped by an owner (Shadester/fnb58manual, Complete Manual, Electrical "
    "Specifications); resellers quote 0.02 and 0.05 %, the maker's own document was not found"
)
"""Source of the limits of FNIRSI's testers: the widest that could be read."""

FNIRSI_GAIN = 0.005

COUNTED_CLOCK = 0.015
"""Relative error of a tester's own clock, as wide as an RC oscillator's where no crystal is stated."""

CLOCKED = (
    "its clock within ±1.5 %, an RC oscillator from 0 to 55 °C (ST DocID17659 Rev 10, STM32L151, table 30)"
)
"""Source of the clock of counters that a meter of unstated clock keeps."""

MODELLED = 0.4
"""Relative error of programs that compute a power from activity."""

MODELS = (
    "programs of this kind were up to 40 % off an external meter (Fischer, Ground-Truthing AI Energy "
    "Consumption, arXiv 2509.22092, 2025, abstract)"
)

RAPL_GAIN = 0.056

RAPL_COMPARED = (
    "power at the wall follows the package counter within 5.6 % at most (Khan et al., How much power does your "
    "server consume?, Comput. Sci. Res. Dev. 31, 2016, abstract); the makers state nothing"
)


def assumed(code: str, figure: str = "") -> str:
    """Return the source text of an assumed accuracy.

    Args:
        code: A key of `ASSUMED`.
        figure: What it comes to here, in front of the reason.
    """
    reason = ASSUMED[code]
    return f"assumed: {figure}; {reason}" if figure else f"assumed: {reason}"


GAUGE_GAIN, GAUGES = 0.03, assumed("gauge")
SHUNT_TOLERANCE, SHUNTS = 0.01, assumed("shunt")
