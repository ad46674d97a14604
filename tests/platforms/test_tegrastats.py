"""The tegrastats grammar against lines collected from public logs and fixtures, R28 to R39."""

from __future__ import annotations

import random
import re
import string
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tegrastats_lines import LINES

from powermeter.platforms.tegrastats import MAX_LINE, is_connected, parse_line


def said(text: str) -> dict[str, tuple[int, ...]]:
    found = parse_line(text)
    assert not found.problem
    return {
        power.name: tuple(v for v in (power.current_mw, power.average_mw, power.maximum_mw) if v is not None)
        for power in found.powers
    }


@pytest.mark.parametrize(("number", "text", "expected"), [(n, *pair) for n, pair in enumerate(LINES, 1)])
def test_line_gives_every_rail_and_no_other(number, text, expected):
    assert said(text + "\n") == expected


def test_there_are_43_lines():
    assert len(LINES) == 43


def test_power_temperature_and_load_of_the_same_name_are_told_apart():
    line = parse_line("CPU [2%@1190,off] GPU@28C CPU@30C GPU 1155/1155 CPU 385/384")
    assert line.rails == ("GPU", "CPU")
    assert line.temperatures == {"GPU": 28.0, "CPU": 30.0}
    assert line.cores[0] is not None and line.cores[0].load == 0.02 and line.cores[0].mhz == 1190
    assert line.cores[1] is None


def test_cores_of_the_old_form_share_one_clock():
    line = parse_line("CPU [0%,5%,off]@2601 GR3D_FREQ @[1574,1574,1574]")
    assert [core and (core.load, core.mhz) for core in line.cores] == [(0.0, 2601), (0.05, 2601), None]
    assert line.gpu_load is None


def test_sensors_that_are_off_have_no_temperature():
    line = parse_line("CV0@-256C GPU@-256C BCPU@-45C tj@52.625C cpu@49.843C/50.1C Tdiode@N.NC")
    assert line.temperatures == {"tj": 52.625, "cpu": 49.843}


def test_stamp_is_local_and_whole_seconds():
    assert parse_line("04-27-2026 14:59:41 RAM 775/7620MB").stamp == datetime(2026, 4, 27, 14, 59, 41)
    assert parse_line("13-27-2026 14:59:41 RAM 775/7620MB").stamp is None
    assert parse_line("RAM 775/7620MB").stamp is None


def test_recorders_prefix_gives_nanoseconds():
    line = parse_line("1750866197.2428074::06-25-2025 09:43:17 RAM 1/2MB VDD_IN 5mW/6mW")
    assert line.epoch_ns == 1_750_866_197_242_807_400
    assert line.rails == ("VDD_IN",)
    assert line.stamp == datetime(2025, 6, 25, 9, 43, 17)


@pytest.mark.parametrize(
    "text",
    [
        "RAM 1179/3983",  # cut before MB
        "SWAP 45/15294",
        "IRAM 0/252",
        "VDD_GPU_SOC 5.2W",
        "VDD_GPU 5517mW",
        "VDD_IN 4761mW/47",  # one field with its unit, one without: cut in the middle
        "VDD_IN 4761mW/4778mW/4",
        "VDD_IN 4761/4778/4800",
        "VDD_IN -5/4778",
        "VDD_IN 12345678901/1",
        "4V0 12/13",
        "a@VDD_IN 1/2",
        "NVENC 716 NVDEC 716",
        "VDD_IN ４７/４８",
        "",
        "/",
    ],
)
def test_what_is_no_power_token_is_no_rail(text):
    assert parse_line(text).powers == ()


def test_two_lines_run_into_each_other_are_refused():
    line = parse_line("VDD_IN 1mW/1mW VDD_SOC 2mW/04-27-2026 14:59:42 RAM 1/2MB VDD_IN 3mW/3mW")
    assert line.powers == () and "ran into each other" in line.problem


def test_nul_bytes_and_endless_lines_are_refused():
    assert "NUL" in parse_line("\0\0\0VDD_IN 1/1").problem
    assert "characters" in parse_line("VDD_IN 1/1 " + "x" * MAX_LINE).problem


def test_not_connected_inputs_are_known():
    assert [is_connected(rail) for rail in ("NC", "NC#2", "NCX", "VDD_IN")] == [False, False, True, True]


