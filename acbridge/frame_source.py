"""
What sinks take frames from: a daemon (:class:`acbridge.Bridge`) or a recording (:class:`acbridge.recording.Recording`).

Types only.
"""

from collections.abc import Iterator
from types import TracebackType
from typing import Any, Protocol, Self

from acbridge.client import Trust
from acbridge.schema import Record
from acbridge.wire import Frame


class Frames(Protocol):
    """Frames of some topics in order; ends where the source does, which a daemon never does."""

    def __iter__(self) -> Iterator[Frame[Any]]: ...

    def __next__(self) -> Frame[Any]: ...

    def close(self) -> None:
        """Stop receiving."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class FrameSource(Protocol):
    """A daemon, or whatever stands in its place."""

    @property
    def endpoint(self) -> str:
        """Where frames come from, for messages."""
        ...

    def frames(self, *records: type[Any], timeout: float | None = None) -> Frames:
        """Iterate over every frame of some topics; raise :class:`NoFrame` when none comes within ``timeout`` s."""
        ...

    def trust(self, record: type[Record]) -> Trust:
        """Judge the newest frame of a topic; never waits."""
        ...

    def request(self, name: str) -> dict[str, Any]:
        """Return the reply to a request without arguments, such as ``hello``."""
        ...
