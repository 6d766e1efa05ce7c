"""Tests of the network as a networkx graph."""

import networkx as nx
import numpy as np
import pytest

from satllm_env.envs import networkx_of
from satllm_env.errors import InputError
from satllm_env.problem import Walk
from satllm_env.scenarios import load_scenario
from tests.unit.envs.cases import at_random, make, walk


def test_holds_the_problem():
    """Nodes and links have the problem's names and figures, links the slots of the actions."""
    instance = load_scenario("walker-dense").sample(0).instance
    graph = networkx_of(instance)
    assert list(graph) == [node.id for node in instance.problem.nodes]
    for number, link in enumerate(instance.problem.links):
        edge = graph.edges[link.source, link.target]
        assert edge == {
            "link": number,
            "slot": edge["slot"],
            "rate_bps": link.rate_bps,
            "latency_s": link.latency_s,
        }
        assert instance.slots[instance.node_index[link.source], edge["slot"]] == number
    assert graph.number_of_edges() == len(instance.problem.links)
    for node in instance.problem.nodes:
        assert graph.nodes[node.id]["memory_bytes"] == node.memory_bytes
    way = nx.shortest_path(graph, graph.graph["source"], graph.graph["destination"], weight="latency_s")
    assert way[-1] == instance.problem.destination


def test_holds_the_walk():
    """With a walk it says who holds the payload, and what has served."""
    env = make()
    episode = walk(env, at_random(0), seed=0)
    graph = networkx_of(env.instance, env.walk)
    used = {(a, b) for a, b, used in graph.edges(data="used") if used}
    sent = [(step["from"], step["to"]) for step in episode.end["plan"] if "from" in step]
    assert used == set(sent)
    assert [node for node, holds in graph.nodes(data="holds_payload") if holds] == [
        env.instance.problem.destination
    ]
    assert sum(dict(graph.nodes(data="served")).values()) == np.sum(env.walk.used_nodes)
    assert graph.graph["boundary"] == 48


def test_refuses_a_walk_over_another_instance():
    """A walk belongs to its instance."""
    scenario = load_scenario("paper")
    one, two = scenario.sample(0).instance, scenario.sample(1).instance
    with pytest.raises(InputError, match="walk: goes over another instance"):
        networkx_of(one, Walk(two))