# What else stands in lines, by generation; the fuzzer mixes it freely with power tokens.
OTHER = [
    "RAM 6589/30587MB (lfb 459x4MB)",
    "SWAP 45/15294MB (cached 0MB)",
    "IRAM 0/252kB(lfb 252kB)",
    "EMC_FREQ 0%@3199",
    "EMC_FREQ 7%",
    "CPU [0%@2201,off,33%@1190]",
    "CPU [0%,5%,off]@2601",
    "CPU [..]",
    "GR3D_FREQ 0%@[1300,1300]",
    "GR3D_FREQ @[1574]",
    "GR3D2_FREQ 3%@0",
    "NVENC 79%@166",
    "NVENC      off",
    "NVDEC 716",
    "NVENC0_FREQ @1691",
    "PVA0_FREQ off",
    "VIC_FREQ 729",
    "VIC 36%@115",
    "APE 174",
    "MSENC 115",
    "MTS fg 0% bg 0%",
    "CV0@-256C",
    "CPU@52.625C",
    "cpu@49.843C/49.843C",
    "Tdiode@N.NC",
    "PMIC@100C",
    "04-27-2026 14:59:41",
    "…",
    "OFA off",
]

names = st.from_regex(r"[A-Z][A-Z0-9_]{1,14}", fullmatch=True).filter(
    lambda name: name not in {"RAM", "SWAP", "IRAM", "NC"}
)
milliwatts = st.integers(0, 999_999)
tokens = st.one_of(
    st.builds(lambda n, a, b: (n, (a, b), f"{n} {a}/{b}"), names, milliwatts, milliwatts),
    st.builds(lambda n, a, b: (n, (a, b), f"{n} {a}mW/{b}mW"), names, milliwatts, milliwatts),
    st.builds(lambda n, a, b, c: (n, (a, b, c), f"{n} {a}mW/{b}mW/{c}mW"), names, *[milliwatts] * 3),
    st.sampled_from(OTHER).map(lambda text: (None, (), text)),
)


@pytest.mark.thorough
@given(st.lists(tokens, max_size=20), st.sampled_from([" ", "  ", "\t", "   "]))
def test_any_mixture_gives_back_exactly_its_power_tokens(parts, space):
    expected = {}
    words = []
    for name, values, text in parts:
        if name in expected:
            continue
        words.append(text)
        if name is not None:
            expected[name] = values
    assert said(space.join(words) + "\n") == expected


@given(st.text(max_size=300))
def test_no_text_crashes_the_parser(text):
    check_against_text(text)


def check_against_text(text: str) -> None:
    """Whatever is found stands in the text letter by letter."""
    line = parse_line(text)
    for power in line.powers:
        name = re.escape(power.name.partition("#")[0])
        maximum = "" if power.maximum_mw is None else f"/0*{power.maximum_mw}mW"
        pattern = (
            rf"(?:^|\s|::){name}\s+0*{power.current_mw}(?:mW)?/0*{power.average_mw}(?:mW)?{maximum}(?:\s|\Z)"
        )
        assert re.search(pattern, text), (power, text)
    assert all(-273.15 < value < 10_000 for value in line.temperatures.values())


def mutated(text: str, chance: random.Random) -> str:
    letters = list(text)
    for _ in range(chance.randint(1, 6)):
        kind, place = chance.randrange(5), chance.randrange(len(letters) + 1)
        if kind == 0:
            del letters[place : place + chance.randint(1, 12)]
        elif kind == 1:
            letters.insert(place, chance.choice(string.printable + "\0\u00b5\uffff"))
        elif kind == 2:
            letters = letters[:place]
        elif kind == 3:
            letters[place:place] = letters[: chance.randint(0, 60)]
        elif letters and place < len(letters):
            letters[place] = chance.choice("0123456789/@%mWC []()_")
    return "".join(letters)


def fuzz(rounds: int, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(rounds):
        check_against_text(mutated(chance.choice(LINES)[0], chance))


@pytest.mark.thorough
def test_damaged_lines_invent_no_rail():
    fuzz(3_000, seed=1)


@pytest.mark.slow
def test_damaged_lines_invent_no_rail_long():
    fuzz(400_000, seed=2)
