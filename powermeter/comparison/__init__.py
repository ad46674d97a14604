"""Two sides or many: is B less than A, by how much, how many repeats would show it, and when are there enough."""
