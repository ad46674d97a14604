"""Two sides or many: designs, contrasts, sample size, stopping rules."""
