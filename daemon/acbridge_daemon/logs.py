"""Logs on stderr: readable on a terminal, else one JSON object per line. Events have names; no frame is ever logged."""

import sys

import structlog


def configure() -> None:
    """Set structlog up for this process."""
    processors: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if not sys.stderr:  # under pythonw, which is how a task runs us
        structlog.configure(processors=[], logger_factory=structlog.ReturnLoggerFactory())
        return
    if sys.stderr.isatty():
        processors.append(structlog.dev.ConsoleRenderer())
    else:
        processors += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    structlog.configure(processors=processors, logger_factory=structlog.PrintLoggerFactory(sys.stderr))
