"""Secrets in a command line, and what a private recording leaves out."""

from __future__ import annotations

import pytest

from powermeter.recording.privacy import masked, reduced, reduced_info, reduced_url


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (["curl", "--api-key=abc123"], ["curl", "--api-key=***"]),
        (["run", "--token", "abc", "x"], ["run", "--token", "***", "x"]),
        (["run", "--hf-token", "abc"], ["run", "--hf-token", "***"]),
        (["run", "--password"], ["run", "--password"]),
        (["env", "OPENAI_API_KEY=abc", "python", "a.py"], ["env", "OPENAI_API_KEY=***", "python", "a.py"]),
        (["x", "-H", "Authorization: Bearer abc"], ["x", "-H", "Authorization: ***"]),
        (["x", "postgres://me:pw@host/db"], ["x", "postgres://me:***@host/db"]),
        (["x", "sk-aaaaaaaaaaaaaaaaaaaaaaaa"], ["x", "***"]),
        (["x", "hf_aaaaaaaaaaaaaaaaaaaaaa"], ["x", "***"]),
        # What language models count is no secret.
        (["gen", "--max-tokens", "128"], ["gen", "--max-tokens", "128"]),
        (
            ["gen", "--max_new_tokens=64", "--tokenizer", "t.json"],
            ["gen", "--max_new_tokens=64", "--tokenizer", "t.json"],
        ),
        (["python", "train.py", "--author", "me"], ["python", "train.py", "--author", "me"]),
    ],
)
def test_what_looks_like_a_secret_is_masked_and_nothing_else(typed: list[str], kept: list[str]) -> None:
    assert masked(typed) == kept


def test_a_private_recordings_metadata_keeps_what_numbers_need() -> None:
    metadata = {
        "powermeter": "0.1.0",
        "command": ["python", "secret_project.py"],
        "boot_id": "x",
        "revision": "abc",
        "frameworks": {"torch": "2"},
        "host": {"name": "alices-laptop", "cpu": "A", "cores": 4},
        "battery": "4Ah",
        "attributes": {"model": "tiny"},
    }
    assert reduced(metadata) == {
        "powermeter": "0.1.0",
        "command": [],
        "host": {"cpu": "A", "cores": 4},
        "battery": "4Ah",
        "attributes": {"model": "tiny"},
        "private": True,
    }


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("ina219://1/0x40?shunt=0.1ohm&rail=VIN", "ina219://?shunt=0.1ohm&rail=VIN"),
        ("um25c:///dev/serial/by-id/usb-1234", "um25c://"),
        ("shelly://192.168.1.20?user=me&password=x&channel=1", "shelly://?channel=1"),
        ("virtual://", "virtual://"),
    ],
)
def test_a_sources_url_keeps_its_kind_and_options_but_no_address(url: str, kept: str) -> None:
    assert reduced_url(url) == kept


def test_facts_that_name_the_single_instrument_go() -> None:
    info = {"serial_number": "42", "Serial": "7", "hostname": "x", "firmware": "1.2", "shunt_ohm": 0.1}
    assert reduced_info(info) == {"firmware": "1.2", "shunt_ohm": 0.1}


def test_facts_that_name_a_part_of_an_instrument_go() -> None:
    """The ids of graphics cards stand with each card: private recordings and shared copies kept them."""
    cards = [{"name": "H100", "uuid": "GPU-aaaa", "limits": {"power_w": 700.0, "serial": "7"}}]
    assert reduced_info({"uuid": "GPU-aaaa", "cards": cards, "driver": "550"}) == {
        "cards": [{"name": "H100", "limits": {"power_w": 700.0}}],
        "driver": "550",
    }
