"""Writes `powermeter.json`, a Grafana dashboard for `powermeter serve`, with Grafana's foundation SDK.

pip install 'grafana-foundation-sdk==1769699379!11.6.0' && python examples/grafana/make_dashboard.py
"""

from __future__ import annotations

import json
from pathlib import Path

from grafana_foundation_sdk.builders import dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import DataSourceRef

SOURCE = DataSourceRef(type_val="prometheus", uid="${source}")
CHOSEN = '{device=~"$device"}'

SERIES = (
    ("Power", "watt", f"powermeter_power_watts{CHOSEN}", "{{device}} {{rail}} ({{grade}})", 24),
    ("Energy of the run", "joule", f"powermeter_energy_joules_total{CHOSEN}", "{{device}}", 12),
    (
        "Energy per item",
        "joule",
        f"increase(powermeter_label_energy_joules_total{CHOSEN}[5m]) / on(device, file, label) increase(powermeter_items_total{CHOSEN}[5m])",
        "{{device}} {{label}}",
        12,
    ),
    ("Items a second", "ops", f"rate(powermeter_items_total{CHOSEN}[1m])", "{{device}} {{label}}", 12),
    ("Temperature", "celsius", f"powermeter_temperature_celsius{CHOSEN}", "{{device}} {{channel}}", 12),
)
"""Title, unit, PromQL, legend, width."""

STATS = (
    (
        "Energy, upper end of its interval",
        "joule",
        f"max by (device) (powermeter_energy_high_joules{CHOSEN})",
    ),
    ("Charge", "none", f"max by (device) (powermeter_charge_coulombs_total{CHOSEN}) / 3.6"),
    ("Seconds without readings", "s", f"sum by (device) (powermeter_gap_seconds_total{CHOSEN})"),
    ("Simulated", "bool", f"max by (device) (powermeter_recording_simulated{CHOSEN})"),
)


def target(expression: str, legend: str) -> prometheus.Dataquery:
    """Return a query."""
    return prometheus.Dataquery().expr(expression).legend_format(legend).datasource(SOURCE)


def board() -> dashboard.Dashboard:
    """Return the dashboard."""
    made = (
        dashboard.Dashboard("powermeter")
        .uid("powermeter")
        .tags(["powermeter", "energy"])
        .refresh("10s")
        .time("now-30m", "now")
        .with_variable(dashboard.DatasourceVariable("source").type("prometheus").label("source"))
        .with_variable(
            dashboard.QueryVariable("device")
            .query("label_values(powermeter_power_watts, device)")
            .datasource(SOURCE)
            .multi(True)
            .include_all(True)
        )
    )
    for title, unit, expression in STATS:
        panel = stat.Panel().title(title).unit(unit).datasource(SOURCE).height(4).span(6)
        made = made.with_panel(panel.with_target(target(expression, "{{device}}")))
    for title, unit, expression, legend, width in SERIES:
        panel = timeseries.Panel().title(title).unit(unit).datasource(SOURCE).height(8).span(width)
        made = made.with_panel(panel.with_target(target(expression, legend)))
    return made


def valid(told: object) -> object:
    """Return it as Grafana's published schema wants it: what is not set is absent."""
    if isinstance(told, dict):
        return {name: valid(value) for name, value in told.items() if value is not None}
    return [valid(one) for one in told] if isinstance(told, list) else told


if __name__ == "__main__":
    path = Path(__file__).with_name("powermeter.json")
    made = json.loads(JSONEncoder().encode(board().build()))
    path.write_text(json.dumps(valid(made), sort_keys=True, indent=2) + "\n")
    print(f"wrote {path}")
