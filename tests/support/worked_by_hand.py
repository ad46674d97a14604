"""What each format must print of the known run (known_run.py), worked out by hand: 2 W at 5 V for 100 s."""

from __future__ import annotations

import statistics

from known_run import (
    BASELINE_W,
    ITEMS,
    LENGTHS_S,
    LOAD_S,
    RUN_S,
    VOLTS,
    WATTS,
)

CELL_V, CELL_AH = 3.7, 10.0
CELL_J = CELL_AH * 3600 * CELL_V
"""The battery, 37 Wh at its cells: 133 200 J."""
INFER_S = sum(LENGTHS_S)  # 24.2 s
INFER_J = WATTS * INFER_S  # 48.4 J
PER_ITEM = [WATTS * length / ITEMS for length in LENGTHS_S]  # 0.2 J for most

# By the linear rule (type 7) the quantile p of n sorted values stands at (n - 1) p:
# 0.95 × 39 = 37.05: the 38th (0.8) and a twentieth of the way to the 39th (1.2); 0.99 × 39 = 38.61.
P95_S = 0.8 + 0.05 * (1.2 - 0.8)

GRID = 56.039 / (1 - 0.07)
"""g/kWh at the plug in France: 56.039 generated, 7 % of that lost on the way, as the report itself prints."""
RUN_KWH = WATTS * RUN_S / 3.6e6

TERMINAL = {
    "energy": "200.0 ± 1.9 J 55.56 ± 0.53 mWh",  # 2 W × 100 s; ÷ 3600
    "charge": "11.11 ± 0.11 mAh ● measured",  # 0.4 A × 100 s ÷ 3600
    "mean power": "2.000 ± 0.019 W peak 2.00 W",
    "baseline": "500.0 mW given",
    "above it": "150.0 ± 1.9 J ◌ assumed",  # (2 − 0.5) W × 100 s; the meter's doubt stays whole
    "used by this run": "0.1502 ± 0.0014 %",  # 200 ÷ 133 200
    "lasts at this power": "18.50 ± 0.18 h",  # 133 200 ÷ 2 ÷ 3600
}

# The interval of the next item is that of repeats, `test_the_next_item…`; all else is arithmetic.
NEXT = "242 mJ (220 to 287)"

LABELS = {
    "load": {
        "events": "1",
        "items": "1",
        "per item": "4.000 ± 0.038 J",  # 2 W × 2 s
        "meter alone": "± 38 mJ",  # 0.95 %
        "of these": "4.000 ± 0.038 J",
        "above baseline": "3.000 ± 0.038 J",  # 1.5 W × 2 s
        "median": "4.000 J",
        "p95": "–",  # of one event there is no tail
        "std dev": "–",  # of one there is none
        "total": "4.000 ± 0.038 J",
        "charge": "222.2 ± 2.1 µAh",  # 0.8 C ÷ 3600
        "charge each": "222.2 ± 2.1 µAh",
        "power": "2.000 ± 0.019 W",  # 0.95 %
        "per charge": "33,300",  # 133 200 ÷ 4
        "mean time": "2.00 s",
        "p50 s": "2.00 s",
        "p95 s": "–",
        "p99 s": "–",
        "memory": "–",
    },
    "infer": {
        "events": "40",
        "items": "200",
        "per item": NEXT,  # 48.4 J ÷ 200
        "meter alone": "± 2.3 mJ",  # 0.95 % of 242 mJ
        "of these": "242.0 ± 2.3 mJ",
        "above baseline": "181 mJ (165 to 215)",  # 1.5 W × 24.2 s ÷ 200, as far as `NEXT` reaches times 1.5 W ÷ 2 W
        "median": "200.0 mJ",  # 2 W × 0.5 s ÷ 5
        "p95": "328.0 mJ",  # 2 W × 0.82 s ÷ 5
        "std dev": "90 mJ",
        "total": "48.40 ± 0.46 J",
        "charge": "2.689 ± 0.026 mAh",  # 9.68 C ÷ 3600
        "charge each": "13.4 µAh (12.2 to 16.0)",  # 242 mJ ÷ 5 V ÷ 3600
        "power": "2.000 ± 0.019 W",  # 0.95 %
        "per charge": "550,000",  # 133 200 ÷ 0.242 = 550 413
        "mean time": "605 ms",  # 24.2 s ÷ 40
        "p50 s": "500 ms",
        "p95 s": "820 ms",
        "p99 s": "–",  # of 40 events there is no 99th of a hundred
        "memory": "123 MB",
    },
}

UNROUNDED = {
    "load": {
        "events": 1,
        "events_of_warmup": 0,
        "events_raised": 0,
        "warnings": None,
        "items": 1,
        "duration_s": LOAD_S,
        "energy": 4.0,
        "energy_per_item": 4.0,
        "expected_per_item": None,
        "next_event_per_item": None,
        "energy_median_j": 4.0,
        "energy_p95_j": None,
        "energy_standard_deviation_j": None,
        "above_baseline_per_item": 3.0,
        "expected_above_baseline_per_item": None,
        "charge": 0.8,
        "mean_power": 2.0,
        "items_per_charge": CELL_J / 4.0,
        "latency_mean_s": 2.0,
        "latency_p50_s": 2.0,
        "latency_p95_s": None,
        "latency_p99_s": None,
        "peak_memory_b": None,
    },
    "infer": {
        "events": 40,
        "events_of_warmup": 0,
        "events_raised": 0,
        "warnings": None,
        "items": 200,
        "duration_s": INFER_S,
        "energy": INFER_J,
        "energy_per_item": INFER_J / 200,
        "energy_median_j": 0.2,
        "energy_p95_j": WATTS * P95_S / ITEMS,
        "energy_standard_deviation_j": statistics.stdev(PER_ITEM),
        "above_baseline_per_item": (WATTS - BASELINE_W) * INFER_S / 200,
        "charge": INFER_J / VOLTS,
        "mean_power": WATTS,
        "items_per_charge": CELL_J / 0.242,
        "latency_mean_s": 0.605,
        "latency_p50_s": 0.5,
        "latency_p95_s": P95_S,
        "latency_p99_s": None,
        "peak_memory_b": 123_000_000,
    },
}
"""In SI; a number is the middle of an interval where the column has one."""

HALF = {
    "energy": 1.0,
    "energy_per_item": 1.0,
    "charge": 1.0,
    "mean_power": 1.0,
    "above_baseline_per_item": WATTS / (WATTS - BASELINE_W),
}
"""The half-width of an interval over 0.95 % of its value: a baseline takes nothing off the meter's doubt."""
