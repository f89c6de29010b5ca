"""
Drive the car of a daemon: `Driver` holds its controls, sends commands, and resets it.

>>> import acbridge
>>> from acbridge.driving import Driver
>>> with acbridge.connect() as bridge, Driver(bridge, "my-robot") as driver:  # doctest: +SKIP
...     driver.drive(steer=0.1, gas=0.4)

What does not import this module cannot drive.
"""

import math
import os
import threading
import time
from types import TracebackType
from typing import Any, NamedTuple, Self

import zmq

from acbridge import packing, requests
from acbridge.calibration import Calibration
from acbridge.client import Bridge
from acbridge.controls import (
    DEFAULT_LEASE_MS,
    DEFAULT_TTL_MS,
    Controls,
    Place,
    Start,
    check_brake,
    check_clutch,
    check_gas,
    check_steer,
    start_fields,
)
from acbridge.errors import DecodeError, NoFrame, NotDriving, RequestRefused, ResetFailed
from acbridge.status import SimState
from acbridge.wire import Frame

LINK_LOST = "link_lost"
"""The reason of a driver whose commands are not answered."""
_UNANSWERED_LEASES = 1.0
"""After so many leases without a reply the link is lost."""
_MORE = zmq.NOBLOCK | zmq.SNDMORE
_GRANTED = packing.pack({"ok": True})[1:]
"""How a positive reply begins, after the first byte of its map; it holds nothing that is needed here."""
_LOOK_S = 0.02
"""How often a new driver looks whether the sim is there."""
_RELEASE_S = 1.0
"""Longest wait for the reply to a release."""
_HOLDS = 3
"""How often in a lease the controls are kept."""
_FINAL = (requests.NOT_DRIVER, requests.SUSPENDED, requests.FORBIDDEN, requests.BAD_ARGUMENT, requests.INTERNAL)
"""Codes after which commands do not reach the car any more."""


class Reset(NamedTuple):
    """
    A verified reset.

    Attributes:
        means: What the back-end used.
        attempts: How many it took.
        ms: How long it took, by the daemon's clock.
        frame: The frame that reported it; telemetry of its tick, or of a later one, shows the new run.
    """

    means: str | None
    attempts: int
    ms: float
    frame: Frame[Controls]


