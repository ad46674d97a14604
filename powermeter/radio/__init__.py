"""What sending and listening cost a device: LoRaWAN by its formula, other radios by their states."""

from __future__ import annotations
