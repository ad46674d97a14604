"""One source class for each chip of the INA family, as the registry names them."""

from __future__ import annotations

from .source import SingleModel


def _model(name: str, measures: str, options: str = "") -> type[SingleModel]:
    """Return the source class of one chip."""
    scheme = name.lower()
    return type(
        name,
        (SingleModel,),
        {
            "__module__": __name__,
            "__doc__": f"{name}: {measures}.",
            "scheme": scheme,
            "summary": f"TI {name} on an I²C bus: {measures}",
            "example": f"{scheme}://1/0x40{options}",
        },
    )


INA219 = _model("INA219", "one rail to 26 V, 12 bit", "?shunt=0.1ohm")
INA220 = _model("INA220", "one rail to 26 V, 12 bit", "?shunt=0.1ohm")
INA226 = _model("INA226", "one rail to 36 V, 16 bit", "?shunt=10mohm&rate=100Hz")
INA228 = _model(
    "INA228", "one rail to 85 V, 20 bit, with energy and charge counters", "?shunt=15mohm&range=2A"
)
INA230 = _model("INA230", "one rail to 28 V, 16 bit", "?shunt=10mohm")
INA231 = _model("INA231", "one rail to 28 V, 16 bit", "?shunt=10mohm")
INA234 = _model("INA234", "one rail to 28 V, 12 bit", "?shunt=10mohm")
INA236 = _model("INA236", "one rail to 48 V, 16 bit", "?shunt=10mohm")
INA237 = _model("INA237", "one rail to 85 V, 16 bit", "?shunt=15mohm")
INA238 = _model("INA238", "one rail to 85 V, 16 bit", "?shunt=15mohm")
INA260 = _model("INA260", "one rail to 36 V and 15 A, shunt inside")
INA700 = _model("INA700", "one rail to 40 V and 15 A, shunt inside, with counters")
INA740 = _model("INA740", "one rail to 85 V and 39 A, shunt inside, with counters")
INA745 = _model("INA745", "one rail to 40 V and 39 A, shunt inside, with counters")
INA780 = _model("INA780", "one rail to 85 V and 78 A, shunt inside, with counters")
INA3221 = _model(
    "INA3221", "three rails to 26 V, 13 bit", "?shunt=0.1ohm&rails=board,cpu,gpu&parents=,board,board"
)
