"""Small logs of tools with invented values: the energy of each is worked out by hand."""

import json

import pytest
from tool_log import load

from powermeter import analyse, importers
from powermeter.errors import ConfigurationError, DataError
from powermeter.result import Grade

DCGM = "#Entity   GPUTL  POWER\nID               W\n" + "".join(
    f"GPU {g}     55     {60 + g * 10 + i}.5\n" for i in range(4) for g in (0, 1)
)


def test_dcgm_cards_add_up_and_need_a_rate(tmp_path):
    with pytest.raises(ConfigurationError, match="--rate 1s"):
        load(tmp_path, DCGM)
    _, energies, headline = load(tmp_path, DCGM, period_s=1.0)
    assert (
        energies["gpu0"] == pytest.approx(186.0)
        and headline == "all GPUs"
        and energies[headline] == pytest.approx(402.0)
    )


def test_dcgm_without_power_says_which_field(tmp_path):
    with pytest.raises(DataError, match="dcgmi dmon -e 155"):
        load(tmp_path, "#Entity   GPUTL\nID\nGPU 0     55\n", period_s=1.0)


def test_energibridge_whose_time_lags_a_row(tmp_path):
    text = "Delta,Time,PACKAGE_ENERGY (J),USED_MEMORY\n0,1780000000000,10\n200,1780000000000,14\n200,1780000000200,18\n200,1780000000400,22\n"
    text = text.replace(",USED_MEMORY", "")
    log, energies, _ = load(tmp_path, text, "e.csv")
    assert energies["package"] == pytest.approx(12.0)
    assert log.sources[0].ends_ns == (1_780_000_000_000 * 10**6, 1_780_000_000_600 * 10**6)


def test_energibridge_whose_columns_were_exchanged_is_refused(tmp_path):
    """A counter taken for milliseconds: 34 kW over 17 ms, beside rows of 200 ms each."""
    rows = "".join(f"200,{5120 + 4 * i},{1780000000000 + 200 * i}\n" for i in range(6))
    with pytest.raises(DataError, match=r"by 'Time' its first rows take 0.02 s, and by 'Delta' 1 s"):
        load(tmp_path, "Delta,Time,PACKAGE_ENERGY (J)\n" + rows, "e.csv")


def test_turbostat_counts_the_machine_not_its_cores(tmp_path):
    block = "Core\tCPU\tBusy%\tPkgWatt\n-\t-\t10.00\t{w}\n0\t0\t12.00\t{w}\n0\t4\t8.00\n"
    text = "".join(block.format(w=w) for w in (20.0, 30.0, 40.0))
    log, energies, _ = load(tmp_path, text, "t.tsv", period_s=5.0)
    assert energies["pkg"] in (pytest.approx(350.0), pytest.approx(450.0))
    assert any("rows of other kinds" in note for note in log.warnings)


def test_nvidia_smi_with_a_zone_needs_no_note(tmp_path):
    text = "timestamp, index, power.draw [W]\n" + "".join(
        f"2026-01-20T17:00:0{i}+08:00, {g}, {50 + g}.00 W\n" for i in range(5) for g in (0, 1)
    )
    log, energies, headline = load(tmp_path, text, "n.csv")
    assert energies[headline] == pytest.approx(4 * 101.0) and not any(
        "no time zone" in note for note in log.warnings
    )
    assert log.sources[0].ends_ns[0] == 1_768_899_600 * 10**9


def blocks(prefix, count=6):
    return "".join(
        f"{prefix(i)}Bus Voltage:   5.00 V\n{prefix(i)}Shunt Voltage: 20.00 mV\n{prefix(i)}Current:       200.00 mA\n\n"
        for i in range(count)
    )


def test_labelled_lines_of_a_serial_monitor(tmp_path):
    log, energies, _ = load(tmp_path, blocks(lambda i: f"20:38:{i:02d}.000 -> "))
    assert log.format == "labelled" and energies == {"input": pytest.approx(5.0)}
    with pytest.raises(ConfigurationError, match="--rate"):
        load(tmp_path, blocks(lambda i: ""))
    assert load(tmp_path, blocks(lambda i: ""), period_s=0.5)[1]["input"] == pytest.approx(2.5)


