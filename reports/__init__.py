"""Reports: one file per kind, each a function of a recording."""
