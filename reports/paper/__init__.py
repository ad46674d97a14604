"""Figures and pages for a paper, drawn by matplotlib with TrueType fonts in the file."""
