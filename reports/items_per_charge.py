"""Charges of a run and its labels, and what one battery holds: measured, or through the rail's voltage."""

from __future__ import annotations

from dataclasses import dataclass, replace

from powermeter.analysis.energy import Analysis
from powermeter.analysis.label_row import LabelRow
from powermeter.analysis.rail_voltage import BUDGET_V, at_the_socket, rail_voltage, refused_at_budget_v
from powermeter.analysis.subject import charge_per_item
from powermeter.battery.battery import Battery
from powermeter.battery.preset_or_capacity import parse_battery
from powermeter.result import Grade, Result, worst


@dataclass(frozen=True, eq=False)
class Charges:
    """What an analysis takes from a battery.

    Attributes:
        analysis: Energies and, where a current was recorded, charges.
        battery: What use is set against.
        rail_voltage_v: Of the counted rail.
        voltage_known: False where `BUDGET_V` stands in; charges are then *assumed*.
    """

    analysis: Analysis
    battery: Battery
    rail_voltage_v: float
    voltage_known: bool

    @classmethod
    def of_analysis(cls, analysis: Analysis, battery: object = None) -> Charges:
        """Return the charges of an analysis by its own rail voltage.

        Raises:
            ConfigurationError: The battery cannot be used.
        """
        cell = battery if isinstance(battery, Battery) else parse_battery(str(battery or "4Ah"))
        volts = rail_voltage(analysis)
        return cls(analysis, cell, volts or BUDGET_V, volts is not None)

    @property
    def from_mains(self) -> bool:
        """Whether what is counted is drawn at the socket: its ampere-hours are not those of a battery of a few volts."""
        volts = self.rail_voltage_v if self.voltage_known else None
        return at_the_socket(self.analysis.line.rail.boundary, volts)

    @property
    def refused(self) -> str:
        """Why energy is not turned into charge by an assumed voltage, and what to do; empty where it is, or none is assumed."""
        if self.voltage_known:
            return ""
        return refused_at_budget_v(self.analysis.line.rail, self.analysis.power.value)

    @property
    def _currents_count(self) -> bool:
        """Whether recorded currents are the battery's: not those of the mains, whatever voltage the device is stated to have."""
        return not at_the_socket(self.analysis.line.rail.boundary, rail_voltage(self.analysis))

    @property
    def whole(self) -> Result | None:
        """Of the whole run in C."""
        return self._charge(self.analysis.energy, self.analysis.charge)

    @property
    def taken(self) -> Result | None:
        """What the whole run takes from the battery, in C or J by its convention; None where that is a charge of the mains."""
        energy, charge = self.analysis.energy, self.analysis.charge
        return energy if self.battery.convention == "energy" else self._charge(energy, charge)

    def of(self, row: LabelRow) -> Result | None:
        """Return the charge of a label's events in C."""
        charge = row.charge if row.share is None or row.charge is None else row.charge.scaled(row.share)
        return self._charge(row.total, charge)

    def per_item(self, row: LabelRow) -> Result | None:
        """Return what the next item of a label takes from the battery, in C or J by its convention, or None."""
        energy = row.per_item
        if energy is None or self.battery.convention == "energy":
            return energy
        return self._charge(energy, charge_per_item(row))

    def each(self, row: LabelRow) -> Result | None:
        """Return the charge of the next item of a label in C, or None."""
        energy = row.per_item
        return None if energy is None else self._charge(energy, charge_per_item(row))

    @property
    def of_run_item(self) -> Result | None:
        """What one item takes where the user counts the whole run's, in C or J by the battery's convention; else None.

        All that is drawn, whatever baseline is subtracted elsewhere: a battery feeds it too.
        """
        items = self.analysis.run_items
        if not items:
            return None
        energy, charge = self.analysis.energy.scaled(1 / items), self.analysis.charge
        if self.battery.convention == "energy":
            return energy
        return self._charge(energy, None if charge is None else charge.scaled(1 / items))

    def items_held(self, row: LabelRow) -> Result | None:
        """Return how many items of a label one charge of the battery holds, or None."""
        amount = self.per_item(row)
        if amount is None or amount.value <= 0 or (self.from_mains and self.battery.convention == "charge"):
            return None
        if row.power is not None and self.battery.overload(row.power.value):
            return None
        return self.battery.count(amount, self.rail_voltage_v, self.analysis.power.value)

    def held(self, energy: Result) -> Result | None:
        """Return how many times one charge of the battery holds an energy in J, or None."""
        amount = energy if self.battery.convention == "energy" else self._as_charge(energy)
        if amount is None or self.battery.overload(self.analysis.power.value):
            return None
        return self.battery.count(amount, self.rail_voltage_v, self.analysis.power.value)

    def _charge(self, energy: Result | None, charge: Result | None) -> Result | None:
        if charge is not None and self._currents_count:
            return charge
        return None if energy is None else self._as_charge(energy)

    def _as_charge(self, energy: Result) -> Result | None:
        """Return an energy as charge at the rail's voltage; None where that is of the mains, or not known and not to be assumed."""
        if self.from_mains or self.refused:
            return None
        grade = worst((energy.grade, Grade.DERIVED if self.voltage_known else Grade.ASSUMED))
        return replace(energy.scaled(1 / self.rail_voltage_v, "C"), grade=grade)
