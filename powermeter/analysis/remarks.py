"""What a reader of an analysis must know: a code, a severity and a sentence each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from powermeter.analysis.equal_readings import unseen_share
from powermeter.analysis.finding_holes import rates_of
from powermeter.analysis.groups import OTHER_INSTANTS, OTHER_LABELS
from powermeter.analysis.health import Disagreement
from powermeter.analysis.label_row import LabelRow
from powermeter.analysis.label_rows import LabelRows
from powermeter.analysis.perhaps_in_step import averages, flat_at_regular_moments
from powermeter.analysis.regular_or_random import REMEDIES, chosen_by, own_moments
from powermeter.analysis.remarked_labels import Remarked, remarked_of, without_charge
from powermeter.analysis.resolution import lasts
from powermeter.analysis.student_t import student_95
from powermeter.analysis.whole_run import WholeRun
from powermeter.analysis.windows import Windows
from powermeter.channel import Kind
from powermeter.errors import plural
from powermeter.result.notes import Note
from powermeter.signals.trace import Trace
from powermeter.signals.zero_below import zero_below
from powermeter.units import format_duration, format_number, format_percent, format_quantity, format_short

_MOST_ALIKE, _MANY_LABELS, _MOST_NAMED = 12, 200, 6
_ALIKE = {
    "overlap": "their events overlap others",
    "warm-up": "their first events are a warm-up",
    "same-mix": "unlike events come by turns, and the interval of their mean is that of this mix",
    "drift": "what an item uses goes on changing over their events",
    "tail": "something follows each of their events",
    "not-resolved": "their events are too short or too few for this meter",
}
"""The text of a remark that is made of many labels, in short."""

_THROUGHOUT = (
    "and what decides when its rows come may be the load: the run's interval reaches from nothing drawn in the pauses to the highest "
    "reading throughout"
)
_BETWEEN = (
    "and marks lie in its pauses as often as elsewhere: what events used there goes by what was read of them, and between them the run's "
    "interval reaches from nothing to the highest reading outside of events"
)


def _how_often(hertz: float) -> str:
    """Return `at 12 Hz`, and of a slow swing `once in 24 h`."""
    seconds = 1 / hertz
    if seconds < 100:
        return f"at {format_number(hertz, 2)} Hz"
    amount, unit = (seconds / 60, "min") if seconds < 2 * 3600 else (seconds / 3600, "h")
    return f"once in {format_number(amount, 2)} {unit}"


def remarks(
    power: Trace,
    energies: Windows,
    rows: Sequence[LabelRow],
    unfinished: int,
    differing: Sequence[Disagreement],
    run: WholeRun,
) -> tuple[Note, ...]:
    notes: list[Note] = [*power.notes]
    if unfinished:
        notes.append(
            Note.warning(
                "events-unfinished",
                f"{plural(unfinished, 'event')} never ended: left out",
            )
        )
    outside = int((~energies.covered).sum())
    if outside:
        notes.append(
            Note.warning(
                "events-outside",
                f"{plural(outside, 'event lies', 'events lie')} outside the recorded samples: no energy is known",
            )
        )
    if run.gap_s > 0:
        notes.append(
            Note.info(
                "gaps-bridged",
                f"{format_duration(run.gap_s)} of gaps are bridged from what lies beside them; the interval states how far",
            )
        )
    if stretches := rates_of(power):
        notes.append(
            Note.info(
                "rate-changes",
                f"readings come each {', then each '.join(format_duration(one.usual_ns * 1e-9) for one in stretches)}: each stretch is judged by its own rate",
            )
        )
    if run.no_time > 0:
        notes.append(
            Note.warning(
                "perhaps-clock-set",
                "a hole in the log may be a clock that was set forward while no time passed: the run's interval reaches down to what was "
                "recorded. Check what happened then; if the clock was set, move the stamps after it back and import again",
            )
        )
    if run.unread:
        notes.append(
            Note.warning(
                "mostly-unread",
                f"the log has no reading of {format_percent(run.unread, 3)} of the time, again and again, "
                + (_BETWEEN if run.marks_in_pauses else _THROUGHOUT)
                + "; log at an even rate, or use an energy counter",
            )
        )
    if run.on_change:
        notes.append(
            Note.info(
                "rows-on-change",
                "rows come at once where power changes, and else after a wait: where a change ended a wait, the value before is taken to have stood until then; "
                "what changed over other waits is in the run's interval. A log at an even rate needs neither",
            )
        )
    if run.paced:
        notes.append(
            Note.warning(
                "load-sets-pace",
                f"the sum of the readings is too {'low' if run.paced > 0 else 'high'}: the load affects how long the reader waits before it "
                "reads again. The intervals allow for it; read at a fixed rate",
            )
        )
    if run.slew:
        notes.append(
            Note.warning(
                "slew-limited",
                f"the readings never move faster than {format_short(run.slew)} {power.unit}/s, and turn back before they reach the level of others: the display was too slow "
                "for short peaks. The run's interval reaches to what they may have been; use a faster display, or the meter's energy counter",
            )
        )
    if below := zero_below(power):
        notes.append(
            Note.warning(
                "reads-zero-below",
                f"many readings are exactly 0 and none lies between that and the lowest other one: a meter that shows 0 below a threshold. What was drawn then "
                f"may be up to {format_quantity(below, power.unit, 2)}, and intervals reach up to that; use a meter that reads idle power",
            )
        )
    if run.starved > 0:
        notes.append(
            Note.warning(
                "lost-while-high",
                "rows are missing while the load is high, more often than by chance: the bridged values are too low, and the intervals reach up "
                "to the busy level; read the meter from another machine, or with a higher priority",
            )
        )
    if run.beat:
        notes.append(
            Note.warning(
                "beat",
                "readings keep step with the events, so they do not represent the run: read at a rate that is not a multiple "
                f"of the loop's, {REMEDIES[chosen_by(power)]}",
            )
        )
    if run.ripple:
        notes.append(
            Note.info(
                "ripple",
                f"the readings swing {_how_often(run.ripple)}: a load that is as far off a multiple of their rate looks the "
                f"same and has another energy; the interval covers both. Read at another rate, {REMEDIES[chosen_by(power)]}",
            )
        )
    if run.skipped:
        notes.append(
            Note.warning(
                "refreshes-skipped",
                f"readings are {format_duration(power.interval_ns * 1e-9)} apart, and {format_percent(run.skipped, 2)} of them repeat the one before, far more often than by "
                "chance: the instrument skipped a refresh. The run's interval allows for what the load did meanwhile; an energy counter misses nothing",
            )
        )
    if rows and power.kind is Kind.INSTANT and own_moments(power):
        notes.append(
            Note.info(
                "own-refresh",
                f"readings change at the instrument's own refresh, every {format_duration(power.interval_ns * 1e-9)}, and whether each is a "
                "snapshot or a mean since the one before is not stated: if snapshots, a load whose period divides that, or nearly, is "
                "aliased: nothing in the readings reveals it, and the interval does not hold it; an energy counter or a mean is not",
            )
            if power.repeats
            else Note.info(
                "own-refresh",
                "many readings repeat the one before to the last digit: the load stays as it is, or the instrument refreshes more slowly than it is "
                "read. If the latter, and each is a snapshot, a load whose period divides the refresh, or nearly, is aliased: nothing in the "
                "readings reveals it, and the interval does not hold it; an energy counter or a mean is not",
            )
        )
    if (
        not run.mute
        and not averages(power)
        and flat_at_regular_moments(power, energies.start_ns, energies.end_ns)
    ):
        notes.append(
            Note.info(
                "between-readings",
                f"readings{' inside events' if rows else ''} agree within their noise, at moments {format_duration(power.interval_ns * 1e-9)} apart: a load that repeats "
                f"at that pace or a multiple of it (mains, PWM, a loop) would look just as steady, and shorter pulses between them are missed; the interval "
                f"assumes a steady load. To check, read at another rate, {REMEDIES[chosen_by(power)]}",
            )
        )
    if run.mute:
        notes.append(
            Note.warning(
                "equal-readings",
                f"all {plural(run.mute, 'reading')} lie within what the instrument's step or noise leaves open, and there are too few to show what the load does between them: the interval allows for "
                f"{format_short(100 * unseen_share(run.mute), 2)} % of the time at another power, from none to three times what was read; sample faster, or record for longer",
            )
        )
    if run.carriers:
        notes.append(
            Note.info(
                "few-carriers",
                f"few readings carry much of the energy, as much as {run.carriers} equal ones would, and another run may catch more or fewer of them; "
                "sample faster, or record for longer",
            )
        )
    if run.blind_s > 0:
        notes.append(
            Note.warning(
                "unseen-events",
                f"no reading fell into {format_duration(run.blind_s)} of events: what they drew above their surroundings is missing from the run's value",
            )
        )
    if power.saturated:
        notes.append(
            Note.warning(
                "clipped-readings",
                f"{plural(power.saturated, 'sample is', 'samples are')} at the end of the sensor's range: what was drawn then is not known, only that it was "
                "at least that; use a larger range or a smaller shunt",
            )
        )
    notes += remarks_of_rows(rows)
    for d in differing:
        if not d.agree and d.ratio is not None:
            notes.append(
                Note.warning(
                    "disagreement",
                    f"{d.left} and {d.right} disagree by {format_percent(abs(d.ratio - 1))}, more than their intervals allow",
                )
            )
    return tuple(notes)


def _first(count: int) -> str:
    return "the first" if count == 1 else f"the first {count:,}"


def remarks_of_rows(rows: Sequence[LabelRow]) -> list[Note]:
    """Return the remarks on labels: of each kind a few, and how many more there are."""
    notes: list[Note] = []
    count: Counter[str] = Counter()
    every = remarked_of(rows)
    alike = _too_short_alike(every)
    for i, one in enumerate(every):
        for code in one.codes:
            same = alike.get(one.outcome, [i])
            if code == "not-resolved" and same[0] != i:
                continue
            count[code] += 1
            if count[code] > _MOST_ALIKE:
                continue
            if code == "not-resolved":
                named = [without_charge(rows, k) for k in same[:_MOST_NAMED]]
                lengths = [every[k].length_s for k in same]
                notes.append(
                    Note.info("not-resolved", f"{_names(named, len(same))}: {_too_short(named[0], lengths)}")
                )
            else:
                notes.append(_REMARKS[code](without_charge(rows, i)))
    for code, found in count.items():
        if found > _MOST_ALIKE:
            notes.append(Note.info(code, f"{plural(found - _MOST_ALIKE, 'more label')}: {_ALIKE[code]}"))
    known = rows.in_short if isinstance(rows, LabelRows) else rows
    events = sum(one.events for one in known)
    together = any(one.label in (OTHER_LABELS, OTHER_INSTANTS) for one in known)
    if len(rows) > _MANY_LABELS and events < 2 * len(rows) and not together:
        notes.append(
            Note.warning(
                "many-labels",
                f"{plural(len(rows), 'label')} for {plural(events, 'event')}: a label names a kind of work; use one name for all of a kind, and put "
                'what differs into an attribute: powermeter.event("request", id=17)',
            )
        )
    return notes


def _too_short_alike(every: Sequence[Remarked]) -> dict[str, list[int]]:
    """Return the labels whose events are too short in one and the same way, by that outcome."""
    found: dict[str, list[int]] = {}
    for i, one in enumerate(every):
        if one.outcome:
            found.setdefault(one.outcome, []).append(i)
    return found


def _too_short(first: LabelRow, lengths_s: Sequence[float]) -> str:
    """Return why the meter does not resolve the labels, once for all of them."""
    if len(lengths_s) == 1:
        return first.verdict.text
    return f"{lasts(min(lengths_s), max(lengths_s))} and {first.verdict.outcome}"


def _names(rows: Sequence[LabelRow], every: int) -> str:
    """Return the first labels by name, and how many follow."""
    named = ", ".join(r.title for r in rows)
    return f"{named} and {every - len(rows):,} more" if every > len(rows) else named


def _overlap(r: LabelRow) -> Note:
    full = r.expected_per_item or r.energy_per_item
    each = "" if full is None else f", {format_quantity(full.value, full.unit, 3)} per item"
    assert r.share is not None and r.energy is not None
    return Note.info(
        "overlap",
        f"events {r.title!r} overlap others: the power is divided among what runs, so that all adds up to the run, and "
        f"{format_short(100 * r.share)} % is their part; in full, what ran at once counted for each, it is {format_quantity(r.energy.value, 'J', 3)}{each}",
    )


def _warm_up(r: LabelRow) -> Note:
    return Note.info(
        "warm-up",
        f"{r.title}: {_first(r.warmup.count)} of {plural(r.events, 'event')} {'is' if r.warmup.count == 1 else 'are'} a warm-up, not counted in the mean of further ones",
    )


def _same_mix(r: LabelRow) -> Note:
    counted = r.events - r.unseen - r.warmup.count
    assert r.spread_j is not None
    drawn = float(student_95(counted - 1.0)) * r.spread_j / counted**0.5
    return Note.info(
        "same-mix",
        f"{r.title}: unlike events come by turns, and the interval of the mean is that of this mix of them; were they drawn by chance, it "
        f"would be ± {format_quantity(drawn, 'J', 2)} (standard deviation over the root of {counted:,})",
    )


def _drift(r: LabelRow) -> Note:
    assert r.drift is not None
    return Note.warning(
        "drift",
        f"{r.title}: what an item uses {'rose' if r.drift > 0 else 'fell'} by {format_percent(abs(r.drift))} of its mean from the first to the last "
        f"of the {plural(r.events - r.warmup.count, 'event')} counted, and may continue: the interval for the mean of further ones extends as far again, and back to where it began. "
        "Record until it is steady (temperature, clocks, caches), or quote what these used",
    )


def _tail(r: LabelRow) -> Note:
    assert r.tail is not None
    return Note.info(
        "tail",
        f"{r.title}: {format_quantity(r.tail.value, r.tail.unit, 2)} follow each event and are not part of it",
    )


_REMARKS: Mapping[str, Callable[[LabelRow], Note]] = {
    "overlap": _overlap,
    "warm-up": _warm_up,
    "same-mix": _same_mix,
    "drift": _drift,
    "tail": _tail,
}
