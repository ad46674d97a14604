"""Which rail is the whole: a total, a sum of what may be added, or a question."""

import pytest

from powermeter import analyse
from powermeter.channel import Boundary, Rail
from powermeter.errors import ConfigurationError
from powermeter.importers import Choices, convert, open_log
from powermeter.importers.whole_or_sum import decide


def rails(*names, parents=None):
    return [Rail(name, (parents or {}).get(name), Boundary.BOARD) for name in names]


@pytest.mark.parametrize(
    ("names", "headline", "is_sum"),
    [
        (["cpu", "mem", "total"], "total", False),
        (["CPU", "GPU", "System"], "System", False),
        (["VDD_IN", "cpu"], "VDD_IN", False),
        (["P_in", "P_out"], None, None),
        (["VDD_IN", "VDD_SYS_GPU"], "VDD_IN", False),
        (["cpu_total", "gpu"], "cpu_total + gpu", True),
        (["cpu_total", "x"], None, None),
        (["wall socket", "gpu"], "wall socket", False),
        (["CORE0", "CORE1", "CPU"], "CPU", False),
        (["gpu0", "gpu1", "gpu2"], "all gpus", True),
        (["package_0", "package_1"], "all packages", True),
        (["cpu", "gpu"], "cpu + gpu", True),
        (["cpu", "gpu0", "gpu1"], "cpu + gpu0 + gpu1", True),
        (["a", "b"], None, None),
        (["wall", "system", "cpu"], "wall", False),
        (["x1", "other"], None, None),
        (["only"], "only", False),
        (
            ["card0 Graphics Package", "card1 Graphics Package"],
            "card0 Graphics Package + card1 Graphics Package",
            True,
        ),
        (["plug1 left", "plug2 right"], None, None),
        (["output 1 left", "output 2 left"], None, None),
        (["ch1", "ch2"], None, None),
        (["CPU Package", "CPU Cores", "CPU Graphics"], "CPU Package", False),
        (["CPU Package", "CPU DRAM", "GPU Package"], "CPU Package + CPU DRAM + GPU Package", True),
        (["CPU", "GPU", "GPU Core", "GPU Memory"], "CPU + GPU", True),
        (["GPU Core", "GPU Memory"], None, None),
    ],
)
def test_names_tell_or_it_is_asked(names, headline, is_sum):
    if headline is None:
        with pytest.raises(
            ConfigurationError, match=r"which one is the whole\? (--rail .*--sum|--sum.*--rail)"
        ):
            decide(rails(*names), where="f")
        return
    found = decide(rails(*names), where="f")
    assert (found.headline, found.is_sum) == (headline, is_sum)


def test_parts_get_the_total_as_their_parent():
    found = decide(rails("n1", "n2", "total"), where="f").rails
    assert {rail.parent for name, rail in found.items() if name != "total"} == {"total"}
    assert found["total"].boundary is Boundary.BOARD and found["n1"].boundary is Boundary.PART


def test_a_sum_has_an_unmeasured_parent():
    found = decide(rails("gpu0", "gpu1"), where="f").rails
    assert {rail.parent for rail in found.values()} == {"all gpus"}


def test_a_total_below_its_part_is_not_believed():
    with pytest.raises(ConfigurationError, match="less than its part"):
        decide(rails("cpu", "total"), where="f", means={"cpu": (30.0, "W"), "total": (10.0, "W")})


@pytest.mark.parametrize(
    ("total", "code"), [(25.0, "total-below-parts"), (45.0, "parts-below-total"), (30.1, None)]
)
def test_a_total_that_is_not_the_sum_of_its_parts_is_doubted(total, code):
    means = {"cpu": (10.0, "W"), "gpu": (20.0, "W"), "total": (total, "W")}
    whole = decide(rails("cpu", "gpu", "total"), where="f", means=means)
    assert whole.headline == "total"
    assert (whole.doubt and whole.doubt.code) == code
    counted = decide(rails("cpu", "gpu", "total"), where="f", means=means | {"total": (1e4, "J")})
    assert counted.doubt is None  # joules and watts are not compared


def test_of_two_columns_of_one_name_neither_is_the_total():
    with pytest.raises(ConfigurationError, match="which one is the whole"):
        decide(rails("input", "input#2"), where="f")


def test_what_the_user_says_counts():
    found = decide(rails("a", "b"), where="f", rail="B")
    assert found.headline == "b" and found.rails["a"].boundary is Boundary.PART
    assert decide(rails("a", "b"), where="f", add_up=True).is_sum
    with pytest.raises(ConfigurationError, match="is not a rail of it; it has a, b"):
        decide(rails("a", "b"), where="f", rail="c")


def test_a_tools_own_tree_is_kept():
    found = decide(rails("package", "cores", parents={"cores": "package"}), where="f")
    assert found.headline == "package" and found.rails["cores"].parent == "package"


@pytest.mark.parametrize(
    ("names", "headline", "parts"),
    [
        (("total", "cpu", "gpu"), "total", {"cpu", "gpu"}),
        (("VDD_IN", "VDD_CPU", "VDD_GPU"), "VDD_IN", {"VDD_CPU", "VDD_GPU"}),
        (("wall", "gpu0", "gpu1"), "wall", {"gpu0", "gpu1"}),
        (("System", "CPU", "DRAM"), "System", {"CPU", "DRAM"}),
        (("package-0", "core", "package-1", "dram"), "all devices", {"package-0", "package-1", "dram"}),
        (("desk", "lamp"), "all devices", {"desk", "lamp"}),
    ],
)
def test_devices_of_a_column_are_no_sum_where_one_holds_the_others(names, headline, parts):
    of = rails(*names)
    found = decide(of, where="log", devices="rail")
    assert found.headline == headline
    assert {name for name, rail in found.rails.items() if rail.parent == headline} == parts


