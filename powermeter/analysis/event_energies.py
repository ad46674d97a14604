"""The energy (or charge) of many events at once, each with the parts of its uncertainty.

`measure` chooses the way by the kind of reading: `energy_from_instants.py` or `energy_from_means.py`.  Everything here is an array over events.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.all_marks_off_the_power import off_all_marks
from powermeter.analysis.bounded_by_readings import within_readings
from powermeter.analysis.clock_uncertainty import misplaced
from powermeter.analysis.covered_events import is_covered
from powermeter.analysis.energy_from_instants import measure_instants
from powermeter.analysis.energy_from_means import measure_means
from powermeter.analysis.event_estimate import Activity, GroupEstimate, zeros_held_once
from powermeter.analysis.events_in_holes import off_together
from powermeter.analysis.groups import members_of
from powermeter.analysis.holes import Bridges
from powermeter.analysis.integral import Integral
from powermeter.analysis.labels_of_one_event import LABELS, LabelsOfOneEvent
from powermeter.analysis.lag_of_all_labels import hold_back, lag_of_all_labels
from powermeter.analysis.late_by_a_refresh import late_by_a_refresh
from powermeter.analysis.lost_parts import few_whole
from powermeter.analysis.lost_while_high import lost_while_high
from powermeter.analysis.marks_in_pauses import less_sure_in_pauses, marks_in_pauses
from powermeter.analysis.marks_off_the_power import MarksBeside, off_its_marks
from powermeter.analysis.means_of_another_rate import open_of_another_rate
from powermeter.analysis.means_under_coarse_marks import whole_windows_beyond
from powermeter.analysis.mostly_refused import mostly_refused
from powermeter.analysis.mostly_unread import mostly_unread, unread_of
from powermeter.analysis.other_labels import Labels
from powermeter.analysis.overlapping_labels import divide_crossing
from powermeter.analysis.parts_of_one_rate import Part, parts_of_one_rate
from powermeter.analysis.perhaps_in_step import perhaps_in_step
from powermeter.analysis.quantisation import quantised, steps_alike
from powermeter.analysis.readings_inside import ReadingsInside
from powermeter.analysis.saturation import open_above
from powermeter.analysis.shared_windows import divide
from powermeter.analysis.smoothing_instrument import Smoothing, before_smoothing, shown
from powermeter.analysis.snapshot_or_mean import both, taken_for_means
from powermeter.analysis.steady_wave import steady_wave
from powermeter.analysis.unseen_labels import UnseenLabels
from powermeter.analysis.values_that_stood import of_the_refresh_before, perhaps_means
from powermeter.analysis.whole_run import never_negative
from powermeter.analysis.windows import Windows
from powermeter.channel import Kind
from powermeter.signals.zero_below import energy_below

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]
Indices = NDArray[np.int64]

_MANY_EVENTS = 100_000
"""Of more events, windows of a meter are not divided among labels, and readings inside are found label by label."""
_FEW_LABELS = 100


def measure(
    integral: Integral,
    start_ns: Times,
    end_ns: Times,
    group: Indices | None = None,
    *,
    bridges: Bridges | None = None,
    beside: Windows | None = None,
    labels: Indices | None = None,
    smooths: Smoothing | None = None,
) -> Windows:
    """Return what each event used.

    Args:
        integral: The running integral of a trace.
        start_ns, end_ns: Shape (n,); end ≥ start.  Any order, overlaps allowed.
        group: Which windows are of one kind (one label), 0 …; None puts all into one.
        bridges: The trace's holes; found where not given.
        beside: What another quantity of the same events came to: columns that are the same are held once.
        labels: Instants of these groups alone are measured; None measures all.
        smooths: Over what an instrument smooths its readings, where edges show it.
    """
    start_ns = np.ascontiguousarray(start_ns, np.int64)
    end_ns = np.ascontiguousarray(end_ns, np.int64)
    n = start_ns.size
    group = np.zeros(n, np.int64) if group is None else np.ascontiguousarray(group, np.int64)
    size = int(group.max(initial=-1)) + 1
    trace = integral.trace
    bridges = Bridges.of(integral) if bridges is None else bridges
    wave = steady_wave(integral, start_ns, end_ns) if n else None
    seconds = (end_ns - start_ns) * 1e-9
    covered = is_covered(integral, start_ns, end_ns)
    inside = ReadingsInside.of(integral, start_ns, end_ns)
    gap_s = zeros_held_once(inside.gap_s)
    top = len(trace) - 2
    value, noise, gaps = np.full(n, np.nan), np.zeros(n), np.zeros(n)
    lean = np.zeros(n)
    below: Floats = np.zeros(n)
    above: Floats = np.zeros(n)
    samples = np.zeros(n, np.uint32)
    groups: list[GroupEstimate] = []
    means = trace.kind is not Kind.INSTANT
    paused = mostly_unread(integral) if integral.hole.size else None
    marked_in_pauses = paused is not None and marks_in_pauses(integral, start_ns, end_ns) is not None
    as_means = taken_for_means(integral, start_ns, end_ns) if n else None
    marks = Labels(start_ns, end_ns, group, covered) if size > 1 else None
    if smooths is not None and shown(trace):
        smooths = None
    before_it = None if smooths is None else before_smoothing(trace, smooths, start_ns, end_ns, group)
    kind, group, parts_of_run, part_of = _by_rate(integral, start_ns, end_ns, group)
    asked = group >= 0
    if labels is not None:
        asked &= np.isin(kind, labels)[group]
    members = _lasting(start_ns, np.where(asked, group, -1), kind.size, covered & (seconds > 0))
    if beside is not None:
        seconds, members = _held_once(seconds, members, beside)
    value[covered & asked] = 0.0
    unseen = None
    if not means and as_means is None and not parts_of_run:
        unseen = UnseenLabels.of(integral, inside, seconds, members)
        value[unseen.index], below[unseen.index], above[unseen.index] = (
            unseen.value,
            unseen.below,
            unseen.above,
        )
    done = {} if unseen is None else dict(unseen.of_label)
    if by_label := n > _MANY_EVENTS and len(members) <= _FEW_LABELS:
        inside = inside.at(members[0][:0])
    parts: dict[str, Floats] = {}

    def take(lasting: Indices, found: GroupEstimate) -> None:
        value[lasting], noise[lasting] = found.value, found.own
        for column, own in (
            (gaps, found.gaps),
            (lean, found.lean),
            (below, found.below),
            (above, found.above),
        ):
            if own.any():
                column[lasting] = own
        for name, joules in found.shared.items():
            parts.setdefault(name, np.zeros(n))[lasting] = joules
        found.forget_events()

    about = MarksBeside.of(start_ns, end_ns, covered, members) if before_it is None else None
    lag = None if marks is None or n > _MANY_EVENTS else lag_of_all_labels(integral, marks)
    all_beside = None if marks is None or about is None or lag is not None else off_all_marks(integral, marks)
    single = None
    if unseen and marks and about and not by_label and (wave, lag, all_beside) == (None, None, None):
        single = LabelsOfOneEvent.of(integral, (start_ns, end_ns), inside, members, marks, about)
    if single is not None:
        done.update(single.of_label)
        at, all_of_them = single.index, single.found
        value[at], noise[at], lean[at] = all_of_them.value, all_of_them.own, all_of_them.lean
        below[at], above[at], samples[at] = all_of_them.below, all_of_them.above, single.seen
    for g, lasting in enumerate(members):
        if g in done or not lasting.size:
            groups.append(done.get(g) or GroupEstimate.empty(0))
            continue
        edges = start_ns[lasting], end_ns[lasting]
        others = None if marks is None or (means and n > _MANY_EVENTS) else marks.beside(int(kind[g]))
        marked = None if marks is None else (marks, int(kind[g]))
        own, own_bridges, own_wave = integral, bridges, wave
        own_inside = ReadingsInside.of(integral, *edges) if by_label else inside.at(lasting)
        if parts_of_run:
            own = parts_of_run[part_of[g]].integral
            own_bridges, own_inside, own_wave = Bridges.of(own), ReadingsInside.of(own, *edges), None
        if trace.kind is Kind.INSTANT:
            found = measure_instants(own, *edges, own_bridges, own_inside, own_wave, others, marked)
            if lag is not None and before_it is None:
                hold_back(own, *edges, found, lag)
        else:
            found = whole_windows_beyond(own, edges, own_bridges, others, marks) or measure_means(
                own, *edges, own_bridges, others
            )
            open_of_another_rate(own, *edges, found)
        if as_means is not None:
            found = both(found, as_means, *edges, bridges, others)
        if before_it is not None:
            found = before_it.both(found, lasting, bridges, others)
        elif about is not None:
            off_its_marks(own, *edges, found, about, g)
            if all_beside is not None:
                all_beside.open(own, *edges, found)
            if len(members) < LABELS:  # of more, ids used as names, each is measured at once
                found = late_by_a_refresh(own, *edges, found, others)
        found.steady = perhaps_in_step(own.trace, *edges)
        if own_inside.gap_s.any():
            few_whole(own, *edges, found, own_inside.gap_s)
            off_together(own, *edges, found, own_inside.gap_s)
            if marked_in_pauses:
                less_sure_in_pauses(found)
            elif paused is not None:
                paused.widen(found, seconds[lasting], unread_of(own, *edges, own_inside.gap_s))
        if parts_of_run:
            found.in_holes = parts_of_run[part_of[g]].numbered(found.in_holes)
        groups.append(found)
        samples[lasting] = found.seen
        if trace.kind is Kind.INSTANT:  # of a million events, two labels' columns are not held for the third
            take(lasting, found)
    if trace.kind is not Kind.INSTANT:
        divide(integral, start_ns, end_ns, members, groups)
        divide_crossing(integral, start_ns, end_ns, members, groups)
        earlier = None if parts_of_run else of_the_refresh_before(integral)
        moved = None if earlier is None else measure(earlier, start_ns, end_ns, group)
        for lasting, found in zip(members, groups, strict=True):
            if moved is not None:
                perhaps_means(found, moved.value[lasting])
            take(lasting, found)
    before, upto = (
        (integral.upto(start_ns), integral.upto(end_ns)) if by_label else (inside.before, inside.upto)
    )
    plain = integral.at(end_ns, np.clip(upto - 1, 0, top))
    plain -= integral.at(start_ns, np.clip(before - 1, 0, top))
    del before, upto, inside
    if (starved := lost_while_high(integral, start_ns, end_ns)).any():
        above += starved
    above = open_above(trace, start_ns, end_ns, above + energy_below(trace, start_ns, end_ns))
    if (refused := mostly_refused(trace)) is not None:
        below, above = refused.opened((start_ns, end_ns), value, below, above)
    known = covered & np.isfinite(value)
    value = np.where(known, value, np.nan)
    clock = (
        misplaced(integral, start_ns, end_ns, plain, trace.clock_ns) if trace.clock_ns and n else np.zeros(n)
    )
    one_level = False
    if trace.step and trace.kind is not Kind.COUNTER and n:
        bias, one_level = quantised(integral)
        shared = np.zeros(n)
        rates = np.bincount(kind)[kind].tolist()
        for mine, index, pieces in zip(members_of(group, kind.size), members, rates, strict=True):
            within, common = steps_alike(trace, start_ns[index], end_ns[index])
            # Those of one label that are read at different rates lie on the same steps.
            shared[mine] = common * math.sqrt(pieces)
            # What an event's readings have in common beyond what all events' have is the event's own.
            apart = bias * math.sqrt(max(within**2 - common**2, 0.0))
            noise[index] = np.hypot(noise[index], apart * seconds[index])
        parts["quantisation"] = bias * shared * seconds
    windows = Windows(
        integral=integral,
        start_ns=start_ns,
        end_ns=end_ns,
        group=group,
        value=value,
        plain=plain,
        seconds=seconds,
        samples=samples,
        gap_s=gap_s,
        noise=noise,
        clock=zeros_held_once(clock),
        gaps=zeros_held_once(gaps),
        covered=covered,
        known=known,
        groups=tuple(groups),
        members=tuple(members),
        lean=zeros_held_once(lean),
        below=zeros_held_once(below),
        above=zeros_held_once(above),
        shared=parts,
        one_level=one_level,
        floor=0.0 if never_negative(integral) else None,
    )
    return within_readings(windows)


def _lasting(start_ns: Times, group: Indices, size: int, some: NDArray[np.bool_]) -> list[Indices]:
    """Return the positions of the events of each group, of some of all events, sorted by start."""
    index = np.flatnonzero(some)
    index = index[np.argsort(start_ns[index], kind="stable")]
    return [index[mine] for mine in members_of(group[index], size)]


def _held_once(seconds: Floats, members: list[Indices], beside: Windows) -> tuple[Floats, list[Indices]]:
    """Return columns of events, those of them that another quantity's windows hold already as they hold them."""
    shared = [
        theirs if np.array_equal(own, theirs) else own
        for own, theirs in zip(members, beside.members, strict=False)
    ]
    same = np.array_equal(seconds, beside.seconds)
    return beside.seconds if same else seconds, shared if len(shared) == len(members) else members


def _by_rate(
    integral: Integral, start_ns: Times, end_ns: Times, group: Indices
) -> tuple[Indices, Indices, list[Part], Indices]:
    """Return the kinds of events, those of one kind that are read at different rates apart: of each its label, of each event its kind; the parts, and that of each kind."""
    parts, owner = parts_of_one_rate(integral, start_ns, end_ns)
    if not parts or not group.size:
        labels = np.arange(int(group.max(initial=-1)) + 1)
        return labels, group, [], np.zeros(labels.size, np.int64)
    both, number = np.unique(np.where(group < 0, -1, group * len(parts) + owner), return_inverse=True)
    ahead = int(both[0] < 0)
    return both[ahead:] // len(parts), number.reshape(-1) - ahead, parts, both[ahead:] % len(parts)


def activity_of(windows: Windows) -> list[Activity]:
    """Return what each group's events show about the run that they lie in."""
    return [
        Activity(windows.start_ns[index], windows.end_ns[index], found)
        for index, found in zip(windows.members, windows.groups, strict=True)
        if index.size
    ]
