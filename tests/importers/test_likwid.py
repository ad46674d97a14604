"""likwid-powermeter's reports: joules of each domain, one run after another."""

import pytest
from tool_log import load

from powermeter.errors import DataError

LINE = "-" * 80 + "\n"


def report(runtime, *sockets):
    text = f"{LINE}CPU name:\tIntel(R) Xeon(R)\nCPU type:\tIntel Xeon Haswell EN/EP/EX processor\nCPU clock:\t2.60 GHz\n{LINE}{LINE}"
    text += f"Runtime: {runtime:g} s\n"
    for number, domains in enumerate(sockets):
        text += f"Measure for socket {number} on CPU {12 * number}\n"
        text += "".join(
            f"Domain {name}:\nEnergy consumed: {joules:g} Joules\nPower consumed: {joules / runtime:g} Watt\n"
            for name, joules in domains.items()
        )
        text += "\n"
    return text + LINE


def test_packages_and_memories_add_up_and_cores_that_never_count_are_none(tmp_path):
    text = report(2.0, {"PKG": 60.25, "PP0": 0, "DRAM": 10.5}, {"PKG": 40.25, "PP0": 0, "DRAM": 8.5})
    log, energies, headline = load(tmp_path, text)
    assert log.format == "likwid" and set(energies) == {"package0", "dram0", "package1", "dram1", headline}
    assert energies[headline] == pytest.approx(119.5) and log.sources[0].ends_ns == (0, 2 * 10**9)


def test_reports_of_a_loop_are_laid_one_after_another(tmp_path):
    text = "".join(report(1.5, {"PKG": 30 + i, "PP0": 12, "PLATFORM": 50}) for i in range(4))
    log, energies, headline = load(tmp_path, text)
    assert headline == "psys0" and energies["psys0"] == pytest.approx(200)
    assert energies["package0"] == pytest.approx(126) and log.sources[0].ends_ns[1] == 6 * 10**9
    assert any("without the pauses" in note for note in log.warnings)


def test_an_amd_processors_cores_are_inside_its_package(tmp_path):
    _, energies, headline = load(tmp_path, report(1.0, {"CORE": 20, "PKG": 50}))
    assert headline == "package0" and energies["cores0"] == pytest.approx(20)


def test_a_report_that_counted_nothing_is_refused(tmp_path):
    with pytest.raises(DataError, match="counted any energy"):
        load(tmp_path, report(1.0, {"PKG": 0}))
