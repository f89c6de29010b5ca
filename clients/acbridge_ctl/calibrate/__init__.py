"""The ``calibrate`` command: measures what the telemetry shows of each command."""
