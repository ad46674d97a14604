"""Drivers opened on simulated meters."""

from memory_link import connect

__all__ = ["connect"]
