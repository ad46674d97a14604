"""A channel's description survives the file, also one written by a newer version."""

from __future__ import annotations

import json

import numpy as np
import pytest

from powermeter.channel import (
    MISSING,
    REPEAT,
    SATURATED,
    Accuracy,
    Boundary,
    Channel,
    Kind,
    Quantity,
    Rail,
    flags_of,
    saturated,
)
from powermeter.result import Grade

FULL = Channel(
    "vdd_in.energy",
    Quantity.ENERGY,
    2.5e-6,
    Rail("VDD_IN", parent="DC", boundary=Boundary.MODULE, covers="the module", nominal_v=5.0),
    kind=Kind.COUNTER,
    offset=-1.0,
    grade=Grade.DERIVED,
    accuracy=Accuracy(0.01, 0.002, 1e-6, 1e-3, 0.1, 1e-5, True, "a datasheet"),
    wrap=2**32,
    window_ns=5,
    refresh_ns=7,
    low_code=-3,
    high_code=2**40,
)


@pytest.mark.parametrize("channel", [FULL, Channel("t", Quantity.TEMPERATURE, 0.1)])
def test_a_channel_comes_back_from_json_as_it_was(channel):
    back = Channel.from_dict(json.loads(json.dumps(channel.to_dict())))
    assert back == channel
    assert type(back.quantity) is Quantity and type(back.kind) is Kind and type(back.grade) is Grade
    if back.rail is not None:
        assert type(back.rail.boundary) is Boundary


def test_fields_of_a_newer_version_are_ignored():
    data = FULL.to_dict()
    data["colour"] = "red"
    data["rail"]["length_m"] = 2
    data["accuracy"]["mood"] = "good"
    assert Channel.from_dict(data) == FULL


@pytest.mark.parametrize(
    "change",
    [
        {"quantity": "warmth"},
        {"kind": "sometimes"},
        {"grade": "excellent"},
        {"rail": {"boundary": "sky", "name": "x"}},
    ],
)
def test_unknown_meanings_are_not_guessed(change):
    with pytest.raises(ValueError, match="is not a valid"):
        Channel.from_dict({**FULL.to_dict(), **change})


def test_a_missing_scale_is_not_guessed():
    data = FULL.to_dict()
    del data["scale"]
    with pytest.raises(TypeError):
        Channel.from_dict(data)


def test_every_quantity_has_a_unit():
    units = {quantity: quantity.unit for quantity in Quantity}
    assert units[Quantity.CHARGE] == "C" and units[Quantity.ENERGY] == "J"
    assert all(units.values())


def test_codes_become_si_and_what_is_missing_is_no_number():
    codes = np.array([3, MISSING, -2])
    np.testing.assert_allclose(FULL.in_si(codes), [3 * 2.5e-6 - 1, np.nan, -2 * 2.5e-6 - 1])
    assert codes[1] == MISSING  # nothing is changed in place
    np.testing.assert_allclose(FULL.in_si(np.array([0.5, np.nan])), [0.5 * 2.5e-6 - 1, np.nan])
    assert FULL.in_si(np.empty(0, np.int64)).size == 0
    assert FULL.value_of(2) == 2 * 2.5e-6 - 1
    assert FULL.value_of(MISSING) is FULL.value_of(float("nan")) is None


def test_a_flag_names_the_rails_that_were_at_the_end_of_their_range():
    """Of seven rails: the flag of one marks no other; those from the fifth on share one; `SATURATED` alone marks all."""
    channels = [Channel(f"{n}.w", Quantity.POWER, 1.0, Rail(str(n))) for n in range(7)]
    rows = [SATURATED, saturated(), saturated(0), saturated(1, 3), saturated(4), REPEAT | saturated(6)]
    flags = np.array(rows, np.uint8)
    marked = [(flags_of(one, channels, flags) & SATURATED > 0).tolist() for one in channels]
    late = [True, False, False, False, True, True]
    assert marked[0] == [True, False, True, False, False, False]
    assert marked[1] == marked[3] == [True, False, False, True, False, False]
    assert marked[2] == [True, False, False, False, False, False]
    assert marked[4] == marked[5] == marked[6] == late
    assert (flags_of(channels[0], channels, flags) & REPEAT).tolist() == [0, 0, 0, 0, 0, REPEAT]
    assert flags_of(channels[0], channels, flags[:1]) is not None and len(set(rows)) == len(rows)
