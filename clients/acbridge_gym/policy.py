"""
A policy as two files in a directory: weights, and what they were trained for. Read and driven with numpy alone.

``policy.safetensors`` holds arrays of float32, ``policy.json`` the manifest. Nothing is ever pickled, so a file can be
read that a stranger made.
"""

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from acbridge_gym.settings import Settings, settings_of

FORMAT = 1
WEIGHTS, MANIFEST = "policy.safetensors", "policy.json"
MOST_BYTES = 100_000_000
"""No policy of ours is larger."""

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Policy:
    """
    A network of tanh layers whose output is the mean action.

    Attributes:
        layers: Weights and biases, from the observation to the action.
        manifest: What it was trained for, as JSON has it.
    """

    layers: tuple[tuple[Array, Array], ...]
    manifest: Mapping[str, Any]

    def act(self, observation: Array) -> Array:
        """Return the mean action for a flat observation."""
        values = observation
        for weight, bias in self.layers[:-1]:
            values = np.tanh(weight @ values + bias)
        weight, bias = self.layers[-1]
        return np.clip(weight @ values + bias, -1.0, 1.0).astype(np.float32)

    @property
    def settings(self) -> dict[str, Any]:
        """The keywords of an environment that the policy drives in."""
        return {"step_ms": self.manifest["step_ms"], "action": dict(self.manifest["action"]), "flat": True}

    def save(self, directory: Path) -> None:
        """Write both files; the directory is made if it is not there."""
        directory.mkdir(parents=True, exist_ok=True)
        arrays: dict[str, Array] = {}
        for i, (weight, bias) in enumerate(self.layers):
            arrays |= {f"{i}.weight": weight, f"{i}.bias": bias}
        (directory / WEIGHTS).write_bytes(pack(arrays))
        text = json.dumps(self.manifest, indent=2) + "\n"
        (directory / MANIFEST).write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, directory: Path) -> "Policy":
        """
        Read both files.

        Raises:
            OSError: A file cannot be read.
            ValueError: They hold no policy, or one for other observations than those of this version.
        """
        try:
            manifest: Any = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
        except json.JSONDecodeError as error:
            raise ValueError(f"{directory / MANIFEST} is not JSON: {error}") from error
        if not isinstance(manifest, dict) or cast("dict[str, Any]", manifest).get("format") != FORMAT:
            raise ValueError(f"{directory / MANIFEST} is not the manifest of a policy of format {FORMAT}")
        arrays = unpack((directory / WEIGHTS).read_bytes())
        try:
            layers = tuple((arrays[f"{i}.weight"], arrays[f"{i}.bias"]) for i in range(len(arrays) // 2))
            policy = cls(layers, cast("dict[str, Any]", manifest))
            settings = settings_of(policy.settings)
        except (KeyError, TypeError) as error:
            raise ValueError(f"{directory} lacks {error}") from error
        policy.check(settings)
        return policy

    def check(self, settings: Settings) -> None:
        """Raise ValueError unless layers fit each other, the observations and the actions of these settings."""
        width, shown = sum(channel.size for channel in settings.channels), channels_of(settings)
        if self.manifest.get("channels") != shown:
            raise ValueError("the policy was trained with other channels of the observation than this version has")
        for weight, bias in self.layers:
            if weight.ndim != 2 or weight.shape[1] != width or bias.shape != weight.shape[:1]:  # noqa: PLR2004  a matrix
                raise ValueError(f"a layer of {weight.shape} does not follow {width} numbers")
            width = weight.shape[0]
        if width != settings.action.axes:
            raise ValueError(f"the policy has {width} outputs, and an action {settings.action.axes} numbers")


def channels_of(settings: Settings) -> list[list[Any]]:
    """Return names and sizes of the channels, as a manifest has them."""
    return [[channel.name, channel.size] for channel in settings.channels]


def manifest_of(settings: Settings, **more: Any) -> dict[str, Any]:
    """Return the manifest of a policy that is trained with these settings."""
    action = {
        name: list(value) if isinstance(value, tuple) else value for name, value in asdict(settings.action).items()
    }
    return {
        "format": FORMAT,
        "step_ms": settings.step_ms,
        "action": action,
        "channels": channels_of(settings),
        **more,
    }


def pack(arrays: Mapping[str, Array]) -> bytes:
    """Return arrays in the format of safetensors."""
    header: dict[str, Any] = {}
    data = b""
    for name, array in arrays.items():
        body = np.ascontiguousarray(array, "<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [len(data), len(data) + len(body)]}
        data += body
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def unpack(data: bytes) -> dict[str, Array]:
    """
    Return the arrays of float32 in a file of safetensors.

    Raises:
        ValueError: It is none, or holds other numbers.
    """
    try:
        (size,) = struct.unpack_from("<Q", data[:MOST_BYTES])
        header: dict[str, Any] = json.loads(data[8 : 8 + size])
        header.pop("__metadata__", None)
        arrays = {name: _array(entry, data[8 + size :]) for name, entry in header.items()}
    except (struct.error, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"these are not weights in the format of safetensors: {error}") from error
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise ValueError("weights are finite numbers")
    return arrays


def _array(entry: Mapping[str, Any], body: bytes) -> Array:
    begin, end = entry["data_offsets"]
    shape = tuple(int(length) for length in entry["shape"])
    if entry["dtype"] != "F32" or not 0 <= begin <= end <= len(body) or end - begin != 4 * math.prod(shape):
        raise ValueError("an array is not of float32, or is cut off")
    return np.frombuffer(body[begin:end], "<f4").reshape(shape).astype(np.float32)
