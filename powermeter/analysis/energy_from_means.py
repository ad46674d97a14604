"""The energy of events from means over intervals and from counters.

Such an instrument knows the sum over each of its windows and nothing of where in the window it fell.  Whole windows inside
an event count as they are.  Of a window that an edge cuts, what does not belong to the event is subtracted: the power beside
the event times the rest of the window.  That holds whatever the load does inside (*whole windows that contain the event, less what is
beside it*), as long as the load beside it is steady.  Where it is not, the window's sum is divided in proportion to how much either
side is seen to vary, and what it could have held besides is the uncertainty (the conditional mean and variance of two
independent parts of known sum).
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.beside_events import (
    AllWindows,
    Calm,
    neighbours,
    pairs_of,
    states,
    wander,
)
from powermeter.analysis.event_estimate import BEAT, FEW, TAIL, GroupEstimate
from powermeter.analysis.few_late_means import few_shown_late
from powermeter.analysis.holes import Bridges, in_holes
from powermeter.analysis.integral import Integral
from powermeter.analysis.late_means import shown_late
from powermeter.analysis.lock_step import always_alike
from powermeter.analysis.other_labels import Others
from powermeter.analysis.overlapping_under_means import measure_overlapping
from powermeter.analysis.power_between import open_to_what_is_drawn_between
from powermeter.analysis.profiles import (
    MOST_WINDOWS,
    Regressed,
    Scene,
    after_effects,
    regressed,
    take_tail_out,
)
from powermeter.analysis.quantiles import median
from powermeter.analysis.some_are_followed import open_to_followed, some_are_followed
from powermeter.analysis.student_t import student_95
from powermeter.analysis.surplus_at_ends import changes_inside, stands_out
from powermeter.analysis.tails import LEAST_WITH_TAILS, follows_few, head_of, tail_of
from powermeter.analysis.uncertainty import BY_EDGES
from powermeter.channel import Kind
from powermeter.result import COVERAGE_95

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

_SEEN_WELL = 16
_FEW_PAIRS = 6
_ABUTTING = 0.1
_WHOLE = 1 - 1e-9
_HARDLY_ANY = 0.1
_LOOKED_AT = 2000  # events of which the windows that ends cut are looked at for what may follow


def measure_means(
    integral: Integral,
    start_ns: Times,
    end_ns: Times,
    bridges: Bridges | None = None,
    others: Others | None = None,
    *,
    tails: bool = True,
) -> GroupEstimate:
    """Return what the events of one label used, from means over intervals or from a counter.

    Args:
        start_ns, end_ns: Shape (n,), sorted by start.
        others: The events of other labels, where there are any.
        tails: Whether what follows events, or comes ahead of them, is asked for.
    """
    trace = integral.trace
    if (start_ns[1:] < np.maximum.accumulate(end_ns)[:-1]).any():
        return measure_overlapping(integral, start_ns, end_ns, bridges)
    t, running = trace.times_ns, integral.running
    n, top = start_ns.size, trace.times_ns.size - 1
    found = GroupEstimate.empty(n)
    ks = np.clip(np.searchsorted(t, start_ns, side="right"), 1, top)
    ke = np.clip(np.searchsorted(t, end_ns, side="left"), ks, top)
    alone = ks == ke
    every = AllWindows.of(integral, others)
    tau, rates, blind, cut_blind = every.tau, every.rates, every.blind, every.cut_blind
    seconds = (end_ns - start_ns) * 1e-9
    ps = np.clip((np.minimum(t[ks], end_ns) - start_ns) * 1e-9 / tau[ks], 0.0, 1.0)
    pe = np.where(alone, 0.0, np.clip((end_ns - t[ke - 1]) * 1e-9 / tau[ke], 0.0, 1.0))
    inner = np.where(alone, 0.0, running[ke - 1] - running[ks])
    found.seen = np.where(alone, 0, np.maximum(integral.counted(ks + 1, ke), 0))
    # One item for each window that an edge cuts, events that share a window together.
    window = np.concatenate([ks, ke])
    share = np.concatenate([ps, pe])
    event = np.concatenate([np.arange(n)] * 2)
    keep = share > 0
    window, share, event = window[keep], share[keep], event[keep]
    cut, owner = np.unique(window, return_inverse=True)
    part = np.minimum(np.bincount(owner, share, cut.size), 1.0)
    right, left = neighbours(t, start_ns, end_ns, cut, part)
    seen_rates, aside = rates, blind
    following = np.concatenate([start_ns[1:], [max(int(t[-1]), int(end_ns[-1]))]])
    if others is not None:
        following = np.minimum(following, others.next_start(end_ns, following))
    tail = tail_of(rates, tau, t, end_ns, following, ke, blind) if tails else None
    if tail is not None:
        rates, aside = rates.copy(), aside.copy()
        np.subtract.at(rates, ke, tail.first / tau[ke])
        np.subtract.at(
            rates, ks[1:], np.where(following[:-1] == start_ns[1:], tail.again[:-1], 0.0) / tau[ks[1:]]
        )
        for j in range(1, tail.windows + 1):
            aside[np.minimum(ke + j, top + 1)] = True
    rested_ns = end_ns if tail is None else t[np.minimum(ke + tail.windows, top)]
    ended_ns = _last_ends(t, start_ns, rested_ns, others)
    head = head_of(rates, tau, t, start_ns, ended_ns, ks, blind) if tails else None
    if head is not None:
        rates, aside = rates.copy(), aside.copy()
        np.subtract.at(rates, ks, head.first[::-1] / tau[ks])
        for j in range(1, head.windows + 1):
            aside[np.maximum(ks - j, 0)] = True
    rate = rates[cut]
    for state in (left, right):
        state[aside[np.clip(cut + (1 if state is right else -1), 0, top)]] = 0
    near = [rates[np.clip(cut - 1, 1, top)], rates[np.clip(cut + 1, 1, top)]]
    level_in, has_in = mean_of_those(near, [left == 2, right == 2])
    # What is usual on either side, from neighbouring whole windows of one state.
    calm = None
    if tail is None and head is None and others is not None and not others.not_meant.size:
        calm = every.calm_beside(cut, np.bincount(owner, minlength=cut.size), _ABUTTING, _FEW_PAIRS)
    index = every.looked_at if calm is None else every.within(ks, ke)
    state = states(t, start_ns, end_ns, cut, aside, index)
    if calm is None:
        beside_state = state
        if others is not None:
            # What other labels do is not what goes on beside this one, where enough is left without it and they seldom share a window.
            busy = np.sum(others.columns(t), axis=0) > 0
            calm_state = np.where((state == 1) & busy[index], 0, state)
            abutting = cut.size > 0 and float(busy[cut].mean()) > _ABUTTING
            beside_state = (
                calm_state if not abutting and pairs_of(index, calm_state, 1) >= _FEW_PAIRS else state
            )
        calm = Calm(rates, index, beside_state, max(trace.noise**2, 0.0))
    var_out, quiet = calm.variance, calm.median
    var_in, _ = wander(rates, index, state, 2)
    # Where hardly any two windows in a row lie beside events, all windows show what a load may do there.
    pairs, pairs_in = calm.pairs, pairs_of(index, state, 2)
    unlike = 0.0
    least_squares: Regressed | None = None
    if pairs < _FEW_PAIRS:
        least_squares = regressed(Scene(seen_rates, tau, start_ns, end_ns, t, blind, others))
        all_of_them = float(np.var(rates[index])) if index.size > 1 else 0.0
        if least_squares is not None:
            # What events explain of the windows is not what goes on beside them.
            all_of_them = min(all_of_them, least_squares.unlike)
        unlike = all_of_them * (1 - pairs / _FEW_PAIRS)
        var_out += unlike / 2
        var_in += unlike / 2
    noise = trace.noise**2 + (trace.step**2 / 12 if trace.kind is Kind.MEAN else 0.0)
    if trace.kind is Kind.COUNTER:
        noise = 2 * (trace.noise**2 + trace.step**2 / 12) / median(tau[cut]) ** 2
    quiet_level = quiet if quiet is not None else float("nan")
    if pairs_in < _FEW_PAIRS:
        # What goes on beside events goes on inside of them as well, whether whole windows there have shown it or not.
        var_in = max(var_in, max(var_out - 1.5 * noise, 0.0) * (1 - pairs_in / _FEW_PAIRS))
    beside = calm.power(cut)
    beside = replace(beside, error=math.hypot(beside.error, math.sqrt(unlike)))
    level_out = beside.level
    no_out = ~np.isfinite(level_out)
    level_out = np.where(no_out, rate, level_out)
    length = tau[cut]
    inner_s = np.where(alone, 0.0, (t[np.maximum(ke - 1, 0)] - t[ks]) * 1e-9)
    read_s = inner_s
    if bridges is not None:
        held, _, held_s = bridges.inside(t[ks], np.maximum(t[np.maximum(ke - 1, 0)], t[ks]))
        inner, read_s = inner - held, inner_s - held_s
    seen_s = float(np.sum(read_s))
    if seen_s > 0:
        inside = float(inner.sum()) / seen_s
    else:
        weight = part * length
        inside = float(np.sum(length * (rate - (1 - part) * level_out))) / max(float(weight.sum()), 1e-30)
    usual = median(length)
    full = found.seen > 0
    full &= read_s > 0
    each = inner[full] / np.maximum(read_s[full], 1e-12)
    between = float(np.var(each, ddof=1)) if each.size > 1 else (inside - (quiet or 0.0)) ** 2 / 12
    level_in = np.where(has_in, level_in, inside)
    expected = part * level_in + (1 - part) * level_out
    rest = length * (rate - expected)
    u_out = np.where(no_out, rate**2, max(var_out, beside.error**2))
    # Where no whole window of the event lies beside a cut one, its level is known as far as events of the label are alike.
    within = rates[index[state == 2]]
    unlike_in = max(float(np.var(within, ddof=1)) - var_in, 0.0) if within.size > 1 else 0.0
    apart = np.where(has_in, 0.0, unlike_in)
    model = length**2 * (part * (var_in + apart) + (1 - part) * u_out)
    whole = part >= _WHOLE
    hole_cut = cut_blind[cut]
    used = ~whole & ~hole_cut
    excess = float(np.sum(rest[used] ** 2 - model[used])) - noise * float(np.sum(length[used] ** 2))
    if excess > 0:
        # More than either side is seen to vary: both vary more beside edges, as they do elsewhere; where the outside does not,
        # it is the event's own shape.
        more = excess / max(float(np.sum(length[used] ** 2 * part[used])), 1e-300)
        still = max(var_out - 1.5 * noise, 0.0)
        lively = max(var_in - noise, 0.0)
        if int(found.seen.sum()) < _SEEN_WELL and np.isfinite(quiet_level):
            lively = max(lively, 0.1 * (inside - quiet_level) ** 2)
        to_out = still / (still + lively) if still + lively > 0 else 0.0
        var_in = var_in + more * (1 - to_out)
        u_out = u_out + more * to_out
    if not np.any(has_in):
        var_in = max(var_in, (inside - quiet_level) ** 2 if np.isfinite(quiet_level) else inside**2)
    a, b = part * (var_in + apart), (1 - part) * u_out
    kappa = np.divide(a, a + b, out=np.ones(part.size), where=a + b > 0)
    kappa = np.where(whole, 1.0, kappa)
    given = part * length * level_in + kappa * rest
    split = np.divide(a * b, a + b, out=np.zeros(part.size), where=a + b > 0) * length**2
    # What stands out from the usual is one thing, on one side or the other.
    by_excess = np.maximum(split, kappa * (1 - kappa) * rest**2)
    chance = calm.chance_of_a_jump(rest[used] / length[used], part[used], noise)
    other = np.zeros(part.size)
    other[used] = chance
    split = np.maximum(split, np.maximum(kappa * (1 - kappa), other * (1 - other)) * rest**2)
    reach = np.where(whole | no_out, 0.0, length * kappa * (1 - part))
    split = np.maximum(split, (reach * beside.error) ** 2) + noise * length**2 * kappa**2
    # Windows whose power beside comes from the same readings are off alike.
    alike = float(np.sum(np.bincount(beside.region, reach, 1) ** 2) - np.sum(reach**2)) * beside.error**2
    split = np.where(whole, noise * length**2, split)
    # That level itself is off alike in all of them.
    borrowed = np.where(has_in | whole | hole_cut, 0.0, part * (1 - kappa) * length)
    if seen_s > 0:
        level_u = float(np.var(within)) / within.size if within.size > 1 else max(var_in, unlike)
        level_u = max(level_u, noise / max(within.size, 1))
    else:
        own_u = length**2 * (a + b)
        level_u = float(np.sum(own_u[used])) / max(float(np.sum(part * length)), 1e-30) ** 2
    # A level that a whole window beside shows is known to that window's noise.
    lent = np.where(has_in & ~whole & ~hole_cut, part * (1 - kappa) * length, 0.0)
    lenders = np.maximum(np.sum([left == 2, right == 2], axis=0), 1)
    split = split + borrowed**2 * level_u + lent**2 * noise / lenders
    alike += (float(borrowed.sum()) ** 2 - float(borrowed @ borrowed)) * level_u
    if hole_cut.any():
        given = np.where(hole_cut, 0.0, given)
        split = np.where(hole_cut, 0.0, split)
    portion = share / np.maximum(part[owner], 1e-30)
    early = np.maximum(t[0] - start_ns, 0) * 1e-9
    late = np.maximum(end_ns - t[-1], 0) * 1e-9
    value = inner + np.bincount(event, portion * given[owner], n) + early * rates[1] + late * rates[top]
    outside = (early * max(abs(rates[1] - inside), 0.6 * abs(rates[1]))) ** 2
    outside += (late * max(abs(rates[top] - inside), 0.6 * abs(rates[top]))) ** 2
    outside += 0.0 if tail is None else tail.unlike**2
    found.value = value
    several = np.bincount(owner, minlength=cut.size) > 1
    # How events of one label divide a window that they share, nobody saw; that they are alike is likely.
    divided = np.where(several[owner], (portion * given[owner]) ** 2 * np.maximum(1 - portion, 0.0) / 4, 0.0)
    own = np.bincount(event, portion**2 * split[owner] + divided, n) + outside
    if trace.kind is Kind.MEAN:
        own += noise * trace.independent(found.seen) * usual**2
    found.own = np.sqrt(own)
    total = float(split.sum()) + max(alike, 0.0)
    if trace.kind is Kind.MEAN:
        total += noise * float(trace.independent(found.seen).sum()) * usual**2
    followed = None
    if tail is None or not tail.joules:
        reach = (t[ke] - end_ns) * 1e-9 / tau[ke]
        followed = some_are_followed(rates, tau, reach, (ks, ke), calm.out, noise**0.5, inside)
    # What the edges leave in common: a mean rest that is not chance, of which the division may be wrong, and what follows.
    doubts = [left_in_common(rest, kappa, used, part) / n]
    if tail is not None and followed is None:
        doubts.append(tail.doubt)
    if tail is not None:
        found.tail = (tail.joules, tail.error) if tail.joules else None
    if head is not None:
        doubts.append(head.doubt)
    if any(doubts):
        found.shared[BY_EDGES] = np.full(n, math.hypot(*doubts))
    if least_squares is not None:
        # The finer model must agree, or the interval widens.
        apart_from = math.hypot(least_squares.used_u, float(value.mean()) - least_squares.used)
        found.own = np.hypot(found.own, apart_from)
        own = found.own**2
        total += (apart_from * n) ** 2
    total += float(outside.sum())
    found.factor = total / max(float(own.sum()), 1e-300)
    found.level = inside
    found.quiet = quiet
    if pairs >= _FEW_PAIRS:
        found.quiet_variance = max(var_out, noise), max(calm.away, noise)
    if excess > 0:
        # Only what the excess divides is known as of so many windows (Welch and Satterthwaite).
        of_all = min(float(np.sum(by_excess[used])) / max(total, 1e-300), 1.0)
        found.freedom = max(float(used.sum()) - 1, 1.0) / max(of_all, 1e-6) ** 2
    if least_squares is not None:
        found.freedom = min(found.freedom, least_squares.freedom)
    if bridges is not None:
        levels = np.divide(inner, read_s, out=np.full(n, inside), where=read_s > 0.5 * inner_s)
        # An edge is where a load that has a shape is least like its mean: what all windows inside do, counts.
        whole_in = rates[index[state == 2]]
        shape = float(np.mean((whole_in - inside) ** 2)) if whole_in.size else 0.0
        known = max(int(full.sum()), 1)
        t95 = float(student_95(known - 1.0)) / COVERAGE_95 if known > 1 else 1.0
        # Events of which nothing was read are at one level, which as many events as were read show.
        unread = int(np.count_nonzero(read_s <= 0.5 * inner_s))
        far = max(between + var_in, shape) * (1 + max(unread, 1) / known) * t95**2
        lost = in_holes(integral, start_ns, end_ns, levels, (max(var_in, noise), far))
        found.in_holes = lost
        found.value = value + np.bincount(lost.event, lost.joules, n)
        found.gaps = np.sqrt(np.bincount(lost.event, lost.variance, n))
    row_ns = trace.interval_ns / (1 + trace.repeats / len(trace)) if trace.repeats else 0.0
    profile = after_effects(seen_rates, tau, start_ns, end_ns, t, blind, others, row_ns)
    if profile is not None:
        take_tail_out(found, profile, seconds)
    few = n < LEAST_WITH_TAILS
    if few or (n <= _LOOKED_AT and (tail is None or not tail.joules) and not (followed or profile)):
        least: Floats | None = None
        unseen = 1.0
        ending = (window == ke[event]) & ~whole[owner]
        if few and follows_few(rates, t, following, ke, calm.out):
            least = part * length * np.minimum(level_out, rate)
        elif quiet is not None:
            lone = ending & ~several[owner] & ~no_out[owner] & ~hole_cut[owner]
            change = changes_inside(rates, ks, ke, np.where(alone, 0.0, ps), quiet)
            clock = 1e-9 * trace.clock_ns * abs(inside - quiet) / length
            wide = float(student_95(within.size - 1.0)) / COVERAGE_95 if within.size > 1 else 0.0
            unlike_each = np.where(has_in, 0.0, unlike_in * wide**2 if wide else math.inf)
            open_ = part**2 * (change**2 + unlike_each) + calm.variance + beside.error**2 + 2 * noise
            allowed = length * np.sqrt(open_ + clock**2)
            surplus = rest[owner[lone]]
            if not few and surplus.size:
                # What most ends hold more than the mean, the events do: power rises in them.
                surplus = surplus - max(median(surplus), 0.0)
            if stands_out(surplus, allowed[owner[lone]], float(value.sum())):
                least = given - kappa * np.maximum(rest, 0.0) - 2 * allowed
                least = np.maximum(least, part * length * np.minimum(level_out, rate))
                # Ends in windows that hold another event's edge show nothing, and may be followed as often.
                unseen = n / max(int(lone.sum()), 1)
        if least is not None:
            found.why = TAIL
            np.add.at(found.below, event, unseen * portion * np.maximum(given - least, 0.0)[owner] * ending)
            found.below_all = float(found.below.sum())
    if followed is not None and not found.why and found.tail is None:
        ending = (window == ke[event]) & ~whole[owner] & ~no_out[owner]
        theirs = np.maximum(given - part * length * np.minimum(level_out, rate), 0.0)
        moves = np.where(has_in | (seen_s > 0), kappa, 1.0)
        held, beyond = np.zeros(n), np.zeros(n)
        np.add.at(held, event, ending * portion * (moves * theirs)[owner])
        np.add.at(beyond, event, ending * portion * rest[owner])
        spare = rate * length - (quiet or 0.0) * (1 - part) * length - given
        open_to_followed(found, followed, held, beyond, np.bincount(event, portion * spare[owner], n) * 1.0)
    if (
        median(seconds) < usual
        and calm.between(t, int(start_ns[0]), int(end_ns[-1])) < _HARDLY_ANY * n
        and always_alike((t[ke] - end_ns) / (usual * 1e9))
    ):
        # Every window holds one event, at the same place: whether something follows it, none of them shows.
        found.why = BEAT
        found.below = np.maximum(found.value - (quiet or 0.0) * seconds, 0.0)
        found.below_all = float(found.below.sum())
    elif median(seconds) < usual and t.size <= MOST_WINDOWS:
        scene = Scene(seen_rates, tau, start_ns, end_ns, t, blind, others)
        open_to_what_is_drawn_between(found, scene, ke, calm.out, math.sqrt(total) / n)
    if no_out.any() and not whole[no_out].all():
        found.why = FEW
        low = np.bincount(event, portion * np.where(no_out & ~whole, given, 0.0)[owner], n)
        high = np.bincount(event, portion * np.where(no_out & ~whole, length * rate - given, 0.0)[owner], n)
        found.below, found.above = np.maximum(low, 0.0), np.maximum(high, 0.0)
        found.below_all, found.above_all = float(found.below.sum()), float(found.above.sum())
    events = start_ns, end_ns, _last_ends(t, start_ns, end_ns, others), following
    return few_shown_late(integral, events, found) if few else shown_late(integral, events, found, tail, head)


def _last_ends(t: Times, start_ns: Times, end_ns: Times, others: Others | None) -> Times:
    """Return when the last event of any label before each start has ended."""
    before = np.concatenate([[min(int(t[0]), int(start_ns[0]))], end_ns[:-1]])
    before = np.minimum(before, start_ns)
    found: Times = before if others is None else np.maximum(before, others.last_end(start_ns, before))
    return found


def mean_of_those(values: list[Floats], use: list[NDArray[np.bool_]]) -> tuple[Floats, NDArray[np.bool_]]:
    count = np.sum(use, axis=0)
    total = np.sum([np.where(u, v, 0.0) for v, u in zip(values, use, strict=True)], axis=0)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0), count > 0


def left_in_common(rest: Floats, kappa: Floats, used: NDArray[np.bool_], part: Floats) -> float:
    """Return what the division of the windows' rests leaves in common, in J."""
    n = int(used.sum())
    if n < 4:
        return 0.0
    mean = float(rest[used].mean())
    error = float(rest[used].std(ddof=1)) / math.sqrt(n)
    real = math.sqrt(max(mean**2 - error**2, 0.0))
    return real * float(np.sum(np.sqrt(kappa[used] * (1 - kappa[used]))))
