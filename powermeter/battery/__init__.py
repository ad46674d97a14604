"""What the energy means for a battery: budgets, presets, converters, discharge, duty cycles, radios."""
