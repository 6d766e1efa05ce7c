"""The exact planner as a teacher."""

import numpy as np
import pytest

from agents.policies.expert import Expert
from planners import solve
from planners.limits import Limits
from satllm_env.envs import SatLLMSplitEnv

LIMITS = Limits(label_limit=10**6)


def walked(seed: int, explore: float) -> tuple[float, float, bool]:
    """The optimum, the walk's delay (inf for a dead end), and whether every move was called optimal."""
    env = SatLLMSplitEnv("paper-ground", num_levels=9)
    env.reset(seed=seed)
    rng, optimum_s = np.random.default_rng(seed), solve(env.instance).delay_s
    expert, over, all_best = Expert(env.walk, env.layout.num_levels, LIMITS), False, True
    assert expert.delay_s == pytest.approx(optimum_s, rel=1e-9)
    while not over:
        action = expert.action
        if action is None or rng.random() < explore:
            action = int(rng.choice(np.flatnonzero(env.action_masks())))
        known, before_s = expert.action is not None, expert.delay_s
        _, _, over, _, info = env.step(action)
        if known and over:
            all_best &= expert.end(action, info["delay_s"])
        elif known:
            all_best &= expert.follow(action, lambda: env.walk)
            assert expert.action is None or expert.delay_s >= before_s * (1 - 1e-9)
    return optimum_s, info["delay_s"], all_best


def test_whoever_follows_it_walks_optimally() -> None:
    """From the source to the end."""
    for seed in range(4):
        optimum_s, delay_s, all_best = walked(seed, explore=0.0)
        assert delay_s == pytest.approx(optimum_s, rel=1e-9)
        assert all_best


def test_moves_that_it_calls_optimal_are() -> None:
    """Walks of drawn moves end at the optimum exactly where no move was called worse."""
    verdicts = []
    for seed in range(16):
        optimum_s, delay_s, all_best = walked(seed, explore=0.03)
        assert all_best == (delay_s <= optimum_s * (1 + 1e-9))
        verdicts.append(all_best)
    assert 0 < sum(verdicts) < len(verdicts)
