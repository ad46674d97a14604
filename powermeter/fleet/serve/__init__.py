"""What a recording shows while it grows, for monitoring: Prometheus, OpenTelemetry, MQTT."""
