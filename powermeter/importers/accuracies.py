"""How far the instruments behind the logs can be trusted, where the logs do not say.

An interval of ±0.001 % because nobody wrote down the meter's error would be a lie.  Each entry is what
the maker or the publisher's rules promise, or an assumption that says so; `--accuracy` replaces the
gain error by what the user knows.
"""

from __future__ import annotations

from powermeter.channel import Accuracy

UNKNOWN = Accuracy(
    gain=0.05, source="assumed: 5 %, the log does not name its instrument (--accuracy says it)"
)

ANALYSER = Accuracy(
    gain=0.01, source="SPEC's run rules for PTDaemon: analysers with an overall uncertainty of 1 % or better"
)

LPM01A = Accuracy(gain=0.02, source="ST UM2243: X-NUCLEO-LPM01A, better than 2 %")

RAPL = Accuracy(gain=0.05, source="RAPL in Action (Khan et al. 2018): 5 % assumed")

NVML = Accuracy(gain=0.05, source="NVML documentation: ±5 %")

CODECARBON = Accuracy(
    model=0.3, source="assumed: 30 %; codecarbon's energies may come from a counter or a model"
)

JOULESCOPE = Accuracy(gain=0.01, source="assumed: 1 %, the file holds no calibration statement")

OTII = Accuracy(gain=0.01, source="assumed: 1 %, the export does not name the model")

MONSOON = Accuracy(gain=0.01, source="assumed: 1 %, the log does not name the model")

KM003C_VOLTAGE = Accuracy(
    gain=5e-3, offset=1e-3, source="assumed: 0.5 % and 1 mV; its maker publishes no accuracy"
)
KM003C_CURRENT = Accuracy(
    gain=5e-3, offset=1e-3, source="assumed: 0.5 % and 1 mA; its maker publishes no accuracy"
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
    source="assumed: 30 %; PowerJoular's watts come from a counter on x86 and from a model on boards",
)

OSCILLOSCOPE = Accuracy(
    gain=0.03, source="assumed: 3 % of eight-bit oscilloscopes at full scale, the probe's error not in it"
)

CARBONTRACKER = Accuracy(
    model=0.3, source="assumed: 30 %; carbontracker multiplies what counters show by a site's efficiency"
)
