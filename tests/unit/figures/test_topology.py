"""The graph of a problem without positions."""

import numpy as np
import pytest

from satllm_env.figures import topology_graph
from satllm_env.figures.topology import graph_layout
from satllm_env.problem import Instance, Walk, load_problem, parse_problem
from tests.unit.figures.inspection import assert_readable, words
from tests.unit.figures.places import chain, forward, network_data, ring
from tests.unit.problem.generator import random_instance


def grid(planes, per_plane):
    """Planes of satellites, each linked to its neighbours in and across planes."""
    ids = [f"s{i}" for i in range(planes * per_plane)]
    pairs = [
        (ids[p * per_plane + s], ids[other])
        for p in range(planes)
        for s in range(per_plane)
        for other in (p * per_plane + (s + 1) % per_plane, (p + 1) % planes * per_plane + s)
    ]
    data = network_data([*ids, "ground"], [*dict.fromkeys(pairs), (ids[5], "ground")], layers=2)
    return Instance.from_problem(parse_problem(data))


def least_distance(places):
    """Distance of the two nearest places."""
    gaps = np.hypot(*(places[:, None] - places[None]).T)
    return gaps[~np.eye(len(places), dtype=bool)].min()


@pytest.mark.parametrize(
    "instance", [chain(1), chain(4), chain(25), ring(3), ring(12), grid(4, 5), grid(9, 9)]
)
def test_layout_in_the_square(instance):
    """Nodes lie apart in the unit square, at the same places every time."""
    places = graph_layout(instance)
    assert places.shape == (instance.tables.num_nodes, 2) and (places >= 0).all() and (places <= 1).all()
    assert least_distance(places) > 0.005
    np.testing.assert_array_equal(places, graph_layout(instance))


def test_chain_is_a_line():
    """Satellites in a row lie on a line in order, the ground below."""
    places = graph_layout(chain(6))
    assert (np.diff(places[:6, 0]) > 0.05).all() and np.ptp(places[:6, 1]) == 0.0
    assert places[6, 1] < places[0, 1]


def test_ring_is_a_circle():
    """Satellites in a ring lie on a circle, neighbours side by side, the ground outside near its own."""
    places = graph_layout(ring(12))
    radius = np.hypot(*(places - 0.5).T)
    np.testing.assert_allclose(radius[:12], radius[0])
    steps = np.hypot(*np.diff(places[[*range(12), 0]], axis=0).T)
    np.testing.assert_allclose(steps, steps[0])
    assert radius[12] > radius[0]
    assert np.argmin(np.hypot(*(places[:12] - places[12]).T)) == 6


def test_large_grids_stand_in_planes():
    """Satellites of a plane share a column where springs would take too long."""
    places = graph_layout(grid(20, 16))
    np.testing.assert_allclose(np.ptp(places[: 20 * 16, 0].reshape(20, 16), axis=1), 0.0, atol=1e-12)


@pytest.mark.parametrize("stages", [0, 1, 4])
@pytest.mark.parametrize("instance", [chain(4), ring(3), ring(12), grid(4, 5)])
def test_labels_stay_apart(instance, stages):
    """Nodes of the way are labelled, and no text is clipped or covers another."""
    figure = topology_graph(forward(instance, stages) if instance.tables.num_nodes < 20 else Walk(instance))
    assert any("(source)" in text for text in words(figure))
    assert_readable(figure)


@pytest.mark.parametrize("seed", range(10))
def test_any_problem_can_be_drawn(seed):
    """Problems without links, with lone nodes or links one way are drawn too."""
    assert_readable(topology_graph(Walk(random_instance(seed))))


@pytest.mark.parametrize("name", ["tiny-ring", "chain-24x5", "relay-only-node", "no-plan"])
def test_certified_instances(certified_dir, name):
    """The instances with certified optima have readable graphs in which every node is named."""
    instance = Instance.from_problem(load_problem(certified_dir / f"{name}.json"))
    figure = topology_graph(Walk(instance))
    named = " ".join(words(figure))
    assert all(node.id in named for node in instance.problem.nodes)
    assert_readable(figure)
