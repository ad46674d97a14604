"""Everything a battery charge means for a recording: share used, hours, items and tokens per charge, stages,
a federated round, a simulated discharge and a duty cycle, in words and for JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from powermeter.analysis.rail_voltage import (
    ChargeOrigin,
    at_the_socket,
    origin_text,
    socket_charge,
)
from powermeter.analysis.subject import row_of
from powermeter.analysis.tokens.energy import token_table
from powermeter.errors import ConfigurationError
from powermeter.footprint.factors import PROVENANCE
from powermeter.result import Result, plain
from powermeter.result.notes import doubts, facts, note_lines, plain_notes
from powermeter.units import format_quantity, format_short, parse_quantity

from . import what_if
from .battery import Battery
from .budget_options import BudgetOptions
from .cell import cell_of
from .presets import presets
from .simulated_discharge import discharge, highest_w, hours_between, profile_of
from .stages import StageOutcome, StageVerdict, check, parse_stage

if TYPE_CHECKING:
    from powermeter.analysis.subject import Subject

NO_POWER = "the power of its events is not known"

Part = tuple[dict[str, Any], list[str]]
"""The same thing for JSON and for people."""


@dataclass(frozen=True)
class BudgetReport:
    """What a battery reports of a subject; `found` is None for a schedule alone."""

    found: Subject | None
    wanted: BudgetOptions
    battery: Battery
    preset: str

    def text(self) -> str:
        """Return the report for people."""
        return "\n".join(line for part in self._parts for line in part[1])

    def record(self) -> dict[str, Any]:
        """Return the same numbers unrounded, for JSON."""
        document: dict[str, Any] = {"battery": self.battery.convention_text}
        for part in self._parts:
            document |= part[0]
        return document

    @property
    def failed(self) -> bool:
        """Whether a stage uses more than its budget."""
        return any(not outcome.passed for outcome in self.outcomes())

    @cached_property
    def _parts(self) -> list[Part]:
        wanted, known = self.wanted, self.found is not None
        asked = (
            (known, self._plain),
            (known, self._preset_source),
            (known, self._tokens),
            (wanted.sent is not None or wanted.received is not None, self._round),
            (bool(wanted.stages), self._stages),
            (wanted.simulate, self._simulated),
            (wanted.schedule is not None, self._scheduled),
        )
        return [part() for is_asked, part in asked if is_asked]

    def _plain(self) -> Part:
        assert self.found is not None
        found, by_charge = self.found, self.battery.convention == "charge"
        self._refuse_socket(found)
        used = found.charge if by_charge and found.charge is not None else found.energy
        rate = found.current if by_charge and found.current is not None else found.power or found.current
        per_item = (
            found.per_item_charge if by_charge and found.per_item_charge is not None else found.per_item
        )
        whole = self.battery.budget(
            used,
            rate,
            per_item,
            items=found.item,
            rail_voltage_v=found.rail_voltage_v,
            highest_w=self._highest_w,
        )
        document: dict[str, Any] = {
            "of": found.title,
            "notes": list(found.notes),
            "remarks": plain_notes(found.notes),
        }
        document["charge_grade"] = None if found.charge is None else found.charge.grade.value
        document["charge_origin"] = self._charge_origin
        for name in ("share_used", "remaining", "hours", "count"):
            document[name] = plain(getattr(whole, name))
        document["overload"] = whole.overload or None
        graded = next((r.grade.value for r in (found.energy, found.charge, found.power) if r is not None), "")
        mark = " (simulated)" if graded == "simulated" else ""
        lines = [f"of: {found.title}{mark}", *note_lines(doubts(found.notes)), *whole.lines()]
        if rate is None and found.analysis is not None and found.asked.label is not None:
            lines.append(
                f"hours at this power: – ({row_of(found.analysis, found.asked.label).verdict.text or NO_POWER})"
            )
        if self.battery.lossless and found.analysis is not None:
            lines.append(
                "converter: none counted between cells and rail; state what it loses with --efficiency 0.9"
            )
        if by_charge and used is not None:
            given = found.asked.volts is not None
            assumed = self.battery.assumed_rail_v
            volts = found.rail_voltage_v if assumed is None else assumed
            origin = origin_text(used, found.charge_origin, volts, given, assumed is not None)
            lines += [origin] if origin else []
        return document, [*lines, *note_lines(facts(found.notes))]

    @property
    def _highest_w(self) -> float:
        """What the cells must deliver while what is asked of runs: the busiest label's power where all of it is."""
        found = self.found
        if found is None or found.analysis is None or found.asked.label is not None:
            return 0.0 if found is None or found.power is None else found.power.value
        return highest_w(found.analysis)

    @property
    def _charge_origin(self) -> str | None:
        """What ampere-hours were counted from; None where the battery counts energy, or nothing was counted."""
        found = self.found
        if found is None or self.battery.convention != "charge" or (found.charge or found.energy) is None:
            return None
        counted = found.charge_origin if found.charge is not None else ChargeOrigin.ENERGY
        return None if counted is None else counted.value

    def _refuse_socket(self, found: Subject) -> None:
        """Refuse ampere-hours of a battery for what is drawn at the socket.

        Raises:
            ConfigurationError: They would be set against each other.
        """
        if found.analysis is None or self.battery.convention != "charge":
            return
        if at_the_socket(found.analysis.line.rail.boundary, found.rail_voltage_v):
            raise ConfigurationError(f"{found.title}: {socket_charge(self.battery.capacity)}")

    def _preset_source(self) -> Part:
        entry = presets().get(self.preset)
        if entry is None or "source" not in entry:
            return {}, []
        document = {name: entry[name] for name in ("source", "year", "provenance") if name in entry}
        line = f"preset {self.preset}: {entry['source']} ({PROVENANCE[entry['provenance']]})"
        return {"preset": document}, [line]

    def tokens(self) -> Result | None:
        """Return the generated tokens one charge holds; None where no tokens are known."""
        found = self.found
        count = self.wanted.tokens if self.wanted.tokens is not None else found.tokens if found else None
        if found is None or count is None or self.battery.overload(self._highest_w):
            return None
        if not count > 0:
            raise ConfigurationError(f"--tokens {count:g}: the number must be above zero")
        by_charge = self.battery.convention == "charge" and found.charge is not None
        amount = found.charge if by_charge else found.energy
        if amount is None:
            return None
        of_requests = self._per_generated()
        if of_requests is not None and found.energy is not None and found.energy.value > 0:
            # Energy of the requests alone; as charge by the run's own ratio of the two.
            ratio = amount.value / found.energy.value if by_charge else 1.0
            amount, count = of_requests.scaled(ratio, amount.unit), 1.0
        power = found.power.value if found.power is not None and self.battery.convention == "energy" else 0.0
        return self.battery.count(amount.scaled(1 / count), found.rail_voltage_v, power)

    def _per_generated(self) -> Result | None:
        """Return what a language model's requests use per generated token in J; None where there is no, or no one, model."""
        found = self.found
        if found is None or found.analysis is None or self.wanted.tokens is not None:
            return None
        if found.asked.label is not None:
            return None
        table = token_table(found.analysis)
        return table.models[0].per_generated if table is not None and len(table.models) == 1 else None

    def _tokens(self) -> Part:
        tokens = self.tokens()
        if tokens is None:
            return {"tokens_per_charge": None}, []
        which = ", of requests like these" if self._per_generated() is not None else ""
        line = f"a charge holds {tokens} generated tokens{which}"
        return {"tokens_per_charge": plain(tokens)}, [line]

    def rounds(self) -> tuple[Result, float]:
        """Return the training energy of one round in J, and how many rounds the subject holds.

        A round is one event of the label, whatever the samples it counts; a recording without a label,
        or a typed energy, is one round unless their number is given.

        Raises:
            ConfigurationError: The training's energy is not known, or the number is not above zero.
        """
        found = self.found
        if found is None or found.energy is None:
            raise ConfigurationError(
                "a federated round needs its training: a recording (with --label), or --energy"
            )
        events = found.events if found.asked.label is not None else None
        number = self.wanted.rounds if self.wanted.rounds is not None else float(events or 1)
        if not number > 0:
            raise ConfigurationError(f"--rounds {number:g}: the number must be above zero")
        return found.energy.scaled(1 / number), number

    def _round(self) -> Part:
        from powermeter.footprint.federated import Round, default_router
        from powermeter.footprint.network import Transfer

        wanted = self.wanted
        training, number = self.rounds()
        assert self.found is not None
        up, _, down = wanted.link_rate.partition("/")
        radio = 0.0 if wanted.radio_power is None else parse_quantity(wanted.radio_power, "W", bare=False)
        client = Round(
            training,
            parse_quantity(wanted.sent or "0B", "B", bare=False),
            parse_quantity(wanted.received or "0B", "B", bare=False),
            parse_quantity(up, "bit", bare=False),
            parse_quantity(down or up, "bit", bare=False),
            radio,
            default_router(),
        )
        energy, shares = client.line().result(), client.shares()
        device = training + Result.of(shares["radio"], "J", {}, training.grade)
        overload = self.battery.overload(self._highest_w)
        count = None if overload else self.battery.count(device, self.found.rail_voltage_v)
        document: dict[str, Any] = {
            "energy": plain(energy),
            "device": plain(device),
            "parts_j": shares,
            "rounds": number,
            "rounds_per_charge": plain(count),
        }
        split = ", ".join(f"{name} {format_quantity(joule, 'J')}" for name, joule in shares.items())
        lines = [
            f"federated round (of {number:g}): {energy} ({split}; the router is not on this battery)",
            f"rounds per charge: {count or f'– ({overload})'}",
        ]
        if client.transfer_s > 0:
            moved = Transfer(client.sent_b + client.received_b, client.transfer_s, wanted.line)
            by_bytes, by_power = moved.both()
            document["network"] = {"by_bytes": plain(by_bytes), "by_power": plain(by_power)}
            lines += [f"  {line}" for line in moved.lines()]
        return {"round": document}, lines

    def outcomes(self) -> list[StageOutcome]:
        """Return every stage with what it used.

        Raises:
            ConfigurationError: A stage cannot be checked.
        """
        if not self.wanted.stages:
            return []
        if self.found is None or self.found.analysis is None:
            raise ConfigurationError("--stage needs a recording with events")
        stages = [parse_stage(text, self.battery) for text in self.wanted.stages]
        return [check(stage, self.found.analysis, self.found.rail_voltage_v) for stage in stages]

    def _stages(self) -> Part:
        outcomes = self.outcomes()
        document = [
            {
                "label": outcome.stage.label,
                "budget": outcome.stage.battery.convention_text,
                "share": plain(outcome.share),
                "verdict": outcome.verdict.value,
                "passed": outcome.passed,
            }
            for outcome in outcomes
        ]
        counts = {
            verdict: sum(outcome.verdict is verdict for outcome in outcomes) for verdict in StageVerdict
        }
        words = {StageVerdict.PASS: "kept", StageVerdict.FAIL: "over", StageVerdict.UNCLEAR: "not known"}
        shown = ", ".join(f"{count} {words[verdict]}" for verdict, count in counts.items() if count)
        lines = [f"stages ({shown}):", *(f"  {outcome.line()}" for outcome in outcomes)]
        return {"stages": document}, lines

    def _simulated(self) -> Part:
        found = self.found
        if found is None:
            raise ConfigurationError("--simulate needs a recording, or --power")
        alone = found.asked.label is not None
        if found.analysis is not None and not alone:
            durations, powers = profile_of(found.analysis)
        elif found.power is not None:
            durations, powers = [found.duration_s or 1.0], [found.power.value]
        else:
            raise ConfigurationError("--simulate needs a power profile: a recording, or --power")
        cell = cell_of(self.preset)
        run = discharge(self.battery, cell, durations, powers)
        low, high = hours_between(self.battery, cell, durations, powers)
        document = {
            "hours": run.hours,
            "hours_low": low,
            "hours_high": high,
            "reason": run.reason,
            "repeats": run.repeats,
            "delivered_j": run.delivered_j,
            "charge_left": run.left,
        }
        lines = run.lines()
        if alone:
            lines.append(f"  of {found.asked.label} alone, without a pause")
        if high > low:
            lines.append(f"  such packs last {format_short(low, 4)} to {format_short(high, 4)} h (5 to 95 %)")
        return {"discharge": document}, lines

    def _scheduled(self) -> Part:
        wanted, found = self.wanted, self.found
        assert wanted.schedule is not None
        volts = None if found is None else found.rail_voltage_v
        if volts is None and wanted.rail_voltage is not None:
            volts = parse_quantity(wanted.rail_voltage, "V", bare=False)
        analysis = None if found is None else found.analysis
        return what_if.scheduled(wanted.schedule, wanted.what_ifs, self.battery, volts, analysis)
