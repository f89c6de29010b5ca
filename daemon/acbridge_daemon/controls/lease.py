"""
Who holds the controls of the car, and which command is applied now. Pure: the caller passes in the time.

Two clocks keep a car safe. A command is applied for its time to live, `ttl`; then the car is neutral. A driver who is
not heard for the length of the lease loses it; then the controls are free. Neutral is active: a car without a driver
must stop.
"""

from acbridge import requests
from acbridge.controls import Command
from acbridge.errors import RequestRefused

MS = 1_000_000
"""Nanoseconds of a millisecond."""


class Lease:
    """
    The lease of the controls.

    ==========  =============================  ===========================================================
    State       What happens                   Then
    ==========  =============================  ===========================================================
    free        acquire                        neutral; the epoch grows
    neutral     drive                          driving
    driving     the ttl ends                   neutral (ttl)
    any held    acquire by another             refused; with force the first driver loses the controls
    any held    no word for the lease          free (lost)
    any held    release                        free (released)
    any held    suspend, end_epoch             suspended, neutral; the epoch grows, its commands are refused
    suspended   resume                         neutral (why it was suspended), until a new epoch is acquired
    any held    begin_reset                    resetting; the epoch grows
    resetting   end_reset                      neutral
    ==========  =============================  ===========================================================

    Attributes:
        driver: Name of the driver; ``None`` while the controls are free.
        epoch: Number of the lease; commands of an earlier one are refused.
        seq: Number of the newest command of this epoch; ``None`` before the first.
        answered_tick: Tick of the frame that this command answers; ``None`` if it answers none.
        refused: Commands refused so far.
        since_ns: When the driver got the controls.
    """

    def __init__(self, neutral: Command) -> None:
        """
        Start free.

        Args:
            neutral: What is applied without a driver.
        """
        self.driver: str | None = None
        self.epoch = 0
        self.seq: int | None = None
        self.answered_tick: int | None = None
        self.refused = 0
        self.since_ns = 0
        self._neutral = neutral
        self._command: Command | None = None
        self._token: int | None = None
        self._lease_ns = self._heard_ns = self._ttl_end_ns = 0
        self._suspended: str | None = None
        self._resetting = False
        self._reason: str | None = None
        self._shifts = self._base = (0, 0)

    @property
    def state(self) -> str:
        """free, driving, neutral, suspended or resetting."""
        if self.driver is None:
            return "free"
        if self._resetting:
            return "resetting"
        if self._suspended is not None:
            return "suspended"
        return "neutral" if self._command is None else "driving"

    @property
    def reason(self) -> str | None:
        """Why the car is not driven; ``None`` while it is, or before its first command."""
        if self._resetting:
            return "reset"
        return self._suspended or self._reason

    @property
    def deadline_ns(self) -> int | None:
        """When the lease or the command in force ends; ``None`` while the controls are free."""
        if self.driver is None:
            return None
        lease_end_ns = self._heard_ns + self._lease_ns
        return lease_end_ns if self._command is None else min(lease_end_ns, self._ttl_end_ns)

    def command(self) -> Command:
        """Return what is applied now, with counts of shifts that never fall."""
        command = self._neutral if self._command is None else self._command
        up, down = self._shifts
        return command._replace(shifts_up=up, shifts_down=down)

    def acquire(
        self, now_ns: int, name: str, lease_ms: int, token: int, *, held: int | None = None, force: bool = False
    ) -> str | None:
        """
        Give the controls to a driver, or a new epoch to the one who holds them.

        Args:
            now_ns: Now.
            name: Name of the driver.
            lease_ms: Length of the lease, ms.
            token: A new secret, for a new lease.
            held: The token of the driver who holds the controls; ``None`` for another.
            force: Whether to take them from another driver.

        Returns:
            Name of the driver who loses the controls; ``None`` if there is none.

        Raises:
            RequestRefused: Another driver holds the controls.
        """
        renewed = self._token is not None and held == self._token
        if self.driver is not None and not renewed and not force:
            age = (now_ns - self.since_ns) * 1e-9
            raise RequestRefused(
                "acquire", requests.HELD, f"{self.driver} has held the controls for {age:.0f} s; force takes them"
            )
        before = None if renewed else self.driver
        if not renewed:
            self._token, self.since_ns = token, now_ns
        self.driver, self._lease_ns, self._heard_ns = name, lease_ms * MS, now_ns
        self._begin_epoch(None)
        return before

    @property
    def token(self) -> int | None:
        """The secret of the driver; ``None`` while the controls are free."""
        return self._token

    def drive(
        self, now_ns: int, token: int, epoch: int, seq: int, command: Command, ttl_ms: int, tick: int | None
    ) -> None:
        """
        Take a command; the caller has checked its ranges, and that it is newer than the last of this epoch.

        Raises:
            RequestRefused: It comes from no driver or from an epoch that has ended, or the car takes no commands now.
        """
        self.hear(now_ns, "drive", token)
        if self._suspended is not None or self._resetting:
            raise self.refuse("drive", requests.SUSPENDED, f"{self.reason}: the car takes no commands now")
        if epoch != self.epoch:
            why = f" ({self._reason})" if self._reason else ""
            raise self.refuse("drive", requests.STALE, f"epoch {epoch} has ended{why}; acquire or reset for a new one")
        if self.seq is not None and seq <= self.seq:
            raise self.refuse("drive", requests.STALE, f"command {self.seq} was applied; send a larger seq")
        counts = (command.shifts_up, command.shifts_down)
        if self.seq is not None:
            (up, down), (base_up, base_down) = self._shifts, self._base
            self._shifts = (up + max(0, counts[0] - base_up), down + max(0, counts[1] - base_down))
        self._base = counts
        self.seq, self.answered_tick = seq, tick
        self._command, self._ttl_end_ns, self._reason = command, now_ns + ttl_ms * MS, None

    def hear(self, now_ns: int, request: str, token: int) -> None:
        """
        Keep the lease for a driver who has sent a request; all that changes the controls begins with this.

        Raises:
            RequestRefused: The token is not the driver's.
        """
        if self._token is None or token != self._token:
            holder = f"{self.driver} does" if self.driver else "they are free; acquire them"
            raise self.refuse(request, requests.NOT_DRIVER, f"you do not hold the controls: {holder}")
        self._heard_ns = now_ns

    def hold(self, now_ns: int, token: int) -> None:
        """
        Keep the lease; the car goes on as its command says.

        Raises:
            RequestRefused: The token is not the driver's.
        """
        self.hear(now_ns, "hold", token)

    def release(self, now_ns: int, token: int) -> None:
        """
        Give the controls back.

        Raises:
            RequestRefused: The token is not the driver's.
        """
        self.hear(now_ns, "release", token)
        self._free("released")

    def suspend(self, reason: str) -> bool:
        """Take no commands until `resume`; return whether that is new."""
        new = self._suspended is None and self.driver is not None
        self._suspended = reason
        if new and not self._resetting:
            self._begin_epoch(reason)
        return new

    def resume(self) -> None:
        """Take commands again, of a new epoch."""
        if self.driver is not None and self._suspended is not None and self._reason is None and not self._resetting:
            self._reason = self._suspended
        self._suspended = None

    def end_epoch(self, reason: str) -> bool:
        """End the epoch, so that commands meant for another session or car are refused; return whether one drove."""
        if self.driver is None or self._resetting:
            return False
        self._begin_epoch(reason)
        return True

    def begin_reset(self, now_ns: int, token: int) -> None:
        """
        Be neutral until `end_reset`, in a new epoch.

        Raises:
            RequestRefused: The token is not the driver's.
        """
        self.hear(now_ns, "reset", token)
        self._begin_epoch(None)
        self._resetting = True

    def end_reset(self) -> None:
        """Take commands again."""
        self._resetting = False

    def expire(self, now_ns: int) -> str | None:
        """End the command and the lease whose time is over; return the name of a driver who was lost."""
        if self._command is not None and now_ns >= self._ttl_end_ns:
            self._command, self._reason = None, "ttl"
        if self.driver is not None and now_ns >= self._heard_ns + self._lease_ns:
            lost = self.driver
            self._free("lost")
            return lost
        return None

    def refuse(self, name: str, code: str, message: str) -> RequestRefused:
        """Count a refused command, and return the refusal to raise."""
        self.refused += name == "drive"
        return RequestRefused(name, code, message)

    def _begin_epoch(self, reason: str | None) -> None:
        self.epoch += 1
        self.seq = self.answered_tick = self._command = None
        self._reason = reason

    def _free(self, reason: str) -> None:
        self._begin_epoch(reason)
        self.driver = self._token = None
        self._resetting = False
