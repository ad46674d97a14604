"""Know what an inference costs: power, charge and energy tied to events, each with an interval and a grade."""
