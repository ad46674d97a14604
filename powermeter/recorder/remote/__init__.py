"""A board at the other end of ssh: its command, its marks and its own sensors, in a recording on this machine."""
