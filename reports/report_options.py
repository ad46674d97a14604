"""How a recording is read for a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from powermeter.analysis.above_baseline import BaselineSpec
from powermeter.analysis.selection import Asked
from powermeter.battery.battery import Battery
from powermeter.errors import ConfigurationError
from powermeter.footprint import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOptions:
    """How a recording is read for a report.

    Attributes:
        battery: A specification, a preset or a `Battery`; what the recording notes, or 4Ah, where None.
        place: `FRA`, `USA-CA`; what the recording notes (metadata `place`) where None.
        rail, baseline, by: As for `powermeter.analyse`; `by` may be typed as `model,batch`.
        rail_voltage_v: Of the counted rail in volt, or as typed (`5V`), where neither its channels nor
            its driver know it.
        chain: Efficiency between plug and meter, as for `powermeter.footprint.footprint`.
        title: What to call it, where the program's name will not do.
        against: An earlier recording to set it against.
        lifetime: Years of one item on the device against years in a data centre: requests a day, or a
            TOML file with the options of `powermeter lifetime`.
        stages: Labels with a budget each: `infer=4Ah`, `train:1000=4Ah`, `*=4Ah` for the whole recording.
        label: What the report is about; the inferences where None.
        items: How many items `label` holds (or the only label, or the whole run); the recorded count where None.
        per: What one item is: a label whose events are counted, or with `items` a name.
        cooling: TOML file of cooling systems by fuel, for the water withdrawn beside the water consumed.
        device: What was made, for an SCI's embodied part: a preset of `powermeter footprint --device`.
    """

    battery: str | Battery | None = None
    place: str | Place | None = None
    rail: str | None = None
    baseline: BaselineSpec = None
    by: str | Sequence[str] = ()
    rail_voltage_v: float | str | None = None
    chain: str | float | None = None
    title: str = ""
    against: Path | None = None
    lifetime: str | None = None
    stages: tuple[str, ...] = ()
    device: str | None = None
    cooling: Path | None = None
    label: str | None = None
    items: float | None = None
    per: str | None = None

    @property
    def groups(self) -> tuple[str, ...]:
        """The attributes to split labels by.

        Raises:
            ConfigurationError: A name is empty.
        """
        typed = self.by.split(",") if isinstance(self.by, str) else self.by
        names = tuple(name.strip() for name in typed) if self.by else ()
        if not all(names):
            raise ConfigurationError(
                f"--by {self.by!r}: write names with commas between them, for example model,batch"
            )
        return names

    @property
    def asked(self) -> Asked:
        """What is asked of the recording itself."""
        return Asked(
            rail=self.rail,
            baseline=self.baseline,
            by=self.groups,
            rail_voltage=self.rail_voltage_v,
            items_of=self.label,
            items=self.items,
            per=self.per,
        )
