"""Tests that the look-ahead tables are, to the last bit, the plain backward pass over what is left."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from satllm_env.envs.lookahead_tables import look_back, make_desk, nearest_first
from satllm_env.problem import Instance
from satllm_env.problem.bounds import cost_to_go, prefix_s
from satllm_env.scenarios import load_scenario
from tests.strategies import problems


def without(tables, used_nodes, used_links, here):
    """The instance's arrays without the processors and links that have served."""
    served = used_nodes | (np.arange(tables.num_nodes) == here)
    layers = np.arange(tables.num_layers)
    return tables._replace(
        stage_reach=np.where(served[:, None], layers, tables.stage_reach),
        transfer_s=np.where(used_links[:, None, None], np.inf, tables.transfer_s),
    )


def assert_same_tables(tables, rng):
    """Use some of an instance at random, and compare every table that is asked for with the plain pass."""
    size, levels = tables.num_nodes, tables.num_levels
    used_nodes, used_links = rng.random(size) < 0.2, rng.random(len(tables.link_source)) < 0.2
    used_nodes[tables.destination] = False
    here = int(rng.choice(np.flatnonzero(np.arange(size) != tables.destination)))
    least_s = cost_to_go(tables).arrival[tables.source, 0, 0]
    scale = least_s if np.isfinite(least_s) else 1.0
    limits_s = np.array([scale * rng.random(), scale * rng.random() * 0.1, np.inf])
    prices = np.array([0.0, *scale * rng.random(2) * 1e-3])
    out = np.append(tables.out_links[tables.out_start[here] : tables.out_start[here + 1]], -1)
    for served, lowest, every in ((False, 0, True), (True, tables.num_layers // 2, True), (True, 1, False)):
        desk = make_desk(size, tables.num_layers, len(tables.link_source), levels, 3)
        rows = np.full((tables.num_layers + 1 if every else 1, len(out), 3 * levels), np.nan)
        look_back(
            tables,
            prefix_s(tables),
            nearest_first(tables),
            limits_s,
            prices,
            used_nodes,
            used_links,
            here,
            served,
            lowest,
            out,
            desk,
            rows,
        )
        left = without(tables, used_nodes, used_links, here if served else -1)
        plain = [cost_to_go(left, limit, price) for limit, price in zip(limits_s, prices, strict=True)]
        arrival, departure = (np.stack([table[part] for table in plain]) for part in range(2))
        found = desk.arrival.reshape(size, 3, levels).transpose(1, 0, 2)
        assert np.array_equal(found, arrival[..., lowest])
        leaving = desk.departure[here, lowest:].reshape(-1, 3, levels).transpose(1, 2, 0)
        assert np.array_equal(leaving, departure[:, here, :, lowest:])
        for slot, link in enumerate(out[:-1].tolist()):
            end = arrival[:, tables.link_target[link]]
            kept = rows[lowest:, slot] if every else rows[:, slot]
            asked = end[..., lowest:] if every else end[..., lowest : lowest + 1]
            assert np.array_equal(kept.reshape(-1, 3, levels).transpose(1, 2, 0), asked)
        assert np.isnan(rows[:, -1]).all()


@settings(max_examples=150)
@given(problems(layers=5, satellites=5), st.integers(0, 2**32 - 1))
def test_small_problems_of_every_shape(problem, seed):
    """Over small random problems, whatever has been used."""
    assert_same_tables(Instance.from_problem(problem).tables, np.random.default_rng(seed))


@pytest.mark.parametrize("name", ["paper", "walker-dense", "iridium"])
def test_scenarios(name):
    """Over requests of scenarios."""
    for seed in range(3):
        assert_same_tables(load_scenario(name).sample(seed).instance.tables, np.random.default_rng(seed))


def test_links_nearest_to_the_destination_come_first():
    """Links are in the order of hops from their ends to the destination, which label those nodes soonest."""
    tables = load_scenario("walker-dense").sample(0).instance.tables
    order = nearest_first(tables)
    assert sorted(order.tolist()) == list(range(len(order)))
    hops = {tables.destination: 0}
    for _ in range(tables.num_nodes):
        for link in range(len(order)):
            after = hops.get(int(tables.link_target[link]))
            before = int(tables.link_source[link])
            if after is not None:
                hops[before] = min(hops.get(before, after + 1), after + 1)
    ends = [hops.get(int(tables.link_target[link]), tables.num_nodes) for link in order]
    assert ends == sorted(ends)
