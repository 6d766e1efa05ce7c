"""Tests of the capacity bound: its definition, and no random walk that beats it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from satllm_env.problem import Plan, Walk
from satllm_env.problem.capacity import least_bottleneck_s
from tests.unit.problem.cases import line_data, line_instance
from tests.unit.problem.generator import finished_walks, random_instance
from tests.unit.problem.reference import Reference


def unused(instance):
    """Nothing has served."""
    return np.zeros(instance.tables.num_nodes, np.bool_)


@given(st.integers(0, 2**32), st.data())
def test_definition(seed, data):
    """`r` layers take the r-th smallest of the multiples of quickest layers that processors can hold."""
    instance = random_instance(seed)
    reference = Reference(instance.problem)
    used = np.random.default_rng(seed).random(instance.tables.num_nodes) < 0.3
    here = data.draw(st.integers(-1, len(used) - 1))
    multiples = []
    for v, node in enumerate(instance.problem.nodes):
        if used[v] or v == here or not reference.computes(node.id):
            continue
        runs = [(i, j) for i in range(reference.last) for j in range(i + 1, reference.last + 1)]
        longest = max((j - i for i, j in runs if reference.fits(node, i, j)), default=0)
        quickest = min(reference.stage_s(node.id, i, i + 1, 0, 0) for i in range(reference.last))
        multiples += [count * quickest for count in range(1, longest + 1)]
    multiples = [0.0, *sorted(multiples)] + [np.inf] * reference.last
    found = least_bottleneck_s(instance.tables, used, here)
    np.testing.assert_allclose(found, multiples[: reference.last + 1], rtol=1e-12)


def test_never_above_what_walks_pay():
    """The stages that follow an arrival of a random walk are never all quicker than the bound."""
    for walk in finished_walks(200, seed=6):
        tables, stages = walk.instance.tables, Plan.from_walk(walk).stages
        used = unused(walk.instance)
        for position, stage in enumerate(stages):
            bound = least_bottleneck_s(tables, used, -1)[tables.num_layers - stage.first_layer]
            assert bound <= max(s.compute_s for s in stages[position:]) * (1 + 1e-12)
            used[stage.node] = True


def test_hand_made():
    """At one second a layer on a, half on b and an eighth on g, three layers fit below half a second."""
    assert least_bottleneck_s(line_instance().tables, unused(line_instance()), -1).tolist() == [
        0, 0.125, 0.25, 0.375,
    ]  # fmt: skip
    no_ground = line_instance(ground_may_compute=False)
    assert least_bottleneck_s(no_ground.tables, unused(no_ground), -1).tolist() == [0, 0.5, 1, 1]
    assert least_bottleneck_s(no_ground.tables, unused(no_ground), 1).tolist() == [0, 1, 2, 3]


def test_nothing_left():
    """Without memory anywhere no layer can be held."""
    nodes = [{**node, "memory_bytes": 0.0} for node in line_data()["nodes"]]
    instance = line_instance(nodes=nodes)
    assert least_bottleneck_s(instance.tables, Walk(instance).used_nodes, -1).tolist() == [0, *[np.inf] * 3]
