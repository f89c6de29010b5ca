"""
Training with PPO of Stable-Baselines3 on the compiled lanes. Needs the extras ``batch`` and ``train``.

What makes a policy learn to brake: second tries shortly before the last failures, a crash that costs kinetic energy,
starts everywhere at any speed up to that of the line, a random lag, and observations normalized by what was seen. The
measure is whole flying laps with the mean action.
"""

import json
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from safetensors import SafetensorError

from acbridge_gym.envs.race import RaceEnv, race_sim
from acbridge_gym.laps import Drive, drive, lap_settings
from acbridge_gym.policy import FORMAT, Policy, manifest_of, read_manifest, write_whole
from acbridge_gym.settings import settings_of
from acbridge_gym.tracks import tracks_of

LANES = 128
TASK: dict[str, Any] = {
    "start": "anywhere",
    "second_try": 0.4,
    "ends": {"off_track_s": 0.0, "stuck_s": 1.0},
    "max_episode_s": 24.0,
    "randomize": {"fuel": (0.1, 1.0), "temperature": (62.0, 90.0), "lag_ms": (0.0, 60.0), "grip": (0.92, 1.02)},
}
PPO: dict[str, Any] = {
    "n_steps": 64,
    "batch_size": 2048,
    "n_epochs": 5,
    "gamma": 0.9925,
    "gae_lambda": 0.978,
    "clip_range": 0.2,
    "target_kl": 0.03,
    "max_grad_norm": 0.5,
    "policy_kwargs": {"net_arch": [64, 64], "log_std_init": -0.8},
}
"""Horizons of 6 s and 1.5 s at steps of 45 ms."""
RATE, LEAST_RATE = 6e-4, 0.05
"""The learning rate falls linearly with the steps, to this share of it."""
REWARD_SCALE = 0.3
"""The reward is progress in tens of metres: 0.03 a metre."""
NOISE = 0.01
"""In each number of an observation, of its scale: 4 cm from the edge of the road, half a degree of heading."""
FIRST_PEDAL = 0.3
"""Mean of the first pedals: a car that stands learns nothing."""
LEAST_VARIANCE = 0.01
"""Added to the variance of each number of an observation, so that one that hardly varies is not blown up."""
CONSTANT = 1e-6
"""A number with less variance than this never varied; the policy does not look at it."""
CHECKPOINT, PROGRESS, CURVE = "checkpoint.safetensors", "checkpoint.json", "curve.csv"
COLUMNS = ("steps", "cpu_s", "valid_laps", "lap_s", "driven_m", "reason", "distance_m")
"""Of the curve, a line for each evaluation: CPU time since this process began to train, and the best valid lap or 0."""
EVERY = 200_000
"""Steps from one evaluation to the next."""
LAPS = 2


def learning_rate(left: float) -> float:
    """Return the learning rate when this share of the steps is left."""
    return RATE * max(LEAST_RATE, left)


class Report(NamedTuple):
    """
    An evaluation.

    Attributes:
        steps: Steps of training until now.
        cpu_s: CPU time of them in this process, s, evaluations included.
        drive: The laps of the mean action on the course.
        best: Whether no earlier policy was better.
    """

    steps: int
    cpu_s: float
    drive: Drive
    best: bool


