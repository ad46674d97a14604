"""Published worked examples, recomputed; tolerance 1e-6 relative unless the source rounds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from powermeter.battery.lora import LoraNode, time_on_air_s
from powermeter.footprint import Factor, footprint, given, intensity_of
from powermeter.footprint.account_lines import total
from powermeter.footprint.allocation import by_time
from powermeter.footprint.cloud import inference, request
from powermeter.footprint.embodied import chip, memory, part, tinyml
from powermeter.footprint.factors import factor
from powermeter.footprint.footprint_of_energy import DataCentre, Rates
from powermeter.footprint.intensity_file import read
from powermeter.footprint.lifetime import Scenario, sides
from powermeter.footprint.minerals import adpe_of, composition, mineral
from powermeter.footprint.sci import sci
from powermeter.result import Result

EXACT = 1e-6


def kwh(value: float) -> Result:
    return Result.of(value * 3.6e6, "J", {})


def grams(energy_kwh: float, g_per_kwh: float, pue: float | None = None) -> float:
    site = None if pue is None else given("datacentre.pue", pue, "1")
    return footprint(
        kwh(energy_kwh),
        losses=False,
        centre=DataCentre(pue=site),
        rates=Rates(carbon=intensity_of(g_per_kwh)),
    ).carbon.value


def test_1_mlco2_template() -> None:
    assert grams(0.250 * 100, 432) == pytest.approx(10.8e3, rel=EXACT)


@pytest.mark.parametrize(
    ("pue", "intensity", "expected"),
    [
        (1.67, 231.12, 527.266444),
        (1.56, 231.12, 492.536319),
        (1.56, 51.28, 109.282029),
        (1.67, 51.28, 116.987813),
    ],
)
def test_2_green_algorithms(pue: float, intensity: float, expected: float) -> None:
    energy = 12 * (12 * 7.5 + 64 * 0.3725) / 1000
    assert energy * pue == pytest.approx({1.67: 2.2813536, 1.56: 2.1310848}[pue], rel=EXACT)
    assert grams(energy, intensity, pue) == pytest.approx(expected, rel=EXACT)


FOUR_YEARS = given("life.server", 35_040, "h")


def test_3_sci_embodied() -> None:
    server = part("server", given("server", 1000, "kg"))
    assert by_time(server, 3600, FOUR_YEARS).value == pytest.approx(28.538813, rel=EXACT)


def test_4_sci_eshoppen_database() -> None:
    server = part("server", given("server", 1433.12, "kg"))
    making = by_time(server, 3600, given("life.server", 35_040, "h"), share=2 / 16)
    assert making.value == pytest.approx(5.112443, rel=EXACT)
    use = (
        footprint(kwh(0.0096), losses=False, rates=Rates(carbon=intensity_of(951)))
        .accounts["carbon"]
        .lines[0]
    )
    score = sci(use, [making], 1, "hour", boundary="database", method="measured")
    assert score.score.value == pytest.approx(14.242043, rel=EXACT)
    assert score.score.value == pytest.approx(14.2416, rel=1e-4)


def test_5_act_fairphone_cpu() -> None:
    line = chip(46.4, 28, fab="coal", abatement="95")
    assert line.value == pytest.approx(899.293714, rel=EXACT)
    bare = chip(100, 28, fab="coal", abatement="95", packages=0)
    assert bare.value == pytest.approx(1614.857143, rel=EXACT)


def test_6_act_memory() -> None:
    lines = [memory("ddr3_50nm", 4), memory("nand_30nm", 64)]
    assert total(lines).value == pytest.approx(5310.285714, rel=EXACT)


@pytest.mark.parametrize(
    ("spreading_factor", "milliseconds"),
    [(7, 41.216), (8, 72.192), (9, 144.384), (10, 288.768), (11, 577.536), (12, 991.232)],
)
def test_7_lora_time_on_air(spreading_factor: int, milliseconds: float) -> None:
    assert 1000 * time_on_air_s(10, spreading_factor) == pytest.approx(milliseconds, rel=EXACT)


@pytest.mark.parametrize(
    ("bandwidth_hz", "milliseconds"), [(125e3, 264.192), (250e3, 132.096), (500e3, 66.048)]
)
def test_7b_semtech_table_3(bandwidth_hz: float, milliseconds: float) -> None:
    """AN1200.13 table 3: SF10, coding rate 2, the header and CRC terms cancelling."""
    found = time_on_air_s(10, 10, bandwidth_hz=bandwidth_hz, coding_rate=2, crc=False, low_rate=False)
    assert 1000 * found == pytest.approx(milliseconds, rel=EXACT)


def test_8a_lorawan_without_traffic() -> None:
    node = LoraNode(0, 7, 1e12)
    assert 2400 / node.mean_current_ma() == pytest.approx(53_333, rel=1e-4)
    assert 2400 / node.mean_current_ma() / (365.25 * 24) == pytest.approx(6.084, rel=1e-3)


def test_8b_lorawan_one_message_in_five_minutes() -> None:
    node = LoraNode(0, 7, 300, airtime_s=0.0412)
    assert node.mean_current_ma() == pytest.approx(0.28218, rel=1e-4)
    assert 2400 / node.mean_current_ma() / (365.25 * 24) == pytest.approx(0.9703, rel=0.01)


def test_9_tinyml_use_phase() -> None:
    energy = 1e-3 * 3 * 365 * 24 / 1000
    assert energy == pytest.approx(0.02628, rel=EXACT)
    assert grams(energy, 433) == pytest.approx(11.379, rel=1e-4)
    assert round(grams(energy, 433) / 1000, 2) == factor("devices", "tinyml.use").central


def test_9b_tinyml_keyword_spotting() -> None:
    assert total(tinyml()).value == pytest.approx(2660, rel=EXACT)


def test_10_ecologits_request() -> None:
    found = request(7.3, 200, 5.0)
    assert found.gpu_kwh == pytest.approx(8.937121e-6, rel=1e-4)
    assert found.gpu_kwh == pytest.approx(8.93720057e-6, rel=1e-8)
    assert found.server_kwh == pytest.approx(3.2552083e-6, rel=EXACT)
    assert (found.gpu_kwh + found.server_kwh) == pytest.approx(1.21924089e-5, rel=EXACT)
    assert 1.2 * (found.gpu_kwh + found.server_kwh) == pytest.approx(1.46308907e-5, rel=EXACT)


def test_10c_footprint_of_that_request() -> None:
    energy = kwh(1.21924089e-5)
    found = footprint(
        energy,
        losses=False,
        centre=DataCentre(pue=given("datacentre.pue", 1.2, "1"), wue=given("datacentre.wue", 0.569, "L/kWh")),
        rates=Rates(
            carbon=intensity_of(590.478),
            water=given("grid.water", 3.6, "L/kWh"),
            adpe=given("electricity.adpe", 7.37708e-8, "kg Sb eq/kWh"),
        ),
    )
    assert found.carbon.value / 1000 == pytest.approx(8.63921907e-6, rel=EXACT)
    assert found.water_on_site is not None
    assert found.water_on_site.value + found.water.value == pytest.approx(5.96086871e-5, rel=EXACT)
    assert found.adpe.value == pytest.approx(1.07933251e-12, rel=EXACT)


def test_11_training_of_gpt_3() -> None:
    found = footprint(
        kwh(1287e3),
        "USA",
        losses=False,
        centre=DataCentre(pue=given("datacentre.pue", 1.17, "1"), wue=given("datacentre.wue", 0.55, "L/kWh")),
        rates=Rates(water=given("grid.water", 3.142, "L/kWh")),
    )
    assert found.water_on_site is not None
    assert found.water_on_site.value == pytest.approx(707_850, rel=EXACT)
    assert found.water.value == pytest.approx(4_731_192, rel=EXACT)
    assert found.water_on_site.value + found.water.value == pytest.approx(5.439e6, rel=1e-4)
    assert found.grid.water.provenance == "U"
    assert footprint(kwh(1), "USA", losses=False).water.value == pytest.approx(3.142, rel=1e-4)


@pytest.mark.parametrize(
    ("place", "kilograms"), [("FRA", 0.056039), ("USA", 0.369473), ("USA-CA", 0.17906420631253)]
)
def test_12_codecarbon_values(place: str, kilograms: float) -> None:
    assert footprint(kwh(1), place, losses=False).carbon.value / 1000 == pytest.approx(kilograms, rel=EXACT)


def test_13_epa_phone_charge() -> None:
    energy = (14.46 - 22 * 0.13) / 1000
    assert energy == pytest.approx(0.0116, rel=EXACT)
    assert grams(energy, 1562.4 * 1000 / 2204.6) / 1e6 == pytest.approx(8.2209e-6, rel=1e-5)
    assert grams(0.012, 1562.4 * 1000 / 2204.6) / 1e6 == pytest.approx(8.5044e-6, rel=1e-5)


def test_14_adpe_of_gold() -> None:
    for gold_g, kg_sb_eq in ((0.036, 1.872e-3), (0.01683, 8.7516e-4)):
        found = adpe_of([mineral("Au", given("mass.Au", gold_g, "g"))], "Au")
        assert found.value == pytest.approx(kg_sb_eq, rel=EXACT)
    phone = sum(item.adpe_kg or 0.0 for item in composition("phone"))
    assert 1e-3 < phone < 4e-3  # ADEME's phone is 2.05e-3


def test_15_carbon_trust_video_hour() -> None:
    """3 GB at 0.0065 and 0.025 kWh/GB; published rounded as 20 and 71 Wh."""
    for rate, wh in ((0.0065, 19.5), (0.025, 75.0)):
        hour = Scenario(
            1.0,
            1 / 365.25,
            given("device", 1, "Wh"),
            given("listen", 1, "W"),
            tinyml()[0],
            inference("voice"),
            request_b=3e9,
            network=given("network.fixed", rate, "kWh/GB"),
        )
        network = sides(hour)[1].accounts["energy"][1]
        assert (hour.requests, network.name) == (pytest.approx(1), "network")
        assert network.value * 1000 == pytest.approx(wh, rel=EXACT)


def test_16_watttime_unit(tmp_path: Path) -> None:
    saved = tmp_path / "moer.json"
    points = [{"point_time": f"2024-01-01T00:{minute:02d}:00+00:00", "value": 412.5} for minute in (0, 5)]
    meta = {
        "signal_type": "co2_moer",
        "units": "lbs_co2_per_mwh",
        "region": "CAISO_NORTH",
        "data_point_period_seconds": 300,
    }
    saved.write_text(json.dumps({"data": points, "meta": meta}))
    series = read(saved)
    assert series.values[0] == pytest.approx(187.106853, rel=EXACT)
    assert series.kind == "marginal"


def test_17_wall_energy_of_a_phone() -> None:
    found = footprint(Result.of(1.0, "J", {}), "USA", chain=0.75)
    assert found.carbon.value == pytest.approx(1.4480619e-4, rel=EXACT)
    assert isinstance(found.grid.losses, Factor)
    assert found.grid.losses.central == 0.055
