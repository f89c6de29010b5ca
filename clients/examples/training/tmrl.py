"""The car of a daemon as an environment of rtgym, as TMRL uses it: python tmrl.py [HOST:PORT [STEPS]]."""
# pyright: basic, reportMissingImports=false

import sys
from typing import Any

import gymnasium as gym
import numpy as np
from rtgym import DEFAULT_CONFIG_DICT, RealTimeGymInterface

STEP_S, OURS_MS = 0.045, 42  # our step is a little shorter than rtgym's, so that its clock is the one that waits


class AcbridgeInterface(RealTimeGymInterface):
    """What rtgym needs of a car: send a command, look, begin again."""

    def __init__(self, address: str = "127.0.0.1:5555", **settings: Any) -> None:
        host, _, port = address.rpartition(":")
        keywords = {"host": host, "port": int(port), "flat": True, "step_ms": OURS_MS, **settings}
        self.env: Any = gym.make("acbridge_gym:acbridge/Race-v0", **keywords).unwrapped

    def get_observation_space(self) -> gym.spaces.Tuple:
        return gym.spaces.Tuple((self.env.observation_space,))

    def get_action_space(self) -> gym.spaces.Box:
        return self.env.action_space

    def get_default_action(self) -> np.ndarray:
        return np.zeros(self.env.action_space.shape, np.float32)

    def send_control(self, control: np.ndarray | None) -> None:
        if control is not None:
            self.env.send_action(control)

    def reset(self, seed: int | None = None, options: dict | None = None) -> tuple[list, dict]:
        observation, info = self.env.reset(seed=seed, options=options)
        return [observation], info

    def get_obs_rew_terminated_info(self) -> tuple[list, float, bool, dict]:
        observation, reward, terminated, truncated, info = self.env.wait_step()
        return [observation], reward, terminated or truncated, info  # rtgym truncates by its own clock only

    def close(self) -> None:
        self.env.close()


if __name__ == "__main__":
    car = AcbridgeInterface(sys.argv[1] if sys.argv[1:] else "127.0.0.1:5555", start={"s": 20.0, "speed": 15.0})
    times = {"time_step_duration": STEP_S, "start_obs_capture": STEP_S}
    env = gym.make("real-time-gym-v1", config={**DEFAULT_CONFIG_DICT, **times, "interface": lambda: car})
    env.reset()
    for _ in range(int(sys.argv[2]) if sys.argv[2:] else 200):
        _, reward, terminated, truncated, info = env.step(np.array([0.0, 0.3], np.float32))
        print(f"{info['distance_m']:7.1f} m  age {info['age_ms']:4.1f} ms  {info['reason']}", flush=True)
        if terminated or truncated:
            env.reset()
    car.close()
