"""How values are written for people: gears and sessions."""

from acbridge.pages import AC1


def gear_text(number: int) -> str:
    """Return R, N or the number of a gear, from `Derived.gear_number`."""
    return {-1: "R", 0: "N"}.get(number, str(number))


def session_text(number: int) -> str:
    """Return the name of a session, from `Graphics.session`."""
    return AC1.session_name(number) or "unknown"
