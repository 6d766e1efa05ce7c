"""Tests by random walks: whatever unmasked actions are taken, what the environment says holds.

``pytest --episodes 10000`` walks more of them.
"""

import math

import numpy as np
import pytest

from satllm_env.errors import NoPlanError
from satllm_env.problem import evaluate, parse_steps
from tests.strategies import random_problem
from tests.unit.envs.cases import SCENARIOS, at_random, make, walk

SHARES = len(SCENARIOS) + 1
"""The episodes are shared between the scenarios and small random problems of every shape."""


def check_end(env, episode):
    """A finished walk is a legal plan of that delay; a failed one is marked and charged in full."""
    end = episode.end
    assert np.isfinite(episode.observations).all()
    assert all(info["action_mask"].any() for info in episode.infos)
    assert end["illegal_move"] is None
    assert end["is_success"] is not end["dead_end"]
    if end["is_success"]:
        plan = evaluate(env.instance, parse_steps(end["plan"]))
        assert plan.delay_s == end["delay_s"] >= end["reference_s"] * (1 - 1e-9)
        assert episode.total == pytest.approx(-plan.delay_s, rel=1e-9)
    else:
        assert math.isinf(end["delay_s"])
        assert end["plan"] == []
        assert episode.total == pytest.approx(-end["fallback_s"], rel=1e-9)


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenarios(name, pytestconfig):
    """Random masked walks over a scenario end as documented, all of them."""
    env = make(scenario=name)
    ends = {True: 0, False: 0}
    for seed in range(pytestconfig.getoption("--episodes") // SHARES):
        episode = walk(env, at_random(seed), seed=seed)
        check_end(env, episode)
        ends[episode.end["is_success"]] += 1
    assert ends[True] > ends[False]


def test_random_problems(pytestconfig):
    """Random masked walks over small problems of every shape end as documented, dead ends among them."""
    ends = {"success": 0, "dead end": 0, "no plan": 0}
    # the last two are known to end in dead ends that the mask cannot see
    for seed in (*range(pytestconfig.getoption("--episodes") // SHARES), 225, 298):
        env = make(problem=random_problem(np.random.default_rng(seed)))
        try:
            env.reset()
        except NoPlanError:
            ends["no plan"] += 1
            continue
        episode = walk(env, at_random(seed))
        check_end(env, episode)
        ends["success" if episode.end["is_success"] else "dead end"] += 1
    assert all(ends.values())
