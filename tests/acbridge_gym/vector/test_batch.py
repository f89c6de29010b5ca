"""Many lanes: equal to single environments under Gymnasium's own vectoriser, in each of its modes of restarting."""

from typing import Any, cast

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers.vector import RecordEpisodeStatistics

pytest.importorskip("numba")

from acbridge_gym.vector.batch import RaceSimVectorEnv
from racing import random_actions

ID = "acbridge/RaceSim-v0"
SHORT: dict[str, Any] = {"start": "anywhere", "max_episode_s": 3.0, "ends": {"off_track_s": 0.0}}
N = 4


def made(**settings: Any) -> RaceSimVectorEnv:
    envs = gym.make_vec(ID, num_envs=settings.pop("num_envs", N), **(SHORT | settings))
    assert isinstance(envs, RaceSimVectorEnv)
    return envs


def actions(count: int, seed: int = 0) -> Any:
    """Return actions for N lanes, step by step."""
    return np.stack([random_actions(count, 2, seed + lane) for lane in range(N)], 1)


def same(here: dict[str, Any], there: dict[str, Any], where: Any) -> None:
    """Check that infos of two vector environments are equal, in the lanes that have them."""
    assert set(there) == set(here)
    for name, value in there.items():
        if name.startswith("_"):
            continue
        mask = there.get(f"_{name}", where)
        assert np.array_equal(mask, here.get(f"_{name}", where)), name
        if isinstance(value, dict):
            same(here[name], cast("dict[str, Any]", value), mask)
            continue
        for lane in np.flatnonzero(mask):
            same_observation(here[name][lane], value[lane])


def same_observation(here: Any, there: Any) -> None:
    if not isinstance(there, dict):
        assert np.array_equal(here, there)
        return
    channels = cast("dict[str, Any]", there)
    assert set(channels) == set(here)
    for name, value in channels.items():
        assert np.array_equal(here[name], value), name


@pytest.mark.parametrize("mode", list(AutoresetMode))
@pytest.mark.parametrize("flat", [False, True])
def test_lanes_are_single_environments_bit_for_bit(mode: AutoresetMode, flat: bool) -> None:
    lanes: Any = made(autoreset_mode=mode, flat=flat)
    singles: Any = gym.make_vec(
        ID,
        num_envs=N,
        vectorization_mode="sync",
        vector_kwargs={"autoreset_mode": mode},
        compiled=True,
        flat=flat,
        **SHORT,
    )
    assert singles.observation_space == lanes.observation_space
    every = np.ones(N, bool)
    here, there = lanes.reset(seed=5), singles.reset(seed=5)
    ends = 0
    for action in actions(200):
        same(here[-1], there[-1], every)
        assert lanes.observation_space.contains(here[0])
        same_observation(here[0], there[0])
        here, there = lanes.step(action), singles.step(action)
        for left, right in zip(here[1:4], there[1:4], strict=True):
            assert right.dtype == left.dtype
            assert np.array_equal(left, right)
        ended = here[2] | here[3]
        ends += ended.sum()
        if mode is AutoresetMode.DISABLED and ended.any():
            here = lanes.reset(options={"reset_mask": ended})
            there = singles.reset(options={"reset_mask": ended.copy()})
    assert ends > 8


@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_gymnasiums_statistics_are_those_of_the_episodes(mode: AutoresetMode) -> None:
    if mode is AutoresetMode.SAME_STEP and gym.__version__ < "1.4":
        pytest.skip("before 1.4 they leave out the first step of an episode in this mode")
    envs: Any = RecordEpisodeStatistics(made(autoreset_mode=mode))
    envs.reset(seed=1)
    returns, lengths, begun = np.zeros(N), np.zeros(N, int), np.zeros(N, bool)
    seen = 0
    for action in actions(250, seed=9):
        _, rewards, terminated, truncated, infos = envs.step(action)
        if mode is AutoresetMode.NEXT_STEP:
            assert not rewards[begun].any()
            assert not (terminated | truncated)[begun].any()
            returns[begun], lengths[begun] = 0, -1
        returns += rewards
        lengths += 1
        ended = terminated | truncated
        if ended.any():
            assert np.array_equal(ended, infos["_episode"])
            assert infos["episode"]["r"][ended] == pytest.approx(returns[ended])
            assert np.array_equal(infos["episode"]["l"][ended], lengths[ended])
            source = infos["final_info"] if mode is AutoresetMode.SAME_STEP else infos
            assert all(source["reason"][ended])
            seen += ended.sum()
            if mode is not AutoresetMode.NEXT_STEP:
                returns[ended], lengths[ended] = 0, 0
        if mode is AutoresetMode.DISABLED and ended.any():
            envs.reset(options={"reset_mask": ended})
        begun = ended
    assert seen > 8


def test_the_mode_is_said_and_may_be_a_word() -> None:
    assert AutoresetMode.NEXT_STEP is made().metadata["autoreset_mode"]
    assert AutoresetMode.SAME_STEP is made(autoreset_mode="SameStep").metadata["autoreset_mode"]


def test_a_lane_that_was_not_reset_is_named_when_the_mode_is_disabled() -> None:
    envs = made(autoreset_mode="Disabled", max_episode_s=0.09)
    envs.reset(seed=0)
    quiet = np.zeros((N, 2), np.float32)
    envs.step(quiet)
    assert envs.step(quiet)[3].all()
    with pytest.raises(RuntimeError, match=r"lanes \[0, 1, 2, 3\] have ended: reset them"):
        envs.step(quiet)
    envs.reset(options={"reset_mask": np.array([True, True, False, True])})
    with pytest.raises(RuntimeError, match=r"lanes \[2\] have ended"):
        envs.step(quiet)


