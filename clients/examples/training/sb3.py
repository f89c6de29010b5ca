"""PPO of Stable-Baselines3 on the stand-in, then a drive of a daemon's car: python sb3.py [STEPS [HOST:PORT]]."""
# pyright: basic, reportMissingImports=false

import sys

import gymnasium as gym
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env

SIM, LIVE = "acbridge_gym:acbridge/RaceSim-v0", "acbridge_gym:acbridge/Race-v0"
TASK = {"flat": True, "start": "anywhere", "max_episode_s": 24.0, "ends": {"off_track_s": 0.0, "stuck_s": 1.0}}
"""Short episodes from anywhere, which end as soon as three wheels are off the track."""
LAG = {"lag_ms": (0.0, 60.0)}
"""A policy that was trained without any lag may not survive that of the real thing."""


def train(steps: int) -> PPO:
    """Return a model that has seen so many steps; `acbridge-gym train` does more to make it fast."""
    lanes = make_vec_env(SIM, n_envs=16, seed=1, env_kwargs={**TASK, "randomize": LAG, "compiled": True})
    horizon = {"gamma": 0.9925, "gae_lambda": 0.978}  # 6 s and 1.5 s at 45 ms
    size = min(512, max(16, steps // 16))
    model = PPO("MlpPolicy", lanes, n_steps=size, batch_size=size, verbose=1, seed=1, device="cpu", **horizon)
    model.learn(steps)
    return model


def drive(model: PPO, env: gym.Env) -> None:
    """Drive one episode with the mean action, and print how far it got."""
    observation, info = env.reset(seed=1)
    way, ended = 0.0, False
    while not ended:
        action, _ = model.predict(observation, deterministic=True)
        observation, _, terminated, truncated, info = env.step(action)
        way += info["progress_m"]
        ended = terminated or truncated
    env.close()
    print(f"{way:.0f} m in {info['episode_s']:.1f} s, then {info['reason']}")


if __name__ == "__main__":
    model = train(int(float(sys.argv[1])) if sys.argv[1:] else 500_000)
    drive(model, gym.make(SIM, flat=True))
    if sys.argv[2:]:
        host, _, port = sys.argv[2].rpartition(":")
        drive(model, gym.make(LIVE, host=host, port=int(port), flat=True))