class Driver:
    """
    The driver of a car, who holds its controls until the block ends; safe to use from several threads.

    A thread keeps the lease while the process lives. A command is applied for its time to live; a driver that sends
    no other leaves the car neutral.

    Attributes:
        epoch: Number of the lease; it grows with each reset.
        token: The secret of the lease.
        backend: What moves the car.
        resets: Names of the means of a reset; empty if there is none.
        starts: The kinds of starts that these can reach: grid, pits, hotlap, place.
    """

    def __init__(
        self, bridge: Bridge, name: str, *, lease_ms: int = DEFAULT_LEASE_MS, force: bool = False, timeout: float = 1.0
    ) -> None:
        """
        Take the controls, and wait for a sim that the daemon has not seen yet, so that the first command reaches it.

        Args:
            bridge: The connection to the daemon; it must outlive the driver.
            name: Name of the driver, 1 to 32 printable characters; every subscriber can read it.
            lease_ms: How long the daemon keeps the controls for a driver who is not heard, 300 to 5000.
            force: Whether to take the controls from another driver.
            timeout: How long to wait for the daemon, in seconds, and for the sim; without one, `drive` says so.

        Raises:
            RequestRefused: Another driver holds the controls (code ``held``), or the daemon cannot drive.
            NoReply: No daemon answers.
        """
        self._bridge = bridge
        self._name = name
        self._timeout = timeout
        self._lease_ms = lease_ms
        self._using = threading.Lock()
        self._refused: NotDriving | None = None
        self._seq = self._before = 0
        self._shifts = [0, 0]
        self._unanswered = 0
        reply = bridge.request("acquire", timeout=timeout, driver=name, lease_ms=lease_ms, force=force)
        self.token: int = reply["token"]
        self.epoch: int = reply["epoch"]
        self.backend: str = reply["backend"]
        self.resets: tuple[str, ...] = tuple(reply["resets"])
        self.starts: tuple[str, ...] = tuple(reply["starts"])
        self._socket = bridge.open_dealer()
        self._ended = threading.Event()
        self._await_link(timeout)
        self._await_sim(timeout)
        self._heard = time.perf_counter()
        self._thread = threading.Thread(target=self._hold, name="acbridge-driver", daemon=True)
        self._thread.start()

    def drive(
        self,
        steer: float = 0.0,
        gas: float = 0.0,
        brake: float = 0.0,
        *,
        clutch: float = 1.0,
        shift: int = 0,
        ttl_ms: int = DEFAULT_TTL_MS,
        answering: int | None = None,
    ) -> None:
        """
        Send a command; returns at once, and never waits for the network.

        Args:
            steer: -1 full left to 1 full right.
            gas: 0 to 1.
            brake: 0 to 1.
            clutch: 1 engaged to 0.
            shift: Gears to shift with this command: 1 up, -1 down.
            ttl_ms: How long it is applied unless another follows, 50 to 1000.
            answering: The tick of the frame that this command answers; one older than 0.25 s makes it refused.

        Raises:
            ValueError: A value is out of its range; nothing is sent.
            NotDriving: An earlier command was refused, or the daemon does not answer; ``reason`` says why.
        """
        axes = check_steer(steer), check_gas(gas), check_brake(brake), check_clutch(clutch)
        with self._using:
            self._check()
            if shift:
                if self._seq == self._before:  # the first command of an epoch only sets the counts
                    self._command(axes, ttl_ms, answering)
                self._shifts[shift < 0] += abs(shift)
            self._command(axes, ttl_ms, answering)

    def reset(self, start: Start = "hotlap", *, means: str | None = None, timeout: float = 10.0) -> Reset:
        """
        Begin a run elsewhere, and wait until the telemetry shows it.

        Args:
            start: ``grid``, ``pits``, ``hotlap``, or a :class:`acbridge.controls.Place`.
            means: The means to use; any that can if not given.
            timeout: How long to wait, in seconds.

        Raises:
            ResetFailed: The telemetry does not show it; the text says what was tried, and what did not hold.
            RequestRefused: The back-end has no such start or means, or the controls are not held any more.
            NoReply: The daemon does not answer.
        """
        request_id = os.urandom(16).hex()
        reply = self._bridge.request(
            "reset",
            timeout=self._timeout,
            request_id=request_id,
            token=self.token,
            start=start_fields(start),
            means=means,
        )
        number = reply["reset"]
        with self._using:
            self._read()  # what was refused until now was of the epoch before
            self._new_epoch(reply["epoch"])
        shown = start if isinstance(start, str) else f"{start.s:g} m"
        try:
            frame = self._bridge.wait_for(
                Controls,
                lambda frame: frame.record.reset >= number and frame.record.reset_state in ("done", "failed"),
                timeout=timeout,
            )
        except NoFrame as error:
            raise ResetFailed(shown, means, 0, f"the daemon has not reported its end within {timeout:g} s") from error
        record = frame.record
        if record.reset_state == "failed" or record.reset != number:
            detail = record.reset_detail or "another reset followed"
            raise ResetFailed(shown, record.reset_means, record.reset_attempts, detail)
        return Reset(record.reset_means, record.reset_attempts, record.reset_ms or 0.0, frame)

    def resume(self) -> None:
        """
        Begin a new epoch, after a :class:`NotDriving` which says that the sim was paused or the session has changed.

        Raises:
            RequestRefused: Another driver holds the controls by now.
            NoReply: The daemon does not answer.
        """
        reply = self._bridge.request(
            "acquire", timeout=self._timeout, driver=self._name, lease_ms=self._lease_ms, token=self.token
        )
        with self._using:
            self.token = reply["token"]
            self._new_epoch(reply["epoch"])

    def calibrate(self, calibration: Calibration | None) -> bool:
        """
        Have the daemon correct all commands, so that the telemetry shows what was asked.

        Args:
            calibration: The maps; ``None`` to have the commands of this driver applied as they are, for a measurement.

        Returns:
            Whether the daemon keeps the maps in a file, and has them after its next start.

        Raises:
            RequestRefused: The controls are not held any more, or the daemon cannot write its file.
            NoReply: The daemon does not answer.
        """
        axes = None if calibration is None else calibration.values()
        return bool(self._bridge.request("calibrate", timeout=self._timeout, token=self.token, axes=axes)["stored"])

    def release(self) -> None:
        """
        Give the controls back; the car is neutral at once. Releasing twice does nothing.

        Waits for the daemon's reply, at most a second, so that the next driver is not refused.
        """
        if self._ended.is_set():
            return
        self._ended.set()
        self._thread.join()
        with self._using:
            self._send({"request": "release", "id": os.urandom(16).hex(), "token": self.token})
            deadline = time.perf_counter() + min(self._timeout, _RELEASE_S)
            while self._unanswered and (left := deadline - time.perf_counter()) > 0:
                self._socket.poll(math.ceil(left * 1000))
                self._read()
            self._socket.close(int(self._timeout * 100))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _command(self, axes: tuple[float, float, float, float], ttl_ms: int, tick: int | None) -> None:
        self._seq += 1
        steer, gas, brake, clutch = axes
        up, down = self._shifts
        self._send({
            "request": "drive", "id": self._seq, "token": self.token, "epoch": self.epoch, "seq": self._seq,
            "steer": steer, "gas": gas, "brake": brake, "clutch": clutch, "shifts_up": up, "shifts_down": down,
            "ttl_ms": ttl_ms, "tick": tick,
        })  # fmt: skip

    def _new_epoch(self, epoch: int) -> None:
        self.epoch, self._refused, self._before = epoch, None, self._seq
        self._heard = time.perf_counter()

    def _await_link(self, timeout: float) -> None:
        """Wait until the socket is connected, so that no command waits for it."""
        self._send({"request": "hold", "token": self.token})
        self._heard = time.perf_counter()
        if self._socket.poll(round(timeout * 1000)):
            self._read()

    def _await_sim(self, timeout: float) -> None:
        """Wait until the daemon has seen the sim: both may be starting, and a refused command costs an epoch."""
        deadline = time.perf_counter() + timeout
        while time.perf_counter() < deadline:
            reply = self._bridge.request("hold", timeout=timeout, token=self.token)
            if (reply["state"], reply["reason"]) != ("suspended", SimState.ABSENT):
                return
            time.sleep(_LOOK_S)

    def _hold(self) -> None:
        """Keep the lease while the process lives."""
        while not self._ended.wait(self._lease_ms / _HOLDS / 1000):
            with self._using:
                self._send({"request": "hold", "token": self.token})
                self._read()

    def _send(self, request: dict[str, Any]) -> None:
        """Send a request; two sends cost half as much as `send_multipart`, which is Python."""
        try:
            self._socket.send(b"", _MORE)
            self._socket.send(packing.pack(request), zmq.NOBLOCK)
        except zmq.Again:
            self._lose()
        else:
            self._unanswered += 1

    def _read(self) -> None:
        """Read the replies that are there. To find none costs as much as to send a command, so none is looked for."""
        while self._unanswered:
            try:
                self._socket.recv(zmq.NOBLOCK)
                body = self._socket.recv(zmq.NOBLOCK)
            except zmq.Again:
                break
            self._unanswered -= 1
            self._heard = time.perf_counter()
            if body[1 : 1 + len(_GRANTED)] == _GRANTED:
                continue
            try:
                requests.decode_reply("drive", body)
            except RequestRefused as refused:
                self._note(refused, requests.reply_id(body))
            except DecodeError as error:
                self._refused = NotDriving(LINK_LOST, str(error))
        if time.perf_counter() - self._heard > self._lease_ms / 1000 * _UNANSWERED_LEASES:
            self._lose()

    def _note(self, refused: RequestRefused, seq: str | int | None) -> None:
        """Keep why commands are refused; a late or overtaken one is followed by others."""
        if isinstance(seq, int) and seq <= self._before:
            return  # a command of the epoch before was still on its way
        ended = refused.code == requests.STALE and refused.message.startswith("epoch")
        if ended or refused.code in _FINAL:
            reason = refused.code
            if refused.code == requests.SUSPENDED:
                reason = refused.message.partition(":")[0]
            elif ended:
                reason = refused.message.partition("(")[2].partition(")")[0] or refused.code
            self._refused = self._refused or NotDriving(reason, refused.message)

    def _lose(self) -> None:
        if self._refused is None:
            self._refused = NotDriving(
                LINK_LOST, f"no reply from {self._bridge.requests_endpoint}; is the daemon there?"
            )

    def _check(self) -> None:
        self._read()
        if self._refused is not None:
            raise self._refused


__all__ = ["Driver", "Place", "Reset"]
