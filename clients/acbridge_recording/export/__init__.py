"""Recordings in other formats: `table` makes columns of ticks; the other modules write them."""
