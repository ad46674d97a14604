"""What a program reports about itself: events, spans, and the log they are written to."""
