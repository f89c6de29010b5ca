"""The file in which the daemon keeps the maps by which it corrects commands."""

import os
from pathlib import Path

from acbridge.calibration import FORMAT, BadCalibration, Calibration, read_calibration
from acbridge.json_lines import to_json


class CalibrationFile:
    """
    A file of ``--calibration``: read once, and written at each calibration.

    Attributes:
        path: Where it is.
        calibration: What it holds; ``None`` while there is no file.
    """

    def __init__(self, path: Path, backend: str) -> None:
        """
        Read it if it is there.

        Args:
            path: Where it is.
            backend: The back-end whose commands are to be corrected.

        Raises:
            BadCalibration: It cannot be used; the text names it and says what to do.
        """
        self.path = path
        self.calibration: Calibration | None = None
        self._backend = backend
        try:
            self.calibration = read_calibration(path.read_bytes(), backend)
        except FileNotFoundError:
            if not path.parent.is_dir():
                raise BadCalibration(f"cannot keep --calibration {path}: there is no folder {path.parent}") from None
        except OSError as error:
            raise BadCalibration(f"cannot read --calibration {path}: {error.strerror}") from error
        except BadCalibration as error:
            raise BadCalibration(
                f"--calibration {path} cannot be used: {error}; delete it, and run acbridge-ctl calibrate"
            ) from error

    def write(self, calibration: Calibration, car: str | None, game: str | None) -> None:
        """
        Keep other maps; the file is whole at any time.

        Raises:
            OSError: It cannot be written.
        """
        values = {
            "format": FORMAT, "backend": self._backend, "car": car, "game": game,
            "axes": calibration.values(), "hash": calibration.hash,
        }  # fmt: skip
        new = self.path.with_name(self.path.name + ".new")
        new.write_bytes(to_json(values) + b"\n")
        os.replace(new, self.path)  # noqa: PTH105  says that it may exist
        self.calibration = calibration
