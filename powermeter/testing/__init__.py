"""Simulated instruments and fakes that users need to test their own code."""
