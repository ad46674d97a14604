"""The recorder: a process of its own that reads the sources and writes the recording."""