class Training:
    """
    A run of PPO whose policies, checkpoints and curve are kept in a directory.

    Attributes:
        steps: Steps of training until now.
        total: Steps of the whole run.
        course: The track of the evaluations.
    """

    def __init__(self, directory: Path, *, track: str = "circuit", course: str = "", steps: int, seed: int = 0) -> None:
        """
        Prepare a run from the beginning.

        Args:
            directory: Where files go; made if it is not there.
            track: One track or several, as `acbridge_gym.tracks.tracks_of` has them.
            course: The track of the evaluations: the first of `track` if not given.
            steps: Steps of all lanes together.
            seed: Begins every random generator.

        Raises:
            ValueError: There is no such track.
            ModuleNotFoundError: The extra is missing.
        """
        self.directory, self.total = directory, steps
        self._about = {"track": track, "course": course, "seed": seed, "total": steps}
        tracks, on = tracks_of(track), tracks_of(course or track)[0]
        self.course: RaceEnv = race_sim(track=on, compiled=True, **lap_settings(LAPS))
        sb3: Any = import_module("acbridge_gym.sb3")
        lanes = sb3.LanesVecEnv(
            max(LANES, len(tracks)), seed=seed, reward_scale=REWARD_SCALE, noise=NOISE, **(TASK | {"track": tracks})
        )
        wrappers: Any = import_module("stable_baselines3.common.vec_env")
        self._torch: Any = import_module("torch")
        self._torch.set_num_threads(1)  # more threads than that are slower for a network as small
        self._envs = wrappers.VecNormalize(lanes, norm_reward=False, epsilon=LEAST_VARIANCE)
        self._model: Any = import_module("stable_baselines3").PPO(
            "MlpPolicy",
            self._envs,
            learning_rate=learning_rate,
            seed=seed,
            device="cpu",
            tensorboard_log=str(directory / "tensorboard"),
            **PPO,
        )
        with self._torch.no_grad():
            self._model.policy.action_net.bias[1] = FIRST_PEDAL
        self._best: tuple[int, float, float] | None = None
        self._began = time.process_time()

    @property
    def steps(self) -> int:
        """Steps of training until now."""
        return self._model.num_timesteps

    @classmethod
    def resume(cls, directory: Path) -> "Training":
        """
        Prepare the rest of a run from its last checkpoint; its lanes begin new episodes.

        Raises:
            OSError: The checkpoint cannot be read.
            ValueError: The files hold no checkpoint.
        """
        about = read_manifest(directory / PROGRESS)
        try:
            run = cls(directory, track=about["track"], course=about["course"], steps=about["total"], seed=about["seed"])
            run._load((directory / CHECKPOINT).read_bytes(), about)
        except (KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
            raise ValueError(f"{directory} holds no checkpoint that fits: {error}") from error
        return run

    def run(
        self,
        report: Callable[[Report], None],
        progress: Callable[[int], None] = lambda _: None,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """
        Train until all steps are done; evaluate, and write a checkpoint, from time to time and at the end.

        Args:
            report: Called after each evaluation; the policy is written already if it is the best.
            progress: Called after each collection of steps, with the steps until now.
            stop: Called after each step; the training ends with a checkpoint when it returns true.

        Raises:
            OSError: A file cannot be written.
        """
        base: Any = import_module("stable_baselines3.common.callbacks").BaseCallback
        run = self
        due = (self.steps // EVERY + 1) * EVERY

        class Follow(base):
            def _on_step(self) -> bool:
                return not stop()

            def _on_rollout_start(self) -> None:  # after the update of the last one
                nonlocal due
                progress(run.steps)
                if run.steps >= due:
                    due += EVERY
                    report(run.evaluate())
                    run.save()

        self._warm_up()
        self._began = time.process_time()
        left = self.total - self.steps
        if left > 0:
            # A fresh count would begin the learning rate again.
            self._model.learn(left, callback=Follow(), reset_num_timesteps=self.steps == 0, tb_log_name="ppo")
            progress(run.steps)
        if self.steps >= self.total:
            report(self.evaluate())
        self.save()

    def _warm_up(self) -> None:
        """Compile what is not compiled yet, so that it does not count."""
        self.course.reset()
        self.course.step(np.zeros(2, np.float32))
        self._envs.reset()

    def evaluate(self) -> Report:
        """Drive whole flying laps with the mean action; write the policy if it is the best, and a line of the curve."""
        policy = self.policy()
        driven = drive(self.course, policy.act)
        spent = time.process_time() - self._began
        best = self._best is None or driven.worth > self._best
        if best:
            self._best = driven.worth
            laps = [lap.time_s for lap in driven.laps]
            Policy(policy.mean, policy.gain, policy.layers, {**policy.manifest, "laps_s": laps}).save(self.directory)
        lap = min(driven.valid_s, default=0.0)
        self._model.logger.record("laps/driven_m", driven.driven_m)
        if lap:
            self._model.logger.record("laps/time_s", lap)
        new = not (self.directory / CURVE).exists()
        with (self.directory / CURVE).open("a", encoding="utf-8") as file:
            if new:
                file.write(",".join(COLUMNS) + "\n")
            place = f"{driven.driven_m:.0f},{driven.reason},{driven.distance_m:.0f}"
            file.write(f"{self.steps},{spent:.1f},{len(driven.valid_s)},{lap:.3f},{place}\n")
        return Report(self.steps, spent, driven, best)

    def policy(self) -> Policy:
        """Return the actor as it is now."""
        state = {name: value.detach().cpu().numpy() for name, value in self._model.policy.state_dict().items()}
        hidden = [f"mlp_extractor.policy_net.{2 * i}" for i in range(len(PPO["policy_kwargs"]["net_arch"]))]
        layers = tuple((state[f"{name}.weight"], state[f"{name}.bias"]) for name in (*hidden, "action_net"))
        seen = self._envs.obs_rms
        gain = np.where(seen.var < CONSTANT, 0.0, 1 / np.sqrt(seen.var + LEAST_VARIANCE))
        lag = list(TASK["randomize"]["lag_ms"])
        settings = settings_of({"flat": True})
        manifest = manifest_of(settings, **self._about, steps=self.steps, lag_ms=lag)
        return Policy(seen.mean.astype(np.float32), gain.astype(np.float32), layers, manifest)

    def save(self) -> None:
        """Write a checkpoint: all weights, the optimizer's averages, and the normalization. No pickle."""
        safetensors: Any = import_module("safetensors.torch")
        tensors = {f"policy.{name}": value for name, value in self._model.policy.state_dict().items()}
        for i, state in self._model.policy.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{i}.{name}": self._torch.as_tensor(value) for name, value in state.items()}
        seen = self._envs.obs_rms
        tensors |= {"seen.mean": self._torch.as_tensor(seen.mean), "seen.var": self._torch.as_tensor(seen.var)}
        # SB3's views share memory, which the format refuses.
        write_whole(self.directory / CHECKPOINT, safetensors.save({k: v.clone() for k, v in tensors.items()}))
        about: dict[str, Any] = {"format": FORMAT, **self._about, "steps": self.steps, "count": float(seen.count)}
        if self._best is not None:
            about["best"] = list(self._best)
        write_whole(self.directory / PROGRESS, (json.dumps(about, indent=2) + "\n").encode())

    def _load(self, data: bytes, about: dict[str, Any]) -> None:
        safetensors: Any = import_module("safetensors.torch")
        tensors = safetensors.load(data)
        parts: dict[str, dict[str, Any]] = {"policy": {}, "optimizer": {}, "seen": {}}
        for name, tensor in tensors.items():
            part, _, rest = name.partition(".")
            parts[part][rest] = tensor
        model = self._model
        model.policy.load_state_dict(parts["policy"])
        state: dict[int, dict[str, Any]] = {}
        for name, tensor in parts["optimizer"].items():
            i, _, rest = name.partition(".")
            state.setdefault(int(i), {})[rest] = tensor
        groups = model.policy.optimizer.state_dict()["param_groups"]
        model.policy.optimizer.load_state_dict({"state": state, "param_groups": groups})
        seen = self._envs.obs_rms
        seen.mean, seen.var = parts["seen"]["mean"].numpy(), parts["seen"]["var"].numpy()
        seen.count = float(about["count"])
        model.num_timesteps = int(about["steps"])
        if "best" in about:
            laps, mean, driven = about["best"]
            self._best = int(laps), float(mean), float(driven)
