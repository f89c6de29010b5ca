"""The fit as a picture. Needs matplotlib, the extra ``plot``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from acbridge.calibration import AxisMap
from acbridge_ctl.calibrate.bench import Measured


def load() -> Any:
    """
    Return matplotlib's module of figures.

    Raises:
        ModuleNotFoundError: matplotlib is not installed.
    """
    import matplotlib as mpl  # noqa: PLC0415  an extra

    mpl.use("Agg")
    import matplotlib.pyplot as plt  # noqa: PLC0415  an extra

    return plt


def draw(plt: Any, title: str, maps: Mapping[str, AxisMap], measured: Mapping[str, Measured], path: Path) -> None:
    """Write readings and map of every axis, and the lags."""
    figure = plt.figure(figsize=(4 * (len(maps) + 1), 4), constrained_layout=True)
    figure.suptitle(title)
    *panels, last = figure.subplots(1, len(maps) + 1)
    for axes, (name, found) in zip(panels, maps.items(), strict=True):
        readings = measured[name].readings
        axes.plot(found.commands, found.shown, linewidth=1, label="map")
        axes.scatter([r.command for r in readings], [r.shown for r in readings], s=10, color="black", label="readings")
        axes.set(xlabel=f"command {name}", ylabel="telemetry", title=f"{name}, residual {found.residual:.3f}")
        axes.grid(visible=True, alpha=0.3)
        axes.legend()
    lags = sorted(lag * 1000 for one in measured.values() for lag in one.lags_s)
    last.step(lags, [(place + 1) / len(lags) for place in range(len(lags))], where="post")
    last.set(xlabel="lag, ms", ylabel="part of the steps", title="lag")
    last.grid(visible=True, alpha=0.3)
    figure.savefig(path, dpi=100, format="png")
    plt.close(figure)
