"""The asking side: a command for people and scripts who look after a daemon."""
