"""The sinks: programs that subscribe to the daemon and carry its frames elsewhere."""
