"""`powermeter lifetime`, run as a person would."""

from __future__ import annotations

from pathlib import Path

import pytest
from printed_json import as_json


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
    assert out.startswith("WARNING: PLACE OF THE DEVICE UNKNOWN")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name a recording"),
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
            "--line",
            "mobile",
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
