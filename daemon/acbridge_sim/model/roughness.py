"""
The roughness of a road: heights along the wheels' way that no one sees and every spring feels.

ISO 8608 describes roads by the spectrum of their heights, which falls with the square of the spatial frequency. A
random walk has that spectrum; one that ends where it began can be repeated. Pure; a seed is always the same road.
"""

import math
import random

COUNT = 1024
"""Heights in the table, a power of two; it repeats after 128 m."""
STEP = 0.125
"""Metres between two heights, nearly; shorter waves fit under a tyre, whose contact evens them out."""
ROAD = 32e-6
"""Spectrum of an asphalt road at 0.1 waves a metre, m3: the border between class A and class B."""
REFERENCE = 0.1
"""Waves a metre at which ISO 8608 gives a spectrum."""


def heights(seed: str) -> list[float]:
    """Return the heights of a road, m; their mean is 0, and the last is followed by the first."""
    rng = random.Random(seed)  # noqa: S311  chance, not secrets
    # The slope's spectrum is the same at all frequencies: (2 pi n0)2 G(n0).
    deviation = 2 * math.pi * REFERENCE * math.sqrt(ROAD / (2 * STEP)) * STEP
    steps = [rng.gauss(0.0, deviation) for _ in range(COUNT)]
    drift = math.fsum(steps) / COUNT
    found: list[float] = []
    height = 0.0
    for step in steps:
        height += step - drift
        found.append(height)
    mean = math.fsum(found) / COUNT
    return [value - mean for value in found]
