"""`powermeter budget`, `footprint` and `lifetime`, run as a person would."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from powermeter import cli
from powermeter.testing.boards import Run, simulate_day, simulate_run


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    for board in ("jetson-nano", "pi-4", "pi-zero-w"):
        simulate_run(folder / f"{board}.power", board, run=Run(inferences=40))
    return folder


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    def call(*arguments: object) -> tuple[int, str, str]:
        status = cli.run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def as_json(found: tuple[int, str, str]) -> dict[str, Any]:
    assert found[0] == 0, found[2]
    data: dict[str, Any] = json.loads(found[1])
    return data


# budget ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("board", "hours"), [("jetson-nano", 2), ("pi-4", 7), ("pi-zero-w", 26)])
def test_the_three_rows_of_the_course(run, runs: Path, board: str, hours: int) -> None:  # type: ignore[no-untyped-def]
    """4 Ah at 5 V: 2 h of a Jetson Nano at 2 A, 7 h of a Pi 4 at 0.571 A, 26 h of a Pi Zero W at 0.154 A."""
    said = as_json(run("budget", runs / f"{board}.power", "--label", "infer", "--battery", "4Ah", "--json"))
    assert round(said["hours"]["value"]) == hours
    assert said["hours"]["low"] < said["hours"]["value"] < said["hours"]["high"]
    assert said["battery"] == "4Ah, charge on the measured rail"
    assert said["hours"]["grade"] == "simulated"  # by `powermeter.testing.boards`: no board drew it


def test_stages_decide_the_exit_status(run, runs: Path) -> None:  # type: ignore[no-untyped-def]
    path = runs / "pi-4.power"
    status, out, _ = run("budget", path, "--stage", "infer=4Ah", "--stage", "*=4Ah")
    assert status == 0
    assert out.count("pass") == 2
    status, out, _ = run("budget", path, "--stage", "infer:1000000=4Ah")
    assert status == 8
    assert "fail" in out
    status, _, err = run("budget", path, "--stage", "train=4Ah")
    assert status == 2
    assert "there is infer" in err


def test_energy_convention_and_efficiency(run, runs: Path) -> None:  # type: ignore[no-untyped-def]
    said = as_json(
        run("budget", runs / "pi-4.power", "-l", "infer", "-b", "4Ah@3.85V", "--efficiency", "0.9", "--json")
    )
    assert said["hours"]["value"] == pytest.approx(4 * 3.85 * 0.9 / (5 * 0.571), rel=0.01)
    assert "energy of the cells, converter efficiency 0.9" in said["battery"]


def test_simulated_discharge(run, runs: Path) -> None:  # type: ignore[no-untyped-def]
    said = as_json(
        run("budget", runs / "pi-4.power", "-b", "18650", "--simulate", "--temperature", "0", "--json")
    )
    assert said["discharge"]["reason"] in ("cut-off", "used up")
    assert 3 < said["discharge"]["hours"] < 5


def test_numbers_typed_in(run) -> None:  # type: ignore[no-untyped-def]
    status, out, _ = run("budget", "--current", "0.571A")
    assert status == 0
    assert "7.005 h" in out and "charge on the measured rail" in out


def test_schedule_with_what_if(run, runs: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    schedule = tmp_path / "node.toml"
    schedule.write_text(
        '[rest]\nname = "sleep"\npower = "5mW"\n[[state]]\nevent = "infer"\nrate = "every 10m"\n'
        '[[state]]\nname = "send"\nrate = "6/h"\nenergy = "80mJ"\nduration = "2s"\n'
    )
    said = as_json(
        run(
            "budget",
            runs / "pi-4.power",
            "--schedule",
            schedule,
            "-b",
            "18650",
            "--what-if",
            "infer=1/h",
            "--what-if",
            f"infer={runs / 'pi-zero-w.power'}:infer",
            "--json",
        )
    )
    whole = said["schedule"]["life"]["value"]
    assert said["what_if"]["infer=1/h"]["life"]["value"] > whole
    assert len(said["what_if"]) == 2
    assert sum(state["energy_share"] for state in said["schedule"]["states"]) == pytest.approx(1)
    schedule.write_text(
        '[rest]\npower = "5mW"\n[[state]]\nname = "x"\npower = "1W"\nduration = "2s"\nrate = "1/s"\n'
    )
    status, _, err = run("budget", "--schedule", schedule)
    assert status == 2
    assert "200% of the day" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give a recording"),
        (("--power", "2"), "has no unit"),
        (("--energy", "1kJ", "--battery", "4Ah"), "--rail-voltage"),
        (("--current", "1A", "--battery", "4"), "write 4Ah"),
        (("--current", "1A", "--battery", "fone"), "18650"),
        (("--current", "-1A"), "above zero"),
        (("--power", "1W", "-b", "4Ah", "--rail-voltage", "5V", "--efficiency", "0.9"), "needs its voltage"),
        (("--power", "1W", "-b", "18650", "--health", "0"), "health"),
        (("--power", "1W", "-b", "4Ah@3.7V", "--temperature", "5"), "preset"),
        (("--power", "1W", "--stage", "x=4Ah", "--rail-voltage", "5V"), "needs a recording"),
    ],
)
def test_bad_budgets(run, arguments: tuple[str, ...], said: str) -> None:  # type: ignore[no-untyped-def]
    status, out, err = run("budget", *arguments)
    assert status == 2
    assert said in err and out == "" and err.count("\n") == 1


def test_federated_round(run) -> None:  # type: ignore[no-untyped-def]
    """300 J of training; 6 s of transfer at 0.5 W of radio, and a 7.5 W router that is not on the battery."""
    said = as_json(
        run(
            "budget",
            "--energy",
            "300J",
            "-b",
            "18650",
            "--sent",
            "5MB",
            "--received",
            "5MB",
            "--link-rate",
            "8Mbit/40Mbit",
            "--radio-power",
            "0.5W",
            "--json",
        )
    )
    assert said["round"]["energy"]["value"] == pytest.approx(348)
    assert said["round"]["rounds_per_charge"]["value"] == pytest.approx(10.8 * 3600 / 303)


# footprint ---------------------------------------------------------------------------------------


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
    assert "WARNING: PLACE UNKNOWN" in out
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
    assert "yearly mean used for 50.0% of the energy" in out
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


# lifetime ----------------------------------------------------------------------------------------


def test_lifetime_of_a_recording(run, runs: Path) -> None:  # type: ignore[no-untyped-def]
    path = runs / "pi-zero-w.power"
    said = as_json(
        run(
            "lifetime",
            path,
            "--home",
            "FRA",
            "--away",
            "USA",
            "--price-request",
            "0.0004",
            "--price-chip",
            "0.8",
            "--tariff",
            "0.25",
            "--json",
        )
    )
    assert said["requests"] == pytest.approx(29_220)
    assert {"energy", "carbon", "water", "adpe", "money", "break_even", "tornado", "factors"} <= set(said)
    assert said["carbon"]["cloud"]["value"] > said["carbon"]["device"]["value"] > 0
    status, out, _ = run("lifetime", path, "--home", "FRA", "--away", "USA", "--link", "0W")
    assert status == 0
    assert "requests a day on" in out and "what decides it" in out


def test_lifetime_without_places_is_loud(run) -> None:  # type: ignore[no-untyped-def]
    _, out, _ = run("lifetime", "--energy", "3J")
    assert out.startswith("WARNING: PLACE UNKNOWN")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give a recording"),
        (("--energy", "3J", "--years", "-4"), "above zero"),
        (("--energy", "3J", "--requests-per-day", "0"), "above zero"),
        (("--energy", "3J", "--task", "telepathy"), "no cited energy"),
        (("--energy", "3J", "--chip", "10"), "10mm2@28nm"),
        (("--energy", "3J", "--pue", "0.5"), "below 1"),
        (("--energy", "3J", "--home", "Frence"), "France"),
    ],
)
def test_bad_lifetimes(run, arguments: tuple[str, ...], said: str) -> None:  # type: ignore[no-untyped-def]
    status, out, err = run("lifetime", *arguments)
    assert status == 2
    assert said in err and out == "" and err.count("\n") == 1


@pytest.mark.parametrize("verb", ["budget", "footprint", "lifetime"])
def test_help_opens_with_an_example(run, verb: str) -> None:  # type: ignore[no-untyped-def]
    status, out, _ = run(verb, "--help")
    assert status == 0
    assert out.index("Example:") < out.index("Options:")


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
    assert (status, "its cooling is not given" in err) == (2, True)


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
    assert 0 < above["energy"]["value"] < 0.6 * whole["energy"]["value"]
    assert whole["per_item"]["carbon"]["value"] == pytest.approx(whole["carbon"]["value"] / 100)
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


def test_bad_rounds_and_simulations(run) -> None:  # type: ignore[no-untyped-def]
    for arguments, words in (
        (("--current", "1A", "--sent", "5MB"), "needs its training"),
        (("--current", "1A", "--simulate"), "needs a power profile"),
        (("--power", "1W", "-b", "4Ah@3.7V", "--simulate"), "no cell data"),
    ):
        status, _, err = run("budget", *arguments)
        assert (status, words in err) == (2, True), err


def test_cloud_energy_and_mobile_network(run) -> None:  # type: ignore[no-untyped-def]
    said = as_json(
        run(
            "lifetime",
            "--energy",
            "3J",
            "--home",
            "FRA",
            "--away",
            "FRA",
            "--cloud-energy",
            "2Wh",
            "--mobile",
            "--chip-kg",
            "0.3",
            "--pue",
            "1.1",
            "--wue",
            "0.4",
            "--json",
        )
    )
    lines = said["energy"]["cloud"]["lines"]
    assert lines["requests in the data centre"] == pytest.approx(29_220 * 2e-3 * 1.1)
    assert lines["network"] == pytest.approx(29_220 * 1e5 / 1e9 * 0.1)
    assert said["carbon"]["device"]["lines"]["making of the chip"] == pytest.approx(300)
