"""How far the instruments behind the logs can be trusted, where the logs do not state it.

An interval of ±0.001 % because nobody wrote down the meter's error would be a lie.  Each entry is what
the maker or the publisher's rules promise, or an assumption that states so; `--accuracy` replaces the
gain error by what the user knows.
"""

from __future__ import annotations

from powermeter.channel import Accuracy
from powermeter.platforms.assumptions import (
    GAUGE_GAIN,
    GAUGES,
    MODELLED,
    MODELS,
    RAPL_COMPARED,
    RAPL_GAIN,
    TESTERS,
    TESTERS_CURRENT,
    TESTERS_VOLTAGE,
    assumed,
)

UNKNOWN = Accuracy(
    gain=0.05, source=assumed("unstated", "the log does not name its instrument, --accuracy does")
)

ANALYSER = Accuracy(
    gain=0.01, source="SPEC's run rules for PTDaemon: analysers with an overall uncertainty of 1 % or better"
)

LPM01A = Accuracy(gain=0.02, source="ST UM2243: X-NUCLEO-LPM01A, better than 2 %")

RAPL = Accuracy(gain=RAPL_GAIN, source=RAPL_COMPARED)

NVML = Accuracy(gain=0.05, source="NVML documentation: ±5 %")

CODECARBON = Accuracy(model=MODELLED, source=f"codecarbon, from a counter or a model: {MODELS}")

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

UM_VOLTAGE = Accuracy(gain=TESTERS_VOLTAGE, offset=0.02, source=TESTERS)
UM_CURRENT = Accuracy(gain=TESTERS_CURRENT, offset=4e-3, source=TESTERS)
UM_POWER = Accuracy(gain=TESTERS_VOLTAGE + TESTERS_CURRENT, offset=0.02, source=TESTERS)

PPK2_LOW = Accuracy(gain=0.10, typical=True, source="Nordic's typical accuracy of ranges 0 to 3 (to 50 mA)")
PPK2_HIGH = Accuracy(gain=0.15, typical=True, source="Nordic's typical accuracy of range 4 (above 50 mA)")

POWERJOULAR = Accuracy(
    model=MODELLED,
    source=f"PowerJoular, a counter on x86 and a model on boards: {MODELS}",
)

OSCILLOSCOPE = Accuracy(
    gain=0.03,
    source="3 % covers what was read: at most 2 % of full scale (Rigol DS2000 Performance Verification Guide, 2-4), "
    "1 % (Tektronix TDS7104 Service Manual, 1-8); the probe's error is not in it",
)

CARBONTRACKER = Accuracy(
    model=MODELLED, source=f"carbontracker, counters times a site's efficiency: {MODELS}"
)

ODPM = Accuracy(gain=0.05, source=assumed("unstated", "a phone's rail monitors"))

PHONE_MODEL = Accuracy(model=MODELLED, source=f"Android's energy consumers: {MODELS}")

GAUGE = Accuracy(gain=GAUGE_GAIN, source=GAUGES)
