"""What a library's options are where nobody states them: what the verb of the same name takes, and else nothing."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from powermeter.battery.budget_options import BudgetOptions
from powermeter.cli import cli
from powermeter.comparison.options import CompareOptions
from powermeter.footprint.footprint_options import FootprintOptions
from powermeter.footprint.lifetime_options import LifetimeOptions
from powermeter.units import parse_quantity

VERBS = {
    "budget": BudgetOptions,
    "compare": CompareOptions,
    "footprint": FootprintOptions,
    "lifetime": LifetimeOptions,
}
ON = {"warmup", "losses"}
"""What is done unless a flag forbids it."""


def as_number(value: Any) -> Any:
    return parse_quantity(value, "1") if value == "0" else value


@pytest.mark.parametrize("verb", VERBS)
def test_an_option_that_nobody_states_is_the_verb_s_or_nothing(verb: str) -> None:
    command = cli.get_command(None, verb)
    assert command is not None
    stated = {one.name: one.default for one in command.params}
    fields = [one for one in dataclasses.fields(VERBS[verb]) if one.default is not dataclasses.MISSING]
    assert len(fields) > 4
    for field in fields:
        typed = stated.get(field.name)
        if isinstance(typed, str | int | float) and not isinstance(typed, bool):
            assert field.default == as_number(typed), field.name
        elif field.name in ON:
            assert field.default is True
        else:
            assert field.default in (None, False, 0, (), "", (None, None)), field.name
