"""`powermeter footprint`, run as a person would."""

from __future__ import annotations

from pathlib import Path

import pytest
from printed_json import as_json
from simulated_day import simulate_day


def test_footprint_of_typed_energy(run) -> None:  # type: ignore[no-untyped-def]
    said = as_json(run("footprint", "--energy", "1kWh", "--place", "FRA", "--no-losses", "--json"))
    assert said["carbon"]["value"] == pytest.approx(56.039, rel=1e-6)
    assert {"low", "high", "unit", "lines"} <= set(said["carbon"])
    assert said["water_withdrawal"] is None
    assert said["water_on_site"]["value"] == 0
    for factor in said["factors"]:
        assert {
            "low",
            "central",
            "high",
            "unit",
            "year",
            "geography",
            "source",
            "licence",
            "provenance",
        } <= set(factor)


def test_pounds_and_grams(run) -> None:  # type: ignore[no-untyped-def]
    """An eGRID subregion, as the course asks for Pittsburgh: 1000.053 lb CO2 and a little CH4 and N2O a MWh."""
    said = as_json(
        run("footprint", "--energy", "1MWh", "--place", "USA-RFCW", "--no-losses", "--unit", "lb", "--json")
    )
    assert said["carbon_lb"]["value"] == pytest.approx(1005.7, rel=1e-3)
    status, out, _ = run("footprint", "--energy", "1MWh", "--place", "USA-RFCW", "--unit", "lb")
    assert status == 0 and "lb CO2e" in out


def test_explain_walks_the_arithmetic(run) -> None:  # type: ignore[no-untyped-def]
    _, out, _ = run("footprint", "--energy", "12Wh", "--place", "USA-CA", "--chain", "wired", "--explain")
    for word in ("energy = 43200 J", "chain = 0.75", "losses = 0.055", "intensity = 179.064206 g/kWh"):
        assert word in out


def test_unknown_place_is_loud_with_one_digit(run) -> None:  # type: ignore[no-untyped-def]
    _, out, _ = run("footprint", "--energy", "12Wh")
    assert "WARNING: place unknown" in out
    assert "carbon: 6 g CO2e (2 to 20)" in out


def test_everything_about_a_recording(run, runs: Path) -> None:  # type: ignore[no-untyped-def]
    said = as_json(
        run(
            "footprint",
            runs / "pi-4.power",
            "--label",
            "infer",
            "--place",
            "FRA",
            "--device",
            "board",
            "--battery-wear",
            "--sci",
            "inference",
            "--everywhere",
            "--equivalents",
            "--json",
        )
    )
    names = [line["name"] for line in said["carbon"]["lines"]]
    assert names == ["electricity", "making of the board", "battery wear"]
    assert said["break_even"]["low"] < said["break_even"]["value"] < said["break_even"]["high"]
    assert said["sci"]["score"]["value"] == pytest.approx(said["carbon"]["value"] / 40)
    assert len(said["everywhere"]["places"]) > 200
    assert said["minerals"] is None
    assert len(said["equivalents"]) == 4


def test_hours_of_an_intensity_file(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    recording = simulate_day(tmp_path / "day.power", [2.0] * 121)
    rows = [f"2024-03-01T{hour:02d}:00Z,{value}" for hour, value in enumerate([300, 200, 100, 90, 400])]
    saved = tmp_path / "ci.csv"
    saved.write_text("timestamp_utc,ci_g_per_kwh\n" + "\n".join(rows) + "\n")
    said = as_json(
        run(
            "footprint", recording, "--place", "FRA", "--intensity", saved, "--no-losses", "--hours", "--json"
        )
    )
    assert said["carbon"]["value"] == pytest.approx(4e-3 * 250)
    assert said["hours"]["best"]["g"] == pytest.approx(4e-3 * 95)
    assert said["hours"]["best"]["start"] == "2024-03-01T02:00Z"
    assert said["factors"][0]["basis"] == "lifecycle, average"
    assert "ci.csv" in said["factors"][0]["source"]
    saved.write_text("timestamp_utc,ci_g_per_kwh\n" + "\n".join(rows[1:3]) + "\n")
    status, out, _ = run("footprint", recording, "--place", "FRA", "--intensity", saved, "--no-losses")
    assert status == 0
    assert "yearly mean used for 50 % of the energy" in " ".join(out.split())
    status, _, err = run("footprint", recording, "--intensity", saved)
    assert status == 7
    assert "--place" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--energy", "1kWh", "--place", "FRX"), "did you mean"),
        (("--energy", "1kWh", "--place", "USA-Californa"), "california"),
        (("--energy", "1kWh", "--intensity", "0"), "no grid is free"),
        (("--energy", "1kWh", "--intensity", "5000"), "implausible"),
        (("--energy", "1kWh", "--intensity", "nothere.csv"), "cannot be read"),
        (("--energy", "1kWh", "--chain", "1.4"), "at most 1"),
        (("--energy", "1kWh", "--device", "board"), "--reserved"),
        (("--energy", "1kWh", "--device", "boat", "--reserved", "1h"), "did you mean board"),
        (("--energy", "1kWh", "--device", "board", "--reserved", "1h", "--life", "0y"), "above zero"),
        (
            ("--energy", "1kWh", "--device", "board", "--reserved", "1h", "--life", "4"),
            "write for example 4h or 4y",
        ),
        (("--energy", "1kWh", "--device", "board", "--reserved", "8"), "no unit"),
        (("--energy", "1kWh", "--device", "board", "--bill", "b.toml"), "one of them"),
        (("--energy", "1kWh", "--stress", "1000"), "0.1 and 100"),
        (("--energy", "1kWh", "--hours"), "--intensity FILE"),
        (("--power", "1W"), "needs energy"),
    ],
)
def test_bad_footprints(run, arguments: tuple[str, ...], said: str) -> None:  # type: ignore[no-untyped-def]
    status, out, err = run("footprint", *arguments)
    assert status == 2
    assert said in err and out == "" and err.count("\n") == 1


