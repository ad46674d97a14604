"""cpu-energy-meter's reports: the list that `-r` prints and the boxes of its README, one run, looks at one run, and runs of their own."""

import pytest
from tool_log import load

from powermeter.errors import ConfigurationError, DataError

LISTED = (
    "cpu_count=1\nduration_seconds=3.241504\ncpu0_package_joules=4.971924\ncpu0_core_joules=0.461182\n"
    "cpu0_uncore_joules=0.053406\ncpu0_dram_joules=0.953979\ncpu0_psys_joules=38.904785\n"
)
BOX = (
    "+--------------------------------------+\n| CPU-Energy-Meter            Socket {socket} |\n"
    "+--------------------------------------+\nDuration                  2.504502 sec\n"
    "Package                   {package} Joule\nCore                      0.317749 Joule\n"
    "Uncore                    0.000000 Joule\nDRAM                      0.727783 Joule\n"
)


def report(seconds, package):
    return f"duration_seconds={seconds}\ncpu0_package_joules={package}\ncpu0_core_joules=1.5\n\n"


def test_the_list_of_its_readme_is_read_as_one_run(tmp_path):
    log, energies, headline = load(tmp_path, LISTED)
    assert log.format == "cpu-energy-meter" and headline == "psys0"
    assert energies["psys0"] == pytest.approx(38.904785) and energies["package0"] == pytest.approx(4.971924)
    assert log.sources[0].ends_ns == (0, 3_241_504_000)


def test_boxes_of_two_sockets_are_one_run_and_add_up(tmp_path):
    text = BOX.format(socket=0, package="3.769287") + BOX.format(socket=1, package="2.000000")
    log, energies, headline = load(tmp_path, text)
    assert energies[headline] == pytest.approx(3.769287 + 2 + 2 * 0.727783)
    assert log.sources[0].ends_ns[1] == 2_504_502_000 and "integrated_graphics0" not in energies


def test_runs_that_are_not_looks_at_one_are_laid_one_after_another(tmp_path):
    log, energies, _ = load(tmp_path, report(10, 120) + report(9, 100) + report(11, 130))
    assert energies["package0"] == pytest.approx(350) and log.sources[0].ends_ns[1] == 30 * 10**9
    assert any("without the pauses" in str(note) for note in log.warnings)


def test_reports_that_never_fall_are_asked_about(tmp_path):
    text = report(10, 120) + report(20, 250) + report(30, 360)
    with pytest.raises(ConfigurationError, match="--as counter for one run, or --as per-row"):
        load(tmp_path, text)
    log, energies, _ = load(tmp_path, text, as_={"": "counter"})
    assert energies["package0"] == pytest.approx(360) and log.sources[0].ends_ns[1] == 30 * 10**9
    log, energies, _ = load(tmp_path, text, as_={"": "per-row"})
    assert energies["package0"] == pytest.approx(730) and log.sources[0].ends_ns[1] == 60 * 10**9


def test_lengths_that_fall_are_no_looks_at_one_run(tmp_path):
    with pytest.raises(ConfigurationError, match="no looks at one run"):
        load(tmp_path, report(10, 120) + report(9, 100), as_={"": "counter"})


def test_a_run_that_counted_nothing_or_has_no_length_is_refused(tmp_path):
    with pytest.raises(DataError, match="counted any energy"):
        load(tmp_path, "duration_seconds=3.0\ncpu0_package_joules=0.0\n")
    with pytest.raises(DataError, match="not the length of a run"):
        load(tmp_path, report(0, 120))
