"""Conditions that count only after they have lasted for a while, and that say so when the ticks are too far apart."""


class Debounced:
    """
    A debounced boolean: `value` changes after the raw input has differed from it for a while.

    Between two ticks nothing is seen. Where they lie farther apart than the hold and than `gap_s`, an input that is
    true at both may have been false in between, so the value is ``None``: it cannot be known.

    ======  =====  ====================================  =======
    Value   Input  And                                   Becomes
    ======  =====  ====================================  =======
    any     same                                         stays
    False   True   for `rise_s`, in ticks close enough   True
    False   True   first seen after a gap                None
    None    True   for `rise_s`, in ticks close enough   True
    None    False                                        False
    True    False  for `fall_s`, or first after a gap    False
    ======  =====  ====================================  =======

    Attributes:
        value: The debounced value.
    """

    __slots__ = ("_gap_ms", "_last_ms", "_since", "value")

    def __init__(self, gap_s: float = 0.1) -> None:
        """Start false; ``gap_s`` is how far ticks may lie apart, if the hold is not longer."""
        self.value: bool | None = False
        self._gap_ms = gap_s * 1000
        self._since: int | None = None
        self._last_ms: int | None = None

    def update(self, now_ms: int, raw: bool, rise_s: float, fall_s: float = 0.0) -> bool | None:
        """
        Take the raw input of a tick and return the debounced value.

        Args:
            now_ms: Milliseconds of the sim.
            raw: The raw input.
            rise_s: How long the input must be true before the value is.
            fall_s: How long the input must be false before the value is.
        """
        last, self._last_ms = self._last_ms, now_ms
        if raw == self.value:
            self._since = None
            return raw
        hold_ms = (rise_s if raw else fall_s) * 1000
        unseen = hold_ms > 0 and last is not None and now_ms - last > max(hold_ms, self._gap_ms)
        if unseen or (self.value is None and not raw):
            self.value, self._since = (None, now_ms) if raw else (False, None)
            return self.value
        if self._since is None:
            self._since = now_ms
        if now_ms - self._since >= hold_ms:
            self.value, self._since = raw, None
        return self.value
