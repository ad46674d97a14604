"""How far the instruments behind the logs can be trusted, where the logs do not state it.

An interval of ±0.001 % because nobody wrote down the meter's error would be a lie.  Each entry is what
the maker or the publisher's rules promise, or an assumption that says so; `--accuracy` replaces the
gain error by what the user knows.
"""

from __future__ import annotations

from powermeter.channel import Accuracy
from powermeter.platforms.assumptions import assumed

UNKNOWN = Accuracy(
    gain=0.05, source=assumed("unstated", "the log does not name its instrument, --accuracy does")
)

ANALYSER = Accuracy(
    gain=0.01, source="SPEC's run rules for PTDaemon: analysers with an overall uncertainty of 1 % or better"
)

LPM01A = Accuracy(gain=0.02, source="ST UM2243: X-NUCLEO-LPM01A, better than 2 %")

RAPL = Accuracy(gain=0.05, source=assumed("rapl"))

NVML = Accuracy(gain=0.05, source="NVML documentation: ±5 %")

CODECARBON = Accuracy(model=0.3, source=assumed("model", "codecarbon, from a counter or a model"))

JOULESCOPE = Accuracy(gain=0.01, source=assumed("joulescope", "1 %"))

OTII = Accuracy(
    gain=0.01,
    source="Qoitech: Arc ±(0.1 % + 50 nA), Ace ±(0.05 % + 25 nA) in the low range; 1 % covers the ranges, "
    "which the export does not name",
)

MONSOON = Accuracy(gain=0.01, source=assumed("monsoon"))

KM003C_VOLTAGE = Accuracy(
    gain=5e-3,
    offset=1e-3,
    source="0.5 % and 1 mV: an INA228 behind a shunt (AnandTech 2023); its maker states nothing",
)
KM003C_CURRENT = Accuracy(
    gain=5e-3,
    offset=1e-3,
    source="0.5 % and 1 mA: an INA228 behind a shunt (AnandTech 2023); its maker states nothing",
)

UM_VOLTAGE = Accuracy(
    gain=5e-3, offset=0.02, source="maker's figures for UM24C and UM34C, the widest of the family"
)
UM_CURRENT = Accuracy(
    gain=8e-3, offset=4e-3, source="maker's figures for UM24C and UM34C, the widest of the family"
)
UM_POWER = Accuracy(gain=13e-3, offset=0.02, source="voltage's and current's figures added")

PPK2_LOW = Accuracy(gain=0.10, typical=True, source="Nordic's typical accuracy of ranges 0 to 3 (to 50 mA)")
PPK2_HIGH = Accuracy(gain=0.15, typical=True, source="Nordic's typical accuracy of range 4 (above 50 mA)")

POWERJOULAR = Accuracy(
    model=0.3,
    source=assumed("model", "PowerJoular, a counter on x86 and a model on boards"),
)

OSCILLOSCOPE = Accuracy(gain=0.03, source=assumed("oscilloscope"))

CARBONTRACKER = Accuracy(
    model=0.3, source=assumed("model", "carbontracker, counters times a site's efficiency")
)

ODPM = Accuracy(gain=0.05, source=assumed("unstated", "a phone's rail monitors"))

PHONE_MODEL = Accuracy(model=0.3, source=assumed("model", "Android's energy consumers"))

GAUGE = Accuracy(gain=0.03, source=assumed("gauge"))
