"""
A policy as two files in a directory: weights, and what they were trained for. Read and driven with numpy alone.

``policy.safetensors`` has arrays of float32, ``policy.json`` the manifest. Nothing is ever pickled, so a file made by a
stranger can be read.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from acbridge_gym.channels import NAMES_OF_FURTHER
from acbridge_gym.settings import Settings, settings_of

FORMAT = 1
WEIGHTS, MANIFEST = "policy.safetensors", "policy.json"
MOST_BYTES = 100_000_000
"""No policy of ours is larger."""
CLIP = 10.0
"""A normalized number of an observation is cut off here."""

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Policy:
    """
    A network of tanh layers whose output is the mean action.

    Attributes:
        mean, gain: For each number of an observation: what is subtracted, and what the rest is multiplied by.
        layers: Weights and biases, from the normalized observation to the action.
        manifest: What the policy was trained for, as JSON has it.
    """

    mean: Array
    gain: Array
    layers: tuple[tuple[Array, Array], ...]
    manifest: Mapping[str, Any]

    def act(self, observation: Array) -> Array:
        """Return the mean action for a flat observation."""
        values = np.clip((observation - self.mean) * self.gain, -CLIP, CLIP)
        for weight, bias in self.layers[:-1]:
            values = np.tanh(weight @ values + bias)
        weight, bias = self.layers[-1]
        return np.clip(weight @ values + bias, -1.0, 1.0).astype(np.float32)

    @property
    def settings(self) -> dict[str, Any]:
        """The keywords of an environment that the policy drives in."""
        further = [name for name, _ in self.manifest["channels"] if name in NAMES_OF_FURTHER]
        action = dict(self.manifest["action"])
        return {"step_ms": self.manifest["step_ms"], "action": action, "channels": further, "flat": True}

    def save(self, directory: Path) -> None:
        """
        Write both files, each whole or not at all; make the directory if it is not there.

        Raises:
            OSError: A file cannot be written.
        """
        arrays = {"mean": self.mean, "gain": self.gain}
        for i, (weight, bias) in enumerate(self.layers):
            arrays |= {f"{i}.weight": weight, f"{i}.bias": bias}
        write_whole(directory / WEIGHTS, save_arrays({name: np.ascontiguousarray(a) for name, a in arrays.items()}))
        write_whole(directory / MANIFEST, (json.dumps(self.manifest, indent=2) + "\n").encode())

    @classmethod
    def load(cls, directory: Path) -> "Policy":
        """
        Read both files.

        Raises:
            OSError: A file cannot be read.
            ValueError: They hold no policy, or one for other observations than those of this version.
        """
        manifest = read_manifest(directory / MANIFEST)
        arrays = read_arrays(directory / WEIGHTS)
        try:
            layers = tuple((arrays[f"{i}.weight"], arrays[f"{i}.bias"]) for i in range((len(arrays) - 2) // 2))
            policy = cls(arrays["mean"], arrays["gain"], layers, manifest)
            settings = settings_of(policy.settings)
        except (KeyError, TypeError) as error:
            raise ValueError(f"{directory} lacks {error}") from error
        policy.check(settings)
        return policy

    def check(self, settings: Settings) -> None:
        """Raise ValueError unless layers fit each other, the observations and the actions of these settings."""
        width, here = sum(channel.size for channel in settings.table), channels_of(settings)
        if self.manifest.get("channels") != here:
            raise ValueError("the policy was trained with other channels of the observation than this version has")
        if self.mean.shape != (width,) or self.gain.shape != (width,):
            raise ValueError(f"mean and gain of the policy have one number for each of the {width} of an observation")
        if not self.layers:
            raise ValueError("the policy has no layers")
        for weight, bias in self.layers:
            if weight.ndim != 2 or weight.shape[1] != width or bias.shape != weight.shape[:1]:  # noqa: PLR2004  a matrix
                raise ValueError(f"a layer of {weight.shape} does not follow {width} numbers")
            width = weight.shape[0]
        if width != settings.action.axes:
            raise ValueError(f"the policy has {width} outputs, and an action {settings.action.axes} numbers")


def channels_of(settings: Settings) -> list[list[Any]]:
    """Return names and sizes of the channels, as a manifest has them."""
    return [[channel.name, channel.size] for channel in settings.table]


def manifest_of(settings: Settings, **more: Any) -> dict[str, Any]:
    """Return the manifest of a policy that is trained with these settings."""
    action: dict[str, Any] = json.loads(json.dumps(asdict(settings.action)))  # a tuple becomes a list
    return {
        "format": FORMAT,
        "step_ms": settings.step_ms,
        "action": action,
        "channels": channels_of(settings),
        **more,
    }


def read_manifest(path: Path) -> dict[str, Any]:
    """
    Return a manifest of :data:`FORMAT`.

    Raises:
        OSError: The file cannot be read.
        ValueError: It holds something else.
    """
    try:
        manifest: Any = json.loads(path.read_bytes()[:MOST_BYTES])
    except (ValueError, RecursionError) as error:  # not JSON, not UTF-8, or nested without end
        raise ValueError(f"{path} is not JSON: {error}") from error
    if not isinstance(manifest, dict) or cast("dict[str, Any]", manifest).get("format") != FORMAT:
        raise ValueError(f"{path} is not a manifest of format {FORMAT}")
    return cast("dict[str, Any]", manifest)


def read_arrays(path: Path) -> dict[str, Array]:
    """
    Return the arrays of a safetensors file, as float32.

    Raises:
        OSError: The file cannot be read.
        ValueError: It holds something else, too much, or numbers that are not finite.
    """
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise ValueError(f"{path} has more than {MOST_BYTES} bytes, so it is no policy")
    try:
        arrays = {name: np.asarray(array, np.float32) for name, array in load_arrays(data).items()}
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} has no weights in the format of safetensors: {error}") from error
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise ValueError(f"{path} has weights that are not finite numbers")
    return arrays


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that readers see the old one or the new one, never a part; make its directory if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    part.replace(path)