def test_the_sum_of_the_terms_is_the_reward_with_a_term_of_ones_own() -> None:
    def mine(before: Any, after: Any, memory: Any, road: Any) -> float:
        del before, road
        return after.gear + memory.progress_m + after.slip[0]

    envs = made(reward={"mine": (mine, 0.25)})
    envs.reset(seed=3)
    for action in actions(60):
        _, rewards, _, _, infos = envs.step(action)
        total = np.zeros(N)
        for name, term in infos["reward_terms"].items():
            if not name.startswith("_"):
                total += term
        assert np.array_equal(total, rewards)


def test_lanes_on_several_tracks_are_those_of_a_batch_on_each() -> None:
    settings: dict[str, Any] = {"flat": True, "start": {"s": 120.0, "speed": 15.0}}
    several = made(num_envs=5, track=["oval", "random:3-4"], **settings)
    assert ["oval", "3", "3", "4", "4"] == [several.lanes.track(lane).configuration for lane in range(5)]
    each = [made(num_envs=n, track=name, **settings) for n, name in ((1, "oval"), (2, "random:3"), (2, "random:4"))]
    parts = slice(0, 1), slice(1, 3), slice(3, 5)
    several.reset(seed=0)
    for envs in each:
        envs.reset(seed=0)
    wild = random_actions(5, 2, 8).astype(np.float32)
    for _ in range(60):
        here: Any = several.step(wild)
        there: Any = [envs.step(wild[lanes]) for envs, lanes in zip(each, parts, strict=True)]
        for i in range(4):
            assert np.array_equal(here[i], np.concatenate([found[i] for found in there]))


def test_fewer_lanes_than_tracks_are_refused() -> None:
    with pytest.raises(ValueError, match="2 tracks need as many lanes"):
        made(num_envs=1, track=["oval", "circuit"])


def test_restarts_before_the_last_crashes() -> None:
    envs = made(num_envs=32, autoreset_mode="SameStep", second_try=1.0, max_episode_s=24.0)
    envs.reset(seed=0)
    wild = np.tile(np.array([0.0, 1.0], np.float32), (32, 1))
    crashes: list[float] = []
    starts: list[float] = []
    length = envs.lanes.track(0).length
    for _ in range(300):
        _, _, terminated, _, infos = envs.step(wild)
        if terminated.any():
            if len(crashes) >= 64:
                starts += infos["distance_m"][terminated].tolist()
            crashes += infos["final_info"]["distance_m"][terminated].tolist()
    assert len(starts) > 10
    for start in starts:
        assert any(35 < (crash - start) % length < 225 for crash in crashes)


def test_a_seed_forgets_the_crashes_of_before() -> None:
    envs = made(num_envs=16, autoreset_mode="SameStep", second_try=0.5, max_episode_s=24.0, flat=True)
    wild = np.tile(np.array([0.0, 1.0], np.float32), (16, 1))
    found: list[bytes] = []
    for _ in range(2):
        envs.reset(seed=4)
        found.append(b"".join(envs.step(wild)[0].tobytes() for _ in range(250)))
    assert found[0] == found[1]


def test_a_lane_that_was_never_reset_is_noticed() -> None:
    envs = made()
    envs.reset(seed=0, options={"reset_mask": np.array([True, False, False, True])})
    with pytest.raises(RuntimeError, match="reset every lane"):
        envs.step(np.zeros((N, 2), np.float32))


def test_seeds_may_be_given_one_by_one_and_lanes_are_independent() -> None:
    envs = made(flat=True)
    here, _ = envs.reset(seed=[7, 8, 9, 10])
    there, _ = envs.reset(seed=7)
    assert np.array_equal(here, there)
    again, _ = envs.reset(seed=[10, None, 9, 8])
    assert np.array_equal(here[[3, 2, 1]], again[[0, 2, 3]])
    with pytest.raises(ValueError, match="there are 4 lanes, and 2 seeds"):
        envs.reset(seed=[1, 2])


@pytest.mark.parametrize(
    ("mask", "error"),
    [
        ([True] * N, TypeError),
        (np.ones(N), TypeError),
        (np.ones(N - 1, bool), ValueError),
        (np.zeros(N, bool), ValueError),
    ],
)
def test_a_mask_that_is_none_is_refused(mask: Any, error: type[Exception]) -> None:
    envs = made()
    envs.reset(seed=0)
    with pytest.raises(error, match="reset_mask"):
        envs.reset(options={"reset_mask": mask})


def test_what_cannot_be_is_refused() -> None:
    envs = made()
    with pytest.raises(RuntimeError, match="reset every lane"):
        envs.step(np.zeros((N, 2), np.float32))
    envs.reset(seed=0)
    with pytest.raises(ValueError, match=r"the shape \(4, 2\), not \(4, 3\)"):
        envs.step(np.zeros((N, 3), np.float32))
    with pytest.raises(ValueError, match="finite"):
        envs.step(np.full((N, 2), np.nan, np.float32))
    with pytest.raises(ValueError, match="second_try is a share"):
        made(second_try=1.5)


def test_pictures_of_all_lanes() -> None:
    envs = made(render_mode="rgb_array")
    envs.reset(seed=0)
    pictures = envs.render()
    assert pictures is not None
    assert [(400, 400, 3)] * N == [picture.shape for picture in pictures]
