"""Tests of the bounds behind the masks, against the ones that the problem defines."""

import numpy as np
import pytest

from satllm_env.errors import NoPlanError
from satllm_env.problem.capacity import least_bottleneck_s
from satllm_env.problem.reachability import finishable, on_the_way
from tests.strategies import random_problem
from tests.unit.envs.cases import SOURCES, at_random, make, source_id, walk


def check_arrival(env):
    """Slots open where `finishable` and the processors' capacity say, as things stand and after."""
    state, tables, left = env.walk, env.instance.tables, env.left
    here, boundary, layers = state.node, state.boundary, tables.num_layers
    for slot, link in enumerate(env.slots[here].tolist()):
        if link < 0 or state.used_links[link]:
            assert left.opens[slot] == left.opens_after[slot] == layers + 1
            continue
        links, target = state.used_links.copy(), tables.link_target[link]
        links[link] = True
        spent = state.used_nodes | ~on_the_way(tables, links, target)
        for served, opens in ((-1, left.opens[slot]), (here, left.opens_after[slot])):
            holds = np.isfinite(least_bottleneck_s(tables, spent, served))[::-1]
            can = finishable(tables, spent, links, served)[target] & holds
            # payloads do not lose layers: fewer than are done are not told apart
            assert np.array_equal(can[boundary:], np.arange(boundary, layers + 1) >= opens)


def check_bottlenecks(env):
    """The least bottlenecks of the layers that are left are the problem's."""
    state, tables = env.walk, env.instance.tables
    spent = state.used_nodes | ~on_the_way(tables, state.used_links, state.node)
    most = tables.num_layers - state.boundary + 1
    for served, found in ((-1, env.left.least_s), (state.node, env.left.least_after_s)):
        assert np.array_equal(found[:most], least_bottleneck_s(tables, spent, served)[:most])


def check_walk(env, seed):
    """Check every arrival of a random walk, and count them."""
    chooser, arrivals = at_random(seed), 0

    def choose(info):
        nonlocal arrivals
        if env.walk.stage_start < 0:
            check_arrival(env)
            check_bottlenecks(env)
            arrivals += 1
        return chooser(info)

    walk(env, choose, seed=seed)
    return arrivals


@pytest.mark.parametrize("source", SOURCES, ids=source_id)
def test_sources(source):
    """Over every scenario and problem file, at every arrival of random walks."""
    env = make(**source)
    assert sum(check_walk(env, seed) for seed in range(3)) > 3


def test_small_problems():
    """The same over small problems of every shape."""
    arrivals = 0
    for seed in range(150):
        env = make(problem=random_problem(np.random.default_rng(seed)))
        try:
            env.reset()
        except NoPlanError:
            continue
        arrivals += check_walk(env, seed)
    assert arrivals > 300
