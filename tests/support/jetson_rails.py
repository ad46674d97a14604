"""The rails of every Jetson, as its power monitors name them, and which may be summed."""

from __future__ import annotations

from powermeter.testing.sysfs import FakeRail


def rail(name: str, millivolt: int, milliampere: int, shunt: int | None = 5000) -> FakeRail:
    return FakeRail(name, millivolt, milliampere, shunt)


ORIN_SMALL = [rail("VDD_IN", 5032, 960), rail("VDD_CPU_GPU_CV", 5032, 96), rail("VDD_SOC", 5032, 296)]


AGX_XAVIER = (
    [rail("GPU", 19400, 24), rail("CPU", 19400, 24), rail("SOC", 19400, 64)],
    [rail("CV", 19400, 0), rail("VDDRQ", 19400, 16), rail("SYS5V", 5032, 552)],
)


AGX_ORIN = (
    [
        rail("VDD_GPU_SOC", 19512, 120, 2000),
        rail("VDD_CPU_CV", 19512, 20, 2000),
        rail("VIN_SYS_5V0", 5032, 800, 2000),
    ],
    [rail("NC", 0, 0, 2000), rail("VDDQ_VDD2_1V8AO", 5032, 60, 2000), rail("NC", 0, 0, 2000)],
)


THOR = [
    rail("VDD_GPU", 19512, 180, 2000),
    rail("VDD_CPU_SOC_MSS", 19512, 400, 2000),
    rail("VIN_SYS_5V0", 5032, 1500),
]


# Board, its trees, rail or sum that is its total, and that total in W (Σ mV·mA of what may be added).
CASES = {
    "TX1": (
        "iio",
        {"1-0040": [rail("VDD_IN", 19104, 136), rail("VDD_GPU", 19104, 0), rail("VDD_CPU", 19104, 8)]},
        "VDD_IN",
        2.598144,
    ),
    "TX1 with carrier": (
        "iio",
        {
            "1-0040": [rail("VDD_IN", 19104, 136), rail("VDD_GPU", 19104, 0), rail("VDD_CPU", 19104, 8)],
            "1-0042": [
                rail("VDD_MUX", 19104, 300),
                rail("VDD_5V_IO_SYS", 5000, 200),
                rail("VDD_3V3_SYS", 3300, 90),
            ],
            "1-0043": [
                rail("VDD_3V3_IO", 3300, 10),
                rail("VDD_1V8_IO", 1800, 20),
                rail("VDD_M2_IN", 3300, 0),
            ],
        },
        "VDD_MUX",
        5.7312,
    ),
    "Nano": (
        "iio",
        {
            "6-0040": [
                rail("POM_5V_IN", 5104, 272),
                rail("POM_5V_GPU", 5104, 24),
                rail("POM_5V_CPU", 5104, 32),
            ]
        },
        "POM_5V_IN",
        1.388288,
    ),
    "TX2": (
        "iio",
        {
            "0-0040": [
                rail("VDD_SYS_GPU", 19112, 8),
                rail("VDD_SYS_SOC", 19112, 36),
                rail("VDD_4V0_WIFI", 4000, 0),
            ],
            "0-0041": [
                rail("VDD_IN", 19112, 160),
                rail("VDD_SYS_CPU", 19112, 8),
                rail("VDD_SYS_DDR", 4800, 184),
            ],
        },
        "VDD_IN",
        3.05792,
    ),
    "TX2 NX": (
        "iio",
        {"1-0040": [rail("VDD_IN", 5000, 800), rail("VDD_CPU_GPU", 5000, 200), rail("VDD_SOC", 5000, 250)]},
        "VDD_IN",
        4.0,
    ),
    "Xavier NX, R32": ("iio", {"7-0040": ORIN_SMALL}, "VDD_IN", 4.83072),
    "Xavier NX, R35": ("hwmon", {"7-0040": ORIN_SMALL}, "VDD_IN", 4.83072),
    "AGX Xavier, R32": ("iio", {"1-0040": AGX_XAVIER[0], "1-0041": AGX_XAVIER[1]}, "MODULE", 5.260864),
    "AGX Xavier, R35": ("hwmon", {"1-0040": AGX_XAVIER[0], "1-0041": AGX_XAVIER[1]}, "MODULE", 5.260864),
    "Orin Nano": ("hwmon", {"1-0040": ORIN_SMALL}, "VDD_IN", 4.83072),
    "AGX Orin": ("hwmon", {"1-0040": AGX_ORIN[0], "1-0041": AGX_ORIN[1]}, "MODULE", 6.75728),
    "Thor": ("hwmon+input", {"2-0040": THOR}, "VIN", 26.686),
    "Thor without its input sensor": ("hwmon", {"2-0040": THOR}, "MODULE", 18.86496),
}
