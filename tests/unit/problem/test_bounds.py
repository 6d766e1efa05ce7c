"""Tests of the bounds: equal to Dijkstra's on the relaxed graph, never above what walks really pay."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satllm_env.problem import Plan
from satllm_env.problem.bounds import cost_to_go, prefix_s
from satllm_env.problem.instance import LOSS_UNITS_PER_POINT
from satllm_env.problem.plan import Stage
from tests.unit.problem.cases import AB, AG, BG, line_data, line_instance
from tests.unit.problem.generator import finished_walks, random_instance
from tests.unit.problem.reference import Reference


class Relaxed:
    """The relaxed problem as a graph of arrivals, departures and one end, from the file form."""

    def __init__(self, instance, max_busy_s, loss_price):
        self.problem, self.reference = instance.problem, Reference(instance.problem)
        self.max_busy_s, self.price = max_busy_s, loss_price * LOSS_UNITS_PER_POINT
        self.graph = nx.DiGraph()
        self.graph.add_node("end")
        self.payloads = [
            (q, j)
            for q in range(len(self.problem.compression))
            for j in range(self.reference.last + 1)
            if self.reference.allowed(q, j)
        ]
        for q, j in self.payloads:
            self._add_links(q, j)
            for node in self.problem.nodes:
                self._add_stages(node, q, j)

    def _add(self, tail, head, busy, free=0.0):
        if busy <= self.max_busy_s:
            self.graph.add_edge(tail, head, weight=busy + free)

    def _add_links(self, q, j):
        priced = self.price * float(self.reference.loss(q, j))
        for link in self.problem.links:
            busy = self.reference.transfer_s(link, q, j)
            arrival = ("arrival", link.target, q, j)
            self._add(("departure", link.source, q, j), arrival, busy, link.latency_s + priced)
            if link.source != self.problem.destination:
                self._add(("arrival", link.source, q, j), arrival, busy, link.latency_s)

    def _add_stages(self, node, q, j):
        arrival = ("arrival", node.id, q, j)
        if self.reference.finishes(node.id, j):
            left = j < self.reference.last
            busy = self.reference.stage_s(node.id, j, self.reference.last, q, 0) if left else 0.0
            self._add(arrival, "end", busy)
        if node.id == self.problem.destination or not self.reference.computes(node.id):
            return
        for p, end in self.payloads:
            if end > j and self.reference.fits(node, j, end):
                busy = self.reference.stage_s(node.id, j, end, q, p)
                self._add(arrival, ("departure", node.id, p, end), busy)

    def costs(self, kind, shape):
        """(N, Q, L + 1) least costs to the end."""
        found = nx.single_source_dijkstra_path_length(self.graph.reverse(), "end")
        table = np.full(shape, np.inf)
        for v, node in enumerate(self.problem.nodes):
            for q, j in self.payloads:
                table[v, q, j] = found.get((kind, node.id, q, j), np.inf)
        return table


def busy_quantile(instance, share):
    """[s] a threshold that some busy times pass and others do not, and none meets exactly."""
    finite = np.concatenate(
        [t[np.isfinite(t)] for t in (instance.tables.transfer_s, instance.tables.layer_s)]
    )
    return float(np.quantile(finite, share)) * 1.000001 + 1e-12 if finite.size else 1.0


@given(st.integers(0, 2**32), st.sampled_from([0.5, 0.8, 0.95, None]), st.sampled_from([0.0, 1e-13, 1e-11]))
def test_equals_dijkstra_on_the_relaxed_graph(seed, share, loss_price):
    """Both tables hold the shortest paths of the relaxed graph, with and without threshold and price."""
    instance = random_instance(seed)
    max_busy_s = np.inf if share is None else busy_quantile(instance, share)
    bounds = cost_to_go(instance.tables, max_busy_s, loss_price)
    relaxed = Relaxed(instance, max_busy_s, loss_price)
    shape = bounds.arrival.shape
    assert shape == instance.tables.decode_s.shape == bounds.departure.shape
    np.testing.assert_allclose(bounds.arrival, relaxed.costs("arrival", shape), rtol=1e-9)
    satellites = np.arange(shape[0]) != instance.tables.destination
    departure = relaxed.costs("departure", shape)
    np.testing.assert_allclose(bounds.departure[satellites], departure[satellites], rtol=1e-9)


def states_of(plan):
    """(table, index into it, [s] already paid, loss units already paid) at each arrival and departure."""
    tables = plan.instance.tables
    node, level, boundary, paid, lost = tables.source, 0, 0, 0.0, 0
    yield "arrival", (node, level, boundary), paid, lost
    for before, resource in zip((None, *plan.resources), plan.resources, strict=False):
        paid += resource.busy_s
        if isinstance(resource, Stage):
            continue
        level, boundary = resource.level, resource.boundary
        if isinstance(before, Stage):
            yield "departure", (node, level, boundary), paid - resource.busy_s, lost
            lost += int(tables.loss_units[level, boundary])
        node = int(tables.link_target[resource.link])
        paid += resource.latency_s
        yield "arrival", (node, level, boundary), paid, lost


@pytest.mark.parametrize("loss_price", [0.0, 1e-12, 1e-10])
@pytest.mark.parametrize("threshold", [False, True])
def test_never_above_what_walks_pay(threshold, loss_price):
    """At each arrival and departure of random walks, what is left to pay is at least the bound."""
    for walk in finished_walks(150, seed=5):
        plan = Plan.from_walk(walk)
        max_busy_s = plan.bottleneck_s * (1 + 1e-9) if threshold else np.inf
        bounds = cost_to_go(walk.instance.tables, max_busy_s, loss_price)
        total = round(plan.accuracy_loss * LOSS_UNITS_PER_POINT)
        for table, index, paid, lost in states_of(plan):
            left = plan.sum_s - paid + loss_price * (total - lost)
            assert getattr(bounds, table)[index] <= left + 1e-9 * (plan.sum_s + loss_price * total)
        assert lost == total


def test_tight_where_one_plan_is_left():
    """On a chain with nothing to choose the bound is the very cost."""
    data = line_data()
    data["model"]["layers"] = data["model"]["layers"][:1]
    data["compression"] = data["compression"][:1]
    instance = line_instance(
        **{key: data[key] for key in ("model", "compression")},
        links=[data["links"][AG]],
        ground_may_compute=False,
    )
    bounds = cost_to_go(instance.tables)
    assert bounds.arrival[0].tolist() == [[1 + 1 + 0.25, 1.25]]
    assert bounds.departure[0].tolist() == [[np.inf, 1.25]]
    assert bounds.arrival[2].tolist() == [[np.inf, 0]]
    assert np.isinf(cost_to_go(instance.tables, max_busy_s=0.5).arrival[0]).all()


def test_price_of_losses():
    """A price on losses is paid once for each cut, and a high one drives the bound to plain cuts."""
    links = [line_data()["links"][AB], line_data()["links"][BG]]
    free, dear = (
        cost_to_go(line_instance(links=links).tables, loss_price=price).arrival for price in (0.0, 1.0)
    )
    plain = line_instance(links=links, compression=line_data()["compression"][:1])
    assert free[0, 0, 0] < dear[0, 0, 0]
    assert dear[0, 0, 0] == pytest.approx(cost_to_go(plain.tables).arrival[0, 0, 0])


def test_no_links():
    """Without links the destination is out of reach from everywhere else."""
    bounds = cost_to_go(line_instance(links=[]).tables)
    assert np.isinf(bounds.arrival[:2]).all()
    assert bounds.arrival[2, 0].tolist() == [0.875, 0.75, 0.5, 0]


def test_prefix_seconds():
    """Prefix sums start at 0 and hold 0 where a node cannot compute."""
    instance = line_instance(ground_may_compute=False)
    assert prefix_s(instance.tables).tolist() == [[0, 1, 3, 7], [0, 0.5, 1.5, 3.5], [0, 0, 0, 0]]
