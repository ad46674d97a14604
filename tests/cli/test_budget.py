"""`powermeter budget`, run as a person would."""

from __future__ import annotations

from pathlib import Path

import pytest
from printed_json import as_json


@pytest.mark.parametrize(("board", "hours"), [("jetson-nano", 2), ("pi-4", 7), ("pi-zero-w", 26)])
def test_the_three_rows_of_the_course(run, runs: Path, board: str, hours: int) -> None:  # type: ignore[no-untyped-def]
    """4 Ah at 5 V: 2 h of a Jetson Nano at 2 A, 7 h of a Pi 4 at 0.571 A, 26 h of a Pi Zero W at 0.154 A."""
    said = as_json(run("budget", runs / f"{board}.power", "--label", "infer", "--battery", "4Ah", "--json"))
    assert round(said["hours"]["value"]) == hours
    assert said["hours"]["low"] < said["hours"]["value"] < said["hours"]["high"]
    assert said["battery"] == "4 Ah, charge on the measured rail"
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
            "--what-if",
            f"send={runs / 'pi-zero-w.power'}:infer",
            "--json",
        )
    )
    whole = said["schedule"]["life"]["value"]
    assert said["what_if"]["infer=1/h"]["life"]["value"] > whole
    assert len(said["what_if"]) == 3
    other = [{one["name"]: one for one in changed["states"]} for changed in [*said["what_if"].values()][1:]]
    assert other[1]["send"]["power"]["value"] == pytest.approx(other[0]["infer"]["power"]["value"])
    assert other[1]["send"]["time_share"] == pytest.approx(other[0]["infer"]["time_share"])
    assert sum(state["energy_share"] for state in said["schedule"]["states"]) == pytest.approx(1)
    schedule.write_text(
        '[rest]\npower = "5mW"\n[[state]]\nname = "x"\npower = "1W"\nduration = "2s"\nrate = "1/s"\n'
    )
    status, _, err = run("budget", "--schedule", schedule)
    assert status == 2
    assert "200 % of the day" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name a recording"),
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


