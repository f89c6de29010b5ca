"""The command line of the daemon: the only reader of argv and, through click, of the environment."""

import dataclasses
import os
import platform
import signal
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn

import click
import structlog
import zmq
from click.core import ParameterSource

from acbridge.calibration import BadCalibration
from acbridge.cli import (
    ExitCode,
    FiniteRange,
    fail,
    needs_extra,
    on_stop_signal,
    raise_file_limit,
    recording_target,
    rotation_options,
)
from acbridge.crash_files import crash_folder
from acbridge.derived import Thresholds, parse_thresholds
from acbridge.errors import CurveMissing, DecodeError, KeyFileError
from acbridge.pages import AC1
from acbridge.recording.page_log.file import check_target
from acbridge.recording.writing.files import NotARecording
from acbridge.recording.writing.rotation import Rotation
from acbridge.sources import DEFAULT_PAGE_DIR, PageSource
from acbridge.sources.shared_memory import shared_memory
from acbridge.wire import WIRE_VERSION
from acbridge_daemon import logs
from acbridge_daemon.clock import Clock
from acbridge_daemon.controls.backend import BackEnd, BackEndError
from acbridge_daemon.controls.calibration_file import CalibrationFile
from acbridge_daemon.controls.child import CAPABILITIES, ChildBackEnd
from acbridge_daemon.controls.driving import NEUTRALS as NEUTRAL_COMMANDS
from acbridge_daemon.controls.page import PageBackEnd
from acbridge_daemon.controls.sim import SimBackEnd
from acbridge_daemon.crash import write_crash
from acbridge_daemon.recorder import RecordOptions
from acbridge_daemon.replay import Replay, ReplayOptions
from acbridge_daemon.sd_notify import ServiceNotifier
from acbridge_daemon.security import Keyring, ZapHandler
from acbridge_daemon.service import Service
from acbridge_daemon.settings import (
    CONTROLS,
    DEFAULT_RATE,
    NEUTRALS,
    SOURCES,
    USUAL_CAR,
    Settings,
    SettingsError,
)
from acbridge_daemon.sockets import BindError
from acbridge_daemon.stand_in import StandIn
from acbridge_sim import CARS, car_named

FEW_FILES = 1024

VERSION = (
    f"acbridge-daemon {version('acbridge')} (wire {WIRE_VERSION}, pyzmq {zmq.pyzmq_version()}, "
    f"libzmq {zmq.zmq_version()}, Python {platform.python_version()}, {platform.system()} {platform.machine()})"
)

REPLAY_OPTIONS = ("speed", "from_lap", "loop", "stamps")

EPILOG = """\b
Examples:
  acbridge-daemon --rate 30                   follow the game, 30 ticks a second
  acbridge-daemon --source sim                without the game: the stand-in
  acbridge-daemon --source sim --car gt3      the same with another car
  acbridge-daemon --source sim --controls sim  the stand-in, and clients may drive it
  acbridge-daemon --record drives/            record every session in that directory
  acbridge-daemon --source recording drives/evening.acrec --speed 4 --from-lap 3 --loop
  acbridge-daemon --bind 192.168.1.20 --keys keys  let other machines subscribe, those whose keys are known
Every option may also be set in the environment, such as ACBRIDGE_RATE=30.
Not to be confused with acbridge.exe of simshmbridge, which is another program.
"""


