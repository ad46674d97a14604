"""Long tables: what tells devices apart is found by its name or by what it does, and quantities are never added up."""

import pytest

from powermeter import importers
from powermeter.analysis.energy import analyse
from powermeter.errors import ConfigurationError, DataError
from powermeter.importers import Choices
from powermeter.recording import Recording


def load(tmp_path, text, **said):
    path = tmp_path / "t.csv"
    path.write_text(text)
    log = importers.convert(path, tmp_path / "o.power", choices=Choices(**said), force=True)
    with Recording.open(tmp_path / "o.power") as recording:
        return log, analyse(recording).energy.value


def rows(names, count=12, apart=0, power=10):
    return "".join(
        f"{name},{i * 100 + k * apart},{power * (k + 1)}\n"
        for i in range(count)
        for k, name in enumerate(names)
    )


def test_two_cards_of_a_table_without_a_header_are_never_averaged(tmp_path):
    log, joules = load(tmp_path, rows(["PCIE1", "PCIE2"], apart=50), columns={"2": "ms", "3": "W"})
    assert log.facts["whole"]["sum"] and joules == pytest.approx(30 * 1.05, rel=1e-6)


def test_devices_that_were_read_at_other_times_are_brought_onto_all_of_them(tmp_path):
    text = "gpu,t_ms,power_W\n" + rows(["0", "1"], apart=37)
    log, joules = load(tmp_path, text)
    assert joules == pytest.approx(30 * (1.1 - 0.037), rel=1e-6)
    assert any("brought onto all of these times" in note for note in log.warnings)


def test_a_column_of_any_name_tells_devices_apart_at_equal_times(tmp_path):
    _, joules = load(tmp_path, "place,t_ms,power_W\n" + rows(["kitchen", "desk", "lab"]))
    assert joules == pytest.approx(60 * 1.1)


@pytest.mark.parametrize("name", ["_field", "metric", "parameter", "entity_id", "sensor"])
def test_quantities_in_one_column_of_values_are_refused(tmp_path, name):
    text = f"{name},t_ms,value\n" + rows(["plug_power", "plug_voltage"])
    with pytest.raises((ConfigurationError, DataError), match="names different quantities"):
        load(tmp_path, text, unit="W")


def test_the_rows_of_one_entity_are_taken_by_its_name(tmp_path):
    states = {
        "sensor.plug_power": (60, 61),
        "sensor.plug_energy": (1.5, 1.6),
        "sensor.plug_voltage": (230, 231),
    }
    text = "entity_id,state,last_changed\n" + "".join(
        f"{name},{state},2026-01-02T03:0{minute}:00.000Z\n"
        for name, values in states.items()
        for minute, state in enumerate((*values, *values))
    )
    with pytest.raises(ConfigurationError, match=r"--rail sensor\.plug_power takes the rows of one"):
        load(tmp_path, text, unit="W")
    assert load(tmp_path, text, unit="W", rail="sensor.plug_power")[1] == pytest.approx(60 * (60 + 61 + 60))


def test_the_unit_that_is_offered_is_that_of_the_entity(tmp_path):
    text = "entity_id,state,last_changed\n" + "".join(
        f"sensor.plug_energy,{1 + i / 10},2026-01-02T03:0{i}:00.000Z\n" for i in range(6)
    )
    with pytest.raises(ConfigurationError, match="--column state=kWh or --unit kWh"):
        load(tmp_path, text)


def test_a_word_that_stands_beside_the_readings_is_no_device(tmp_path):
    text = "note,t_ms,power_W\n" + "".join(f"{'warm' if i < 6 else 'cold'},{i * 100},10\n" for i in range(12))
    log, joules = load(tmp_path, text)
    assert joules == pytest.approx(11.0) and not log.facts["whole"]["sum"]


def test_devices_whose_names_only_sound_like_quantities_add_up(tmp_path):
    _, joules = load(tmp_path, "plug,t_ms,power_W\n" + rows(["radio clock", "power strip", "load"]))
    assert joules == pytest.approx(60 * 1.1)


def test_a_card_that_ends_early_is_named_with_what_to_type(tmp_path):
    text = "gpu,t_ms,power_W\n" + "".join(
        f"{gpu},{i * 100},{10 + gpu}\n" for i in range(40) for gpu in (0, 1) if gpu == 0 or i < 20
    )
    log, _ = load(tmp_path, text)
    assert any(
        "The last row of gpu1 stands at 1.900 s of 3.900 s" in str(n) and "--rail gpu0" in str(n)
        for n in log.warnings
    )
    assert load(tmp_path, text, rail="gpu0")[1] == pytest.approx(39.0)


@pytest.mark.parametrize("name", ["Net", "Grid", "House", "main", "Whole House"])
def test_a_device_that_may_feed_the_others_is_asked_about(tmp_path, name):
    """1 kW of which circuits measured 0.9 kW: 1.9 kW were printed, as all devices."""
    rows = "".join(
        f"{60 * i},{device},{watts + i % 3},{(watts + i % 3) / 60}\n"
        for i in range(30)
        for device, watts in ((name, 1000), ("Circuit1", 600), ("Circuit2", 300))
    )
    path = tmp_path / "t.csv"
    path.write_text("time_s,sensor,Watts,Wh\n" + rows)
    with pytest.raises(ConfigurationError, match=f"{name}.* may hold Circuit1"):
        importers.convert(path, tmp_path / "o.power", choices=Choices())


def test_a_network_card_feeds_nothing(tmp_path):
    rows = "".join(f"{i},{device},{10 + i % 3}\n" for i in range(30) for device in ("cpu", "net", "disk"))
    path = tmp_path / "t.csv"
    path.write_text("time_s,device,Watts\n" + rows)
    importers.convert(path, tmp_path / "o.power", choices=Choices())
    assert analyse(tmp_path / "o.power").energy.value > 850


def test_cards_in_turns_under_names_of_two_words_divided_by_blanks(tmp_path):
    """A name that ends in a bracket stood one blank before the next: no header was seen, and two cards were one."""
    header = "NpuID(Idx)  ChipId(Idx) Pwr(W)      Temp(C)     AI Core(%)  Memory BW(%)"
    rows = "".join(
        f"{n}           0           {w}       34          0           2\n"
        for _ in range(11)
        for n, w in ((2, 140.5), (5, 59.5))
    )
    (tmp_path / "watch.txt").write_text(f"{header}\n{rows}{header}\n{rows[: len(rows) // 11]}")
    importers.convert(tmp_path / "watch.txt", tmp_path / "o.power", choices=Choices(period_s=1.0))
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(2200)  # 200 W for 11 s
