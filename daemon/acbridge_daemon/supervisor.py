"""
What a supervisor such as systemd is told: that the daemon is ready, how the sim is, that the loop turns, that it ends.

A state is a datagram to the socket that the supervisor names, as sd_notify(3) describes. Telling never blocks and never
fails: what cannot be sent now is sent at a later turn, and without a supervisor nothing happens.
"""

import os
import socket
import sys
from collections.abc import Mapping


class Supervisor:
    """Whoever started the daemon and looks after it, if anybody does."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """
        Find the supervisor in the environment of the process.

        Args:
            environment: ``NOTIFY_SOCKET`` names the socket, a path or (beginning with @) an abstract name;
                ``WATCHDOG_USEC`` says after how many microseconds of silence we are taken for dead, if ``WATCHDOG_PID``
                does not say that this is meant for another process.
        """
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket: socket.socket | None = None
        if sys.platform != "win32" and address.startswith(("/", "@")):
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._socket.setblocking(False)
        silence_us = environment.get("WATCHDOG_USEC", "")
        ours = environment.get("WATCHDOG_PID", "") in ("", str(os.getpid()))
        self._beat_every_ns = int(silence_us) * 1000 // 2 if ours and silence_us.isdecimal() else 0
        self._beat_due_ns = 0
        self._ready = False
        self._status = ""

    def beat(self, mono_ns: int) -> None:
        """Tell that the loop turns, as often as is asked for; the first call says that the daemon is ready."""
        if not self._ready:
            self._ready = self._tell("READY=1")
        if self._beat_every_ns and mono_ns >= self._beat_due_ns and self._tell("WATCHDOG=1"):
            self._beat_due_ns = mono_ns + self._beat_every_ns

    def status(self, state: str, detail: str | None) -> None:
        """Tell in a line how the sim is, unless it is what was told before."""
        line = " ".join(f"the sim is {state}{': ' if detail else ''}{detail or ''}".splitlines())
        if line != self._status and self._tell(f"STATUS={line}"):
            self._status = line

    def stopping(self) -> None:
        """Tell that the daemon ends; nothing is told after that."""
        self._tell("STOPPING=1")
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _tell(self, state: str) -> bool:
        """Send a state, and return whether there is nothing left to send."""
        if self._socket is None:
            return True
        try:
            self._socket.sendto(state.encode(errors="replace"), self._address)
        except OSError:  # its queue is full, or it is gone
            return False
        return True
