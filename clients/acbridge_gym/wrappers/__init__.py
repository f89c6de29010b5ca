"""Wrappers of the environments."""

from acbridge_gym.wrappers.acgym125 import Acgym125

__all__ = ["Acgym125"]