def test_a_log_of_power_supply_events(tmp_path):
    text = (
        "POWER_SUPPLY_VOLTAGE_NOW=4000000\nPOWER_SUPPLY_CURRENT_NOW=500000\nPOWER_SUPPLY_STATUS=Discharging\n"
        * 6
    )
    _, energies, headline = load(tmp_path, text, "u.txt", period_s=1.0)
    assert energies[headline] == pytest.approx(2.0 * 5)


def test_tasmota_telemetry_is_known(tmp_path):
    records = [
        {
            "Time": f"2026-05-01T10:00:{i:02d}",
            "ENERGY": {"Power": 12, "Voltage": 230, "Current": 0.06, "Total": 1.5},
        }
        for i in range(6)
    ]
    log, energies, headline = load(tmp_path, "\n".join(map(json.dumps, records)), "t.json")
    assert energies[headline] == pytest.approx(60.0) and log.sources[0].name == "Tasmota"


def test_shelly_phases_add_up(tmp_path):
    head = "timestamp,a_total_act_energy,a_total_act_ret_energy,b_total_act_energy,a_max_act_power\n"
    text = head + "".join(f"{1_780_000_000 + 60 * i},{1 + i % 2},9,{2 - i % 2},500\n" for i in range(10))
    _, energies, headline = load(tmp_path, text, "s.csv")
    assert headline == "all phases" and energies[headline] == pytest.approx(30 * 3600.0)


def test_hwinfo_counts_the_system_and_no_limit_voltage_or_standing_battery(tmp_path):
    head = (
        'Date,Time,"Virtual Memory Committed [MB]","Core 0 VID [V]","CPU Package Power [W]","IA Cores Power [W]",'
        '"Total System Power [W]","PL1 Power Limit [W]","Remaining Capacity [Wh]","GPU Core Current [A]",\n'
    )
    rows = "".join(f"6.9.2022,16:14:{i:02d}.000,9000,1.1,20,15,35.5,115,62.305,90\n" for i in range(11))
    log, energies, headline = load(
        tmp_path, head + rows + head + '"",,,System: X,CPU,CPU,System,CPU,Battery,GPU\n', "h.CSV"
    )
    assert headline == "system" and energies == {
        "system": pytest.approx(355),
        "cpu package": pytest.approx(200),
        "ia cores": pytest.approx(150),
    }
    assert all(c.grade is Grade.MEASURED for c in log.sources[0].channels)


def test_hwinfo_without_a_system_adds_up_processor_memory_and_card(tmp_path):
    head = 'Date,Time,"CPU Package Power [W]","Total DRAM Power [W]","GPU Power [W]"\n'
    rows = "".join(f"6.9.2022,16:14:{i:02d}.000,20,3,100\n" for i in range(11))
    _, energies, headline = load(tmp_path, head + rows, "h.CSV")
    assert energies[headline] == pytest.approx(1230)


def test_powerstat_of_rapl_is_not_the_sum_of_domains_that_hold_each_other(tmp_path):
    text = "Running for 10.0 seconds (10 samples at 1.0 second intervals).\n\n"
    text += "  Time    User  Nice   Sys  Idle    IO  Run Ctxt/s  IRQ/s Fork Exec Exit  Watts   pkg-0   core   psys   TCPU\n"
    for i in range(10):
        text += f"15:05:{i:02d}   0.0   0.0   0.0  99.9   0.0    1    426    302    0    0    1   8.67    1.98   0.0{i % 3}   6.63  42.05\n"
    text += "-------- ----- ----- ----- ----- ----- ---- ------ ------ ---- ---- ---- ------ ------- ------ ------ ------\n"
    text += " Average   0.0   0.0   0.0  99.9   0.0  1.0  426.0  302.0  0.0  0.0  1.0   8.67    1.98   0.07   6.63  42.05\n"
    _, energies, headline = load(tmp_path, text)
    assert headline == "psys" and energies["psys"] == pytest.approx(66.3)
    assert energies["pkg-0"] == pytest.approx(19.8)


