"""From traces and events to energy with its uncertainty."""
