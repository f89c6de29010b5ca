"""Laps: the lap clock, the timing line, the place in the lap, and what follows when a lap is over."""
