"""Many recordings: a class's hand-ins, a lab's shelf, a fleet in the field, as tables on an existing engine."""
