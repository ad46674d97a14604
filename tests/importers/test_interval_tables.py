"""Tables of stretches, as pyRAPL and pyJoules write them."""

import pytest
from tool_log import load

from powermeter.errors import DataError

PYRAPL = "label,timestamp,duration,pkg,dram,socket\nfoo,1780000000,1000000,10000000,2000000,0\nfoo,1780000001,1000000,12000000,2000000,0\n"


def test_pyrapl_is_in_microjoules_and_microseconds(tmp_path):
    log, energies, headline = load(tmp_path, PYRAPL, "r.csv")
    assert log.format == "intervals" and log.clock == "utc"
    assert energies["package0"] == pytest.approx(22.0) and energies["dram0"] == pytest.approx(4.0)
    assert energies[headline] == pytest.approx(26.0)
    assert [(e.name, e.duration_s) for e in log.events] == [("foo", 1.0), ("foo", 1.0)]


def test_windows_with_pauses_are_laid_one_after_another(tmp_path):
    text = "start_time,window_name,elapsed_time,gpu0_energy\n1780000000.1,a,2.0,10\n1780000100.1,b,3.0,20\n"
    log, energies, _ = load(tmp_path, text, "z.csv")
    assert energies["gpu0"] == pytest.approx(30.0) and log.clock == "relative"
    assert log.sources[0].ends_ns == (0, 5 * 10**9)
    assert any("one after another" in note for note in log.warnings)


def test_pyjoules_has_cores_inside_their_package(tmp_path):
    text = "timestamp;tag;duration;package_0;core_0;nvidia_gpu_0\n1780000000;a;1.0;5000000;1000000;2000\n1780000001;b;1.0;5000000;1000000;2000\n"
    _, energies, headline = load(tmp_path, text, "j.csv")
    assert energies["gpu0"] == pytest.approx(4.0) and energies["core0"] == pytest.approx(2.0)
    assert energies[headline] == pytest.approx(14.0)


@pytest.mark.parametrize("rows", ["", "foo,x,1,2,3,0\n", "foo,1,nan,2,3,0\n", "foo,1,-5,2,3,0\n"])
def test_rows_without_a_time_or_an_energy_are_no_stretches(tmp_path, rows):
    with pytest.raises(DataError, match="no row in it"):
        load(tmp_path, "label,timestamp,duration,pkg,dram,socket\n" + rows, "r.csv")


def codes(tmp_path, text):
    return {note.code for note in load(tmp_path, text, "t.csv")[0].warnings}


JOULES = "timestamp;tag;duration;package_0;dram_0\n1780000100.5;load;2.0;41500000.0;3100000.0\n1780000102.5;infer;1.5;52250000.0;3600000.0\n"


def test_what_a_row_of_a_stretch_cannot_be_is_reported(tmp_path):
    """A header that nothing is known of, a row twice, a stretch that lasts into the next one."""
    assert not codes(tmp_path, JOULES) & {"column-left-out", "rows-repeated", "windows-nested"}
    assert "column-left-out" in codes(tmp_path, JOULES.replace("package_0", "package_-9"))
    assert "rows-repeated" in codes(tmp_path, JOULES + JOULES.splitlines()[-1] + "\n")
    with pytest.raises(DataError, match=r"used 52\.25 J, more than its own 41\.5 J"):
        codes(tmp_path, JOULES.replace(";2.0;", ";32185999;"))


def test_a_socket_that_is_no_number_of_one_is_left_out(tmp_path):
    text = "label,timestamp,duration,pkg,dram,socket\nfoo,1780000000.1,1500000.0,0,3250000.0,24500000.0\n"
    with pytest.raises(DataError, match="no row in it has"):
        load(tmp_path, text, "t.csv")