@pytest.mark.parametrize("names", [("chassis", "psu1", "psu2"), ("server", "laptop")])
def test_a_device_that_may_be_the_total_is_asked_about(names):
    of = rails(*names)
    with pytest.raises(ConfigurationError, match=f"--rail {names[0]}, or --sum"):
        decide(of, where="log", devices="name")
    assert decide(of, where="log", devices="name", add_up=True).is_sum


@pytest.mark.parametrize("names", [("PV", "Battery", "Grid", "Load"), ("solar", "battery", "load")])
def test_a_battery_among_the_lines_of_a_house_is_not_its_total(names):
    of = rails(*names)
    with pytest.raises(ConfigurationError, match=f"--rail {names[-1]} "):
        decide(of, where="log")


def test_a_gpu_beside_a_package_may_be_inside_it():
    rails = [Rail(name, None, Boundary.BOARD, "") for name in ("GPU", "Package")]
    with pytest.raises(ConfigurationError, match="--rail Package"):
        decide(rails, where="f", means={"GPU": (5.0, "W"), "Package": (20.0, "W")})
    assert decide(rails, where="f", add_up=True).is_sum


def test_registers_of_one_column_that_feed_in_are_not_added(tmp_path):
    """Fluvius' quarters of an hour: what is taken and what is fed in stand one below the other."""
    path = tmp_path / "fluvius.csv"

    def clock(i):
        return f"{i // 4:02d}:{i % 4 * 15:02d}:00"

    rows = "".join(
        f"13-03-2024;{clock(i)};13-03-2024;{clock(i + 1)};{register};0,{v};kWh\n"
        for i in range(40)
        for register, v in (("Afname Dag", 125 + i % 2), ("Injectie Dag", 500))
    )
    path.write_text("Van (datum);Van (tijdstip);Tot (datum);Tot (tijdstip);Register;Volume;Eenheid\n" + rows)
    convert(path, tmp_path / "o.power", choices=Choices(as_={"": "per-row"}))
    energy = analyse(tmp_path / "o.power").energy
    assert energy.value == pytest.approx(40 * 0.1255 * 3.6e6) and energy.high < 1.2 * energy.value


def test_an_air_conditioner_beside_the_main_line_is_not_the_whole(tmp_path):
    """Circuits of a house: Main 1.5 kW, AC 1 kW of it; AC was counted as what is drawn at the socket."""
    log = tmp_path / "t.csv"
    log.write_text("time_s,Main (kW),AC (kW),Other (kW)\n" + "".join(f"{t},1.5,1.0,0.5\n" for t in range(9)))
    with pytest.raises(ConfigurationError, match="which one is the whole"):
        open_log(log)


@pytest.mark.parametrize("total", ["Summe (W)", "P_ges", "Totale [W]", "Somme (W)", "Gesamt (W)"])
def test_totals_of_other_languages_are_the_whole(tmp_path, total):
    log = tmp_path / "t.csv"
    head, unit = ("P_CPU;P_GPU", "s;W;W;W\n") if "_" in total else ("CPU (W);GPU (W)", "")
    log.write_text(
        f"t{'' if unit else ' (s)'};{head};{total}\n{unit}" + "".join(f"{t};10;20;30\n" for t in range(9))
    )
    assert "total by its name" in " ".join(map(str, open_log(log).warnings))


def test_the_legs_of_a_house_add_up_and_its_circuits_lie_behind_them(tmp_path):
    """Emporia's export: 0.5 and 0.6 kWh an hour on two legs, 0.3 kWh of them in a heat pump."""
    log = tmp_path / "emporia.csv"
    head = "Time Bucket (America/New_York),Home-Mains_A (kWhs),Home-Mains_B (kWhs),Home-Heat Pump (kWhs)\n"
    rows = (f"03/12/2024 {h:02d}:00:00,{0.5 + h % 2 / 100},0.6{h % 2},0.3{h % 3}\n" for h in range(20))
    log.write_text(head + "".join(rows))
    convert(log, tmp_path / "o.power", choices=Choices(as_={"": "per-row"}, dates="mdy"))
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(20 * 1.11 * 3.6e6, rel=2e-3)


@pytest.mark.parametrize(
    ("head", "row"),
    [
        (
            "elapsed_s,step_energy_J,cum_energy_J",
            lambda i: f"{i},{5 + i % 2}.0,{sum(5 + k % 2 for k in range(i + 1))}.0",
        ),
        ("time_s,power (W),power (mW)", lambda i: f"{i},{5 + i % 2},{5000 + i % 2 * 1000}"),
    ],
)
def test_a_rail_is_not_added_to_itself(tmp_path, head, row):
    log = tmp_path / "t.csv"
    log.write_text(f"{head}\n" + "".join(row(i) + "\n" for i in range(40)))
    with pytest.raises(ConfigurationError, match="count the same energy twice"):
        open_log(log, choices=Choices(add_up=True))
