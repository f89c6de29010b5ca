"""The back-end of the stand-in that runs in the daemon."""

from acbridge.controls import STARTS, Command, Start
from acbridge_daemon.controls.backend import BackEndError, Capabilities
from acbridge_daemon.stand_in import StandIn

BEGIN = "begin"


class SimBackEnd:
    """Drives the stand-in of ``--source sim``."""

    capabilities = Capabilities("sim", (BEGIN,), (*STARTS, "place"), moves_clock=(BEGIN,))

    def __init__(self, stand_in: StandIn, neutral: Command) -> None:
        self._stand_in = stand_in
        self._neutral = neutral

    def open(self) -> None:
        """Apply neutral."""
        self._stand_in.drive(self._neutral)

    def apply(self, command: Command) -> None:
        """Apply a command from this instant on."""
        self._stand_in.drive(command)

    def reset(self, start: Start, means: str) -> None:  # noqa: ARG002  it has one means
        """Begin a run elsewhere; raise BackEndError if the place lies behind a barrier."""
        try:
            self._stand_in.begin(start)
        except ValueError as error:
            raise BackEndError(str(error)) from error

    def problem(self) -> str | None:
        """Return ``None``: nothing lies between."""
        return None

    def reopen(self) -> None:
        """Apply neutral."""
        self.open()

    def opening(self) -> bool:
        """Return false: nothing lies between."""
        return False

    def close(self) -> None:
        """Apply neutral."""
        self._stand_in.drive(self._neutral)