@click.command(epilog=EPILOG, context_settings={"auto_envvar_prefix": "ACBRIDGE", "max_content_width": 100})
@click.option("--rate", type=float, default=DEFAULT_RATE, show_default=True, help="Ticks per second, 1 to 1000.")
@click.option(
    "--source",
    type=click.Choice(SOURCES),
    default="live",
    show_default=True,
    help="Read the sim's shared memory (live), run the stand-in (sim), or replay FILE (recording).",
)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option(
    "--speed",
    type=FiniteRange(min=0),
    default=1.0,
    show_default=True,
    metavar="FACTOR",
    help="With --source recording: replay so many times as fast; 0 for as fast as possible.",
)
@click.option("--from-lap", type=click.IntRange(min=1), metavar="N", help="With --source recording: begin with lap N.")
@click.option("--loop", is_flag=True, help="With --source recording: begin again at the end.")
@click.option(
    "--stamps",
    type=click.Choice(["fresh", "recorded"]),
    default="fresh",
    show_default=True,
    help="With --source recording: let frames carry the time at which they are published, or were recorded.",
)
@click.option("--car", default=USUAL_CAR, show_default=True, help=f"Car of the stand-in: one of {', '.join(CARS)}.")
@click.option("--bind", default="127.0.0.1", show_default=True, help="Address to publish and answer on.")
@click.option(
    "--port",
    type=int,
    default=5555,
    show_default=True,
    help="Port of the frames; requests are answered on the next one. 0 takes a free pair.",
)
@click.option("--page-prefix", default=AC1.page_prefix, show_default=True, help="Beginning of the pages' names.")
@click.option(
    "--page-dir",
    type=click.Path(path_type=Path),
    default=DEFAULT_PAGE_DIR,
    show_default=True,
    help="Directory of the page files (Linux).",
)
@click.option("--topic-prefix", default="", help="Beginning of the topics' names, such as rig7., to keep rigs apart.")
@click.option(
    "--threshold",
    "thresholds",
    multiple=True,
    metavar="NAME=VALUE",
    help="Change what is counted as what, such as stuck_s=5; repeatable. docs/reference/derived.md lists the names.",
)
@click.option(
    "--controls",
    type=click.Choice(CONTROLS),
    default="none",
    show_default=True,
    help="Let clients drive: the stand-in (sim), acbridge-sim in another process (page), or the game through a device "
    "(docs/guides/driving.md).",
)
@click.option(
    "--neutral",
    type=click.Choice(NEUTRALS),
    default="brake",
    show_default=True,
    help="What the car does without a driver.",
)
@click.option(
    "--calibration",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Correct commands by the maps in this JSON file, which acbridge-ctl calibrate makes and renews.",
)
@click.option(
    "--record",
    metavar="PATH",
    help="Record the sim's pages in this file, or in files of a directory (docs/guides/recordings.md).",
)
@rotation_options
@click.option("--names", is_flag=True, help="Publish and record the player's names, which are left empty otherwise.")
@click.option("--allow-shutdown", is_flag=True, help="Let a request end the daemon.")
@click.option(
    "--metrics", type=int, metavar="PORT", help="Serve the status for Prometheus at http://127.0.0.1:PORT/metrics."
)
@click.option(
    "--keys",
    type=click.Path(path_type=Path),
    help="Directory of keys: encrypt everything and let in only those whose keys are there (docs/guides/security.md).",
)
@click.option("--check", is_flag=True, help="Check the options and the files that they name, and end.")
@click.option("--insecure", is_flag=True, help="Allow an address that other machines reach, without any protection.")
@click.version_option(package_name="acbridge", message=VERSION)
def main(**options: Any) -> None:
    """
    Publish Assetto Corsa's telemetry at a fixed rate.

    Reads the game's shared memory and publishes msgpack frames on a ZeroMQ PUB socket (topics physics, graphics,
    derived, static, status, event); answers requests on the next port. May be started before the game, after it, and
    survives it going and coming. Ends on Ctrl-C; a second Ctrl-C ends it at once.
    """
    check = options.pop("check")
    settings = read_settings(options)
    if check:
        check_files(settings)
        return
    logs.configure()
    log = structlog.get_logger()
    files = raise_file_limit()
    if files is not None and files < FEW_FILES:
        log.warning("few_files", limit=files, fix="raise it with ulimit -n, or subscribers may be turned away")
    clock = Clock()
    with zmq.Context() as context:
        try:
            keyring = None if settings.keys is None else Keyring(settings.keys)
            zap = ZapHandler(context, keyring)
            settings, source = open_source(settings, clock)
            notifier = ServiceNotifier(os.environ)
            calibration_file = (
                None if settings.calibration is None else CalibrationFile(settings.calibration, settings.controls)
            )
            backend = open_backend(settings, source)
            service = Service(
                settings, source, clock, context, version("acbridge"), zap, notifier, backend, calibration_file
            )
        except (BadCalibration, KeyFileError, CurveMissing, BindError, BackEndError) as error:
            context.destroy(linger=0)
            unavailable = isinstance(error, BindError | BackEndError)
            fail(str(error), ExitCode.UNAVAILABLE if unavailable else ExitCode.CONFIG)
        except (NotARecording, DecodeError, OSError) as error:
            context.destroy(linger=0)
            fail_at_file(settings, error)
        on_stop_signal(service.stop)
        if keyring is not None:
            keyring.log_peers()
            if sys.platform != "win32":
                signal.signal(signal.SIGHUP, lambda _signal, _frame: service.reload_keys())
        try:
            if settings.metrics is not None:
                open_metrics(settings.metrics, service)
            log.info(
                "daemon_started",
                run=service.report.run,
                frames=service.frames_endpoint,
                requests=service.requests_endpoint,
                rate=settings.rate,
                source=settings.source,
                keys=keyring is not None,
            )
            if settings.exposed and keyring is None:
                log.warning("anyone_on_the_network_can_listen_and_ask", bind=settings.bind)
            serve(service, settings)
        finally:
            service.close()
    log.info("daemon_ended", run=service.report.run)


