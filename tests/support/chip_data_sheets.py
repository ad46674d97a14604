"""What the data sheets of the INA chips state of their errors, chip by chip."""

from __future__ import annotations

PERCENT, M, U, PPM = 0.01, 1e-3, 1e-6, 1e-6
# chip: (register step of the shunt or current, its typical and maximal gain, offset, gain drift, offset drift), and
# the same of the bus.  None: the data sheet states no typical value.
Figures = tuple[
    float, tuple[float | None, float], tuple[float | None, float], tuple[float, float], tuple[float, float]
]
INA3221 = (0.1 * PERCENT, 0.25 * PERCENT)  # SBOS576A
INA226, INA230 = (
    (0.02 * PERCENT, 0.1 * PERCENT),
    (0.2 * PERCENT, 0.5 * PERCENT),
)  # SBOS547B; SBOS601 and SBOS644D
DRIFT = (10 * PPM, 50 * PPM)
CHIP_LIMITS: dict[str, tuple[Figures, Figures]] = {
    "ina219": (  # SBOS448G, INA219A at its widest range; 0.5 % at 25 degrees, 1 % to 85
        (10 * U, (0.2 * PERCENT, 0.5 * PERCENT), (40 * U, 200 * U), (10 * PPM, 83 * PPM), (0.1 * U, 0.1 * U)),
        (4 * M, (0.2 * PERCENT, 0.5 * PERCENT), (0.0, 0.0), (10 * PPM, 83 * PPM), (0.0, 0.0)),
    ),
    "ina226": (
        (2.5 * U, INA226, (2.5 * U, 10 * U), DRIFT, (0.02 * U, 0.1 * U)),
        (1.25 * M, INA226, (1.25 * M, 7.5 * M), DRIFT, (10 * U, 40 * U)),
    ),
    "ina230": (
        (2.5 * U, INA230, (10 * U, 50 * U), DRIFT, (0.1 * U, 0.5 * U)),
        (1.25 * M, INA230, (5 * M, 30 * M), DRIFT, (10 * U, 40 * U)),
    ),
    "ina260": (  # SBOS656C; amperes, its shunt is inside
        (1.25 * M, (None, 0.15 * PERCENT), (1.25 * M, 5 * M), (0.0, 0.0), (1 * U, 50 * U)),
        (1.25 * M, (None, 0.1 * PERCENT), (1.25 * M, 7.5 * M), (0.0, 0.0), (10 * U, 40 * U)),
    ),
    "ina228": (  # SLYS021A; its bus as INA238's
        (312.5e-9, (None, 0.05 * PERCENT), (None, 1 * U), (None, 20 * PPM), (None, 10e-9)),
        (195.3125 * U, (0.01 * PERCENT, 0.1 * PERCENT), (1 * M, 5 * M), (None, 25 * PPM), (0.0, 0.0)),
    ),
    "ina238": (  # SLYS025B
        (5 * U, (0.01 * PERCENT, 0.1 * PERCENT), (1.5 * U, 5 * U), (None, 25 * PPM), (2e-9, 20e-9)),
        (3.125 * M, (0.01 * PERCENT, 0.1 * PERCENT), (1 * M, 5 * M), (None, 25 * PPM), (0.0, 0.0)),
    ),
    "ina237": (  # SBOSA27A
        (5 * U, (None, 0.3 * PERCENT), (None, 50 * U), (None, 50 * PPM), (None, 20e-9)),
        (3.125 * M, (None, 0.3 * PERCENT), (None, 5 * M), (None, 50 * PPM), (0.0, 0.0)),
    ),
    "ina3221": (
        (40 * U, INA3221, (40 * U, 80 * U), DRIFT, (0.1 * U, 0.5 * U)),
        (8 * M, INA3221, (8 * M, 16 * M), DRIFT, (0.0, 0.0)),
    ),
    "ina700": (  # SBOSAB4A, to 10 A
        (
            480 * U,
            (0.1 * PERCENT, 1.25 * PERCENT),
            (0.48 * M, 1.5 * M),
            (15 * PPM, 50 * PPM),
            (50 * U, 250 * U),
        ),
        (3.125 * M, (0.05 * PERCENT, 0.2 * PERCENT), (6.2 * M, 15 * M), (None, 30 * PPM), (4 * U, 40 * U)),
    ),
    "ina234": (  # SBOS844C; gain at most INA230's
        (40 * U, INA230, (None, 100 * U), DRIFT, (None, 0.5 * U)),
        (25.6 * M, INA230, (None, 15 * M), DRIFT, (None, 100 * U)),
    ),
    "ina236": (  # SBOSA81D, its features; the bus: the widest of SBOS601, SBOS844C and SBOSAL5
        (2.5 * U, (None, 0.1 * PERCENT), (None, 5 * U), DRIFT, (None, 0.5 * U)),
        (1.6 * M, INA230, (5 * M, 30 * M), DRIFT, (None, 100 * U)),
    ),
    "ina740": (  # the widest of INA700 (SBOSAB4A), INA745B (SBOSAC3A) and INA750B (SBOSAE5A)
        (1.2 * M, (0.1 * PERCENT, 1.25 * PERCENT), (None, 105 * M), (None, 75 * PPM), (50 * U, 250 * U)),
        (3.125 * M, (0.01 * PERCENT, 0.3 * PERCENT), (6.2 * M, 15 * M), (None, 50 * PPM), (20 * U, 100 * U)),
    ),
    "ina780": (  # of these and INA790B (SBOSAA6)
        (
            2.4 * M,
            (0.1 * PERCENT, 1.25 * PERCENT),
            (62.5 * M, 375 * M),
            (None, 75 * PPM),
            (250 * U, 1250 * U),
        ),
        (3.125 * M, (0.01 * PERCENT, 0.3 * PERCENT), (6.2 * M, 15 * M), (None, 50 * PPM), (20 * U, 100 * U)),
    ),
    "ina745": (  # SBOSAC3A, INA745B
        (1.2 * M, (0.1 * PERCENT, 1.25 * PERCENT), (7.5 * M, 62.5 * M), (None, 75 * PPM), (5 * U, 30 * U)),
        (3.125 * M, (0.01 * PERCENT, 0.3 * PERCENT), (2 * M, 5 * M), (None, 50 * PPM), (20 * U, 100 * U)),
    ),
}
SISTERS = {"ina220": "ina219", "ina231": "ina230"}
"""Chips whose limits are those of another one."""
