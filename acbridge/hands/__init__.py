"""What a person does with keys, a gamepad or a wheel, as steering, gas and brake of a car."""

from acbridge.hands.device import PAD_AXES, AxisUse, Device, NoDevice, Reader, parse_axes
from acbridge.hands.ramp import Axes, Key, follow

__all__ = ["PAD_AXES", "Axes", "AxisUse", "Device", "Key", "NoDevice", "Reader", "follow", "parse_axes"]