def test_pmt_counts_the_instants_and_not_the_driver_s_mean(tmp_path):
    text = "timestamp gpu_instant gpu_average\n" + "".join(
        f"{1733935225 + i * 0.06:.3f} {30 + i} 23.5\n" for i in range(11)
    )
    _, energies, _ = load(tmp_path, text)
    assert energies == {"gpu": pytest.approx(0.6 * 35)}


def test_a_jetson_s_input_is_the_whole_of_what_it_feeds(tmp_path):
    text = "t_ms,power_soc_mw,power_cpu_gpu_cv_mw,power_in_mw\n" + "".join(
        f"{i * 100},2308,1629,6000\n" for i in range(11)
    )
    _, energies, headline = load(tmp_path, text)
    assert headline == "in" and energies["in"] == pytest.approx(6.0)


def test_a_mean_beside_the_reading_it_is_of_is_kept_beside_it(tmp_path):
    text = "Time (mS),Current VDD_IN Power Consumption (mW),Average VDD_IN Power Consumption (mW),Current VDD_SYS_GPU Power Consumption (mW)\n"
    text += "".join(f"{i * 1000},1840,{1800 + i},153\n" for i in range(11))
    log, energies, headline = load(tmp_path, text)
    assert headline == "VDD IN" and energies["VDD IN"] == pytest.approx(18.4)
    assert any("is a mean of what stands beside it" in note for note in log.warnings)


@pytest.mark.parametrize(
    ("head", "wanted"),
    [("cpu_total_W,gpu_W", 30.0), ("cpu_total_W,cpu_core_W", 10.0), ("total_W,gpu_W", 10.0)],
)
def test_a_total_of_one_part_is_not_the_whole_beside_another(tmp_path, head, wanted):
    text = f"time_s,{head}\n" + "".join(f"{i},1,2\n" if wanted == 30 else f"{i},1,0.5\n" for i in range(11))
    _, energies, headline = load(tmp_path, text)
    assert energies[headline] == pytest.approx(wanted)


def test_amd_smi_cards_add_up_and_macmon_s_system_holds_its_chip(tmp_path):
    text = "timestamp,gpu,power_usage,hotspot_temperature\n" + "".join(
        f"{1721400000 + i},{gpu},{140 + 10 * gpu},41\n" for i in range(11) for gpu in (0, 1)
    )
    _, energies, headline = load(tmp_path, text, "a.csv")
    assert energies[headline] == pytest.approx(2900)
    lines_ = "".join(
        json.dumps(
            {
                "timestamp": f"2025-02-24T20:38:{i:02d}+00:00",
                "cpu_power": 0.2,
                "gpu_power": 0.1,
                "ane_power": 0.0,
                "all_power": 0.3,
                "sys_power": 6.0,
                "ram_power": 0.1,
            }
        )
        + "\n"
        for i in range(11)
    )
    log, energies, headline = load(tmp_path, lines_, "m.jsonl")
    assert headline == "system" and energies["system"] == pytest.approx(60)
    assert log.sources[0].channels[0].grade is Grade.ESTIMATED


def test_tasmotas_console_is_read_behind_its_own_text(tmp_path):
    path = tmp_path / "console.log"
    path.write_text(
        "".join(
            f"14:00:0{i}.000 MQT: tele/plug/SENSOR = "
            f'{{"Time":"2024-03-05T14:00:0{i}","ENERGY":{{"Total":12.3,"Power":{60 + i % 2},"Voltage":231,"Current":0.3}}}}\n'
            for i in range(9)
        )
    )
    log = importers.convert(path, tmp_path / "o.power", choices=importers.Choices())
    assert log.sources[0].name == "Tasmota"
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(8 * 60.5)


def test_a_shelly_ems_history_is_the_energy_of_each_row(tmp_path):
    path = tmp_path / "em_data.csv"
    rows = "".join(f"2024-03-05 14:{i}0,{10 + i % 3}.50,3.00,232.0,233.5\n" for i in range(6))
    path.write_text("Date/time UTC,Active energy Wh (1),Returned energy Wh (1),Min V,Max V\n" + rows)
    importers.convert(path, tmp_path / "o.power", choices=importers.Choices())
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(6 * 11.5 * 3600)
