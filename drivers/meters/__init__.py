"""What meters have in common: request and response, streams, running totals, clocks, logic inputs."""
