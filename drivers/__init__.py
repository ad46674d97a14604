"""Instruments: one file each, named by URL scheme in `powermeter.registry`."""
