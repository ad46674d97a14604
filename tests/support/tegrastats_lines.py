"""Lines of tegrastats from public logs and fixtures, TX1 to Thor, and the rails that each names."""

from __future__ import annotations

# Power part of lines from TX1 to Thor as collected (the dots stand for what the collector cut), with
# what they say: rail → current, average[, maximum] in mW.
LINES: list[tuple[str, dict[str, tuple[int, ...]]]] = [
    (  # 1 TX1, R28
        (
            "RAM 1179/3983MB (lfb 120x4MB) IRAM 0/252kB(lfb 252kB) CPU [1%@102,4%@102,0%@102,0%@102] EMC_FREQ 7%@408 "
            "GR3D_FREQ 0%@76 APE 25 AO@42.5C … thermal@38.5C VDD_IN 2532/2698 VDD_CPU 76/178 VDD_GPU 19/19"
        ),
        {"VDD_IN": (2532, 2698), "VDD_CPU": (76, 178), "VDD_GPU": (19, 19)},
    ),
    (  # 2 TX1 without root: no power at all
        (
            "RAM 385/3984MB (lfb 779x4MB) CPU [..] AO@31C CPU@25C GPU@22C PLL@21.5C Tdiode@28.75C PMIC@100C "
            "Tboard@29C thermal@23.5C"
        ),
        {},
    ),
    (  # 3 TX2, R28
        (
            "CPU [0%@499,off,off,0%@499,0%@499,0%@498] EMC_FREQ 0%@665 GR3D_FREQ 0%@140 … VDD_IN 1183/1183 "
            "VDD_CPU 152/152 VDD_GPU 152/152 VDD_SOC 381/381 VDD_WIFI 0/0 VDD_DDR 192/192"
        ),
        {
            "VDD_IN": (1183, 1183),
            "VDD_CPU": (152, 152),
            "VDD_GPU": (152, 152),
            "VDD_SOC": (381, 381),
            "VDD_WIFI": (0, 0),
            "VDD_DDR": (192, 192),
        },
    ),
    (  # 4 TX2
        (
            "… MTS fg 0% bg 0% … thermal@40.2C VDD_IN 3177/3177 VDD_CPU 536/536 VDD_GPU 383/383 VDD_SOC 536/536 "
            "VDD_WIFI 0/0 VDD_DDR 575/575"
        ),
        {
            "VDD_IN": (3177, 3177),
            "VDD_CPU": (536, 536),
            "VDD_GPU": (383, 383),
            "VDD_SOC": (536, 536),
            "VDD_WIFI": (0, 0),
            "VDD_DDR": (575, 575),
        },
    ),
    (  # 5 TX2 with engines
        (
            "… GR3D_FREQ 0%@140 MSENC 115 NVDEC 268 APE 150 … VDD_IN 2915/2934 VDD_CPU 383/383 VDD_GPU 153/153 "
            "VDD_SOC 613/613 VDD_WIFI 19/38 VDD_DDR 595/595"
        ),
        {
            "VDD_IN": (2915, 2934),
            "VDD_CPU": (383, 383),
            "VDD_GPU": (153, 153),
            "VDD_SOC": (613, 613),
            "VDD_WIFI": (19, 38),
            "VDD_DDR": (595, 595),
        },
    ),
    (  # 6 TX2
        (
            "CPU [33%@2034,42%@2033,100%@2036,…] … VDD_IN 9273/9056 VDD_CPU 3716/3302 VDD_GPU 1430/1586 "
            "VDD_SOC 714/705 VDD_WIFI 0/0 VDD_DDR 1148/1198"
        ),
        {
            "VDD_IN": (9273, 9056),
            "VDD_CPU": (3716, 3302),
            "VDD_GPU": (1430, 1586),
            "VDD_SOC": (714, 705),
            "VDD_WIFI": (0, 0),
            "VDD_DDR": (1148, 1198),
        },
    ),
    (  # 7 TX2: engines between the power tokens
        (
            "… VDD_IN 14025/14416 VDD_CPU 2209/2538 VDD_GPU 6854/6903 VDD_SOC 1371/1370 VDD_WIFI 19/19 NVENC 716 "
            "NVDEC 716 VDD_DDR 2702/2702"
        ),
        {
            "VDD_IN": (14025, 14416),
            "VDD_CPU": (2209, 2538),
            "VDD_GPU": (6854, 6903),
            "VDD_SOC": (1371, 1370),
            "VDD_WIFI": (19, 19),
            "VDD_DDR": (2702, 2702),
        },
    ),
    (  # 8 TX2, R32
        (
            "… Tdiode@34.25C VDD_SYS_GPU 152/152 VDD_SYS_SOC 687/687 VDD_4V0_WIFI 0/0 VDD_IN 3056/3056 "
            "VDD_SYS_CPU 152/152 VDD_SYS_DDR 883/883"
        ),
        {
            "VDD_SYS_GPU": (152, 152),
            "VDD_SYS_SOC": (687, 687),
            "VDD_4V0_WIFI": (0, 0),
            "VDD_IN": (3056, 3056),
            "VDD_SYS_CPU": (152, 152),
            "VDD_SYS_DDR": (883, 883),
        },
    ),
    (  # 9 AGX Xavier, R31/R32
        (
            "CPU [2%@1190,0%@1190,0%@1190,0%@1190,off,off,off,off] … GPU 0/0 CPU 311/311 SOC 932/932 CV 0/0 "
            "VDDRQ 621/621 SYS5V 1482/1482"
        ),
        {
            "GPU": (0, 0),
            "CPU": (311, 311),
            "SOC": (932, 932),
            "CV": (0, 0),
            "VDDRQ": (621, 621),
            "SYS5V": (1482, 1482),
        },
    ),
    (  # 10 AGX Xavier
        "… PMIC@100C GPU 465/465 CPU 310/310 SOC 1242/1242 CV 0/0 VDDRQ 0/0 SYS5V 1776/1776",
        {
            "GPU": (465, 465),
            "CPU": (310, 310),
            "SOC": (1242, 1242),
            "CV": (0, 0),
            "VDDRQ": (0, 0),
            "SYS5V": (1776, 1776),
        },
    ),
    (  # 11 AGX Xavier on a 9 V supply
        "GPU 0/0 CPU 216/216 SOC 864/864 CV 0/0 VDDRQ 144/144 SYS5V 1889/1889",
        {
            "GPU": (0, 0),
            "CPU": (216, 216),
            "SOC": (864, 864),
            "CV": (0, 0),
            "VDDRQ": (144, 144),
            "SYS5V": (1889, 1889),
        },
    ),
    (  # 12 AGX Xavier, R32
        "GPU 1155/1155 CPU 385/385 SOC 2504/2503 CV 0/0 VDDRQ 192/192 SYS5V 2692/2692",
        {
            "GPU": (1155, 1155),
            "CPU": (385, 385),
            "SOC": (2504, 2503),
            "CV": (0, 0),
            "VDDRQ": (192, 192),
            "SYS5V": (2692, 2692),
        },
    ),
    (  # 13 AGX Xavier, R35
        (
            "GR3D_FREQ 0%@114 VIC_FREQ 115 APE 150 … GPU 467mW/467mW CPU 467mW/467mW SOC 1245mW/1245mW CV 0mW/0mW "
            "VDDRQ 311mW/311mW SYS5V 2768mW/2768mW"
        ),
        {
            "GPU": (467, 467),
            "CPU": (467, 467),
            "SOC": (1245, 1245),
            "CV": (0, 0),
            "VDDRQ": (311, 311),
            "SYS5V": (2768, 2768),
        },
    ),
    (  # 14 Nano, R32, root
        (
            "RAM 534/3964MB … IRAM 0/252kB(lfb 252kB) CPU [16%@204,…] EMC_FREQ 0%@204 GR3D_FREQ 0%@76 APE 25 … "
            "POM_5V_IN 1022/1022 POM_5V_GPU 0/0 POM_5V_CPU 204/204"
        ),
        {"POM_5V_IN": (1022, 1022), "POM_5V_GPU": (0, 0), "POM_5V_CPU": (204, 204)},
    ),
    (  # 15
        "… EMC_FREQ 0% GR3D_FREQ 0% PLL@29C … POM_5V_IN 1997/2089 POM_5V_GPU 40/57 POM_5V_CPU 203/289",
        {"POM_5V_IN": (1997, 2089), "POM_5V_GPU": (40, 57), "POM_5V_CPU": (203, 289)},
    ),
    (  # 16
        "POM_5V_IN 1388/1388 POM_5V_GPU 122/122 POM_5V_CPU 163/163",
        {"POM_5V_IN": (1388, 1388), "POM_5V_GPU": (122, 122), "POM_5V_CPU": (163, 163)},
    ),
    (  # 17 Nano, R32.6
        "… PMIC@50C … POM_5V_IN 1750/1628 POM_5V_GPU 0/0 POM_5V_CPU 366/406",
        {"POM_5V_IN": (1750, 1628), "POM_5V_GPU": (0, 0), "POM_5V_CPU": (366, 406)},
    ),
    (  # 18 Nano without root
        "EMC_FREQ 0% GR3D_FREQ 7% … thermal@22.5C POM_5V_IN 933/933 POM_5V_GPU 0/0 POM_5V_CPU 84/84",
        {"POM_5V_IN": (933, 933), "POM_5V_GPU": (0, 0), "POM_5V_CPU": (84, 84)},
    ),
    (  # 19 Xavier NX, R32
        (
            "CPU [47%@1420,…] EMC_FREQ 2%@1600 GR3D_FREQ 0%@1109 … VDD_IN 6140/5510 VDD_CPU_GPU_CV 2706/2119 "
            "VDD_SOC 1074/1051"
        ),
        {"VDD_IN": (6140, 5510), "VDD_CPU_GPU_CV": (2706, 2119), "VDD_SOC": (1074, 1051)},
    ),
    (  # 20
        "GR3D_FREQ 62%@306 … VDD_IN 4067/4067 VDD_CPU_GPU_CV 738/738 VDD_SOC 1353/1353",
        {"VDD_IN": (4067, 4067), "VDD_CPU_GPU_CV": (738, 738), "VDD_SOC": (1353, 1353)},
    ),
    (  # 21 Xavier NX, R35.4
        (
            "07-09-2024 13:31:31 … GR3D_FREQ 0%@[114] VIC_FREQ 115 … VDD_IN 2763mW/2846mW "
            "VDD_CPU_GPU_CV 650mW/670mW VDD_SOC 650mW/711mW"
        ),
        {"VDD_IN": (2763, 2846), "VDD_CPU_GPU_CV": (650, 670), "VDD_SOC": (650, 711)},
    ),
    (  # 22 Orin NX, R35
        (
            "CPU [6%@729,…,off,off,off,off] … GR3D_FREQ 0%@611 VIC_FREQ 729 … VDD_IN 5299mW/5299mW "
            "VDD_CPU_GPU_CV 773mW/773mW VDD_SOC 1424mW/1424mW"
        ),
        {"VDD_IN": (5299, 5299), "VDD_CPU_GPU_CV": (773, 773), "VDD_SOC": (1424, 1424)},
    ),
    (  # 23 AGX Orin, R34/R35: NC twice
        (
            "01-03-2023 16:07:54 … EMC_FREQ 0%@204 GR3D_FREQ 5%@0 GR3D2_FREQ 3%@0 … VDD_GPU_SOC 2390mW/2390mW "
            "VDD_CPU_CV 796mW/796mW VIN_SYS_5V0 3522mW/3522mW NC 0mW/0mW VDDQ_VDD2_1V8AO 301mW/301mW NC 0mW/0mW"
        ),
        {
            "VDD_GPU_SOC": (2390, 2390),
            "VDD_CPU_CV": (796, 796),
            "VIN_SYS_5V0": (3522, 3522),
            "NC": (0, 0),
            "VDDQ_VDD2_1V8AO": (301, 301),
            "NC#2": (0, 0),
        },
    ),
    (  # 24
        (
            "04-11-2025 10:36:27 … GR3D_FREQ 0%@[0,0] … VDD_GPU_SOC 2340mW/2340mW VDD_CPU_CV 390mW/390mW "
            "VIN_SYS_5V0 4025mW/4025mW NC 0mW/0mW VDDQ_VDD2_1V8AO 301mW/301mW NC 0mW/0mW"
        ),
        {
            "VDD_GPU_SOC": (2340, 2340),
            "VDD_CPU_CV": (390, 390),
            "VIN_SYS_5V0": (4025, 4025),
            "NC": (0, 0),
            "VDDQ_VDD2_1V8AO": (301, 301),
            "NC#2": (0, 0),
        },
    ),
    (  # 25 AGX Orin, R36 --readall: runs of spaces
        (
            "GR3D_FREQ 0%@[305,305] NVENC      off  NVDEC    off …   VDD_GPU_SOC 3205mW/3205mW "
            "VDD_CPU_CV 4405mW/4405mW VIN_SYS_5V0 4767mW/4767mW"
        ),
        {"VDD_GPU_SOC": (3205, 3205), "VDD_CPU_CV": (4405, 4405), "VIN_SYS_5V0": (4767, 4767)},
    ),
    (  # 26
        "GR3D_FREQ 0% cpu@42C … VDD_GPU_SOC 4940mW/4940mW VDD_CPU_CV 988mW/988mW VIN_SYS_5V0 4442mW/4442mW",
        {"VDD_GPU_SOC": (4940, 4940), "VDD_CPU_CV": (988, 988), "VIN_SYS_5V0": (4442, 4442)},
    ),
    (  # 27
        "09-01-2025 10:55:25 … VDD_GPU_SOC 1995mW/1995mW VDD_CPU_CV 0mW/0mW VIN_SYS_5V0 2524mW/2524mW",
        {"VDD_GPU_SOC": (1995, 1995), "VDD_CPU_CV": (0, 0), "VIN_SYS_5V0": (2524, 2524)},
    ),
    (  # 28 encoder busy
        (
            "NVENC 79%@166 NVDEC off … VIC 36%@115 … VDD_GPU_SOC 2412mW/2412mW VDD_CPU_CV 1607mW/1607mW "
            "VIN_SYS_5V0 4707mW/4707mW"
        ),
        {"VDD_GPU_SOC": (2412, 2412), "VDD_CPU_CV": (1607, 1607), "VIN_SYS_5V0": (4707, 4707)},
    ),
    (  # 29 Orin Nano, R36: a space at the end
        (
            "04-27-2026 14:59:41 RAM 775/7620MB … GR3D_FREQ 0% cpu@48.468C … VDD_IN 4761mW/4778mW "
            "VDD_CPU_GPU_CV 515mW/501mW VDD_SOC 1428mW/1428mW "
        ),
        {"VDD_IN": (4761, 4778), "VDD_CPU_GPU_CV": (515, 501), "VDD_SOC": (1428, 1428)},
    ),
    (  # 30
        "VDD_IN 4046mW/4236mW VDD_CPU_GPU_CV 720mW/786mW VDD_SOC 1201mW/1261mW",
        {"VDD_IN": (4046, 4236), "VDD_CPU_GPU_CV": (720, 786), "VDD_SOC": (1201, 1261)},
    ),
    (  # 31
        (
            "11-15-2024 08:38:09 … GR3D_FREQ 63%@[621] NVDEC off … VDD_IN 12479mW/12479mW "
            "VDD_CPU_GPU_CV 4667mW/4667mW VDD_SOC 2817mW/2817mW"
        ),
        {"VDD_IN": (12479, 12479), "VDD_CPU_GPU_CV": (4667, 4667), "VDD_SOC": (2817, 2817)},
    ),
    (  # 32
        "VDD_IN 3410mW/3410mW VDD_CPU_GPU_CV 560mW/560mW VDD_SOC 1083mW/1082mW",
        {"VDD_IN": (3410, 3410), "VDD_CPU_GPU_CV": (560, 560), "VDD_SOC": (1083, 1082)},
    ),
    (  # 33
        "GR3D_FREQ 63% … VDD_IN 6526mW/6526mW VDD_CPU_GPU_CV 1382mW/1382mW VDD_SOC 1697mW/1697mW",
        {"VDD_IN": (6526, 6526), "VDD_CPU_GPU_CV": (1382, 1382), "VDD_SOC": (1697, 1697)},
    ),
    (  # 34 Orin Nano, R39: three fields
        (
            "… gpu@50.875C/50.875C … VDD_IN 4548mW/4548mW/4548mW VDD_CPU_GPU_CV 483mW/483mW/483mW "
            "VDD_SOC 1489mW/1489mW/1489mW"
        ),
        {"VDD_IN": (4548, 4548, 4548), "VDD_CPU_GPU_CV": (483, 483, 483), "VDD_SOC": (1489, 1489, 1489)},
    ),
    ("… VDD_IN 7280mW/7280mW/7280mW", {"VDD_IN": (7280, 7280, 7280)}),  # 35 Orin NX, R39
    (  # 36 AGX Orin, R39
        "VDD_GPU_SOC 3034mW/3049mW/3412mW VDD_CPU_CV 1137mW/1296mW/2273mW VIN_SYS_5V0 4939mW/4924mW/5040mW",
        {
            "VDD_GPU_SOC": (3034, 3049, 3412),
            "VDD_CPU_CV": (1137, 1296, 2273),
            "VIN_SYS_5V0": (4939, 4924, 5040),
        },
    ),
    (  # 37 AGX Orin, R39.2
        (
            "07-25-2026 09:08:28 … GR3D_FREQ 12%@[1300,1300] NVENC0 off … cpu@52.968C/52.968C … "
            "VDD_GPU_SOC 5139mW/5139mW/5139mW VDD_CPU_CV 3268mW/3268mW/3268mW VIN_SYS_5V0 5500mW/5500mW/5500mW"
        ),
        {
            "VDD_GPU_SOC": (5139, 5139, 5139),
            "VDD_CPU_CV": (3268, 3268, 3268),
            "VIN_SYS_5V0": (5500, 5500, 5500),
        },
    ),
    (  # 38
        (
            "09-15-2026 12:19:33 … VDD_GPU_SOC 2792mW/2792mW/2792mW VDD_CPU_CV 0mW/0mW/0mW "
            "VIN_SYS_5V0 3918mW/3952mW/4019mW"
        ),
        {"VDD_GPU_SOC": (2792, 2792, 2792), "VDD_CPU_CV": (0, 0, 0), "VIN_SYS_5V0": (3918, 3952, 4019)},
    ),
    (  # 39 Thor, R38
        (
            "07-31-2026 14:45:55 RAM 86905/125772MB … soc345@38.625C VDD_GPU 3561mW/3561mW "
            "VDD_CPU_SOC_MSS 7910mW/7910mW VIN_SYS_5V0 7620mW/7620mW VIN 26686mW/26686mW"
        ),
        {
            "VDD_GPU": (3561, 3561),
            "VDD_CPU_SOC_MSS": (7910, 7910),
            "VIN_SYS_5V0": (7620, 7620),
            "VIN": (26686, 26686),
        },
    ),
    (  # 40
        (
            "12-09-2025 04:56:58 … VDD_GPU 5956mW/5956mW VDD_CPU_SOC_MSS 7148mW/7148mW VIN_SYS_5V0 6807mW/6807mW "
            "VIN 25530mW/12765mW"
        ),
        {
            "VDD_GPU": (5956, 5956),
            "VDD_CPU_SOC_MSS": (7148, 7148),
            "VIN_SYS_5V0": (6807, 6807),
            "VIN": (25530, 12765),
        },
    ),
    (  # 41
        "09-08-2026 13:38:06 … VDD_GPU 1965mW/1965mW VIN 24222mW/24300mW",
        {"VDD_GPU": (1965, 1965), "VIN": (24222, 24300)},
    ),
    (  # 42 Thor, R39
        (
            "CPU [90%@2601,75%@2601,off,7%@2601] EMC_FREQ 34%@4266 GR3D_FREQ 87%@[1574,1574,1574] "
            "NVENC0_FREQ @1691 VIC off … VDD_GPU 37939mW/8660mW/37939mW VDD_CPU_SOC_MSS 30059mW/12281mW/30059mW "
            "VIN_SYS_5V0 15486mW/7424mW/15486mW VIN 124486mW/36487mW/124486mW"
        ),
        {
            "VDD_GPU": (37939, 8660, 37939),
            "VDD_CPU_SOC_MSS": (30059, 12281, 30059),
            "VIN_SYS_5V0": (15486, 7424, 15486),
            "VIN": (124486, 36487, 124486),
        },
    ),
    (  # 43
        (
            "CPU [0%,5%,off]@2601 EMC_FREQ @4266 GR3D_FREQ @[1574,1574,1574] … VDD_GPU 6330mW/6330mW/6330mW "
            "VIN 28906mW/14453mW/28906mW"
        ),
        {"VDD_GPU": (6330, 6330, 6330), "VIN": (28906, 14453, 28906)},
    ),
]
