"""What moves the car: the protocol of the back-ends, and what each can do."""

from typing import NamedTuple, Protocol

from acbridge.controls import Command, Start


class BackEndError(Exception):
    """A back-end cannot be opened, or cannot carry out a reset; the text says why and what to do."""


class Capabilities(NamedTuple):
    """
    What a back-end can do.

    Attributes:
        name: Its name, as the option ``--controls`` takes it.
        resets: Names of its means of a reset, the best first; empty if it has none.
        starts: The kinds of starts that these can reach: grid, pits, hotlap, place.
        repeat_s: How often the command in force must be repeated, s; ``None`` for never.
        moves_clock: Means of reset after which the lap clock is near 0 and no lap is counted.
    """

    name: str
    resets: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    repeat_s: float | None = None
    moves_clock: tuple[str, ...] = ()


class BackEnd(Protocol):
    """A way to the car's controls. It decides nothing: the lease says what is applied."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        ...

    def open(self) -> None:
        """
        Take the device, neutral.

        Raises:
            BackEndError: There is no such device, or another program has it.
        """
        ...

    def apply(self, command: Command) -> None:
        """Apply a command; never waits."""
        ...

    def reset(self, start: Start, means: str) -> None:
        """
        Begin a run elsewhere by one of its means; whether it succeeded is seen in the telemetry.

        Raises:
            BackEndError: It cannot.
        """
        ...

    def problem(self) -> str | None:
        """Return why nothing reaches the car any more; ``None`` while it does."""
        ...

    def reopen(self) -> None:
        """Give the device back and take it again, neutral; never waits: `opening` and `problem` say how it goes."""
        ...

    def opening(self) -> bool:
        """Whether it is not known yet if it has the device again."""
        ...

    def close(self) -> None:
        """Apply neutral and give the device back."""
        ...
