"""What the telemetry shows of the commands: differences, lag, and input that is frozen. Pure: time is passed in."""

from collections import deque
from statistics import median

from acbridge.controls import Command
from acbridge.pages import Physics

FOLLOWS = 0.1
"""The telemetry follows a command when it differs by no more; aids and filters may change it a little."""
FROZEN_S = 0.3
"""Input is frozen when the telemetry has shown none of the last commands for so long, s."""
FROZEN_NS = round(FROZEN_S * 1e9)
STALL = 3
"""Samples have stalled when one comes so many times later after the last than that after its own last."""
STEP = 0.2
"""A change of an axis by so much is a step, whose lag is measured."""
LONGEST_LAG_S = 1.0
LAGS = 9
"""Lags of which the median is reported."""


class Echo:
    """
    The commands as the car got them.

    Attributes:
        steer, gas, brake: What the telemetry shows, less what is applied; ``None`` before the first sample.
        lag_s: From a command applied to its sight in the telemetry, median; ``None`` before the first step.
        frozen: Whether the telemetry has shown nothing of what was applied in the last `FROZEN_S`, for so long. A time
            without samples does not count: a device falls silent with the machine, and has to follow again first.
    """

    def __init__(self) -> None:
        self.steer: float | None = None
        self.gas: float | None = None
        self.brake: float | None = None
        self.frozen = False
        self._lags: deque[float] = deque(maxlen=LAGS)
        self._applied = (0.0, 0.0, 0.0)
        self._lately: deque[tuple[int, tuple[float, float, float]]] = deque([(0, self._applied)])
        self._followed_ns: int | None = None
        self._sampled_ns = self._interval_ns = 0
        self._axis: int | None = None
        self._half = 0.0
        self._rises = True
        self._shown = (0.0, 0.0, 0.0)

    @property
    def lag_s(self) -> float | None:
        """The median of the last lags; ``None`` before the first."""
        return median(self._lags) if self._lags else None

    def applied(self, now_ns: int, command: Command) -> None:
        """Record what is applied from now on."""
        axes = (command.steer, command.gas, command.brake)
        before, self._applied = self._applied, axes
        if axes == before:
            return
        self._lately.append((now_ns, axes))
        if self._axis is not None:
            return  # the lag of an earlier step is being measured
        changes = [abs(axis - shown) for axis, shown in zip(axes, self._shown, strict=True)]
        largest = max(range(3), key=changes.__getitem__)
        if changes[largest] >= STEP:
            self._axis = largest
            self._half = (axes[largest] + self._shown[largest]) / 2
            self._rises = axes[largest] > self._shown[largest]
            self._step_ns = now_ns

    def update(self, sampled_ns: int, physics: Physics) -> None:
        """Compare with a sample."""
        shown = self._shown = (physics.steerAngle, physics.gas, physics.brake)
        self.steer, self.gas, self.brake = (there - here for there, here in zip(shown, self._applied, strict=True))
        if self._axis is not None:
            lag_s = (sampled_ns - self._step_ns) * 1e-9
            value = shown[self._axis]
            if value >= self._half if self._rises else value <= self._half:
                self._lags.append(lag_s)
                self._axis = None
            elif lag_s > LONGEST_LAG_S:
                self._axis = None
        begin_ns = sampled_ns - FROZEN_NS
        while len(self._lately) > 1 and self._lately[1][0] <= begin_ns:
            self._lately.popleft()  # the first is what was in force when the time began
        interval_ns, self._interval_ns = self._interval_ns, sampled_ns - self._sampled_ns
        self._sampled_ns = sampled_ns
        stalled = self._interval_ns > max(FROZEN_NS // 2, STALL * interval_ns)
        if (
            self._followed_ns is None
            or stalled
            or any(
                max(abs(there - here) for there, here in zip(shown[1:], axes[1:], strict=True)) <= FOLLOWS
                for _, axes in self._lately
            )
        ):
            self._followed_ns = sampled_ns
        self.frozen = sampled_ns - self._followed_ns > FROZEN_NS
