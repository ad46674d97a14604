"""Files of Electricity Maps, as it wrote them in two years."""

from __future__ import annotations

from pathlib import Path

EM_NEW = (
    "Datetime (UTC),Country,Zone name,Zone id,Carbon intensity gCO₂eq/kWh (direct),"
    "Carbon intensity gCO₂eq/kWh (Life cycle),Carbon-free energy percentage (CFE%),"
    "Renewable energy percentage (RE%),Data source,Data estimated,Data estimation method\n"
    "2024-01-01 00:00:00,Sweden,Sweden,SE,2.54,30.02,99,70,entsoe,false,\n"
    "2024-01-01 01:00:00,Sweden,Sweden,SE,2.60,31.5,99,70,entsoe,true,x\n"
)
EM_OLD = (
    "Datetime (UTC),Country,Zone Name,Zone Id,Carbon Intensity gCO₂eq/kWh (direct),"
    "Carbon Intensity gCO₂eq/kWh (LCA),Low Carbon Percentage,Renewable Percentage,Data Source,Data Estimated,"
    "Data Estimation Method\n"
    "2024-01-01 00:00:00,Sweden,Sweden,SE,2.54,30.02,99,70,entsoe,false,\n"
    "2024-01-01 01:00:00,Sweden,Sweden,SE,,,99,70,entsoe,false,\n"
    "2024-01-01 02:00:00,Sweden,Sweden,SE,2.6,31,99,70,entsoe,false,\n"
    "2024-01-01 03:00:00,Sweden,Sweden,SE,2.6,32,99,70,entsoe,false,\n"
)


def saved(tmp_path: Path, text: str, name: str = "ci.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path
