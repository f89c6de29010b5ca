"""
Training on the compiled lanes with PPO of Stable-Baselines3. Needs the extra ``train``, which is imported when used.

What makes a policy learn to brake: second tries shortly before the last failures, a crash that costs kinetic energy,
starts everywhere at about the speed of the line, and a random lag. The measure is whole flying laps.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from acbridge_gym.envs.race import race_sim
from acbridge_gym.laps import Drive, drive, lap_settings
from acbridge_gym.policy import Policy, manifest_of
from acbridge_gym.settings import Settings
from acbridge_gym.vector.batch import RaceSimVectorEnv

LANES, STEPS, BATCH, EPOCHS = 128, 64, 2048, 5
RATE, LEAST_RATE = 6e-4, 0.05
"""The learning rate falls linearly with the steps, to this share of it."""
REWARD = 0.3
"""The reward is progress in tens of metres: 0.03 a metre."""
FIRST_GAS = 0.3
"""Mean of the first pedals: a car that stands learns nothing."""
PPO: dict[str, Any] = {
    "n_steps": STEPS,
    "batch_size": BATCH,
    "n_epochs": EPOCHS,
    "gamma": 0.9925,
    "gae_lambda": 0.978,
    "clip_range": 0.2,
    "target_kl": 0.03,
    "max_grad_norm": 0.5,
    "policy_kwargs": {"net_arch": [64, 64], "log_std_init": -0.8},
}
"""Horizons of 6 s and 1.5 s at steps of 45 ms."""
TASK: dict[str, Any] = {
    "flat": True,
    "start": "anywhere",
    "ends": {"off_track_s": 0.0, "stuck_s": 1.0},
    "max_episode_s": 24.0,
}
RANDOM: dict[str, Any] = {"fuel": (0.14, 0.7), "temperature": (62.0, 90.0), "lag_ms": (0.0, 60.0)}
EVERY = 200_000
"""Steps from one evaluation to the next."""
LAPS = 2


class Report(NamedTuple):
    """
    An evaluation.

    Attributes:
        steps: Steps of training until now.
        drive: What the mean action came to.
        best: Whether no earlier policy was better.
        policy: The policy.
    """

    steps: int
    drive: Drive
    best: bool
    policy: Policy


def lanes_for(track: str, seed: int) -> Any:
    """Return the compiled lanes as a `VecEnv` of Stable-Baselines3."""
    base: Any = import_module("stable_baselines3.common.vec_env").VecEnv
    envs = RaceSimVectorEnv(LANES, track=track, autoreset_mode="SameStep", second_try=0.4, randomize=RANDOM, **TASK)

    class LanesEnv(base):
        actions: Any

        def reset(self) -> Any:
            return envs.reset(seed=seed)[0]

        def step_async(self, actions: Any) -> None:
            self.actions = np.clip(actions, -1.0, 1.0)

        def step_wait(self) -> Any:
            observations, rewards, terminated, truncated, infos = envs.step(self.actions)
            ended = terminated | truncated
            each: list[dict[str, Any]] = [{} for _ in range(LANES)]
            for lane in np.flatnonzero(ended).tolist():
                final = infos["final_obs"][lane]
                each[lane] = {"terminal_observation": final, "TimeLimit.truncated": bool(truncated[lane])}
            return observations, (REWARD * rewards).astype(np.float32), ended, each

        def close(self) -> None:
            envs.close()

        def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
            del attr_name, indices
            return [None] * LANES

        def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
            del attr_name, value, indices

        def env_method(self, *_: Any, **__: Any) -> list[Any]:
            return []

        def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
            del wrapper_class, indices
            return [False] * LANES

    return LanesEnv(LANES, envs.single_observation_space, envs.single_action_space)


def train(track: str, steps: int, seed: int, each: Callable[[Report], None]) -> None:
    """
    Train a policy.

    Args:
        track: As `acbridge_gym.tracks.track_of` has it.
        steps: Steps of all lanes together.
        seed: Begins every random generator.
        each: Called with every evaluation, and once more at the end.

    Raises:
        ModuleNotFoundError: The extra is missing.
    """
    torch: Any = import_module("torch")
    algorithm: Any = import_module("stable_baselines3").PPO
    callbacks: Any = import_module("stable_baselines3.common.callbacks")
    torch.set_num_threads(1)
    model = algorithm(
        "MlpPolicy",
        lanes_for(track, seed),
        learning_rate=lambda left: RATE * max(LEAST_RATE, left),
        seed=seed,
        device="cpu",
        **PPO,
    )
    with torch.no_grad():
        model.policy.action_net.bias[1] = FIRST_GAS
    settings = Settings(flat=True)
    course = race_sim(track=track, compiled=True, **lap_settings(LAPS))
    best: Drive | None = None

    def evaluate() -> None:
        nonlocal best
        more = {"track": track, "seed": seed, "steps": int(model.num_timesteps), "lag_ms": list(RANDOM["lag_ms"])}
        policy = policy_of(model, manifest_of(settings, **more))
        driven = drive(course, policy.act)
        better = best is None or driven.worth > best.worth
        best = driven if better else best
        policy = Policy(policy.layers, {**policy.manifest, "laps_s": [lap.time_s for lap in driven.laps]})
        each(Report(int(model.num_timesteps), driven, better, policy))

    class Evaluate(callbacks.BaseCallback):
        due = EVERY

        def _on_step(self) -> bool:
            return True

        def _on_rollout_end(self) -> None:
            if model.num_timesteps >= self.due:
                self.due += EVERY
                evaluate()

    model.learn(steps, callback=Evaluate())
    evaluate()


def policy_of(model: Any, manifest: dict[str, Any]) -> Policy:
    """Return the actor of a PPO model of Stable-Baselines3."""
    state = {name: value.detach().cpu().numpy() for name, value in model.policy.state_dict().items()}
    names = [f"mlp_extractor.policy_net.{2 * i}" for i in range(len(PPO["policy_kwargs"]["net_arch"]))]
    layers = tuple((state[f"{name}.weight"], state[f"{name}.bias"]) for name in (*names, "action_net"))
    return Policy(layers, manifest)