def serve(service: Service, settings: Settings) -> None:
    """Run the loop; an error of it ends the program with its exit code."""
    try:
        service.serve()
    except BindError as error:
        structlog.get_logger().critical("port_lost", detail=str(error))
        sys.exit(ExitCode.UNAVAILABLE)
    except DecodeError as error:
        structlog.get_logger().critical("recording_unreadable", detail=str(error))
        sys.exit(ExitCode.DATA)
    except Exception as error:  # noqa: BLE001  whatever it is, it is reported
        log_crash(error, settings, service)
        sys.exit(ExitCode.FAILED)


def log_crash(error: Exception, settings: Settings, service: Service) -> None:
    """Log an error that ends the daemon, and write the file of the crash, unless the disk refuses it."""
    log = structlog.get_logger()
    log.critical("daemon_crashed", exc_info=error)
    status = service.report.newest
    facts = {
        "run": service.report.run,
        "version": VERSION,
        "settings": {name: str(getattr(settings, name)) for name in Settings.__slots__},
        "status": None if status is None else vars(status),
    }
    try:
        path = write_crash(crash_folder(), error, facts, logs.recent(), service.crash_samples(), AC1.pages)
    except OSError as problem:
        log.critical("crash_file_not_written", detail=str(problem))
    else:
        log.critical("crash_file", path=str(path), fix="report it: acbridge-ctl doctor --bundle report.zip packs it")


def check_files(settings: Settings) -> None:
    """End with one line if a file that an option names cannot be used."""
    try:
        if settings.keys is not None:
            Keyring(settings.keys)
        if settings.calibration is not None:
            CalibrationFile(settings.calibration, settings.controls)
        if settings.replay is not None:
            Replay(settings.replay, 0).thresholds()
        if settings.record is not None:
            target = settings.record.target
            while settings.record.directory and not target.exists():  # it would be made
                target = target.parent
            check_target(target)
    except (BadCalibration, KeyFileError, CurveMissing) as error:
        fail(str(error), ExitCode.CONFIG)
    except (NotARecording, DecodeError, OSError) as error:
        fail_at_file(settings, error)


