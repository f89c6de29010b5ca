"""
Environments for reinforcement learning, as Gymnasium has them. Needs the extra ``gym``.

>>> import gymnasium as gym
>>> import acbridge_gym
>>> env = gym.make("acbridge/RaceSim-v0", start="anywhere")
>>> observation, info = env.reset(seed=7)

``acbridge/Race-v0`` drives the car of a daemon, in real time. ``acbridge/RaceSim-v0`` drives the stand-in in this
process, in lock-step. ``gym.make_vec`` makes many lanes of it in compiled code, with the extra ``batch``.
"""

import signal
import sys
from importlib.util import find_spec
from pathlib import PurePath
from typing import TYPE_CHECKING, NoReturn

__all__ = [
    "REASONS",
    "TABLE",
    "Action",
    "Channel",
    "Ends",
    "RaceEnv",
    "Randomize",
    "Reason",
    "Reward",
    "Seen",
    "Settings",
    "Term",
    "channels",
]

if PurePath(*sys.argv[:1]).stem == "acbridge-gym":  # this program, not a user of the package: an interrupt is silent
    signal.signal(signal.SIGINT, signal.SIG_DFL)

if not TYPE_CHECKING and None in map(find_spec, ("gymnasium", "numpy")):  # the program can still say what to install

    def __getattr__(_name: str) -> NoReturn:
        raise ImportError('acbridge_gym needs gymnasium and numpy: pip install "acbridge[gym]"')

else:
    import gymnasium as gym

    from acbridge_gym.action import Action
    from acbridge_gym.channels import Channel, channels
    from acbridge_gym.ends import REASONS, Ends, Reason
    from acbridge_gym.envs.race import RaceEnv
    from acbridge_gym.randomize import Randomize
    from acbridge_gym.reward import TABLE, Reward, Term
    from acbridge_gym.seen import Seen
    from acbridge_gym.settings import Settings

    gym.register(  # pyright: ignore[reportUnknownMemberType]
        "acbridge/Race-v0",
        entry_point="acbridge_gym.envs.race:race",
        nondeterministic=True,
    )
    gym.register(  # pyright: ignore[reportUnknownMemberType]
        "acbridge/RaceSim-v0",
        entry_point="acbridge_gym.envs.race:race_sim",
        vector_entry_point="acbridge_gym.vector.batch:RaceSimVectorEnv",
    )
