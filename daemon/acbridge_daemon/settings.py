"""The settings of the daemon, checked once and then frozen."""

import ipaddress
import math
import sys
from dataclasses import dataclass, field
from pathlib import Path

from acbridge.address import LAST_PORT, is_loopback
from acbridge.derived import Thresholds
from acbridge.pages import AC1
from acbridge.requests import check_rate
from acbridge.sources import DEFAULT_PAGE_DIR
from acbridge_daemon.recorder import RecordOptions
from acbridge_daemon.replay import ReplayOptions
from acbridge_sim import CARS, car_named

DEFAULT_RATE = 60.0
SOURCES = ("live", "sim", "recording")
USUAL_CAR = next(iter(CARS))
CONTROLS = ("none", "sim", "page", "uinput", "vjoy", "custom_ai")
NEUTRALS = ("brake", "coast")


class SettingsError(ValueError):
    """A setting that cannot work; the text says what would."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """
    The settings of one daemon; each can be given as an option or in the environment.

    Attributes:
        rate: Ticks per second, 1 to 1000.
        source: ``live`` for the sim's shared memory, ``sim`` for the stand-in, ``recording`` for a replay.
        car: Name of the stand-in's car, of `acbridge_sim.CARS`.
        bind: Address to publish and answer on.
        port: Port of the frames; requests are answered on the next one. 0 takes a free pair.
        page_prefix: Beginning of the names of the pages.
        page_dir: Folder of the page files (Linux).
        topic_prefix: Beginning of the names of the topics, which keeps rigs apart.
        thresholds: The detection thresholds of derived metrics and events.
        names: Whether personal names are published.
        allow_shutdown: Whether a request may end the daemon.
        metrics: Port to serve Prometheus metrics on; ``None`` for none.
        insecure: Whether an address that other machines reach may be used without keys, so that every client there can
            subscribe and send requests.
        controls: What moves the car: ``none``, ``sim`` for the stand-in of ``source``, ``page`` for a stand-in in
            another process, or a device: ``uinput``, ``vjoy``, ``custom_ai``.
        calibration: File of the maps by which commands are corrected; it is written by the request ``calibrate``.
        neutral: What is applied without a driver: ``brake`` or ``coast``.
        record: Where and how the pages are recorded; ``None`` for no recording.
        replay: Which recording is replayed, and how; ``None`` for another source.
        keys: The directory of keys; with one, only clients whose key is in it can connect.

    Raises:
        SettingsError: A setting cannot work.
    """

    rate: float = DEFAULT_RATE
    source: str = "live"
    car: str = USUAL_CAR
    bind: str = "127.0.0.1"
    port: int = 5555
    page_prefix: str = AC1.page_prefix
    page_dir: Path = DEFAULT_PAGE_DIR
    topic_prefix: str = ""
    thresholds: Thresholds = field(default_factory=Thresholds)
    names: bool = False
    allow_shutdown: bool = False
    metrics: int | None = None
    insecure: bool = False
    controls: str = "none"
    calibration: Path | None = None
    neutral: str = "brake"
    keys: Path | None = None
    record: RecordOptions | None = None
    replay: ReplayOptions | None = None

    def __post_init__(self) -> None:
        try:
            check_rate(self.rate)
        except ValueError as error:
            raise SettingsError(str(error)) from error
        if self.source not in SOURCES:
            raise SettingsError(f"source must be one of {', '.join(SOURCES)}, not {self.source!r}")
        self._check_car()
        self._check_replay()
        if not 0 <= self.port <= LAST_PORT:
            raise SettingsError(f"port must be from 1 to {LAST_PORT}, or 0 for any, not {self.port}")
        if self.metrics is not None and not 1 <= self.metrics <= LAST_PORT + 1:
            raise SettingsError(f"metrics takes a port from 1 to {LAST_PORT + 1}, not {self.metrics}")
        if self.exposed and self.keys is None and not self.insecure:
            raise SettingsError(
                f"{self.bind} can be reached from other machines; any client there could subscribe and send requests; "
                "use --keys DIR to admit only clients whose keys you have, --insecure if you trust that network, "
                "or bind 127.0.0.1"
            )
        self._check_controls()
        if any(separator in self.page_prefix for separator in ("/", "\\", "\0")):
            raise SettingsError("page-prefix is the beginning of a name, without / or \\")
        if len(self.topic_prefix.encode("utf-8", "replace")) > 32 or not self.topic_prefix.isprintable():  # noqa: PLR2004
            raise SettingsError("topic-prefix must be printable and have at most 32 bytes")
        if self.source == "live" and sys.platform != "win32" and not self.page_dir.is_dir():
            raise SettingsError(f"page-dir {self.page_dir} is not a directory")

    def _check_car(self) -> None:
        try:
            car_named(self.car)
        except ValueError as error:
            raise SettingsError(str(error)) from error
        if self.car != USUAL_CAR and self.source != "sim":
            raise SettingsError("car is one of the stand-in's, so it needs --source sim")

    def _check_replay(self) -> None:
        if self.source == "recording" and self.replay is None:
            raise SettingsError("--source recording needs a FILE or a directory")
        if self.source != "recording" and self.replay is not None:
            word = str(self.replay.path)
            raise SettingsError(f"{word!r} is taken as a recording to replay: add --source recording, or leave it out")
        speed = None if self.replay is None else self.replay.speed
        if speed is not None and not 0 < speed < math.inf:
            raise SettingsError(f"speed must be a number above 0, or 0 for as fast as possible, not {speed}")
        if self.replay is not None and (self.controls != "none" or self.record is not None):
            raise SettingsError("a recording cannot be driven or recorded again; acbridge-recording cuts it")

    def _check_controls(self) -> None:
        if self.controls not in CONTROLS:
            raise SettingsError(f"controls must be one of {', '.join(CONTROLS)}, not {self.controls!r}")
        if self.neutral not in NEUTRALS:
            raise SettingsError(f"neutral must be one of {', '.join(NEUTRALS)}, not {self.neutral!r}")
        if self.controls == "none":
            if self.calibration is not None:
                raise SettingsError("calibration corrects commands, so it needs --controls")
            return
        if (self.controls == "sim") != (self.source == "sim"):
            raise SettingsError(
                "controls sim drives the stand-in of --source sim, and only that; "
                "use --controls page to drive an acbridge-sim in another process"
            )
        if self.exposed and self.keys is None:
            raise SettingsError(
                f"{self.bind} can be reached from other machines, so driving needs --keys DIR; "
                "--insecure never allows it"
            )

    @property
    def exposed(self) -> bool:
        """Whether other machines can reach the address."""
        return not is_loopback(str(self._address))

    @property
    def host(self) -> str:
        """The address as it stands in an endpoint."""
        return f"[{self._address}]" if self._address.version == 6 else str(self._address)  # noqa: PLR2004

    @property
    def _address(self) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
        if self.bind == "localhost":
            return ipaddress.IPv4Address("127.0.0.1")
        if self.bind == "*":
            return ipaddress.IPv4Address("0.0.0.0")
        try:
            return ipaddress.ip_address(self.bind)
        except ValueError:
            raise SettingsError(
                f"bind takes the address of a network interface of this machine, such as 127.0.0.1, not {self.bind!r}"
            ) from None
