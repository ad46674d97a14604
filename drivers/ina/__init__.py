"""Chips of the INA family on an I²C bus: registers as data, one file per chip design, one source for all."""
