"""Readings that are asked for on the terminal, as a user types them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from powermeter import registry
from powermeter.cli import prompter as prompter_module
from powermeter.cli.prompter import Prompter
from powermeter.errors import ConfigurationError
from powermeter.source import Address


def terminal(*answers: str) -> tuple[io.StringIO, io.StringIO]:
    return io.StringIO("".join(answer + "\n" for answer in answers)), io.StringIO()


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(prompter_module, "TAKEN_S", 0.0)


def test_prompts_ask_until_it_is_a_reading(quick):
    keyboard, screen = terminal("six", "6.3", "6.1 W")
    prompter = Prompter(["virtual://", "manual://?unit=W&step=0.1W&name=plug"], (keyboard, screen))
    assert prompter.is_needed and prompter.urls[0] == "virtual://"
    address = Address.parse(prompter.urls[1])
    assert address.location and address.options == {"unit": "W", "step": "0.1W", "name": "plug"}
    prompter.ask("at the start")
    prompter.ask("at the end")
    assert screen.getvalue().count("read plug at the start in W") == 2
    assert "'six' is not a reading" in screen.getvalue()
    source = registry.source(prompter.urls[1])
    source.open()
    block = source.read_block(0)
    assert block is not None and block.codes.tolist() == [[6_300_000], [6_100_000]]
    assert block.times_ns[0] < block.times_ns[1]
    assert "at 6.200 W" in prompter.close()
    assert not Path(address.location).exists()


def test_an_empty_line_leaves_a_reading_out(quick):
    prompter = Prompter(["manual://?unit=kWh&step=0.01kWh"], terminal("", ""))
    prompter.ask("at the start")
    assert "17 steps" in prompter.close()


def test_a_run_without_displays_asks_nothing():
    prompter = Prompter(["virtual://", "manual://readings.txt"], terminal())
    assert not prompter.is_needed
    assert prompter.urls == ["virtual://", "manual://readings.txt"]


def test_a_closed_terminal_is_an_error(quick):
    prompter = Prompter(["manual://"], (io.StringIO(""), io.StringIO()))
    with pytest.raises(ConfigurationError, match="closed"):
        prompter.ask("now")
    prompter.close()
