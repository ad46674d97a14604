"""Calibration: gain and offset, clocks, and alignment of recordings that share none."""
