"""The simulated chips by the names of their models."""

from __future__ import annotations

from powermeter.testing.i2c_chip import Load, SimulatedChip
from powermeter.testing.i2c_ina219 import SimulatedINA219
from powermeter.testing.i2c_ina226 import SimulatedINA226
from powermeter.testing.i2c_ina228 import SimulatedINA228, SimulatedINA238
from powermeter.testing.i2c_ina3221 import SimulatedINA3221

MODELS: dict[str, type[SimulatedChip]] = {
    "ina219": SimulatedINA219,
    "ina226": SimulatedINA226,
    "ina228": SimulatedINA228,
    "ina238": SimulatedINA238,
    "ina3221": SimulatedINA3221,
}
"""Model in lower case → its simulation."""

__all__ = [
    "MODELS",
    "Load",
    "SimulatedChip",
    "SimulatedINA219",
    "SimulatedINA226",
    "SimulatedINA228",
    "SimulatedINA238",
    "SimulatedINA3221",
]
