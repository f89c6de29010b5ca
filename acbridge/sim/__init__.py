"""A stand-in for the game: a world that fills the same three pages."""

from acbridge.sim.world import STEP_S, World

__all__ = ["STEP_S", "World"]
