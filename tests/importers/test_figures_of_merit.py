"""Columns that end in a unit of electricity and are no reading: work per watt, joules per token, letters of a box, a compass, the weather."""

import pytest

from powermeter.errors import ConfigurationError, DataError
from powermeter.importers import open_log

NONE = {
    "an efficiency": "time_s,GFLOPS,GFLOPS/W\n" + "".join(f"{i},{1000 + i},{59 + i}.65\n" for i in range(9)),
    "joules per token": "time_s,tokens,J/token\n" + "".join(f"{i},{100 + i},{5 + i}.5\n" for i in range(9)),
    "a box": "time_s,X,Y,W,H\n" + "".join(f"{i},{10 + i},20,{59 + i},34\n" for i in range(9)),
    "a quaternion": "timestamp,w,x,y,z\n"
    + "".join(f"171025231{i}.0,0.9{i},0.0{i},0.01,0.02\n" for i in range(9)),
    "the points of a compass": "time_s,N,E,S,W\n" + "".join(f"{i},1,{2 + i},3,{59 + i}\n" for i in range(9)),
    "the weather": "time_s,T,P,RH\n" + "".join(f"{i},20,101{i}.2,55\n" for i in range(9)),
    "a simulation of molecules": "time_s,Temp,PotEng,KinEng\n"
    + "".join(f"{i},300,-5{i}.5,3{i}\n" for i in range(9)),
    "hours a disk was on": "time_s,power_cycles,power_on_hours\n"
    + "".join(f"{i},120,{5000 + i}\n" for i in range(9)),
    "what is current": "time_s,current_speed,current_temp\n"
    + "".join(f"{i},{59 + i}.6,20\n" for i in range(9)),
}

READ = {
    "heat is no draw": ("time_s,Electrical power (W),Thermal power (W)\n{rows}", "{i},100,300\n", 800.0),
    "tenths of watts": ("time_s,power_dW\n{rows}", "{i},1000\n", 800.0),
    "a mean of a column of watts": (
        "time_s,power_W_mean,power_W_std,power_W_max\n{rows}",
        "{i},100,3,400\n",
        800.0,
    ),
}


@pytest.mark.parametrize("name", NONE)
def test_what_is_no_reading_is_neither_counted_nor_offered(tmp_path, name):
    path = tmp_path / "t.csv"
    path.write_text(NONE[name])
    with pytest.raises(DataError, match="no column of power"):
        open_log(path)


@pytest.mark.parametrize("name", READ)
def test_what_stands_beside_it_is_read(tmp_path, name):
    text, row, joules = READ[name]
    path = tmp_path / "t.csv"
    path.write_text(text.format(rows="".join(row.format(i=i) for i in range(9))))
    (source,) = open_log(path).sources
    power = next(c for c in source.channels if c.rail)
    codes = source.codes[source.channels.index(power)]
    assert power.scale * codes[:-1].sum() == pytest.approx(joules)


def test_a_rate_in_a_header_is_the_one_that_is_offered(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("Sample (1kHz),Power (mW)\n" + "".join(f"{i},5{i}.6\n" for i in range(9)))
    with pytest.raises(ConfigurationError, match="--rate 1kHz"):
        open_log(path)


def test_a_frequency_of_the_mains_or_of_a_clock_is_no_rate_that_is_offered(tmp_path):
    path = tmp_path / "t.csv"
    for header in ("Power at 50 Hz (W)", "GPU power @ 1410 MHz (W)"):
        path.write_text(header + "\n" + "".join(f"5{i}.6\n" for i in range(9)))
        with pytest.raises(ConfigurationError, match="--rate 10Hz"):
            open_log(path)


def test_what_charges_a_battery_is_not_drawn_from_it(tmp_path):
    path = tmp_path / "t.csv"
    rows = "".join(f"{i},10,3,0.5\n" for i in range(9))
    path.write_text(f"time_s,Voltage (V),Charge current (A),Discharge current (A)\n{rows}")
    (source,) = open_log(path).sources
    assert [channel.name for channel in source.channels if channel.rail] == ["voltage", "discharge_current"]
