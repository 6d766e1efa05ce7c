"""Tests of reachability: sound against exhaustive search, equal to a slow implementation."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satllm_env.problem import Walk
from satllm_env.problem.reachability import finishable, on_the_way
from tests.unit.problem.cases import (
    AB,
    AG,
    BA,
    BG,
    HALF,
    NONE,
    instance_of,
    line_data,
    line_instance,
    walk_of,
)
from tests.unit.problem.generator import legal_moves, make, random_instance
from tests.unit.problem.reference import Reference

SEEDS = st.integers(0, 2**32)


def from_walk(walk, here=-1):
    """The table of a walk's state."""
    return finishable(walk.instance.tables, walk.used_nodes, walk.used_links, here)


def slow(instance, used_nodes, used_links, here):
    """The same table by a graph of (node, boundary) and its ancestors, from the file form."""
    problem, reference = instance.problem, Reference(instance.problem)
    boundaries = range(reference.last + 1)
    graph = nx.DiGraph()
    graph.add_node("finished")
    for node in problem.nodes:
        for boundary in boundaries:
            graph.add_node((node.id, boundary))
            if reference.finishes(node.id, boundary):
                graph.add_edge((node.id, boundary), "finished")
    for index, link in enumerate(problem.links):
        if used_links[index] or link.source == problem.destination:
            continue
        v = instance.node_index[link.source]
        serves = reference.computes(link.source) and not used_nodes[v] and v != here
        for first in boundaries:
            for end in boundaries[first:]:
                if end == first or (serves and reference.fits(problem.nodes[v], first, end)):
                    graph.add_edge((link.source, first), (link.target, end))
    can = nx.ancestors(graph, "finished")
    return [[(node.id, boundary) in can for boundary in boundaries] for node in problem.nodes]


@given(SEEDS, st.data())
def test_equals_the_slow_table(seed, data):
    """The table is the slow one's, whatever has been used."""
    instance = random_instance(seed)
    tables = instance.tables
    rng = np.random.default_rng(seed)
    used_nodes, used_links = rng.random(tables.num_nodes) < 0.2, rng.random(len(tables.link_source)) < 0.2
    here = data.draw(st.integers(-1, tables.num_nodes - 1))
    expected = slow(instance, used_nodes, used_links, here)
    assert finishable(tables, used_nodes, used_links, here).tolist() == expected


@given(SEEDS, st.data())
def test_nodes_on_the_way(seed, data):
    """The nodes on the way are those that the payload's node leads to and that lead to the destination."""
    instance = random_instance(seed)
    tables = instance.tables
    used_links = np.random.default_rng(seed).random(len(tables.link_source)) < 0.3
    here = data.draw(st.integers(0, tables.num_nodes - 1))
    graph = nx.DiGraph()
    graph.add_nodes_from(range(tables.num_nodes))
    for link, (source, target) in enumerate(zip(tables.link_source, tables.link_target, strict=True)):
        if not used_links[link] and source != tables.destination:
            graph.add_edge(int(source), int(target))
    ahead = nx.descendants(graph, here) | {here}
    leading_on = nx.ancestors(graph, tables.destination) | {tables.destination}
    found = on_the_way(tables, used_links, here)
    assert set(np.flatnonzero(found).tolist()) == ahead & leading_on


def can_finish(walk, limit):
    """Whether some completion of a walk exists, by trying every one; None past `limit[0]` states."""
    if walk.finished:
        return True
    for move in legal_moves(walk):
        limit[0] -= 1
        if limit[0] < 0:
            return None
        after = copy_of(walk)
        make(after, move)
        found = can_finish(after, limit)
        if found is not False:
            return found
    return False


def copy_of(walk):
    """A walk in the same state."""
    twin = Walk(walk.instance)
    twin.ints, twin.reals = walk.ints.copy(), walk.reals.copy()
    twin.used_nodes, twin.used_links = walk.used_nodes.copy(), walk.used_links.copy()
    return twin


def test_never_rules_out_what_can_be_finished():
    """Wherever exhaustive search finds a completion, the table says yes; often enough it also says no."""
    answers = {True: 0, False: 0}
    for seed in range(250):
        instance = random_instance(seed)
        walk, rng = Walk(instance), np.random.default_rng(seed)
        while not walk.finished:
            if walk.stage_start < 0:
                found = can_finish(walk, [3000])
                table = from_walk(walk)
                assert table[walk.node, walk.boundary] or found is not True
                answers[bool(table[walk.node, walk.boundary])] += 1
            choices = legal_moves(walk)
            if not choices:
                break
            make(walk, choices[rng.integers(len(choices))])
    assert min(answers.values()) > 50


def test_sends_from_a_stage_in_progress():
    """With the present node counted as served, the table holds for what follows each legal send."""
    checked = 0
    for seed in range(150):
        instance = random_instance(seed)
        walk, rng = Walk(instance), np.random.default_rng(seed)
        while not walk.finished:
            table = from_walk(walk, here=walk.node if walk.stage_start >= 0 else -1)
            choices = legal_moves(walk)
            for move in filter(None, choices):
                after = copy_of(walk)
                make(after, move)
                target = int(instance.tables.link_target[move[0]])
                assert table[target, walk.boundary] or can_finish(after, [1000]) is not True
                checked += 1
            if not choices:
                break
            make(walk, choices[rng.integers(len(choices))])
    assert checked > 300


def test_source_without_links():
    """Where no link leaves the source, nothing can be finished from it."""
    links = line_data()["links"]
    assert not from_walk(Walk(line_instance(links=[])))[0].any()
    table = from_walk(Walk(line_instance(links=[links[BA], links[BG]])))
    assert not table[0].any()
    assert table[1].all()


def test_destination_without_incoming_links():
    """A destination that nothing leads to is out of reach, though payloads that are there have arrived."""
    links = [{**link, "from": link["to"], "to": link["from"]} for link in line_data()["links"]]
    table = from_walk(Walk(line_instance(links=links)))
    assert table.tolist() == [[False] * 4, [False] * 4, [True] * 4]


def test_only_two_nodes():
    """The smallest network is one link."""
    data = line_data()
    del data["nodes"][1]
    data["links"] = [data["links"][AG]]
    assert from_walk(Walk(instance_of(data))).all()
    data["links"] = []
    assert not from_walk(Walk(instance_of(data)))[0].any()


def test_memory_rules_out():
    """Where no satellite holds a layer and the ground may not compute, only a finished payload gets there."""
    nodes = line_data()["nodes"]
    for node in nodes[:2]:
        node["memory_bytes"] = 15.0
    table = from_walk(Walk(line_instance(nodes=nodes, ground_may_compute=False)))
    assert table[:2].tolist() == [[False, False, False, True]] * 2
    assert table[2].tolist() == [False, False, False, True]


def test_what_has_been_used_is_gone():
    """Used links and served processors count no more."""
    walk = walk_of(line_instance(ground_may_compute=False), 2, (AB, HALF), (BA, HALF))
    assert walk.compute_fault() != 0
    assert not from_walk(walk)[0, 2]
    walk = walk_of(line_instance(ground_may_compute=False), 2, (AB, NONE))
    assert from_walk(walk)[1, 2]


@pytest.mark.parametrize("here", [-1, 0])
def test_here_counts_as_served(here):
    """The node named by `here` cannot compute any more."""
    links = [line_data()["links"][AG]]
    table = from_walk(Walk(line_instance(links=links, ground_may_compute=False)), here)
    assert bool(table[0, 0]) == (here == -1)