def read_settings(options: dict[str, Any]) -> Settings:
    """Return the settings that the command line names; one that cannot work ends the program."""
    rotation, min_free = options.pop("rotation"), options.pop("min_free")
    file, speed, from_lap = options.pop("file"), options.pop("speed"), options.pop("from_lap")
    loop, stamps = options.pop("loop"), options.pop("stamps")
    if file is None:
        for name in REPLAY_OPTIONS:
            if click.get_current_context().get_parameter_source(name) is ParameterSource.COMMANDLINE:
                option = f"--{name.replace('_', '-')}"
                raise click.UsageError(f"{option} replays a recording: add --source recording FILE")
    try:
        given = read_thresholds(options["thresholds"])
        if file is not None:
            speed = speed or None
            options["replay"] = ReplayOptions(file, speed, from_lap, loop, stamps == "recorded", given)
        options["thresholds"] = Thresholds().changed(given)
        options["record"] = record_options(options["record"], rotation, min_free, names=options["names"])
        return Settings(**options)
    except SettingsError as error:
        raise click.UsageError(str(error)) from error


def fail_at_file(settings: Settings, error: Exception) -> NoReturn:
    """End the program because a recording cannot be begun or read; any other error of the system is ours to mend."""
    if isinstance(error, NotARecording | DecodeError):
        fail(str(error), ExitCode.DATA)
    if isinstance(error, OSError) and settings.replay is not None:
        fail(f"cannot read {error.filename or settings.replay.path}: {error.strerror}", ExitCode.IO)
    if isinstance(error, OSError) and settings.record is not None:
        fail(f"cannot record in {settings.record.target}: {error.strerror}", ExitCode.IO)
    raise error


def record_options(path: str | None, rotation: Rotation, min_free: float, *, names: bool) -> RecordOptions | None:
    """Return how to record; ``None`` for no recording."""
    if path is None:
        if rotation.wanted:
            raise SettingsError("--rotate-... rotates the files of a recording: add --record DIRECTORY/")
        return None
    target, directory = recording_target(path, rotation)
    return RecordOptions(target, directory, rotation, min_free, names)


def read_thresholds(words: tuple[str, ...]) -> dict[str, float]:
    """
    Return the thresholds that the command line names.

    Raises:
        SettingsError: A word is not ``NAME=VALUE``, or the value cannot be.
    """
    try:
        given = parse_thresholds(words)
        Thresholds().changed(given)
    except ValueError as error:
        raise SettingsError(str(error)) from error
    return given


def open_source(settings: Settings, clock: Clock) -> tuple[Settings, PageSource]:
    """Return the source that was asked for; a recording sets the rate, and the thresholds that were not given."""
    if settings.replay is not None:
        replay = Replay(settings.replay, clock.mono_ns())
        return dataclasses.replace(settings, rate=replay.rate(), thresholds=replay.thresholds()), replay
    if settings.source == "sim":
        driven = settings.controls != "none"
        return settings, StandIn(clock.mono_ns, driven=driven, spec=car_named(settings.car))
    return settings, shared_memory(settings.page_dir, settings.page_prefix, AC1.pages)


def open_backend(settings: Settings, source: PageSource) -> BackEnd | None:
    """
    Return what moves the car, opened; ``None`` for a daemon that cannot drive.

    Raises:
        BackEndError: It cannot be opened.
    """
    neutral = NEUTRAL_COMMANDS[settings.neutral]
    backend: BackEnd
    if settings.controls == "none":
        return None
    if isinstance(source, StandIn):
        backend = SimBackEnd(source, neutral)
    elif settings.controls == "page":
        backend = PageBackEnd(settings.page_dir, settings.page_prefix, neutral)
    else:
        backend = ChildBackEnd(CAPABILITIES[settings.controls], neutral)
    backend.open()
    return backend


def open_metrics(port: int, service: Service) -> None:
    """Serve metrics, or end with one line that says why not."""
    with needs_extra("metrics", "--metrics"):
        from acbridge_daemon.metrics import serve_metrics  # noqa: PLC0415  needs the extra
    try:
        serve_metrics(port, "127.0.0.1", service.report)
    except OSError as error:
        fail(f"cannot serve --metrics on port {port}: {error.strerror}", ExitCode.UNAVAILABLE)
