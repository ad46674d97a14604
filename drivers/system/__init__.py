"""What the operating system reports: sysfs, firmware, processes, processor, board facts."""
