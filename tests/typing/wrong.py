"""What type checkers must refuse; each line marked `error` is one, and no other."""

from __future__ import annotations

import powermeter
from powermeter import Battery, Result


def wrong(energy: Result) -> None:
    """Misuse the public names."""
    powermeter.Meter("virtual://", battry="4Ah")  # error
    powermeter.Meter("virtual://").analysis(rial="VDD_IN")  # error
    powermeter.analyse("run.power", rial="VDD_IN")  # error
    powermeter.analyse(3)  # error
    powermeter.to_frame("run.power", "event")  # error
    energy + 1  # error
    print(energy < "5 J")  # error
    Battery(4)  # error
    powermeter.nothing()  # error
    powermeter.RepeatLoop(powermeter.Meter("virtual://"), "infer", at_mots="5m")  # error
