"""Columns of motor drives and boards: what flows in a winding is no supply, and `vol` beside `curr` is a voltage."""

import pytest

from powermeter import analyse
from powermeter.errors import ConfigurationError
from powermeter.importers import Choices, convert, open_log


def joules(name, text, tmp_path, **choices):
    log = tmp_path / name
    log.write_text(text)
    written = tmp_path / "made.power"
    convert(log, written, choices=Choices(**choices))
    return analyse(written).energy.value


def test_currents_of_a_winding_are_not_offered_and_do_not_hide_the_supply_s(tmp_path):
    rows = [
        f"{t},50,40,2,0.1,40,7,0,0.0{t:02}" for t in range(11)
    ]  # the battery: 50 V · 2 A = 100 W for 10 s
    header = "t_s,input_voltage,current_motor,current_in,d_axis_current,q_axis_current,d_axis_voltage,q_axis_voltage,duty_cycle"
    log = tmp_path / "drive.csv"
    log.write_text("\n".join((header, *rows)) + "\n")
    with pytest.raises(ConfigurationError) as asked:
        open_log(log, choices=Choices())
    assert "the unit of 'input_voltage', 'current_in', for example" in str(asked.value)
    units = {"input_voltage": "V", "current_in": "A"}
    assert joules("drive.csv", log.read_text(), tmp_path, columns=units) == pytest.approx(1000)


def test_the_only_current_of_a_motor_is_the_supply_s(tmp_path):
    text = "t_s,voltage_V,motor_current_A\n" + "".join(f"{t},50,2\n" for t in range(11))
    assert joules("motor.csv", text, tmp_path) == pytest.approx(1000)


def test_vol_beside_curr_is_a_voltage_and_each_pair_is_a_rail(tmp_path):
    rows = "".join(f"{t},2000,12000,400,850\n" for t in range(11))  # 24 W + 0.34 W for 10 s
    text = f"t_s,aux_curr,aux_vol,mem_curr,mem_vol\n{rows}"
    log = tmp_path / "board.csv"
    log.write_text(text)
    with pytest.raises(ConfigurationError, match=r"aux_curr=mA --column aux_vol=mV .*mem_vol=mV"):
        open_log(log, choices=Choices())
    units = {"aux_curr": "mA", "aux_vol": "mV", "mem_curr": "mA", "mem_vol": "mV"}
    assert joules("board.csv", text, tmp_path, columns=units, add_up=True) == pytest.approx(243.4)


@pytest.mark.parametrize("choices", [{"add_up": True}, {"rail": "mem"}])
def test_a_whole_with_a_current_and_no_voltage_is_refused_where_another_rail_would_be_counted(
    tmp_path, choices
):
    log = tmp_path / "half.csv"
    log.write_text("t_s,aux_mA,aux_mV,mem_mA\n" + "".join(f"{t},2000,12000,4000\n" for t in range(11)))
    with pytest.raises(ConfigurationError, match="'mem' there is a current and no voltage"):
        open_log(log, choices=Choices(**choices))


def test_with_the_supply_s_voltage_all_of_them_are_in_the_sum(tmp_path):
    text = "t_s,aux_mA,aux_mV,mem_mA\n" + "".join(f"{t},2000,12000,4000\n" for t in range(11))
    assert joules("half.csv", text, tmp_path, add_up=True, voltage_v=12.0) == pytest.approx(
        720
    )  # 24 W + 48 W


def test_a_battery_of_twelve_volts_beside_a_pack_is_not_the_whole(tmp_path):
    log = tmp_path / "car.csv"
    rows = "".join(f"{t},3,12,370,30\n" for t in range(11))
    log.write_text(f"t_s,12v Bat Amps,12v Bat Volts,Pack Volts,Pack Amps\n{rows}")
    with pytest.raises(ConfigurationError, match=r"none of them is the total by its name.*--rail Pack"):
        open_log(log, choices=Choices())
    assert joules("car.csv", log.read_text(), tmp_path, rail="Pack") == pytest.approx(111_000)


def test_an_input_of_twelve_volts_holds_the_parts_of_its_board(tmp_path):
    text = "t_s,12V_input_W,cpu_W,gpu_W\n" + "".join(f"{t},100,40,30\n" for t in range(11))
    assert joules("board.csv", text, tmp_path) == pytest.approx(1000)


def test_energy_used_that_only_rises_is_a_running_total(tmp_path):
    text = "t_s,watt_hours_used\n" + "".join(f"{t},{0.01 * t:.2f}\n" for t in range(41))  # 0.4 Wh in 40 s
    assert joules("drive.csv", text, tmp_path) == pytest.approx(1440)
