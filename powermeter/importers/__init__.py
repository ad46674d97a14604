"""Readers of other tools' recordings; one file per format."""