def test_own_mix_and_bill(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    mix, bill = tmp_path / "mix.toml", tmp_path / "bill.toml"
    mix.write_text("coal = 0.5\nwind = 0.5\n")
    bill.write_text('[[part]]\nname = "soc"\nkind = "chip"\narea_mm2 = 100\nnode_nm = 28\ncount = 2\n')
    said = as_json(
        run(
            "footprint",
            "--energy",
            "1kWh",
            "--place",
            "FRA",
            "--no-losses",
            "--mix",
            mix,
            "--bill",
            bill,
            "--reserved",
            "1h",
            "--life",
            "5y",
            "--json",
        )
    )
    assert said["carbon"]["lines"][0]["value"] == pytest.approx(0.5 * 820 + 0.5 * 11)
    assert said["water"]["value"] == pytest.approx(0.5 * 476 * 3.785411784 / 1000)
    assert said["water_of_making"]["value"] == pytest.approx(2 * 12 / (5 * 8766) * 365.25 / 365, rel=1e-2)
    mix.write_text("coal = 0.5\nwind = 0.3\n")
    status, _, err = run("footprint", "--energy", "1kWh", "--mix", mix)
    assert (status, "sum to 0.800" in err) == (2, True)
    mix.write_text('coal = "half"\n')
    status, _, err = run("footprint", "--energy", "1kWh", "--mix", mix)
    assert (status, "not a number" in err) == (2, True)


def test_withdrawal_needs_the_cooling(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    cooling = tmp_path / "cooling.toml"
    fuels = ("coal", "gas", "oil", "nuclear", "bioenergy")
    cooling.write_text("\n".join(f"{fuel} = {{ tower = 0.5, once_through = 0.5 }}" for fuel in fuels))
    said = as_json(run("footprint", "--energy", "1kWh", "--place", "FRA", "--cooling", cooling, "--json"))
    assert said["water_withdrawal"]["value"] > 10 * said["water"]["value"]
    cooling.write_text("coal = { tower = 1.0 }\n")
    status, _, err = run("footprint", "--energy", "1kWh", "--place", "FRA", "--cooling", cooling)
    assert (status, "is not given" in err) == (2, True)


def test_several_recordings_are_added_up(run, runs: Path) -> None:  # type: ignore[no-untyped-def]
    paths = [runs / f"{board}.power" for board in ("jetson-nano", "pi-4")]
    alone = [
        as_json(run("footprint", path, "-l", "infer", "-p", "FRA", "--json"))["energy"]["value"]
        for path in paths
    ]
    both = as_json(run("footprint", *paths, "-l", "infer", "-p", "FRA", "--json"))
    assert both["energy"]["value"] == pytest.approx(sum(alone))
    assert both["per_item"]["carbon"]["value"] == pytest.approx(both["carbon"]["value"] / 80)
    status, _, err = run("footprint", paths[0], paths[0], "-p", "FRA")
    assert (status, "given twice" in err) == (2, True)


def test_baseline_and_items(run, runs: Path) -> None:  # type: ignore[no-untyped-def]
    path = runs / "pi-4.power"
    whole = as_json(run("footprint", path, "-p", "FRA", "--items", "100", "--json"))
    above = as_json(run("footprint", path, "-p", "FRA", "--baseline", "1.7W", "--json"))
    assert (
        "a baseline of 1.700 W (given) is subtracted"
        in run("footprint", path, "-p", "FRA", "--baseline", "1.7W")[1]
    )
    assert 0 < above["energy"]["value"] < 0.6 * whole["energy"]["value"]
    (row,) = as_json(run("show", path, "--items", "100", "--json"))["labels"]
    shown = (row["expected_per_item"] or row["energy_per_item"])["value"]
    per_joule = whole["carbon"]["value"] / whole["energy"]["value"]
    assert whole["per_item"]["carbon"]["value"] == pytest.approx(shown * per_joule)
    status, _, err = run("footprint", path, "--energy", "3J")
    assert (status, "without a recording" in err) == (2, True)
    status, _, err = run("footprint", path, "-l", "train")
    assert (status, "there is infer" in err) == (2, True)


def test_data_centre_and_stress(run) -> None:  # type: ignore[no-untyped-def]
    said = as_json(
        run(
            "footprint",
            "--energy",
            "1MWh",
            "--place",
            "aws:us-east-1",
            "--pue",
            "1.2",
            "--wue",
            "0.5",
            "--stress",
            "10",
            "--no-losses",
            "--json",
        )
    )
    assert said["water_on_site"]["value"] == pytest.approx(500)
    assert said["water"]["value"] == pytest.approx(1200 * 3.1419, rel=1e-3)
    assert said["water_scarcity_m3_world_eq"] == pytest.approx(said["water"]["value"] / 100)
    for arguments, words in (
        (("--pue", "0.9"), "1 or more"),
        (("--wue", "-1"), "negative"),
        (("--pue", "1.2", "--chain", "wired"), "one of them"),
    ):
        status, _, err = run("footprint", "--energy", "1MWh", "--place", "USA", *arguments)
        assert (status, words in err) == (2, True), err


def test_phone_minerals_are_listed(run) -> None:  # type: ignore[no-untyped-def]
    _, out, _ = run(
        "footprint", "--energy", "10Wh", "--place", "DEU", "--device", "phone", "--reserved", "1h"
    )
    assert "minerals tied up in the whole device (not consumed):" in out
    assert "neodymium" in out and "no factor" in out and "critical and strategic" in out
