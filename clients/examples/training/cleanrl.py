"""PPO in one file, in the style of CleanRL, on 64 compiled lanes: python cleanrl.py [STEPS]."""
# pyright: basic, reportMissingImports=false, reportOptionalSubscript=false

import sys

import gymnasium as gym
import torch
from torch import nn

LANES, ROLLOUT, EPOCHS, PARTS = 64, 128, 5, 4
GAMMA, LAMBDA, CLIP, RATE, SCALE = 0.9925, 0.978, 0.2, 6e-4, 0.3
ENDS = {"off_track_s": 0.0, "stuck_s": 1.0}
TASK = {"flat": True, "start": "anywhere", "max_episode_s": 24.0, "ends": ENDS, "second_try": 0.4}


def network(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, outputs))


def main(steps: int) -> None:
    torch.manual_seed(1)
    envs = gym.make_vec("acbridge_gym:acbridge/RaceSim-v0", num_envs=LANES, autoreset_mode="SameStep", **TASK)
    numbers, axes = envs.single_observation_space.shape[0], envs.single_action_space.shape[0]
    actor, critic, spread = network(numbers, axes), network(numbers, 1), nn.Parameter(torch.full((axes,), -0.8))
    optimizer = torch.optim.Adam(learned := [*actor.parameters(), *critic.parameters(), spread], RATE)
    seen = torch.as_tensor(envs.reset(seed=1)[0])
    for done in range(0, steps, LANES * ROLLOUT):
        kept, way = [], 0.0
        for _ in range(ROLLOUT):
            with torch.no_grad():
                choice = torch.distributions.Normal(actor(seen), spread.exp())
                chance, value = choice.log_prob(action := choice.sample()).sum(1), critic(seen)[:, 0]
                observation, reward, terminated, truncated, info = envs.step(action.clamp(-1, 1).numpy())
                reward, ended = SCALE * torch.as_tensor(reward).float(), torch.as_tensor(terminated | truncated)
                for lane in truncated.nonzero()[0]:  # the episode would have gone on: its value does
                    reward[lane] += GAMMA * critic(torch.as_tensor(info["final_obs"][lane]))[0]
            kept.append((seen, action, chance, value, reward, ended))
            seen, way = torch.as_tensor(observation), way + info["progress_m"].mean()
        seens, actions, chances, values, rewards, ends = (torch.stack(part) for part in zip(*kept, strict=True))
        with torch.no_grad():
            following, gained, gains = critic(seen)[:, 0], torch.zeros(LANES), torch.zeros_like(values)
            for i, on in reversed(list(enumerate((~ends).float()))):
                gained = rewards[i] + GAMMA * on * following - values[i] + GAMMA * LAMBDA * on * gained
                gains[i], following = gained, values[i]
        flat = [part.flatten(0, 1) for part in (seens, actions, chances, gains, gains + values)]
        for part in torch.randperm(LANES * ROLLOUT).repeat(EPOCHS).chunk(EPOCHS * PARTS):
            s, a, old, gain, target = (each[part] for each in flat)
            choice = torch.distributions.Normal(actor(s), spread.exp())
            ratio, gain = (choice.log_prob(a).sum(1) - old).exp(), (gain - gain.mean()) / (gain.std() + 1e-8)
            better = torch.min(ratio * gain, ratio.clamp(1 - CLIP, 1 + CLIP) * gain).mean()
            loss = 0.5 * (critic(s)[:, 0] - target).pow(2).mean() - better
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(learned, 0.5)
            optimizer.step()
        print(f"{done + LANES * ROLLOUT:>9} steps: {way / (ROLLOUT * 0.045):5.1f} m/s", flush=True)


if __name__ == "__main__":
    main(int(float(sys.argv[1])) if sys.argv[1:] else 1_000_000)