def test_what_is_typed_beside_a_schedule_is_counted_too(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """`--power` beside `--schedule` was dropped without a word."""
    schedule = tmp_path / "node.toml"
    state = '[[state]]\nname = "send"\nrate = "6/h"\nenergy = "80mJ"\nduration = "2s"\n'
    schedule.write_text(f'[rest]\nname = "sleep"\npower = "5mW"\n{state}')
    status, out, _ = run("budget", "--power", "2W", "--schedule", schedule, "-b", "18650")
    assert status == 0
    assert "of: numbers typed in" in out and "hours at this power" in out and "sleep" in out
    assert out.rstrip().endswith(", assumed"), out


def test_bad_rounds_and_simulations(run) -> None:  # type: ignore[no-untyped-def]
    for arguments, words in (
        (("--current", "1A", "--sent", "5MB"), "needs its training"),
        (("--current", "1A", "--simulate"), "needs a power profile"),
        (("--power", "1W", "-b", "4Ah@3.7V", "--simulate"), "no cell data"),
    ):
        status, _, err = run("budget", *arguments)
        assert (status, words in err) == (2, True), err


def test_the_first_example_of_the_help_answers_where_only_energy_is_known(  # type: ignore[no-untyped-def]
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model of the machine knows neither current nor voltage: ampere-hours are at 5 V as `show` counts them, or as stated."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "log.csv").write_text("time_s,power_w\n" + "".join(f"{at},2.5\n" for at in range(20)))
    assert run("import", "log.csv", "-o", "run.power")[0] == 0
    _, printed, _ = run("budget", "--help")
    example = next(line.split()[1:] for line in printed.splitlines() if "powermeter budget run.power" in line)
    status, out, err = run(*example)
    assert (status, err) == (0, "") and "energy over 5.00 V as given" in out
    status, out, err = run("budget", "run.power", "--battery", "4Ah")
    assert (status, err) == (0, "") and "charge assumed: energy over an assumed 5.00 V" in out
    assert "no rail voltage is known: charge is counted at 5 V (--rail-voltage VOLT changes it)" in out
    used = as_json(run("budget", "run.power", "--stage", "*=4Ah", "--json"))
    assert used["charge_origin"] == "energy over a voltage" and used["share_used"]["grade"] == "assumed"
    assert used["stages"][0]["share"]["value"] == used["share_used"]["value"]
    shown = as_json(run("show", "run.power", "--json"))["battery"]["share_used"]
    assert {key: shown[key] for key in ("value", "low", "grade")} == {
        key: used["share_used"][key] for key in ("value", "low", "grade")
    }


def test_a_stage_and_a_label_print_one_interval(run, runs: Path) -> None:  # type: ignore[no-untyped-def]
    path = runs / "pi-4.power"
    label = as_json(run("budget", path, "-l", "infer", "-b", "4Ah", "--json"))["share_used"]
    stage = as_json(run("budget", path, "--stage", "infer=4Ah", "--json"))["stages"][0]["share"]
    assert [stage[end] for end in ("value", "low", "high")] == pytest.approx(
        [label[end] for end in ("value", "low", "high")], rel=1e-12
    )


def test_an_error_names_the_battery_as_it_was_typed(run) -> None:  # type: ignore[no-untyped-def]
    _, _, err = run("budget", "--energy", "12Wh", "-b", "phone")
    assert "battery 'phone' counts charge" in err, err


def test_an_overloaded_cell_holds_no_tokens_and_no_rounds(run) -> None:  # type: ignore[no-untyped-def]
    arguments = (
        "--energy",
        "2J",
        "--duration",
        "1s",
        "-b",
        "cr2032",
        "--tokens",
        "10",
        "--sent",
        "1MB",
        "--json",
    )
    said = as_json(run("budget", *arguments))
    assert said["tokens_per_charge"] is None and said["round"]["rounds_per_charge"] is None
    assert said["hours"] is None and "cannot be drawn" in said["overload"]


@pytest.mark.parametrize("which", [("-l", "infer"), ("--per", "infer"), ()])
def test_a_baseline_does_not_feed_itself(run, runs: Path, which: tuple[str, ...]) -> None:  # type: ignore[no-untyped-def]
    """The battery also feeds the idle board: use, hours and items rest on one power, with the option or without."""
    arguments = ("budget", runs / "pi-4.power", "-b", "4Ah", *which, "--json")
    plain, above = as_json(run(*arguments)), as_json(run(*arguments, "--baseline", "1.7W"))
    for name in ("share_used", "remaining", "hours", "count", "charge_origin"):
        assert above[name] == plain[name], name
    codes = {note["code"]: note["text"] for note in above["remarks"]}
    assert "1.700 W (given) is not subtracted" in codes["baseline-not-subtracted"], codes
    assert "baseline-subtracted" not in codes


def test_a_stage_that_a_cell_cannot_feed_is_refused(run, runs: Path) -> None:  # type: ignore[no-untyped-def]
    for stage in ("infer=cr2032", "*=cr2032"):
        status, out, err = run("budget", runs / "pi-4.power", "--stage", stage)
        assert status == 2 and "cannot be drawn from CR2032" in err and "pass" not in out, (status, out, err)


def test_show_and_budget_hold_equal_items_with_a_baseline(run, runs: Path) -> None:  # type: ignore[no-untyped-def]
    path, asked = runs / "pi-4.power", ("--per", "infer", "--baseline", "1.7W", "-b", "4Ah", "--json")
    budget, show = as_json(run("budget", path, *asked)), as_json(run("show", path, *asked))
    assert show["battery"]["items_per_charge"]["value"] == pytest.approx(budget["count"]["value"], rel=1e-9)


def test_the_exit_status_of_an_unclear_stage_is_documented(run) -> None:  # type: ignore[no-untyped-def]
    _, out, _ = run("budget", "--help")
    assert "also one that is unclear" in " ".join(out.split())


@pytest.mark.parametrize(
    ("typed", "meant"), [("4000", "4000mAh"), ("4", "4Ah"), ("99", "99Ah"), ("100", "100mAh")]
)
def test_the_unit_that_is_offered_fits_the_number(run, typed, meant) -> None:  # type: ignore[no-untyped-def]
    status, _, err = run("budget", "--current", "0.5A", "--battery", typed)
    assert status == 2 and f"write {meant}," in err
