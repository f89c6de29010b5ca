"""Single environments."""
