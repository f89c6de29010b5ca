"""
Notifications to the service manager, such as systemd: ready, state of the sim, watchdog, stopping.

The protocol is sd_notify(3): a datagram to the socket that ``NOTIFY_SOCKET`` names. Sending never blocks and never
raises: what cannot be sent now is sent at a later call. Without a service manager every call does nothing.
"""

import os
import socket
import sys
from collections.abc import Mapping


class ServiceNotifier:
    """The daemon's end of the notification socket."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """
        Find the service manager in the environment of the process.

        Args:
            environment: ``NOTIFY_SOCKET`` names the socket, a path or (beginning with @) an abstract name.
                ``WATCHDOG_USEC`` is the watchdog's timeout in microseconds; it counts for this process unless
                ``WATCHDOG_PID`` names another one.
        """
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket: socket.socket | None = None
        if sys.platform != "win32" and address.startswith(("/", "@")):
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._socket.setblocking(False)
        timeout_us = environment.get("WATCHDOG_USEC", "")
        ours = environment.get("WATCHDOG_PID", "") in ("", str(os.getpid()))
        self._watchdog_every_ns = int(timeout_us) * 1000 // 2 if ours and timeout_us.isdecimal() else 0
        self._watchdog_due_ns = 0
        self._ready = False
        self._status = ""

    def keep_alive(self, mono_ns: int) -> None:
        """
        Notify the watchdog that the loop runs, twice per timeout; the first call notifies that the daemon is ready.

        Args:
            mono_ns: The present time on the monotonic clock.
        """
        if not self._ready:
            self._ready = self._notify("READY=1")
        if self._watchdog_every_ns and mono_ns >= self._watchdog_due_ns and self._notify("WATCHDOG=1"):
            self._watchdog_due_ns = mono_ns + self._watchdog_every_ns

    def status(self, state: str, detail: str | None) -> None:
        """Notify the state of the sim as one line, if it differs from the line sent before."""
        line = " ".join(f"the sim is {state}{': ' if detail else ''}{detail or ''}".splitlines())
        if line != self._status and self._notify(f"STATUS={line}"):
            self._status = line

    def stopping(self) -> None:
        """Notify that the daemon ends, and close the socket; later calls do nothing."""
        self._notify("STOPPING=1")
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _notify(self, state: str) -> bool:
        """Send a state; return ``False`` if it has to be sent again later."""
        if self._socket is None:
            return True
        try:
            self._socket.sendto(state.encode(errors="replace"), self._address)
        except OSError:  # the manager's queue is full, or the manager is gone
            return False
        return True
